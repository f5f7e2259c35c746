"""A deed shown before it is done, and done only as it was shown.

The plan is made by the machine itself: a copy of the engine (the snapshot's bytes, as at a restart) is given
the command, and what it would send is written down. Its answers are then played to it, so that the stop
that follows the fill, the fees, the margin, the liquidation price and every limit afterwards are the
ledger's and the gate's own numbers. A plan carries a digest of each part of what decided it; ``apply``
makes the plan again in the step and refuses, naming the part, when one of them, or the price, is no longer
the same. What limits leave of an entry moves with every price: it may have become a little less (``MOVED``),
and is never more than was shown, now or later.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.config import RiskConfig
from cockpit.core.frames import LimitRow
from cockpit.core.intents import Action, Amend, Cancel, Outcome, Place, Verdict
from cockpit.core.limits import limit_rows
from cockpit.core.margin import initial_margin, liquidation, tier_of
from cockpit.core.meant import HAND, find, holders
from cockpit.core.orders import OrderKind
from cockpit.core.plan_parts import SAFER, Call, call_of, changed, digest, entered, seen
from cockpit.core.refusal import Refusal
from cockpit.core.state import State
from cockpit.core.types import ZERO, MarginMode, Side, exact
from cockpit.core.undoing import inverse, words
from cockpit.core.unreadable import UNREADABLE

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

GOOD_FOR_MS = 60_000
"""How long a plan may be applied."""
MOVED = 0.005
"""Move of the price since the plan, or part of an entry that limits no longer leave, beyond which it is
refused."""
ROUNDS = 200
"""Requests that a plan follows; no deed of a person needs more."""
OWN = frozenset(("hash", "at", "price", "parts", "size"))
"""Arguments that a plan adds to what was typed."""


class Standing(msgspec.Struct, frozen=True):
    """The market's position in the account, and what carries it."""

    qty: Decimal
    margin: Decimal
    """Locked by it, settle money."""
    liquidation: Decimal | None
    """Mark at which the venue takes it away; None = at no price."""
    limits: tuple[LimitRow, ...]


class Plan(msgspec.Struct, frozen=True):
    """What would happen, and everything that was seen when it was made."""

    hash: str
    args: dict[str, str]
    """Verb and words, as typed."""
    at: int
    symbol: str
    price: float
    """Reference price; NaN = unknown or of no matter."""
    heard: int
    """When the market last spoke; 0 = not since the start."""
    calls: tuple[Call, ...]
    """Sent at once."""
    then: tuple[Call, ...]
    """What follows when those are filled in full."""
    verdicts: tuple[Verdict, ...]
    """Rules that would trim or refuse, in their words."""
    refused: str
    """Message id; empty = it can be applied."""
    numbers: dict[str, str]
    fee: Decimal
    """Taker fees of the market orders in ``calls`` and ``then``, settle money."""
    settle: str
    before: Standing | None
    after: Standing | None
    undo: dict[str, str]
    parts: dict[str, str] = {}
    """Digest of each part of what decided it."""

    @property
    def entry(self) -> Decimal:
        """What it enters at once; 0 = nothing."""
        return entered(self.calls)

    @property
    def least(self) -> Decimal:
        """Where limits leave less of the entry by then, it is not applied; 0 = it was not trimmed."""
        trimmed = any(verdict.action == "trim" for verdict in self.verdicts)
        return self.entry * exact(1 - MOVED) if trimmed and self.args.get("verb") == "enter" else ZERO

    @property
    def order(self) -> dict[str, str]:
        """Arguments of the command that applies it."""
        size = (
            {"size": f"{self.entry.normalize():f}"} if self.entry and self.args.get("verb") == "enter" else {}
        )
        parts = " ".join(f"{name}:{digest}" for name, digest in self.parts.items())
        own = {"hash": self.hash, "parts": parts, "at": str(self.at), "price": repr(self.price)}
        return {**self.args, **own, **size}


