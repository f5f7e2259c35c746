"""Want minus have, turned into actions. Accepts only what the gate approved.

Rules kept here, whatever the strategy says:
- while an order of the sleeve is UNKNOWN, or one is being cancelled in the way, nothing new is entered;
- a flip is two steps: first the exit, and only when it is filled the entry;
- protection covers the whole position and is placed before the old one is cancelled, but only where the
  venue can be told "reduce only"; elsewhere two stops could both go off, so the old one goes first;
- a stop of the old position must be dead before a new position is entered on its side;
- an order is changed only when it is resting and nothing else is being asked of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from cockpit.core.intents import Action, Amend, Approved, Cancel, Intent, Place, Quote
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.types import ZERO, Instrument, PositionMode, PosSide, Side

CHANGEABLE = frozenset((OrderState.LIVE, OrderState.PARTIAL))
QUOTE = "quote"
Draft = Callable[..., Place]
"""Makes a complete Place with a fresh client id; given by the engine."""


class Desk:
    """One sleeve's situation at this instant, as reconcile needs it."""

    __slots__ = ("account", "draft", "have", "instrument", "may_enter", "may_reduce", "mode", "orders")

    def __init__(
        self,
        instrument: Instrument,
        have: Decimal,
        account: Decimal,
        orders: Iterable[Order],
        mode: PositionMode,
        draft: Draft,
        *,
        may_enter: bool = True,
        may_reduce: bool = True,
    ) -> None:
        self.instrument = instrument
        self.have = have
        """The sleeve's own signed position."""
        self.account = account
        """The account's net position in the instrument (all sleeves)."""
        self.orders = list(orders)
        self.mode = mode
        self.draft = draft
        self.may_enter = may_enter
        """False: entries were refused lately, or a rule asked to be heard again later."""
        self.may_reduce = may_reduce
        """False: an exit or stop was refused a moment ago."""

    def may(self, role: Role, side: Side, entries: bool) -> bool:
        """May a new order of this role be placed now?"""
        if role is Role.ENTRY:
            return entries and self.may_enter and not self._stop_on(side)
        return self.may_reduce

    def _stop_on(self, side: Side) -> bool:
        """May a stop still go off on the side of an entry? Together they would be twice the wish."""
        return any(o.role is Role.PROTECT and o.side is side for o in self.orders)


def reconcile(approved: Approved, desk: Desk) -> list[Action]:
    """What to do now so that the sleeve comes closer to what it may have."""
    intent = approved.intent
    actions: list[Action] = []
    if not approved.entries:
        actions += [_cancel(o, "entries stopped") for o in desk.orders if _pullable(o, Role.ENTRY)]
    moving = [o for o in desk.orders if o.role is not Role.PROTECT]
    working = [o for o in moving if not _quotes(o)]
    quoting = [o for o in moving if _quotes(o)]
    blind = any(o.state is OrderState.UNKNOWN for o in desk.orders if o.role is not Role.PROTECT)
    if intent.target is not None:
        actions += _toward_target(intent, desk, working, quoting, blind, approved.entries)
    actions += _toward_quotes(intent, desk, quoting, blind, approved.entries)
    exiting = any(o.role is Role.EXIT for o in working)
    exiting = exiting or any(isinstance(a, Place) and a.role is Role.EXIT and not _quotes(a) for a in actions)
    actions += _protection(intent, desk, exiting)
    return _once(actions)


def _quotes(order: Order | Place) -> bool:
    """Is it a shown quote? Told by its kind: the tag is the strategy's own word and may be any."""
    return order.kind is OrderKind.POST_ONLY


def _toward_target(
    intent: Intent, desk: Desk, working: list[Order], quoting: list[Order], blind: bool, entries: bool
) -> list[Action]:
    target = intent.target
    assert target is not None
    if blind:
        return []
    pending = sum((o.side.sign * o.remaining for o in working), ZERO)
    delta = target - desk.have - pending
    if not delta:
        return []
    if working:
        # Something is already being done and it is not (or no longer) what is wanted: stop it, look again.
        return [_cancel(o, "wish changed") for o in working if _pullable(o)]
    if target == 0 and quoting:
        stale = [_cancel(o, "leaving") for o in quoting if _pullable(o)]
        if stale or any(o.cancelling for o in quoting):
            return list(stale)
    side = Side.BUY if delta > 0 else Side.SELL
    closing = desk.have * delta < 0
    qty = min(abs(delta), abs(desk.have)) if closing else abs(delta)
    role = Role.EXIT if closing else Role.ENTRY
    if not desk.may(role, side, entries):
        return []
    qty = qty if closing else desk.instrument.qty(qty)
    if qty <= 0:
        return []
    return [_market(desk, intent, side, qty, role)]


def _market(desk: Desk, intent: Intent, side: Side, qty: Decimal, role: Role) -> Place:
    return desk.draft(
        sleeve=intent.sleeve,
        symbol=intent.symbol,
        side=side,
        kind=OrderKind.MARKET,
        qty=qty,
        role=role,
        reduce_only=role is Role.EXIT and _covered(desk, side, qty),
        pos_side=pos_side(desk.mode, side, role),
        tag=intent.tag,
    )


def _covered(desk: Desk, side: Side, qty: Decimal) -> bool:
    """May the venue be told "reduce only"? Not when another sleeve holds the other side."""
    if not desk.instrument.derivative or desk.mode is PositionMode.HEDGE:
        return False
    return desk.account * side.sign < 0 and abs(desk.account) >= qty


