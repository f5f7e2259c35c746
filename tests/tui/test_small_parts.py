"""Candle lengths, the governor, the palette's ranking, the links for tests."""

import pytest

from cockpit.core.frames import CandleRow
from cockpit.tui.governor import Governor
from cockpit.tui.link import FixedLink, ScriptedLink
from cockpit.tui.palette import Entry, ranked
from cockpit.tui.series import lengths, merged, series, spacing
from tests.tui import frames_for_tests as made

MINUTE = 60_000


def candles(count: int, tf: int = MINUTE, start: int = 0) -> tuple[CandleRow, ...]:
    return tuple(
        CandleRow(start + i * tf, 10.0 + i, 12.0 + i, 9.0 + i, 11.0 + i, 2.0, i < count - 1)
        for i in range(count)
    )


def test_merged_candles_keep_open_high_low_close_and_volume() -> None:
    rows = candles(10)
    first, second = merged(rows, 5 * MINUTE)
    assert (first.open, first.high, first.low, first.close, first.volume) == (10.0, 16.0, 9.0, 15.0, 10.0)
    assert (second.ts, second.open, second.close, second.closed) == (5 * MINUTE, 15.0, 20.0, False)


def test_candles_are_merged_on_utc_multiples() -> None:
    rows = merged(candles(6, start=3 * MINUTE), 5 * MINUTE)
    assert [row.ts for row in rows] == [0, 5 * MINUTE]
    assert [row.volume for row in rows] == [4.0, 8.0]


def test_a_delivered_series_is_taken_before_one_is_made() -> None:
    frame = made.frame(
        0, candles={f"{made.BTC}|{MINUTE}": candles(30), f"{made.BTC}|{15 * MINUTE}": candles(4, 15 * MINUTE)}
    )
    assert list(lengths(frame, made.BTC)) == [MINUTE, 15 * MINUTE]
    assert series(frame, made.BTC, 0) == (MINUTE, list(candles(30)))
    assert series(frame, made.BTC, 15 * MINUTE) == (15 * MINUTE, list(candles(4, 15 * MINUTE)))
    length, rows = series(frame, made.BTC, 60 * MINUTE)
    assert (length, len(rows)) == (60 * MINUTE, 1)
    assert series(frame, made.XRP, MINUTE) == (0, [])


def test_a_series_named_by_its_symbol_alone_tells_its_length() -> None:
    frame = made.frame(0, candles={made.BTC: candles(5, 5 * MINUTE)})
    assert list(lengths(frame, made.BTC)) == [5 * MINUTE]
    assert spacing(candles(1)) == 0


def test_costly_painting_slows_the_screen_and_cheap_painting_frees_it() -> None:
    governor = Governor(0.1)
    now = 0.0
    for _ in range(60):
        governor.begin(now)
        governor.end(now + 0.02)
        now += 0.1
    assert governor.slow
    for _ in range(60):
        governor.begin(now)
        governor.end(now + 0.001)
        now += 0.1
    assert not governor.slow


def test_a_late_timer_slows_the_screen() -> None:
    governor = Governor(0.1)
    for index in range(60):
        governor.begin(index * 0.2)
        governor.end(index * 0.2)
    assert governor.slow


def entries(*words: str) -> list[Entry]:
    return [Entry(f"Label of {word}", lambda: None, "", word) for word in words]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        (":flatten", "flatten"),
        ("BTC", "BTC-USDT-SWAP"),
        ("eth", "ETH-USDT-SWAP"),
        ("canc", "order.cancel"),
        ("hlt", "halt"),
    ],
)
def test_the_palette_finds_what_was_meant(typed: str, first: str) -> None:
    found = ranked(entries("order.cancel", "flatten", "halt", "BTC-USDT-SWAP", "ETH-USDT-SWAP"), typed)
    assert found[0].words == first


def test_the_palette_shows_everything_before_typing_and_nothing_for_nonsense() -> None:
    all_of_them = entries("a", "b")
    assert ranked(all_of_them, "") == all_of_them
    assert ranked(all_of_them, "zzz") == []


def test_a_scripted_link_plays_and_then_stays() -> None:
    frames = [made.frame(0), made.frame(1)]
    link = ScriptedLink(frames)
    assert [link.latest() for _ in range(3)] == [frames[0], frames[1], frames[1]]
    link = ScriptedLink(made.frame)
    link.latest()
    assert link.latest() == made.frame(1)


def test_a_fixed_link_remembers_what_was_sent() -> None:
    link = FixedLink(None)
    assert link.send("halt", {}) == "c1"
    link.answer(False, "door.lost")
    assert [answer.command_id for answer in link.answers()] == ["c1"]
    assert link.answers() == []