def draw(engine: Engine, args: Mapping[str, str], ts: int) -> Plan:
    """Make the plan. The engine itself is not changed."""
    typed = {name: text for name, text in args.items() if name not in OWN and text}
    if typed.get("verb") == "undo":
        typed = dict(engine.state.undo)
        if not typed:
            return _nothing(engine, {"verb": "undo"}, ts, Refusal("hand.no_undo"))
    try:
        symbol, undo = _where(engine.state, typed), inverse(engine.state, typed)
        copy = copied(engine, ts)
    except Refusal as no:
        return _nothing(engine, typed, ts, no)
    before = _standing(copy, symbol)
    most = {"size": args["size"]} if args.get("size") else {}
    outcome = copy.step(ev.Command(copy.state.now, "plan", "apply", typed | most, HAND))
    refused, numbers = copy.state.refusals.get("plan", ("", {}))
    now = [call_of(a) for a in outcome.actions if isinstance(a, Place | Amend | Cancel)]
    parts = seen(engine, typed, symbol, now, outcome.verdicts, refused)
    if not refused and not now and typed["verb"] in {"enter", "exit"}:
        why = outcome.verdicts[0] if outcome.verdicts else None
        said = f"{why.rule}: {why.reason}" if why is not None else "-"
        refused, numbers = "plan.nothing", {"reason": said}
    if typed.get("verb") == "enter" and not refused:
        undo = inverse(engine.state, typed | {"size": f"{entered(now).normalize():f}"})
    then, fee = _played(copy, outcome)
    market = engine.markets.get(symbol)
    return Plan(
        digest(sorted(parts.items())),
        typed,
        copy.state.now,
        symbol,
        engine.state.price(symbol),
        market.heard if market is not None else 0,
        tuple(now),
        tuple(then),
        outcome.verdicts,
        refused,
        dict(numbers),
        fee,
        market.instrument.settle if market is not None else engine.state.currency,
        before,
        None if refused else _standing(copy, symbol),
        undo,
        parts,
    )


def _nothing(engine: Engine, args: dict[str, str], ts: int, no: Refusal) -> Plan:
    """A plan of what cannot be."""
    empty: tuple[Call, ...] = ()
    nan = float("nan")
    return Plan(
        "", args, ts, "", nan, 0, empty, empty, (), no.message, no.numbers, ZERO, engine.state.currency, None,
        None, {},
    )  # fmt: skip


def shown(plan: Plan) -> dict[str, Any]:
    """The plan as JSON: exact numbers as strings, ``id`` is what ``cockpit apply`` takes."""
    rows: dict[str, Any] = msgspec.to_builtins(plan)
    rows["price"] = plan.price if plan.price == plan.price else None
    typed = {"undo": words(plan.undo) if plan.undo else ""}
    size = {"entry": f"{plan.entry:f}", "least": f"{plan.least:f}" if plan.least else ""}
    mine = {"id": plan.hash[:12], "words": words(plan.args), "good_for_ms": GOOD_FOR_MS, **size}
    return {**mine, **rows, **typed}


