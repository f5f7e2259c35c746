"""What the parts of the scan share: an order in whole ticks and lots, and the word for "not here".

The same object is the sleeve's order and the venue's: each side writes only its own fields.
"""

from __future__ import annotations

from cockpit.core.errors import CockpitError
from cockpit.core.types import Side

ENTRY, EXIT, PROTECT = range(3)
MARKET, STOP, TRIGGER, OCO = range(4)
ARRIVED, ARMED, GONE = range(3)
SIDES = {1: Side.BUY, -1: Side.SELL}
FAR = 1 << 62
"""A time that never comes."""


class Unsupported(CockpitError):
    """The scan does not know how the kernel would go on: run the kernel. It never guesses."""

    def __init__(self, reason: str, ts: int = 0) -> None:
        super().__init__(f"{reason} (at {ts} ms UTC)" if ts else reason)
        self.reason = reason
        self.ts = ts
        """Instant of the market at which it was found out; 0 = before the first bar."""


def broken(error: Exception, ts: int) -> Unsupported:
    """The kernel takes a strategy that raises off its instrument and protects what it holds."""
    return Unsupported(f"the strategy raised {type(error).__name__}: {error}", ts)


class Ticket:
    """One order of the sleeve, from decision to end."""

    __slots__ = (
        "arrived",
        "asked",
        "cancelling",
        "kind",
        "live",
        "lots",
        "number",
        "phase",
        "reduce_only",
        "rising",
        "role",
        "sign",
        "take",
        "trigger",
        "updated",
        "venue_id",
    )

    def __init__(
        self,
        number: int,
        role: int,
        kind: int,
        sign: int,
        lots: int,
        reduce_only: bool,
        now: int,
        trigger: int = 0,
        take: int = 0,
    ) -> None:
        self.number = number
        """Counts as the kernel's client ids do."""
        self.role = role
        self.kind = kind
        self.sign = sign
        """+1 buys, -1 sells."""
        self.lots = lots
        self.reduce_only = reduce_only
        self.trigger = trigger
        """Ticks; 0 = none."""
        self.take = take
        # --- the sleeve's side
        self.updated = now
        self.live = False
        """The venue has said that it took it."""
        self.cancelling = False
        self.asked = 0
        # --- the venue's side
        self.venue_id = 0
        self.arrived = 0
        self.phase = ARRIVED
        self.rising = 0
        """TRIGGER: +1 waits for the price to rise to it, -1 to fall."""

    def adverse(self, leg: str) -> bool:
        """Does this leg go off against the position it protects?"""
        return leg == "stop" or (leg == "trigger" and self.rising == self.sign)

    def due(self, ticks: int) -> str:
        """The leg that goes off at this price; empty when none does."""
        return next(iter(self.reached(ticks, ticks)), "")

    def reached(self, low: int, high: int) -> list[str]:
        """Legs whose level lies inside or beyond a bar's range, the pessimistic one first."""
        sign = self.sign
        if self.kind == TRIGGER:
            rising = self.rising
            hit = high >= self.trigger if rising > 0 else rising < 0 and low <= self.trigger
            return ["trigger"] if hit else []
        found = []
        if high >= self.trigger if sign > 0 else low <= self.trigger:
            found.append("stop")
        if self.take and (low <= self.take if sign > 0 else high >= self.take):
            found.append("take")
        return found

    def level(self, leg: str) -> int:
        """The price (ticks) of a leg."""
        return self.take if leg == "take" else self.trigger
