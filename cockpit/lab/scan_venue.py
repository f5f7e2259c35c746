"""The simulated venue on closed bars, in whole ticks and lots: ``matching.bars`` for one market.

What it cannot do as ``matching`` does, it refuses with ``Unsupported``: refusals of entries, fills in
parts, margin that gets short.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING

from cockpit.core.events import Bar, Fill, FillKind, FundingPaid, FundingRate
from cockpit.core.matching.account import EXACT, worth
from cockpit.core.matching.bars import AMBIGUOUS
from cockpit.core.matching.funding import HISTORY
from cockpit.core.matching.rules import Rules
from cockpit.core.types import Instrument, Kind, PosSide, exact
from cockpit.lab.scan_flight import DELIVERY, OPEN, SETTLE, Flight
from cockpit.lab.scan_grid import Grid
from cockpit.lab.scan_margin import Margin
from cockpit.lab.scan_order import (
    ARMED,
    ARRIVED,
    ENTRY,
    GONE,
    MARKET,
    SIDES,
    TRIGGER,
    Ticket,
    Unsupported,
)

if TYPE_CHECKING:
    from cockpit.lab.scan_trader import Trader


class Venue:
    """Orders, the position and fills as the venue knows them, ahead of what the sleeve has heard."""

    def __init__(
        self,
        instrument: Instrument,
        grid: Grid,
        rules: Rules,
        cash: Decimal,
        flight: Flight,
        bars: Sequence[Bar],
        lag: int,
    ) -> None:
        self.instrument = instrument
        self.grid = grid
        self.flight = flight
        self.bars = bars
        self.trader: Trader
        self.prefix = "ckb001"
        """Of the client ids of a backtest's first sleeve."""
        self.slippage = rules.slippage_ticks
        self.grace = rules.bar_grace_ms
        self.band = float(instrument.price_band) if instrument.derivative else 0.0
        self.spot = instrument.kind is Kind.SPOT
        self.margin = Margin(instrument, rules, float(cash))
        self.fee_rate = instrument.taker_fee
        digits = max(0, -int(self.fee_rate.as_tuple().exponent)) if self.spot else 0
        self.atoms = 10**digits
        """Parts of a lot in which the position is counted: a spot buy pays its fee in the coin."""
        self.fee_atoms = int(self.fee_rate.scaleb(digits)) if self.spot else 0
        self.lag = lag
        """How much later than at the venue ``bars`` are stamped: the feed's delay."""
        self.next = 0
        """The bar that has not happened yet."""
        self.have = 0
        """Signed position in atoms."""
        self.orders: list[Ticket] = []
        self.taken = 0
        self.fills: list[Fill] = []
        self.reference = 0.0
        """Price of now: the last close, or the open of the running bar if it was needed."""
        self.opening: Bar | None = None
        """A bar whose open an order waits for."""
        self.rates: dict[int, float] = {}
        self.paid = 0
        self.low = -inf
        self.high = inf
        """A bar strictly between these touches nothing of ours."""

    # --- requests ---------------------------------------------------------------------------------

    def place(self, at: int, order: Ticket) -> None:
        """A new order arrives."""
        if not self._admit(at, order):
            self.flight.report(at, self.trader.rejected, order)
            return
        self.taken += 1
        order.venue_id = 1000 + self.taken
        order.arrived = at
        self.orders.append(order)
        self.flight.report(at, self.trader.acked, order)
        if order.kind == MARKET:
            order.phase = ARRIVED
            self._look_for_open(at, order)
        else:
            order.phase = ARMED
            if order.kind == TRIGGER:
                order.rising = 1 if order.trigger >= round(self.reference * self.grid.per_tick) else -1

    def cancel(self, at: int, order: Ticket) -> None:
        """The owner takes an order back. One that is gone has already said so."""
        if order.phase != GONE:
            self._end(order, at, "user")

    def query(self, at: int, order: Ticket) -> None:
        """The owner asks what became of an order."""
        self.flight.report(at, self.trader.answered, order)

    def _admit(self, at: int, order: Ticket) -> bool:
        instrument = self.instrument
        if order.kind != MARKET and (order.trigger <= 0 or order.take < 0):
            raise Unsupported("a protective price below zero", at)
        if instrument.min_notional and not order.reduce_only:
            mark = exact(self.reference)
            qty = instrument.lot * order.lots
            if instrument.quote_notional(qty, mark) < instrument.min_notional:
                raise Unsupported("an order below the venue's minimum", at)
        if order.kind != MARKET:
            return True
        if order.reduce_only:
            return self.reducible(order) > 0
        if any(o.phase == ARRIVED for o in self.orders):
            raise Unsupported("two orders wait for one open", at)
        short = self.margin.short_of(order.sign * order.lots, self.have // self.atoms, self.reference)
        if self.spot and order.sign < 0:
            short = "" if self.have >= order.lots * self.atoms else "coins"
        if short:
            raise Unsupported(f"the venue would refuse an order for lack of {short}", at)
        return True

    def _look_for_open(self, at: int, order: Ticket) -> None:
        """The first bar that opens once the order is there, if it is near: its open may be known early."""
        if self.opening is not None:
            return
        earliest, horizon = order.arrived - self.grace, order.arrived
        for bar in self.bars[self.next : self.next + 4]:
            closes = bar.ts - self.lag
            if closes > horizon + 2 * bar.tf:
                return
            opens = closes - bar.tf
            if opens >= earliest:
                self.opening = bar
                self.flight.push(max(order.arrived, opens, at), OPEN, self._open_early, bar)
                return

    # --- bars -------------------------------------------------------------------------------------

    def _open_early(self, _at: int, bar: Bar) -> None:
        self.opening = None
        if self.orders or self.have:
            self._open(bar)

    def _open(self, bar: Bar) -> None:
        """The first trade of a bar: jumped stops, then what arrived since the last close."""
        ticks = round(bar.open * self.grid.per_tick)
        opened = bar.ts - self.lag - bar.tf
        latest = opened + self.grace
        self.reference = bar.open
        if self.have:
            self.margin.stay_clear(bar.open, opened)
        self._gapped(ticks, opened, latest)
        for order in [o for o in self.orders if o.phase == ARRIVED]:
            if order.phase == ARRIVED and order.arrived <= latest:
                self._execute(order, max(order.arrived, opened), ticks, "bar open")
        self._gapped(ticks, opened, latest)

    def meet(self, bar: Bar) -> None:
        """A bar happens. Call for every bar that may touch something; others change nothing here."""
        if self.orders or self.have:
            per_tick = self.grid.per_tick
            ts = bar.ts - self.lag
            if not (0 < bar.low < inf and 0 < bar.high < inf and 0 < bar.open < inf):
                raise Unsupported("a bar without prices", ts)
            low, high = round(bar.low * per_tick), round(bar.high * per_tick)
            self._open(bar)
            if self.have:
                self.margin.stay_clear(bar.low, ts)
                self.margin.stay_clear(bar.high, ts)
            self._stops(low, high, ts)
            self._targets(low, high, ts)
            if any(not o.reduce_only and not self.reducible(o) and o.reached(low, high) for o in self._armed()):
                raise Unsupported("a stop goes off with nothing to close", ts)
        self.reference = bar.close

    def _armed(self) -> list[Ticket]:
        return [o for o in self.orders if o.phase == ARMED]

    def _gapped(self, ticks: int, opened: int, latest: int) -> None:
        for order in self._armed():
            if order.phase != ARMED or order.arrived > latest:
                continue
            if order.reduce_only and not self.reducible(order):
                continue
            leg = order.due(ticks)
            if leg:
                self._execute(order, max(order.arrived, opened), ticks, f"{leg} at the open")

    def _stops(self, low: int, high: int, ts: int) -> None:
        """Exits against us, the nearest to the open first."""
        due = []
        for order in self._armed():
            if self.reducible(order):
                legs = [leg for leg in order.reached(low, high) if order.adverse(leg)]
                if legs:
                    due.append((order.trigger * order.sign, legs[0], order))
        for _, leg, order in sorted(due, key=lambda row: row[0]):
            if order.phase == ARMED and (self.reducible(order) or not order.reduce_only):
                ambiguous = any(
                    o.sign == order.sign and any(not o.adverse(other) for other in o.reached(low, high))
                    for o in self._armed()
                )
                why = AMBIGUOUS if ambiguous else f"{leg} at its trigger"
                self._execute(order, ts, order.trigger, why)

    def _targets(self, low: int, high: int, ts: int) -> None:
        """Exits in our favour."""
        for order in self._armed():
            if order.phase == ARMED and self.reducible(order):
                for leg in order.reached(low, high):
                    if order.phase == ARMED and not order.adverse(leg):
                        self._execute(order, ts, order.level(leg), f"{leg} at its trigger")

    # --- trading ----------------------------------------------------------------------------------

    def reducible(self, order: Ticket) -> int:
        """Lots that the order could close."""
        if self.have * order.sign >= 0:
            return 0
        return abs(self.have) // self.atoms

    def _execute(self, order: Ticket, ts: int, base: int, note: str) -> None:
        """An order meets the price of a bar."""
        sign = order.sign
        if order.reduce_only:
            lots = self.reducible(order)
            if not lots:
                self._end(order, ts, "reduce_only")
                return
            if lots < order.lots:
                raise Unsupported("an order is filled in part", ts)
        ticks = max(base + self.slippage * sign, 1)
        if self.band and self.reference:
            limit = max(round(self.reference * (1 + sign * self.band) * self.grid.per_tick), 1)
            if (ticks - limit) * sign > 0:
                self._end(order, ts, "price band")
                return
        if self.spot and not self._paid_for(order, ticks):
            raise Unsupported("a spot order is more than is there", ts)
        self._fill(order, ticks, ts, note)

    def _paid_for(self, order: Ticket, ticks: int) -> bool:
        if order.sign < 0:
            return self.have >= order.lots * self.atoms
        price = float(self.grid.tick) * ticks
        return order.lots * float(self.grid.lot) * price * (1 + 1e-9) < self.margin.money

    def _fill(self, order: Ticket, ticks: int, ts: int, note: str) -> None:
        instrument, sign, before = self.instrument, order.sign, self.have
        qty, price = instrument.lot * order.lots, instrument.tick * ticks
        value = worth(instrument, qty, price)
        in_coin = self.spot and sign > 0
        fee = EXACT.multiply(qty if in_coin else value, self.fee_rate)
        fill = Fill(
            ts,
            f"{self.prefix}{order.number:09d}",
            str(order.venue_id),
            str(len(self.fills) + 1),
            instrument.symbol,
            SIDES[sign],
            price,
            qty,
            fee,
            instrument.base if in_coin else instrument.settle,
            False,
            PosSide.NET,
            FillKind.TRADE,
            note,
        )
        self.have += sign * order.lots * self.atoms - (order.lots * self.fee_atoms if in_coin else 0)
        self.margin.traded(sign, float(value), 0.0 if in_coin else float(fee), self.have // self.atoms)
        self.fills.append(fill)
        order.phase = GONE
        self.orders.remove(order)
        self.flight.report(ts, self.trader.filled, (order, fill))
        if before and not self.spot and before * self.have <= 0:
            for orphan in [o for o in self.orders if o.reduce_only and not self.reducible(o)]:
                self._end(orphan, ts, "reduce_only")

    def _end(self, order: Ticket, ts: int, reason: str) -> None:
        if order.role == ENTRY and reason != "user":
            raise Unsupported(f"the venue would cancel an entry: {reason}", ts)
        order.phase = GONE
        self.orders.remove(order)
        self.flight.report(ts, self.trader.cancelled, (order, reason))

    # --- funding ----------------------------------------------------------------------------------

    def rate(self, at: int, event: FundingRate) -> None:
        """A funding rate on the tape."""
        due = event.settle_ts
        if due > self.paid and not self.spot:
            if due not in self.rates:
                self.flight.push(due + 1, SETTLE, self._settle, None)
            self.rates[due] = event.rate
            while len(self.rates) > HISTORY:
                del self.rates[min(self.rates)]
        self._settle(at, None)
        self.flight.push(at + self.lag, DELIVERY, self.trader.rated, event)

    def _settle(self, now: int, _nothing: None) -> None:
        """Pay what was due before ``now``."""
        for at in sorted(self.rates):
            if at >= now:
                return
            rate = self.rates.pop(at)
            self.paid = at
            if self.have:
                self._pay(at, exact(rate))

    def _pay(self, at: int, rate: Decimal) -> None:
        instrument = self.instrument
        qty = instrument.lot * self.have
        for fill in reversed(self.fills):
            if fill.ts <= at:
                break
            qty -= fill.qty * fill.side.sign
        amount = EXACT.multiply(-worth(instrument, qty, exact(self.reference)), rate)
        if qty and amount:
            self.margin.money += float(amount)
            self.margin.limits(self.have)
            bill = f"funding-{instrument.symbol}-{at}-{PosSide.NET}"
            paid = FundingPaid(at, instrument.symbol, amount, instrument.settle, rate, bill, PosSide.NET)
            self.flight.report(at, self.trader.paid, paid)
        self.margin.stay_clear(self.reference, at)

    # --- what a bar must not reach ------------------------------------------------------------------

    def watch(self) -> bool:
        """Work out ``low`` and ``high``; False when no bar can touch anything."""
        self.low, self.high = -inf, inf
        if not (self.orders or self.have):
            return False
        low, high = (self.margin.low, self.margin.high) if self.have else (0.0, inf)
        per_tick = self.grid.per_tick
        for order in self.orders:
            if order.phase != ARMED:
                low = inf
                break
            below, above = order.trigger, order.take
            if order.rising > 0 or (order.kind != TRIGGER and order.sign > 0):
                below, above = above, below
            if below:
                low = max(low, (below + 1) / per_tick)
            if above:
                high = min(high, (above - 1) / per_tick)
        self.low, self.high = low, high
        return True
