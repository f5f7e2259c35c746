"""What stands beside a number: its unit, its currency, its age; and which of two like names is meant."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.core.desk_frames import FuseRow
from cockpit.core.frames import Halt, StopLayer
from cockpit.core.registry import PANELS
from cockpit.text import LANGUAGES, say
from cockpit.tui.box import bare_padding
from cockpit.tui.cells import plain, squeezed
from cockpit.tui.panels import load
from cockpit.tui.panels.limits import used
from cockpit.tui.picture import Look, Picture
from tests.tui import frames_for_tests as made

load()


def paint(panel: str, frame: object, width: int = 100, height: int = 20, **look: object) -> Picture:
    picture: Picture = PANELS[panel].target(frame, Look(width=width, height=height, symbol=made.BTC, **look))  # type: ignore[arg-type]
    return picture


def lines(picture: Picture) -> list[str]:
    return [plain(row) for row in picture.rows]


@pytest.mark.parametrize("panel", ["positions", "orders"])
def test_a_quantity_says_whether_it_counts_contracts_or_coins(panel: str) -> None:
    rows = lines(paint(panel, made.frame(), 120))
    assert any("BTC-USDT-SWAP" in row and " 2.5 ct " in row for row in rows)
    assert any("SOL-USDT-SWAP" in row and " SOL " in row for row in rows)


def test_an_engine_too_old_to_say_leaves_the_unit_empty() -> None:
    rows = lines(paint("positions", made.frame(contracts={}), 120))
    assert not any(" ct " in row for row in rows)


def test_book_and_tape_say_what_their_sizes_count() -> None:
    assert "ct of 0.01 BTC" in paint("book", made.frame(), 60).note
    assert "ct of 0.01 BTC" in paint("tape", made.frame(), 60).note
    assert "BTC-USDT-SWAP" in paint("book", made.frame(), 30).note


@pytest.mark.parametrize("panel", ["positions", "sleeves"])
def test_pnl_says_its_currency(panel: str) -> None:
    assert "PnL USDT" in lines(paint(panel, made.frame()))[0]


@pytest.mark.parametrize("panel", ["sleeves", "why"])
@pytest.mark.parametrize("width", [38, 42])
def test_a_narrow_list_cuts_names_so_that_they_are_still_told_apart(panel: str, width: int) -> None:
    base = made.frame().sleeves[0]
    names = (("funding_rate_arbitrage", 12), ("market_maker", 3))
    symbols = ("okx:BTC-USDT-SWAP", "okx:BTC-USD-SWAP", "okx:BTC-USDT")
    rows = tuple(
        msgspec.structs.replace(base, sleeve=f"{n}@{v}/{s}", strategy=n, version=v, symbol=s, why="")
        for n, v in names
        for s in symbols
    )
    shown = lines(paint(panel, made.frame(sleeves=rows), width))[1:]
    assert len(set(shown)) == len(rows)
    assert all(
        any(f"@{v} " in row and f"{s[4:]} " in row for row in shown) for _, v in names for s in symbols
    )


@pytest.mark.parametrize("width", [38, 60, 78, 118, 198])
def test_the_heat_map_shows_every_market_whole(width: int) -> None:
    base = made.frame().sleeves[0]
    rows = tuple(
        msgspec.structs.replace(base, sleeve=f"x/{s}", strategy="funding_rate_arbitrage", symbol=s)
        for s in ("okx:BTC-USDT-SWAP", "okx:BTC-USD-SWAP", "okx:BTC-USDT")
    )
    shown = lines(paint("heatmap", made.frame(sleeves=rows), width))
    assert all(any(f"@3 {s.partition(':')[2]} " in row for row in shown) for s in (r.symbol for r in rows))
    assert width < 78 or any("funding_rate_arbitrage@3" in row for row in shown) is (width > 110)


def test_a_name_is_cut_before_its_version() -> None:
    assert squeezed("market_maker@12", 9, "@") == "marke…@12"
    assert squeezed("ema@1", 9, "@") == "ema@1"
    assert squeezed("market_maker@1234567", 9, "@") == "market_m…"
    assert squeezed("no_version", 6, "@") == "no_ve…"


def test_what_holds_trading_back_comes_before_the_limits_with_its_reason() -> None:
    rows = lines(paint("limits", made.frame(), 140))
    assert "breaker flash on XRP-USDT-SWAP: moved 2.4% in 60 s" in rows[0]
    assert "not before 2024-03-01 08:19:09Z" in rows[0]
    assert "breakout@2 XRP-USDT-SWAP" in rows[1]
    assert "max notional" in rows[2]
    assert "82%" in rows[2]


def test_a_short_panel_gives_each_reason_one_line() -> None:
    rows = lines(paint("limits", made.frame(), 36, 5))
    assert rows[0].endswith("…")
    assert "max notional" in rows[2]


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
@pytest.mark.parametrize("kind", ["stopped", "breaker", "lock", "bench"])
def test_every_kind_of_fuse_is_told_with_its_reason(lang: str, kind: str) -> None:
    row = FuseRow(kind, "hand", "symbol:okx:BTC-USDT-SWAP", "reduce_only", "lunch 42")
    text = " ".join(lines(paint("limits", made.frame(fuses=(row,)), lang=lang)))
    assert "lunch 42" in text
    assert "{" not in text
    assert kind == "stopped" or "BTC-USDT-SWAP" in text


def test_the_light_says_why_where_no_fuse_does() -> None:
    frame = made.frame(fuses=(), light="yellow", light_why="order_rate: 86% used")
    assert "order_rate: 86% used" in lines(paint("limits", frame))[0]
    assert "max notional" in lines(paint("limits", made.frame(fuses=())))[0]


def test_a_halt_without_a_reason_says_who_wished_for_it_and_when() -> None:
    row = FuseRow("stopped", "kill", "", "halt", "")
    halt = Halt(made.T0, "screen", "confirmed", 0, 0, flatten=False)
    text = " ".join(lines(paint("limits", made.frame(fuses=(row,), halt=halt))))
    assert "asked for by screen at" in text
    assert "asked for" not in " ".join(lines(paint("limits", made.frame(fuses=(row,)))))


def test_a_limit_is_told_as_exactly_as_a_hundredth_of_it() -> None:
    assert used(0.000490435, 3.0) == "0.00"
    assert used(0.5027, 3.0) == "0.50"
    assert used(45, 120) == "45"
    assert used(498.28, 20_000) == "498"
    assert used(0.0, 3.0) == "0"


def test_the_legend_of_the_axis_stands_only_where_the_axis_does() -> None:
    assert "@ market" in paint("ladder", made.frame()).note
    assert "@ market" not in paint("ladder", made.frame(), height=4).note


def test_a_stop_of_the_account_far_away_leaves_the_axis_and_its_letter_says_where() -> None:
    row = made.frame().positions[0]
    far = StopLayer("P", "watching", row.mark / 2000, 0.9995, "account_drawdown", cash=-1985.0)
    frame = made.frame(positions=(msgspec.structs.replace(row, layers=(*row.layers, far)),))
    axis = lines(paint("ladder", frame))[-1]
    assert axis.startswith(" P< ")
    assert axis.count("H") == 1
    near = msgspec.structs.replace(far, price=row.mark * 0.98, distance=0.02)
    frame = made.frame(positions=(msgspec.structs.replace(row, layers=(*row.layers, near)),))
    assert not lines(paint("ladder", frame))[-1].startswith(" P<")


def test_the_liquidation_is_no_stop_and_its_distance_not_that_of_one() -> None:
    row = made.frame().positions[0]
    liquidation = StopLayer("L", "local", row.mark * 30, 29.0, "liquidation")
    bare = msgspec.structs.replace(row, layers=(liquidation,))
    assert ">999%" not in lines(paint("positions", made.frame(positions=(bare,)), 120))[1]


def test_a_strategy_that_wants_nothing_is_not_said_to_want_something() -> None:
    row = msgspec.structs.replace(made.frame().sleeves[0], why="", tag="spent", idle=True)
    for panel in ("why", "sleeves"):
        text = lines(paint(panel, made.frame(sleeves=(row,)), 160))[1]
        assert "wants nothing: spent" in text


def test_the_entry_has_a_letter_on_the_chart() -> None:
    rows = lines(paint("chart", made.frame(), 100, 30))
    assert any("E 64,480.0" in row for row in rows)


def test_blanks_under_a_cursor_keep_the_cursor_and_lose_the_underline() -> None:
    assert bare_padding(((" -7.0", "down cursor"),)) == ((" ", "cursor"), ("-7.0", "down cursor"))
    assert bare_padding((("   ", "down cursor"),)) == (("   ", "cursor"),)
    assert bare_padding((("   ", "up_bar"),)) == (("   ", "up_bar"),)


@pytest.mark.parametrize("lang", sorted(LANGUAGES))
def test_why_an_order_was_cancelled_is_said_in_words(lang: str) -> None:
    for cause in ("user", "post_only", "oco", "ioc", "expired"):
        words = say("order.cancelled", {"side": "buy", "symbol": "BTC", "reason": cause}, lang)
        assert "cause." not in words
        assert cause == "expired" or cause not in words
