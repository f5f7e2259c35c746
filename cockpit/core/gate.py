"""The one gate. Every wish of every sleeve passes it inside the step; nothing is sent that did not.

``approve`` is the only maker of ``Approved``. Rules may trim or block, never enlarge; each verdict keeps
the rule, the numbers and the words. A wish that only reduces exposure is never blocked by a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from math import nan
from typing import Any, NamedTuple

import msgspec

from cockpit.core.book import Book
from cockpit.core.closing import Closing
from cockpit.core.config import RiskConfig
from cockpit.core.intents import Approved, Intent, Quote, Verdict
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.posture import Posture
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Lock
from cockpit.core.types import ZERO, Instrument, PosSide, Side, SleeveId
from cockpit.core.worth import quote_rate, quote_unit, unit_value

# Looked up once: naming a member of an enum is dear.
BOUND, COUNTED = Closing.BOUND, Closing.COUNTED
ENTRY = Role.ENTRY
POST_ONLY = OrderKind.POST_ONLY
BUY = Side.BUY
RETRY_MS = 1_000
"""How soon a wish that was refused for lack of data is put to the rules again."""


class Other(NamedTuple):
    """Another sleeve's exposure. Quantities unsigned but for ``have``."""

    sleeve: Sleeve
    long: Decimal
    """The most it could hold on this side with every order not proven dead filled."""
    short: Decimal
    have: Decimal
    unit: float
    """Worth of one contract, quote currency of the market that is asked about; NaN = unknown."""


class GateContext:
    """What a rule may look at: the world as known now, bounded over everything not yet known."""

    __slots__ = (
        "_equity",
        "_increases",
        "_others",
        "_rate",
        "bar_ms",
        "beside",
        "book",
        "closing",
        "have",
        "heard",
        "instrument",
        "locking",
        "now",
        "price",
        "room",
        "settings",
        "sleeve",
        "state",
        "verdicts",
    )

    def __init__(
        self,
        state: State,
        sleeve: Sleeve,
        instrument: Instrument,
        *,
        price: float,
        heard: int,
        book: Book | None = None,
        settings: Any = None,
    ) -> None:
        self.state = state
        self.sleeve = sleeve
        self.instrument = instrument
        self.price = price
        """Reference price (mark or last), quote currency; NaN when unknown."""
        self.book = book
        """The order book; None or never heard of (``ts`` 0) where the market sends none."""
        self.locking: Lock | None = None
        """A rule wants the sleeve closed for entries until a person switches it on again."""
        self.heard = heard
        """When market data of the instrument last arrived; 0 = not since the start."""
        self.now = state.now
        self.bar_ms = sleeve.tf
        self.have = state.position(sleeve.id)
        self.beside = 0.0
        """Notional that is about to be entered together with this wish by another leg, quote currency."""
        self.closing = BOUND
        """How its quotes stand beside its stop."""
        self.settings = settings
        self.verdicts: list[Verdict] = []
        self._equity: float | None = None
        self._rate: float | None = None
        self._others: list[Other] | None = None
        self._increases: tuple[Intent | None, Closing, bool] = (None, BOUND, False)
        self.room: tuple[Intent, float | None] | None = None  # what core/room has worked out

    @property
    def equity(self) -> float:
        """Account equity, quote currency of this market."""
        if self._equity is None:
            self._equity = self.state.equity() * self.rate
        return self._equity

    @property
    def rate(self) -> float:
        """How much of the market's quote currency one unit of the account's is; NaN = nobody says."""
        if self._rate is None:
            self._rate = quote_rate(self.state, self.instrument)
        return self._rate

    def worst(self, sleeves: Iterable[Sleeve]) -> float:
        """What these could be worth together at their worst, quote currency of this market."""
        return sum(worst_notional(self.state, s) for s in sleeves) * self.rate

    def increases(self, intent: Intent) -> bool:
        """Would this wish, fully done, leave a larger position or new resting entries?"""
        asked, closing, answer = self._increases
        if asked is not intent or closing is not self.closing:
            answer = intent.target is not None and grows(self.have, intent.target)
            answer = answer or any(self.opens(quote) for quote in intent.quotes)
            self._increases = (intent, self.closing, answer)
        return answer

    def opens(self, quote: Quote) -> bool:
        """Does a quote count as an entry: would it leave more, or may a stop do its work before it?"""
        return self.closing is COUNTED or grows(self.have, self.have + quote.side.sign * quote.qty)

    def notional(self, qty: Decimal) -> float:
        """Quote-currency value of a quantity at the reference price."""
        unit = float(self.instrument.contract_value)
        inverse = self.instrument.kind == "inverse"
        return abs(float(qty)) * unit * (1.0 if inverse else self.price)

    def entering(self, side: Side) -> Decimal:
        """Entries of this sleeve toward a target that may fill on ``side`` (a quote replaces another)."""
        total = ZERO
        for order in self.state.orders_of(self.sleeve.id):
            if order.role is ENTRY and order.side is side and order.kind is not POST_ONLY:
                total += order.remaining
        return total

    def later(self, ms: int = RETRY_MS) -> None:
        """The answer may be another one soon: the rules are asked again after ``ms``, never at once, and not
        before the wait after a refusal is over."""
        self.sleeve.retry_at = max(self.sleeve.retry_at, self.now + max(1, ms))

    def lock(self, rule: str, reason: str) -> None:
        """Close the sleeve for entries from now on; only a person opens it again."""
        self.locking = Lock(rule, reason, self.now)

    @property
    def others(self) -> list[Other]:
        """The other sleeves that hold something or may soon."""
        if self._others is None:
            state, mine = self.state, self.sleeve.id
            orders: dict[SleeveId, list[Order]] = {}
            for order in state.orders.values():
                if order.sleeve != mine:
                    orders.setdefault(order.sleeve, []).append(order)
            found: dict[SleeveId, tuple[Decimal, Decimal, Decimal]] = {}
            qty = state.ledger.sleeve_qty
            for name in state.sleeves:
                have = qty(name)
                if have and name != mine:
                    found[name] = (*_worst(have, orders.get(name, ())), have)
            for name, open_ in orders.items():
                if name not in found and name in state.sleeves:
                    found[name] = (*_worst(qty(name), open_), ZERO)
            self._others = [
                Other(state.sleeves[name], *qtys, unit_value(state, state.sleeves[name].symbol) * self.rate)
                for name, qtys in found.items()
            ]
        return self._others

    @property
    def unit(self) -> float:
        """Quote-currency value of one contract (or base unit) at the reference price; NaN when it, or what
        the account's currency is worth in it, is unknown."""
        return quote_unit(self.instrument, self.price) if self.rate == self.rate else nan

    def gross(self, *, without: str = "") -> float:
        """Account gross notional at its worst: positions plus every open entry, one sleeve left out."""
        total = self.beside + sum(
            [float(max(x.long, x.short)) * x.unit for x in self.others if x.sleeve.id != without]
        )
        return total if without == self.sleeve.id else total + self.worst((self.sleeve,))

    def trim(self, rule: str, before: Intent, after: Intent, reason: str) -> Intent:
        """Record that ``rule`` made the wish smaller, and why."""
        self.verdicts.append(Verdict(self.sleeve.id, rule, "trim", describe(before), describe(after), reason))
        return after

    def block(self, rule: str, intent: Intent, reason: str, after: Intent | None = None) -> Intent:
        """Record that ``rule`` allows no increase; what reduces stays. ``after`` = what it leaves instead."""
        if after is None:
            after = shrink(intent, self.have)
            if self.closing is COUNTED:
                after = msgspec.structs.replace(after, quotes=())
        self.verdicts.append(
            Verdict(self.sleeve.id, rule, "block", describe(intent), describe(after), reason)
        )
        return after


