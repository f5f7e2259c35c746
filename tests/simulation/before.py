"""What the account held before its journal began, and who trades on it while it is read for the first time.

The venue tells no fill of it: neither stream nor history goes back beyond the journal's birth. So the judges
are told what there was, and the cockpit has to find out from the venue's answers.
"""

from __future__ import annotations

import random
from decimal import Decimal
from typing import NamedTuple

from cockpit.core.orders import OrderKind
from cockpit.core.types import ZERO, Instrument, PosSide, Side
from tests.simulation.exchange import CASH, RealTruth

FUNDING_MS = 9_000
"""How often funding settles in such a world: within the first readings, too."""


class Before(NamedTuple):
    """An account as the first process finds it."""

    lots: int
    """Position on the first market, signed."""
    away: float
    """Its entry, as a fraction away from the market's price."""
    cash: Decimal
    """What there is beyond (or short of) what the configuration believes."""
    coins: Decimal
    """Coins of the spot market, where there is one."""
    orders: tuple[tuple[Side, float, int], ...]
    """Resting orders by hand: side, distance as a fraction of the price, lots."""


def before(seed: int, *, money: bool = False) -> Before:
    """Drawn from the seed alone; ``money``: nothing but another balance than is believed."""
    rng = random.Random(f"{seed}/before")
    sign, lots = rng.choice((-1, 1)), rng.choice((rng.randint(1, 40), rng.randint(50, 900)))
    away = rng.gauss(0, 0.01)
    other = Decimal(rng.randint(-9_000_000, 9_000_000)).scaleb(-2)
    cash = rng.choice((ZERO, other))
    coins = Decimal(rng.randint(0, 30_000)).scaleb(-4)
    orders = tuple(
        (rng.choice(tuple(Side)), rng.choice((0.0005, 0.002, 0.05)), rng.randint(1, 300))
        for _ in range(rng.choice((0, 0, 1, 2)))
    )
    if money:
        return Before(0, 0.0, other, coins, ())
    return Before(0 if rng.random() < 0.1 else sign * lots, away, cash, coins, orders)


def first_funding_ms(seed: int) -> int:
    """How long after the account was found so funding is settled first."""
    return random.Random(f"{seed}/before/funding").randint(100, FUNDING_MS)


def hold(truth: RealTruth, found: Before, instruments: tuple[Instrument, ...], price: float, ts: int) -> None:
    """Make it so; ``price`` is the first market's now. Orders that would trade at once are refused."""
    first = instruments[0]
    account = truth.exchange.desk.account
    account.cash["USDT"] = CASH + found.cash
    if found.lots:
        entry = first.price(price * (1 + found.away))
        qty = found.lots * first.lot
        account.trade(first, PosSide.NET, qty, entry, ZERO)
        truth.before[first.symbol] = qty
    for coins in instruments[1:]:
        if found.coins:
            account.cash[coins.base] = account.cash.get(coins.base, ZERO) + found.coins
    for side, distance, lots in found.orders:
        at = first.price(price * (1 - side.sign * distance))
        truth.hand_order(first.symbol, side, OrderKind.POST_ONLY, lots * first.lot, at, ts)


def meant(act: str, held: Decimal, lot: Decimal) -> Decimal:
    """What somebody who holds ``held`` trades (signed): to close, halve, add to or turn round."""
    half = abs(held) / 2 // lot * lot
    return {"halve": -half if held > 0 else half, "add": held, "turn": -2 * held}.get(act, -held)
