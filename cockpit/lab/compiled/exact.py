"""Money without Decimal: a number is the sum of two floats, good for some 31 digits.

The kernel adds money exactly and rounds to a float once, where a strategy sizes with it. Here the sum is
carried as a pair with a bound of its error; the rounding is the same unless the pair lies within that bound
of the middle between two floats, which happens about once in 1e12 times and is refused then.
Source: Dekker 1971, Knuth 4.2.2; products by Veltkamp's splitting, no fused operation needed.
"""

from __future__ import annotations

from math import floor, frexp, ldexp

from cockpit.lab.compiled.reasons import CLOSE_CALL, refuse
from cockpit.lab.compiled.records import Machine

SPLIT = 134217729.0
"""2 ** 27 + 1."""
GRAINS = 1e18
"""Grains of a unit of money: what the ledgers round quotients to."""
ROUNDING = 1e-30
"""More than the relative error of any one operation on pairs."""
WHOLE = 9007199254740992.0
"""2 ** 53: beyond it not every whole number is a float."""
LONGEST = 22
"""The largest power of ten that is a float."""
POWERS = (
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
)  # fmt: skip


def two_sum(a: float, b: float) -> tuple[float, float]:
    """a + b, exactly."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def quick_sum(a: float, b: float) -> tuple[float, float]:
    """The same where a is the larger one."""
    s = a + b
    return s, b - (s - a)


def two_prod(a: float, b: float) -> tuple[float, float]:
    """a * b, exactly."""
    p = a * b
    t = SPLIT * a
    a1 = t - (t - a)
    a2 = a - a1
    t = SPLIT * b
    b1 = t - (t - b)
    b2 = b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


def pair(n: int) -> tuple[float, float]:
    """A whole number (below 2 ** 62) as a pair, exactly."""
    hi = float(n)
    return hi, float(n - int(hi))


def add(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:
    """Sum of two pairs."""
    sh, sl = two_sum(ah, bh)
    th, tl = two_sum(al, bl)
    sh, sl = quick_sum(sh, sl + th)
    return quick_sum(sh, sl + tl)


def mul(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:
    """Product of two pairs."""
    ph, pl = two_prod(ah, bh)
    return quick_sum(ph, pl + (ah * bl + al * bh))


def div(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:
    """Quotient of two pairs."""
    q1 = ah / bh
    ph, pl = mul(q1, 0.0, bh, bl)
    rh, rl = add(ah, al, -ph, -pl)
    q2 = rh / bh
    ph, pl = mul(q2, 0.0, bh, bl)
    rh, rl = add(rh, rl, -ph, -pl)
    q3 = rh / bh
    q1, q2 = quick_sum(q1, q2)
    return add(q1, q2, q3, 0.0)


def grains(m: Machine, hi: float, lo: float, err: float) -> tuple[float, float]:
    """The nearest whole number, half to even, as ``quantize`` says it. Refuses what is too close to call."""
    whole = hi if abs(hi) >= WHOLE else float(floor(hi))
    rest = (hi - whole) + lo
    more = floor(rest + 0.5)
    if abs(abs(rest - more) - 0.5) <= err + 1e-9:
        refuse(m, CLOSE_CALL, m.now)
    return quick_sum(whole, float(more))


def rounded(m: Machine, hi: float, lo: float, err: float) -> float:
    """The float nearest to a pair that is right within ``err``."""
    room = err * 1.01 + abs(lo) * 1e-14
    if hi + (lo + room) != hi or hi + (lo - room) != hi:
        refuse(m, CLOSE_CALL, m.now)
    return hi


def shortest(m: Machine, x: float) -> tuple[int, int]:
    """(digits, k): ``repr(x)`` reads digits / 10 ** k, for x > 0. Refuses numbers beyond its reach."""
    fraction, exponent = frexp(x)
    half = ldexp(1.0, exponent - 54)
    if 0 < x < WHOLE:
        for k in range(LONGEST + 1):
            power = POWERS[k]
            p, e = two_prod(x, power)
            whole = floor(p)
            rest = (p - whole) + e
            more = floor(rest + 0.5)
            rest -= more
            reach = half * power
            if fraction == 0.5 and rest > 0:
                reach *= 0.5
            if abs(rest) < reach:
                return int(whole) + int(more), k
            if abs(rest) == reach:
                break
    refuse(m, CLOSE_CALL, m.now)
    return 0, 0


def decimal_pair(m: Machine, x: float) -> tuple[float, float]:
    """What ``Decimal(repr(x))`` is worth, as a pair; x > 0."""
    digits, k = shortest(m, x)
    hi, lo = pair(digits)
    return div(hi, lo, POWERS[k], 0.0)


def decimal_float(m: Machine, digits: int, k: int) -> float:
    """The float nearest to digits / 10 ** k."""
    if -WHOLE < digits < WHOLE and k <= LONGEST:
        return digits / POWERS[k]
    hi, lo = pair(digits)
    hi, lo = div(hi, lo, POWERS[k], 0.0)
    return rounded(m, hi, lo, abs(hi) * ROUNDING)
