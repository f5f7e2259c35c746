"""Run a strategy compiled, once or many times. ``Unsupported`` says why not; then the kernel is there.

play = compile_strategy(STRATEGIES["ema_trend"])
result = run(play, params, instrument, tape, config)
for row in sweep(play, [params, …], instrument, tape, config): …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec

from cockpit.core.config import Config
from cockpit.core.registry import Plugin
from cockpit.core.types import Instrument
from cockpit.lab.compiled import build
from cockpit.lab.compiled.batch import Of, batch
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.compiled.result import PREFIX, Result
from cockpit.lab.compiled.start import start_of
from cockpit.lab.compiled.tape import Tape
from cockpit.lab.compiled.translate import Program

A_BATCH = 8
"""Sets that run without a word of Python between them; few, so that threads end together."""


class Compiled(msgspec.Struct, frozen=True):
    """A strategy as machine code."""

    plugin: Plugin
    program: Any
    module: Any

    @property
    def hooks(self) -> Sequence[str]:
        """The hooks it has."""
        return tuple(self.program.hooks)

    @property
    def tags(self) -> dict[str, int]:
        """Words of its wishes, by number."""
        found: dict[str, int] = self.program.tags
        return found

    @property
    def asks_rates(self) -> bool:
        """Does it look at ``view.funding_rate``?"""
        return bool(self.program.asks_rates)

    def run(
        self, params: Any, instrument: Instrument, tape: Tape, config: Config | None = None,
        share: float = 1.0, sleeve: str = "", prefix: str = PREFIX,
    ) -> Result:  # fmt: skip
        """As ``run``."""
        return run(self, params, instrument, tape, config, share, sleeve, prefix)


def compile_strategy(
    plugin: Plugin, progress: build.Progress | None = None, *, shared: bool = False
) -> Compiled:  # fmt: skip
    """Translate a strategy and compile what is not compiled yet. Raises Unsupported (Outside by line).

    ``shared``: for many runs over one tape; indicators that several of them have in common are made once.
    """
    if not build.available():
        raise Unsupported(build.MISSING)
    for reason, holds in reasons(plugin).items():
        if holds:
            raise Unsupported(f"{plugin.name}: {reason}")
    program = Program(plugin.target, plugin.name, shared=shared)
    return Compiled(plugin, program, build.load_strategy(program, progress))


def reasons(plugin: Plugin) -> dict[str, bool]:
    """Why the machine may not be able to drive a strategy, and whether it is so."""
    options, target = plugin.options, plugin.target
    return {
        "it trades several markets": options.get("legs", 1) not in (1, ()) and options.get("legs", 1) != 1,
        "it hears longer bars too": bool(options.get("timeframes")),
        "it has stop layers": bool(options.get("stops")),
        "it does not listen to bars": not hasattr(target, "on_bar"),
        "it has a timer": bool(getattr(target, "timer_ms", 0) or hasattr(target, "on_timer")),
    }


def run(
    play: Compiled, params: Any, instrument: Instrument, tape: Tape, config: Config | None = None,
    share: float = 1.0, sleeve: str = "", prefix: str = PREFIX,
) -> Result:  # fmt: skip
    """One backtest. Raises Unsupported where the kernel must be asked."""
    (found,) = batch(_of(play, instrument, tape, config, share, sleeve, prefix), (params,))
    if isinstance(found, Unsupported):
        raise found
    return found


def _of(
    play: Compiled, instrument: Instrument, tape: Tape, config: Config | None, share: float, sleeve: str,
    prefix: str,
) -> Of:  # fmt: skip
    """Raises Unsupported."""
    config = config or Config()
    start = start_of(instrument, tape, config, share, play)
    version = play.plugin.options.get("version", 1)
    sleeve = sleeve or f"{play.plugin.name}@{version}/{instrument.symbol}"
    return Of(play, start, instrument, tape, config, sleeve, prefix)


def sweep(
    play: Compiled, many: Sequence[Any], instrument: Instrument, tape: Tape, config: Config | None = None,
    threads: int = 1, share: float = 1.0, sleeve: str = "", prefix: str = PREFIX,
) -> Iterator[Result | Unsupported]:  # fmt: skip
    """A result for each of many parameter sets, in their order; threads share the work without the GIL.

    A few results of many are best copied: one holds the lines of its neighbours too.
    """
    try:
        of = _of(play, instrument, tape, config, share, sleeve, prefix)
    except Unsupported as reason:
        yield from [reason] * len(many)
        return
    parts = [many[at : at + A_BATCH] for at in range(0, len(many), A_BATCH)]
    for found in _together(partial(batch, of), parts, threads):
        yield from found


def _together(work: Callable[[Any], Any], parts: Sequence[Any], threads: int) -> Iterator[Any]:
    """What ``work`` makes of each part, in their order; the caller's thread is one of those that work.

    A thread that only collects would be woken, and Python's lock be asked for, at each part.
    """
    made: list[Any] = [None] * len(parts)
    rest = iter(range(len(parts)))

    def help_out() -> None:
        for at in rest:
            made[at] = work(parts[at])

    told = 0
    with ThreadPoolExecutor(max(1, threads - 1)) as pool:
        helpers = [pool.submit(help_out) for _ in range(min(threads, len(parts)) - 1)]
        try:
            for at in rest:
                made[at] = work(parts[at])
                while told < len(parts) and made[told] is not None:
                    ready, made[told] = made[told], None
                    yield ready
                    told += 1
            for helper in helpers:
                helper.result()
        finally:
            for _ in rest:  # nobody waits for these any more
                pass
    yield from made[told:]
