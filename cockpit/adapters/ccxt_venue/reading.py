"""The account read back over REST: one order, or everything. Reading changes nothing and may be repeated.

"Not found" is a proof only when a late arrival is impossible: after the request's own window and the error of
the clocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from cockpit.adapters.ccxt_venue.dialect import Dialect, OrderWord, Timed
from cockpit.adapters.ccxt_venue.door import WINDOW_MS, Door
from cockpit.adapters.ccxt_venue.pairs import Pairs, base_of
from cockpit.adapters.connectivity.since import Since
from cockpit.adapters.connectivity.traces import Recent, Traces
from cockpit.core import events as ev
from cockpit.core.types import ZERO, Side

CLOCK_MS = 2_000
"""Clock error, and time until an order can be found, allowed for before "not found" counts as a proof."""
SETTLE_MS = 250
"""A fill this close to the reading of the balances may or may not be in them: they are read again."""
LATE_MS = 3_000
"""A fill this old that no push has told was lost by the stream."""
TRIES = 3
OWN = "ck"
"""Client ids of ours begin with this; everything else is somebody else's."""
BOOKING = Decimal("0.001")
"""These exchanges round each booking and each average price to 8 digits: money that proves no difference."""
ENTRY = Decimal("1e-8")


def ours(cid: str) -> str:
    """The client id if it is one of ours, else empty."""
    return cid if cid.startswith(OWN) else ""


