"""What a screen and its replay process say to each other: lines in, length-prefixed messages out."""

from __future__ import annotations

import struct
from typing import IO

import msgspec

from cockpit.core.config import Config
from cockpit.core.frames import Frame

HEADER = struct.Struct(">I")
LIMIT = 64 * 1024 * 1024


class Begin(msgspec.Struct, frozen=True):
    """The first line: which journal, under which settings where its own are not kept."""

    journal: str
    config: Config


class Go(msgspec.Struct, frozen=True):
    """Show a moment: an instant, a fact, or so many decisions or ms from here."""

    ts: int = 0
    seq: int = 0
    by: int = 0
    ms: int = 0

    @property
    def relative(self) -> bool:
        """Does it begin where the one before it ends?"""
        return bool(self.by or self.ms)


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """A moment, and between which two it lies."""

    frame: Frame
    first_ts: int
    last_ts: int
    last_seq: int


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Facts folded, of how many."""

    done: int
    of: int


class Trouble(msgspec.Struct, frozen=True, tag="trouble"):
    """It cannot be shown, and why."""

    words: str


FromPast = Shown | Progress | Trouble
ENCODER = msgspec.msgpack.Encoder()
DECODER: msgspec.msgpack.Decoder[FromPast] = msgspec.msgpack.Decoder(FromPast)


def say(out: IO[bytes], message: FromPast) -> None:
    """Write one message."""
    body = ENCODER.encode(message)
    out.write(HEADER.pack(len(body)) + body)
    out.flush()


def hear(source: IO[bytes]) -> FromPast | None:
    """The next message; None when there will be none."""
    head = source.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    (size,) = HEADER.unpack(head)
    body = source.read(size) if size <= LIMIT else b""
    return DECODER.decode(body) if len(body) == size else None
