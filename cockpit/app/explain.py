"""Why an order exists: market event → wish → every rule that touched it → order → fills, as one chain."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.adapters.store import journal_read as read
from cockpit.core.events import AnyEvent, Fill
from cockpit.core.gate import describe
from cockpit.core.intents import Intent, Outcome, Place, Verdict
from cockpit.core.orders import Order

PAGE = 256
"""Outcomes a step back looks at: whoever waits for the journal meanwhile waits for a few milliseconds."""


class Wish:
    """Looks back through outcomes for the wish that was in force when an order was decided.

    An order is often decided later than the wish: when a rule lets go, or another order is out of the way.
    """

    def __init__(self, order: Order) -> None:
        self.order = order
        self.found: Intent | None = None
        self.verdicts: list[Verdict] = []
        """Every rule that touched it since, in order."""
        self.outcome: Outcome | None = None
        """The Outcome that decided the order."""
        self.at = 0
        """Number of the fact at which it was wished."""
        self._before = order.intent + 1

    def step(self, connection: sqlite3.Connection) -> bool:
        """Look at one more page; True once the search is over."""
        passage = read.read_passage(connection, self._before, frozenset(), PAGE)
        self._before = passage.floor
        for seq in sorted(passage.outcomes, reverse=True):
            if self.look(passage.outcomes[seq]):
                return True
        return not passage.floor

    def look(self, outcome: Outcome) -> bool:
        """Take in one outcome, the newest first; True once the wish is found."""
        if outcome.seq > self.order.intent:
            return False
        if outcome.seq == self.order.intent:
            self.outcome = outcome
        sleeve = self.order.sleeve
        self.verdicts = [*(v for v in outcome.verdicts if v.sleeve == sleeve), *self.verdicts]
        wishes = [intent for intent in outcome.intents if intent.sleeve == sleeve]
        if wishes:
            self.found, self.at = wishes[-1], outcome.seq
        return bool(wishes)


def whole(connection: sqlite3.Connection, cid: str) -> dict[str, Any] | None:
    """The chain of an order from a journal that nobody writes; None when it does not have it."""
    order = read.read_order(connection, cid)
    if order is None:
        return None
    wish = Wish(order)
    while not wish.step(connection):
        pass
    return ended(connection, wish)


def ended(connection: sqlite3.Connection, wish: Wish) -> dict[str, Any]:
    """The chain once the wish has been found."""
    cause = read.read_event(connection, wish.at) if wish.at else None
    return chain(wish.order, wish, read.read_fills_of(connection, wish.order.cid), cause)


def chain(order: Order, wish: Wish, fills: Sequence[Fill], cause: AnyEvent | None = None) -> dict[str, Any]:
    """Plain data for ``cockpit explain``; :func:`text` draws it."""
    outcome = wish.outcome
    wishes = [] if wish.found is None else [wish.found]
    placed = [
        a
        for a in (outcome.actions if outcome is not None else ())
        if isinstance(a, Place) and a.cid == order.cid
    ]
    return {
        "cid": order.cid,
        "sleeve": order.sleeve,
        "version": order.version,
        "symbol": order.symbol,
        "because": None if cause is None else {"seq": wish.at, "ts": cause.ts, "event": event_words(cause)},
        "decided": None
        if outcome is None
        else {"seq": outcome.seq, "ts": outcome.ts, "cause": outcome.cause},
        "wanted": [{"wish": describe(w), "tag": w.tag, "confidence": w.confidence} for w in wishes],
        "verdicts": [verdict(v) for v in wish.verdicts],
        "order": {
            "side": order.side,
            "kind": order.kind,
            "role": order.role,
            "qty": str(order.qty),
            "price": None if order.price is None else str(order.price),
            "trigger": None if order.trigger is None else str(order.trigger),
            "reduce_only": order.reduce_only,
            "state": order.state,
            "filled": str(order.filled),
            "journalled": bool(placed),
            "reason": order.reason,
        },
        "fills": [
            {
                "ts": f.ts,
                "price": str(f.price),
                "qty": str(f.qty),
                "fee": str(f.fee),
                "fee_ccy": f.fee_ccy,
                "maker": f.maker,
                "note": f.note,
            }
            for f in fills
        ],
    }


def verdict(found: Verdict) -> dict[str, str]:
    """A rule's word as plain data."""
    return {
        "rule": found.rule,
        "action": found.action,
        "before": found.before,
        "after": found.after,
        "reason": found.reason,
    }


def event_words(event: AnyEvent) -> str:
    """A fact in a line: its kind and its fields; of a book only the best prices."""
    fields = msgspec.to_builtins(event)[1:]
    names = event.__struct_fields__
    tag = str(event.__struct_config__.tag)
    told = []
    for name, value in zip(names, fields, strict=False):
        if name == "ts" or value in ("", None, (), [], {}):
            continue
        if isinstance(value, list | tuple):
            value = value[0] if value else value
            told.append(
                f"{name}[0]={':'.join(map(str, value)) if isinstance(value, list | tuple) else value}"
            )
        else:
            told.append(f"{name}={value}")
    return f"{tag} {' '.join(told)}"


def text(found: dict[str, Any]) -> str:
    """One line per link of the chain."""
    decided = found["decided"]
    lines = [f"{found['cid']}  {found['sleeve']}"]
    if found.get("version"):
        lines.append(f"  version {found['version']}")
    if found.get("because") is not None:
        lines.append(f"  heard #{found['because']['seq']} {found['because']['event']}")
    lines += [f"  wanted {w['wish']}" + (f"  ({w['tag']})" if w["tag"] else "") for w in found["wanted"]]
    lines += [
        f"  {v['rule']} {v['action']}: {v['before']} → {v['after']}  {v['reason']}" for v in found["verdicts"]
    ]
    if decided is not None:
        lines.append(f"  decided at #{decided['seq']} by {decided['cause']}")
    order = found["order"]
    at = order["price"] or order["trigger"] or "market"
    lines.append(
        f"  {order['role']} {order['kind']} {order['side']} {order['qty']} @ {at} → {order['state']}"
        + (f"  {order['reason']}" if order["reason"] else "")
    )
    for fill in found["fills"]:
        side = "maker" if fill["maker"] else "taker"
        note = f"  {fill['note']}" if fill["note"] else ""
        lines.append(
            f"  filled {fill['qty']} @ {fill['price']} {side}, fee {fill['fee']} {fill['fee_ccy']}{note}"
        )
    return "\n".join(lines)
