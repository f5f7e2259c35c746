"""What decides a plan, part by part: the same at its application, or the part that is not is named.

Prices, the size that limits leave of an entry, and running numbers are no parts: they are compared by
themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from cockpit.core.intents import Amend, Cancel, Place, Verdict
from cockpit.core.meant import holders, sleeve_name
from cockpit.core.orders import Role
from cockpit.core.refusal import Refusal
from cockpit.core.state import State
from cockpit.core.types import ZERO

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

SAFER = frozenset(("entries", "lock", "unlock", "limit"))
"""They change who may enter, or how much. Which quotes rest at that instant is no reason to refuse them."""


class Call(msgspec.Struct, frozen=True):
    """One request to the venue."""

    do: str
    """place | amend | cancel"""
    symbol: str
    cid: str
    side: str = ""
    kind: str = ""
    qty: Decimal = ZERO
    price: Decimal | None = None
    trigger: Decimal | None = None
    take: Decimal | None = None
    reduce_only: bool = False
    pos_side: str = ""
    role: str = ""
    sleeve: str = ""
    watch: str = ""
    """Which price sets it off while it waits."""

    @property
    def essence(self) -> Call:
        """Without the client id, which is only known when it is sent."""
        return msgspec.structs.replace(self, cid="") if self.do == "place" else self


def call_of(action: Place | Amend | Cancel) -> Call:
    """A request as the plan shows it."""
    if isinstance(action, Cancel):
        return Call("cancel", action.symbol, action.cid)
    if isinstance(action, Amend):
        return Call("amend", action.symbol, action.cid, qty=action.qty, price=action.price, take=action.take)
    return Call(
        "place",
        action.symbol,
        action.cid,
        action.side.value,
        action.kind.value,
        action.qty,
        action.price,
        action.trigger,
        action.take,
        action.reduce_only,
        action.pos_side.value,
        action.role.value,
        action.sleeve,
        action.watch,
    )


def entered(calls: Iterable[Call]) -> Decimal:
    """What they enter at once."""
    return sum((c.qty for c in calls if c.do == "place" and c.role == Role.ENTRY), ZERO)


def seen(
    engine: Engine,
    args: Mapping[str, str],
    symbol: str,
    calls: Sequence[Call],
    verdicts: tuple[Verdict, ...],
    refused: str,
) -> dict[str, str]:
    """Digests of everything that decides the calls; prices, sizes that limits leave of an entry and running
    numbers are looked at by themselves."""
    state, verb = engine.state, args.get("verb")
    seen: dict[str, object] = {
        "wish": sorted(args.items()),
        "entries": [sorted((k, int(v)) for k, v in state.voices.items()), state.halt is not None],
        "locks": sorted(state.locks),
        "answer": refused,
    }
    if verb == "limit":
        seen["limits"] = [sorted(state.tighter.items()), engine.ruling and engine.ruling.limits]
    if verb not in SAFER:
        books = [b for s in _who(state, args, symbol) for b in state.ledger.sleeve_books(s)]
        seen["position"] = [(b.symbol, b.pos_side, b.qty) for b in books]
        seen["market"] = engine.markets[symbol].instrument if symbol else None
        # Which of its quotes a strategy shows at this instant does not change what an exit sends.
        seen["orders"] = [_kept(c, verb) for c in calls if c.do == "place" or verb != "exit"]
        if verb != "enter":
            seen["rules"] = [(v.sleeve, v.rule, v.action, v.before, v.after) for v in verdicts]
    return {name: digest(value) for name, value in seen.items()}


def _kept(call: Call, verb: str | None) -> Call:
    """What must be the same of a request: of an entry not the size, which is compared by itself."""
    entry = verb == "enter" and call.do == "place" and call.role == Role.ENTRY
    return msgspec.structs.replace(call.essence, qty=ZERO) if entry else call.essence


def digest(value: object) -> str:
    return hashlib.sha256(msgspec.msgpack.encode(value, order="deterministic")).hexdigest()


def _who(state: State, args: Mapping[str, str], symbol: str) -> list[str]:
    """The sub-books that a deed touches."""
    if args.get("verb") == "exit":
        return [sleeve.id for sleeve in holders(state, args)]
    return [sleeve_name(symbol)] if symbol else []


def changed(parts: Mapping[str, str], before: str, calls: Sequence[Call], position: str) -> Refusal:
    """The first part that is no longer what it was (``before``: ``name:digest …``), in words."""
    known = dict(part.split(":", 1) for part in before.split() if ":" in part)
    name = next((name for name, digest in parts.items() if known.get(name) != digest), "wish")
    orders = "; ".join(f"{c.do} {c.side} {c.qty.normalize():f}" for c in calls) or "-"
    return Refusal(f"plan.changed.{name}", now=position if name == "position" else orders)
