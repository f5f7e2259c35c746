"""The short way of a socket's busy subscriptions.

A push begins with the same bytes as the one before it on the same subscription. Once one has been understood
the general way, those bytes name its watch and its reader: the envelope is not read again. Whatever a reader
cannot decode goes the general way, and so does everything while a subscription is not heard.
"""

from __future__ import annotations

from collections.abc import Callable

from cockpit.adapters.okx.frames import Arg
from cockpit.adapters.okx.topics import Phase, Watch
from cockpit.core.unreadable import UNREADABLE

Lean = Callable[[bytes], int]
"""Takes a whole frame of one subscription, hands its facts over and returns the venue's time in it (ms)."""
HEARD = Phase.HEARD
NEVER = b"\0"
"""No text frame begins so."""


def nothing(_arg: Arg) -> Lean | None:
    """No subscription has a short way."""
    return None


class Short:
    """Readers by the first bytes of the pushes that they read; ``take`` is what a line delivers to."""

    def __init__(
        self,
        lean: Callable[[Arg], Lean | None],
        general: Callable[[bytes], None],
        bug: Callable[[bytes], None],
    ) -> None:
        """``lean`` makes a reader, where there is one; ``general`` takes whatever has none. Called while an
        exception of a reader's is being handled, ``bug`` makes a fault of it: it must not end the stream."""
        self._lean = lean
        self._general = general
        self._bug = bug
        self._known: dict[bytes, tuple[Watch, Lean]] = {}
        self._last = NEVER  # how the last push that went the short way began: its neighbour is often another
        self._way: tuple[Watch, Lean] | None = None
        self.received = 0
        """Text frames so far."""

    def __len__(self) -> int:
        return len(self._known)

    def learn(self, raw: bytes, arg: Arg, watch: Watch) -> None:
        """A push has been understood the general way: those that begin as it does may go the short one."""
        head = raw[: raw.find(b"}") + 1]
        if head.startswith(b'{"arg"') and (lean := self._lean(arg)) is not None:
            self._known[head] = (watch, lean)
            self._last = NEVER

    def take(self, raw: bytes, now: float) -> None:
        """One text frame, which came at ``now``. Raises nothing."""
        self.received += 1
        if not raw.startswith(self._last):
            head = raw[: raw.find(b"}") + 1]
            self._way = self._known.get(head)
            self._last = head if self._way is not None else NEVER
        if (way := self._way) is not None and way[0].phase is HEARD:
            watch, lean = way
            try:
                stamp = lean(raw)
            except UNREADABLE:
                pass
            except Exception:  # noqa: BLE001  a bug in a reader costs its message, not the stream
                self._bug(raw)
                return
            else:
                if watch.within:
                    watch.take(stamp, now)
                else:
                    watch.heard = now  # it promised nothing: there is nothing to compare
                return
        self._general(raw)
