"""What each panel says about a frame. Painters are pure: no terminal is needed to ask them."""

import re
from math import nan

import msgspec
import pytest

from cockpit.core.frames import CandleRow, Frame, LimitRow
from cockpit.core.registry import PANELS
from cockpit.tui import bars
from cockpit.tui.box import boxed
from cockpit.tui.cells import plain, width_of
from cockpit.tui.glyphs import ASCII
from cockpit.tui.panels import load
from cockpit.tui.picture import Column, Look, Picture, chosen, table, window
from tests.tui import frames_for_tests as made

load()
LOOK = Look(width=100, height=20, symbol=made.BTC)
swap = msgspec.structs.replace


def paint(panel: str, frame: Frame, look: Look = LOOK) -> Picture:
    picture: Picture = PANELS[panel].target(frame, look)
    return picture


def text(picture: Picture) -> str:
    return "\n".join(plain(row) for row in picture.rows)


def styles(picture: Picture, words: str) -> set[str]:
    """The styles of the segments that contain ``words``."""
    return {style for row in picture.rows for part, style in row if words in part}


# --- book -------------------------------------------------------------------------------------------------


def test_the_book_puts_asks_above_bids_and_the_best_next_to_the_spread() -> None:
    picture = paint("book", made.frame(0))
    lines = [plain(row) for row in picture.rows]
    spread = next(i for i, line in enumerate(lines) if "spread" in line)
    prices = [
        float(line.split()[1].replace(",", "").rstrip("◆"))
        for line in lines
        if line.strip() and "spread" not in line
    ]
    book = made.book(made.BTC, 0)
    assert prices == sorted(prices, reverse=True)
    assert prices[spread - 1] == book.asks[0][0]
    assert prices[spread] == book.bids[0][0]
    assert len(lines) == LOOK.height


def test_own_orders_are_marked_and_shown_even_where_nobody_else_quotes() -> None:
    book = made.book(made.BTC, 0)
    lonely = round((book.bids[0][0] + book.bids[1][0]) / 2, 3)
    frame = made.frame(
        0, books=(swap(book, own=(("buy", lonely, 0.25), ("sell", book.asks[1][0], 1.5)), tick=0.01),)
    )
    lines = [plain(row) for row in paint("book", frame).rows]
    assert [line for line in lines if "◆" in line and "0.25" in line and f"{lonely:,.2f}" in line]
    assert [line for line in lines if "◆" in line and "1.5" in line]
    assert len([line for line in lines if "◆" in line]) == 2


def test_a_broken_book_says_so_and_is_dimmed() -> None:
    frame = made.frame(0, books=(made.book(made.BTC, 0, ok=False),))
    picture = paint("book", frame)
    assert "BROKEN" in picture.alarm
    assert {style for row in picture.rows for part, style in row if part.strip()} == {"stale"}
    assert "BROKEN" in plain(boxed(picture, LOOK)[0])


def test_an_old_book_is_stale_with_its_age() -> None:
    fresh = paint("book", made.frame(0, books=(made.book(made.BTC, 0, age=900),)))
    assert fresh.stale == 0
    picture = paint("book", made.frame(0, books=(made.book(made.BTC, 0, age=4200),)))
    assert picture.stale == 4200
    rows = boxed(picture, LOOK)
    assert "STALE 4 s" in plain(rows[0])
    assert {style for row in rows[1:-1] for part, style in row[1:-1] if part.strip()} == {"stale"}


def test_a_silent_engine_makes_a_young_book_old() -> None:
    frame = made.frame(0)
    assert paint("book", frame, swap(LOOK, lag=800)).stale == 0
    assert paint("book", frame, swap(LOOK, lag=1000)).stale == 1040


def test_no_book_is_said_in_words() -> None:
    assert "no book" in text(paint("book", made.frame(0, books=())))
    empty = swap(made.book(made.BTC, 0), bids=(), asks=())
    assert "waiting" in text(paint("book", made.frame(0, books=(empty,))))
    one = swap(made.book(made.BTC, 0), asks=())
    assert "one side is empty" in text(paint("book", made.frame(0, books=(one,))))


# --- tape -------------------------------------------------------------------------------------------------


def test_the_tape_is_newest_first_whichever_way_it_comes() -> None:
    frame = made.frame(0)
    turned = swap(frame, trades=tuple(reversed(frame.trades)))
    assert text(paint("tape", frame)) == text(paint("tape", turned))
    newest = max((row for row in frame.trades if row.symbol == made.BTC), key=lambda row: row.ts)
    assert f"{newest.price:,.1f}" in plain(paint("tape", frame).rows[0])


def test_the_takers_side_is_a_shape() -> None:
    rows = paint("tape", made.frame(0)).rows
    assert {plain(row).split()[1] for row in rows} == {"▲", "▼"}
    assert {plain(row).split()[1] for row in paint("tape", made.frame(0), swap(LOOK, glyphs=ASCII)).rows} == {
        "^",
        "v",
    }


