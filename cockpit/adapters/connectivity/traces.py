"""What the adapter must remember of our orders to ask about them well. Bounded; nothing here is a truth."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from cockpit.core.orders import OrderKind

K = TypeVar("K")
V = TypeVar("V")
KEPT = 20_000


class Recent(OrderedDict[K, V], Generic[K, V]):
    """A dict that forgets its oldest entry when it is full."""

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > KEPT:
            self.popitem(last=False)


class Traces:
    """By client id unless said otherwise."""

    def __init__(self) -> None:
        self.dies: Recent[str, int] = Recent()
        """Venue time (ms) after which a request that has not arrived never will."""
        self.kinds: Recent[str, OrderKind] = Recent()
        self.algos: Recent[str, bool] = Recent()
        """Does it live behind the algo doors? Absent = not known (placed before this process)."""
        self.owners: Recent[str, str] = Recent()
        """The venue's order id → our client id; empty = it is not ours."""
        self.children: Recent[str, str] = Recent()
        """The venue's order that works for an algo of ours, once it has gone off."""
        self.told: Recent[tuple[str, str], bool] = Recent()
        """(symbol, trade id) that the machine has been told."""
