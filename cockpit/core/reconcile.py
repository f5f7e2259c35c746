"""Want minus have, turned into actions. Accepts only what the gate approved.

Rules kept here, whatever the strategy says:
- while an order of the sleeve is UNKNOWN, or one is being cancelled in the way, nothing new is entered;
- a flip is two steps: first the exit, and only when it is filled the entry;
- protection covers the whole position and is placed before the old one is cancelled, but only where the
  venue can be told "reduce only"; elsewhere two stops could both go off, so the one that rests is changed
  where it rests (``core.restop``), and only what cannot be changed goes first;
- there an exit waits for the stop to be dead, too, or small enough that both together close no more than
  there is: otherwise they would turn the position round;
- a stop that may never have reached the venue, which does not know it when asked, protects nothing: another
  one goes beside it where both are reduce-only; the one too many is taken back should both turn out to rest;
- a reduce-only stop that the account's net position no longer bears (another sleeve went the other way) would
  be clipped when it goes off: it is placed anew without;
- a stop of the old position must be dead before a new position is entered on its side;
- an order is changed only when it is resting and nothing else is being asked of it;
- what is too small for the venue is left alone (``core.dust``), what is too large goes in pieces.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.closing import Closing, shown_exit
from cockpit.core.desk import CHANGEABLE, Desk
from cockpit.core.dust import enough, whole
from cockpit.core.intents import Action, Amend, Approved, Cancel, Intent, Place, Quote
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.restop import change, fits, kind_of, levels, make_room, tag_of
from cockpit.core.types import ZERO, PositionMode, Side

QUOTE = "quote"
# Looked up once: naming a member of an enum is dear.
SELL, BUY = Side.SELL, Side.BUY
EXIT, PROTECT, ENTRY = Role.EXIT, Role.PROTECT, Role.ENTRY
UNKNOWN = OrderState.UNKNOWN
POST_ONLY, MARKET = OrderKind.POST_ONLY, OrderKind.MARKET
UNHEARD = frozenset((OrderState.PENDING, OrderState.SENT))
LOST = 2
"""Stops that the venue does not know, beside which yet another one is placed."""


def reconcile(approved: Approved, desk: Desk) -> list[Action]:
    """What to do now so that the sleeve comes closer to what it may have."""
    intent = approved.intent
    actions: list[Action] = []
    if not approved.entries:
        actions += [_cancel(o, "entries stopped") for o in desk.orders if desk.pullable(o, ENTRY)]
    working: list[Order] = []
    quoting: list[Order] = []
    for order in desk.orders:
        if order.role is not PROTECT:
            (quoting if _quotes(order) else working).append(order)
    if intent.target is not None:
        actions += _toward_target(intent, desk, working, quoting, approved.entries)
    if quoting or intent.quotes:
        # A market order under way may have filled unheard: a quote beside it could do the same thing twice.
        blind = bool(working or [o for o in quoting if o.state is UNKNOWN])
        actions += _toward_quotes(intent, desk, quoting, blind, approved.entries)
    roles = [o.role for o in working]
    roles += [a.role for a in actions if isinstance(a, Place) and not _quotes(a)]
    actions += _protection(intent, desk, EXIT in roles, approved.guard)
    return _once(actions)


def _quotes(order: Order | Place) -> bool:
    """Is it a shown quote? Told by its kind: the tag is the strategy's own word and may be any."""
    return order.kind is POST_ONLY


def _toward_target(
    intent: Intent, desk: Desk, working: list[Order], quoting: list[Order], entries: bool
) -> list[Action]:
    target = intent.target
    assert target is not None
    if desk.legs[0] > 0 and desk.legs[1] > 0:
        # Long and short at once earn nothing and pay twice: the one that is not wanted goes first.
        side = BUY if target >= 0 else SELL
        delta = side.sign * desk.closable(side)
        in_way = working
    else:
        in_way = _in_the_way(target, desk.have, working)
        delta = target - desk.have
        if in_way:
            delta -= sum((o.side.sign * o.remaining for o in in_way), ZERO)
        elif not delta:
            return []
        side = BUY if delta > 0 else SELL
    leaving = desk.closable(side) > 0
    unheard = [o for o in working + quoting if o.state is UNKNOWN]
    if not delta or [o for o in unheard if not leaving or o.side is side]:
        return []
    if in_way:
        # Something is already being done. If it leads the wrong way (by now), stop it; then look again.
        return [_cancel(o, "wish changed") for o in in_way if o.side is not side and desk.pullable(o)]
    clash = _clash(intent, side, quoting) if quoting else None
    if quoting and leaving and not clash:
        # Whatever trades first: an exit and the quotes beside it never close more than there is.
        shown = _unbounded(desk, side)
        clash = shown if sum((o.remaining for o in shown), abs(delta)) > desk.closable(side) else []
        if clash:
            return [_cancel(o, "leaving") for o in clash if desk.pullable(o)]
    if clash:
        return [_cancel(o, "leaving") for o in clash if desk.pullable(o) and not _shown(intent, o.side)]
    role = EXIT if leaving else ENTRY
    if not desk.may(role, side, entries):
        return []
    qty = whole(desk.instrument, min(abs(delta), desk.closable(side)) if leaving else abs(delta))
    if not enough(desk.instrument, qty, desk.price, reduce_only=leaving and desk.covered(side, qty)):
        return []
    rivals = _rivals(desk, side) if leaving else []
    if rivals and not fits(rivals, desk.closable(side) - qty):
        return make_room(intent, desk, rivals, side, desk.closable(side) - qty)
    return [_market(desk, intent, side, qty, role)]


