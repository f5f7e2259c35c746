"""A screen that is looked at for a week costs no more memory at its end than after its first day."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Iterator
from heapq import merge
from itertools import chain, cycle
from pathlib import Path

import pytest
from textual.pilot import Pilot

import cockpit
from cockpit.adapters import practice
from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.app import compose, market
from cockpit.app.discover import discover
from cockpit.app.memory_use import resident_mb
from cockpit.app.session import parse_sleeve
from cockpit.core.config import Config
from cockpit.core.frames import Frame, Health
from cockpit.core.project import Projector
from cockpit.lab.backtest import boot
from cockpit.tui.app import CockpitApp
from cockpit.tui.layout import PAGES
from cockpit.tui.link import FixedLink
from cockpit.tui.settings import TuiSettings
from tests.tui import frames_for_tests as made

MINUTE = 60_000
STEPS = tuple(chain.from_iterable((page.key, "j", "tab", "z", "escape") for page in PAGES))
WALK = (*STEPS, "]", "5", "d", "u", ":", "escape", "?", "escape", "t", "T", "p", "p", "1")
"""Every page, its cursor, zoom, filter and what changes all of it."""


class Watched:
    """A screen whose clock and frames the test moves; what is broken is found at once."""

    def __init__(self, link: FixedLink, pilot: Pilot[str], app: CockpitApp) -> None:
        self.link, self.pilot, self.app = link, pilot, app
        self.now = 0.0

    async def see(self, frame: Frame, keys: tuple[str, ...] = ()) -> None:
        self.now += 2.0  # everything is due
        self.link.frame = frame
        self.app.tick()
        self.app.paint_bars()
        await self.pilot.press(*keys)
        broken = [
            name for name in self.app.desk.desk.places if "broke" in self.app.desk.views[name].row_text(1)
        ]
        assert broken == []


async def watched(story: object, size: tuple[int, int] = (120, 40)) -> None:
    link = FixedLink(made.frame(0))
    now = [0.0]
    app = CockpitApp(link, TuiSettings(), clock=lambda: now[0])
    async with app.run_test(size=size) as pilot:
        screen = Watched(link, pilot, app)
        app.clock = lambda: screen.now
        await story(screen)  # type: ignore[operator]


def test_what_the_screen_keeps_does_not_grow() -> None:
    """The same pictures again and again: after the first rounds nothing new may stay alive."""

    async def story(screen: Watched) -> None:
        frames = cycle([made.frame(at * 7) for at in range(12)])
        counts = []
        for _ in range(4):
            for key in WALK:
                await screen.see(next(frames), (key,))
            screen.app.clear_notifications()
            await screen.pilot.pause()
            gc.collect()
            counts.append(len(gc.get_objects()))
        assert counts[-1] - counts[1] < 6_000, counts  # a dialogue that stays alive is 4,000

    asyncio.run(watched(story))


def week(folder: Path, days: int) -> Iterator[Frame]:
    """The engine over so many days of practice candles: a picture for each minute."""
    discover()
    spec = practice.PracticeSpec(seed=3)
    symbols = ("practice:BTC-USDT-SWAP", "practice:ETH-USDT-SWAP", "practice:SOL-USDT-SWAP")
    path = folder / "week.tape"
    with TapeWriter(path, source="test") as writer:
        for name, instrument in practice.instruments(spec).items():
            if name in symbols:
                writer.instrument(instrument)
        bars = [practice.history(spec, name, MINUTE, days * 1_440) for name in symbols]
        for bar in merge(*bars, key=lambda bar: bar.ts):
            writer.add(bar)
        writer.close()
    sleeves = tuple(
        parse_sleeve(f"{name}@{symbol}/1m")
        for name, symbol in zip(("ema_trend", "breakout", "momentum"), symbols, strict=True)
    )
    config = Config()
    source = market.from_tape(config, path, 0, 0, sleeves)
    engine = compose.fresh(
        config, "replay", source.instruments, compose.cast(source.sleeves, source.instruments, source.frames)
    )
    eye = Projector(engine, mode="REPLAY", venue="practice", limits=config.risk)
    event, due = boot(source.world, "replay", cockpit.__version__, ""), 0
    while event is not None:
        outcome = engine.step(event)
        eye.observe(event, outcome)
        for action in outcome.actions:
            source.world.submit(action, engine.state.now)
        if engine.state.now >= due:
            due = engine.state.now // MINUTE * MINUTE + MINUTE
            yield eye.frame(engine.state.now, engine.state.now, Health())
        event = source.world.next(engine.deadline)


def slope(samples: list[float]) -> float:
    """Least squares: MB a day, of one sample a day."""
    middle, mean = (len(samples) - 1) / 2, sum(samples) / len(samples)
    return sum((at - middle) * (value - mean) for at, value in enumerate(samples)) / sum(
        (at - middle) ** 2 for at in range(len(samples))
    )


@pytest.mark.soak
def test_a_week_on_the_screen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    samples: list[float] = []
    blocks: list[float] = []

    def measure() -> None:
        gc.collect()
        samples.append(resident_mb())
        blocks.append(sys.getallocatedblocks() / 1_000)

    async def story(screen: Watched) -> None:
        keys = cycle(WALK)
        day, last = 0, None
        for minute, frame in enumerate(week(tmp_path, 7)):
            await screen.see(frame, (next(keys),) if minute % 10 == 0 else ())
            if minute // 1_440 != day:
                day = minute // 1_440
                measure()
            last = frame
        assert last is not None
        assert sum(row.trades for row in last.sleeves) > 20
        measure()

    asyncio.run(watched(story))
    print(f"MB after each day: {[round(one, 1) for one in samples]}, slope {slope(samples[1:]):.2f} MB a day")
    print(f"thousand blocks: {[round(one) for one in blocks]}, slope {slope(blocks[1:]):.2f} a day")
    assert caplog.records == []
    assert slope(samples[1:]) < 1.0  # what the system gives back late counts in a resident size
    assert slope(blocks[1:]) < blocks[1] / 200, blocks
