"""Why the compiled machine stops: it does not know exactly what the kernel would do, so the kernel runs."""

from __future__ import annotations

from cockpit.core.errors import CockpitError
from cockpit.lab.compiled.records import Machine, Stop

(
    NOTHING, CLOSE_CALL, CROWDED, QUOTES, NO_NUMBER, NO_LEVEL, STALE, TOO_FAST, LIQUIDATION, TWO_WAITING,
    MINIMUM, NO_MONEY, NO_COINS, NO_TIER, TURNED, NO_PRICES, IDLE_STOP, IN_PARTS, SPOT_MONEY, ENTRY_GONE,
    BENCHED, LARGE,
    BOOKS_FULL, LEVEL_BELOW, LIST_FULL, SLOW, LOCKED, LATE_ANSWER, NEAR_LIMIT, POSITIONS,
) = range(30)  # fmt: skip

WORDS = {
    CLOSE_CALL: "a number lies too close to the middle between two floats",
    CROWDED: "too many orders or messages at one time",
    QUOTES: "the strategy shows quotes",
    NO_NUMBER: "a wish without a number or a price",
    NO_LEVEL: "a protective price that is none",
    STALE: "the market's data are old",
    TOO_FAST: "orders come too fast",
    LIQUIDATION: "liquidation comes near",
    TWO_WAITING: "two orders wait for one open",
    MINIMUM: "an order below the venue's minimum",
    NO_MONEY: "the venue would refuse an order for lack of money",
    NO_COINS: "the venue would refuse an order for lack of coins",
    NO_TIER: "the venue would refuse a position beyond its last margin tier",
    TURNED: "an entry while a position of the other side is still there",
    NO_PRICES: "a bar without prices",
    IDLE_STOP: "a stop goes off with nothing to close",
    IN_PARTS: "an order is filled in part",
    SPOT_MONEY: "a spot order is more than is there",
    ENTRY_GONE: "the venue would cancel an entry",
    BENCHED: "the sleeve is benched after refusals",
    LARGE: "a quantity or price beyond what whole numbers hold",
    BOOKS_FULL: "more fills than there is room for",
    LEVEL_BELOW: "a protective price below zero",
    SLOW: "the venue answers slowly",
    LOCKED: "so many entries that the sleeve is locked",
    LATE_ANSWER: "the venue's answer is late, or is none that was waited for",
    NEAR_LIMIT: "a limit of the gate or of the venue is near",
    POSITIONS: "the strategy wishes a position besides its quotes",
    LIST_FULL: "a list of the strategy outgrows its room",
}


class Unsupported(CockpitError):
    """The compiled executor does not do this: run the kernel. It never guesses."""

    def __init__(self, reason: str, ts: int = 0) -> None:
        super().__init__(f"{reason} (at {ts} ms UTC)" if ts else reason)
        self.reason = reason
        self.ts = ts
        """Instant of the market at which it was found out; 0 = before the first bar."""


def refuse(m: Machine, why: int, ts: int) -> None:
    """Stop the machine."""
    m.why = why
    m.why_ts = ts
    raise Stop
