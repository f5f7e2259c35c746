"""The scan beside a running machine: on schedule, from what was heard, and remembered over restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import msgspec
import pytest

from cockpit.app import scanning as scanning_of_a_run
from cockpit.app.scanning import Scanning
from cockpit.core import events as ev
from cockpit.core.config import HotlistConfig
from cockpit.core.errors import ConfigError, TapeError
from cockpit.core.turn import NOTHING
from cockpit.portfolio.pasts import DAY, HOUR
from cockpit.workers.scheduler import Scheduler, next_after
from tests.portfolio.test_scanner import T0, bars, market

NAMES = ("a", "b")


class Clock:
    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


def scanning(clock: Clock, told: list[ev.AnyEvent], **more: object) -> Scanning:
    config = more.pop("config", HotlistConfig())
    instruments = [market(name) for name in NAMES]
    return Scanning(config, instruments, told.append, clock, **more)  # type: ignore[arg-type]


def test_cron_lines_are_kept_to_and_a_missed_turn_is_made_up_for_once() -> None:
    clock, fired = Clock(T0 + 10 * 60_000), []

    async def fire(due: int) -> None:
        fired.append(due)

    scheduler = Scheduler("0 */1 * * *", fire, clock)
    assert scheduler.due == T0 + HOUR

    async def story() -> None:
        await scheduler.look()
        assert fired == []
        clock.now = T0 + HOUR
        await scheduler.look()
        await scheduler.look()
        assert fired == [T0 + HOUR]
        clock.now = T0 + 7 * HOUR + 5  # the machine was asleep
        await scheduler.look()
        await scheduler.look()
        assert fired == [T0 + HOUR, T0 + 2 * HOUR]
        assert scheduler.due == T0 + 8 * HOUR
        clock.now = T0 + 3 * HOUR - 1  # the clock was set back
        await scheduler.look()
        assert scheduler.due == T0 + 3 * HOUR

    asyncio.run(story())
    with pytest.raises(ConfigError, match="not a cron line"):
        next_after("every hour", T0)
    with pytest.raises(ConfigError, match="vol_jump"):
        scanning(clock, [], config=HotlistConfig(weights={"vol_jum": 1.0}))


def test_what_was_heard_is_ranked_and_told_as_a_fact() -> None:
    told: list[ev.AnyEvent] = []
    clock = Clock(T0 + 9 * DAY)
    mine = scanning(clock, told, config=HotlistConfig(top=1))
    heard: list[ev.AnyEvent] = []
    observe = mine.watched(lambda event, _: heard.append(event))
    for name, seed in zip(NAMES, (1, 2), strict=True):
        for bar in bars(name, 9, seed):
            observe(bar, NOTHING)
    assert len(heard) == 2 * 9 * 96
    asyncio.run(mine.tell())
    (scan,) = told
    assert isinstance(scan, ev.Scan)
    assert (scan.ts, scan.universe, len(scan.candidates)) == (clock.now, NAMES, 1)
    assert "vol_jump" not in scan.candidates[0].missing


def test_older_bars_and_what_is_heard_meanwhile_become_one_past() -> None:
    told: list[ev.AnyEvent] = []
    clock = Clock(T0 + 9 * DAY)
    rows = bars("a", 9, 3)
    mine = scanning(clock, told)
    for bar in rows[-40:]:
        mine.scanner.hear(bar)
    mine._learn(rows[:-40])
    whole = scanning(clock, told)
    for bar in rows:
        whole.scanner.hear(bar)
    weights = {"vol_jump": 0.5, "turnover": 0.5}
    (one,), (two,) = (s.scanner.scan(clock.now, weights) for s in (mine, whole))
    for left, right in zip(one.terms, two.terms, strict=True):
        assert left.value == pytest.approx(right.value, rel=0.02)
    assert (one.low, one.high, one.price) == (two.low, two.high, two.price)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks back without letting the start have the machine first."""
    monkeypatch.setattr(scanning_of_a_run, "SETTLE_S", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_look_back_that_is_not_done_does_not_hold_up_the_end() -> None:
    """``cockpit stop`` waited for nine days of made-up history, half a minute and more on a busy machine."""
    told: list[ev.AnyEvent] = []
    begun, over, ended = Event(), Event(), []

    def past() -> Iterator[ev.Bar]:
        begun.set()
        ended.append(over.wait(20))
        yield from ()

    async def story() -> None:
        scan = asyncio.create_task(scanning(Clock(T0), told, past=past).run())
        while not begun.is_set():
            await asyncio.sleep(0.01)
        scan.cancel()
        await asyncio.gather(scan, return_exceptions=True)

    asyncio.run(story())
    assert ended == [], "nobody waited for it"
    over.set()


@pytest.mark.usefixtures("at_once")
def test_a_look_back_that_breaks_is_heard_of() -> None:
    def past() -> Iterator[ev.Bar]:
        raise TapeError("no such past")
        yield

    with pytest.raises(TapeError, match="no such past"):
        asyncio.run(scanning(Clock(T0), [], past=past).run())


def test_a_past_told_in_hours_goes_on_in_quarters() -> None:
    rows = bars("a", 9, 4)
    clock = Clock(rows[-1].ts)
    hourly = [
        ev.Bar(
            part[-1].ts,
            "a",
            HOUR,
            part[0].open,
            max(b.high for b in part),
            min(b.low for b in part),
            part[-1].close,
            sum(b.volume for b in part),
        )
        for part in (rows[i : i + 4] for i in range(0, len(rows) - 48, 4))
    ]
    mine = scanning(clock, [], warm=hourly)
    for bar in rows[-52:]:
        mine.scanner.hear(bar)
    (row,) = mine.scanner.scan(clock.now, {"vol_jump": 1.0})
    assert row.terms[0].value is not None


def test_the_past_survives_a_restart_and_garbage_is_no_past(tmp_path: Path) -> None:
    told: list[ev.AnyEvent] = []
    clock, kept = Clock(T0 + 9 * DAY), tmp_path / "hotlist.bin"
    first = scanning(clock, told, warm=bars("a", 9, 5), kept=kept)
    asyncio.run(first.tell())
    assert kept.stat().st_mode & 0o077 == 0
    second = scanning(clock, told, kept=kept)
    asyncio.run(second.tell())
    one, two = told
    assert isinstance(one, ev.Scan)
    assert isinstance(two, ev.Scan)
    assert one.candidates == two.candidates
    kept.write_bytes(b"garbage")
    third = scanning(clock, told, kept=kept)
    assert third.scanner.universe == []
    asyncio.run(third.tell())
    assert msgspec.structs.astuple(told[-1])[1:3] == ((), ())


def test_a_mood_file_that_breaks_costs_the_mood_alone(tmp_path: Path) -> None:
    told: list[ev.AnyEvent] = []
    clock, file = Clock(T0 + 9 * DAY), tmp_path / "mood.csv"
    file.write_text(f"ts_ms,value\n{T0},20\n{T0 + 10 * DAY},90\n")
    mine = scanning(clock, told, config=HotlistConfig(mood_file=str(file)), warm=bars("a", 9, 6))
    asyncio.run(mine.tell())
    assert isinstance(told[0], ev.Scan)
    assert told[0].mood is not None
    assert (told[0].mood.value, told[0].mood.word) == (20.0, "extreme_fear")
    file.write_text("nothing")
    asyncio.run(mine.tell())
    assert isinstance(told[1], ev.Scan)
    assert told[1].mood is None
    assert mine.fault
