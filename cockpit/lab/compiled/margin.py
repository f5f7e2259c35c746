"""Whether the account's money is surely enough, in floats with room to spare. Where it is not: refuse.

The kernel liquidates and refuses exactly; here it only has to be known that it would do neither.
"""

from __future__ import annotations

from math import inf

from cockpit.lab.compiled.grid import opposed
from cockpit.lab.compiled.reasons import LIQUIDATION, NO_MONEY, NO_TIER, NOTHING, TURNED, refuse
from cockpit.lab.compiled.records import Desk

FAR_OFF = 1.21
"""Equity over what the position needs: below this the machine stops. The kernel looks closer from 1.1."""
HAIR = 1e-9


def traded(d: Desk, sign: int, value: float, fee: float, lots: int) -> None:
    """A fill; ``lots`` is the position after it, ``value`` what was traded, unsigned."""
    m = d.m
    m.money += (sign if m.inverse else -sign) * value - fee
    limits(d, lots)


def limits(d: Desk, lots: int) -> None:
    """Where liquidation begins to come near for a position of so many lots (signed)."""
    m = d.m
    m.moved = 1
    m.safe_low, m.safe_high = 0.0, inf
    if m.spot or not lots:
        return
    size = abs(lots)
    rate = m.tier[tier(d, size)].rate * FAR_OFF
    held = size * m.base_per_lot
    money = m.money
    if m.inverse:
        if lots > 0:
            m.safe_low = held * (1 + rate) / money if money > 0 else inf
        elif money < 0:
            m.safe_high = held * (1 - rate) / -money
    elif lots > 0:
        m.safe_low = max(0.0, -money / (held * (1 - rate)))
    else:
        m.safe_high = money / (held * (1 + rate))


def tier(d: Desk, size: int) -> int:
    """The row of the margin table that holds a position of so many lots."""
    last = d.m.tiers - 1
    for i in range(last):
        if size <= d.m.tier[i].lots:
            return i
    return last


def stay_clear(d: Desk, price: float, ts: int) -> None:
    """Stop where the kernel would have to work out whether a position is taken away."""
    if not d.m.safe_low < price < d.m.safe_high:
        refuse(d.m, LIQUIDATION, ts)


def short_of(d: Desk, lots: int, have: int, price: float) -> int:
    """Why the venue might refuse an entry (signed lots), on the safe side; NOTHING = it will not."""
    m = d.m
    size = abs(lots) * m.base_per_lot
    if m.spot:
        return NOTHING if lots < 0 or m.money > size * price * m.buffer * (1 + HAIR) else NO_MONEY
    if opposed(have, lots):
        return TURNED
    if abs(have + lots) > m.tier[m.tiers - 1].lots:
        return NO_TIER
    value = size / price if m.inverse else size * price
    held = have * m.base_per_lot
    worth = held / price if m.inverse else held * price
    equity = m.money - worth if m.inverse else m.money + worth
    locked = abs(worth) / m.tier[tier(d, abs(have))].lever + value / m.leverage
    free = equity - locked - value * m.taker
    return NOTHING if free > HAIR * abs(equity) else NO_MONEY
