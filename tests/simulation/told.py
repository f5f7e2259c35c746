"""The judge of decisions: what had the process been told, in the order in which it was told, when it decided?

``invariants`` looks at the wire and at the venue; this one sits behind the engine's step, where the observer
sits, and keeps a small memory of its own. It asks at every decision:

    I02  what the venue took away is booked for those that had it, for nobody only when they have no more;
         what is taken in as held before the journal began is what was held, whatever was traded since
    I05  an order carries the version of the strategy that decided it
    I08  what only stop layers protect has a stop that never gets looser within a trade
    I12  an entry needs market data no older than its bound, a mark of this process's life where there are
         marks, the account's stream up and the account read since the process and since that stream came up
    I14  an entry needs a whole book, where the market sends one, and a price inside the collar
    I04  no entry is worth more than a sleeve may hold, by the limit that a person has made tighter too
    I29  nothing is placed or changed on a market that has ended
    I18  every price and size is on the grid of the instrument as it was last told
    I21  nothing is entered on a market that a stranger has traded by hand
    I22  no more entries a second than the limits allow, and nothing refused is asked again at once
    I27  a breaker's step never falls within an episode, and an episode lasts as long as its cool-down says
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf
from typing import Any

from cockpit.core import events as ev
from cockpit.core import strangers
from cockpit.core.breakers import Trip
from cockpit.core.config import RiskConfig
from cockpit.core.intents import Amend, Cancel, Outcome, Place
from cockpit.core.meant import MANUAL
from cockpit.core.orders import Role
from cockpit.core.state import State
from cockpit.core.types import ZERO, Instrument, InstrumentState
from tests.simulation.probe import PROTECTED

GUARDED = tuple(PROTECTED)
PAUSE_MS = 1_000
"""A refused order is not followed by another of its sleeve, in or out, within this time."""
HOLD_MS = 500
"""A refused cancel is not repeated within this time."""


class Lost:
    """Rows that a crash takes with it when their fact was not durable yet."""

    def __init__(self) -> None:
        self.rows: deque[tuple[int, int]] = deque()
        """(journal seq, engine time) each."""

    def add(self, seq: int, now: int) -> None:
        self.rows.append((seq, now))

    def forget(self, seq: int) -> None:
        """The process that starts now never heard of anything from ``seq`` on."""
        while self.rows and self.rows[-1][0] >= seq:
            self.rows.pop()

    def since(self, instant: int) -> int:
        """How many are later than ``instant``."""
        count = 0
        for _, at in reversed(self.rows):  # the engine's time never goes back
            if at <= instant:
                break
            count += 1
        return count

    @property
    def latest(self) -> int:
        return self.rows[-1][1] if self.rows else -PAUSE_MS


class Told:
    """One account's news as the process heard it, over all its restarts."""

    def __init__(
        self,
        violate: Callable[[str, str], None],
        instruments: Mapping[str, Instrument],
        risk: RiskConfig,
        decided: Callable[[Place | Amend], None],
        before: Mapping[str, Decimal] | None,
    ) -> None:
        """``before``: what the account holds that is never told as a trade; None: not judged."""
        self._violate = violate
        self.decided = decided
        self._risk = risk
        self._before = before
        self._taken_in: dict[str, list[tuple[int, Decimal]]] = {}
        """By market: (journal seq, quantity) each time that something was said to have been there before."""
        self._listed = {symbol: [(0, one)] for symbol, one in instruments.items()}
        self._places: dict[str, Place] = {}
        self._sent = Lost()
        self._refused: dict[tuple[str, bool], Lost] = {}
        self._noes: dict[str, int] = {}
        """Refused order → journal seq of the first word of it: told again, it is no other refusal."""
        self._held: dict[str, Lost] = {}
        self._marks: dict[str, float] = {}
        self._mids: dict[str, float] = {}
        """Reference prices as last heard, by this process or by one before."""
        self._hands: dict[tuple[str, str], tuple[int, Decimal]] = {}
        """Trades by hand: (symbol, trade id) → (journal seq, signed quantity)."""
        self._taken: set[str] = set()
        """Markets where the venue took something away: whose the rest is nobody here can say."""
        self._foreign: dict[str, Decimal] = {}
        self._stops: dict[str, tuple[int, int, Decimal]] = {}
        """The last stop of each guarded sleeve: when its trade began, its side, its level."""
        self._trips: dict[str, Trip] = {}
        self._now = 0
        self.begin(0)

    def begin(self, seq: int) -> None:
        """A process starts: nothing is fresh, and what was not durable never happened."""
        self._heard: dict[str, int] = {}
        self._books: dict[str, bool] = {}
        self._marked: set[str] = set()
        self._up = self._read = False
        for rows in (self._sent, *self._refused.values(), *self._held.values()):
            rows.forget(seq)
        self._noes = {cid: at for cid, at in self._noes.items() if at < seq}
        self._stops.clear()
        self._trips = {}
        for symbol, taken in self._taken_in.items():
            self._taken_in[symbol] = [row for row in taken if row[0] < seq]
        self._hands = {key: row for key, row in self._hands.items() if row[0] < seq}
        for listed in self._listed.values():
            while listed[-1][0] >= seq > 0:
                listed.pop()

    # --- what it hears --------------------------------------------------------------------------------

    def step(self, event: ev.AnyEvent, outcome: Outcome, state: State) -> None:
        """The engine has heard ``event`` and answered with ``outcome``."""
        if event.ts > self._now:
            self._now = event.ts
        hear = self._HEAR.get(event.__class__)
        if hear is not None:
            hear(self, event, state)
        if self._trips or state.trips:
            lifted = isinstance(event, ev.Command) and event.verb == "resume"
            self._climbed(state, lifted=lifted)
        if self._before is not None:
            for note in outcome.notes:
                if note.message == "stranger.position":
                    self._opened(note.args["symbol"], Decimal(note.args["qty"]), self._before, state)
        for action in outcome.actions:
            if isinstance(action, Place):
                self._placed(action, state)
            elif isinstance(action, Amend):
                self._amended(action, state)
            elif isinstance(action, Cancel):
                self._cancelled(action, state)

    def _opened(self, symbol: str, qty: Decimal, before: Mapping[str, Decimal], state: State) -> None:
        """Something is taken in as held before the journal began: it must be what was (I02)."""
        taken = self._taken_in.setdefault(symbol, [])
        taken.append((state.seq, qty))
        total, real = sum((qty for _, qty in taken), ZERO), before.get(symbol, ZERO)
        if total != real:
            self._violate("I02", f"{total} of {symbol} are said to have been held before, truly {real}")

    def _boot(self, _event: ev.Boot, state: State) -> None:
        self._now = state.now
        self._marks = {symbol: mark for symbol, mark in self._marks.items() if symbol in state.marks}
        self.begin(state.seq)
        self._foreign = {symbol: strangers.held(state, symbol) for symbol in self._listed}

    def _market(self, event: Any, _state: State) -> None:
        self._heard[event.symbol] = event.ts

    def _bar(self, event: ev.Bar, state: State) -> None:
        self._market(event, state)
        self._mids.setdefault(event.symbol, event.close)

    def _trade(self, event: ev.Trade, state: State) -> None:
        self._market(event, state)
        self._mids.setdefault(event.symbol, event.price)

    def _book(self, event: ev.BookSnapshot, _state: State) -> None:
        self._market(event, _state)
        whole = bool(event.bids and event.asks) and event.bids[0][0] < event.asks[0][0]
        self._books[event.symbol] = whole
        if whole:
            self._mids[event.symbol] = (event.bids[0][0] + event.asks[0][0]) / 2

    def _mark(self, event: ev.Mark, _state: State) -> None:
        self._marks[event.symbol] = event.mark
        self._marked.add(event.symbol)

    def _link(self, event: ev.Link, _state: State) -> None:
        if event.channel == "private":
            self._read = self._read and self._up and event.up
            self._up = event.up

    def _account(self, event: ev.AccountReport, _state: State) -> None:
        self._read = self._up and (self._read or event.complete)

    def _listing(self, event: ev.Listing, state: State) -> None:
        self._listed.setdefault(event.instrument.symbol, []).append((state.seq, event.instrument))

    def _reject(self, event: ev.Reject, state: State) -> None:
        place = self._places.get(event.cid)
        if place is not None and self._noes.setdefault(event.cid, state.seq) == state.seq:
            key = (place.sleeve, place.role is Role.ENTRY)
            self._refused.setdefault(key, Lost()).add(state.seq, self._now)

    def _fill(self, event: ev.Fill, state: State) -> None:
        """Whose was it (I02), and what does a stranger have (I21)?"""
        symbol, sign = event.symbol, event.side.sign
        if event.kind is ev.FillKind.EXTERNAL:
            self._hands.setdefault((symbol, event.trade_id), (state.seq, sign * event.qty))
        before, after = self._foreign.get(symbol), strangers.held(state, symbol)
        self._foreign[symbol] = after
        if (
            event.kind is ev.FillKind.DELIVERY
        ):  # a stranger's part is settled with ours, before or after we know
            self._taken.add(symbol)
        if event.kind not in (ev.FillKind.ADL, ev.FillKind.LIQUIDATION):
            return
        self._taken.add(symbol)
        own = [s.id for s in state.sleeves.values() if s.symbol == symbol and state.position(s.id) * sign < 0]
        if before is not None and before != after and own:
            self._violate("I02", f"{event.qty} of {symbol} were taken from nobody, and {own[0]} has some")

    def _kept(self, event: ev.CancelReject, state: State) -> None:
        self._held.setdefault(event.cid, Lost()).add(state.seq, self._now)

    _HEAR: Mapping[type, Callable[[Told, Any, State], None]] = {
        ev.Boot: _boot,
        ev.Bar: _bar,
        ev.Trade: _trade,
        ev.BookSnapshot: _book,
        ev.Mark: _mark,
        ev.Link: _link,
        ev.AccountReport: _account,
        ev.Listing: _listing,
        ev.Reject: _reject,
        ev.CancelReject: _kept,
        ev.Fill: _fill,
    }

    # --- what it decides ------------------------------------------------------------------------------

    def _placed(self, place: Place, state: State) -> None:
        self._on_grid(place.symbol, place.cid, (place.price, place.trigger, place.take), place.qty)
        entry = place.role is Role.ENTRY
        order = state.order(place.cid)
        sleeve = state.sleeves[place.sleeve]
        release, own = sleeve.release, sleeve.strategy == MANUAL  # a person's own orders have no version
        if order is None or not (release or own) or order.version != release:
            self._violate("I05", f"{place.cid} is not stamped with its version, {release}")
        if place.role is Role.PROTECT and place.sleeve.startswith(GUARDED):
            self._tightened(place, place.trigger, state)
        if entry:
            self._alone(place)
            self._fresh(place, state)
            if self._books.get(place.symbol) is False:
                self._violate("I14", f"entry {place.cid} on a book that is crossed or empty")
            if place.symbol in self._marks and place.symbol not in self._marked:
                self._violate("I12", f"entry {place.cid} by a mark from before the start")
            self._collared(place.symbol, place.cid, place.price, place.side.sign, state)
            self._worth(place, state)
            rate = self._sent.since(self._now - 1_000)
            if rate > self._limit("max_orders_per_second", state):
                self._violate("I22", f"{place.cid} is entry number {rate + 1} within a second")
        refused = self._refused.get((place.sleeve, entry))
        if refused is not None and self._now - refused.latest < PAUSE_MS:
            self._violate(
                "I22", f"{place.cid} of {place.sleeve} {self._now - refused.latest} ms after a refusal"
            )
        self._sent.add(state.seq, self._now)
        self._places[place.cid] = place
        self.decided(place)

    def _amended(self, amend: Amend, state: State) -> None:
        self.decided(amend)
        self._on_grid(amend.symbol, amend.cid, (amend.price,), amend.qty)
        place = self._places.get(amend.cid)
        if place is not None and place.role is Role.PROTECT and place.sleeve.startswith(GUARDED):
            self._tightened(place, amend.price, state)
        if place is not None and place.role is Role.ENTRY and not self._closes(place, state):
            self._collared(amend.symbol, amend.cid, amend.price, place.side.sign, state)

    def _cancelled(self, cancel: Cancel, state: State) -> None:
        held = self._held.get(cancel.cid)
        if held is not None and self._now - held.latest < HOLD_MS and state.halt is None:
            self._violate("I22", f"{cancel.cid} cancelled again {self._now - held.latest} ms after a refusal")

    def _alone(self, place: Place) -> None:
        mine = [qty for (symbol, _), (_, qty) in self._hands.items() if symbol == place.symbol]
        mine += [qty for symbol, qty in (self._before or {}).items() if symbol == place.symbol]
        if mine and sum(mine) and place.symbol not in self._taken:
            self._violate("I21", f"entry {place.cid} where a stranger holds {sum(mine)}")

    def _tightened(self, place: Place, level: Decimal | None, state: State) -> None:
        """The same trade's stop again (I08): where the venue refused it, it may stand further away."""
        sleeve = state.sleeves[place.sleeve]
        opened = sleeve.trade.opened if sleeve.trade is not None else 0
        before = self._stops.get(place.sleeve)
        if level is None or sleeve.unprotected:
            self._stops.pop(place.sleeve, None)
            return
        tick = self._listed[place.symbol][-1][1].tick
        same = before is not None and before[:2] == (opened, place.side.sign)
        if before is not None and same and (level - before[2]) * -place.side.sign < -5 * tick:
            self._violate("I08", f"the stop of {place.sleeve} went from {before[2]} back to {level}")
        self._stops[place.sleeve] = opened, place.side.sign, level

    def _climbed(self, state: State, *, lifted: bool) -> None:
        """Breakers only climb within an episode, which a person may end (I27)."""
        for key, trip in self._trips.items():
            now = state.trips.get(key)
            if lifted:
                break
            if now is not None and now.since == trip.since and now.step < trip.step:
                self._violate("I27", f"{key} fell from {trip.step.name} to {now.step.name}")
            if (now is None or now.since != trip.since) and self._now < trip.until:
                self._violate("I27", f"{key} was over {trip.until - self._now} ms before its time")
        self._trips = dict(state.trips)

    def _fresh(self, place: Place, state: State) -> None:
        symbol = place.symbol
        if symbol not in self._heard:
            self._violate("I12", f"entry {place.cid}, and no market data since the start")
            return
        age = self._now - self._heard[symbol]
        bound = self._limit("stale_ms", state) + state.sleeves[place.sleeve].tf
        if age > bound:
            self._violate("I12", f"entry {place.cid} on data {age} ms old, allowed are {bound}")
        if not self._up:
            self._violate("I12", f"entry {place.cid} while nothing is heard of our own fills")
        elif not self._read:
            self._violate("I12", f"entry {place.cid} before the account was read")

    def _closes(self, place: Place, state: State) -> bool:
        """Would an entry's order by now only close? Post-only, at a price too good it is not taken."""
        return state.position(place.sleeve) * place.side.sign < 0

    def _limit(self, name: str, state: State) -> float:
        """A limit in force: what the settings say, or less where a person has said so and everybody sees it.

        That it outlives a restart is held by ``rest.twice``.
        """
        return min(getattr(self._risk, name), state.tighter.get(name, inf))

    def _worth(self, place: Place, state: State) -> None:
        """What would be held once this entry is done, whatever else rests beside it (I04)."""
        one, price = self._listed[place.symbol][-1][1], state.price(place.symbol)
        after = abs(state.position(place.sleeve) + place.side.sign * place.qty)
        most = self._limit("max_notional", state)
        if float(after * one.contract_value) * price > most * (1 + 1e-9):
            self._violate("I04", f"entry {place.cid} leads to {after} at {price}, {most:g} is allowed")

    def _collared(self, symbol: str, cid: str, price: Decimal | None, sign: int, state: State) -> None:
        mark = self._marks.get(symbol) or self._mids.get(symbol)
        if mark is None or not mark > 0:
            self._violate("I14", f"entry {cid} without a reference price")
        elif (
            price is not None and not (float(price) - mark) * sign <= self._limit("price_band", state) * mark
        ):
            self._violate("I14", f"entry {cid} at {price}, the mark is {mark}")

    def _on_grid(self, symbol: str, cid: str, prices: tuple[Decimal | None, ...], qty: Decimal) -> None:
        one = self._listed[symbol][-1][1]
        if one.state is InstrumentState.EXPIRED:
            self._violate("I29", f"{cid} on {symbol}, which has ended")
        off = [p for p in prices if p is not None and (not p.is_finite() or p <= 0 or p % one.tick)]
        if off:
            self._violate("I18", f"{cid} at {off[0]}, the tick is {one.tick}")
        if not qty.is_finite() or qty <= 0 or qty % one.lot:
            self._violate("I18", f"{cid} for {qty}, the lot is {one.lot}")
