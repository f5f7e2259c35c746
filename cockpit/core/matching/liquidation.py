"""When the money no longer carries the positions, the venue takes them away.

Isolated: each position by its own margin, at the mark but never worse than where the margin is used up.
Cross: the whole currency, largest requirement first. A position in tier 3 or above is first cut down by two
tiers. What a cross account owes in the end is covered by the insurance fund (a Transfer).
Source: OKX v5 reference section 12, quant reference section 13.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from operator import is_

from cockpit.core.events import FillKind, Transfer
from cockpit.core.matching import margin
from cockpit.core.matching.account import EXACT, Holding, entry, unrealised, worth
from cockpit.core.matching.books import Market
from cockpit.core.matching.desk import Desk
from cockpit.core.types import ONE, ZERO, MarginMode

NEAR = 1.1
"""Float estimate of the margin ratio below which the exact one is worked out."""
MARGIN = 50
"""One part in so many is looked at beyond a range, so that the next bars need not be."""


def check(desk: Desk, market: Market, ts: int) -> None:
    """The mark of ``market`` moved, or money left: liquidate what must be."""
    held = desk.account.held(market.instrument.symbol)
    if not held:
        return
    if desk.rules.margin_mode is MarginMode.ISOLATED:
        for holding in held:
            _isolated(desk, market, holding, ts)
    elif close_call(desk, market.instrument.settle):
        _cross(desk, market.instrument.settle, ts)


def price_of(desk: Desk, market: Market, holding: Holding) -> Decimal | None:
    """Mark at which this position would be taken away; None = at no price. Cross: others stand still."""
    instrument, rules = market.instrument, desk.rules
    rate = margin.maintenance(instrument, holding.qty, rules) + margin.liquidation_fee(instrument, rules)
    if rules.margin_mode is MarginMode.ISOLATED:
        return margin.liquidation_mark(instrument, holding, holding.margin, rate)
    rest = margin.pool(desk.account, desk.markets, rules, instrument.settle, instrument.symbol)
    money = rest.equity - rest.required
    for other in desk.account.held(instrument.symbol):
        if other is not holding:
            mark = margin.mark_of(market) or entry(instrument, other)
            money += unrealised(instrument, other, mark)
            money -= margin.required(instrument, other.qty, mark, rules)
    return margin.liquidation_mark(instrument, holding, money, rate)


def equity(desk: Desk, currency: str) -> Decimal:
    """Cash, isolated margin and unrealised profit of one currency; without a price a position is at entry."""
    total = desk.account.cash.get(currency, ZERO)
    for holding in desk.account.holdings.values():
        market = desk.markets[holding.symbol]
        if market.instrument.settle == currency:
            mark = margin.mark_of(market) or entry(market.instrument, holding)
            total = EXACT.add(total, EXACT.add(holding.margin, unrealised(market.instrument, holding, mark)))
    return total


def near(desk: Desk, market: Market, price: float) -> bool:
    """Would ``price`` come close to liquidating a position of this market? Never "no" when it would.

    Only for markets that are valued by their bars.
    """
    before, market.close = market.close, price
    if desk.rules.margin_mode is MarginMode.ISOLATED:
        held = desk.account.held(market.instrument.symbol)
        close = any(_own_money(desk, market, holding) for holding in held)
    else:
        close = close_call(desk, market.instrument.settle)
    market.close = before
    return close


def far(desk: Desk, market: Market, low: int, high: int) -> bool:
    """Is liquidation nowhere near, at any price from ``low`` to ``high`` (ticks)? Never "yes" when it is.

    Only for markets that are valued by their bars. What is left after maintenance changes along a straight
    line with the price (inverse: with its reciprocal), so two harmless prices prove all between them. They
    are remembered for as long as the money and the position stay the very same.
    """
    holdings = desk.account.holdings
    if not holdings:
        return True
    if low <= 0:
        return False
    instrument = market.instrument
    sole = next(iter(holdings.values())) if len(holdings) == 1 else None
    if sole is None or sole.symbol != instrument.symbol:
        return not (_near_tick(desk, market, low) or _near_tick(desk, market, high))
    money = (sole.qty, sole.cost, sole.margin, desk.account.cash.get(instrument.settle), instrument)
    proof = desk.proven.get(instrument.symbol)
    if proof is not None and proof[0] <= low and high <= proof[1] and all(map(is_, proof[2], money)):
        return True
    wide = max(1, low - low // MARGIN), high + high // MARGIN
    for first, last in (wide, (low, high)):
        if not (_near_tick(desk, market, first) or _near_tick(desk, market, last)):
            desk.proven[instrument.symbol] = (first, last, money)
            return True
    return False


def _near_tick(desk: Desk, market: Market, ticks: int) -> bool:
    return near(desk, market, ticks / market.ticks_per_unit)


def _own_money(desk: Desk, market: Market, holding: Holding) -> bool:
    mark = margin.mark_of(market)
    need = margin.required(market.instrument, holding.qty, mark, desk.rules)
    return EXACT.add(holding.margin, unrealised(market.instrument, holding, mark)) <= need * 2


def close_call(desk: Desk, currency: str) -> bool:
    """A cheap look in floats, because marks come often and liquidations do not."""
    equity = float(desk.account.cash.get(currency, ZERO))
    needed = 0.0
    for holding in desk.account.holdings.values():
        market = desk.markets[holding.symbol]
        instrument = market.instrument
        mark = market.reference()
        if instrument.settle != currency or not mark:
            continue
        size = float(holding.qty * instrument.contract_value)
        inverse = instrument.kind == "inverse"
        value = size / mark if inverse else size * mark
        cost = float(holding.cost)
        equity += cost - value if inverse else value - cost
        rate = margin.maintenance(instrument, holding.qty, desk.rules)
        needed += abs(value) * float(rate + margin.liquidation_fee(instrument, desk.rules))
    return equity <= needed * NEAR


def _isolated(desk: Desk, market: Market, holding: Holding, ts: int) -> None:
    instrument = market.instrument
    mark = margin.mark_of(market)
    while mark and holding.qty:
        need = margin.required(instrument, holding.qty, mark, desk.rules)
        if EXACT.add(holding.margin, unrealised(instrument, holding, mark)) > need:
            return
        _take(desk, market, holding, mark, ts)


def _cross(desk: Desk, currency: str, ts: int) -> None:
    while True:
        money = margin.pool(desk.account, desk.markets, desk.rules, currency)
        if money.equity > money.required:
            return
        worst = _worst(desk, currency)
        if worst is None:
            break
        market = desk.markets[worst.symbol]
        mark = margin.mark_of(market) or entry(market.instrument, worst)
        _take(desk, market, worst, mark, ts)
    debt = desk.account.cash.get(currency, ZERO)
    if debt < 0:
        desk.account.transfer(currency, -debt)
        desk.pay(Transfer(ts, currency, -debt, f"insurance-{currency}-{desk.trades_seen}"))


def _worst(desk: Desk, currency: str) -> Holding | None:
    worst, most = None, ZERO
    for holding in desk.account.holdings.values():
        market = desk.markets[holding.symbol]
        if market.instrument.settle != currency:
            continue
        mark = margin.mark_of(market) or entry(market.instrument, holding)
        need = margin.required(market.instrument, holding.qty, mark, desk.rules)
        if need > most:
            worst, most = holding, need
    return worst


def _take(desk: Desk, market: Market, holding: Holding, mark: Decimal, ts: int) -> None:
    """Orders of the symbol go first, then (a part of) the position."""
    for order in [*market.orders.values()]:
        desk.cancel(market, order, ts, "liquidation")
    instrument = market.instrument
    lots = _size(market, holding)
    ticks = max(1, _ticks(desk, market, holding, mark))
    # All of it means all: after a coarser lot there may be less than one, and more would turn it round.
    qty = market.qty(lots) if lots < margin.lots_of(market, holding.qty) else abs(holding.qty)
    rate = margin.liquidation_fee(instrument, desk.rules)
    fee = EXACT.multiply(worth(instrument, qty, market.price(ticks)), rate)
    if desk.rules.margin_mode is MarginMode.ISOLATED:
        fee = min(fee, _left(market, holding, lots, ticks))
    desk.take_away(market, holding, qty, ticks, ts, fee)


def deliver(desk: Desk, market: Market, ts: int) -> None:
    """The market has ended: what is open there is settled at its mark, free of charge, to the last crumb."""
    for holding in desk.account.held(market.instrument.symbol):
        mark = margin.mark_of(market) or entry(market.instrument, holding)
        ticks = max(1, _ticks(desk, market, holding, mark))
        desk.take_away(market, holding, abs(holding.qty), ticks, ts, ZERO, FillKind.DELIVERY)


def _size(market: Market, holding: Holding) -> int:
    """All of it, or in tier 3 and above what leads two tiers down."""
    tiers = market.instrument.tiers
    size = abs(holding.qty)
    at = next((i for i, tier in enumerate(tiers) if size <= tier.max_qty), len(tiers) - 1)
    keep = tiers[at - 2].max_qty if at >= 2 else ZERO
    return max(1, margin.lots_of(market, size) - margin.lots_of(market, keep))


def _ticks(desk: Desk, market: Market, holding: Holding, mark: Decimal) -> int:
    tick = market.instrument.tick
    if desk.rules.margin_mode is MarginMode.ISOLATED:
        bankrupt = margin.bankruptcy_mark(market.instrument, holding, holding.margin)
        if bankrupt is not None:
            worse = mark < bankrupt if holding.qty > 0 else mark > bankrupt
            mark = bankrupt if worse else mark
    rounding = ROUND_CEILING if holding.qty > 0 else ROUND_FLOOR
    return int((mark / tick).quantize(ONE, rounding=rounding))


def _left(market: Market, holding: Holding, lots: int, ticks: int) -> Decimal:
    """What an isolated position can still pay after it is closed."""
    profit = unrealised(market.instrument, holding, market.price(ticks))
    whole = lots >= margin.lots_of(market, holding.qty)
    return max(ZERO, EXACT.add(holding.margin, profit)) if whole else max(ZERO, holding.margin)
