"""Why an order exists: wish → every rule that touched it → order → fills, as one chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.core.events import Fill
from cockpit.core.gate import describe
from cockpit.core.intents import Outcome, Place
from cockpit.core.orders import Order


def chain(order: Order, outcome: Outcome | None, fills: Sequence[Fill]) -> dict[str, Any]:
    """Plain data for ``cockpit explain``; :func:`text` draws it."""
    wishes = [i for i in (outcome.intents if outcome is not None else ()) if i.sleeve == order.sleeve]
    verdicts = [v for v in (outcome.verdicts if outcome is not None else ()) if v.sleeve == order.sleeve]
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
            for v in verdicts
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
