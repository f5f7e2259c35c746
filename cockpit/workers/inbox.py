"""The one door in. Account news and commands are never dropped; market data under pressure is conflated.

Order of service: a halt first of all; then what concerns ourselves (account news, commands, timers) in order
of arrival; then the market, in order of arrival.

While nothing waits, the market goes straight to the kernel, within the callback that brought it: a tick
costs no turn of the loop, and the strategy sees it before the next one is read. After ``AT_ONCE_NS`` of such
work the others queue until the kernel's task, and with it every other, has had its turn: what is slow is
conflated as before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from cockpit.core import events as ev

HIGH_WATER = 8_000
"""Market events waiting above which the newest replaces or absorbs the one before it."""
BATCH = 256
AT_ONCE_NS = 10_000_000
"""Work on events handed over at once before the other tasks must have had their turn."""
MARKET = ev.MARKET
HALTS = frozenset(("halt", "flatten"))
STREAMS: dict[type, str] = {
    ev.BookDelta: "book",
    ev.BookSnapshot: "book",
    ev.Touch: "book",
    ev.Trade: "trade",
    ev.Mark: "mark",
    ev.OpenInterest: "interest",
}
"""What may be folded together: only neighbours of one stream and symbol. Bars and funding never are."""


class Inbox:
    """A feed for the kernel, filled by any number of workers on the same loop."""

    lockstep = False

    def __init__(self, high_water: int = HIGH_WATER) -> None:
        self._urgent: deque[ev.AnyEvent] = deque()
        self._market: deque[ev.AnyEvent] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self._serve: Callable[[ev.AnyEvent], int] | None = None
        self._failed: BaseException | None = None
        self._left = 0
        """Work (ns) that may still be done at once; 0 while the kernel is at work or something waits."""
        self._gone = 0
        """Market events ever taken out: positions below count from the first event ever put in."""
        self._newest: dict[tuple[str, str], int] = {}
        """Where the newest waiting event of each stream is."""
        self.high_water = high_water
        self.conflated = 0
        self.received = 0

    def put(self, event: ev.AnyEvent) -> None:
        """Take a fact in; never waits, never refuses an account fact."""
        if event.__class__ in MARKET:
            self.received += 1
            left, serve = self._left, self._serve
            if left and serve is not None:
                self._left = 0  # what is put meanwhile must wait
                try:
                    left -= serve(event)
                except BaseException as error:  # noqa: BLE001  the kernel's, not whose callback this is
                    self._failed = error
                    self._wake.set()
                    return
                if left > 0 and not (self._urgent or self._market or self._ended):
                    self._left = left
                return
            if len(self._market) >= self.high_water and self._conflated(event):
                self.conflated += 1
            else:
                self._append(event)
        elif isinstance(event, ev.Command) and event.verb in HALTS:
            self._urgent.insert(self._after_resume(), event)
        else:
            self._urgent.append(event)
        self._left = 0
        self._wake.set()

    def serve(self, handle: Callable[[ev.AnyEvent], int] | None) -> None:
        """Who takes a market event at once while nothing waits, and returns how long it took (ns).

        What it raises, ``take`` raises.
        """
        self._serve = handle

    def end(self) -> None:
        """No more will come: ``take`` drains and then returns an empty batch."""
        self._ended = True
        self._left = 0
        self._wake.set()

    @property
    def queued(self) -> int:
        return len(self._urgent) + len(self._market)

    async def take(self) -> Sequence[ev.AnyEvent]:
        """The next batch; empty when the inbox has ended."""
        while self._failed is None and not (self._urgent or self._market):
            if self._ended:
                return ()
            self._wake.clear()
            self._left = AT_ONCE_NS if self._serve is not None else 0
            try:
                await self._wake.wait()
            finally:
                self._left = 0
        if self._failed is not None:
            raise self._failed
        batch: list[ev.AnyEvent] = list(self._urgent)
        self._urgent.clear()
        market = self._market
        while market and len(batch) < BATCH:
            batch.append(market.popleft())
            self._gone += 1
        return batch

    async def close(self) -> None:
        self.end()

    def _after_resume(self) -> int:
        """A halt overtakes everything but a resume that was said before it: the last word counts."""
        resumes = [i for i, e in enumerate(self._urgent) if isinstance(e, ev.Command) and e.verb == "resume"]
        return resumes[-1] + 1 if resumes else 0

    def _append(self, event: ev.AnyEvent) -> None:
        stream = _stream(event)
        if stream is not None:
            self._newest[stream] = self._gone + len(self._market)
        self._market.append(event)

    def _conflated(self, event: ev.AnyEvent) -> bool:
        """Fold the newcomer into the newest waiting event of its stream; False: it must wait by itself."""
        stream = _stream(event)
        at = self._newest.get(stream, -1) - self._gone if stream is not None else -1
        if at < 0:
            return False
        merged = _folded(self._market[at], event)
        if merged is None:
            return False
        self._market[at] = merged
        return True


def _stream(event: ev.AnyEvent) -> tuple[str, str] | None:
    """What it may be folded together with: its kind (buys and sells apart) and symbol."""
    kind = STREAMS.get(event.__class__)
    if kind is None:
        return None
    if isinstance(event, ev.Trade):
        kind = event.side
    return kind, event.symbol  # type: ignore[union-attr]


def _folded(old: ev.AnyEvent, new: ev.AnyEvent) -> ev.AnyEvent | None:
    """One event with the effect of both on book, prices and traded volume; None = there is none."""
    if isinstance(new, ev.BookDelta):
        if not isinstance(old, ev.BookDelta) or new.prev_seq not in (-1, old.seq):
            return None
        bids = {**dict(old.bids), **dict(new.bids)}
        asks = {**dict(old.asks), **dict(new.asks)}
        return msgspec.structs.replace(
            new, bids=tuple(bids.items()), asks=tuple(asks.items()), prev_seq=old.prev_seq
        )
    if isinstance(new, ev.Trade) and isinstance(old, ev.Trade):
        return msgspec.structs.replace(new, qty=old.qty + new.qty)
    if isinstance(new, ev.Touch) and not isinstance(old, ev.Touch):
        return None
    return new
