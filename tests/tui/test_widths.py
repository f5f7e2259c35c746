"""Every painted row is exactly as wide as its place, whatever the size, the language and the strings."""

from math import inf, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.frames import Frame
from cockpit.core.registry import PANELS
from cockpit.tui import bars, halt
from cockpit.tui.box import STRUCTURE, boxed
from cockpit.tui.cells import row_width
from cockpit.tui.glyphs import SETS
from cockpit.tui.keymap import Keymap
from cockpit.tui.panels import load
from cockpit.tui.picture import Look
from cockpit.tui.theme import Palette, read, shipped
from tests.tui import frames_for_tests as made

load()
KEYMAP = Keymap()
HARBOUR = read(shipped() / "harbour.toml")
WORDS = frozenset(Palette(HARBOUR, "green_up").words())
HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["\x1b[31m\x1b]52;c;AA\x07", "[red]x[/]", "限价合约永续", "\u202eevil", "x" * 300, "{symbol}", ""]
    ),
)
SIZES = st.tuples(st.integers(20, 240), st.integers(3, 70))
NUMBERS = st.sampled_from([0.0, nan, inf, -inf, 1e-9, -1e-9, 1e12, -123_456_789.123, 0.5, 64_000.0])


def poisoned(text: str, number: float) -> Frame:
    """The test frame with every string of the outside world, and some numbers, replaced."""
    frame = made.frame(30)
    swap = msgspec.structs.replace
    symbol = f"okx:{text}"
    return swap(
        frame,
        venue=text,
        currency=text,
        symbols=(symbol, *frame.symbols),
        books=tuple(swap(book, symbol=symbol) for book in frame.books[:1]) + frame.books,
        candles={**frame.candles, f"{symbol}|60000": made.candles(made.SOL, 30)},
        positions=tuple(
            swap(
                row,
                sleeve=text,
                symbol=symbol,
                tag=text,
                pnl=number,
                exit_pnl=number,
                mark=number,
                qty=number,
            )
            for row in frame.positions
        ),
        orders=tuple(
            swap(
                row,
                sleeve=text,
                symbol=symbol,
                cid=text,
                tag=text,
                state=text,
                kind=text,
                price=number,
                qty=number,
            )
            for row in frame.orders
        ),
        sleeves=tuple(
            swap(row, strategy=text, symbol=symbol, why=text, tag=text, stage=text, pnl=number)
            for row in frame.sleeves
        ),
        makers=tuple(
            swap(row, sleeve=f"{text}@1", symbol=symbol, pool=text, held=number, edge=number)
            for row in frame.makers
        ),
        events=tuple(swap(row, message=text, args={"a": text}, sleeve=text) for row in frame.events),
        sources=tuple(swap(row, symbol=symbol, name=text) for row in frame.sources),
        limits=tuple(swap(row, rule=text, unit=text, used=number) for row in frame.limits),
        links={text: True, "private": False},
        equity=number,
        day_pnl=number,
    )


def check_styles(rows: object) -> None:
    for row in rows:  # type: ignore[attr-defined]
        for _, style in row:
            assert set(style.split()) <= WORDS


@pytest.mark.parametrize("panel", sorted(PANELS))
@given(
    size=SIZES,
    text=HOSTILE,
    number=NUMBERS,
    lang=st.sampled_from(["en", "zh"]),
    glyphs=st.sampled_from(sorted(SETS)),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    lag=st.sampled_from([0, 4000]),
    step=st.integers(1, 4),
)
def test_panels(
    panel: str,
    size: tuple[int, int],
    text: str,
    number: float,
    lang: str,
    glyphs: str,
    flags: tuple[bool, bool, bool],
    lag: int,
    step: int,
) -> None:
    private, focused, mono = flags
    frame = poisoned(text, number)
    look = Look(
        width=size[0] - STRUCTURE,
        height=size[1] - STRUCTURE,
        symbol=frame.symbols[len(text) % 2],
        lang=lang,
        glyphs=SETS[glyphs],
        private=private,
        focused=focused,
        mono=mono,
        lag=lag,
        step=step,
    )
    rows = boxed(PANELS[panel].target(frame, look), look)
    assert len(rows) == size[1]
    assert {row_width(row) for row in rows} == {size[0]}
    check_styles(rows)


@given(
    width=st.integers(20, 240),
    text=HOSTILE,
    number=NUMBERS,
    lang=st.sampled_from(["en", "zh"]),
    driver=st.booleans(),
    mode=st.sampled_from(["PRACTICE", "REPLAY", "PAPER", "DEMO", "LIVE", "MARTIAN"]),
    posture=st.sampled_from(["NORMAL", "DELEVER", "HALT", "FLATTEN"]),
    panel=st.sampled_from(sorted(PANELS)),
)
def test_bars(
    width: int, text: str, number: float, lang: str, driver: bool, mode: str, posture: str, panel: str
) -> None:
    frame = msgspec.structs.replace(poisoned(text, number), mode=mode, posture=posture, speed="10")
    look = Look(width=width, height=1, symbol=frame.symbols[0], lang=lang)
    rows = [
        bars.status(frame, look, driver, slow=True),
        bars.status(None, look, driver),
        bars.symbols(frame, look),
        bars.footer(KEYMAP, panel, look, driver, closing_stops=driver),
        bars.banner(halt.armed_banner(look, "^g"), look),
    ]
    assert {row_width(row) for row in rows} == {width}
    check_styles(rows)


@pytest.mark.parametrize("width", range(20, 241, 4))
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_kill_switch_is_never_left_out_of_the_footer(width: int, lang: str) -> None:
    look = Look(width=width, height=1, lang=lang)
    text = "".join(part for part, _ in bars.footer(KEYMAP, "orders", look, True, True))
    assert "^g ^g" in text


@pytest.mark.parametrize("width", range(20, 241, 4))
@pytest.mark.parametrize("mode", ["PRACTICE", "REPLAY", "PAPER", "LIVE"])
def test_the_mode_is_never_left_out_of_the_status(width: int, mode: str) -> None:
    look = Look(width=width, height=1, symbol=made.BTC)
    text = "".join(part for part, _ in bars.status(made.frame(1, mode=mode), look, False))
    assert mode in text
