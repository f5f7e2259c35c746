"""Book channels: full pictures (bbo-tbt, books5) and increments with a chain of sequence numbers.

Rules of the chain: a snapshot has ``prevSeqId`` -1; an update names the number before it; after a minute of
silence an empty update repeats the number; a reset goes back to a small one, still chained.
"""

from __future__ import annotations

from typing import Any

from cockpit.adapters.okx_exchange.floor import Floor
from cockpit.adapters.okx_exchange.hub import Hub, Subscription, payload
from cockpit.core.types import Side

DEPTHS = {"books": 400, "books-l2-tbt": 400, "books50-l2-tbt": 50, "books-elp": 400, "books-rpi": 400}
PICTURES = {"bbo-tbt": 1, "books5": 5}
ORDER = ("bbo-tbt", "books-l2-tbt", "books50-l2-tbt", "books", "books-elp", "books-rpi", "books5")
FAST = frozenset(("bbo-tbt", "books-l2-tbt", "books50-l2-tbt"))
"""Told every 10 ms; the others every 100."""
SILENCE_MS = 60_000

Side_ = dict[int, int]


class Chain:
    """One incremental channel of one market: the same for all its listeners."""

    def __init__(self, floor: Floor, channel: str) -> None:
        self.floor = floor
        self.channel = channel
        self.depth = DEPTHS[channel]
        self.bids: Side_ = {}
        self.asks: Side_ = {}
        self.seq = floor.seq
        self.seen = -1
        self.base = 0
        """What resets have taken from the numbers."""
        self.told_at = 0
        self.grids = floor.grids

    def look(self) -> tuple[Side_, Side_]:
        """What of the book this channel shows now."""
        return dict(self.floor.top(Side.BUY, self.depth)), dict(self.floor.top(Side.SELL, self.depth))

    def snapshot(self, now: int) -> dict[str, Any]:
        """The picture a new listener starts from: exactly what the others have been told."""
        floor = self.floor
        return {
            "asks": [floor.level(*level) for level in sorted(self.asks.items())],
            "bids": [floor.level(*level) for level in sorted(self.bids.items(), reverse=True)],
            "ts": str(floor.book_ts or now),
            "checksum": 0,
            "prevSeqId": -1,
            "seqId": self.seq,
        }

    def update(self, now: int) -> dict[str, Any] | None:
        """What changed since the last update; None when nothing did (and no keep-alive is due)."""
        floor = self.floor
        quiet = floor.seq == self.seen
        bids, asks = (self.bids, self.asks) if quiet else self.look()
        self.seen = floor.seq
        down = changed(self.bids, bids)
        up = changed(self.asks, asks)
        before = self.seq
        if not down and not up:
            if now - self.told_at < SILENCE_MS:
                return None
        else:
            self.seq = max(floor.seq - self.base, before + 1)
        self.bids, self.asks, self.told_at = bids, asks, now
        return {
            "asks": [floor.level(*level) for level in sorted(up.items())],
            "bids": [floor.level(*level) for level in sorted(down.items(), reverse=True)],
            "ts": str(floor.book_ts or now),
            "checksum": 0,
            "prevSeqId": before,
            "seqId": self.seq,
        }

    def begin(self, now: int) -> None:
        """Start from the book as it stands."""
        floor = self.floor
        self.bids, self.asks = self.look()
        self.seen, self.seq, self.told_at = floor.seq, max(self.seq, floor.seq - self.base), now
        self.grids = floor.grids

    def reset(self, update: dict[str, Any]) -> None:
        """This update's number goes back to a small one; the next go on from there."""
        self.base = self.floor.seq - 3
        self.seq = update["seqId"] = 3


def changed(before: Side_, now: Side_) -> Side_:
    """Levels that differ; 0 lots where one has gone."""
    if before is now:
        return {}
    out = {ticks: lots for ticks, lots in now.items() if before.get(ticks) != lots}
    out |= dict.fromkeys(before.keys() - now.keys(), 0)
    return out


class Depth:
    """All book channels of all markets."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._chains: dict[tuple[str, str], Chain] = {}
        self._pictures: dict[tuple[str, str], tuple[object, int, int]] = {}
        """What was told last, when, and at which number of the book it was looked at."""

    def chain(self, floor: Floor, channel: str) -> Chain:
        key = (channel, floor.listed.inst_id)
        found = self._chains.get(key)
        if found is None:
            found = self._chains[key] = Chain(floor, channel)
        return found

    def begin(self, floor: Floor, sub: Subscription, now: int) -> None:
        """First push to a new listener; those already there are brought to the same point before."""
        channel = sub.channel
        if channel in PICTURES:
            sub.socket.push(channel, sub.prefix + payload([picture(floor, PICTURES[channel], channel, now)]))
            return
        chain = self.chain(floor, channel)
        if self.hub.listening(channel, floor.listed.inst_id):
            self._tell(chain, now)
        else:
            chain.begin(now)
        sub.socket.push(channel, sub.prefix + payload([chain.snapshot(now)], "snapshot"))

    def tick(self, now: int, slow: bool) -> None:
        """Tell what changed; ``slow`` also on the channels of 100 ms."""
        for floor in self.hub.venue.floors.values():
            for channel in ORDER:
                if not (slow or channel in FAST) or not self.hub.listening(channel, floor.listed.inst_id):
                    continue
                if channel in PICTURES:
                    self._picture(floor, channel, now)
                else:
                    self._tell(self.chain(floor, channel), now)

    def _tell(self, chain: Chain, now: int) -> None:
        if chain.grids != chain.floor.grids:  # no update can say that every price is another one now
            chain.begin(now)
            self.hub.publish(chain.channel, chain.floor.listed.inst_id, [chain.snapshot(now)], "snapshot")
            return
        update = chain.update(now)
        if update is None:
            return
        inst_id, faults = chain.floor.listed.inst_id, self.hub.venue.faults
        if faults.rules and faults.pick(f"sequence {chain.channel}", now) is not None:
            chain.reset(update)
        self.hub.publish(chain.channel, inst_id, [update], "update")

    def _picture(self, floor: Floor, channel: str, now: int) -> None:
        depth = PICTURES[channel]
        key = (channel, floor.listed.inst_id)
        before, at, seq = self._pictures.get(key, (None, 0, -1))
        if seq == floor.seq and now - at < SILENCE_MS:
            return
        shown = (floor.top(Side.BUY, depth), floor.top(Side.SELL, depth))
        if shown == before and now - at < SILENCE_MS:
            self._pictures[key] = (shown, at, floor.seq)
            return
        self._pictures[key] = (shown, now, floor.seq)
        self.hub.publish(channel, floor.listed.inst_id, [picture(floor, depth, channel, now)])


def picture(floor: Floor, depth: int, channel: str, now: int) -> dict[str, Any]:
    """The best levels, whole."""
    row: dict[str, Any] = {
        "asks": [floor.level(*level) for level in floor.top(Side.SELL, depth)],
        "bids": [floor.level(*level) for level in floor.top(Side.BUY, depth)],
        "ts": str(floor.book_ts or now),
        "seqId": floor.seq,
    }
    if channel == "books5":
        row["instId"] = floor.listed.inst_id
    return row
