"""The short way of a socket's busy subscriptions.

A push begins with the same bytes as the one before it on the same subscription. Once one has been understood
the general way, those bytes name its watch and its reader: the envelope is not read again. Whatever a reader
cannot decode goes the general way, and so does everything while a subscription is not heard.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cockpit.adapters.okx.frames import Arg
from cockpit.adapters.okx.topics import Phase, Watch

Lean = Callable[[bytes], int]
"""Takes a whole frame of one subscription, hands its facts over and returns the venue's time in it (ms)."""
HEARD = Phase.HEARD


def nothing(_arg: Arg) -> Lean | None:
    """No subscription has a short way."""
    return None


class Short:
    """Readers by the first bytes of the pushes that they read. ``lean`` makes one, where there is one."""

    def __init__(self, lean: Callable[[Arg], Lean | None]) -> None:
        self._lean = lean
        self._known: dict[bytes, tuple[Watch, Lean]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, raw: bytes, arg: Arg, watch: Watch) -> None:
        """A push has been understood the general way: those that begin as it does may go the short one."""
        head = raw[: raw.find(b"}")]
        if head.startswith(b'{"arg"') and (lean := self._lean(arg)) is not None:
            self._known[head] = (watch, lean)

    def take(self, raw: bytes, now: float) -> bool:
        """True when the frame has been read; False: it must go the general way. Raises a reader's bugs."""
        known = self._known.get(raw[: raw.find(b"}")])
        if known is None:
            return False
        watch, lean = known
        if watch.phase is not HEARD:
            return False
        try:
            stamp = lean(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return False
        watch.take(stamp if watch.topic.within else 0, now)
        return True
