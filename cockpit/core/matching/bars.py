"""Matching against closed candles: the open is a price, the rest of the bar is a range without an order.

    open    resting orders and stops that the open jumps over trade at the open; then what arrived since the
            last close meets the open, plus slippage
    range   1 stops (and other exits that go off by price) · 2 targets and exits at a limit · 3 entries
            4 stops again, for positions that only this bar has opened

Where the bar cannot tell what came first, the worse is assumed and the fill says so. A limit needs the bar
to trade THROUGH it by a tick; a touch is not a fill. A target never profits from the bar that opened it.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.events import Bar
from cockpit.core.matching import algos, liquidation
from cockpit.core.matching.account import Holding
from cockpit.core.matching.books import Market, Phase, Working
from cockpit.core.matching.desk import Desk
from cockpit.core.matching.taker import execute
from cockpit.core.orders import OrderKind
from cockpit.core.types import Side

AMBIGUOUS = "ambiguous bar: stop assumed first"
HAIR = 1e-9
AFTER_ENTRY = "ambiguous bar: stop assumed after entry"


def on_bar(desk: Desk, market: Market, bar: Bar) -> None:
    """Everything the bar does to our orders and positions. ``bar`` must be of the shortest kind."""
    low, high = market.ticks(bar.low), market.ticks(bar.high)
    if _untouched(desk, market, bar, low, high):
        return
    opening(desk, market, bar)
    ts = bar.ts
    risky = not market.mark and _risky(desk, market, bar)
    if risky:
        _liquidate_before_stops(desk, market, bar, low, high)
    _stops(desk, market, low, high, ts, "")
    _targets(desk, market, bar, low, high)
    entered = _entries(desk, market, bar, low, high)
    if entered:
        _stops(desk, market, low, high, ts, AFTER_ENTRY)
    _trail(desk, market, bar, low, high)
    if risky or (entered and not market.mark):
        worst = _liquidation_hit(desk, market, low, high)
        if worst is not None:
            _at_price(desk, market, worst, ts)


def _risky(desk: Desk, market: Market, bar: Bar) -> bool:
    """Could the range take a position away? Most bars cannot, and most positions are small."""
    sides = {holding.qty > 0 for holding in desk.account.held(market.instrument.symbol)}
    return any(liquidation.near(desk, market, bar.low if long else bar.high) for long in sides)


def _untouched(desk: Desk, market: Market, bar: Bar, low: int, high: int) -> bool:
    """Nothing of ours is near enough to be touched by the bar, as most bars are; only ever wrongly "no"."""
    ticks = market.ticks(bar.open)
    low, high = min(low, ticks), max(high, ticks)
    for order in market.orders.values():
        kind = order.kind
        if order.phase is not Phase.ARMED or kind is OrderKind.TRAIL or kind is OrderKind.TRIGGER:
            return False
        trigger, take = order.trigger, order.take if kind is OrderKind.OCO else 0
        if order.side is Side.BUY:
            if high >= trigger > 0 or low <= take:
                return False
        elif low <= trigger or high >= take > 0:
            return False
    return bool(market.mark) or liquidation.far(desk, market, low, high)


def opening(desk: Desk, market: Market, bar: Bar) -> None:
    """The first trade of a bar. May be told early (``World`` does), and again with the whole bar."""
    ticks = market.ticks(bar.open)
    opened = bar.ts - bar.tf
    latest = opened + desk.rules.bar_grace_ms
    if not market.mark:
        market.close = bar.open
        liquidation.check(desk, market, opened)
    _gapped_stops(desk, market, ticks, opened, latest)
    for order in market.in_phase(Phase.RESTING):
        if order.phase is Phase.RESTING and order.arrived < opened and (order.price - ticks) * order.sign > 0:
            note = "gap: filled at the open"
            desk.fill(market, order, ticks, order.left, maker=True, ts=opened, note=note)
    for order in market.in_phase(Phase.ARRIVED):
        if order.phase is Phase.ARRIVED and order.arrived <= latest:
            execute(desk, market, order, max(order.arrived, opened), ticks, "bar open")
    _gapped_stops(desk, market, ticks, opened, latest)


def _gapped_stops(desk: Desk, market: Market, ticks: int, opened: int, latest: int) -> None:
    for order in market.in_phase(Phase.ARMED):
        if order.phase is not Phase.ARMED or order.arrived > latest or _idle(desk, market, order):
            continue
        if order.kind is OrderKind.TRIGGER and not order.rising:
            order.rising = 1 if order.trigger >= ticks else -1
        leg = algos.due(order, ticks)
        if leg:
            when = max(order.arrived, opened)
            algos.fire(desk, market, order, leg, ticks, when, ticks, f"{leg} at the open")


def _idle(desk: Desk, market: Market, order: Working) -> bool:
    """It may only close, and there is nothing to close yet: it waits for the entry."""
    return desk.bound(order) and not desk.reducible(market, order)


def _stops(desk: Desk, market: Market, low: int, high: int, ts: int, note: str) -> None:
    """Exits against us that the range has reached, the nearest to the open first."""
    due = []
    for order in market.in_phase(Phase.ARMED):
        if not desk.reducible(market, order):
            continue
        found = [leg for leg in algos.reached(order, low, high) if _adverse(order, leg)]
        if found:
            due.append((algos.level(order, found[0]) * order.sign, found[0], order))
    for at, leg, order in sorted(due, key=lambda row: row[0]):
        if order.phase is not Phase.ARMED or _idle(desk, market, order):
            continue
        ticks = abs(at)
        why = note or (AMBIGUOUS if _rivals(desk, market, order, low, high) else f"{leg} at its trigger")
        algos.fire(desk, market, order, leg, ticks, ts, ticks, why)


def _adverse(order: Working, leg: str) -> bool:
    """A take-profit may also come as a TRIGGER: it waits for a price in our favour."""
    return leg in ("stop", "trail") or (leg == "trigger" and order.rising == order.sign)


def _rivals(desk: Desk, market: Market, stop: Working, low: int, high: int) -> bool:
    """Did the same bar reach a target of the position too?"""
    for order in market.orders.values():
        if order.sign != stop.sign or order.pos_side is not stop.pos_side:
            continue
        if order.phase is Phase.RESTING and _through(order, low, high):
            return True
        if order.phase is Phase.ARMED and _favourable(order, low, high):
            return True
    return False


def _favourable(order: Working, low: int, high: int) -> bool:
    return any(not _adverse(order, leg) for leg in algos.reached(order, low, high))


def _through(order: Working, low: int, high: int) -> bool:
    return low < order.price if order.side is Side.BUY else high > order.price


def _targets(desk: Desk, market: Market, bar: Bar, low: int, high: int) -> None:
    """Exits in our favour, of positions that were there when the bar opened."""
    for order in [*market.orders.values()]:
        if order.phase is Phase.GONE or not desk.reducible(market, order):
            continue
        if order.phase is Phase.RESTING and _through(order, low, high):
            desk.fill(market, order, order.price, order.left, maker=True, ts=bar.ts, note="traded through")
        elif order.phase is Phase.ARMED:
            for leg in algos.reached(order, low, high):
                if order.phase is Phase.ARMED and not _adverse(order, leg):
                    ticks = algos.level(order, leg)
                    algos.fire(desk, market, order, leg, ticks, bar.ts, ticks, f"{leg} at its trigger")


def _entries(desk: Desk, market: Market, bar: Bar, low: int, high: int) -> bool:
    """Orders that open or add; True when one did."""
    entered = False
    for order in [*market.orders.values()]:
        if order.phase is Phase.GONE or _idle(desk, market, order):
            continue
        if order.phase is Phase.RESTING and not desk.bound(order) and _through(order, low, high):
            note = "traded through"
            entered |= bool(
                desk.fill(market, order, order.price, order.left, maker=True, ts=bar.ts, note=note)
            )
        elif order.phase is Phase.ARMED and not desk.bound(order) and not desk.reducible(market, order):
            for leg in algos.reached(order, low, high)[:1]:
                ticks = algos.level(order, leg)
                algos.fire(desk, market, order, leg, ticks, bar.ts, ticks, f"{leg} at its trigger")
                entered = True
    return entered


def _trail(desk: Desk, market: Market, bar: Bar, low: int, high: int) -> None:
    """Trailing orders follow the bar's best; only the close is surely later than that."""
    close = market.ticks(bar.close)
    for order in market.in_phase(Phase.ARMED):
        if order.kind is not OrderKind.TRAIL or order.phase is not Phase.ARMED:
            continue
        algos.follow(order, high if order.side is Side.SELL else low)
        if algos.due(order, close) and not _idle(desk, market, order):
            ticks = algos.level(order, "trail")
            algos.fire(desk, market, order, "trail", ticks, bar.ts, ticks, "trail at its trigger")


