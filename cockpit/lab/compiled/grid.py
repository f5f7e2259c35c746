"""From a strategy's floats to whole ticks and lots, as ``Instrument`` does it in Decimal.

Nearly always a float product is far enough from the next whole number to be sure; where it is not, the
digits of the float decide, as they do in Decimal.
"""

from __future__ import annotations

from cockpit.lab.compiled.exact import POWERS, shortest
from cockpit.lab.compiled.reasons import LARGE, refuse
from cockpit.lab.compiled.records import Desk, Machine

SURE = 1e-7
"""How far from a whole number a product must be; its error is below 1e-8 up to ``CLEAR``."""
CLEAR = 1e7
ROOM = 4e18
MOST = 1 << 40
"""Lots and ticks beyond this are refused."""


def steps(m: Machine, x: float, size_m: int, size_k: int) -> tuple[int, bool]:
    """How many whole steps of size_m / 10 ** size_k fit into x > 0 as it is written; is some left?"""
    digits, k = shortest(m, x)
    more = abs(size_k - k)
    if size_k < k:
        if more > 18 or size_m * POWERS[more] > ROOM:
            return 0, True
        size_m *= int(POWERS[more])
    else:
        if more > 18 or digits * POWERS[more] > ROOM:
            refuse(m, LARGE, m.now)
        digits *= int(POWERS[more])
    return digits // size_m, digits % size_m != 0


def lots_of(m: Machine, qty: float) -> int:
    """Whole lots of a signed quantity, toward zero; 0 below the minimum. As ``Instrument.qty``."""
    size = abs(qty)
    around = size * m.per_lot
    if around > MOST:
        refuse(m, LARGE, m.now)
    whole = int(around)
    if size > 0 and not (around < CLEAR and SURE < around - whole < 1 - SURE):
        whole, _ = steps(m, size, m.lot_m, m.lot_k) if around > SURE else (0, True)
    if whole < m.least:
        return 0
    return whole if qty >= 0 else -whole


def order_lots(m: Machine, lots: int) -> int:
    """The largest order for at most so many lots; 0 = none. As ``dust.whole``."""
    if lots < m.least:
        return 0
    return min(lots, m.most) if m.most else lots


def trigger_ticks(m: Machine, price: float, sign: int) -> int:
    """Ticks of a protective price that a position of this sign closes at. As ``Instrument.price``."""
    around = price * m.per_tick
    if around > MOST:
        refuse(m, LARGE, m.now)
    whole = int(around)
    if 0 < around < CLEAR and SURE < around - whole < 1 - SURE:
        return whole + 1 if sign >= 0 else whole
    whole, more = steps(m, price, m.tick_m, m.tick_k)
    return whole + 1 if sign >= 0 and more else whole


def nearest_ticks(d: Desk, price: float) -> int:
    """The nearest tick of a market price, half to even. As ``Market.ticks``."""
    around = price * d.m.per_tick
    if not around < MOST:
        refuse(d.m, LARGE, d.m.now)
    whole = int(around)
    rest = around - whole
    if rest > 0.5 or (rest == 0.5 and whole % 2 == 1):
        whole += 1
    return whole


def alike(a: int, b: int) -> bool:
    """Are both above zero, or both below?"""
    return (a > 0 and b > 0) or (a < 0 and b < 0)


def opposed(a: int, b: int) -> bool:
    """Is one above zero and the other below?"""
    return (a > 0 and b < 0) or (a < 0 and b > 0)
