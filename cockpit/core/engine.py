"""``step(event) -> Outcome``: the whole machine. Read this page first.

    1 state.apply      what we know            lifecycle, reckoning, halting, book, ledger
    2 strategy hook    what we want            strategies/*        → Want → Intent
    3 stops, gate      what is allowed         risk/stops, rules   → Approved
    4 reconcile        what to do about it     core/reconcile      → Place, Amend, Cancel

No clock, no randomness, no I/O, no await: the same events give the same Outcomes, bit for bit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from math import nan
from typing import Any

from cockpit.core import breaking, guarding, halting, leftovers, lifecycle, outside, reckoning, returns, watch
from cockpit.core import events as ev
from cockpit.core.blame import blame
from cockpit.core.breakers import Breaker
from cockpit.core.deciding import decide
from cockpit.core.drafting import record
from cockpit.core.gate import Rule, Ruling
from cockpit.core.intents import OUTCOME_ENCODER, Outcome
from cockpit.core.release import acting, watching
from cockpit.core.release.twin import FAR, Foundry, Twin
from cockpit.core.sized import resize, transferred, with_size
from cockpit.core.sizing import Sizer
from cockpit.core.slots import Market, Slot, join
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Guard, Layer, Spec
from cockpit.core.turn import NOTHING, Turn

Handler = Callable[[Any], Outcome]


class Engine:
    """The kernel. ``state`` is everything it knows; ``deadline`` is when it wants to be woken (0 = never)."""

    def __init__(self, state: State, rules: Sequence[Rule] = ()) -> None:
        self.state = state
        self.rules = tuple(rules)
        self.markets = {listed.symbol: Market(listed) for listed in state.instruments.values()}
        self.slots: dict[str, Slot] = {}
        self.watchers: list[Layer] = []  # stops of the whole account
        self.breakers: list[Breaker] = []
        self.usual: list[Spec] = []  # stop layers that every sleeve gets, one begun by hand too
        self.ruling: Ruling | None = None  # the settings' own limits, whatever a person has tightened
        self.rehearsal = False  # a copy on which a plan is tried: nothing of it is ever sent
        self.twins: dict[str, Twin] = {}  # shadows of versions on their way, by the version's id
        self.foundry: Foundry | None = None
        self.released = False  # has any version to be watched after each step?
        self.deadline = 0
        account: dict[type, Callable[[State, Any, Turn], None]] = {
            ev.Ack: lifecycle.on_ack,
            ev.Sent: lifecycle.on_sent,
            ev.Reject: lifecycle.on_reject,
            ev.Fill: lifecycle.on_fill,
            ev.Cancelled: lifecycle.on_cancelled,
            ev.CancelReject: lifecycle.on_cancel_reject,
            ev.Amended: lifecycle.on_amended,
            ev.AmendReject: lifecycle.on_amend_reject,
            ev.Triggered: lifecycle.on_triggered,
            ev.Unknown: lifecycle.on_unknown,
            ev.OrderReport: lifecycle.on_report,
            ev.Transfer: partial(transferred, self.slots),
            ev.AccountReport: self._account_read,
            ev.Boot: partial(outside.on_boot, self.markets),
            ev.Command: partial(acting.commanded, self),
            ev.Link: outside.on_link,
            ev.Listing: partial(outside.on_listing, self.markets),
            ev.Timer: partial(outside.on_timer, self),
            **outside.NEWS,
        }
        self._handlers: dict[type, Handler] = {
            ev.Bar: self._bar,
            ev.BookDelta: self._book_delta,
            ev.BookSnapshot: self._book_snapshot,
            ev.Trade: self._trade,
            ev.Touch: self._touch,
            ev.Mark: self._mark,
            ev.FundingRate: self._rate,
            ev.OpenInterest: partial(outside.on_interest, self.markets),
        }
        for kind, handler in account.items():
            self._handlers[kind] = self._with_turn(handler)

    # --- setting up -------------------------------------------------------------------------------

    def add_sleeve(self, sleeve: Sleeve, strategy: Any) -> Slot:
        """Put a strategy on its instrument (which must be known)."""
        return self.add_group((sleeve,), strategy)[0]

    def add_group(self, sleeves: Sequence[Sleeve], strategy: Any) -> list[Slot]:
        """Put a strategy on its instruments (which must be known): one sleeve each, the first leads."""
        slots = []
        for sleeve in sleeves:
            known = self.state.sleeves.setdefault(sleeve.id, sleeve)
            market = self.markets[sleeve.symbol]
            slot = Slot(known, strategy, market.instrument, market.book, self.state)
            self.slots[sleeve.id] = slot
            market.attach(slot)
            slot.refresh(self.state)
            slots.append(slot)
        if len(slots) > 1:
            join(slots)
        lead = slots[0]
        if lead.timer_ms and not lead.sleeve.timer_at:
            lead.sleeve.timer_at = self.state.now + lead.timer_ms
        self._plan()
        return slots

    def guard(self, slot: Slot, guard: Guard | None, sizer: Sizer | None = None) -> None:
        """Give a sleeve its stop layers and its sizing."""
        slot.guard, slot.sizer = guard, sizer
        market = self.markets[slot.sleeve.symbol]
        market.guarded = [s for s in market.slots if s.guard is not None or s.sizer is not None]

    @property
    def digest(self) -> str:
        """sha256 over every recorded Outcome so far: equal runs have equal digests."""
        return self.state.digest.hex()

    # --- the step ---------------------------------------------------------------------------------

    def step(self, event: ev.Event) -> Outcome:
        """Learn one fact; answer with everything that follows from it."""
        state = self.state
        state.seq += 1
        if event.ts > state.now:
            state.now = event.ts
        outcome = self._handlers[event.__class__](event)
        if self.released:
            outcome = watching.after(self, event, outcome)
            self._wake()
        if outcome is not NOTHING:
            state.digest = hashlib.sha256(state.digest + OUTCOME_ENCODER.encode(outcome)).digest()
        return outcome

    def settle(self, turn: Turn) -> None:
        """Decide again for everyone whose situation was changed within this turn."""
        for name in tuple(turn.touched):
            if name in self.slots:
                self._decide(self.slots[name], turn)

    def _with_turn(self, handler: Callable[[State, Any, Turn], None]) -> Handler:
        def run(event: ev.Event) -> Outcome:
            turn = Turn()
            self.state.last_fact_ts = event.ts
            handler(self.state, event, turn)
            if self.breakers:
                breaking.step(self.state, self.breakers, self.markets, event, turn)
            for sleeve in leftovers.gathered(self.state, self.slots, turn):
                slot = self.slots.get(sleeve)
                if slot is None:
                    continue
                slot.refresh(self.state)
                slot.hear(self.state.now)
                if slot.on_fill is not None and event.__class__ is ev.Fill:
                    self.call(slot, slot.on_fill, turn, event, event)
                self._decide(slot, turn)
            halting.progress(self.state, turn)
            if self.watchers and isinstance(event, ev.Fill | ev.FundingPaid):  # worth changes, not price
                watch.moved(self.state)
            return self._finish(turn, event)

        return run

    def _finish(self, turn: Turn, event: ev.Event) -> Outcome:
        for action in turn.actions:
            record(self.state, action)
        self._plan()
        if turn.empty:
            return NOTHING
        return turn.outcome(self.state.seq, self.state.now, str(event.__struct_config__.tag))

    # --- market data ------------------------------------------------------------------------------

    def _bar(self, bar: ev.Bar) -> Outcome:
        market = self.markets.get(bar.symbol)
        if market is None:
            return NOTHING
        state = self.state
        state.last[bar.symbol] = bar.close
        market.heard = bar.ts
        turn = None
        if state.history_bars:
            returns.learn(state.history, state.history_bars, bar)
        if market.guarded:
            turn = guarding.on_bar(state, market.guarded, bar, turn)
        for slot in market.bars:
            if slot.only != bar.tf:
                turn = self._bars_of(slot, bar, turn)
                continue
            view = slot.view
            view.now = bar.ts
            view.last = bar.close
            want = slot.want
            try:
                slot.on_bar(bar, view, want)  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001 - the one fence around plug-ins: bench it, fly on
                turn = turn or Turn()
                self._bench(slot, error, turn, bar)
            if want.dirty:
                turn = self._written(slot, turn)
        if self.watchers or self.breakers:
            self._look()
        if market.guarded:
            turn = self._guarded(market, bar, turn)
        return NOTHING if turn is None else self._finish(turn, bar)

    def _guarded(self, market: Market, bar: ev.Bar, turn: Turn | None) -> Turn | None:
        """Decide again for those whose stop layers learned about an open position, or who are resized."""
        turn = resize(self.state, market.guarded, bar, turn)
        moved = [s.sleeve.id for s in market.guarded if s.guard and s.guard.moved and s.sleeve.trade]
        if turn is None and not moved:
            return None
        turn = turn or Turn()
        for name in dict.fromkeys((*moved, *turn.touched)):
            if name in self.slots:
                self._decide(self.slots[name], turn)
        return turn

    def _look(self) -> None:
        """Prices moved: let the stops of the account and the breakers look, at most once a second."""
        due = outside.look_due(self.state, self.watchers, self.breakers)
        if due:
            self.deadline = min(self.deadline or due, due)

    def _bars_of(self, slot: Slot, bar: ev.Bar, turn: Turn | None) -> Turn | None:
        """A bar for a strategy with several legs or timeframes: the longer bars it closes come first."""
        if slot.tf and slot.tf != bar.tf:
            return turn
        slot.hear(bar.ts)
        slot.view.last = bar.close
        lead, heard = slot.lead, bar
        try:
            for resampler in slot.longer:
                for heard in resampler.update(bar):
                    slot.on_bar(heard, lead.view, lead.want)  # type: ignore[misc]
            heard = bar
            slot.on_bar(bar, lead.view, lead.want)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 - the one fence around plug-ins: bench it, fly on
            turn = turn or Turn()
            self._bench(slot, error, turn, heard)
        return self._written(slot, turn)

    def _written(self, slot: Slot, turn: Turn | None) -> Turn | None:
        """Take up what was written, on whichever leg, within the same step."""
        written = [leg for leg in slot.legs if leg.want.dirty]
        turn = turn or (Turn() if written else None)
        if turn is not None:
            for leg in [leg for leg in written if leg.want.dirty and self._wish(leg, turn)]:
                self._decide(leg, turn)
        return turn

    def _book_delta(self, event: ev.BookDelta) -> Outcome:
        market = self.markets.get(event.symbol)
        if market is None:
            return NOTHING
        whole = market.book.apply_delta(event.bids, event.asks, event.seq, event.prev_seq, event.ts)
        if not whole:
            self.state.faults["gap"] = self.state.faults.get("gap", 0) + 1
        return self._book_moved(market, event)

    def _book_snapshot(self, event: ev.BookSnapshot) -> Outcome:
        market = self.markets.get(event.symbol)
        if market is None:
            return NOTHING
        market.book.apply_snapshot(event.bids, event.asks, event.seq, event.ts)
        return self._book_moved(market, event)

    def _touch(self, event: ev.Touch) -> Outcome:
        market = self.markets.get(event.symbol)
        if market is None:
            return NOTHING
        market.book.set_touch(event.bid, event.bid_qty, event.ask, event.ask_qty, event.ts)
        return self._book_moved(market, event)

    def _book_moved(self, market: Market, event: ev.BookDelta | ev.BookSnapshot | ev.Touch) -> Outcome:
        book = market.book
        market.heard = event.ts
        if book.ok:
            self.state.last[event.symbol] = (book.best_bid + book.best_ask) / 2
        if self.watchers or self.breakers:
            self._look()
        turn = None
        for slot in market.books:
            view = slot.view
            view.now = view.touch_ts = event.ts
            turn = self._hear(slot, slot.on_book, turn, event)
        return NOTHING if turn is None else self._finish(turn, event)

    def _hear(self, slot: Slot, hook: Any, turn: Turn | None, event: Any, fact: Any = None) -> Turn | None:
        """Run a market hook; make a Turn only if something came of it."""
        if not slot.plain:
            slot.hear(slot.view.now)
        lead = slot.lead
        try:
            hook(lead.view, lead.want) if fact is None else hook(fact, lead.view, lead.want)
        except Exception as error:  # noqa: BLE001 - the one fence around plug-ins: bench it, fly on
            turn = turn or Turn()
            self._bench(slot, error, turn, event)
        if slot.plain and not slot.want.dirty:
            return turn
        return self._written(slot, turn)

    def _trade(self, event: ev.Trade) -> Outcome:
        market = self.markets.get(event.symbol)
        if market is None:
            return NOTHING
        market.heard = event.ts
        if not market.book.ok:
            self.state.last[event.symbol] = event.price
        turn = None
        for slot in market.trades:
            slot.view.now = event.ts
            slot.view.last = event.price
            turn = self._hear(slot, slot.on_trade, turn, event, event)
        return NOTHING if turn is None else self._finish(turn, event)

    def _mark(self, event: ev.Mark) -> Outcome:
        self.state.marks[event.symbol] = event.mark
        self.state.marked[event.symbol] = event.ts
        market = self.markets.get(event.symbol)
        for slot in market.slots if market is not None else ():
            slot.view.mark = event.mark
            slot.view.index = event.index or nan
        if self.watchers or self.breakers:
            self._look()
        return NOTHING

    def _rate(self, event: ev.FundingRate) -> Outcome:
        self.state.rates[event.symbol] = event.rate
        market = self.markets.get(event.symbol)
        turn = None
        for slot in market.slots if market is not None else ():
            slot.view.funding_rate = event.rate
            slot.view.now = event.ts
            if slot.on_funding is not None:
                turn = self._hear(slot, slot.on_funding, turn, event, event)
        return NOTHING if turn is None else self._finish(turn, event)

    # --- the world and people ---------------------------------------------------------------------

    def _account_read(self, state: State, event: ev.AccountReport, turn: Turn) -> None:
        reckoning.on_account(state, event, turn)
        halting.on_account(state, event, turn)

    # --- wish → actions ---------------------------------------------------------------------------

    def call(self, slot: Slot, hook: Any, turn: Turn, event: ev.Event, *extra: Any) -> None:
        """Run a hook inside an open turn; its wish is taken up there."""
        try:
            hook(*extra, slot.lead.view, slot.lead.want)
        except Exception as error:  # noqa: BLE001 - the one fence around plug-ins: bench it, fly on
            self._bench(slot, error, turn, event)
        self._written(slot, turn)

    def _bench(self, slot: Slot, error: Exception, turn: Turn, event: ev.Event | None) -> None:
        """A plug-in broke: take it off, keep its position protected, tell the user, fly on."""
        sleeve = slot.sleeve
        reason = blame(error, slot.strategy, event)
        if self.state.bench(sleeve, reason):
            turn.note("alarm", "sleeve.benched", sleeve.id, sleeve=sleeve.id, reason=reason)
        for leg in slot.legs:
            leg.want.dirty = False
            self._decide(leg, turn)

    def _wish(self, slot: Slot, turn: Turn) -> bool:
        """The strategy wrote something new: size it. False when it is no number, and benches."""
        slot.want.dirty = False
        sleeve = slot.sleeve
        try:
            intent = with_size(self.state, slot, slot.intent(self.state), turn)
        except (ArithmeticError, ValueError) as error:  # a wish that is no number (I14)
            self._bench(slot, error, turn, None)
            return False
        sleeve.intent = intent
        sleeve.tag = intent.tag
        turn.intents.append(intent)
        return True

    def _decide(self, slot: Slot, turn: Turn) -> None:
        """Stop layers, gate and reconcile, on the wish in force."""
        decide(self.state, slot, self.markets[slot.sleeve.symbol], self.rules, turn)

    def _plan(self) -> None:
        """Find the earliest instant at which something is due."""
        self.deadline = outside.next_due(self.state, self.slots.values())
        self._wake()

    def _wake(self) -> None:
        """Twins keep no clock of their own."""
        soonest = min([twin.wake for twin in self.twins.values()], default=FAR) if self.twins else FAR
        if soonest < FAR and (not self.deadline or soonest < self.deadline):
            self.deadline = max(self.state.now, soonest)