def pos_side(mode: PositionMode, side: Side, role: Role) -> PosSide:
    """Which position of a long/short account the order belongs to."""
    if mode is PositionMode.NET:
        return PosSide.NET
    opening = role is Role.ENTRY
    return PosSide.LONG if (side is Side.BUY) == opening else PosSide.SHORT


def _toward_quotes(
    intent: Intent, desk: Desk, quoting: list[Order], blind: bool, entries: bool
) -> list[Action]:
    actions: list[Action] = []
    for side in (Side.BUY, Side.SELL):
        have = [o for o in quoting if o.side is side]
        wanted = next((q for q in intent.quotes if q.side is side and q.qty > 0), None)
        if wanted is None:
            actions += [_cancel(o, "quote withdrawn") for o in have if _pullable(o)]
            continue
        if have:
            actions += _keep_quote(wanted, have)
            continue
        if blind:
            continue
        role = Role.EXIT if desk.have * side.sign < 0 and wanted.qty <= abs(desk.have) else Role.ENTRY
        if desk.may(role, side, entries):
            actions.append(_post(desk, intent, wanted, role))
    return actions


def _keep_quote(wanted: Quote, have: list[Order]) -> list[Action]:
    first, *extra = have
    actions: list[Action] = [_cancel(o, "one quote a side") for o in extra if _pullable(o)]
    if first.state not in CHANGEABLE or first.cancelling or first.amending is not None:
        return actions
    if first.price == wanted.price and first.remaining == wanted.qty:
        return actions
    if first.role is Role.EXIT and wanted.qty > first.remaining:
        actions.append(_cancel(first, "quote grew"))
        return actions
    actions.append(Amend(first.cid, first.symbol, wanted.price, first.filled + wanted.qty))
    return actions


def _post(desk: Desk, intent: Intent, quote: Quote, role: Role) -> Place:
    return desk.draft(
        sleeve=intent.sleeve,
        symbol=intent.symbol,
        side=quote.side,
        kind=OrderKind.POST_ONLY,
        qty=quote.qty,
        price=quote.price,
        role=role,
        reduce_only=role is Role.EXIT and _covered(desk, quote.side, quote.qty),
        pos_side=pos_side(desk.mode, quote.side, role),
        tag=QUOTE,
    )


def _protection(intent: Intent, desk: Desk, exiting: bool) -> list[Action]:
    guards = [o for o in desk.orders if o.role is Role.PROTECT]
    if not desk.have:
        return [_cancel(o, "position closed") for o in guards if _pullable(o)]
    if intent.target is not None and intent.target * desk.have <= 0:
        return []  # on the way out: the old stops stay until it is done, the wish's are for the other side
    if exiting:
        return []  # an exit and a new stop together could close more than there is
    if intent.stop is None and intent.take is None:
        return [_cancel(o, "protection withdrawn") for o in guards if _pullable(o)]
    good = [o for o in guards if _guards(o, intent, abs(desk.have)) and not o.cancelling]
    if not good:
        if guards and not _covered(desk, Side.SELL if desk.have > 0 else Side.BUY, abs(desk.have)):
            return [_cancel(o, "replaced") for o in guards if _pullable(o)]
        return [_guard(desk, intent)] if desk.may_reduce else []
    proven = next((o for o in good if o.state in CHANGEABLE), None)
    if proven is None:
        return []
    return [_cancel(o, "replaced") for o in guards if o is not proven and _pullable(o)]


def _guards(order: Order, intent: Intent, qty: Decimal) -> bool:
    trigger = intent.stop if intent.stop is not None else intent.take
    take = intent.take if intent.stop is not None else None
    return order.remaining == qty and order.trigger == trigger and order.take == take


def _guard(desk: Desk, intent: Intent) -> Place:
    side = Side.SELL if desk.have > 0 else Side.BUY
    if intent.stop is not None and intent.take is not None:
        kind = OrderKind.OCO
    else:
        kind = OrderKind.STOP if intent.stop is not None else OrderKind.TRIGGER
    qty = abs(desk.have)
    return desk.draft(
        sleeve=intent.sleeve,
        symbol=intent.symbol,
        side=side,
        kind=kind,
        qty=qty,
        trigger=intent.stop if intent.stop is not None else intent.take,
        take=intent.take if kind is OrderKind.OCO else None,
        role=Role.PROTECT,
        reduce_only=_covered(desk, side, qty),
        pos_side=pos_side(desk.mode, side, Role.PROTECT),
        tag=intent.tag,
    )


def _pullable(order: Order, role: Role | None = None) -> bool:
    """May a cancel be sent for it now? (resting or unknown, and none is on its way)"""
    if role is not None and order.role is not role:
        return False
    return order.state in CHANGEABLE and not order.cancelling


def _cancel(order: Order, reason: str) -> Cancel:
    return Cancel(order.cid, order.symbol, reason)


def _once(actions: list[Action]) -> list[Action]:
    """Each order is touched at most once a step; a cancel wins over an amend."""
    chosen: dict[str, Action] = {}
    for action in actions:
        cid = getattr(action, "cid", "")
        if cid in chosen and not isinstance(action, Cancel):
            continue
        chosen[cid] = action
    return list(chosen.values())