Check = Callable[[Intent, GateContext, Any], Intent]


class Rule(msgspec.Struct, frozen=True):
    """A configured rule: its name, its function and its numbers."""

    name: str
    check: Check
    params: Any


class Ruling(NamedTuple):
    """Limits, and which rules such limits wake."""

    limits: RiskConfig
    rules: Callable[[RiskConfig], tuple[Rule, ...]]


def approve(intent: Intent, context: GateContext, rules: Sequence[Rule], guard: str = "") -> Approved:
    """Run the wish through posture and every rule, in order. The only maker of ``Approved``.

    A rule is a plug-in too: if it breaks or enlarges the wish, nothing is entered. ``guard`` names the stop
    layer whose price the wish carries.
    """
    posture = context.state.posture
    if not posture.entries:
        intent = _stopped(intent, context, posture)
    growing = None
    for rule in rules:
        if intent is not growing:
            if not context.increases(intent):
                break
            growing = intent
        said = len(context.verdicts)
        try:
            after = rule.check(intent, context, rule.params)
        except Exception as error:  # noqa: BLE001 - the fence around rules: what cannot be checked is not allowed
            del context.verdicts[said:]
            after = context.block(rule.name, intent, f"the rule failed: {type(error).__name__}: {error}")
        else:
            if after is not intent and enlarges(intent, after, context.have):
                del context.verdicts[said:]
                after = context.block(rule.name, intent, "the rule tried to enlarge the wish")
        intent = after
    return Approved(intent, entries=posture.entries, guard=guard)


def _stopped(intent: Intent, context: GateContext, posture: Posture) -> Intent:
    """What the posture leaves of a wish, in the words of the loudest voice."""
    voices = context.state.voices
    loud = max(voices, key=lambda name: voices[name])
    why = context.state.said(loud)
    if posture >= Posture.FLATTEN:
        tag = f"stop:{loud}" if why else intent.tag
        wanted = msgspec.structs.replace(intent, target=ZERO, quotes=(), tag=tag)
        if (intent.target, intent.quotes) == (ZERO, ()):
            return intent
        return context.trim(loud if why else "posture", intent, wanted, why or "flatten")
    if not context.increases(intent):
        return intent
    if why:
        return context.block(loud, intent, why)
    return context.block("posture", intent, f"{posture.name.lower()} ({loud})")


