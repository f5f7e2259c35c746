"""The sleeve's money as it has heard of it: cash as if every contract had been paid for, and what is held.

Linear and spot in units of the currency; inverse in grains of 1e-18 of the coin, because its quotients are
rounded to grains before they are added.
"""

from __future__ import annotations

from math import nan

from cockpit.lab.compiled.exact import (
    GRAINS,
    ROUNDING,
    add,
    decimal_float,
    decimal_pair,
    div,
    grains,
    mul,
    pair,
    rounded,
)
from cockpit.lab.compiled.grid import alike
from cockpit.lab.compiled.reasons import IN_PARTS, LARGE, refuse
from cockpit.lab.compiled.records import BILL, QUIET, Desk, Entry, Machine

LARGEST = 4e18


def worth_at_ticks(m: Machine, atoms: int, ticks: int) -> tuple[float, float]:
    """Signed worth of a position at a price on the grid; exact but for the rounding of pairs."""
    if m.inverse:
        hi, lo = pair(atoms)
        hi, lo = mul(hi, lo, m.unit_hi, m.unit_lo)
        ph, pl = pair(ticks)
        hi, lo = div(hi, lo, ph, pl)
        return grains(m, hi, lo, abs(hi) * ROUNDING)
    if abs(float(atoms)) * ticks > LARGEST:
        refuse(m, LARGE, m.now)
    hi, lo = pair(atoms * ticks)
    return mul(hi, lo, m.unit_hi, m.unit_lo)


def worth_at(m: Machine, atoms: int, price: float) -> tuple[float, float]:
    """The same at any price that a market has shown."""
    ph, pl = decimal_pair(m, price)
    hi, lo = pair(atoms)
    hi, lo = mul(hi, lo, m.face_hi, m.face_lo)
    if m.inverse:
        hi, lo = div(hi, lo, ph, pl)
        hi, lo = mul(hi, lo, GRAINS, 0.0)
        return grains(m, hi, lo, abs(hi) * ROUNDING)
    return mul(hi, lo, ph, pl)


def book_fill(d: Desk, e: Entry) -> None:
    """A fill is heard of: position, cost and cash, as the ledger books them."""
    m = d.m
    sign = e.sign
    change = sign * e.lots * m.atoms
    worth_hi, worth_lo = worth_at_ticks(m, change, e.ticks)
    held = change
    if m.spot and sign > 0:
        held -= e.lots * m.fee_atoms
    cost_hi, cost_lo = (worth_hi, worth_lo) if held == change else worth_at_ticks(m, held, e.ticks)
    _cost(m, held, cost_hi, cost_lo, e.ticks)
    if m.inverse:
        _cash(m, worth_hi, worth_lo)
    else:
        _cash(m, -worth_hi, -worth_lo)
    if not m.spot or sign < 0:
        hi, lo = mul(worth_hi, worth_lo, m.taker_hi, m.taker_lo)
        _cash(m, -sign * hi, -sign * lo)
    m.have += held
    m.priced = nan


def _cash(m: Machine, hi: float, lo: float) -> None:
    """Add to the cash, and to what may be wrong with it."""
    m.cash_hi, m.cash_lo = add(m.cash_hi, m.cash_lo, hi, lo)
    m.cash_err += (abs(hi) * 4 + abs(m.cash_hi)) * ROUNDING


def _cost(m: Machine, change: int, hi: float, lo: float, ticks: int) -> None:
    """The average entry, from the exact cost of what is open."""
    have = m.have
    if have == 0:
        m.cost_hi, m.cost_lo = hi, lo
        m.cost_err = abs(hi) * 4 * ROUNDING
        m.entry = decimal_float(m, ticks * m.tick_m, m.tick_k)
    elif alike(have, change):
        m.cost_hi, m.cost_lo = add(m.cost_hi, m.cost_lo, hi, lo)
        m.cost_err += (abs(hi) * 4 + abs(m.cost_hi)) * ROUNDING
        _average(m, have + change)
    elif change == -have:
        m.cost_hi = m.cost_lo = m.cost_err = 0.0
        m.entry = nan
    elif abs(change) < abs(have):
        _part(m, change, have)
    else:
        refuse(m, IN_PARTS, m.now)


