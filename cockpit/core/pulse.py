"""What breakers learn between two looks: answers, fills, links; and the facts they are then shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite, sqrt

from cockpit.core import events as ev
from cockpit.core import profit, watch
from cockpit.core.breakers import Done, Facts, Request
from cockpit.core.guarding import version_pnl
from cockpit.core.ledger.position import INVERSE
from cockpit.core.orders import Role
from cockpit.core.slots import Market
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import version_key

DAY = 86_400_000
WINDOW_MS = 600_000
KEPT = 1_000
SLIPS = 50
DONE = 500
FAST, SLOW = 0.9, 0.995
SETTLED = 100
"""Looks after which a market's long mean is worth comparing with."""
THROTTLED = frozenset(("50011", "50061", "429", "-1003", "-1015", "10006", "10018"))
"""Codes by which the exchanges say "too many requests"."""


def learn(state: State, event: ev.Event) -> None:
    """One fact about an order, a fill or a link."""
    pulse = state.pulse
    if isinstance(event, ev.Link):
        if event.up:
            pulse.down.pop(event.channel, None)
        else:
            pulse.down.setdefault(event.channel, state.now)
    elif isinstance(event, ev.Sent) and event.request is ev.Request.PLACE:
        order = state.order(event.cid)
        if order is not None:
            pulse.asked[event.cid] = (event.ts, state.price(order.symbol))
            while len(pulse.asked) > KEPT:
                del pulse.asked[next(iter(pulse.asked))]
    elif isinstance(event, ev.Ack):
        _answered(state, event.cid, event.ts, "ok")
    elif isinstance(event, ev.Reject):
        _answered(state, event.cid, event.ts, "throttled" if event.code in THROTTLED else "refused")
    elif isinstance(event, ev.Fill):
        _filled(state, event)


def _sleeve(state: State, cid: str) -> Sleeve | None:
    order = state.order(cid)
    return None if order is None else state.sleeves.get(order.sleeve)


def _answered(state: State, cid: str, ts: int, word: str) -> None:
    sleeve = _sleeve(state, cid)
    if sleeve is None:
        return
    pulse = state.pulse
    asked = pulse.asked.get(cid)
    ms = max(0, ts - asked[0]) if asked else -1
    pulse.requests.append(Request(state.now, version_key(sleeve.strategy, sleeve.version), word, ms))
    del pulse.requests[:-KEPT]


def _filled(state: State, event: ev.Fill) -> None:
    """Slippage of what took, and a trade that is over."""
    order, sleeve = state.order(event.cid), _sleeve(state, event.cid)
    if order is None or sleeve is None:
        return
    pulse, version = state.pulse, version_key(sleeve.strategy, sleeve.version)
    asked = pulse.asked.get(event.cid)
    if asked and not event.maker and asked[1] > 0 and order.role is not Role.PROTECT:
        slips = pulse.slips.setdefault(version, [])
        slips.append((float(event.price) / asked[1] - 1.0) * event.side.sign * 1e4)
        del slips[:-SLIPS]
    instrument = state.instruments[sleeve.symbol]
    worth = float(instrument.quote_notional(abs(state.position(sleeve.id)), event.price))
    pulse.worth[sleeve.id] = max(pulse.worth.get(sleeve.id, 0.0), worth)
    before = pulse.banked.get(sleeve.id, 0.0)
    if sleeve.banked != before:
        stopped = order.role is Role.PROTECT or order.tag.startswith("stop:")
        made = sleeve.banked - before
        if instrument.kind is INVERSE:
            made *= float(event.price)  # coin; `worth` is what the contract is quoted in
        row = Done(state.now, sleeve.id, version, sleeve.symbol, made, pulse.worth.pop(sleeve.id), stopped)
        pulse.done.append(row)
        del pulse.done[:-DONE]
        pulse.banked[sleeve.id] = sleeve.banked


def facts(state: State, markets: Mapping[str, Market]) -> Facts:
    """The world as breakers see it now."""
    heard = {symbol: market.heard for symbol, market in markets.items()}
    pulse, now = state.pulse, state.now
    equity, pnl = state.equity(), float(profit.pnl(state))
    _roll(state, pnl)
    _sample(state, heard)
    pulse.requests = [row for row in pulse.requests if row.ts > now - WINDOW_MS]
    ratio = watch.margin_ratio(state)
    silence = {
        s.id: (now - heard[s.symbol], s.tf) for s in state.sleeves.values() if s.on and heard.get(s.symbol)
    }
    versions = _versions(state)
    returns = {
        key: (version_pnl(state, sleeve) - pulse.versions.get(key, 0.0)) / equity
        for key, sleeve in versions.items()
        if equity > 0
    }
    return Facts(
        now,
        equity,
        pnl,
        pulse.day_base,
        pulse.day_top,
        pulse.week_base,
        1.0 / ratio if ratio > 0 else 1.0,
        dict(pulse.down),
        silence,
        _unrest(state),
        tuple(pulse.requests),
        {key: tuple(rows) for key, rows in pulse.slips.items()},
        returns,
        tuple(pulse.done),
    )


def _versions(state: State) -> dict[str, Sleeve]:
    return {version_key(s.strategy, s.version): s for s in state.sleeves.values()}


def _roll(state: State, pnl: float) -> None:
    """A new UTC day or week begins: losses are counted from here."""
    pulse = state.pulse
    day = state.now // DAY
    if day != pulse.day:
        pulse.day, pulse.day_base, pulse.day_top = day, pnl, pnl
        pulse.versions = {key: version_pnl(state, s) for key, s in _versions(state).items()}
    if (day + 3) // 7 != pulse.week:  # 1970-01-01 was a Thursday
        pulse.week, pulse.week_base = (day + 3) // 7, pnl
    pulse.day_top = max(pulse.day_top, pnl)


def rebase(state: State) -> None:
    """A person has resumed: everything is counted from here."""
    pulse = state.pulse
    pulse.day = pulse.week = -1
    pulse.requests.clear()
    pulse.slips.clear()
    pulse.broken.clear()
    _roll(state, float(profit.pnl(state)))


def _sample(state: State, symbols: Iterable[str]) -> None:
    """One more return of every market that has moved, into its fast and its slow mean square."""
    pulse = state.pulse
    for symbol in symbols:
        price, before = state.price(symbol), pulse.prices.get(symbol)
        if not (isfinite(price) and price > 0) or price == before:
            continue
        pulse.prices[symbol] = price
        if before is None:
            continue
        square = (price / before - 1.0) ** 2
        for means, keep in ((pulse.fast, FAST), (pulse.slow, SLOW)):
            known = means.get(symbol)
            means[symbol] = square if known is None else keep * known + (1.0 - keep) * square
        pulse.looks[symbol] = pulse.looks.get(symbol, 0) + 1


def _unrest(state: State) -> dict[str, float]:
    pulse = state.pulse
    return {
        symbol: sqrt(pulse.fast[symbol] / slow)
        for symbol, slow in pulse.slow.items()
        if slow > 0 and pulse.looks[symbol] >= SETTLED
    }
