"""Who listens to what, and the way of a message to them: faults first, then each socket's own queue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.socket import Socket
    from cockpit.adapters.okx_exchange.venue import OkxVenue


class Subscription:
    """One argument that one socket has subscribed to."""

    __slots__ = ("arg", "channel", "key", "prefix", "socket", "uid")

    def __init__(self, socket: Socket, arg: dict[str, Any], uid: str = "") -> None:
        self.socket = socket
        self.arg = arg
        self.uid = uid
        self.channel = str(arg.get("channel", ""))
        self.key = str(arg.get("instId") or arg.get("instType") or "")
        echo = {**arg, "uid": uid} if uid else arg
        self.prefix = b'{"arg":' + msgspec.json.encode(echo) + b","

    def wants(self, row: dict[str, Any]) -> bool:
        """Is a private record within the argument?"""
        arg = self.arg
        return (
            arg.get("instType", "ANY") in ("ANY", "", row["instType"])
            and arg.get("instId", "") in ("", row["instId"])
            and (not arg.get("instFamily") or str(row["instId"]).startswith(str(arg["instFamily"])))
            and str(arg.get("algoId", "")) in ("", row.get("algoId", ""))
        )


class Hub:
    """All subscriptions of all sockets."""

    def __init__(self, venue: OkxVenue) -> None:
        self.venue = venue
        self.sockets: set[Socket] = set()
        self._public: dict[tuple[str, str], list[Subscription]] = defaultdict(list)
        self._private: dict[tuple[str, str], list[Subscription]] = defaultdict(list)

    def add(self, sub: Subscription) -> None:
        self._room(sub).append(sub)

    def remove(self, sub: Subscription) -> None:
        room = self._room(sub)
        if sub in room:
            room.remove(sub)

    def leave(self, socket: Socket) -> None:
        """A socket is gone."""
        self.sockets.discard(socket)
        for sub in socket.subscriptions.values():
            self.remove(sub)

    def _room(self, sub: Subscription) -> list[Subscription]:
        rooms = self._private if sub.uid else self._public
        return rooms[(sub.channel, sub.uid or sub.key)]

    def listening(self, channel: str, key: str) -> bool:
        """Does anybody want this public channel?"""
        return bool(self._public.get((channel, key)))

    def count(self, channel: str, uid: str) -> int:
        """Connections of an account to a private channel."""
        return len({sub.socket for sub in self._private.get((channel, uid), ())})

    def owned(self, channel: str, uid: str) -> list[Subscription]:
        """An account's subscriptions to a private channel."""
        return [*self._private.get((channel, uid), ())]

    def publish(self, channel: str, key: str, rows: Iterable[Any], action: str = "") -> None:
        """Tell everybody on a public channel."""
        subs = self._public.get((channel, key))
        if not subs:
            return
        body = payload([*rows], action)
        for sub in [*subs]:
            sub.socket.push(channel, sub.prefix + body)


def payload(rows: list[Any], action: str = "", **more: Any) -> bytes:
    """Everything of a push after its ``arg``."""
    head = b'"action":"' + action.encode() + b'",' if action else b""
    extra = b"".join(b'"' + k.encode() + b'":' + msgspec.json.encode(v) + b"," for k, v in more.items())
    return head + extra + b'"data":' + msgspec.json.encode(rows) + b"}"
