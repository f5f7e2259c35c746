"""The account read back over REST: one order, or everything. Reading changes nothing and may be repeated.

An order is asked for by client id at both doors (orders, algo orders) and in the history. "Not found" is a
proof only when a late arrival is impossible: after the request's own expiry and the error of the clocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.connectivity.since import Since
from cockpit.adapters.connectivity.traces import Traces
from cockpit.adapters.okx import door, private, records
from cockpit.adapters.okx.codes import NOT_FOUND
from cockpit.adapters.okx.requests import KINDS, STRANGER
from cockpit.adapters.okx.rest import Refused, Rest
from cockpit.adapters.okx.rows import (
    AlgoRow,
    BalanceRow,
    BillRow,
    FillRow,
    OrderRow,
    PositionRow,
    number,
    owner,
    side,
    symbol,
)
from cockpit.core import events as ev
from cockpit.core.errors import Transient
from cockpit.core.types import ZERO

PAGE = 100
PAGES = 60
"""Most pages of one list: beyond it something is wrong, and a read says so instead of going on."""
SIGNED_MS = 30_000
"""A signed REST request is refused later than this: the deadline of what has no ``expTime`` (algo orders)."""
CLOCK_MS = 1_000
"""Clock error allowed for before "expired" counts as a proof."""
RECENT_MS = 2 * 86_400_000
"""Fills older than this (OKX: 3 days) are in the history list."""
SETTLE_MS = 250
"""A fill or bill this close to the reading of the balances may or may not be in them: they are read again."""
LATE_MS = 3_000
"""A fill this old that no push has told was lost by the stream."""
TRIES = 3
ALGO_TYPES = ("conditional,oco", "trigger", "move_order_stop")


class Rate(msgspec.Struct, frozen=True, rename="camel"):
    funding_rate: str = ""
    realized_rate: str = ""
    funding_time: str = "0"


class Reader:
    """Asks, and puts what it learned into the machine's inbox."""

    def __init__(
        self,
        rest: Rest,
        traces: Traces,
        put: Callable[[ev.AnyEvent], None],
        now_ms: Callable[[], int],
        kinds: Iterable[str],
        born: int,
    ) -> None:
        """``kinds``: instrument types traded (SPOT, SWAP). ``born``: nothing before this (our clock, ms) is
        read: the journal's opening balance includes it."""
        self._rest = rest
        self._traces = traces
        self._put = put
        self._now_ms = now_ms
        self._kinds = tuple(kinds)
        self.since = Since(now_ms, lambda: rest.offset_ms, born)
        self.venue_ms = self.since.now

    def also(self, kind: str) -> None:
        """The account trades markets of this type, too."""
        self._kinds = tuple(dict.fromkeys((*self._kinds, kind)))

    # --- one order --------------------------------------------------------------------------------

    async def order(self, cid: str, inst: str) -> None:
        """Its fills once more, then what became of it. Raises Transient when the venue cannot be asked."""
        row, algo = await self._find(cid, inst)
        now = self._now_ms()
        if row is not None:
            await self._tell_fills(row, cid)
            self._put(private.report(row, cid, now))
        elif algo is not None:
            ended = algo.state in {"canceled", "order_failed"}
            self._put(
                ev.OrderReport(
                    now,
                    cid,
                    True,
                    True,
                    "cancelled" if ended else "live",
                    ZERO,
                    private.level(algo),
                    number(algo.sz),
                    algo.algo_id,
                    private.take(algo),
                )
            )
        else:
            longest = door.EXPIRY_MS if self._traces.algos.get(cid) is False else SIGNED_MS
            dies = self._traces.dies.get(cid, self.since.started + longest)
            self._put(ev.OrderReport(now, cid, False, proof=self.venue_ms() > dies + CLOCK_MS))

    async def _find(self, cid: str, inst: str) -> tuple[OrderRow | None, AlgoRow | None]:
        is_algo = self._traces.algos.get(cid)
        row = algo = None
        if is_algo is not True:
            row = await self._one("trade/order", {"instId": inst, "clOrdId": cid}, OrderRow, inst)
        if row is None and is_algo is not False:
            algo = await self._one("trade/order-algo", {"algoClOrdId": cid}, AlgoRow, inst)
            if algo is not None:
                self._learn(cid, algo)
                names = [n for n in (*algo.ord_id_list, algo.ord_id) if n and n != "0"]
                if names:
                    self._traces.children[cid] = names[0]
        child = self._traces.children.get(cid)
        if row is None and child:
            row = await self._one("trade/order", {"instId": inst, "ordId": child}, OrderRow, inst)
        if row is None and algo is None:
            row = await self._in_history(cid, inst)
        return row, algo

    async def _one(self, path: str, params: dict[str, str], kind: type[Any], inst: str) -> Any:
        try:
            rows = await self._rest.get(path, params, kind, scope=inst, budget=f"GET {path}", urgent=True)
        except Refused as error:
            if error.code in NOT_FOUND:
                return None
            raise Transient(str(error)) from error
        return rows[0] if rows and self._of_this_journal(rows[0]) else None

    def _of_this_journal(self, row: OrderRow | AlgoRow) -> bool:
        """An order from before this journal began may bear the same client id: it is not the one meant."""
        made = int(row.c_time) if row.c_time.isdigit() else 0
        return not made or made >= self.since.birth - CLOCK_MS

    async def _in_history(self, cid: str, inst: str) -> OrderRow | None:
        kind = "SPOT" if inst.count("-") == 1 else "SWAP"
        rows = await self._list("trade/orders-history", {"instType": kind, "instId": inst}, OrderRow, "", 1)
        named = (r for r in rows if cid in {r.cl_ord_id, r.algo_cl_ord_id})
        return next((r for r in named if self._of_this_journal(r)), None)

    async def _tell_fills(self, row: OrderRow, cid: str) -> None:
        self._traces.owners[row.ord_id] = cid
        if not number(row.acc_fill_sz):
            return
        params = {"instId": row.inst_id, "ordId": row.ord_id}
        fills = await self._list("trade/fills", params, FillRow, "bill_id")
        if sum((number(f.fill_sz) for f in fills), ZERO) < number(row.acc_fill_sz):
            kind = {"instType": "SPOT" if row.inst_id.count("-") == 1 else "SWAP"}
            fills = await self._list("trade/fills-history", {**kind, **params}, FillRow, "bill_id")
        for fill in reversed(fills):
            self._tell(fill, cid)

    def _tell(self, row: FillRow, cid: str) -> None:
        fact = records.fill(row, cid, self._now_ms())
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
            balances, positions, orders, algos = await asyncio.gather(
                self._rest.get("account/balance", {}, BalanceRow),
                self._rest.get("account/positions", {}, PositionRow),
                self._list("trade/orders-pending", {}, OrderRow, "ord_id"),
                self._algos(),
            )
            fills, bills = await self._fills(begin), await self._bills(begin)
            happened = [int(fill.ts) for fill in fills] + [int(bill.ts) for bill in bills]
            moved = any(at >= read_at - SETTLE_MS for at in happened)
            if not moved or attempt == TRIES - 1:
                break
            await asyncio.sleep(SETTLE_MS / 1_000)
        await self._tell_all(fills)
        await self._tell_bills(bills)
        self._put(
            ev.AccountReport(
                self._now_ms(),
                private.cash_of(balances),
                private.held(positions),
                (*map(self._open, orders), *map(self._waiting, algos)),
                request_id=request_id,
            )
        )

    async def catch_up(self) -> int:
        """Fills and bills since the last time, with overlap: what a stream lost does not stay lost (F14).

        Returns when (venue ms) the newest fill happened that the stream should have told; 0 = it told all.
        """
        begin = self.since.behind()
        now = self.venue_ms()
        fills = await self._fills(begin)
        untold = [f for f in fills if (symbol(f.inst_id), f.trade_id) not in self._traces.told]
        await self._tell_all(untold)
        bills = await self._bills(begin)
        await self._tell_bills([row for row in bills if ("bill", row.bill_id) not in self._traces.told])
        self.since.caught_up(now)
        late = now - LATE_MS
        return max((int(f.ts) for f in untold if int(f.ts) < late), default=0)

    async def _tell_all(self, fills: list[FillRow]) -> None:
        for fill in reversed(fills):
            self._tell(fill, await self._owner(fill))

    async def _owner(self, fill: FillRow) -> str:
        """Whose order was it? A stop's working order has no client id of ours, so the order is looked up."""
        cid = owner(fill.cl_ord_id) or self._traces.owners.get(fill.ord_id)
        if cid is None:
            params = {"instId": fill.inst_id, "ordId": fill.ord_id}
            row = await self._one("trade/order", params, OrderRow, fill.inst_id)
            cid = owner(row.cl_ord_id, row.algo_cl_ord_id) if row is not None else ""
            self._traces.owners[fill.ord_id] = cid
        return cid

    def _open(self, row: OrderRow) -> ev.VenueOrder:
        cid = owner(row.cl_ord_id, row.algo_cl_ord_id)
        if cid:
            self._traces.algos.setdefault(cid, cid != row.cl_ord_id)
            self._traces.owners[row.ord_id] = cid
        return ev.VenueOrder(
            cid or row.cl_ord_id or f"{STRANGER}{row.ord_id}",
            row.ord_id,
            symbol(row.inst_id),
            side(row.side),
            number(row.px),
            number(row.sz),
            number(row.acc_fill_sz),
        )

    def _waiting(self, row: AlgoRow) -> ev.VenueOrder:
        cid = owner(row.algo_cl_ord_id, row.cl_ord_id)
        name = cid or row.algo_cl_ord_id or f"{STRANGER}{row.algo_id}"
        self._learn(name, row)
        return ev.VenueOrder(
            name,
            row.algo_id,
            symbol(row.inst_id),
            side(row.side),
            private.level(row),
            number(row.sz),
            ZERO,
        )

    def _learn(self, cid: str, row: AlgoRow) -> None:
        """An order that waits, and of which kind: to be changed it must be known, whoever placed it."""
        self._traces.algos[cid] = True
        if row.ord_type in KINDS:
            self._traces.kinds[cid] = KINDS[row.ord_type]

    async def _algos(self) -> list[AlgoRow]:
        pages = await asyncio.gather(
            *(
                self._list("trade/orders-algo-pending", {"ordType": kind}, AlgoRow, "algo_id")
                for kind in ALGO_TYPES
            )
        )
        return [row for page in pages for row in page]

    async def _fills(self, begin: int) -> list[FillRow]:
        """Newest first. Raises Transient when there are more than a read may hold."""
        params = {"begin": str(begin)}
        if begin > self.venue_ms() - RECENT_MS:
            return await self._list("trade/fills", params, FillRow, "bill_id")
        found: list[FillRow] = []
        for kind in self._kinds:
            path = "trade/fills-history"
            found += await self._list(path, {"instType": kind, **params}, FillRow, "bill_id")
        return sorted(found, key=lambda row: int(row.ts), reverse=True)

    async def _bills(self, begin: int) -> list[BillRow]:
        """Newest first."""
        old = begin < self.venue_ms() - 6 * 86_400_000
        path = "account/bills-archive" if old else "account/bills"
        return await self._list(path, {"begin": str(begin)}, BillRow, "bill_id")

    async def _tell_bills(self, rows: list[BillRow]) -> None:
        for row in reversed(rows):
            rate = await self._rate(row) if row.type == records.FUNDING else ZERO
            for fact in records.bill(row, self._now_ms(), rate):
                self._put(fact)
            self._traces.told["bill", row.bill_id] = True

    async def _rate(self, row: BillRow) -> Decimal:
        """The rate that this bill was made with."""
        try:
            rates = await self._rest.get(
                "public/funding-rate-history", {"instId": row.inst_id, "limit": "10"}, Rate, private=False
            )
        except (Transient, Refused):
            return ZERO
        near = min(rates, key=lambda r: abs(int(r.funding_time) - int(row.ts)), default=None)
        return number(near.realized_rate or near.funding_rate) if near is not None else ZERO

    async def _list(
        self, path: str, params: dict[str, str], kind: type[Any], cursor: str, pages: int = PAGES
    ) -> list[Any]:
        """All pages of a list, newest first."""
        found: list[Any] = []
        after: dict[str, str] = {}
        for _ in range(pages):
            rows = await self._rest.get(path, {**params, **after, "limit": str(PAGE)}, kind, patience=10.0)
            found += rows
            if len(rows) < PAGE or not cursor:
                return found
            after = {"after": getattr(rows[-1], cursor)}
        raise Transient(f"{path}: more than {pages * PAGE} records")
