"""The simulated exchange: requests arrive, market data happens, reports come out. It knows no future.

    market(event, ts)     the public market moved          ┐
    request(action, ts)   a request of ours has arrived     ├──► reports: what the venue tells us, stamped
    advance(ts)           time passed (funding settles)    ┘     with the exchange time at which it happened

What data a market shows decides how it is matched: depth (the book is walked, makers queue), trades and
touch, or closed bars. Books are in contracts for derivatives and base units for spot, like our own
quantities. A spot buy pays its fee in the coin it receives, as on OKX; all else in the settle currency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from cockpit.core.events import (
    AccountReport,
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    Fill,
    FundingPaid,
    FundingRate,
    Listing,
    Mark,
    OrderReport,
    Touch,
    Trade,
    Transfer,
    VenueOrder,
    VenuePosition,
)
from cockpit.core.intents import Action, Amend, Cancel, Place, Query
from cockpit.core.matching import algos, bars, feeds, funding, liquidation, margin, requests, saved
from cockpit.core.matching.account import Account, entry
from cockpit.core.matching.books import Market, Phase, Source, open_market
from cockpit.core.matching.desk import FAR, Desk
from cockpit.core.matching.rules import Rules
from cockpit.core.types import Instrument, InstrumentState, PosSide

# Looked up once: naming a member of an enum is dear.
BARS, DEPTH = Source.BARS, Source.DEPTH


class Exchange:
    """One account at one simulated venue. Deterministic: the same calls give the same reports."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        balances: Mapping[str, Decimal],
        rules: Rules | None = None,
        seed: int = 0,
    ) -> None:
        """``seed`` drives chance where the rules ask for it (refused cancels)."""
        self._markets = {symbol: open_market(instrument) for symbol, instrument in instruments.items()}
        self._desk = Desk(rules or Rules(), Account(dict(balances)), self._markets, seed)
        self._handlers: dict[type, Callable[[Any, int], None]] = {
            BookDelta: self._delta,
            BookSnapshot: self._snapshot,
            Touch: self._touch,
            Trade: self._trade,
            Mark: self._mark,
            FundingRate: self._rate,
            Listing: self._listing,
        }
        self.wake = FAR
        """The next instant at which something happens by itself; call :meth:`advance` then."""

    # --- what happens -----------------------------------------------------------------------------

    def market(self, event: AnyEvent, ts: int) -> None:
        """The public market at exchange time ``ts``. May fill, trigger, settle or liquidate.

        Anything but market data and listings, and symbols that are not listed, is ignored.
        """
        if ts >= self.wake:
            self.advance(ts)
        if type(event) is Bar:
            market = self._markets.get(event.symbol)
            if market is None:
                return
            if market.busy or event.tf != market.tf:
                self._bar(market, event)
            else:
                market.close = event.close
                market.closed = event.ts
            return
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event, ts)

    def request(self, action: Action, ts: int) -> None:
        """A request of ours arrives at exchange time ``ts``."""
        if ts >= self.wake:
            self.advance(ts)
        desk = self._desk
        if isinstance(action, Place):
            requests.place(desk, action, ts)
        elif isinstance(action, Cancel):
            requests.cancel(desk, action, ts)
        elif isinstance(action, Amend):
            requests.amend(desk, action, ts)
        elif isinstance(action, Query):
            requests.query(desk, action, ts)
        else:
            requests.history(desk, action.since)
            desk.reports.append(self.account(ts, action.request_id))
            return
        market = self._markets.get(action.symbol)
        if market is not None:
            self._rest(market)

    def advance(self, ts: int) -> None:
        """Time is ``ts``: what was due before it happens now."""
        for market in self._markets.values():
            if market.rates:
                funding.settle(self._desk, market, ts)
        self.wake = funding.next_due(self._markets)

    def opening(self, bar: Bar) -> None:
        """The open of a bar that is still running: all of it that may be known before its close."""
        market = self._markets.get(bar.symbol)
        if market is not None and market.source is BARS and market.busy and bar.ts > market.closed:
            bars.opening(self._desk, market, bar)
            self._rest(market)

    # --- what the venue knows ---------------------------------------------------------------------

    @property
    def reports(self) -> list[AnyEvent]:
        """What the venue has to tell us, oldest first; the caller takes it and clears the list."""
        return self._desk.reports

    @property
    def desk(self) -> Desk:
        """The back office, for an executor that keeps the public books itself."""
        return self._desk

    @property
    def fills(self) -> list[Fill]:
        """Every fill since the beginning: the truth."""
        return self._desk.fills

    @property
    def bills(self) -> list[FundingPaid | Transfer]:
        """Funding and transfers since the beginning."""
        return self._desk.bills

    @property
    def ledger(self) -> Account:
        """The venue's own books of our money. Read only."""
        return self._desk.account

    def waiting(self) -> list[tuple[str, int, int]]:
        """(symbol, arrival, bar length) of markets where an order waits for the next open."""
        found = []
        for symbol, market in self._markets.items():
            if market.busy and market.source is BARS and market.tf:
                arrived = [order.arrived for order in market.in_phase(Phase.ARRIVED)]
                if arrived:
                    found.append((symbol, min(arrived), market.tf))
        return found

    @property
    def grace(self) -> int:
        """How late after an open an order still gets it (ms)."""
        return self._desk.rules.bar_grace_ms

    def balances(self) -> dict[str, Decimal]:
        """Free cash by currency: what isolated positions lock is not in it. Spot holdings are cash."""
        return {ccy: amount for ccy, amount in self._desk.account.cash.items() if amount}

    def positions(self) -> tuple[VenuePosition, ...]:
        """Open derivative positions."""
        return tuple(
            VenuePosition(h.symbol, h.qty, entry(self._markets[h.symbol].instrument, h), h.pos_side)
            for h in self._desk.account.holdings.values()
        )

    def open_orders(self) -> tuple[VenueOrder, ...]:
        """Living orders by market; ``price`` of an algo order is its trigger, of a market order 0."""
        return tuple(
            VenueOrder(
                o.cid, o.venue_id, o.symbol, o.side, market.price(o.price or algos.level(o, "stop")),
                market.qty(o.lots), market.qty(o.filled),
            )
            for market in self._markets.values()
            for o in market.orders.values()
        )  # fmt: skip

    def account(self, ts: int, request_id: str = "") -> AccountReport:
        """Balances, positions and living orders as they really are."""
        return AccountReport(ts, self.balances(), self.positions(), self.open_orders(), True, request_id)

    def order(self, cid: str, ts: int) -> OrderReport:
        """The truth about one order, dead ones included."""
        return requests.order_report(self._desk, cid, ts)

    def liquidation_price(self, symbol: str, pos_side: PosSide = PosSide.NET) -> Decimal | None:
        """Mark at which the position would be taken away if nothing else moved; None = at no price."""
        holding = self._desk.account.holding(symbol, pos_side)
        if holding is None:
            return None
        return liquidation.price_of(self._desk, self._markets[symbol], holding)

    def equity(self, currency: str) -> Decimal:
        """Cash, isolated margin and unrealised profit of one currency, at the marks of now."""
        return liquidation.equity(self._desk, currency)

    @property
    def rules(self) -> Rules:
        """The rules in force."""
        return self._desk.rules

    def adopt(self, rules: Rules) -> None:
        """These rules hold from now on; orders and positions stay as they are."""
        self._desk.rules = rules

    def pool(self, currency: str) -> margin.Pool:
        """What carries the cross positions of one currency, at the marks of now."""
        return margin.pool(self._desk.account, self._markets, self._desk.rules, currency)

    def locked(self, currency: str) -> Decimal:
        """What living orders lock: margin of derivative orders, the price or the coins of spot orders."""
        return margin.locked(self._desk.account, self._markets, self._desk.rules, currency)

    def pledge(self, symbol: str, pos_side: PosSide, amount: Decimal) -> bool:
        """Move cash into (> 0) or out of an isolated position; False when there is none."""
        holding = self._desk.account.holding(symbol, pos_side)
        if holding is None:
            return False
        self._desk.account.pledge(holding, self._markets[symbol].instrument.settle, amount)
        return True

    def transfer(self, currency: str, amount: Decimal, ts: int) -> None:
        """Money comes in (> 0) or goes out."""
        self._desk.account.transfer(currency, amount)
        bill = f"transfer-{currency}-{len(self._desk.bills)}"
        self._desk.pay(Transfer(ts, currency, amount, bill))

    def export(self, *, history: bool = True) -> bytes:
        """The whole venue as msgpack, but for reports that nobody has taken.

        Without ``history`` fills, bills and ended orders are left out: a caller who keeps those in a log of
        its own (``fills``, ``bills``, ``ended``) puts them back with :meth:`remember`.
        """
        return saved.dump(self._desk, history=history)

    def ended(self, after: int = 0) -> list[tuple[str, bytes]]:
        """Orders that no longer live, oldest first, from the ``after``-th on: (client id, msgpack)."""
        return saved.ended(self._desk, after)

    def forget(self, most: int) -> None:
        """Keep no more than the newest ``most`` fills, bills and ended orders; half of them go at once."""
        desk = self._desk
        for log in (desk.fills, desk.bills):
            if len(log) > most:
                del log[: -most // 2]
        if len(desk.done) > most:
            for cid in [*desk.done][: -most // 2]:
                del desk.done[cid]

    def remember(
        self, fills: list[Fill], bills: list[FundingPaid | Transfer], ended: list[tuple[str, bytes]]
    ) -> None:
        """Put the history back that :meth:`export` left out; call after :meth:`restore`."""
        self._desk.fills.extend(fills)
        self._desk.bills.extend(bills)
        self._desk.done.update(saved.revived(ended))

    def restore(self, raw: bytes) -> None:
        """Become the venue that was exported; it goes on exactly as that one would have."""
        saved.load(self._desk, raw)
        self.wake = funding.next_due(self._markets)

    # --- market data ------------------------------------------------------------------------------

    def _bar(self, market: Market, bar: Bar) -> None:
        if not market.tf or bar.tf < market.tf:
            market.tf = bar.tf
        if bar.tf != market.tf or bar.ts <= market.closed:
            return
        if market.source is BARS and market.busy:
            bars.on_bar(self._desk, market, bar)
        market.close = bar.close
        market.closed = bar.ts
        if market.busy:
            self._rest(market)

    def _delta(self, event: BookDelta, ts: int) -> None:
        market = self._markets.get(event.symbol)
        if market is not None:
            market.source = DEPTH
            feeds.delta(self._desk, market, event, ts)
            if market.busy:
                self._rest(market)

    def _snapshot(self, event: BookSnapshot, ts: int) -> None:
        market = self._markets.get(event.symbol)
        if market is not None:
            market.source = DEPTH
            feeds.snapshot(self._desk, market, event, ts)
            if market.busy:
                self._rest(market)

    def _touch(self, event: Touch, ts: int) -> None:
        market = self._markets.get(event.symbol)
        if market is not None and market.source is not DEPTH:
            market.source = Source.TOUCH
            feeds.touch(self._desk, market, event, ts)
            if market.busy:
                self._rest(market)

    def _trade(self, event: Trade, ts: int) -> None:
        market = self._markets.get(event.symbol)
        if market is not None:
            if market.source is BARS:
                market.source = Source.TOUCH
            feeds.trade(self._desk, market, event, ts)
            if market.busy:
                self._rest(market)

    def _mark(self, event: Mark, ts: int) -> None:
        market = self._markets.get(event.symbol)
        if market is not None and event.mark > 0:
            market.mark = event.mark
            market.index = event.index or market.index
            if market.busy:
                feeds.mark(self._desk, market, ts)
                self._rest(market)

    def _rate(self, event: FundingRate, ts: int) -> None:
        market = self._markets.get(event.symbol)
        if market is not None:
            funding.learn(market, event)
            if event.settle_ts < ts:
                funding.settle(self._desk, market, ts)
            self.wake = funding.next_due(self._markets)

    def _listing(self, event: Listing, ts: int) -> None:
        fresh = event.instrument
        market = self._markets.get(fresh.symbol)
        if market is None:
            self._markets[fresh.symbol] = open_market(fresh)
            return
        regrid = (fresh.tick, fresh.lot) != (market.instrument.tick, market.instrument.lot)
        ended = fresh.state is InstrumentState.EXPIRED
        if regrid or ended:
            for order in [*market.orders.values()]:
                self._desk.cancel(market, order, ts, "delivery" if ended else "instrument changed")
        if ended:
            liquidation.deliver(self._desk, market, ts)
        if regrid:
            feeds.regrid(market, fresh)
        market.instrument = fresh
        self._rest(market)

    def _rest(self, market: Market) -> None:
        """Nothing of ours here: the quick path is enough from now on."""
        market.busy = bool(market.orders) or bool(self._desk.account.held(market.instrument.symbol))