# --- chart ------------------------------------------------------------------------------------------------


def series(*closes: float, tf: int = 60_000) -> dict[str, tuple[CandleRow, ...]]:
    rows = tuple(
        CandleRow(index * tf, close - 1, close + 1, close - 2, close, 5.0)
        for index, close in enumerate(closes)
    )
    return {f"{made.BTC}|{tf}": rows}


@pytest.mark.parametrize("closes", [(100.0,), (100.0, 100.0), (1e-7, 2e-7, 3e-7), (64_000.0,) * 300])
def test_any_series_can_be_drawn(closes: tuple[float, ...]) -> None:
    picture = paint("chart", made.frame(0, candles=series(*closes), positions=(), fills=()))
    assert "█" in text(picture) or "▀" in text(picture) or "▄" in text(picture)


def test_a_series_without_any_movement_can_be_drawn() -> None:
    rows = tuple(CandleRow(index * 60_000, 5.0, 5.0, 5.0, 5.0, 0.0) for index in range(20))
    assert paint("chart", made.frame(0, candles={made.BTC: rows})).rows


def test_up_and_down_differ_without_colour() -> None:
    rows = tuple(
        CandleRow(i * 60_000, 10.0, 21.0, 9.0, 20.0, 1.0)
        if i % 2
        else CandleRow(i * 60_000, 20.0, 21.0, 9.0, 10.0, 1.0)
        for i in range(20)
    )
    picture = paint("chart", made.frame(0, candles={made.BTC: rows}, positions=()), swap(LOOK, mono=True))
    assert "┃" in text(picture)
    assert "█" in text(picture)


def test_longer_candles_are_made_of_shorter_ones() -> None:
    frame = made.frame(0, candles=series(*[float(price) for price in range(100, 130)]))
    assert "1m" in paint("chart", frame).title
    assert "5m" in paint("chart", frame, swap(LOOK, timeframe=300_000)).title
    assert "1m" in paint("chart", frame, swap(LOOK, timeframe=30_000)).title


def test_entry_stops_and_own_fills_are_drawn() -> None:
    frame = made.frame(300)
    wide = swap(LOOK, width=140, height=30)
    drawn = text(paint("chart", frame, wide))
    assert "64,480.0" in drawn
    assert "▲" in drawn
    assert "64,480.0" not in text(paint("chart", frame, swap(wide, private=True)))


# --- positions --------------------------------------------------------------------------------------------


def test_a_missing_stop_goes_to_the_top_and_says_so() -> None:
    picture = paint("positions", made.frame(0))
    assert plain(picture.rows[1]).startswith("SOL-USDT-SWAP")
    assert "!sTP" in plain(picture.rows[1])
    assert picture.alarm == "STOP MISSING"
    assert styles(picture, "!sTP") == {"danger bold"}


@pytest.mark.parametrize(
    ("states", "letters"),
    [
        (("armed", "armed", "armed", "armed"), "HSTP"),
        (("armed", "local", "unused", "missing"), "Hs-!"),
        (("unused", "unused", "unused", "unused"), "----"),
    ],
)
def test_stop_letters(states: tuple[str, str, str, str], letters: str) -> None:
    row = swap(made.positions(0)[0], layers=made.layers(*states, 64_000.0, 0.01))
    assert letters in text(paint("positions", made.frame(0, positions=(row,))))


def test_only_the_old_marks_are_dimmed() -> None:
    young, old, *_ = made.positions(0)
    frame = made.frame(0, positions=(young, swap(old, age=5000, exit_pnl=old.pnl)))
    picture = paint("positions", frame)
    assert (picture.stale, picture.dim) == (5000, False)
    assert {style for part, style in picture.rows[2] if part.strip()} == {"stale"}
    assert "stale" not in {style for _, style in picture.rows[1]}


def test_positions_stand_by_what_leaving_would_cost_in_doublings() -> None:
    costs = {"cheap": 0.4, "dear": 9.0, "nearly": 7.5, "unknown": nan, "free": -1.0}
    base = swap(made.positions(0)[0], pnl=0.0)
    rows = tuple(swap(base, symbol=name, exit_pnl=-cost) for name, cost in costs.items())
    picture = paint("positions", made.frame(0, positions=rows))
    order = [key.partition("|")[2] for key in picture.keys]
    assert order == ["dear", "nearly", "cheap", "unknown", "free"], "8 and 9 are one step: nothing dances"


def test_a_gain_and_a_loss_differ_by_shape_and_sign() -> None:
    rows = tuple(
        swap(made.positions(0)[0], sleeve=str(pnl), pnl=pnl, exit_pnl=nan) for pnl in (12.5, -12.5, 0.0)
    )
    drawn = text(paint("positions", made.frame(0, positions=rows)))
    assert "▲+12.50" in drawn
    assert "▼-12.50" in drawn


