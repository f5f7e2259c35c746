"""Screen 6: the crosshair on its candle, what it tells, and the indicators a person chose."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.frames import FILLS, CandleRow
from cockpit.core.registry import INDICATORS
from cockpit.tui import crosshair, overlays
from cockpit.tui.box import boxed
from cockpit.tui.cells import plain, row_width
from cockpit.tui.glyphs import SETS
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play
from tests.tui.test_painters import LOOK, paint, series, swap, text

MINUTE = 60_000
RISING = series(*[float(price) for price in range(100, 160)])
ROWS = RISING[f"{made.BTC}|{MINUTE}"]


def chart(screen: Cockpit) -> str:
    return screen.panel("chart")


def test_arrows_put_the_crosshair_on_a_candle_and_escape_takes_it_away(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("6", "left")
        newest = screen.app.frame.candles[f"{made.BTC}|{MINUTE}"][-1].ts  # type: ignore[union-attr]
        assert screen.app.crosshair.ts == newest
        assert "from last" in chart(screen)
        await screen.press("left", "h")
        assert screen.app.crosshair.ts == newest - 2 * MINUTE
        await screen.press("l")
        assert screen.app.crosshair.ts == newest - MINUTE
        await screen.press("up", "k")
        assert screen.app.crosshair.level > 0
        await screen.press("home")
        assert "newer candles to the right" in chart(screen)
        await screen.press("end")
        assert screen.app.crosshair.ts == newest
        await screen.press("pageup")
        assert screen.app.crosshair.ts < newest - 10 * MINUTE
        await screen.press("escape")
        assert screen.app.crosshair.ts == 0
        assert "from last" not in chart(screen)

    play(cockpit, story)


def test_another_market_has_no_crosshair_until_a_key_is_pressed(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await screen.press("6", "left", "]")
        assert screen.app.look().cross == 0
        await screen.press("[")
        assert screen.app.look().cross > 0

    play(cockpit, story)


def test_chosen_indicators_are_drawn_told_and_remembered(cockpit: Opened, tmp_path: Path) -> None:
    file = tmp_path / "screen.json"

    async def choose(screen: Cockpit) -> None:
        await screen.press("6", "i", "8")
        await screen.type("emma 20")
        await screen.press("enter")
        assert "ema" in str(screen.app.screen.query_one("#hint").render())  # refused, with the nearest
        field = screen.app.focused
        field.clear()  # type: ignore[union-attr]
        await screen.type("ema 20, bollinger, rsi 14")
        await screen.press("enter")
        await screen.show()
        assert "1 EMA 20" in chart(screen)
        assert "2 BOLLINGER" in chart(screen)
        assert "RSI 14" in chart(screen)

    async def again(screen: Cockpit) -> None:
        await screen.press("6")
        await screen.show()
        assert "1 EMA 20" in chart(screen)
        await screen.press("i", "9")
        assert screen.app.crosshair.overlays == ()
        assert "EMA" not in chart(screen)

    play(cockpit, choose, memory_file=file)
    play(cockpit, again, memory_file=file)


def test_it_reads_time_prices_distance_and_the_trade_of_that_candle() -> None:
    frame = made.frame(0, candles=RISING, positions=(), fills=())
    fill = swap(
        made.frame(300).fills[0], symbol=made.BTC, ts=10 * MINUTE + 5, side="buy", price=108.5, qty=2.0
    )
    look = swap(LOOK, cross=10 * MINUTE, overlays=overlays.parsed("sma 3"), width=160)
    told = text(paint("chart", swap(frame, fills=(fill,)), look))
    for words in ("00:10:00Z", "O 109.0", "H 111.0", "L 108.0", "C 110.0", "V 5", "SMA 3 109.0"):
        assert words in told, told
    assert "at 110.0 -30.82% from last" in told
    assert "buy 2 108.5" in told
    assert "buy •••" in text(paint("chart", swap(frame, fills=(fill,)), swap(look, private=True)))


def test_trades_older_than_the_frame_are_unknown_and_not_none() -> None:
    fill = swap(made.frame(300).fills[0], symbol=made.ETH, ts=50 * MINUTE)
    full = made.frame(0, candles=RISING, positions=(), fills=(fill,) * FILLS)
    assert "before 00:50" in text(paint("chart", full, swap(LOOK, cross=10 * MINUTE)))
    few = made.frame(0, candles=RISING, positions=(), fills=(fill,))
    assert "before" not in text(paint("chart", few, swap(LOOK, cross=10 * MINUTE)))


def test_a_stop_is_so_far_from_the_crosshair() -> None:
    frame = made.frame(300)
    (row,) = [row for row in frame.positions if row.symbol == made.BTC][:1]
    stop = next(layer for layer in row.layers if layer.price and layer.state == "armed")
    rows = frame.candles[f"{made.BTC}|{MINUTE}"]
    look = swap(LOOK, width=180, height=30, cross=rows[-1].ts, level=stop.price * 2)
    told = text(paint("chart", frame, look))
    assert f"{stop.letter} {stop.price:,.1f} -50.00%" in told
    assert "-50.00%" not in text(paint("chart", frame, swap(look, private=True)))


@pytest.mark.parametrize("name", [*overlays.PRICE, *overlays.BELOW])
def test_every_indicator_on_offer_exists_with_these_lines(name: str) -> None:
    (one,) = overlays.parsed(name)
    drawn = overlays.values(one, ROWS * 5)
    assert set(one.lines) <= set(INDICATORS[name].options["lines"])
    assert all(len(line) == len(ROWS) * 5 for line in drawn.values)
    assert not isnan(drawn.values[0][-1])
    assert overlays.parsed(overlays.written((one,))) == (one,)


@pytest.mark.parametrize(
    "words", ["emma", "ema x", "ema 0", "ema 1e9", "ema nan", "obv 3", "ema -1", "sma 5 5"]
)
def test_what_cannot_be_drawn_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        overlays.parsed(words)


def test_more_than_a_few_are_refused() -> None:
    with pytest.raises(ValueError, match="7"):
        overlays.parsed(",".join(f"ema {n}" for n in range(2, 9)))


def test_an_average_is_where_it_says() -> None:
    (one,) = overlays.parsed("sma 3")
    (line,) = overlays.values(one, ROWS).values
    assert line[2:] == tuple(
        pytest.approx(sum(r.close for r in ROWS[i - 2 : i + 1]) / 3) for i in range(2, 60)
    )
    assert isnan(line[1])


@given(
    st.integers(18, 220),
    st.integers(3, 60),
    st.integers(-5, 70),
    st.sampled_from(["", "ema 5", "bollinger, rsi", "ichimoku, macd, stochastic"]),
    st.sampled_from([0.0, 1.0, 120.0, 1e9]),
    st.sampled_from(list(SETS)),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_every_row_is_as_wide_as_its_place(
    width: int, height: int, minute: int, names: str, level: float, glyphs: str, mono: bool
) -> None:
    look = swap(
        LOOK, width=width, height=height, cross=max(0, minute) * MINUTE, level=level, mono=mono, focused=True,
        overlays=overlays.parsed(names), glyphs=SETS[glyphs], lang="zh", step=2,
    )  # fmt: skip
    picture = paint("chart", made.frame(0, candles=RISING), look)
    assert len(picture.rows) <= max(height, 2)
    assert all(row_width(row) <= width for row in picture.rows), [plain(row) for row in picture.rows]
    assert {row_width(row) for row in boxed(picture, look)} == {width + 2}


def test_the_picture_follows_the_crosshair_into_the_past() -> None:
    assert crosshair.start(ROWS, 0, 20) == 40
    assert crosshair.start(ROWS, 50 * MINUTE, 20) == 40
    assert crosshair.start(ROWS, 5 * MINUTE, 20) == 5
    assert crosshair.moved((), 5, 1) == 0
    gappy = [CandleRow(ts * MINUTE, 1.0, 1.0, 1.0, 1.0, 1.0) for ts in (1, 2, 9, 10)]
    assert crosshair.place(gappy, 5 * MINUTE) == 1
    assert crosshair.moved(gappy, 2 * MINUTE, 1) == 9 * MINUTE
