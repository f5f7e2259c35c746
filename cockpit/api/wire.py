"""What is said through the door: length-prefixed MessagePack, a hello first, then frames out and asks in.

    client                          server
      Hello  ───────────────────────►
             ◄───────────── Welcome, or Refused and the end
      Ask    ───────────────────────►
             ◄───────────── Answer, with the id of the Ask
      Beat   ───────────────────────►    at least once a second; keeps the lease
             ◄───────────── Beat
             ◄───────────── Frame        one; the next only after
      Seen   ───────────────────────►
             ◄───────────── Lease        somebody else drives now, or nobody

One message = 4 bytes of length, big-endian, and at most ``LIMIT`` bytes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys

import msgspec

from cockpit.core.errors import DoorError
from cockpit.core.frames import Answer, Frame

PROTOCOL = 1
LIMIT = 4 * 1024 * 1024
BEAT_S = 0.5
"""How often a client says that it is alive."""

HEADER = struct.Struct(">I")


class Hello(msgspec.Struct, frozen=True, array_like=True, tag="hello"):
    """The first message. ``protocol`` stays the first field for ever: any two versions can part politely."""

    protocol: int
    name: str
    wants_drive: bool = False
    """Take the lease if nobody holds it."""
    rate: float = 10.0
    """Frames per second wanted; 0 = none."""


class Ask(msgspec.Struct, frozen=True, array_like=True, tag="ask"):
    """A command or a question. One ``command_id`` is obeyed once, and answered as often as it is asked."""

    command_id: str
    verb: str
    args: dict[str, str]


class Beat(msgspec.Struct, frozen=True, array_like=True, tag="beat"):
    """Alive."""


class Seen(msgspec.Struct, frozen=True, array_like=True, tag="seen"):
    """The last frame has been read; the next may come."""


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag="welcome"):
    """Who is behind the door."""

    protocol: int
    pid: int
    mode: str
    version: str
    driver: str
    """Name of the client that drives; empty when nobody does."""
    yours: bool


class Refused(msgspec.Struct, frozen=True, array_like=True, tag="refused"):
    """The server hangs up, and says why in a message of the catalogue."""

    reason: str
    args: dict[str, str] = {}


class LeaseNews(msgspec.Struct, frozen=True, array_like=True, tag="lease"):
    """Who drives from now on. ``reason`` is a message id."""

    driver: str
    yours: bool
    reason: str


FromClient = Hello | Ask | Beat | Seen
FromServer = Welcome | Refused | LeaseNews | Beat | Answer | Frame

UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
"""What the decoder raises for other people's bytes; text that is no UTF-8 is a ValueError of its own."""

_ENCODER = msgspec.msgpack.Encoder()
_CLIENT: msgspec.msgpack.Decoder[FromClient] = msgspec.msgpack.Decoder(FromClient)
_SERVER: msgspec.msgpack.Decoder[FromServer] = msgspec.msgpack.Decoder(FromServer)


class Garbage(Exception):
    """Bytes that are no message. ``args[0]`` is the message id of the refusal."""


def framed(body: bytes) -> bytes:
    """The bytes on the socket. Raises DoorError when they are too many."""
    if len(body) > LIMIT:
        raise DoorError(f"a message of {len(body):,} bytes does not fit through the door ({LIMIT:,})")
    return HEADER.pack(len(body)) + body


def packed(message: msgspec.Struct) -> bytes:
    """A message as bytes on the socket."""
    return framed(_ENCODER.encode(message))


def size_of(header: bytes) -> int:
    """Length of the message that follows. Raises Garbage when no message can be that long."""
    (size,) = HEADER.unpack(header)
    if not 0 < size <= LIMIT:
        raise Garbage("door.refused.size")
    return int(size)


async def body_from(reader: asyncio.StreamReader) -> bytes:
    """The next message's bytes. Raises Garbage, or IncompleteReadError when the other side is gone."""
    return await reader.readexactly(size_of(await reader.readexactly(HEADER.size)))


def from_client(body: bytes) -> FromClient:
    """Raises Garbage."""
    try:
        return _CLIENT.decode(body)
    except UNREADABLE as error:
        raise Garbage("door.refused.garbage") from error


def from_server(body: bytes) -> FromServer:
    """Raises Garbage."""
    try:
        return _SERVER.decode(body)
    except UNREADABLE as error:
        raise Garbage("door.refused.garbage") from error


def peer(connection: socket.socket) -> tuple[int, int]:
    """(pid, uid) of the process at the other end, as the kernel tells; pid 0 where it does not."""
    if sys.platform == "linux":
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, _ = struct.unpack("3i", raw)
        return pid, uid
    else:
        # BSD and macOS: struct xucred of LOCAL_PEERCRED (level 0, option 1): version, then uid.
        raw = connection.getsockopt(0, 1, 76)
        return 0, int(struct.unpack_from("=II", raw)[1])
