"""The one gate. Every wish of every sleeve passes it inside the step; nothing is sent that did not.

``approve`` is the only maker of ``Approved``. Rules may trim or block, never enlarge; each verdict keeps
the rule, the numbers and the words. A wish that only reduces exposure is never blocked by a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.core.intents import Approved, Intent, Quote, Verdict
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.posture import Posture
from cockpit.core.state import Sleeve, State
from cockpit.core.types import ZERO, Instrument, Side

RETRY_MS = 1_000
"""How soon a wish that was refused for lack of data is put to the rules again."""


class GateContext:
    """What a rule may look at: the world as known now, bounded over everything not yet known."""

    __slots__ = (
        "_equity",
        "bar_ms",
        "beside",
        "have",
        "heard",
        "instrument",
        "now",
        "price",
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
        settings: Any = None,
    ) -> None:
        self.state = state
        self.sleeve = sleeve
        self.instrument = instrument
        self.price = price
        """Reference price (mark or last), quote currency; NaN when unknown."""
        self.heard = heard
        """When market data of the instrument last arrived; 0 = not since the start."""
        self.now = state.now
        self.bar_ms = sleeve.tf
        self.have = state.position(sleeve.id)
        self.beside = 0.0
        """Notional that is about to be entered together with this wish, by another leg."""
        self.settings = settings
        self.verdicts: list[Verdict] = []
        self._equity: float | None = None

    @property
    def equity(self) -> float:
        """Account equity, quote currency."""
        if self._equity is None:
            self._equity = self.state.equity()
        return self._equity

    def increases(self, intent: Intent) -> bool:
        """Would this wish, fully done, leave a larger position or new resting entries?"""
        if intent.target is not None and grows(self.have, intent.target):
            return True
        have = self.have
        return bool(intent.quotes) and any(grows(have, have + q.side.sign * q.qty) for q in intent.quotes)

    def notional(self, qty: Decimal) -> float:
        """Quote-currency value of a quantity at the reference price."""
        unit = float(self.instrument.contract_value)
        inverse = self.instrument.kind == "inverse"
        return abs(float(qty)) * unit * (1.0 if inverse else self.price)

    def entering(self, side: Side) -> Decimal:
        """Entries of this sleeve toward a target that may fill on ``side`` (a quote replaces another)."""
        total = ZERO
        for order in self.state.orders_of(self.sleeve.id):
            if order.role is Role.ENTRY and order.side is side and order.kind is not OrderKind.POST_ONLY:
                total += order.remaining
        return total

    def later(self, ms: int = RETRY_MS) -> None:
        """The answer may be another one soon: the rules are asked again after ``ms``, never at once."""
        self.sleeve.retry_at = self.now + max(1, ms)

    def gross(self, *, without: str = "") -> float:
        """Account gross notional at its worst: positions plus every open entry, one sleeve left out."""
        total = self.beside
        for sleeve in self.state.sleeves.values():
            if sleeve.id != without:
                total += worst_notional(self.state, sleeve)
        return total

    def trim(self, rule: str, before: Intent, after: Intent, reason: str) -> Intent:
        """Record that ``rule`` made the wish smaller, and why."""
        self.verdicts.append(Verdict(self.sleeve.id, rule, "trim", describe(before), describe(after), reason))
        return after

    def block(self, rule: str, intent: Intent, reason: str) -> Intent:
        """Record that ``rule`` allows no increase; what reduces stays."""
        after = shrink(intent, self.have)
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


def approve(intent: Intent, context: GateContext, rules: Sequence[Rule], guard: str = "") -> Approved:
    """Run the wish through posture and every rule, in order. The only maker of ``Approved``.

    ``guard`` names the stop layer whose price the wish carries.
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
        intent = _checked(rule, intent, context)
    return Approved(intent, entries=posture.entries, guard=guard)


