"""Why an order exists: wish → every rule that touched it → order → fills, as one chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.core.events import Fill
from cockpit.core.gate import describe
from cockpit.core.intents import Intent, Outcome, Place, Verdict
from cockpit.core.orders import Order


class Wish:
    """Looks through outcomes in order for the wish that was in force when an order was decided.

    An order is often decided later than the wish: when a rule lets go, or another order is out of the way.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self.found: Intent | None = None
        self.verdicts: list[Verdict] = []
        """Every rule that touched it since, in order."""
        self.outcome: Outcome | None = None
        """The Outcome that decided the order."""

    def look(self, outcome: Outcome) -> bool:
        """Take one outcome in; False once the search is over."""
        if outcome.seq > self._order.intent:
            return False
        for intent in outcome.intents:
            if intent.sleeve == self._order.sleeve:
                self.found = intent
                self.verdicts = []
        self.verdicts += [v for v in outcome.verdicts if v.sleeve == self._order.sleeve]
        if outcome.seq == self._order.intent:
            self.outcome = outcome
        return True


def chain(order: Order, wish: Wish, fills: Sequence[Fill]) -> dict[str, Any]:
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
        "symbol": order.symbol,
        "decided": None
        if outcome is None
        else {"seq": outcome.seq, "ts": outcome.ts, "cause": outcome.cause},
        "wanted": [{"wish": describe(w), "tag": w.tag, "confidence": w.confidence} for w in wishes],
        "verdicts": [
            {"rule": v.rule, "action": v.action, "before": v.before, "after": v.after, "reason": v.reason}
            for v in wish.verdicts
        ],
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


def text(found: dict[str, Any]) -> str:
    """One line per link of the chain."""
    decided = found["decided"]
    lines = [f"{found['cid']}  {found['sleeve']}"]
    if decided is not None:
        lines.append(f"  decided at #{decided['seq']} by {decided['cause']}")
    lines += [f"  wanted {w['wish']}" + (f"  ({w['tag']})" if w["tag"] else "") for w in found["wanted"]]
    lines += [
        f"  {v['rule']} {v['action']}: {v['before']} → {v['after']}  {v['reason']}" for v in found["verdicts"]
    ]
    order = found["order"]
    at = order["price"] or order["trigger"] or "market"
    lines.append(
        f"  {order['role']} {order['kind']} {order['side']} {order['qty']} @ {at} → {order['state']}"
    )
    for fill in found["fills"]:
        side = "maker" if fill["maker"] else "taker"
        note = f"  {fill['note']}" if fill["note"] else ""
        lines.append(
            f"  filled {fill['qty']} @ {fill['price']} {side}, fee {fill['fee']} {fill['fee_ccy']}{note}"
        )
    return "\n".join(lines)
