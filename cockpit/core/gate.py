"""The one gate. Every wish of every sleeve passes it inside the step; nothing is sent that did not.

``approve`` is the only maker of ``Approved``. Rules may trim or block, never enlarge; each verdict keeps
the rule, the numbers and the words. A wish that only reduces exposure is never blocked by a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.core.intents import Approved, Intent, Quote, Verdict
from cockpit.core.orders import Order, Role
from cockpit.core.posture import Posture
from cockpit.core.state import Sleeve, State
from cockpit.core.types import ZERO, Instrument, Side


class GateContext:
    """What a rule may look at: the world as known now, bounded over everything not yet known."""

    __slots__ = (
        "bar_ms",
        "equity",
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
        self.equity = state.equity()
        """Account equity, quote currency."""
        self.have = state.position(sleeve.id)
        self.settings = settings
        self.verdicts: list[Verdict] = []

    def increases(self, intent: Intent) -> bool:
        """Would this wish, fully done, leave a larger position or new resting entries?"""
        if intent.target is not None and grows(self.have, intent.target):
            return True
        return any(grows(self.have, self.have + q.side.sign * q.qty) for q in intent.quotes)

    def notional(self, qty: Decimal) -> float:
        """Quote-currency value of a quantity at the reference price."""
        unit = float(self.instrument.contract_value)
        inverse = self.instrument.kind == "inverse"
        return abs(float(qty)) * unit * (1.0 if inverse else self.price)

    def gross(self, *, without: str = "") -> float:
        """Account gross notional at its worst: positions plus every open entry, one sleeve left out."""
        total = 0.0
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


def approve(intent: Intent, context: GateContext, rules: Sequence[Rule]) -> Approved:
    """Run the wish through posture and every rule, in order. The only maker of ``Approved``."""
    posture = context.state.posture
    if posture >= Posture.FLATTEN:
        wanted = msgspec.structs.replace(intent, target=ZERO, quotes=())
        if intent != wanted:
            intent = context.trim("posture", intent, wanted, "flatten")
    elif not posture.entries and context.increases(intent):
        loud = max(context.state.voices, key=lambda name: context.state.voices[name])
        intent = context.block("posture", intent, f"{posture.name.lower()} ({loud})")
    for rule in rules:
        if not context.increases(intent):
            break
        intent = rule.check(intent, context, rule.params)
    return Approved(intent, entries=posture.entries)


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


def scaled(intent: Intent, limit: Decimal, have: Decimal, instrument: Instrument) -> Intent:
    """The wish with no side of the position able to exceed ``limit`` (contracts)."""
    target = intent.target
    if target is not None and abs(target) > limit:
        target = instrument.qty(limit if target > 0 else -limit)
    quotes = []
    for quote in intent.quotes:
        room = limit - have * quote.side.sign
        qty = instrument.qty(max(ZERO, min(quote.qty, room)))
        if qty > 0:
            quotes.append(Quote(quote.side, quote.price, qty, quote.tag))
    return msgspec.structs.replace(intent, target=target, quotes=tuple(quotes))


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
