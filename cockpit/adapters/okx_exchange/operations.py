"""Orders over a socket: the same handlers, budgets and faults as over REST, answered on the same line."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.okx_exchange.dispatch import ask
from cockpit.adapters.okx_exchange.endpoints import ENDPOINTS, Answer, Call
from cockpit.adapters.okx_exchange.refusals import Refusal

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.socket import Socket

OPERATIONS = {
    "order": "trade/order",
    "batch-orders": "trade/batch-orders",
    "cancel-order": "trade/cancel-order",
    "batch-cancel-orders": "trade/cancel-batch-orders",
    "amend-order": "trade/amend-order",
    "batch-amend-orders": "trade/amend-batch-orders",
    "mass-cancel": "trade/mass-cancel",
}
BATCHES = frozenset(("batch-orders", "batch-cancel-orders", "batch-amend-orders"))


async def operate(socket: Socket, op: str, id_: str, args: list[Any], frame: dict[str, Any]) -> None:
    """Carry out one order operation and answer it."""
    if socket.door != "private":
        socket.fail("60028", f"The op {op} is not supported on this URL.", id_)
        return
    key = socket.key
    if key is None:
        socket.fail("60011", "Please log in", id_)
        return
    items = [item for item in args if isinstance(item, dict)]
    wrong = not id_ or not items or len(items) != len(args) or (op not in BATCHES and len(items) > 1)
    if wrong or (op in BATCHES and len(items) > 20):
        socket.send({"id": id_, "op": op, "code": "60013", "msg": "Invalid args", "data": []})
        return
    venue = socket.venue
    started = venue.clock.micros()
    expires = str(frame.get("expTime") or "")
    call = Call(
        venue, venue.clock.now(), items[0], items, op in BATCHES, socket.ip, key, key.account,
        int(expires) if expires.isdecimal() else 0,
    )  # fmt: skip
    rule = venue.faults.pick(f"op {op}", call.now, key.account.uid) if venue.faults.rules else None
    if rule is not None and rule.do == "delay":
        await asyncio.sleep(rule.ms / 1000)
    try:
        if "trade" not in key.permissions:
            raise Refusal("50120", "This API key doesn't have permission to use this function.")
        if rule is not None and rule.do == "refuse":
            raise Refusal(rule.code, rule.message)
        venue.advance()
        answer = ask(ENDPOINTS[f"/api/v5/{OPERATIONS[op]}"]["POST"], call)
    except Refusal as refusal:
        answer = Answer([], refusal.code, refusal.message)
    if rule is not None and rule.do == "lose":
        socket.abort()
        return
    if rule is not None and rule.do == "late":
        await asyncio.sleep(rule.ms / 1000)
    # A failed item is told by its own code; the envelope's message stays empty then.
    message = "" if answer.code in ("1", "2") else answer.message
    socket.send(
        msgspec.json.encode(
            {
                "id": id_,
                "op": op,
                "code": answer.code,
                "msg": message,
                "data": answer.data,
                "inTime": str(started),
                "outTime": str(venue.clock.micros()),
            }
        )
    )
    socket.server.private.news(key.account)
