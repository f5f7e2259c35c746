"""The machine as it stood: the nearest kept state before a moment, and every fact from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from pathlib import Path
from typing import NamedTuple

import msgspec

from cockpit.app import compose, settings
from cockpit.app.past.source import Source
from cockpit.core import memory
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.core.errors import StoreError
from cockpit.core.events import AnyEvent, Bar, Boot, Fill, Timer, Trade
from cockpit.core.frames import Frame, Health
from cockpit.core.past import Past as Results
from cockpit.core.project import Projector, Tails
from cockpit.core.turn import NOTHING

FULL = 150_000
"""Facts to fold at least, where there are so many, so that lists and candles are full."""
FAR = 3_000_000
"""Facts that are too many to fold for that."""
CANDLES = 300_000
"""Facts before that, of which only the candles are taken."""
TOLD = 600
"""Decisions before that, of which only news and fills are taken."""
ROUND = 2_000
"""Facts between two looks at whether somebody wants another moment."""
REST = 25_000
"""Facts between two states kept here, so that a step back is short."""
RESTS = 12

Told = Callable[[int, int], None]
"""(done, of) facts. May raise to give up; the moment reached so far stays a good one."""


class Rest(NamedTuple):
    """A place passed on the way, to come back to."""

    seq: int
    ts: int
    body: bytes
    tails: Tails


class Past:
    """One journal, and the moment of it that is looked at."""

    def __init__(self, source: Source, folder: Path, fallback: Config, told: Told) -> None:
        self.source = source
        self.folder = folder
        self.fallback = fallback
        self.told = told
        self.span = source.piece("span")
        self._engine: Engine | None = None
        self._projector: Projector
        self._events: Iterator[tuple[int, AnyEvent]]
        self._waiting: tuple[int, AnyEvent] | None = None
        self._shown = 0
        self._rests: list[Rest] = []

    @property
    def seq(self) -> int:
        """The last fact of the moment; 0 before the first look."""
        return self._engine.state.seq if self._engine is not None else 0

    @property
    def now(self) -> int:
        """The instant that is shown, UTC ms; before the first look the end of the journal."""
        return self._shown or int(self.span["last_ts"])

    def at(self, *, ts: int = 0, seq: int = 0) -> Frame:
        """The picture at an instant (UTC ms) or right after a fact. Outside the journal: its nearest end.

        Raises StoreError when no state to begin with is kept, or the journal was written by another build.
        """
        self.span = self.source.piece("span")
        limit_ts = max(ts, int(self.span["first_ts"])) if ts else inf
        limit_seq = max(1, seq) if seq else inf
        engine = self._engine
        if engine is None or engine.state.seq > limit_seq or engine.state.now > limit_ts:
            self._begin(limit_ts, limit_seq)
        self._fold(limit_ts, limit_seq)
        assert self._engine is not None
        now = self._engine.state.now
        return self._drawn(int(min(max(now, ts), max(now, int(self.span["last_ts"])))) if ts else now)

    def step(self, by: int) -> Frame:
        """The ``by``-th decision from here, forward or back."""
        return self.at(seq=int(self.source.piece("near", seq=self.seq, by=by)["seq"]))

    # --- rebuilding -----------------------------------------------------------------------------------

    def _begin(self, limit_ts: float, limit_seq: float) -> None:
        """The latest state before the moment, but early enough to fill the lists."""
        kept = [(int(s), int(t)) for s, t in self.span["snapshots"] if s <= limit_seq and t <= limit_ts]
        if not kept:
            raise StoreError("the journal keeps no state from before that moment: too old to replay")
        newest, oldest = max(kept)[0], min(kept)[0]
        early = [seq for seq, _ in kept if seq <= newest - FULL]
        start = max(early, default=oldest)
        if newest - start > FAR:
            start = newest  # short lists are better than a long wait
        rests = [rest for rest in self._rests if start < rest.seq <= limit_seq and rest.ts <= limit_ts]
        if rests:
            rest = max(rests, key=lambda rest: rest.seq)
            self._thaw(rest.body, rest.seq)
            self._projector.recalled(rest.tails)
        else:
            self._thaw(self._state(start), start)
            self._fill_lists(start)
        self._events = self.source.events(self.seq)
        self._waiting = None

    def _state(self, seq: int) -> bytes:
        found = self.source.piece("snapshot", seq=seq)
        if "body" not in found:
            raise StoreError(f"the state of #{seq} in the journal is damaged")
        return bytes(found["body"])

    def _thaw(self, body: bytes, seq: int) -> None:
        digest = str(self.source.piece("boot", seq=seq)["config_digest"])
        config = settings.kept(digest, self.folder) or self.fallback
        try:
            kept = memory.read(body)
            engine = self._engine = compose.remembered(kept, config, compose.seated(kept))
        except msgspec.ValidationError as error:
            raise StoreError(f"the journal was written by another build: {error}") from error
        venue = next(iter(engine.state.instruments), "").partition(":")[0]
        mode = str(self.span["mode"]).upper()
        self._projector = Projector(engine, mode=mode, venue=venue, limits=config.risk)

    def _fill_lists(self, start: int) -> None:
        """What a screen that had been watching would show of the time before ``start``."""
        for outcome, fact in self.source.told_before(start + 1, TOLD):
            self._projector.observe(fact if isinstance(fact, Fill) else Timer(outcome.ts), outcome)
        # What each strategy brought is counted from here on: of before, only the sum is in the state.
        self._projector.past = Results(self._projector.engine.state)
        first = max(0, start - CANDLES)
        for count, (seq, event) in enumerate(self.source.events(first) if start else ()):
            if seq > start:
                break
            if isinstance(event, Bar | Trade):
                self._projector.observe(event, NOTHING)
            if count % ROUND == 0:
                self.told(seq - first, start - first)

    def _fold(self, limit_ts: float, limit_seq: float) -> None:
        engine = self._engine
        assert engine is not None
        state, begun = engine.state, engine.state.seq
        span = max(1, int(self.span["last_seq"]) - begun)
        aim = max(1, min(limit_seq - begun, span)) if limit_seq < inf else span
        while True:
            if self._waiting is None:
                self._waiting = next(self._events, None)
                if self._waiting is None:
                    self._events = self.source.events(
                        state.seq
                    )  # what is written later can be asked for later
                    return
            seq, event = self._waiting
            if seq > limit_seq or event.ts > limit_ts:
                return
            self._waiting = None
            if isinstance(event, Boot):
                if state.seq in self.span.get("changes", ()):
                    engine = self._changed(state.seq)
                    state = engine.state
                config = settings.kept(event.config_digest, self.folder) or self.fallback
                compose.govern(engine, config)
                self._projector.limits = config.risk
            self._projector.observe(event, engine.step(event))
            if state.seq != seq:
                raise StoreError(f"the journal misses fact {state.seq}: its next is {seq}")
            self._rest(engine, seq)
            if seq % ROUND == 0:
                self.told(seq - begun, int(aim))

    def _changed(self, seq: int) -> Engine:
        """With this start others decide: the state is theirs, what the screen has shown goes on."""
        tails = self._projector.kept()
        self._thaw(self._state(seq), seq)
        self._projector.recalled(tails)
        assert self._engine is not None
        return self._engine

    def _rest(self, engine: Engine, seq: int) -> None:
        if seq % REST == 0 and all(rest.seq != seq for rest in self._rests):
            frozen = memory.freeze(engine)
            self._rests.append(Rest(seq, engine.state.now, frozen, self._projector.kept()))
            del self._rests[:-RESTS]

    def _drawn(self, now: int) -> Frame:
        self._shown = now
        found = self.source.piece("money", ts=now)
        self._projector.recall(now, found["day_pnl"], float(found["peak"]))
        return self._projector.frame(now, now, Health())