def enlarges(before: Intent, after: Intent, have: Decimal) -> bool:
    """Does ``after`` allow anything that ``before`` did not?"""
    if (after.sleeve, after.symbol) != (before.sleeve, before.symbol):
        return True
    if after.target != before.target:
        if after.target is None or before.target is None:
            return True
        low, high = sorted((have, before.target))
        if not min(low, ZERO) <= after.target <= max(high, ZERO):
            return True
    for side in Side:
        most = sum((q.qty for q in before.quotes if q.side is side), ZERO)
        if sum((q.qty for q in after.quotes if q.side is side), ZERO) > most:
            return True
    return False


def grows(have: Decimal, want: Decimal) -> bool:
    """Is ``want`` a larger exposure than ``have``, or one on the other side?"""
    return abs(want) > abs(have) or have * want < 0


def shrink(intent: Intent, have: Decimal) -> Intent:
    """The part of a wish that does not increase exposure."""
    target = intent.target
    if target is not None and grows(have, target):
        target = have if have * target > 0 else ZERO
    quotes: list[Quote] = []
    for quote in intent.quotes:
        if have * quote.side.sign < 0:
            qty = min(quote.qty, abs(have))
            quotes.append(Quote(quote.side, quote.price, qty, quote.tag))
    return msgspec.structs.replace(intent, target=target, quotes=tuple(quotes))


def scaled(intent: Intent, limit: Decimal, context: GateContext, short: Decimal | None = None) -> Intent:
    """The wish with no side of the position able to exceed ``limit`` (contracts), all orders filled.

    ``short`` is the limit of the short side where it is another. What is held beyond the limit may stay, and
    what was allowed before and is on its way: a price that moved by a tick is no reason to call it back. A
    quote's room is what position, target and entries on their way leave of it, or what it can close; a
    position on the other side is no credit, for a stop may take it away first (I04); nor is there room for
    what it can close where the stop does that (``core.closing``). The same object comes back when nothing
    had to go.
    """
    have, instrument = context.have, context.instrument
    limits = {1: limit, -1: limit if short is None else short}
    target = intent.target
    if target is not None:
        sign = 1 if target > 0 else -1
        if abs(target) > limits[sign]:
            held = abs(have) if target * have > 0 else ZERO
            on_its_way = context.entering(BUY if sign > 0 else Side.SELL)
            most = max(limits[sign], held, min(abs(target), held + on_its_way))
            target = instrument.qty(most * sign)
    if not intent.quotes:
        return intent if target == intent.target else msgspec.structs.replace(intent, target=target)
    quotes = []
    for quote in intent.quotes:
        sign = quote.side.sign
        taken = max(max(ZERO, have * sign) + context.entering(quote.side), (target or ZERO) * sign)
        room = limits[sign] - taken
        if context.closing is not COUNTED:
            room = max(room, -have * sign)
        qty = instrument.qty(max(ZERO, min(quote.qty, room)))
        if qty > 0:
            quotes.append(msgspec.structs.replace(quote, qty=qty) if qty != quote.qty else quote)
    after = msgspec.structs.replace(intent, target=target, quotes=tuple(quotes))
    return intent if after == intent else after


def gist(verdicts: Iterable[Verdict]) -> list[tuple[str, str, str, str]]:
    """What was decided, without its running numbers: the same "no" every second is said once."""
    return [(v.rule, v.action, v.before, v.after) for v in verdicts]


def describe(intent: Intent) -> str:
    """A wish in a few characters, for verdicts: ``target 0.50; buy 1 @ 99.9``."""
    parts = [] if intent.target is None else [f"target {intent.target.normalize():f}"]
    parts += [f"{q.side} {q.qty.normalize():f} @ {q.price.normalize():f}" for q in intent.quotes]
    return "; ".join(parts) or "nothing"


def worst_position(state: State, sleeve: Sleeve) -> tuple[Decimal, Decimal]:
    """(largest long, largest short) the sleeve could reach if every order not proven dead filled.

    In flight, ambiguous and partly filled ones count in full. An exit that the venue is not told to bound
    (spot) may close more than is held; one that is reduce-only may not.
    """
    return _worst(state.position(sleeve.id), state.orders_of(sleeve.id))


def _worst(have: Decimal, orders: Iterable[Order]) -> tuple[Decimal, Decimal]:
    buys = sells = buying = selling = ZERO
    for order in orders:
        if order.role is ENTRY:
            if order.side is BUY:
                buys += order.remaining
            else:
                sells += order.remaining
        elif order.role is Role.EXIT and not order.reduce_only and order.pos_side is PosSide.NET:
            if order.side is BUY:
                buying += order.remaining
            else:
                selling += order.remaining
    return max(ZERO, have, have + buying) + buys, max(ZERO, -have, selling - have) + sells


def worst_notional(state: State, sleeve: Sleeve) -> float:
    """Value of the larger of the two, account's currency."""
    qty = max(worst_position(state, sleeve))
    return float(qty) * unit_value(state, sleeve.symbol) if qty else 0.0