def test_privacy_hides_money_and_sizes_but_not_the_market() -> None:
    drawn = text(paint("positions", made.frame(0), swap(LOOK, private=True, width=180)))
    assert "•••" in drawn
    assert "64,480.0" in drawn
    for secret in ("440", "2.5 ", "12.1", "-1.07", "4.21"):
        assert secret not in drawn


def test_bars_only_tapes_are_fresh_as_long_as_the_engine_says_so() -> None:
    bars = swap(made.sources(0)[0], name="bars", age=1_800_000, stale=False)
    row = swap(made.positions(0)[0], age=1_800_000)
    frame = made.frame(0, books=(), sources=(bars,), positions=(row,))
    assert paint("positions", frame).stale == 0
    late = swap(frame, sources=(swap(bars, stale=True),))
    assert paint("positions", late).stale == 1_800_000


def test_money_of_an_old_picture_looks_old() -> None:
    look = swap(LOOK, width=160)
    fresh, old = (bars.status(made.frame(0), swap(look, lag=lag), True) for lag in (0, 1_001))
    (equity,) = [part for part, _ in fresh if part.endswith("USDT")]
    assert dict(fresh)[equity] == "strong bold"
    assert dict(old)[equity] == "stale"


def test_when_the_tape_is_over_nothing_grows_old() -> None:
    frame = made.frame(0, ended=True, age=9000)
    assert {paint(panel, frame, swap(LOOK, lag=60_000)).stale for panel in PANELS} == {0}


# --- orders, strategies, events, limits, feeds ------------------------------------------------------------


def test_an_order_nobody_can_vouch_for_comes_first() -> None:
    picture = paint("orders", made.frame(0))
    assert "UNKNOWN" in plain(picture.rows[1])
    assert picture.alarm == "1 UNKNOWN"
    assert picture.keys[0] == "em3e000009"


def test_a_stop_shows_its_trigger() -> None:
    assert "64,213.5" in text(paint("orders", made.frame(0)))


def test_the_reason_for_not_trading_is_shown() -> None:
    drawn = text(paint("sleeves", made.frame(0), swap(LOOK, width=140)))
    assert "max_notional: 24,000 > 20,000 USDT" in drawn
    assert "benched" in drawn
    assert "shadow" in drawn


def test_the_selected_strategy_explains_itself_at_the_foot() -> None:
    cursor = made.frame(0).sleeves[3].sleeve
    picture = paint("sleeves", made.frame(0), swap(LOOK, width=60, focused=True, cursor=cursor))
    assert "loss_streak: 4 losses in a row" in plain(picture.rows[-1])


def test_events_are_newest_first_and_translated() -> None:
    picture = paint("events", made.frame(0))
    assert "funding" in plain(picture.rows[1])
    drawn = text(paint("events", made.frame(0), swap(LOOK, lang="zh")))
    assert "止损缺失" in drawn
    assert "买 2.5 BTC-USDT-SWAP 成交于 64,480.0" in drawn


def test_of_a_long_log_only_what_is_in_sight_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    news = Look.news
    monkeypatch.setattr(Look, "news", lambda self, *said: asked.append(said[0]) or news(self, *said))
    many = tuple(
        swap(made.events(0)[0], ts=made.events(0)[0].ts - 1_000 * i, sleeve=f"s{i}") for i in range(200)
    )
    picture = paint("events", made.frame(0, events=many), swap(LOOK, height=6))
    assert len(asked) == 5
    assert len(picture.keys) == 200
    assert picture.copy(3).endswith("s3")
    found = paint("events", made.frame(0, events=many), swap(LOOK, height=6, needle="s199"))
    assert len(found.keys) == 1
    assert found.copy(0).endswith("s199")


def test_events_of_one_instant_have_keys_of_their_own() -> None:
    one, two = made.events(0)[0], swap(made.events(0)[1], ts=made.events(0)[0].ts)
    keys = paint("events", made.frame(0, events=(one, two, one))).keys
    assert len(set(keys)) == 3


def test_the_same_news_again_and_again_is_one_line_that_keeps_its_key() -> None:
    row, later = made.events(0)[0], made.events(0)[-1]
    again = tuple(swap(row, ts=row.ts + second) for second in range(4))
    picture = paint("events", made.frame(0, events=(*again[:3], later)))
    assert "×3 engine 0.1.0 started" in plain(picture.rows[2])
    longer = paint("events", made.frame(0, events=(*again, later)))
    assert "×4" in plain(longer.rows[2])
    assert picture.keys == longer.keys


