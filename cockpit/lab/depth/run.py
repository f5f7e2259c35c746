"""One backtest on order books with the kernel asleep between the events that concern it.

prepared = compile_strategy(STRATEGIES["market_maker"])
ran = run(engine, exchange, columns, prepared, latency=latency, seed=seed, first=…)
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import msgspec

from cockpit.core.engine import Engine
from cockpit.core.events import AnyEvent
from cockpit.core.intents import Outcome
from cockpit.core.matching import Exchange, Latency
from cockpit.core.registry import Plugin
from cockpit.core.slots import Slot
from cockpit.lab import backtest
from cockpit.lab.compiled import build as modules
from cockpit.lab.compiled import rows as flat
from cockpit.lab.compiled.reasons import WORDS, Unsupported
from cockpit.lab.compiled.records import Stop
from cockpit.lab.compiled.translate import BOOK_HOOKS, QUOTING_HOOKS, Program
from cockpit.lab.depth import build, calls
from cockpit.lab.depth.columns import Columns
from cockpit.lab.depth.handed import HandedPad, Unseen, script_of
from cockpit.lab.depth.memory import Block, Cells
from cockpit.lab.depth.pen import Pad
from cockpit.lab.depth.records import (
    ANSWERS,
    EATEN,
    FLIGHT,
    RESTING,
    Answer,
    Eaten,
    Flying,
    Machine,
    Market,
    Rest,
)
from cockpit.lab.depth.script import Script
from cockpit.lab.depth.tickets import MAIL, SENT, Lane, Letter, Line, Offer
from cockpit.lab.depth.world import DepthWorld

FEW_LINES = 4_096
NUMBERS = itertools.count(1)


class Prepared(msgspec.Struct, frozen=True):
    """A strategy whose market hooks are machine code, or one that is called from there."""

    plugin: Plugin
    program: Any
    module: Any


class Ran(backtest.Run, frozen=True):
    """What a run was, and how much of it the kernel did not hear."""

    slept: int = 0
    passed: int = 0
    """Answers of the venue among them."""
    alone: bool = False
    """From some moment on it heard of nothing: the machine went on alone, the digest is over the fills."""
    lines: Any = None
    """The fills from then on, rows of ``tickets.Line``."""
    equity: float = 0.0
    """At the end, likewise."""


class NotAlone(Unsupported):
    """The machine drove a maker alone and does not know how to go on; beside the kernel it can be run."""


class Arrays:
    """The memory of one run. ``address`` is where the machine finds all of it."""

    def __init__(self, columns: Columns, series: tuple[int, ...]) -> None:
        import numpy as np

        def rows(row: Any, count: int) -> Any:
            return np.zeros(count, np.dtype(flat.dtype(row)))

        self.machines = rows(Machine, 1)
        self.address = self.machines.ctypes.data
        self.events, self.levels = columns.events, columns.levels
        self.prices, self.markets = columns.prices.copy(), columns.markets.copy()
        self.rest, self.eaten, self.ring = rows(Rest, RESTING), rows(Eaten, EATEN), rows(Flying, FLIGHT)
        self.answer = rows(Answer, ANSWERS)
        self.offers, self.lanes, self.letters = rows(Offer, 2), rows(Lane, 2), rows(Letter, 2 * MAIL)
        self.lines = rows(Line, max(FEW_LINES, len(columns) // 8))
        self.placed, self.changed = np.zeros(SENT, np.int64), np.zeros(SENT, np.int64)
        self.series = np.array(series or (0,), np.int64)
        self.cells, self.rows = Cells(self.machines, Machine), Block(self.markets, Market)
        v, at = self.cells.whole, self.cells.at
        for name, size, array in (
            ("at_e", "events", self.events), ("at_l", "levels", self.levels), ("at_p", "prices", self.prices),
            ("at_k", "markets", self.markets), ("at_series", "delays", self.series),
            ("at_rest", "", self.rest), ("at_eaten", "", self.eaten), ("at_ring", "", self.ring),
            ("at_answer", "", self.answer), ("at_o", "", self.offers), ("at_lane", "", self.lanes),
            ("at_letters", "", self.letters), ("at_line", "room", self.lines),
            ("at_placed", "", self.placed), ("at_changed", "", self.changed),
        ):  # fmt: skip
            v[getattr(at, name)] = array.ctypes.data
            if size:
                v[getattr(at, size)] = len(array)

    def strategy(self, state: Any, floats: Any) -> None:
        """Where the strategy's own memory is."""
        v, at = self.cells.whole, self.cells.at
        v[at.at_s], v[at.at_f], v[at.floats] = state.ctypes.data, floats.ctypes.data, len(floats)


def hand(plugin: Plugin, progress: modules.Progress | None = None) -> Prepared:
    """Make a strategy ready that stays as it is, Python. Raises Unsupported."""
    _possible(plugin)
    return Prepared(plugin, *script_of(plugin, progress))


