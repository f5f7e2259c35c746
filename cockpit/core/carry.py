"""Long spot, short perpetual, equal base quantity: two legs that earn funding, whatever the price does."""

from __future__ import annotations

from math import floor, nan

import msgspec

from cockpit.core.view import View
from cockpit.core.want import Want

HAIR = 1e-9
UNEVEN = 0.02
"""Legs further apart than this are made even; fees taken in coin and odd lots stay below it."""


class Carry(msgspec.Struct):
    """What a strategy remembers of it. Leg 0 is the perpetual, leg 1 the spot market.

    The stop guards the short against liquidation: its loss must be paid in cash long before the coins that
    stand against it are sold. When it goes off, the coins are sold too.
    """

    wanted: bool = False
    held: bool = False
    """The short was there."""
    since: int = 0
    """When it was decided (UTC ms)."""
    stop: float = nan
    """Price above which the short is closed."""

    def possible(self, view: View) -> bool:
        """Linear perpetual first, then a spot market: anything else cannot be held like this."""
        return view.can_short and not view.inverse and not view.leg(1).can_short

    def open(self, view: View, want: Want, weight: float, price: float, stop_loss: float, tag: str) -> bool:
        """Wish for both legs, each ``weight`` x equity; False when that is less than a venue's minimum."""
        perp, spot = view.leg(0), view.leg(1)
        contracts = self._whole(weight * perp.equity / price / perp.contract_value, perp)
        base = contracts * perp.contract_value
        if contracts <= 0.0 or contracts < perp.min_qty or base < spot.min_qty:
            return False
        self.wanted = True
        self.held = False
        self.since = view.now
        self.stop = price * (1.0 + stop_loss)
        want.leg(0).position(-contracts, self.stop, nan, tag)
        want.leg(1).position(base, nan, nan, tag)
        return True

    def lost(self, view: View) -> bool:
        """The short was there and is gone: its stop went off, or somebody closed it."""
        perp = view.leg(0)
        if perp.position <= -perp.min_qty:
            self.held = True
            return False
        return self.held

    def even_out(self, view: View, want: Want, tag: str) -> bool:
        """Cut the larger leg to the smaller one; True when there was something to cut.

        A leg that the gate trimmed or the venue refused must not leave the other one as a bet.
        """
        perp, spot = view.leg(0), view.leg(1)
        short, coins = max(0.0, -perp.position) * perp.contract_value, max(0.0, spot.position)
        both = min(short, coins)
        if max(short, coins) - both <= UNEVEN * max(short, coins):
            return False
        contracts = self._whole(both / perp.contract_value, perp)
        if contracts < perp.min_qty or both < spot.min_qty:
            self.close(want, tag)
            return True
        want.leg(0).position(-contracts, self.stop, nan, tag)
        want.leg(1).position(contracts * perp.contract_value, nan, nan, tag)
        return True

    def close(self, want: Want, tag: str) -> None:
        """Both legs go."""
        self.wanted = False
        self.held = False
        self.stop = nan
        want.leg(0).flat(tag)
        want.leg(1).flat(tag)

    def _whole(self, qty: float, leg: View) -> float:
        lots = floor(qty / leg.lot + HAIR)
        return lots * leg.lot if leg.lot >= 1 else lots / round(1 / leg.lot)