class Reader:
    """Asks, and puts what it learned into the machine's inbox."""

    def __init__(
        self,
        door: Door,
        traces: Traces,
        put: Callable[[ev.AnyEvent], None],
        now_ms: Callable[[], int],
        natives: Sequence[str],
        born: int,
    ) -> None:
        """``born``: nothing before this (our clock, ms) is read: the opening balance includes it."""
        self._door = door
        self._dialect: Dialect = door.dialect
        self._traces = traces
        self._put = put
        self._now_ms = now_ms
        self.natives = tuple(natives)
        self.pairs = Pairs(door, lambda _what, _detail: None)
        self.sides: Recent[str, Side] = Recent()
        """What each order of ours does: an amend must repeat it."""
        self._awaited: dict[tuple[str, str], int] = {}
        """Fills that were read before the stream told of them, and when (venue ms) they happened."""
        self.since = Since(now_ms, lambda: door.offset_ms, born)
        self.venue_ms = self.since.now

    # --- one order --------------------------------------------------------------------------------

    async def order(self, cid: str, native: str) -> None:
        """Its fills once more, then what became of it. Raises Transient when the venue cannot be asked."""
        waits = self._traces.algos.get(cid)
        word = await self._dialect.find(self._door, cid, native, waits)
        if waits is not False:
            word = await self.pairs.resolve(word, cid, native)
        if word is not None and word.created and word.created < self.since.birth - CLOCK_MS:
            word = None  # of an older journal, which counted its orders from the beginning too
        if word is None:
            dies = self._traces.dies.get(cid, self.since.started + WINDOW_MS)
            proof = self.venue_ms() > dies + CLOCK_MS
            self._put(ev.OrderReport(self._now_ms(), cid, False, proof=proof))
            return
        self._learn(word, cid)
        if word.filled:
            venue_id = word.child or word.venue_id
            found = await self._dialect.fills(
                self._door, [native], word.created or self.since.birth, self.venue_ms(), venue_id
            )
            for row in found:
                self._tell(row, cid)
        self._put(
            ev.OrderReport(
                self._now_ms(), cid, True, True, word.state, word.filled, word.price, word.qty, word.venue_id
            )
        )

    def _learn(self, word: OrderWord, cid: str) -> None:
        self._traces.algos[cid] = word.waits
        self._traces.owners[word.venue_id] = cid
        self.sides[cid] = word.side
        if word.child:
            self._traces.children[cid] = word.child
            self._traces.owners[word.child] = cid

    def _tell(self, row: Timed, cid: str) -> None:
        fact = row.fact
        if isinstance(fact, ev.Fill):
            kind = fact.kind
            if not cid and kind is ev.FillKind.TRADE:
                kind = ev.FillKind.EXTERNAL
            fact = msgspec.structs.replace(fact, ts=self._now_ms(), cid=cid, kind=kind)
            self._traces.told[(fact.symbol, fact.trade_id)] = True
        self._put(fact)

    # --- everything -------------------------------------------------------------------------------

    async def account(self, request_id: str, since: int) -> None:
        """Fills and bills since ``since`` (our clock, ms), then balances, positions and orders of one moment.

        Raises Transient when any part could not be read: half a picture is none (F40).
        """
        begin = self.since.at(since)
        for attempt in range(TRIES):
            read_at = self.venue_ms()
            balances, positions, orders = await asyncio.gather(
                self._dialect.balances(self._door),
                self._dialect.positions(self._door),
                self._dialect.orders(self._door),
            )
            fills = await self._dialect.fills(self._door, self.natives, begin, self.venue_ms())
            bills = await self._dialect.bills(self._door, begin, self.venue_ms())
            moved = any(row.at >= read_at - SETTLE_MS for row in (*fills, *bills))
            if not moved or attempt == TRIES - 1:
                break
            await asyncio.sleep(SETTLE_MS / 1_000)
        await self._tell_all(fills)
        for row in bills:
            self._tell_bill(row)
        rounding = BOOKING + sum((abs(p.qty) for p in positions), ZERO) * ENTRY
        self._put(
            ev.AccountReport(
                self._now_ms(),
                balances,
                tuple(positions),
                tuple(self._open(word) for word in self.pairs.fold(orders, self._dialect.symbol)),
                request_id=request_id,
                rounding=rounding,
            )
        )

    async def catch_up(self) -> int:
        """Fills and bills since the last time, with overlap: what a stream lost does not stay lost (F14).

        Returns when (venue ms) the newest fill happened that the stream should have told; 0 = it told all.
        """
        begin = self.since.behind()
        now = self.venue_ms()
        if now < begin:  # before the journal began? Then our clock was set, and nobody has measured since
            self._door.skewed.set()
            return 0
        fills = await self._dialect.fills(self._door, self.natives, begin, self.venue_ms())
        untold = [
            row
            for row in fills
            if isinstance(row.fact, ev.Fill) and (row.fact.symbol, row.fact.trade_id) not in self._traces.told
        ]
        await self._tell_all(untold)
        for row in untold:
            if isinstance(row.fact, ev.Fill):
                self._awaited.setdefault((row.fact.symbol, row.fact.trade_id), row.at)
        for row in await self._dialect.bills(self._door, begin, self.venue_ms()):
            if ("bill", row.key) not in self._traces.told:
                self._tell_bill(row)
        self.since.caught_up(now)
        late = [key for key, at in self._awaited.items() if at < self.venue_ms() - LATE_MS]
        return max((self._awaited.pop(key) for key in late), default=0)

    def streamed(self, fill: ev.Fill) -> None:
        """The account's stream has told of this fill."""
        self._awaited.pop((fill.symbol, fill.trade_id), None)

    def _tell_bill(self, row: Timed) -> None:
        self._traces.told[("bill", row.key)] = True
        self._put(msgspec.structs.replace(row.fact, ts=self._now_ms()))

    async def _tell_all(self, fills: Sequence[Timed]) -> None:
        for row in sorted(fills, key=lambda one: one.at):
            if isinstance(row.fact, ev.Fill):
                self._tell(row, await self._owner(row.fact))

    async def _owner(self, fill: ev.Fill) -> str:
        """Whose order was it? Looked up where the record does not say."""
        cid = base_of(ours(fill.cid)) or self._traces.owners.get(fill.venue_id)
        if cid is None:
            native = fill.symbol.partition(":")[2]
            cid = base_of(ours(await self._dialect.owner(self._door, native, fill.venue_id)))
            self._traces.owners[fill.venue_id] = cid
        return cid

    def _open(self, word: OrderWord) -> ev.VenueOrder:
        cid = ours(word.cid)
        if cid:
            self._learn(word, cid)
        return ev.VenueOrder(
            cid or word.cid or f"{self._dialect.name}-{word.venue_id}",
            word.venue_id,
            self._dialect.symbol(word.native),
            word.side,
            word.price,
            word.qty,
            word.filled,
        )
