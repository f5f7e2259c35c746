"""A request that is known and allowed: its budget is spent, its handler is asked, its envelope is made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from cockpit.adapters.okx_exchange import rest_account, rest_public, rest_trade
from cockpit.adapters.okx_exchange.endpoints import ENDPOINTS, Answer, Call, Endpoint
from cockpit.adapters.okx_exchange.limits import ACCOUNT_ORDERS
from cockpit.adapters.okx_exchange.refusals import BARE, Refusal
from cockpit.adapters.okx_exchange.venue import OkxVenue

SINGLE = {
    "/api/v5/trade/batch-orders": "/api/v5/trade/order",
    "/api/v5/trade/cancel-batch-orders": "/api/v5/trade/cancel-order",
    "/api/v5/trade/amend-batch-orders": "/api/v5/trade/amend-order",
}
"""A batch of one counts as a single request."""
COUNTED = ("/api/v5/trade/order", "/api/v5/trade/batch-orders", "/api/v5/trade/amend-order",
           "/api/v5/trade/amend-batch-orders")  # fmt: skip
"""New and amended orders also count for the account as a whole."""
DOORS = (rest_account, rest_public, rest_trade)
"""Importing them fills the table of endpoints."""


def find(method: str, path: str) -> Endpoint | None:
    """The endpoint at ``path``. Raises Refusal 50115 for a wrong method."""
    methods = ENDPOINTS.get(path)
    if methods is None:
        return None
    found = methods.get(method)
    if found is None:
        raise Refusal("50115", "Invalid request method.")
    return found


def instrument_name(venue: OkxVenue, item: dict[str, Any]) -> str:
    """The instrument an item is about, whichever way it names it."""
    code = item.get("instIdCode")
    if code not in (None, ""):
        floor = venue.by_code.get(str(code))
        return floor.listed.inst_id if floor else str(code)
    return str(item.get("instId", ""))


def spend(endpoint: Endpoint, call: Call) -> None:
    """Count the request. Raises Refusal 50011, 50061."""
    venue, limit = call.venue, endpoint.limit
    if not venue.budget.on:
        return
    uid = call.owner.uid if call.owner else ""
    scope = {"ip": call.ip, "uid": uid, "type": call.get("instType"), "tag": call.get("tag")}
    words = limit.scope.split()
    name = (limit.name or f"{endpoint.method} {endpoint.path}", *(scope.get(word, "") for word in words))
    if "inst" not in words:
        venue.budget.spend(name, limit, call.now)
        return
    items = Counter(instrument_name(venue, item) for item in call.items)
    single = SINGLE.get(endpoint.path) if len(call.items) == 1 else None
    if single is not None:
        limit, name = ENDPOINTS[single]["POST"].limit, (f"POST {single}", *name[1:])
    for inst_id, number in items.items():
        venue.budget.spend((*name, inst_id), limit, call.now, number if endpoint.batch else 1)
    if endpoint.method == "POST" and endpoint.path in COUNTED:
        swaps = sum(number for inst_id, number in items.items() if inst_id.endswith("-SWAP"))
        if swaps and not venue.budget.take((ACCOUNT_ORDERS.name, uid), ACCOUNT_ORDERS, call.now, swaps):
            raise Refusal("50061", "You've reached the maximum order rate limit for this account.")


def ask(endpoint: Endpoint, call: Call) -> Answer:
    """Spend and answer. Raises Refusal."""
    spend(endpoint, call)
    found = endpoint.handler(call)
    return found if isinstance(found, Answer) else Answer(found)


def envelope(answer: Answer, started: int, ended: int) -> bytes:
    """The JSON of an answer; order endpoints tell when they took and left the request (microseconds)."""
    body: dict[str, Any] = {"code": answer.code, "msg": answer.message, "data": answer.data}
    if answer.timed:
        body |= {"inTime": str(started), "outTime": str(ended)}
    return msgspec.json.encode(body)


def refusal_body(refusal: Refusal) -> bytes:
    """The JSON of a refusal; what the gateway refuses carries no data."""
    body: dict[str, Any] = {"msg": refusal.message, "code": refusal.code}
    if refusal.status not in BARE:
        body = {"code": refusal.code, "msg": refusal.message, "data": []}
    return msgspec.json.encode(body)
