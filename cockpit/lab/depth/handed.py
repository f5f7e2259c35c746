"""The strategy's class as it stands, on order books, with the machine around it: ``--executor python``.

Its hooks are called with the real Want, with events, and with a window that reads the machine's own numbers,
so any Python runs and breakpoints hold. What the machine does between two hooks is what it does around a
compiled strategy: beside a kernel that sleeps, or alone where the strategy only shows quotes.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from cockpit.core.events import Fill, FillKind
from cockpit.core.matching.account import EXACT, worth
from cockpit.core.registry import Plugin
from cockpit.core.slots import Slot
from cockpit.core.types import PosSide, Side
from cockpit.lab.compiled import build as modules
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth import build
from cockpit.lab.depth.calls import BOOK, FILL, TIMER
from cockpit.lab.depth.pen import WRITTEN, Pad
from cockpit.lab.depth.quoter import NOTES
from cockpit.lab.depth.script import HOOKS, Blank, Script

LIVE = (
    "now", "position", "last", "mark", "funding_rate", "touch_ts", "resting", "latency", "latency_ts", "bid",
    "ask", "bid_qty", "ask_qty", "mid", "book_ok",
)  # fmt: skip
"""What the machine writes into the window by itself."""


def script_of(plugin: Plugin, progress: modules.Progress | None = None) -> tuple[Script, Any]:
    """The script of a strategy and its machine, which all with the same hooks share. Raises Unsupported."""
    script = Script(plugin)
    if not any(hook in script.hooks for hook in ("on_book", "on_trade", "on_timer")):
        raise Unsupported(f"{plugin.name} does not listen to books or trades")
    return script, build.load(script, progress)


class Unseen(Exception):
    """The strategy looks at something that the machine does not know while it goes on alone."""


class Glass:
    """The strategy's window. What the machine changes is read where it lies; all else is the View's."""

    def __init__(self, pad: HandedPad) -> None:
        self._pad = pad
        window = pad.machines["window"]
        for name in (*LIVE, "entry", "equity_at", "equity_now"):
            setattr(self, f"_{name}", window[name])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pad.view, name)

    @property
    def entry(self) -> float:
        """As ``View.entry``. Raises Unseen."""
        if self._pad.world.went_alone:
            raise self._pad.unseen("its average entry")
        return float(self._entry.item())

    @property
    def equity(self) -> float:
        """As ``View.equity``. Raises Unseen."""
        pad, second = self._pad, self.now // 1000
        if pad.world.went_alone:
            raise pad.unseen("its capital")
        if second != self._equity_at.item():
            self._equity_at[0], self._equity_now[0] = second, pad.equity()
        return float(self._equity_now.item())

    @property
    def index(self) -> float:
        """As ``View.index``, which the machine does not keep. Raises Unseen."""
        raise self._pad.unseen("the index")

    @property
    def equity_of(self) -> Any:
        """Likewise."""
        raise self._pad.unseen("its capital")

    @property
    def book(self) -> Any:
        """As ``View.book``."""
        return self._pad.view_now().book

    @property
    def legs(self) -> tuple[Glass, ...]:
        """As ``View.legs``: it is the only one."""
        return (self,)

    def leg(self, index: int) -> Glass:
        """As ``View.leg``."""
        return self.legs[index]

    def imbalance(self, levels: int) -> float:
        """As ``View.imbalance``."""
        found: float = self._pad.view_now().imbalance(levels)
        return found

    def slippage(self, qty: float) -> float:
        """As ``View.slippage``."""
        found: float = self._pad.view_now().slippage(qty)
        return found


def _live(name: str) -> property:
    read = attrgetter(f"_{name}.item")
    return property(lambda self: read(self)())


for _name in LIVE:
    setattr(Glass, _name, _live(_name))


class HandedPad(Pad):
    """Window and pen of a strategy that is asked itself."""

    def __init__(self, strategy: Any, script: Script, arrays: Any) -> None:
        self.machines = arrays.machines
        self.broke: Exception | None = None
        super().__init__(Blank(), script, arrays)
        self.strategy = strategy
        self.glass = Glass(self)

    def begin(self, world: Any, engine: Any, slot: Slot) -> None:
        """Take the hooks' places."""
        super().begin(world, engine, slot)
        self._market = slot.instrument
        self._prices: dict[int, Any] = {}
        self._sizes: dict[int, Any] = {}
        self._hooks = [getattr(self.strategy, hook, None) for hook in HOOKS]

    def _called(self, hook: Any) -> Any:
        return hook

    def _load(self) -> None:
        """The object is all there is."""

    def _store(self) -> None:
        """Likewise."""

    def unseen(self, what: str) -> Unseen:
        """It looks at something that is not known: the run ends, though the strategy caught the error."""
        self.broke = Unseen(what)
        return self.broke

    def view_now(self) -> Any:
        """The View with the book as the machine has it."""
        self.world.bring()
        return self.view

    def ask(self, what: int, i: int) -> int:
        """Call a hook; 0, or -1 where it broke."""
        want = self.want
        hook: Any = self._hooks[what]
        try:
            if what in (TIMER, BOOK):
                hook(self.glass, want)
            else:
                hook(self._fill(i) if what == FILL else self.world.trade(i), self.glass, want)
        except Exception as error:  # noqa: BLE001 - it cannot pass through machine code; the run looks for it
            self.broke = error
        if self.broke is not None:
            return -1
        if want.dirty:
            self._pen.write((*WRITTEN(want), self.program.tag(want.tag)))
            want.dirty = False
        return 0

    def _fill(self, i: int) -> Fill:
        """A fill that the machine has booked, as the venue would tell it."""
        quoter, market = self.world.quoter, self._market
        assert quoter is not None
        row, at = quoter.line(i), quoter.names
        ticks, lots = row[at.order_ticks], row[at.lots]
        price = self._prices.get(ticks) or self._prices.setdefault(ticks, market.price_of(ticks))
        qty = self._sizes.get(lots) or self._sizes.setdefault(lots, market.qty_of(lots))
        return Fill(
            row[at.heard], quoter.cid(row[at.number]), str(row[at.venue_id]), quoter.trade_id(i),
            market.symbol, Side.BUY if row[at.sign] > 0 else Side.SELL, price, qty,
            EXACT.multiply(worth(market, qty, price), market.maker_fee), market.settle, True, PosSide.NET,
            FillKind.TRADE, NOTES[row[at.note]],
        )  # fmt: skip
