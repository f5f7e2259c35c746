"""The scan beside a running machine: hears what the engine hears, and tells it the ranking on schedule."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread

import msgspec

from cockpit.adapters import readings
from cockpit.app.discover import discover_scores
from cockpit.app.hotlist import checked
from cockpit.core import events as ev
from cockpit.core.candidates import Candidate, Mood
from cockpit.core.config import HotlistConfig
from cockpit.core.errors import TapeError
from cockpit.core.intents import Outcome
from cockpit.core.ports import Clock
from cockpit.core.types import Instrument
from cockpit.core.unreadable import UNREADABLE
from cockpit.portfolio.pasts import Past
from cockpit.portfolio.scanner import Scanner, scan
from cockpit.workers.scheduler import Scheduler

SETTLE_S = 5.0
"""After the hour, so that its last bar has been heard."""
Observe = Callable[[ev.AnyEvent, Outcome], None]


async def _aside(work: Callable[[], Iterable[ev.Bar]]) -> list[ev.Bar]:
    """All of ``work``, in a thread that nobody waits for: a pool's would hold up the end of the process for
    as long as days of history take on a busy machine."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[list[ev.Bar]] = loop.create_future()

    def tell(found: list[ev.Bar], error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(found)

    def run() -> None:
        found: list[ev.Bar] = []
        error: Exception | None = None
        try:
            found = list(work())
        except Exception as failed:  # noqa: BLE001 - told to whoever waits, as a pool would
            error = failed
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants it any more
            loop.call_soon_threadsafe(tell, found, error)

    Thread(target=run, name="look back", daemon=True).start()
    return await done


class Scanning:
    """One run's scanner. It decides nothing: its ranking enters the engine as a fact (``events.Scan``)."""

    def __init__(
        self,
        config: HotlistConfig,
        instruments: Iterable[Instrument],
        put: Callable[[ev.AnyEvent], None],
        clock: Clock,
        *,
        warm: Iterable[ev.Bar] = (),
        past: Callable[[], Iterable[ev.Bar]] | None = None,
        kept: Path | None = None,
    ) -> None:
        """``past`` is asked once for older bars, away from the loop; ``kept`` remembers over restarts.

        Raises ConfigError for weights of unknown scores or a schedule that is no cron line.
        """
        discover_scores()
        self.weights = checked(config)
        self.config = config
        self.scanner = Scanner(instruments)
        self.scheduler = Scheduler(config.schedule, self.scan, clock)
        self.fault = ""
        """Why the mood could not be read; empty = it could, or there is none."""
        self._put = put
        self._clock = clock
        self._past = past
        self._kept = kept
        self._recall()
        for bar in sorted(warm, key=lambda bar: bar.ts):
            self.scanner.hear(bar)

    def watched(self, observe: Observe) -> Observe:
        """``observe``, with the scanner listening."""
        hear = self.scanner.hear

        def both(event: ev.AnyEvent, outcome: Outcome) -> None:
            hear(event)
            observe(event, outcome)

        return both

    async def run(self) -> None:
        """One scan soon after the start, then on schedule.

        Looking back waits as well: the first picture, and the first orders, need the machine more than it.
        """
        await asyncio.sleep(SETTLE_S)
        if self._past is not None:
            self._learn(await _aside(self._past))
        await self.tell()
        await self.scheduler.run()

    def _learn(self, older: list[ev.Bar]) -> None:
        """Bars from before those that were heard meanwhile."""
        scanner = self.scanner
        fresh, scanner.pasts = scanner.pasts, {symbol: Past() for symbol in scanner.pasts}
        for bar in sorted(older, key=lambda bar: bar.ts):
            scanner.hear(bar)
        for symbol, past in fresh.items():
            scanner.pasts[symbol] = past.after(scanner.pasts[symbol])

    async def scan(self, _due: int) -> None:
        """It is time."""
        await asyncio.sleep(SETTLE_S)
        await self.tell()

    async def tell(self) -> None:
        """Rank now, and let the engine know. The work is done on a copy, away from the loop that trades."""
        now = self._clock.now_ms()
        universe = tuple(self.scanner.universe)
        raw = msgspec.msgpack.encode(self.scanner.pasts)
        found, mood = await asyncio.to_thread(self._ranked, raw, universe, now)
        self._put(ev.Scan(now, tuple(found[: self.config.top]), universe, mood))

    def _ranked(self, raw: bytes, universe: tuple[str, ...], now: int) -> tuple[list[Candidate], Mood | None]:
        pasts = msgspec.msgpack.decode(raw, type=dict[str, Past])
        self._keep(raw)
        return scan({symbol: pasts[symbol] for symbol in universe}, now, self.weights), self._mood(now)

    def _mood(self, now: int) -> Mood | None:
        if not self.config.mood_file:
            return None
        try:
            self.fault = ""
            return readings.mood_at(readings.moods(Path(self.config.mood_file).expanduser()), now)
        except TapeError as error:
            self.fault = str(error)
            return None

    def _keep(self, raw: bytes) -> None:
        """Remember the past beside the journal; without the file the terms only take longer to be known."""
        if self._kept is None:
            return
        fresh = self._kept.with_suffix(".new")
        try:
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(raw)
            fresh.replace(self._kept)
        except OSError as error:
            self.fault = str(error)

    def _recall(self) -> None:
        if self._kept is None:
            return
        try:
            known = msgspec.msgpack.decode(self._kept.read_bytes(), type=dict[str, Past])
        except (OSError, *UNREADABLE):
            return
        self.scanner.pasts.update({s: past for s, past in known.items() if s in self.scanner.pasts})
