"""Does the account have the money: initial margin of orders, maintenance of positions, liquidation price.

Futures mode, per settle currency (OKX v5 reference section 12): cross margin shares the currency's cash and
the unrealised profit of its cross positions; an isolated position has only its own margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext

import msgspec

from cockpit.core.matching.account import EXACT, Account, Holding, entry, portion, unrealised, worth
from cockpit.core.matching.books import Market, Phase, Working
from cockpit.core.matching.rules import Rules
from cockpit.core.types import ONE, ZERO, Instrument, Kind, MarginMode, PositionMode, PosSide, exact


class Pool(msgspec.Struct, frozen=True):
    """The cross-margined part of one currency."""

    equity: Decimal
    """Cash + unrealised of cross positions."""
    initial: Decimal
    """Locked by them."""
    required: Decimal
    """Maintenance + cost of liquidating them: at this equity or below the venue does."""


def mark_of(market: Market) -> Decimal:
    """The price positions are valued at; 0 when the tape has shown none."""
    return exact(market.reference())


def maintenance(instrument: Instrument, qty: Decimal, rules: Rules) -> Decimal:
    """Rate of the tier that contains the WHOLE position; beyond the last tier its rate."""
    size = abs(qty)
    for tier in instrument.tiers:
        if size <= tier.max_qty:
            return tier.maintenance
    return instrument.tiers[-1].maintenance if instrument.tiers else rules.maintenance


def max_leverage(instrument: Instrument, qty: Decimal, rules: Rules) -> Decimal | None:
    """Leverage in force for a position of ``qty``; None = larger than the last tier allows."""
    size, chosen = abs(qty), rules.lever(instrument.symbol)
    for tier in instrument.tiers:
        if size <= tier.max_qty:
            return min(chosen, tier.max_leverage)
    return None if instrument.tiers else chosen


def liquidation_fee(instrument: Instrument, rules: Rules) -> Decimal:
    return instrument.taker_fee if rules.liquidation_fee is None else rules.liquidation_fee


def required(instrument: Instrument, qty: Decimal, mark: Decimal, rules: Rules) -> Decimal:
    """Maintenance margin plus liquidation fee of a position at ``mark``."""
    rate = maintenance(instrument, qty, rules) + liquidation_fee(instrument, rules)
    return EXACT.multiply(abs(worth(instrument, qty, mark)), rate)


def pool(
    account: Account, markets: Mapping[str, Market], rules: Rules, currency: str, without: str = ""
) -> Pool:
    """Everything cross-margined in ``currency``; ``without`` leaves out one symbol's positions."""
    equity = account.cash.get(currency, ZERO)
    initial = needed = ZERO
    if rules.margin_mode is MarginMode.ISOLATED:
        return Pool(equity, initial, needed)
    with localcontext(EXACT):
        for holding in account.holdings.values():
            market = markets[holding.symbol]
            instrument = market.instrument
            if instrument.settle != currency or holding.symbol == without:
                continue
            mark = mark_of(market) or entry(instrument, holding)
            lever = max_leverage(instrument, holding.qty, rules) or instrument.tiers[-1].max_leverage
            equity += unrealised(instrument, holding, mark)
            initial += portion(abs(worth(instrument, holding.qty, mark)), ONE, lever)
            needed += required(instrument, holding.qty, mark, rules)
    return Pool(equity, initial, needed)


def order_margin(account: Account, market: Market, rules: Rules, extra: Working | None = None) -> Decimal:
    """What living orders of one derivative lock: the dearer side, less what only closes the position.

    Algo orders that wait for their trigger lock nothing.
    """
    sides = {1: ZERO, -1: ZERO}
    budgets = _closing(account, market, rules)
    orders = [o for o in market.orders.values() if o.phase is not Phase.ARMED]
    if extra is not None:
        orders.append(extra)
    for order in orders:
        if order.reduce_only or is_close(order, rules):
            continue
        closing = min(budgets.get(order.sign, 0), order.left)
        budgets[order.sign] = budgets.get(order.sign, 0) - closing
        opening = order.left - closing
        if opening:
            price = market.price(order.price) if order.price else mark_of(market)
            if price:
                value = abs(worth(market.instrument, market.qty(opening), price))
                sides[order.sign] = EXACT.add(sides[order.sign], value)
    total = max(sides.values()) if rules.position_mode is PositionMode.NET else sum(sides.values(), ZERO)
    return portion(total, ONE, rules.lever(market.instrument.symbol))


def is_close(order: Working, rules: Rules) -> bool:
    """HEDGE mode: the side and the position side together say that it only closes."""
    if rules.position_mode is PositionMode.NET:
        return False
    return (order.sign > 0) == (order.pos_side is PosSide.SHORT)