def check(engine: Engine, event: ev.Command) -> None:
    """Raises Refusal unless what was planned is, to the call, what would be done now."""
    args = event.args
    at = int(args["at"]) if args.get("at", "").isdigit() else 0
    if not args.get("hash") or event.ts - at > GOOD_FOR_MS:
        raise Refusal("plan.old", seconds=GOOD_FOR_MS // 1_000)
    plan = draw(engine, args, event.ts)
    if plan.refused:
        raise Refusal(plan.refused, **plan.numbers)
    if plan.hash != args["hash"]:
        have = f"{plan.before.qty.normalize():f}" if plan.before is not None else "-"
        raise changed(plan.parts, args.get("parts", ""), plan.calls, have)
    planned = Decimal(args.get("size", "0"))
    if plan.entry < planned * exact(1 - MOVED):
        raise Refusal("plan.less", then=f"{planned.normalize():f}", now=f"{plan.entry.normalize():f}")
    then = _float(args.get("price", ""))
    if plan.args["verb"] not in SAFER and abs(plan.price / then - 1.0) > MOVED:
        raise Refusal("plan.moved", then=f"{then:g}", now=f"{plan.price:g}")


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def copied(engine: Engine, ts: int) -> Engine:
    """The same machine once more, sharing nothing that can change; time stands at ``ts`` or later.

    Raises Refusal when something in it (a plug-in's own state) cannot be written down: no plan without proof.
    """
    state = engine.state
    ended, seen = state.recent, state.ledger.seen
    try:
        state.recent, state.ledger.seen = {}, {}  # long lists of what is over: no plan needs them
        kept = memory.read(memory.freeze(engine))
        copy = type(engine)(kept.state, engine.rules)
        memory.thaw(copy, kept, {name: type(slot.strategy) for name, slot in engine.slots.items()})
    except (TypeError, ValueError, OverflowError, *UNREADABLE) as error:
        raise Refusal("plan.no_copy", reason=f"{type(error).__name__}: {error}") from error
    finally:
        state.recent, state.ledger.seen = ended, seen
    copy.usual, copy.breakers = engine.usual, engine.breakers
    copy.ruling = engine.ruling
    copy.rehearsal = True
    copy.state.now = max(copy.state.now, ts)
    return copy


# --- what was seen ----------------------------------------------------------------------------------


def _where(state: State, args: Mapping[str, str]) -> str:
    """The market that a deed is about; empty = several, or none."""
    if args.get("symbol"):
        return find(state, args["symbol"])
    if args.get("verb") == "exit":
        return holders(state, args)[0].symbol
    order = state.orders.get(args.get("cid", ""))
    stranger = state.strangers.get(args.get("cid", ""))
    return order.symbol if order is not None else stranger.symbol if stranger is not None else ""


# --- what follows -----------------------------------------------------------------------------------


def _played(copy: Engine, outcome: Outcome) -> tuple[list[Call], Decimal]:
    """Answer the copy's requests as a venue with enough depth would; what it asks for then, and the fees."""
    pending: list[Action] = list(outcome.actions)
    first, then, fees = len(pending), list[Call](), ZERO
    for number in range(ROUNDS):
        if number >= len(pending):
            break
        action = pending[number]
        if not isinstance(action, Place | Amend | Cancel):
            continue
        if number >= first:
            then.append(call_of(action))
        for fact in _answers(copy, action):
            if isinstance(fact, ev.Fill):
                fees += fact.fee
            pending += copy.step(fact).actions
    return then, fees


def _answers(copy: Engine, action: Place | Amend | Cancel) -> list[ev.AnyEvent]:
    state, now = copy.state, copy.state.now
    if isinstance(action, Cancel):
        order = state.orders.get(action.cid)
        return [] if order is None else [ev.Cancelled(now, action.cid, order.filled)]
    if isinstance(action, Amend):
        return [ev.Amended(now, action.cid, action.price, action.qty, action.take)]
    ack = ev.Ack(now, action.cid, "")
    price = _met(copy, action)
    if action.kind is not OrderKind.MARKET or price is None:
        return [ack]
    instrument = copy.markets[action.symbol].instrument
    worth = instrument.notional(action.qty, price)
    fee = worth * instrument.taker_fee
    fill = ev.Fill(
        now, action.cid, "", f"plan-{action.cid}", action.symbol, action.side, price, action.qty, fee,
        instrument.settle, False, action.pos_side,
    )  # fmt: skip
    return [ack, fill]


def _met(copy: Engine, action: Place) -> Decimal | None:
    """What the order would be filled at: the visible book walked, else the reference price."""
    market = copy.markets[action.symbol]
    average, filled, _ = market.book.walk(action.side, float(action.qty)) if market.book.ok else (0.0, 0.0, 0)
    price = average if filled >= float(action.qty) else copy.state.price(action.symbol)
    return market.instrument.price(price, Side(action.side)) if price > 0 else None


def _standing(engine: Engine, symbol: str) -> Standing | None:
    """The market's position now, and every limit."""
    state = engine.state
    risk = next((rule.params for rule in engine.rules if isinstance(rule.params, RiskConfig)), None)
    limits = limit_rows(state, risk, state.equity()) if risk is not None else ()
    if not symbol:
        return Standing(ZERO, ZERO, None, limits) if limits else None
    margin, level = ZERO, None
    for position in state.ledger.held(symbol):
        instrument, mark = state.instruments[symbol], state.price(symbol)
        if not instrument.derivative or not mark > 0:
            continue
        if state.ledger.margin_mode is MarginMode.ISOLATED:
            margin += position.margin
        else:
            tier = tier_of(instrument, position.qty) if instrument.tiers else None
            lever = min(position.leverage, tier.max_leverage) if tier is not None else position.leverage
            margin += initial_margin(instrument, position.qty, exact(mark), lever)
        level = liquidation(position, state.ledger, state.instruments, state.mark_prices()) or level
    return Standing(state.ledger.net_qty(symbol), margin, level, limits)
