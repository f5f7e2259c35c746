"""Strategies that trade far more than anybody would, so that every transition is seen often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar
from unittest.mock import patch

from cockpit.core.aligned import Aligned
from cockpit.core.events import Bar, Fill, Trade
from cockpit.core.registry import STRATEGIES
from cockpit.core.view import View
from cockpit.core.want import Want

UNIT = 2.0
"""Lots-of-lots that a wish is counted in (contracts)."""
MOST = 3
"""Largest position of the flipper, in units."""


def mix(number: int) -> int:
    """A small integer hash: deterministic, and no two decisions look alike."""
    number = (number ^ (number >> 15)) * 0x2C1B3C6D & 0xFFFFFFFF
    number = (number ^ (number >> 12)) * 0x297A2D39 & 0xFFFFFFFF
    return number ^ (number >> 15)


@dataclass
class Flipper:
    """Wants another position every few trades: long, short, flat, with and without protection."""

    seen: int = 0
    EVERY: ClassVar[int] = 3

    @classmethod
    def create(cls, _params: object) -> Flipper:
        return cls()

    def on_trade(self, trade: Trade, view: View, want: Want) -> None:
        """Every third public trade changes its mind."""
        self.seen += 1
        dice = mix(self.seen * 7919 + trade.venue_ts // 1000)
        if self.seen % self.EVERY:
            return
        units = dice % (2 * MOST + 1) - MOST
        qty = units * UNIT
        distance = trade.price * (0.0008 + (dice >> 8) % 5 * 0.0004)
        guarded = units != 0 and (dice >> 4) % 3 > 0
        sign = 1.0 if units > 0 else -1.0
        stop = trade.price - sign * distance if guarded else float("nan")
        take = trade.price + sign * distance * 2 if guarded and (dice >> 6) % 2 else float("nan")
        want.position(qty, stop, take, f"flip{units:+d}")


@dataclass
class Quoter:
    """Shows a bid and an ask at the touch, moves them often, and turns round when it holds a unit."""

    timer_ms: int = 700
    shown: int = 0
    fills: int = 0
    EVERY_MS: ClassVar[int] = 900
    AT_ONCE: ClassVar[bool] = True

    @classmethod
    def create(cls, _params: object) -> Quoter:
        return cls()

    def on_book(self, view: View, want: Want) -> None:
        """Requote when the clock says so."""
        if view.book_ok and view.now - self.shown >= self.EVERY_MS:
            self.shown = view.now
            self._show(view, want)

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """Take the quote that would add off at once; a wish that stands would be shown again."""
        self.fills += 1
        if self.AT_ONCE:
            self._show(view, want)
        else:
            want.pull("filled")

    def _show(self, view: View, want: Want) -> None:
        dice = mix(view.now // 100)
        if dice % 11 == 0:
            want.pull("rest")
            return
        away = (dice % 4) * view.tick
        bid_qty = UNIT if view.position < UNIT / 2 else 0.0
        ask_qty = UNIT if view.position > -UNIT / 2 else 0.0
        want.quote(view.bid - away, bid_qty, view.ask + away, ask_qty, "quote")

    def on_timer(self, view: View, want: Want) -> None:
        """Silence is noticed: old quotes are pulled."""
        if view.now - view.touch_ts > 3_000:
            want.pull("silence")


@dataclass
class Painter:
    """One decision a bar, sized by weight: the slow kind of strategy."""

    count: int = 0

    @classmethod
    def create(cls, _params: object) -> Painter:
        return cls()

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Long, short or flat by the colour of the bar."""
        self.count += 1
        dice = mix(self.count * 31 + bar.ts // 1000)
        if dice % 4 == 0:
            want.flat("rest")
        elif bar.close >= bar.open:
            want.position(UNIT, tag="up")
        elif view.can_short:
            want.position(-UNIT, tag="down")
        else:
            want.flat("down")


@dataclass
class Carrier:
    """Two legs and one memory: coins against the perpetual, in and out by the dice, both in one step."""

    closes: Aligned
    moments: int = 0
    fills: int = 0

    @classmethod
    def create(cls, _params: object) -> Carrier:
        return cls(Aligned.of(2))

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """Decide when both legs have closed."""
        if not self.closes.update(view.news, bar.end, bar.close):
            return
        self.moments += 1
        dice = mix(self.moments * 17 + self.fills + bar.ts // 1000)
        units = UNIT if dice % 3 else 0.0
        want.position(units, tag="carry" if units else "rest")
        want.leg(1).position(-units, tag="carry" if units else "rest")

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """What one leg has done moves the dice of both."""
        self.fills += 1 + view.news


@dataclass
class Keeper:
    """Holds one or two units of either side and writes no stop: its stop layers are all that protects it."""

    count: int = 0

    @classmethod
    def create(cls, _params: object) -> Keeper:
        return cls()

    def on_bar(self, _bar: Bar, _view: View, want: Want) -> None:
        """One unit, two bars later a second one, then a side by the dice again."""
        self.count += 1
        step, odd = divmod(self.count, 2)
        if odd:
            dice = mix(step // 2 * 101)
            want.position(UNIT * (1 if dice % 2 else -1) * (1 + step % 2), tag="keep")


@dataclass
class Stall(Quoter):
    """A quoter that only its stop layers protect: what it holds it sells by quotes, beside its own stop."""

    def _show(self, view: View, want: Want) -> None:
        dice = mix(view.now // 100)
        if dice % 13 == 0:
            want.pull("rest")
            return
        away = (dice % 3) * view.tick
        have, off = view.position, (dice >> 5) % 3 > 0
        unit = UNIT if view.can_short else UNIT / 4  # the coins' book is thin
        bid_qty = -have if have < 0 and off else unit if have < unit / 2 else 0.0
        ask_qty = have if have > 0 and (off or not view.can_short) else unit if have > -unit / 2 else 0.0
        want.quote(view.bid - away, bid_qty, view.ask + away, ask_qty, "stall")


KEPT = (
    {"layer": "percent", "percent": 0.4, "trailing": True},
    {"layer": "atr", "n": 2, "k": 3.0},
)
"""Layers of keeper and stall: they are never without a level from their first fill on. None by the clock: a
world that has become quiet must stay as it is."""

NEAR = ({"layer": "percent", "percent": 0.1, "trailing": True},)
"""A stall's: so near that stop and quote are often reached within one round trip."""
PROTECTED = {"keeper": KEPT, "stall": NEAR}
UNITS = Decimal(str(UNIT))
LIMITS = {
    "flipper": UNITS * MOST,
    "quoter": UNITS * 3 / 2,
    "painter": UNITS,
    "carrier": UNITS,
    "keeper": UNITS * 2,
    "stall": UNITS * 2,
}
"""Largest position plus resting entries on one side that each may ever have."""

CAST = {
    "flipper": (Flipper, ("trade",), 1),
    "quoter": (Quoter, ("book", "timer", "fill"), 1),
    "painter": (Painter, ("bar",), 1),
    "carrier": (Carrier, ("bar", "fill"), 2),
    "keeper": (Keeper, ("bar",), 1),
    "stall": (Stall, ("book", "timer", "fill"), 1),
}


BROKEN = "the simulator breaks"
"""Begins the words of every error that is injected into a strategy."""
COUNTS = {"flipper": ("seen", "on_trade", 60), "painter": ("count", "on_bar", 9),
          "carrier": ("moments", "on_bar", 9), "keeper": ("count", "on_bar", 9)}  # fmt: skip
"""What counts a probe's decisions, the hook in which it does, and how many there are in a world."""


def troubled(name: str, thinks: Callable[[str], None], breaks: Callable[[str, int], int]) -> Any:
    """The hook of a probe that may take long, and may raise at one of its decisions for good."""
    counter, hook, reach = COUNTS[name]
    target = CAST[name][0]
    real, nth = getattr(target, hook), breaks(name, reach)

    def troubled_hook(self: Any, *args: Any) -> None:
        thinks(name)
        if nth and getattr(self, counter) + 1 >= nth:
            raise ZeroDivisionError(f"{BROKEN} {name}")
        real(self, *args)

    return patch.object(target, hook, troubled_hook)


@contextmanager
def registered(
    thinks: Callable[[str], None] = lambda _name: None,
    breaks: Callable[[str, int], int] = lambda _name, _reach: 0,
    pace: int = 1,
) -> Iterator[None]:
    """The probes are known to the registry while a world runs, and to nobody afterwards.

    ``thinks(name)`` is called before each decision; ``breaks(name, reach)`` says which one fails, 0 = none.
    ``pace``: how many times as long as usual they think between two wishes.
    """
    for name, (target, wakes, legs) in CAST.items():
        stops = PROTECTED.get(name, ())
        STRATEGIES.add(name, target, None, {"version": 1, "wakes": wakes, "legs": legs, "stops": stops})
    try:
        with ExitStack() as stack:
            if pace > 1:
                stack.enter_context(patch.object(Flipper, "EVERY", Flipper.EVERY * pace))
                stack.enter_context(patch.object(Quoter, "EVERY_MS", Quoter.EVERY_MS * pace))
                stack.enter_context(patch.object(Quoter, "AT_ONCE", False))
            for name in COUNTS:
                stack.enter_context(troubled(name, thinks, breaks))
            yield
    finally:
        for name in CAST:
            del STRATEGIES._rows[name]