def _closing(account: Account, market: Market, rules: Rules) -> dict[int, int]:
    if rules.position_mode is PositionMode.HEDGE:
        return {}
    holding = account.holding(market.instrument.symbol, PosSide.NET)
    if holding is None:
        return {}
    return {-1 if holding.qty > 0 else 1: lots_of(market, holding.qty)}


def lots_of(market: Market, qty: Decimal) -> int:
    """Whole lots in ``abs(qty)``."""
    return int(abs(qty) / market.instrument.lot)


def affordable(
    account: Account, markets: Mapping[str, Market], rules: Rules, market: Market, order: Working
) -> bool:
    """May ``order`` be taken: is its margin (spot: its full price or its coins) free?"""
    instrument = market.instrument
    if instrument.kind is Kind.SPOT:
        return _spot_affordable(account, markets, rules, market, order)
    if order.reduce_only or is_close(order, rules):
        return True
    before = order_margin(account, market, rules)
    after = order_margin(account, market, rules, order)
    if after <= before:
        return True
    money = pool(account, markets, rules, instrument.settle)
    with localcontext(EXACT):
        locked = after + sum(
            (
                order_margin(account, other, rules)
                for other in markets.values()
                if other is not market
                and other.orders
                and other.instrument.settle == instrument.settle
                and other.instrument.derivative
            ),
            ZERO,
        )
        fees = (after - before) * rules.lever(instrument.symbol) * max(instrument.taker_fee, ZERO)
        frozen = frozen_spot(markets, rules, instrument.settle)
        return money.equity - money.initial - locked - fees - frozen >= 0


def _spot_affordable(
    account: Account, markets: Mapping[str, Market], rules: Rules, market: Market, order: Working
) -> bool:
    instrument = market.instrument
    currency = instrument.quote if order.sign > 0 else instrument.base
    money = pool(account, markets, rules, currency)
    with localcontext(EXACT):
        derivatives = sum(
            (
                order_margin(account, other, rules)
                for other in markets.values()
                if other.orders and other.instrument.derivative and other.instrument.settle == currency
            ),
            ZERO,
        )
        free = money.equity - money.initial - derivatives - frozen_spot(markets, rules, currency)
        free = min(free, account.cash.get(currency, ZERO))
        return free >= spot_need(market, order, rules)


def spot_need(market: Market, order: Working, rules: Rules) -> Decimal:
    """Quote that a spot buy, or base that a spot sell, freezes."""
    qty = market.qty(order.left)
    if order.sign < 0:
        return qty
    if order.price:
        return EXACT.multiply(qty, market.price(order.price))
    return EXACT.multiply(EXACT.multiply(qty, mark_of(market)), ONE + rules.market_buffer)


def frozen_spot(markets: Mapping[str, Market], rules: Rules, currency: str) -> Decimal:
    """Promised to living spot orders."""
    total = ZERO
    for market in markets.values():
        instrument = market.instrument
        if instrument.derivative or not market.orders or currency not in (instrument.base, instrument.quote):
            continue
        for order in market.orders.values():
            paid_in = instrument.quote if order.sign > 0 else instrument.base
            if order.phase is not Phase.ARMED and paid_in == currency and not order.reduce_only:
                total = EXACT.add(total, spot_need(market, order, rules))
    return total


def locked(account: Account, markets: Mapping[str, Market], rules: Rules, currency: str) -> Decimal:
    """Everything that living orders lock of one currency."""
    total = frozen_spot(markets, rules, currency)
    for market in markets.values():
        instrument = market.instrument
        if market.orders and instrument.derivative and instrument.settle == currency:
            total = EXACT.add(total, order_margin(account, market, rules))
    return total


def liquidation_mark(
    instrument: Instrument, holding: Holding, margin: Decimal, rate: Decimal
) -> Decimal | None:
    """Mark at which ``margin`` no longer carries the position; None = at no price.

    ``rate`` = maintenance + liquidation fee. Linear long (EV - M)/(q(1-r)), short (EV + M)/(q(1+r));
    inverse long N(1+r)/(N/E + M), short N(1-r)/(N/E - M).
    """
    sign = 1 if holding.qty > 0 else -1
    with localcontext(EXACT):
        size = abs(holding.qty) * instrument.contract_value
        if instrument.kind is Kind.INVERSE:
            coin = abs(holding.cost) + sign * margin
            price = size * (1 + sign * rate) / coin if coin > 0 else ZERO
        else:
            price = (abs(holding.cost) - sign * margin) / (size * (1 - sign * rate))
    return price if price > 0 else None


def bankruptcy_mark(instrument: Instrument, holding: Holding, margin: Decimal) -> Decimal | None:
    """Mark at which ``margin`` is lost to the last cent."""
    return liquidation_mark(instrument, holding, margin, ZERO)
