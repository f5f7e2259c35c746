"""A search's trials on order books: the tape is read once, and a maker that only shows quotes needs no books.

What the machine writes down about its fills is all that a path is made of; the kernel's ledger, a hundred
times dearer, is asked only about the points before it has taken over.
"""

from __future__ import annotations

from pathlib import Path as File
from typing import Any

import cockpit
from cockpit.adapters.store import tape as tapes
from cockpit.app import compose, deep
from cockpit.app import market as markets
from cockpit.app.searching import Heard
from cockpit.app.settings import digest
from cockpit.app.simulated import latency_of
from cockpit.app.trial import Request
from cockpit.core.events import AnyEvent
from cockpit.core.intents import Outcome
from cockpit.core.registry import STRATEGIES
from cockpit.lab import backtest
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth import run as depth
from cockpit.lab.depth.points import Points
from cockpit.lab.search import path
from cockpit.lab.search.measure import Path


class Trials:
    """One strategy over one tape of order books, with one set of parameters after the other."""

    def __init__(self, request: Request) -> None:
        """Compiles what is not compiled yet. Raises Unsupported."""
        if len(request.sleeves) != 1 or not deep.on_books(request):
            raise Unsupported("no strategy on order books")
        if tapes.read_info(request.tape).rows < deep.WORTH_SLEEPING:
            raise Unsupported(f"fewer than {deep.WORTH_SLEEPING:,} events")
        self._prepared = depth.compile_strategy(STRATEGIES[request.sleeves[0].strategy])
        self._recordings: dict[int, deep.Recording] = {}
        """By the end of the stretch: a search cuts its tape in few places."""

    def path(self, request: Request, period: int) -> Path:
        """What the run of a request came to. Raises Unsupported where only the kernel awake knows the way."""
        recording = self._recordings.setdefault(request.end_ms, deep.Recording())
        try:
            return self._alone(request, period, recording)
        except depth.NotAlone:
            heard = Heard()
            done = deep.trial(request, heard=heard.tell, recording=recording, alone=False)
            return path.of_curve(done.curve, heard.fills)

    def _alone(self, request: Request, period: int, recording: deep.Recording) -> Path:
        config = request.config
        source = markets.from_tape(
            config, File(request.tape), request.start_ms, request.end_ms, request.sleeves, alone=True
        )
        casts = compose.cast(source.sleeves, source.instruments, source.frames)
        engine = compose.fresh(config, "replay", source.instruments, casts)
        if len(engine.state.sleeves) != 1:
            raise Unsupported("more than one strategy or market")
        columns = recording.columns(request, source)
        clock, heard = Points(engine.state.equity, period, source.world.peek_ts() or 0), Heard()

        def see(event: AnyEvent, _: Outcome) -> None:
            heard.tell(engine.state, event)

        def first(world: Any) -> AnyEvent:
            return backtest.boot(world, "replay", cockpit.__version__, digest(config))

        ran = depth.run(
            engine, source.exchange, columns, self._prepared, latency=latency_of(config),
            seed=config.run.seed, boot=first, observe=see, clock=clock, alone=True,
        )  # fmt: skip
        clock.done(engine.state.now)
        instrument = engine.state.instruments[source.sleeves[0].symbol]
        return path.of_quotes(clock.start, period, clock.equity, heard.fills, ran.lines, instrument)