def _rivals(desk: Desk, side: Side) -> list[Order]:
    """Stops that could close once more what an exit closes: they must be dead before it is sent (I17).

    Where the venue itself bounds closing orders by what this sleeve has, the stop may stay until the exit is
    done. It does not on spot, and not where other sleeves hold the same market: there reduce-only is measured
    on the account's net position. Nor does it bound a stop that was placed without reduce-only while another
    sleeve held the other side, however alone this one is by now.
    """
    stops = [o for o in desk.orders if o.role is PROTECT and o.side is side]
    bounded = bool(stops) and desk.clipped(side, desk.closable(side))
    return [o for o in stops if not bounded or (desk.mode is PositionMode.NET and not o.reduce_only)]


def _unbounded(desk: Desk, side: Side) -> list[Order]:
    """Closing quotes that the venue does not keep from taking more than there is, a stop beside them."""
    bounded = desk.closing is Closing.BOUND and desk.clipped(side, desk.closable(side))
    shown = [o for o in desk.orders if shown_exit(o) and o.side is side]
    return [o for o in shown if not bounded or (desk.mode is PositionMode.NET and not o.reduce_only)]


def _in_the_way(target: Decimal, have: Decimal, working: list[Order]) -> list[Order]:
    """Orders to wait for. An entry without an answer does not hold up an exit of what is proven held."""
    if not have or (target * have > 0 and abs(target) >= abs(have)):
        return working
    out = SELL if have > 0 else BUY
    return [o for o in working if o.side is out or o.state is not UNKNOWN]


def _shown(intent: Intent, side: Side) -> Decimal:
    """What the wish shows on ``side``."""
    return sum((q.qty for q in intent.quotes if q.side is side), ZERO)


def _clash(intent: Intent, side: Side, quoting: list[Order]) -> list[Order]:
    """Quotes that must be gone first: together with a market order they would be more than was wished."""
    more = [o for o in quoting if o.remaining > _shown(intent, o.side)]
    if intent.target:
        return [o for o in more if o.side is side]
    return [o for o in more if o.side is side or o.state in CHANGEABLE]


def _market(desk: Desk, intent: Intent, side: Side, qty: Decimal, role: Role) -> Place:
    return desk.draft(
        sleeve=intent.sleeve,
        symbol=intent.symbol,
        side=side,
        kind=MARKET,
        qty=qty,
        role=role,
        reduce_only=role is EXIT and desk.covered(side, qty),
        pos_side=desk.pos_side(side, role),
        tag=intent.tag,
    )


def _toward_quotes(
    intent: Intent, desk: Desk, quoting: list[Order], blind: bool, entries: bool
) -> list[Action]:
    actions: list[Action] = []
    for side in (BUY, SELL):
        have = [o for o in quoting if o.side is side]
        wanted = next((_fitting(q, desk) for q in intent.quotes if q.side is side), None)
        if wanted is None or wanted.qty <= 0:
            actions += [_cancel(o, "quote withdrawn") for o in have if desk.pullable(o)]
            continue
        role = desk.role(wanted)
        if have:
            actions += _keep_quote(wanted, role, have, desk)
        elif not blind and desk.may_show(role, side, entries) and _worthwhile(wanted, role, desk):
            actions.append(_post(desk, intent, wanted, role))
    return actions


def _fitting(quote: Quote, desk: Desk) -> Quote:
    """The quote in whole lots; on a long/short account it closes the other position before it opens one."""
    qty = quote.qty
    closable = desk.closable(quote.side)
    if desk.mode is PositionMode.HEDGE and desk.instrument.derivative and closable:
        qty = min(qty, closable)
    return Quote(quote.side, quote.price, whole(desk.instrument, qty), quote.tag)


def _worthwhile(quote: Quote, role: Role, desk: Desk) -> bool:
    reduce_only = role is EXIT and desk.covered(quote.side, quote.qty)
    return enough(desk.instrument, quote.qty, float(quote.price), reduce_only=reduce_only)


