"""Funding: at each settlement the longs pay the shorts (positive rate), on the position's value at the mark.

Only positions held at the settlement instant take part; a fill at the very instant comes before it. So a
settlement is worked out once time has passed it, by the rate last heard for it.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.events import FundingPaid, FundingRate
from cockpit.core.matching import liquidation, margin
from cockpit.core.matching.account import EXACT, Holding, entry, worth
from cockpit.core.matching.books import Market
from cockpit.core.matching.desk import FAR, Desk
from cockpit.core.types import MarginMode, exact

HISTORY = 16
"""Rates remembered for settlements that have not come; more are a defect of the tape."""


def learn(market: Market, event: FundingRate) -> None:
    """A rate for a settlement, running or final; the newest word counts until it is paid."""
    if event.settle_ts > market.paid and market.instrument.derivative:
        market.rates[event.settle_ts] = event.rate
        while len(market.rates) > HISTORY:
            del market.rates[min(market.rates)]


def next_due(markets: dict[str, Market]) -> int:
    """The first instant at which a known settlement is past."""
    return min((min(market.rates) + 1 for market in markets.values() if market.rates), default=FAR)


def settle(desk: Desk, market: Market, now: int) -> None:
    """Pay all settlements of this market that lie before ``now``."""
    for at in sorted(market.rates):
        if at >= now:
            return
        rate = exact(market.rates.pop(at))
        market.paid = at
        for holding in desk.account.held(market.instrument.symbol):
            _pay(desk, market, holding, rate, at)
        liquidation.check(desk, market, at)


def _pay(desk: Desk, market: Market, holding: Holding, rate: Decimal, at: int) -> None:
    instrument = market.instrument
    qty = holding.qty - _since(desk, holding, at)
    mark = margin.mark_of(market) or entry(instrument, holding)
    amount = EXACT.multiply(-worth(instrument, qty, mark), rate)
    if qty and amount:
        isolated = desk.rules.margin_mode is MarginMode.ISOLATED
        desk.account.fund(holding, instrument.settle, amount, isolated)
        bill = f"funding-{holding.symbol}-{at}-{holding.pos_side}"
        desk.pay(FundingPaid(at, holding.symbol, amount, instrument.settle, rate, bill, holding.pos_side))


def _since(desk: Desk, holding: Holding, at: int) -> Decimal:
    """What was traded after the settlement, when its rate became known only later."""
    change = Decimal(0)
    for fill in reversed(desk.fills):
        if fill.ts <= at:
            break
        if fill.symbol == holding.symbol and fill.pos_side is holding.pos_side:
            change += fill.qty * fill.side.sign
    return change