def _stopped(intent: Intent, context: GateContext, posture: Posture) -> Intent:
    """What the posture leaves of a wish, in the words of the loudest voice."""
    voices = context.state.voices
    loud = max(voices, key=lambda name: voices[name])
    why = context.state.watch.stopped.get(loud, "")
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


def _checked(rule: Rule, intent: Intent, context: GateContext) -> Intent:
    """One rule's answer. A rule is a plug-in too: if it breaks or enlarges the wish, nothing is entered."""
    said = len(context.verdicts)
    try:
        after = rule.check(intent, context, rule.params)
    except Exception as error:  # noqa: BLE001 - the fence around rules: what cannot be checked is not allowed
        del context.verdicts[said:]
        return context.block(rule.name, intent, f"the rule failed: {type(error).__name__}: {error}")
    if after is intent:
        return intent
    if enlarges(intent, after, context.have):
        del context.verdicts[said:]
        return context.block(rule.name, intent, "the rule tried to enlarge the wish")
    return after


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


def scaled(intent: Intent, limit: Decimal, context: GateContext) -> Intent:
    """The wish with no side of the position able to exceed ``limit`` (contracts), all orders filled.

    What is held beyond the limit may stay. A quote's room is what position, target and entries on their
    way leave of it, or what it can close; a position on the other side is no credit, for a stop may take it
    away first (I04).
    """
    have, instrument = context.have, context.instrument
    target = intent.target
    if target is not None:
        most = max(limit, abs(have)) if target * have > 0 else limit
        if abs(target) > most:
            target = instrument.qty(most if target > 0 else -most)
    quotes = []
    for quote in intent.quotes:
        sign = quote.side.sign
        taken = max(max(ZERO, have * sign) + context.entering(quote.side), (target or ZERO) * sign)
        room = max(limit - taken, -have * sign)
        qty = instrument.qty(max(ZERO, min(quote.qty, room)))
        if qty > 0:
            quotes.append(Quote(quote.side, quote.price, qty, quote.tag))
    return msgspec.structs.replace(intent, target=target, quotes=tuple(quotes))


def gist(verdicts: Iterable[Verdict]) -> list[tuple[str, str, str, str]]:
    """What was decided, without its running numbers: the same "no" every second is said once."""
    return [(v.rule, v.action, v.before, v.after) for v in verdicts]


def describe(intent: Intent) -> str:
    """A wish in a few characters, for verdicts: ``target 0.50; buy 1 @ 99.9``."""
    parts = [] if intent.target is None else [f"target {intent.target.normalize():f}"]
    parts += [f"{q.side} {q.qty.normalize():f} @ {q.price.normalize():f}" for q in intent.quotes]
    return "; ".join(parts) or "nothing"


def worst_position(state: State, sleeve: Sleeve) -> tuple[Decimal, Decimal]:
    """(largest long, largest short) the sleeve could reach if every order not proven dead filled."""
    have = state.position(sleeve.id)
    buys = sells = ZERO
    for order in state.orders.values():
        if order.sleeve == sleeve.id and order.role is Role.ENTRY:
            if order.side is Side.BUY:
                buys += order.remaining
            else:
                sells += order.remaining
    return max(ZERO, have) + buys, max(ZERO, -have) + sells


def worst_notional(state: State, sleeve: Sleeve) -> float:
    """Quote-currency value of the larger of the two."""
    instrument = state.instruments.get(sleeve.symbol)
    if instrument is None:
        return 0.0
    qty = max(worst_position(state, sleeve))
    if not qty:
        return 0.0
    unit = float(instrument.contract_value)
    price = 1.0 if instrument.kind == "inverse" else state.price(sleeve.symbol)
    return float(qty) * unit * price


def allowed_at_wire(order: Order | None, role: Role, halted: bool) -> bool:
    """The same question once more, as the last instruction before bytes leave (I03)."""
    return not (halted and (role is Role.ENTRY or (order is not None and order.role is Role.ENTRY)))
