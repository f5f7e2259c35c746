"""The judge. It reads the venue's truth and the journal, never the cockpit's opinion except to compare it.

Names are those of the reliability report. Order is by sequence (``History`` numbers, journal ``seq``), never
by clock: many things share one virtual instant. Checked as it runs:

    I03  after a halt was asked for no entry leaves the process and none is changed, until a human resumes;
         once it was acknowledged, not after a crash either
    I04  at the venue, per sleeve and side: position + resting entries <= what the strategy may ever want;
         what the venue itself added by taking is excused, for entries decided before it was heard
    I05  an order leaves only after its Place is committed, unchanged
    I06  one Place causes at most one request and at most one venue order
    I07  what was acknowledged is in the journal after any crash
    I08  what only stop layers protect is covered by stops at the venue, but for NAKED_S of running time; for
         RELIED_S where a sleeve is alone on the market and the venue has said that it does not know its stop;
         what a kill receipt says of its stops was true when the account was read
    I12  what was decided on fresh news leaves while it is fresh
    I20  an entry's deadline is set by a clock within CLOCK_S of the venue's
    I17  an exit (a quote, too) or a stop never turns the book of its sleeve round, and never makes it larger;
         a quote that counts as an entry, and whose trade was not yet heard when a stop was decided, counts as
         if it had traded after the stop

and at quiescence (faults over, strategies silent):

    I01  booked fills = venue fills, each once; funding likewise
    I02  position = sum of journalled fills = venue position; balances equal to the last decimal
    I09  nothing is pending or unknown, entries are allowed, in bounded time
    I10  open orders = the venue's open orders
    I13  replay(journal) = the state in memory; two more starts change nothing; the legs of a group are one
         strategy object, on and off together
    I29  no sleeve has anything of a market that has ended (nor sends it an order: ``told``, at each decision)

I28 (same seed, same digest) is checked by the callers, who run a seed twice.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from cockpit.adapters.store.journal_read import read_fills, read_outcomes
from cockpit.core.engine import Engine
from cockpit.core.events import Amended, AnyEvent, Cancelled, Command, Fill, FillKind, decode
from cockpit.core.intents import Action, Amend, Cancel, Place, Query, ReadAccount
from cockpit.core.ledger.position import value
from cockpit.core.orders import OrderKind, OrderState, Role
from cockpit.core.receipt import Receipt
from cockpit.core.state import State
from cockpit.core.types import ZERO, Instrument, InstrumentState
from tests.simulation.exchange import HAND
from tests.simulation.history import History, Violation, brief
from tests.simulation.market import LINEAR, SPOT
from tests.simulation.probe import BROKEN, PROTECTED
from tests.simulation.reliance import Reliance
from tests.simulation.truth import Truth
from tests.simulation.unasked import TAKEN, Unasked

GUARDED = tuple(PROTECTED)
NAKED_S = 60.0
"""How long a change may leave a position uncovered while fills are lost and lines are cut: until the books
are read back for the second time (every 30 s). Without faults it is one round trip."""
CENT_OF_A_CENT = Decimal("1e-9")
"""What the rounding of an average price may explain; a lost or doubled fee is millions of times larger."""
SIZES = {i.symbol: (i.min_qty, i.lot) for i in (LINEAR, SPOT)}
"""Least order and lot of each market, as worlds begin. Fees are taken in coin: what is below the venue's
minimum, or less than a lot, nobody can protect."""
NO_COINS = "51008"
CLOCK_S = 0.25
PROOF_S = 5.5
"""How old the answer may be that proves a halt."""
LEAVES_S = 5.0
"""How long an entry may be on its way from the decision to the wire."""
UNSETTLED = frozenset((OrderState.PENDING, OrderState.SENT, OrderState.UNKNOWN))


class Journal:
    """The committed rows, read through the writer's own connection (it holds the file alone)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._places: dict[str, Place] = {}
        self._decided: dict[str, int] = {}
        self._read = 0
        self._fills: list[tuple[int, tuple[str, str]]] = []
        """Trades that were read: (journal seq, (symbol, trade id))."""
        self.given: dict[tuple[int, int], tuple[str, str, str, Decimal]] = {}
        """What a sleeve was given to close: (seq, nth note) → market, giver, receiver, signed quantity."""

    def place(self, cid: str) -> Place | None:
        """The committed decision behind a client id."""
        if cid not in self._places:
            for outcome in read_outcomes(self._connection, self._read):
                self._read = outcome.seq
                places = [a for a in outcome.actions if isinstance(a, Place)]
                self._places.update((a.cid, a) for a in places)
                self._decided.update((a.cid, outcome.seq) for a in places)
                for nth, note in enumerate(outcome.notes):
                    if note.message == "leftover.given":
                        said = note.args
                        row = said["symbol"], said["giver"], said["sleeve"], Decimal(said["qty"])
                        self.given[outcome.seq, nth] = row
        return self._places.get(cid)

    @property
    def writing(self) -> bool:
        return self._connection.in_transaction

    def fills(self, before: str = "") -> list[tuple[str, str]]:
        """(symbol, trade id) of every journalled trade; those known when the order ``before`` was decided."""
        last = self._decided[before] if before else math.inf
        known = self._fills
        after = known[-1][0] if known else 0
        new = [(seq, (fill.symbol, fill.trade_id)) for seq, fill in read_fills(self._connection, after)]
        if not self.writing:  # what may yet be rolled back is read again
            known.extend(new)
            new = []
        return [key for seq, key in (*known, *new) if seq <= last]

    def positions(self) -> dict[str, Decimal]:
        """Sum of signed journalled fills by symbol."""
        total: dict[str, Decimal] = {}
        for _, fill in read_fills(self._connection):
            total[fill.symbol] = total.get(fill.symbol, ZERO) + fill.side.sign * fill.qty
        return {symbol: qty for symbol, qty in total.items() if qty}

    def commands(self) -> set[str]:
        """Ids of every journalled command."""
        rows = self._connection.execute("SELECT body FROM facts WHERE kind = 'command'")
        return {command.command_id for (body,) in rows if isinstance(command := decode(body), Command)}