def _keep_quote(wanted: Quote, role: Role, have: list[Order], desk: Desk) -> list[Action]:
    first, *extra = have
    actions: list[Action] = [_cancel(o, "one quote a side") for o in extra if desk.pullable(o)]
    if not desk.pullable(first) or first.amending is not None:
        return actions
    if first.role is EXIT and role is ENTRY:
        # It would go through zero now: an order that counts as an entry, which a halt takes away.
        actions.append(_cancel(first, "no longer an exit"))
    elif first.pos_side is not desk.pos_side(wanted.side, role):
        actions.append(_cancel(first, "other position"))
    elif first.price == wanted.price and first.remaining == wanted.qty:
        return actions
    elif first.role is EXIT and wanted.qty > first.remaining:
        actions.append(_cancel(first, "quote grew"))
    elif first.filled % desk.instrument.lot:
        # The lot has become coarser since: no whole size is both what is filled and whole lots more.
        actions.append(_cancel(first, "other lot"))
    else:
        actions.append(Amend(first.cid, first.symbol, wanted.price, first.filled + wanted.qty, wanted.tag))
    return actions


def _post(desk: Desk, intent: Intent, quote: Quote, role: Role) -> Place:
    return desk.draft(
        sleeve=intent.sleeve,
        symbol=intent.symbol,
        side=quote.side,
        kind=POST_ONLY,
        qty=quote.qty,
        price=quote.price,
        role=role,
        reduce_only=role is EXIT and desk.covered(quote.side, quote.qty),
        pos_side=desk.pos_side(quote.side, role),
        tag=quote.tag or QUOTE,
    )


def _protection(intent: Intent, desk: Desk, exiting: bool, layer: str = "") -> list[Action]:
    guards = [o for o in desk.orders if o.role is PROTECT]
    if not guards and (not desk.have or exiting or (intent.stop is None and intent.take is None)):
        return []
    side = SELL if desk.have > 0 else BUY
    cover = whole(desk.instrument, abs(desk.have))
    if not enough(desk.instrument, cover, desk.price, reduce_only=desk.clipped(side, cover)):
        return [_cancel(o, "position closed") for o in guards if desk.pullable(o)]
    if intent.target is not None and intent.target * desk.have <= 0:
        return []  # on the way out: the old stops stay until it is done, the wish's are for the other side
    if exiting:
        return []  # an exit and a new stop together could close more than there is
    if intent.stop is None and intent.take is None:
        return [_cancel(o, "protection withdrawn") for o in guards if desk.pullable(o)]
    good = [o for o in guards if _guards(o, intent, cover, desk.watch) and desk.bears(o) and not o.cancelling]
    lost = [o for o in good if unseen(o)]
    if len(lost) <= LOST and desk.clipped(side, cover):
        good = [o for o in good if o not in lost]
    if not good:
        if guards and not desk.clipped(side, cover):
            return change(intent, desk, guards, side, cover, shown=bool(_unbounded(desk, side)), layer=layer)
        # The best of the old ones covers until the new one is there; a stop that moves often leaves no trail.
        old = sorted((o for o in guards if desk.pullable(o)), key=lambda o: min(o.remaining, cover))
        fewer: list[Action] = [_cancel(o, "replaced") for o in old[:-1]]
        if not desk.may_reduce or any(o.state in UNHEARD for o in guards):
            return fewer  # one at a time: its answer is on the way
        if _unbounded(desk, side):
            return fewer  # shown while no stop was wanted: withdrawn by now, and proven dead first
        return [*fewer, _guard(desk, intent, side, cover, layer)]
    proven = next((o for o in good if o.state in CHANGEABLE and o.amending is None), None)
    if proven is None:
        return []
    return [_cancel(o, "replaced") for o in guards if o is not proven and desk.pullable(o)]


def unseen(order: Order) -> bool:
    """A stop whose fate nobody knows and that the venue, asked, did not know either."""
    return order.state is UNKNOWN and order.fixed


def _guards(order: Order, intent: Intent, qty: Decimal, watch: str) -> bool:
    trigger, take = levels(intent)
    waits_so = not (order.watch and watch) or order.watch == watch
    aim = order.amending
    if aim is not None:
        return waits_so and (aim.qty - order.filled, aim.price, aim.take) == (qty, trigger, take)
    return waits_so and order.remaining == qty and order.trigger == trigger and order.take == take


def _guard(desk: Desk, intent: Intent, side: Side, qty: Decimal, layer: str = "") -> Place:
    trigger, take = levels(intent)
    return desk.draft(
        sleeve=intent.sleeve,
        symbol=intent.symbol,
        side=side,
        kind=kind_of(intent),
        qty=qty,
        trigger=trigger,
        take=take,
        role=Role.PROTECT,
        reduce_only=desk.covered(side, qty),
        pos_side=desk.pos_side(side, Role.PROTECT),
        tag=tag_of(intent, layer),
    )


def _cancel(order: Order, reason: str) -> Cancel:
    return Cancel(order.cid, order.symbol, reason)


def _once(actions: list[Action]) -> list[Action]:
    """Each order is touched at most once a step; a cancel wins over an amend."""
    if len(actions) < 2:
        return actions
    chosen: dict[str, Action] = {}
    for action in actions:
        cid = getattr(action, "cid", "")
        if cid in chosen and not (isinstance(action, Cancel) and isinstance(chosen[cid], Amend)):
            continue
        chosen[cid] = action
    return list(chosen.values())
