"""A backtest on order books whose kernel sleeps between the events that concern it (``lab.depth``)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cockpit
from cockpit.adapters.store import tape as tapes
from cockpit.adapters.store import tape_arrays
from cockpit.app import compose
from cockpit.app import market as markets
from cockpit.app.settings import digest
from cockpit.app.simulated import latency_of, relisted
from cockpit.app.trial import Drive, Request, Result, perform
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.core.events import AnyEvent
from cockpit.core.registry import STRATEGIES
from cockpit.core.state import State
from cockpit.core.types import Instrument
from cockpit.lab import backtest
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth import columns, records
from cockpit.lab.depth import run as depth

WORTH_SLEEPING = 50_000
"""Events from which ``auto`` compiles. With the machine code on disk it pays from 10,000 on; to make it takes
0.6 s once, which two runs of so many events gain (a maker that seldom quotes, on the peers' stream).
"""
COMPILED, PYTHON = "compiled", "python"
"""Strategy and machine as machine code, or the machine alone around a strategy in Python."""
Progress = Callable[[str, float], None]


def on_books(request: Request) -> bool:
    """Is it a strategy that hears no bars?"""
    path = Path(request.tape)
    source = markets.from_tape(request.config, path, request.start_ms, request.end_ms, request.sleeves)
    casts = compose.cast(source.sleeves, source.instruments, source.frames)
    return bool(casts) and "bar" not in casts[0].plugin.options.get("wakes", ())


class Recording:
    """A tape as columns, read once for however many runs go over it."""

    def __init__(self) -> None:
        self._of: tuple[Any, ...] = ()
        self._columns: Any = None

    def columns(self, request: Request, source: Any) -> columns.Columns:
        """Those of the request's stretch of its tape. Raises TapeError, Unsupported."""
        frames = tuple((symbol, *tfs) for symbol, tfs in source.frames.items())
        key = (request.tape, request.start_ms, request.end_ms, frames)
        if key != self._of:
            self._columns = market_of(request, source)
            self._of = key
        found: columns.Columns = self._columns
        return found


def trial(
    request: Request, progress: Progress | None = None, least: int = 0, *,
    heard: Callable[[State, AnyEvent], None] | None = None, recording: Recording | None = None,
    alone: bool = True, how: str = COMPILED,
) -> Result:  # fmt: skip
    """As ``trial.perform``: the same report, decisions and fills. Raises Unsupported besides.

    A maker that only shows quotes goes on without the kernel, from the first moment at which nothing is
    under way; where the machine does not know how to go on, it is begun anew beside a kernel that sleeps.
    Without ``alone`` that is done at once. ``how``: the strategy translated, or as it stands.
    """
    recording = recording or Recording()
    ready = depth.hand if how == PYTHON else depth.compile_strategy
    told: dict[str, Any] = {}
    try:
        drive = asleep(request, told, progress, least, recording, ready, alone=alone)
        result = perform(request, heard, drive)
    except depth.NotAlone:
        told.clear()
        drive = asleep(request, told, progress, least, recording, ready, alone=False)
        result = perform(request, heard, drive)
    result.summary.update(told, executor=how)
    return result


KINDS = {
    tape_arrays.RARE: records.RARE, tape_arrays.QUIET: records.SKIP, tape_arrays.MARK: records.MARK,
    tape_arrays.DELTA: records.DELTA, tape_arrays.SNAPSHOT: records.SNAPSHOT,
    tape_arrays.TOUCH: records.TOUCH, tape_arrays.TRADE: records.TRADE,
}  # fmt: skip


def market_of(request: Request, source: Any) -> columns.Columns:
    """The tape as columns: straight from its files where the stream is what they hold, else by events."""
    given = tapes.read_info(request.tape).bar_lengths
    made = any(set(tfs) != set(given.get(symbol, ())) for symbol, tfs in source.frames.items())
    if request.start_ms or request.end_ms or made:
        return columns.from_events(source.world.untold(), source.instruments)
    return columns_of(request.tape, source.instruments, request.config)


def columns_of(tape: str | Path, instruments: Mapping[str, Instrument], config: Config) -> columns.Columns:
    """A whole tape as columns, read block by block. Raises TapeError, Unsupported."""
    import numpy as np

    found = tape_arrays.read(tape)
    codes = np.array([KINDS[code] for code in range(len(KINDS))], np.int64)
    filling = columns.Filling(found.rows, found.levels, found.symbols, instruments)
    rare: dict[int, Any] = {}
    for block in found.blocks:
        parts = {**block.columns, "kind": codes[block.columns["kind"]]}
        filling.add(block.places, parts, block.owners, block.prices, block.sizes)
        rare.update(zip(block.places[: len(block.events)].tolist(), block.events, strict=True))
    heard = relisted((rare[at] for at in sorted(rare)), config)
    return filling.done(dict(zip(sorted(rare), heard, strict=True)))


def asleep(
    request: Request, told: dict[str, Any], progress: Progress | None, least: int, recording: Recording,
    ready: Callable[..., depth.Prepared], *, alone: bool,
) -> Drive:  # fmt: skip
    """Who plays the market to the engine; ``told`` learns how much the kernel slept through."""

    def drive(
        engine: Engine, source: Any, config: Config, observe: Any, clock: Any
    ) -> backtest.Run:  # fmt: skip
        sleeves = list(engine.state.sleeves.values())
        if len(sleeves) != 1:
            raise Unsupported("more than one strategy or market")
        few = f"fewer than {least:,} events"
        if tapes.read_info(request.tape).rows < least:
            raise Unsupported(few)
        prepared = ready(STRATEGIES[sleeves[0].strategy], progress)
        begun = time.monotonic()
        recorded = recording.columns(request, source)
        if len(recorded) < least:
            raise Unsupported(few)
        told["reading_s"] = round(time.monotonic() - begun, 3)

        def first(world: backtest.World) -> Any:
            return backtest.boot(world, "replay", cockpit.__version__, digest(config))

        ran = depth.run(
            engine, source.exchange, recorded, prepared, latency=latency_of(config), seed=config.run.seed,
            boot=first, observe=observe, clock=clock, alone=alone,
        )  # fmt: skip
        told["alone" if ran.alone else "slept"] = ran.slept
        return ran

    return drive
