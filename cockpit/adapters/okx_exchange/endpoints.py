"""The table of REST endpoints: who may call what, how often, and what answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.okx_exchange.refusals import missing, wrong

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account
    from cockpit.adapters.okx_exchange.keys import Key
    from cockpit.adapters.okx_exchange.venue import OkxVenue

Rows = list[Any]


class Limit(msgspec.Struct, frozen=True):
    """At most ``count`` requests in any ``window`` ms, counted per ``scope``."""

    count: int
    window: int = 2_000
    scope: str = "ip"
    """Joined of: ip, uid, inst (instrument), type (instrument type), tag. Order endpoints count items."""
    name: str = ""
    """Endpoints with one name share one count; empty = the endpoint's own."""


class Call(msgspec.Struct):
    """One request as a handler sees it."""

    venue: OkxVenue
    now: int
    params: dict[str, Any]
    """Query of a GET, body of a POST (the first item of a list)."""
    items: list[dict[str, Any]]
    """Body of a batch; one item otherwise."""
    listed: bool
    """Did the body come as a list?"""
    ip: str = ""
    key: Key | None = None
    owner: Account | None = None
    expires: int = 0
    """The client's deadline (``expTime``), 0 = none."""

    @property
    def account(self) -> Account:
        """The caller. Only for endpoints that ask for a key."""
        assert self.owner is not None
        return self.owner

    def get(self, name: str) -> str:
        """A parameter as text; absent is empty."""
        raw = self.params.get(name)
        return "" if raw is None else str(raw)

    def need(self, name: str) -> str:
        """As :meth:`get`. Raises Refusal 50014 when absent."""
        found = self.get(name)
        if not found:
            raise missing(name)
        return found

    def count(self, default: int, most: int, name: str = "limit") -> int:
        """Page size; more than the venue gives is what the venue gives."""
        text = self.get(name)
        if not text:
            return default
        if not text.isdecimal() or not int(text):
            raise wrong(name)
        return min(int(text), most)

    def instant(self, name: str) -> int | None:
        """An id or an instant in ms. Raises Refusal 51000."""
        text = self.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise wrong(name) from None


class Answer(msgspec.Struct):
    """What a handler may return when ``data`` alone does not say it all."""

    data: Rows
    code: str = "0"
    message: str = ""
    timed: bool = False
    """With ``inTime`` and ``outTime``, as order endpoints answer."""


Handler = Callable[[Call], Rows | Answer]


class Endpoint(msgspec.Struct, frozen=True):
    method: str
    path: str
    handler: Handler
    limit: Limit
    private: bool = False
    permission: str = "read_only"
    batch: bool = False


ENDPOINTS: dict[str, dict[str, Endpoint]] = {}
"""By path, then by method."""


def endpoint(
    method: str, path: str, limit: Limit, *, permission: str = "", batch: bool = False
) -> Callable[[Handler], Handler]:
    """Register a handler. ``permission`` other than empty makes it private."""

    def register(handler: Handler) -> Handler:
        full = f"/api/v5/{path}"
        ENDPOINTS.setdefault(full, {})[method] = Endpoint(
            method, full, handler, limit, bool(permission), permission or "read_only", batch
        )
        return handler

    return register


def page(
    rows: Iterable[dict[str, Any]], call: Call, key: str, *, stamp: str = "ts", most: int = 100
) -> list[dict[str, Any]]:
    """The newest of ``rows`` (newest first) between the exclusive cursors ``after`` and ``before``.

    ``begin`` and ``end`` bound ``stamp``. No more rows are made than the page needs.
    """
    after, before = call.instant("after"), call.instant("before")
    begin, end = call.instant("begin"), call.instant("end")
    found = (
        row
        for row in rows
        if (after is None or int(row[key]) < after)
        and (before is None or int(row[key]) > before)
        and (begin is None or int(row[stamp]) >= begin)
        and (end is None or int(row[stamp]) <= end)
    )
    return [*islice(found, call.count(most, most))]
