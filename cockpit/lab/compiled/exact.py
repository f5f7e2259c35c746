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
PLAIN = 1125899906842624.0
"""2 ** 50: no two decimals of so few digits are nearest to one float; a division tells which float it is."""
LONGEST = 22
"""The largest power of ten that is a float."""
POWERS = (
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
)  # fmt: skip
TENTHS = (
    1.0, 0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15,
    1e-16, 1e-17, 1e-18, 1e-19, 1e-20, 1e-21, 1e-22,
)  # fmt: skip
TENTHS_LO = (
    0.0, -5.551115123125783e-18, -2.0816681711721684e-19, -2.0816681711721686e-20, -4.79217360238593e-21,
    -8.180305391403131e-22, 4.525188817411374e-23, 4.525188817411374e-24, -2.092256083012847e-25,
    -6.228159145777985e-26, -3.643219731549774e-27, 6.050303071806019e-28, 2.0113352370744385e-29,
    -3.037374556340037e-30, 1.1806906454401013e-32, -7.770539987666108e-32, 2.0902213275965398e-33,
    -7.154242405462192e-34, -7.154242405462193e-35, 2.475407316473987e-36, 5.484672854579043e-37,
    9.246254777210363e-38, -4.859677432657087e-39,
)  # fmt: skip
"""What each of them lacks to a power of a tenth."""


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
    if 0 < x < WHOLE:
        for k in range(LONGEST + 1):
            p = x * POWERS[k]
            if p > PLAIN:
                break
            digits = int(floor(p + 0.5))
            if digits / POWERS[k] == x:
                return digits, k
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
            if abs(rest) == reach or (abs(rest) == 0.5 and reach > 0.5):
                break
            if abs(rest) < reach:
                return int(whole) + int(more), k
    refuse(m, CLOSE_CALL, m.now)
    return 0, 0


def decimal_pair(m: Machine, x: float) -> tuple[float, float]:
    """What ``Decimal(repr(x))`` is worth, as a pair; x > 0."""
    digits, k = shortest(m, x)
    hi, lo = pair(digits)
    return mul(hi, lo, TENTHS[k], TENTHS_LO[k])


def decimal_float(m: Machine, digits: int, k: int) -> float:
    """The float nearest to digits / 10 ** k."""
    if -WHOLE < digits < WHOLE and k <= LONGEST:
        return digits / POWERS[k]
    hi, lo = pair(digits)
    hi, lo = div(hi, lo, POWERS[k], 0.0)
    return rounded(m, hi, lo, abs(hi) * ROUNDING)