class Checker:
    """Sees each thing at the instant it happens and raises ``Violation`` through ``fail``."""

    def __init__(
        self,
        history: History,
        truth: Truth,
        limits: dict[str, Decimal],
        fail: Callable[[Violation], None],
    ) -> None:
        self.history = history
        self.truth = truth
        self.limits = limits
        """By strategy: largest position plus resting entries a sleeve may ever have on one side."""
        self._fail = fail
        self._listed = dict(SIZES)
        self.journal: Journal | None = None
        self.sent: Counter[str] = Counter()
        self.arrivals: Counter[str] = Counter()
        self.places: dict[str, Place] = {}
        """What left the process, as it left."""
        self.halted_at = 0
        """History number of the halt that somebody asked for; 0 = not halted."""
        self._promised = False
        """It was acknowledged: from then on it outlives a crash."""
        self.decided: dict[str, float] = {}
        """When each order was decided (virtual seconds)."""
        self.acknowledged: dict[str, str] = {}
        """Commands that somebody was told are taken: id -> verb."""
        self.changes = 0
        """Requests that want something changed (not questions)."""
        self._exposure: dict[str, Decimal] = {}
        self._fills_seen = 0
        self._shown: dict[tuple[str, int], dict[tuple[str, str], Decimal]] = {}
        """By sleeve and side: trades of quotes that count as entries."""
        self._heard: dict[str, set[tuple[str, str]]] = {}
        """By stop: the trades that the process knew of when it was decided."""
        self._markets: dict[str, str] = {}
        """Market of each sleeve that has sent an order."""
        self.taken: set[str] = set()
        """Markets where the venue took (a part of) a position away. Whose part it was, the engine divides in
        the order in which it hears; there the account is judged as a whole, and sleeves again when quiet."""
        self._hands: dict[str, Decimal] = {}
        """What was traded by hand so far, by market: all quantities, whatever their side."""
        self._naked: dict[str, float] = {}
        """Since when a guarded position has not been covered."""
        self._reliance = Reliance()
        self._given: set[tuple[int, int]] = set()
        self._ended: set[str] = set()
        """Markets that are gone for good."""
        self._unasked = Unasked()

    def violate(self, invariant: str, what: str) -> None:
        self.history.add("checker", f"VIOLATION {invariant}: {what}")
        self._fail(Violation(invariant, what))

    # --- as it runs -----------------------------------------------------------------------------------

    def submitted(self, action: Action) -> None:
        """A request leaves the process (I03, I05, I06)."""
        number = self.history.add("wire", brief(action))
        self.changes += not isinstance(action, Query | ReadAccount)
        if isinstance(action, Amend) and self.halted_at and self.role(action.cid) is Role.ENTRY:
            self.violate("I03", f"entry {action.cid} was changed after the halt")
        if isinstance(action, Cancel):
            self._unasked.left(action)
            if (mine := self.places.get(action.cid)) is not None:
                self._reliance.acts(mine.sleeve, self.history.now)
        if not isinstance(action, Place):
            return
        committed = self.journal.place(action.cid) if self.journal and not self.journal.writing else None
        self._hand_over()
        if committed is None:
            self.violate("I05", f"{action.cid} left the process and its decision is not committed")
        elif committed != action:
            self.violate("I05", f"{action.cid} left as {brief(action)}, committed as {brief(committed)}")
        self.sent[action.cid] += 1
        self.places[action.cid] = action
        if action.role is Role.PROTECT and (action.sleeve, action.side.sign) in self._shown and self.journal:
            self._heard[action.cid] = set(self.journal.fills(before=action.cid))
        self._markets[action.sleeve] = action.symbol
        if self.sent[action.cid] > 1:
            self.violate("I06", f"{action.cid} was sent {self.sent[action.cid]} times")
        if action.role is not Role.ENTRY:
            return
        if self.halted_at and number > self.halted_at:
            self.violate("I03", f"entry {action.cid} left after the halt was asked for")
        waited = self.history.now - self.decided.get(action.cid, self.history.now)
        if waited > LEAVES_S:
            self.violate("I12", f"entry {action.cid} left {waited:.1f} s after it was decided")

    def _hand_over(self) -> None:
        """What is too little for an order of its own is closed by another sleeve (I17): only that."""
        for key, (symbol, giver, receiver, qty) in self.journal.given.items() if self.journal else ():
            if key in self._given:
                continue
            self._given.add(key)
            held = self._exposure.get(giver, ZERO)
            least = self._listed[symbol][1]
            if symbol not in self.taken and (held != qty or (symbol == LINEAR.symbol and abs(qty) >= least)):
                self.violate("I17", f"{giver} holds {held} and gave {qty} away; an order needs {least}")
            self._exposure[giver] = held - qty
            self._exposure[receiver] = self._exposure.get(receiver, ZERO) + qty

    def drafted(self, action: Place | Amend) -> None:
        """The engine has just decided it."""
        self._unasked.drafted(action)
        if isinstance(action, Place):
            self.decided[action.cid] = self.history.now
            if action.role is not Role.ENTRY:
                self._reliance.acts(action.sleeve, self.history.now)

    def heard(self, fill: Fill) -> None:
        """The process is about to learn of a trade."""
        self._unasked.heard(fill)

    def unseen(self, cid: str) -> None:
        """The process hears that the venue does not know an order: a stop of these protects nothing (I08)."""
        place = self.places.get(cid)
        if place is None and self.journal is not None and not self.journal.writing:
            place = self.journal.place(cid)  # it died with its process before it left
        if place is not None and place.role is Role.PROTECT and place.reduce_only:
            self._reliance.unseen(place.sleeve, self.history.now)

    def relied(self, *, reachable: bool) -> None:
        """The process has made a step: does it go on relying on a stop that the venue does not know (I08)?"""
        if not self._reliance:
            return
        self._guarded()
        held = {row.symbol: row.qty for row in self.truth.positions()}
        alone = {
            sleeve: since
            for sleeve, since in self._naked.items()
            if held.get(self._markets.get(sleeve, "")) == self._exposure[sleeve]  # no hand, and nothing taken
        }
        for sleeve in self._reliance.kept(alone, self.history.now, reachable=reachable):
            self.violate("I08", f"{sleeve} relies on a stop that the venue does not know")

    def clocked(self, place: Place, error_s: float) -> None:
        """By which clock its deadline is set (I20)."""
        if place.role is Role.ENTRY and abs(error_s) > CLOCK_S:
            self.violate("I20", f"entry {place.cid} by a clock {error_s:+.3f} s from the venue's")

    def arrived(self, action: Action) -> None:
        """The venue is about to act on a request (I06)."""
        if isinstance(action, Amend):
            self._unasked.arrived(action)
        if isinstance(action, Place):
            self.arrivals[action.cid] += 1
            if self.arrivals[action.cid] > 1:
                self.violate("I06", f"{action.cid} reached the venue {self.arrivals[action.cid]} times")

    def read(self, request_id: str, at: int) -> None:
        """The venue answers a read-back: what a receipt says of it is judged by this instant."""
        self._unasked.read[request_id] = at, self.history.now

    def told(self, report: AnyEvent) -> None:
        """The venue says something: a stop that went off must have had something to sell (I08)."""
        if isinstance(report, Cancelled | Amended):
            self._unasked.told(report, self.places.get(report.cid))
        failed = isinstance(report, Cancelled) and report.reason == NO_COINS
        if failed and self.role(report.cid) is Role.PROTECT:
            self.violate("I08", f"stop {report.cid} went off, and its coins were promised to another order")

    def venue_moved(self) -> None:
        """The venue's books changed (I04). Fills and orders are told apart by the Place behind their id."""
        fills = self.truth.fills
        for fill in fills[self._fills_seen :]:
            place = self.places.get(fill.cid)
            if fill.kind in TAKEN:
                self.taken.add(fill.symbol)
                self._unasked.took(fill)
            elif fill.kind is FillKind.EXTERNAL:
                self._hands[fill.symbol] = self._hands.get(fill.symbol, ZERO) + fill.qty
            if place is not None:
                before = self._exposure.get(place.sleeve, ZERO)
                coin = fill.fee if fill.fee_ccy != "USDT" else ZERO
                after = before + fill.side.sign * fill.qty - coin
                self._exposure[place.sleeve] = after
                if place.role is not Role.ENTRY:
                    self._closes(place, before, after)
                elif place.kind is OrderKind.POST_ONLY:
                    trades = self._shown.setdefault((place.sleeve, place.side.sign), {})
                    trades[fill.symbol, fill.trade_id] = fill.qty
        self._fills_seen = len(fills)
        resting: dict[tuple[str, int], Decimal] = {}
        entries: dict[tuple[str, int], list[str]] = {}
        for order in self.truth.open_orders():
            place = self.places.get(order.cid)
            if order.cid.startswith(HAND):
                continue
            if place is None:
                self.violate("I05", f"the venue holds {order.cid}, which never left the process")
            elif place.role is Role.ENTRY:
                key = (place.sleeve, order.side.sign)
                resting[key] = resting.get(key, ZERO) + order.qty - order.filled
                entries.setdefault((order.symbol, order.side.sign), []).append(order.cid)
        for symbol in sorted(self.taken):
            self._as_a_whole(symbol, resting, entries)
        for sleeve in sorted({*self._exposure, *(name for name, _ in resting)}):
            if self._markets[sleeve] in self.taken:
                continue
            limit = self.limits.get(sleeve.partition("@")[0])
            if limit is None:
                continue
            for sign in (1, -1):
                position = max(ZERO, self._exposure.get(sleeve, ZERO) * sign)
                worst = position + resting.get((sleeve, sign), ZERO)
                if worst > limit:
                    self.violate("I04", f"{sleeve} could reach {worst} on side {sign:+d}, limit {limit}")
        self._guarded()

    def _as_a_whole(
        self,
        symbol: str,
        resting: dict[tuple[str, int], Decimal],
        entries: dict[tuple[str, int], list[str]],
    ) -> None:
        """I04 for a market whose sleeves cannot be told apart for a while: never more than all may want."""
        sleeves = {name for name, where in self._markets.items() if where == symbol}
        known = [self.limits.get(name.partition("@")[0]) for name in sleeves]
        if None in known:
            return
        limit = sum((x for x in known if x is not None), ZERO) + self._hands.get(symbol, ZERO)
        limit += abs(self.truth.before.get(symbol, ZERO))
        held = sum((p.qty for p in self.truth.positions() if p.symbol == symbol), ZERO)
        for sign in (1, -1):
            waiting = sum((resting.get((name, sign), ZERO) for name in sleeves), ZERO)
            worst = max(ZERO, held * sign) + waiting
            if worst > limit + self._unasked.excess(symbol, sign, entries.get((symbol, sign), [])):
                self.violate("I04", f"{symbol} could reach {held} and {waiting}, all limits are {limit}")

    def _closes(self, place: Place, before: Decimal, after: Decimal) -> None:
        """I17. Quotes that were judged as entries, and of whose trades the process could not know when the
        stop was decided, count as if they had come after it. What both together may reach is I04's."""
        if place.symbol in self.taken:
            return
        if place.role is Role.PROTECT:
            trades = self._shown.get((place.sleeve, place.side.sign), {})
            heard = self._heard.get(place.cid, set())
            unheard = sum((qty for key, qty in trades.items() if key not in heard), ZERO)
            before, after = before - place.side.sign * unheard, after - place.side.sign * unheard
        over = abs(after) if before * after < 0 else abs(after) - abs(before)
        if over > 0 and not (place.reduce_only and over <= self._by_hand(place)):
            self.violate("I17", f"{place.role} {place.cid} of {place.sleeve} made {after} of {before}")

    def _by_hand(self, place: Place) -> Decimal:
        """What people hold against an order and the process had not heard of when it decided it: the venue
        measures reduce-only on the account's position, so their part lets more of it through.
        """
        known = set(self.journal.fills(before=place.cid)) if self.journal else set()
        return sum(
            (
                fill.qty
                for fill in self.truth.fills
                if fill.kind is FillKind.EXTERNAL
                and (fill.symbol, fill.side.sign) == (place.symbol, -place.side.sign)
                and (fill.symbol, fill.trade_id) not in known
            ),
            ZERO,
        )

    def uncovered(self) -> dict[str, Decimal]:
        """What guarded sleeves hold beyond the stops that rest at the venue for it (I08)."""
        found: dict[str, Decimal] = {}
        for sleeve, qty in self._exposure.items():
            judged = sleeve.startswith(GUARDED) and self._markets[sleeve] not in self.taken
            if judged and abs(qty) >= self._sizes(sleeve)[0]:
                found[sleeve] = abs(qty)
        for order in self.truth.open_orders():
            place = self.places.get(order.cid)
            if place is None or place.role is not Role.PROTECT or place.sleeve not in found:
                continue
            if self._exposure[place.sleeve] * order.side.sign < 0:
                found[place.sleeve] -= order.qty - order.filled
        return {s: left for s, left in found.items() if left >= self._sizes(s)[1] and left}

    def listed(self, instrument: Instrument) -> None:
        """The venue has changed a market: what is less than its lot now, nobody can protect. One that has
        ended settles what the account holds; whose that was, the engine divides."""
        if instrument.state is InstrumentState.EXPIRED:
            self.taken.add(instrument.symbol)
            self._ended.add(instrument.symbol)
        self._listed[instrument.symbol] = instrument.min_qty, instrument.lot

    def _sizes(self, sleeve: str) -> tuple[Decimal, Decimal]:
        return self._listed.get(self._markets.get(sleeve, sleeve.split("/")[1]), (ZERO, ZERO))

    def _summed(self, journal: Journal) -> dict[str, Decimal]:
        """What the journalled fills add up to, on what was held before the first of them."""
        traded, before = journal.positions(), self.truth.before
        sums = {s: traded.get(s, ZERO) + before.get(s, ZERO) for s in sorted(traded.keys() | before.keys())}
        return {symbol: qty for symbol, qty in sums.items() if qty}

    def _uncovered_by(self, state: State) -> dict[str, Decimal]:
        """The same where the venue took something away: what is left is as the engine divided it."""
        found = {}
        for sleeve in state.sleeves.values():
            if not sleeve.id.startswith(GUARDED) or sleeve.symbol not in self.taken:
                continue
            held, cover = state.position(sleeve.id), ZERO
            for order in self.truth.open_orders():
                place = self.places.get(order.cid)
                if place is not None and place.role is Role.PROTECT and place.sleeve == sleeve.id:
                    cover += (order.qty - order.filled) if held * order.side.sign < 0 else ZERO
            if abs(held) - cover >= self._sizes(sleeve.id)[1]:
                found[sleeve.id] = abs(held) - cover
        return found

    def _guarded(self) -> None:
        naked = self.uncovered()
        now = self.history.now
        self._naked = {sleeve: self._naked.get(sleeve, now) for sleeve in naked}
        for sleeve, since in self._naked.items():
            if now - since > NAKED_S:
                self.violate("I08", f"{sleeve} had {naked[sleeve]} without a stop for {now - since:.0f} s")

    def acknowledge(self, name: str, verb: str) -> None:
        """Somebody outside the process has been told that a command is taken."""
        self.history.add("person", f"{name} {verb} was acknowledged")
        self.acknowledged[name] = verb
        self._promised = self._promised or verb == "halt"

    def pressed(self) -> None:
        """Somebody has pressed the switch (I03)."""
        self.halted_at = self.halted_at or len(self.history.lines)

    def lifted(self) -> None:
        """A person is about to say resume: from here on entries are allowed again."""
        self.halted_at, self._promised = 0, False

    def confirmed(self, flatten: bool) -> None:
        """The cockpit says that a halt is complete: it must be true at the venue (I03).

        What was traded by hand is a stranger's, and a halt leaves it alone (``risk.strangers``).
        """
        entries = [o.cid for o in self.truth.open_orders() if self.role(o.cid) is Role.ENTRY]
        hands = dict(self.truth.before)
        for fill in self.truth.fills:
            if fill.kind is FillKind.EXTERNAL:
                hands[fill.symbol] = hands.get(fill.symbol, ZERO) + fill.side.sign * fill.qty
        held = {
            p.symbol: p.qty
            for p in self.truth.positions()
            if abs(p.qty - hands.get(p.symbol, ZERO)) >= self._listed[p.symbol][1]  # less nobody can close
            and p.symbol not in self.taken
        }
        if entries or (flatten and held):
            self.violate("I03", f"halt confirmed with entries {entries} and positions {held} at the venue")

    def receipted(self, receipt: Receipt | None) -> None:
        """Every line of a kill receipt must be true at the venue (I03, I08)."""
        if receipt is None:
            self.violate("I03", "a halt was confirmed without a receipt")
            return
        age = self.history.now - self._unasked.read[receipt.read][1]
        if age > PROOF_S:
            self.violate("I03", f"the receipt is proven by what the venue said {age:.1f} s ago")
        resting = {order.cid: order for order in self.truth.open_orders()}
        gone = (*receipt.cancelled, *receipt.never, *receipt.filled, *receipt.orphans)
        if still := sorted(resting.keys() & set(gone)):
            self.violate("I03", f"the receipt says that {still} are gone, and the venue holds them")
        traded = {fill.cid for fill in self.truth.fills}
        if untrue := sorted(traded & set(receipt.never)):
            self.violate("I03", f"the receipt says that {untrue} never rested, and they traded")
        for row in receipt.kept:
            cids = [stop.partition(" ")[0] for stop in row.stops]
            stops = [resting.get(cid) for cid in cids]
            cover = sum((order.qty - order.filled for order in stops if order is not None), ZERO)
            cover += sum((self._unasked.rested(cid, receipt.read) for cid in cids), ZERO)
            still, lot = abs(self._exposure.get(row.sleeve, row.qty)), self._listed[row.symbol][1]
            # A position may have ended since it was read, but for what is less than a lot.
            if cover < min(row.covered, still - still % lot):
                self.violate(
                    "I08", f"the receipt says {row.covered} of {row.symbol} is covered, truly {cover}"
                )

    def role(self, cid: str) -> Role | None:
        place = self.places.get(cid)
        return place.role if place is not None else None

    def reopened(self, journal: Journal) -> None:
        """A process starts on the journal again (I07). A dead one could protect nothing (I08)."""
        self.journal = journal
        self._unasked.reopened(journal.fills())
        self._naked.clear()
        self._reliance.clear()
        if not self._promised:
            self.halted_at = 0  # the switch of a dead process, of which nothing was durable yet
        known = journal.commands() if self.acknowledged else set()
        lost = [f"{name} {verb}" for name, verb in self.acknowledged.items() if name not in known]
        if lost:
            self.violate("I07", f"acknowledged and not in the journal: {lost}")

    # --- at quiescence --------------------------------------------------------------------------------

    def unsettled(self, state: State) -> list[str]:
        """What still keeps the world from being quiet; empty = settled (I09)."""
        waiting = [f"{o.cid} {o.state}" for o in state.orders.values() if o.state in UNSETTLED]
        waiting += [f"{o.cid} cancelling" for o in state.orders.values() if o.cancelling]
        waiting += [f"{o.cid} amending" for o in state.orders.values() if o.amending is not None]
        if not state.reconciled:
            waiting.append("not reconciled")
        if not state.posture.entries and not state.halt:
            waiting.append(f"entries stopped by {sorted(state.voices)}")
        return waiting

    def together(self, engine: Engine) -> None:
        """The legs of a group go on and off as one, and share the object that decides for them (I13)."""
        for slot in engine.slots.values():
            sleeve = slot.sleeve
            legs = engine.state.group(sleeve)
            if len({(leg.on, bool(leg.benched)) for leg in legs}) > 1:
                self.violate("I13", f"half of {sleeve.id} is off")
            if len({id(engine.slots[leg.id].strategy) for leg in legs}) > 1:
                self.violate("I13", f"the legs of {sleeve.id} have a memory each")

    def quiet(self, state: State) -> None:
        """Everything that must be equal when nothing is on its way (I01, I02, I08, I10)."""
        if naked := self.uncovered() | self._uncovered_by(state):
            self.violate("I08", f"nothing is on its way and {naked} has no stop")
        for sleeve in state.sleeves.values():
            if sleeve.symbol in self._ended and (left := state.position(sleeve.id)):
                self.violate("I29", f"{sleeve.id} has {left} of a market that has ended")
            if sleeve.benched and BROKEN not in sleeve.benched:
                self.violate("I09", f"{sleeve.id} is off until somebody comes: {sleeve.benched}")
        assert self.journal is not None
        booked = Counter(self.journal.fills())
        real = Counter((fill.symbol, fill.trade_id) for fill in self.truth.fills)
        if booked != real:
            lost, extra = real - booked, booked - real
            self.violate("I01", f"fills lost {sorted(lost)[:5]}, too many {sorted(extra)[:5]}")
        unheard = [f for f in self.truth.fills if not state.ledger.has_fill(f)]
        if unheard:
            self.violate("I01", f"{len(unheard)} fills not in the ledger, first {brief(unheard[0])}")
        theirs = {p.symbol: p.qty for p in self.truth.positions() if p.qty}
        instruments = state.instruments
        ours = {p.symbol: p.qty for p in state.ledger.held() if instruments[p.symbol].derivative}
        if ours != theirs:
            self.violate("I02", f"position in memory {ours}, at the venue {theirs}")
        held = {symbol: qty for symbol, qty in self._summed(self.journal).items() if symbol in theirs}
        if held != theirs:
            self.violate("I02", f"sum of journalled fills {held}, at the venue {theirs}")
        costs = {
            p.symbol: value(state.instruments[p.symbol], p.qty, p.entry)
            for p in self.truth.positions()
            if p.qty
        }
        for ccy, cash in self.truth.balances().items():
            theirs = cash - sum((c for s, c in costs.items() if state.instruments[s].settle == ccy), ZERO)
            ours = state.ledger.balances.get(ccy, ZERO)
            swaps = [p for p in state.ledger.held() if instruments[p.symbol].derivative]
            ours -= sum((p.cost for p in swaps if p.settle == ccy), ZERO)
            if abs(ours - theirs) > CENT_OF_A_CENT:
                self.violate("I02", f"{ccy} less open cost: {ours} in memory, {theirs} at the venue")
        resting = {o.cid for o in self.truth.open_orders() if not o.cid.startswith(HAND)}
        alive = set(state.orders)
        if resting != alive:
            self.violate(
                "I10",
                f"open here only {sorted(alive - resting)}, at the venue only {sorted(resting - alive)}",
            )