def test_the_log_names_markets_without_their_venue() -> None:
    row = swap(made.events(0)[6], args={"symbol": made.BTC, "what": "gap", "count": "2"})
    drawn = text(paint("events", made.frame(0, events=(row,))))
    assert "BTC-USDT-SWAP: gap" in drawn
    assert "okx:" not in drawn


def test_limits_show_their_use_fullest_first() -> None:
    rows = [plain(row) for row in paint("limits", made.frame(0, fuses=())).rows]
    assert "82%" in rows[0]
    assert "16,400/20,000 USDT" in rows[0]
    assert styles(paint("limits", made.frame(0)), "82%") == {"danger"}


def test_feeds_in_trouble_come_first() -> None:
    first = swap(made.sources(0)[-1], up=False)
    rows = paint("feeds", made.frame(0, sources=(*made.sources(0)[:-1], first))).rows
    assert "DOWN" in plain(rows[1])


@pytest.mark.parametrize("panel", sorted(PANELS))
def test_an_empty_panel_says_something(panel: str) -> None:
    bare = made.frame(
        0,
        books=(),
        trades=(),
        candles={},
        positions=(),
        orders=(),
        fills=(),
        sleeves=(),
        events=(),
        sources=(),
        limits=(),
    )
    assert text(paint(panel, bare)).strip()


# --- lists ------------------------------------------------------------------------------------------------


def test_whole_columns_are_left_out_and_numbers_are_never_cut() -> None:
    columns = [Column("Name", 4, 0), Column("PnL", 3, 1, right=True), Column("Why", 6, 2)]
    body = [[("abcdefgh", ""), ("-1,234,567.89", ""), ("because", "")]]
    for width in range(4, 60):
        head, rows = table(columns, body, width)
        line = plain(rows[0])
        assert len(plain(head)) == len(line) <= width
        assert "-1,234,567.89" in line or "PnL" not in plain(head)
    assert chosen(columns, [8, 13, 7], 5) == [0]


def test_the_window_follows_the_cursor() -> None:
    assert list(window(100, 0, 5)) == [0, 1, 2, 3, 4]
    assert 50 in window(100, 50, 5)
    assert list(window(100, 99, 5)) == [95, 96, 97, 98, 99]
    assert list(window(3, 2, 5)) == [0, 1, 2]


def test_a_filter_shows_what_it_hides() -> None:
    picture = paint("orders", made.frame(0), swap(LOOK, needle="eth"))
    assert len(picture.keys) == 1
    nothing = paint("orders", made.frame(0), swap(LOOK, needle="doge"))
    assert "nothing matches /doge" in text(nothing)


def test_two_markets_of_one_strategy_are_told_apart_and_no_number_is_cut() -> None:
    """BTC-USDT is not BTC-USDT-SWAP; half a number is a wrong number."""
    for panel in ("sleeves", "fills", "orders", "positions", "hotlist", "limits", "book", "evidence"):
        for width in range(36, 130):
            look = Look(width=width, height=12, symbol=made.BTC)
            for row in PANELS[panel].target(made.frame(), look).rows:
                words = plain(row)
                assert width_of(words) <= width or panel == "evidence", (panel, width, words)
                if panel != "sleeves":
                    assert not re.search(r"\d…", words), (panel, width, words)
            if panel in ("fills", "orders", "positions", "hotlist") or (panel == "sleeves" and width >= 60):
                names = "\n".join(plain(row) for row in PANELS[panel].target(made.frame(), look).rows)
                assert "BTC-USDT-SWAP" in names, (panel, width)


@pytest.mark.parametrize("width", range(26, 60))
def test_a_limit_shows_whole_numbers_or_none(width: int) -> None:
    rows = (
        LimitRow("max_notional", 1_999_400.5, 20_000_000.0, "USDT"),
        LimitRow("order_rate", 63, 120, "/min"),
    )
    frame = msgspec.structs.replace(made.frame(), limits=rows)
    lines = [plain(row) for row in PANELS["limits"].target(frame, Look(width=width, height=5)).rows]
    assert all(width_of(line) <= width for line in lines)
    assert all(("63/120" in line) == ("/" in line) for line in lines if "orders" in line)
    assert any("53%" in line or "52%" in line for line in lines)


def test_a_fee_in_another_currency_says_which() -> None:
    frame = made.frame()
    odd = msgspec.structs.replace(frame.fills[0], fee=0.000125, fee_ccy="BTC")
    text = "\n".join(
        plain(row)
        for row in PANELS["fills"].target(msgspec.structs.replace(frame, fills=(odd,)), Look(100, 8)).rows
    )
    assert "0.000125 BTC" in text


def test_panels_of_one_rate_show_the_same_moment() -> None:
    rates = {name: PANELS[name].options["rate"] for name in ("sleeves", "card", "heatmap")}
    assert len(set(rates.values())) == 1, "their numbers stand side by side"