def _average(m: Machine, atoms: int) -> None:
    """Cost over quantity (inverse: the harmonic way), rounded to 28 digits and then to a float."""
    hi, lo = pair(atoms)
    hi, lo = mul(hi, lo, m.face_hi, m.face_lo)
    loose = m.cost_err / abs(m.cost_hi) + 1e-27
    if m.inverse:
        hi, lo = mul(hi, lo, GRAINS, 0.0)
        hi, lo = div(hi, lo, m.cost_hi, m.cost_lo)
    else:
        hi, lo = div(m.cost_hi, m.cost_lo, hi, lo)
    m.entry = rounded(m, hi, lo, abs(hi) * loose)


def _part(m: Machine, change: int, have: int) -> None:
    """Close a part: its share of the cost, rounded to a grain, goes."""
    scale = 1.0 if m.inverse else GRAINS
    hi, lo = mul(m.cost_hi, m.cost_lo, scale, 0.0)
    ph, pl = pair(-change)
    hi, lo = mul(hi, lo, ph, pl)
    ph, pl = pair(have)
    hi, lo = div(hi, lo, ph, pl)
    hi, lo = grains(m, hi, lo, (m.cost_err * scale) + abs(hi) * 4 * ROUNDING)
    hi, lo = div(hi, lo, scale, 0.0)
    m.cost_hi, m.cost_lo = add(m.cost_hi, m.cost_lo, -hi, -lo)
    m.cost_err += abs(m.cost_hi) * 4 * ROUNDING


def book_bill(d: Desk, e: Entry) -> None:
    """Funding is heard of."""
    m = d.m
    hi, lo = funding(d, e.lots, e.price, e.number)
    _cash(m, hi, lo)
    m.priced = nan


def funding(d: Desk, atoms: int, price: float, rate: int) -> tuple[float, float]:
    """What a settlement pays (+) or takes; inverse in grains."""
    hi, lo = worth_at(d.m, atoms, price)
    return mul(-hi, -lo, d.rates[rate].hi, d.rates[rate].lo)


def hear_bills(d: Desk) -> None:
    """Bills whose news comes before the event being handled join the money; they woke nobody."""
    m = d.m
    while m.bill < m.booked:
        e = d.b[m.bill]
        if e.kind == BILL and e.note == QUIET:
            if e.heard > m.upto or (e.heard == m.upto and e.trade > m.upto_number):
                return
            book_bill(d, e)
        m.bill += 1


def about(d: Desk, price: float) -> float:
    """What ``equity`` says, nearly: good to ten digits."""
    m = d.m
    hear_bills(d)
    if m.inverse:
        return (m.cash_hi - m.have * m.face_hi * GRAINS / price) / GRAINS
    return m.cash_hi + m.have * m.face_hi * price


def equity(d: Desk, price: float) -> float:
    """Everything in the account's currency with the market at ``price``: the float the kernel sizes with."""
    m = d.m
    hear_bills(d)
    if price == m.priced:
        return m.worth
    hi, lo, err = m.cash_hi, m.cash_lo, m.cash_err
    if m.have and price > 0:
        wh, wl = worth_at(m, m.have, price)
        if m.inverse:
            wh, wl = -wh, -wl
        hi, lo = add(hi, lo, wh, wl)
        err += (abs(wh) * 8 + abs(hi)) * ROUNDING
    if m.inverse:
        hi, lo = div(hi, lo, GRAINS, 0.0)
        err = err / GRAINS + abs(hi) * ROUNDING
    m.priced = price
    m.worth = rounded(m, hi, lo, err)
    return m.worth
