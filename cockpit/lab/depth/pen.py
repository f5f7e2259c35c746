"""The strategy between its two lives: a record that compiled hooks write, an object that the engine calls.

``on_book``, ``on_trade``, ``on_timer`` have run compiled when the kernel hears of their wish; ``on_fill`` and
``on_funding`` are the object's own. Whichever was changed last is copied to the other.
"""

from __future__ import annotations

from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from cockpit.core.engine import Engine
from cockpit.core.slots import Slot
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.compiled import layout
from cockpit.lab.compiled import rows as flat
from cockpit.lab.compiled.records import Pen, Window
from cockpit.lab.compiled.translate import Program
from cockpit.lab.depth.memory import Block
from cockpit.lab.depth.script import Script

if TYPE_CHECKING:
    from cockpit.lab.depth.world import DepthWorld

ROOM = 4_096
WINDOW, PEN = tuple(flat.fields(Window)), tuple(flat.fields(Pen))
SEEN = ("now", "touch_ts", "last", "mark", "equity_at", "equity_now")
"""What the machine changes in the window."""
SHOWN_AT = itemgetter(*(WINDOW.index(name) for name in SEEN))
VIEWED = attrgetter(*WINDOW)
assert PEN[-1] == "tag"
WRITTEN = attrgetter(*PEN[:-1])


class Pad:
    """Window, pen and state of one strategy."""

    def __init__(self, strategy: Any, program: Program | Script, arrays: Any) -> None:
        import numpy as np

        self.strategy = strategy
        self.program = program
        self.words: list[str] = []
        machines = arrays.machines
        window, pen = (machines.dtype.fields[name][1] for name in ("window", "pen"))
        self._window, self._pen = Block(machines, Window, window), Block(machines, Pen, pen)
        arena: list[float] = []
        whose: Any = type(strategy)
        values = layout.flatten(strategy, arena, max(ROOM, layout.largest(strategy) + 2))
        self.state = np.zeros(1, np.dtype(layout.dtype(whose)))
        self.state[0] = values
        self.arena = np.array(arena or [0.0])
        self._on_object = False
        """The object is newer than the record."""
        self._spoken = False
        """The timer that the kernel is told of has been called already."""

    def begin(self, world: DepthWorld, engine: Engine, slot: Slot) -> None:
        """Take the hooks' places."""
        self.world, self.engine, self.slot = world, engine, slot
        self.view, self.want = slot.view, slot.want
        slot.on_book = self._repeat if slot.on_book is not None else None
        slot.on_trade = self._repeat_trade if slot.on_trade is not None else None
        for name in ("on_fill", "on_funding"):
            if getattr(slot, name) is not None:
                setattr(slot, name, self._called(getattr(self.strategy, name)))
        if slot.on_timer is not None:
            self._beat = self._called(slot.on_timer)
            slot.on_timer = self._timed
        v, at = world.arrays.cells.whole, world.arrays.cells.at
        v[at.hears_book], v[at.hears_trades] = slot.on_book is not None, slot.on_trade is not None
        world.arrays.strategy(self.state, self.arena)
        v[at.hears_timer], v[at.timer_ms] = slot.on_timer is not None and slot.timer_ms > 0, slot.timer_ms

    def _called(self, hook: Any) -> Any:
        def call(*arguments: Any) -> None:
            self._load()
            hook(*arguments)

        return call

    def _repeat(self, _view: View, want: Want) -> None:
        self.repeat(want)

    def repeat(self, want: Want) -> None:
        """What the compiled hook wrote, onto the pen that the kernel reads."""
        *numbers, tag = self._pen.read()
        (
            want.dirty, want.sized, want.kept, want.quoting, want.weight, want.qty, want.stop, want.take,
            want.bid, want.bid_qty, want.ask, want.ask_qty, want.confidence,
        ) = numbers  # fmt: skip
        want.tag = self.word(tag)

    def _timed(self, view: View, want: Want) -> None:
        """A timer: the compiled hook has spoken, or something else was due as well and it is asked now."""
        if self._spoken:
            self._spoken = False
            self._repeat(view, want)
        else:
            self._beat(view, want)

    def _repeat_trade(self, _trade: Any, view: View, want: Want) -> None:
        self._repeat(view, want)

    def word(self, number: int) -> str:
        tags = self.program.tags
        if len(self.words) != len(tags):
            self.words = list(tags)
        return self.words[number]

    def wrote(self, *, timer: bool = False) -> None:
        """A compiled hook has written a wish: the record is the newer one."""
        self._on_object = False
        self._spoken = timer

    def wake(self) -> None:
        """The window as the machine has left it."""
        view = self.view
        view.now, view.touch_ts, view.last, view.mark, view.equity_at, view.equity_now = SHOWN_AT(
            self._window.read()
        )

    def sleep(self) -> None:
        """Window, pen and strategy as the kernel has left them."""
        want = self.want
        self._window.write(VIEWED(self.view))
        self._pen.write((*WRITTEN(want), self.program.tag(want.tag)))
        if self._on_object:
            self._store()

    def equity(self) -> float:
        """The sleeve's capital at the prices that the machine has heard last."""
        rows, state = self.world.arrays.rows, self.engine.state
        row, at, symbol = rows.read(self.world.mine), rows.at, self.slot.sleeve.symbol
        if row[at.last_new]:
            state.last[symbol] = row[at.last]
        if row[at.mark_new]:
            state.marks[symbol] = row[at.mark]
        return self.view.equity_of()

    def close(self) -> None:
        """The run is over: the object is what the strategy has become."""
        self._load()

    # --- record and object ------------------------------------------------------------------------------

    def _load(self) -> None:
        if not self._on_object:
            self._write(self.strategy, self.state[0])
            self._on_object = True

    def _write(self, thing: Any, row: Any) -> None:
        whose: Any = type(thing)
        for name, kind in layout.kinds(whose).items():
            if kind == list[float]:
                at, n, _ = row[name].item()
                getattr(thing, name)[:] = self.arena[at : at + n].tolist()
            elif kind in layout.SCALARS:
                if not whose.__struct_config__.frozen:
                    setattr(thing, name, row[name].item())
            else:
                self._write(getattr(thing, name), row[name])

    def _store(self) -> None:
        import numpy as np

        arena: list[float] = []
        strategy = self.strategy
        self.state[0] = layout.flatten(strategy, arena, max(ROOM, layout.largest(strategy) + 2))
        if len(arena) > len(self.arena):
            self.arena = np.array(arena)
            self.world.arrays.strategy(self.state, self.arena)
        elif arena:
            self.arena[: len(arena)] = arena
        self._on_object = False