def _possible(plugin: Plugin) -> None:
    """Can the machine drive it at all? Raises Unsupported."""
    if not modules.available():
        raise Unsupported(modules.MISSING)
    options = plugin.options
    reasons = {
        "it trades several markets": options.get("legs", 1) not in (1, ()) and options.get("legs", 1) != 1,
        "it listens to bars": hasattr(plugin.target, "on_bar"),
        "it has stop layers": bool(options.get("stops")),
    }
    for reason, holds in reasons.items():
        if holds:
            raise Unsupported(f"{plugin.name}: {reason}")


def compile_strategy(plugin: Plugin, progress: modules.Progress | None = None) -> Prepared:
    """Translate a strategy's market hooks. Raises Unsupported (Outside by line)."""
    _possible(plugin)
    try:
        program = Program(plugin.target, plugin.name, QUOTING_HOOKS)
    except Unsupported:
        program = Program(plugin.target, plugin.name, BOOK_HOOKS)
    if not program.hooks:
        raise Unsupported(f"{plugin.name} does not listen to books or trades")
    return Prepared(plugin, program, build.load(program, progress))


def check(engine: Engine, columns: Columns) -> Slot:
    """The one sleeve of an engine that can sleep. Raises Unsupported."""
    slots = list(engine.slots.values())
    reasons = {
        "more than one strategy": len(slots) != 1 or len(engine.state.sleeves) != 1,
        "stops of the account": bool(engine.watchers),
        "position sizing": any(slot.sizer is not None for slot in slots),
        "circuit breakers": bool(engine.breakers),
        "stop layers": any(slot.guard is not None for slot in slots),
        "longer bars": any(not slot.plain for slot in slots),
    }
    for reason, holds in reasons.items():
        if holds:
            raise Unsupported(reason)
    if slots[0].sleeve.symbol not in columns.symbols:
        raise Unsupported(f"the tape has no book of {slots[0].sleeve.symbol}")
    return slots[0]


def run(
    engine: Engine, exchange: Exchange, columns: Columns, prepared: Prepared, *, latency: Latency, seed: int,
    boot: Callable[[backtest.World], AnyEvent], observe: Callable[[AnyEvent, Outcome], None] | None = None,
    clock: backtest.Clock | None = None, alone: bool = False,
) -> Ran:  # fmt: skip
    """As ``backtest.run`` over the same market: the same decisions, digest and fills. Raises Unsupported.

    ``alone``: a maker that only shows quotes may be driven without the kernel: the same decisions and fills,
    with a digest of its own over the fills. Where ``clock`` is ``points.Points`` nobody is told those: they
    are ``Ran.lines``, and engine and venue stay as they were when the machine took over.
    """
    slot = check(engine, columns)
    arrays = Arrays(columns, latency.feed.series)
    program = prepared.program
    pad = (HandedPad if isinstance(program, Script) else Pad)(slot.strategy, program, arrays)
    door = getattr(prepared.module, "quote", None) if alone else None
    world = DepthWorld(columns, exchange, latency, seed, arrays, prepared.module.run, clock, door)
    world.attach(engine, slot, pad, observe)
    handle = next(NUMBERS)
    arrays.cells.whole[arrays.cells.at.handle] = handle
    calls.RUNNING[handle] = pad
    try:
        went = backtest.run(engine, world, boot(world), observe, clock)
    except Stop:
        broke = pad.broke if isinstance(pad, HandedPad) else None
        if broke is not None and not isinstance(broke, Unseen):
            raise Unsupported(f"{prepared.plugin.name} raised {type(broke).__name__}: {broke}") from broke
        if broke is not None:
            raise NotAlone(f"it looks at {broke}") from None
        kind = NotAlone if world.went_alone else Unsupported
        raise kind(WORDS.get(int(arrays.machines["why"][0]), "it stopped")) from None
    except Unsupported as refusal:
        raise (NotAlone(refusal.reason) if world.went_alone else refusal) from None
    except (ArithmeticError, ValueError, IndexError) as error:
        raise Unsupported(f"{prepared.plugin.name} raised {type(error).__name__}") from error
    finally:
        calls.RUNNING.pop(handle, None)
        failed = calls.FAILED.pop(handle, None)
    pad.close()
    if failed is not None:
        raise Unsupported(f"its capital could not be worked out: {failed}")
    ran = Ran(
        went.events + world.slept, went.outcomes + world.answers.told, engine.digest, world.slept,
        world.answers.passed,
    )  # fmt: skip
    if world.quoter is None or not world.quoter.begun:
        return ran
    return msgspec.structs.replace(ran, alone=True, lines=world.quoter.lines, equity=world.quoter.equity())