def _liquidate_before_stops(desk: Desk, market: Market, bar: Bar, low: int, high: int) -> None:
    """Without a mark the range itself liquidates, where that price comes before every stop."""
    hit = _liquidation_hit(desk, market, low, high)
    if hit is None:
        return
    ticks = market.ticks(float(hit[1]))
    for order in market.in_phase(Phase.ARMED):
        stops = [leg for leg in algos.reached(order, low, high) if _adverse(order, leg)]
        nearer = bool(stops) and (ticks - algos.level(order, stops[0])) * order.sign >= 0
        if nearer and desk.reducible(market, order):
            return
    _at_price(desk, market, hit, bar.ts)


def _liquidation_hit(desk: Desk, market: Market, low: int, high: int) -> tuple[Holding, Decimal] | None:
    """The first position that the range takes away, and at which price."""
    for holding in desk.account.held(market.instrument.symbol):
        price = liquidation.price_of(desk, market, holding)
        if price is None:
            continue
        at = price / market.instrument.tick
        if low <= at if holding.qty > 0 else high >= at:
            return holding, price
    return None


def _at_price(desk: Desk, market: Market, hit: tuple[Holding, Decimal], ts: int) -> None:
    """Value the market where the hit happens; a hair beyond, because a float may fall short of it."""
    holding, price = hit
    market.close = float(price) * (1 - HAIR if holding.qty > 0 else 1 + HAIR)
    liquidation.check(desk, market, ts)
