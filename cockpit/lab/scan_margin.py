"""Whether the account's money is surely enough, in floats with room to spare. Where it is not: Unsupported.

The kernel liquidates and refuses exactly; here it only has to be known that it would do neither.
"""

from __future__ import annotations

from math import inf

from cockpit.core.matching import margin
from cockpit.core.matching.liquidation import NEAR
from cockpit.core.matching.rules import Rules
from cockpit.core.types import ZERO, Instrument, Kind
from cockpit.lab.scan_order import Unsupported

CLEAR = NEAR * 1.1
"""Equity over what the position needs: below this the scan stops. The kernel looks closer from ``NEAR``."""
HAIR = 1e-9


class Margin:
    """Cash of one currency as if every contract had been paid for; a spot account's quote currency."""

    __slots__ = (
        "base_per_lot",
        "buffer",
        "fee",
        "high",
        "inverse",
        "lever",
        "low",
        "money",
        "spot",
        "tiers",
    )

    def __init__(self, instrument: Instrument, rules: Rules, cash: float) -> None:
        self.money = cash
        self.spot = instrument.kind is Kind.SPOT
        self.inverse = instrument.kind is Kind.INVERSE
        self.base_per_lot = float(instrument.lot * instrument.contract_value)
        """Base units (inverse: quote units) of a lot."""
        self.fee = float(max(instrument.taker_fee, ZERO))
        self.lever = float(rules.lever(instrument.symbol))
        self.buffer = 1 + float(rules.market_buffer)
        cost = margin.liquidation_fee(instrument, rules)
        chosen = rules.lever(instrument.symbol)
        self.tiers = [
            (int(t.max_qty / instrument.lot), float(t.maintenance + cost), float(min(chosen, t.max_leverage)))
            for t in instrument.tiers
        ] or [(1 << 62, float(rules.maintenance + cost), float(chosen))]
        """(largest position in lots, what it needs as a fraction of its value, leverage), smallest first."""
        self.low = 0.0
        self.high = inf
        """The position is surely safe at every price strictly between these."""

    def traded(self, sign: int, value: float, fee: float, lots: int) -> None:
        """A fill; ``lots`` is the position after it."""
        self.money += (sign if self.inverse else -sign) * value - fee
        self.limits(lots)

    def limits(self, lots: int) -> None:
        """Where liquidation begins to come near for a position of so many lots (signed)."""
        self.low, self.high = 0.0, inf
        if self.spot or not lots:
            return
        size = abs(lots)
        rate = self._tier(size)[1] * CLEAR
        held = size * self.base_per_lot
        money = self.money
        if self.inverse:
            # equity = money - held / p for a long, needed = held * rate / p
            if lots > 0:
                self.low = held * (1 + rate) / money if money > 0 else inf
            elif money < 0:
                self.high = held * (1 - rate) / -money
        elif lots > 0:
            self.low = max(0.0, -money / (held * (1 - rate)))
        else:
            self.high = money / (held * (1 + rate))

    def _tier(self, size: int) -> tuple[int, float, float]:
        for tier in self.tiers:
            if size <= tier[0]:
                return tier
        return self.tiers[-1]

    def stay_clear(self, price: float, ts: int) -> None:
        """Stop where the kernel would have to work out whether a position is taken away."""
        if not self.low < price < self.high:
            raise Unsupported("liquidation comes near", ts)

    def short_of(self, lots: int, have: int, price: float) -> str:
        """What an entry (signed lots) would lack at the venue, to be on the safe side; empty = nothing."""
        size = abs(lots) * self.base_per_lot
        if self.spot:
            return "" if lots < 0 or self.money > size * price * self.buffer * (1 + HAIR) else "balance"
        if have * lots < 0:
            return "a clear side: a position is still there"
        if abs(have + lots) > self.tiers[-1][0]:
            return "a margin tier"
        value = size / price if self.inverse else size * price
        held = have * self.base_per_lot
        worth = held / price if self.inverse else held * price
        equity = self.money - worth if self.inverse else self.money + worth
        locked = abs(worth) / self._tier(abs(have))[2] + value / self.lever
        free = equity - locked - value * self.fee
        return "" if free > HAIR * abs(equity) else "margin"
