"""An exchange account behind ccxt as the execution worker sees it.

    submit(Place · Amend · Cancel) ──► REST (``door``)             ──► Ack · Reject · CancelReject …
    submit(Query · ReadAccount)    ──► REST (``reading``)
    private stream                 ──► the dialect's ``news``      ──► Ack · Fill · Cancelled …

An order leaves once, signed with a window after which the exchange throws it away; no answer means Ambiguous,
and then only questions are asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from cockpit.adapters.ccxt_venue import pairs
from cockpit.adapters.ccxt_venue.dialect import Child, Dialect, Hint, News, Now, Restart, Terms
from cockpit.adapters.ccxt_venue.door import WINDOW_MS, Door, Refused
from cockpit.adapters.ccxt_venue.pairs import Pairs
from cockpit.adapters.ccxt_venue.reading import Reader, ours
from cockpit.adapters.ccxt_venue.wire import Wire
from cockpit.adapters.connectivity.newcomers import Newcomers
from cockpit.adapters.connectivity.promises import Promises
from cockpit.adapters.connectivity.traces import Recent, Traces
from cockpit.adapters.connectivity.verdict import Verdict
from cockpit.core import events as ev
from cockpit.core.errors import Transient, VenueError
from cockpit.core.intents import Action, Amend, Cancel, Place, Query, ReadAccount
from cockpit.core.orders import ALGO, OrderKind, Role
from cockpit.core.patience import NOT_OFFERED
from cockpit.core.types import ZERO, Instrument, PositionMode

CATCH_UP_S = 15.0
SYNC_S = 60.0
SYNC_PAUSE_S = 1.0
"""Between two measurements, however much there is to doubt."""
KEEP_S = 1_200.0
Put = Callable[[ev.AnyEvent], None]


def _nobody(_one: Instrument) -> None:
    """Nobody follows its prices."""


class CcxtVenue:
    """One account. ``run`` keeps its stream, ``submit`` delivers requests."""

    def __init__(
        self,
        door: Door,
        instruments: Mapping[str, Instrument],
        terms: Terms,
        put: Put,
        now_ms: Callable[[], int],
        *,
        born: int = 0,
        follow: Callable[[Instrument], None] = _nobody,
        rng: Random | None = None,
    ) -> None:
        """``put`` takes what the venue says; ``born``: when this journal began (our clock, ms); ``follow`` is
        called with each market that the account trades and nothing has named."""
        self.newcomers = Newcomers(instruments, put, now_ms, self._learn)
        put = self.newcomers.put
        self._follow = follow
        self.door = door
        self.dialect: Dialect = door.dialect
        self.name = self.dialect.name
        self.put = put
        self.now_ms = now_ms
        self.instruments = dict(instruments)
        self.terms = terms
        self.traces = Traces()
        natives = [one.native for one in self.instruments.values()]
        self.reader = Reader(door, self.traces, put, now_ms, natives, born or now_ms())
        self.pairs = Pairs(door, self._fault)
        self.reader.pairs = self.pairs
        self.promises = Promises(asyncio.get_running_loop().time)
        self._amends: Recent[str, tuple[Decimal, Decimal]] = Recent()
        """What each amend under way asked for."""
        self._hints = asyncio.Event()
        self._up = False
        self._since = 0
        """Since when (venue ms) the account's stream is as it is."""
        self._why = ""
        self.wire = Wire("private", door, self, self._fault, rng, private=True)

    # --- life -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the stream, catch up, keep the clock. Cancel it to end."""
        async with asyncio.TaskGroup() as group:
            for work in (
                self.wire.run, self._catch_up, self._keep_clock, self._keep_open, self.pairs.run,
                self.newcomers.run,
            ):  # fmt: skip
                group.create_task(work())

    async def close(self) -> None:
        """Let go of REST; ``run`` is cancelled by whoever started it."""
        await self.door.close()

    # --- requests ---------------------------------------------------------------------------------

    async def submit(self, action: Action) -> None:
        """Deliver one request. Raises Transient (surely not done) or Ambiguous (perhaps done)."""
        try:
            if isinstance(action, Place):
                await (self._place_pair if action.kind is OrderKind.OCO else self._place)(action)
            elif isinstance(action, Amend):
                await self._amend(action)
            elif isinstance(action, Cancel):
                await self._cancel(action)
            elif isinstance(action, Query):
                await self.reader.order(action.cid, action.symbol.partition(":")[2])
            elif isinstance(action, ReadAccount):
                await self.reader.account(action.request_id, action.since)
        except Refused as error:
            raise Transient(str(error)) from error

    def _market(self, symbol: str) -> Instrument:
        found = self.instruments.get(symbol)
        if found is None:
            self.newcomers.want(symbol)
            raise Transient(f"{self.dialect.title} market {symbol} is not loaded")
        return found

    async def _learn(self, symbol: str) -> Instrument | None:
        """The terms of a market that only the account knows; its prices are followed from now on."""
        native = symbol.partition(":")[2]
        try:
            found = (await self.dialect.load(self.door, [native], private=True)).get(symbol)
        except Refused as error:
            raise Transient(str(error)) from error
        if found is not None:
            self.instruments[symbol] = found
            self.reader.natives += (native,)
            self._follow(found)
        return found

    async def _place(self, action: Place) -> bool:
        """True: the venue has taken it."""
        one = self._market(action.symbol)
        hedge = self.terms.position_mode is PositionMode.HEDGE
        try:
            call = self.dialect.place(action, one, hedge=hedge)
        except VenueError as error:
            self.put(ev.Reject(self.now_ms(), action.cid, NOT_OFFERED, str(error)))
            return False
        self.traces.kinds[action.cid] = action.kind
        self.traces.algos[action.cid] = action.kind in ALGO
        self.reader.sides[action.cid] = action.side
        await self.door.budget.spend(call.method, call.scope, urgent=action.role is not Role.ENTRY)
        self.traces.dies[action.cid] = self.reader.venue_ms() + WINDOW_MS
        self.put(ev.Sent(self.now_ms(), action.cid, ev.Request.PLACE))
        life = self.promises.life
        answer = await self.door.act(call, spent=True)
        now = self.now_ms()
        if answer.verdict is Verdict.DONE:
            self.promises.expect(action.cid, life)
            venue_id = answer.row["id"]
            self.traces.owners[venue_id] = action.cid
            self.put(ev.Ack(now, action.cid, venue_id))
        elif ended := self.dialect.ended(answer.code):
            self.put(ev.Cancelled(now, action.cid, ZERO, ended))
        else:
            self.put(ev.Reject(now, action.cid, answer.code, answer.text))
        return answer.verdict is Verdict.DONE

    async def _place_pair(self, action: Place) -> None:
        """The take-profit first: without it the order is refused whole, as where it is one order."""
        take, stop = pairs.legs(action)
        one = self._market(action.symbol)
        hedge = self.terms.position_mode is PositionMode.HEDGE
        try:
            call = self.dialect.place(take, one, hedge=hedge)
            self.dialect.place(stop, one, hedge=hedge)
        except VenueError as error:
            self.put(ev.Reject(self.now_ms(), action.cid, NOT_OFFERED, str(error)))
            return
        self.pairs.know(action.cid, action.symbol)
        self.traces.algos[action.cid] = self.traces.algos[take.cid] = True
        self.traces.dies[action.cid] = self.reader.venue_ms() + WINDOW_MS
        answer = await self.door.act(call, urgent=True)
        if answer.verdict is not Verdict.DONE:
            reason = f"take-profit: {answer.text}"
            self.put(ev.Reject(self.now_ms(), action.cid, answer.code, reason))
            return
        try:
            taken = await self._place(stop)
        except Transient:
            self.pairs.stray(take.cid)
            raise
        if not taken:
            self.pairs.stray(take.cid)

    async def _amend(self, action: Amend) -> None:
        side = self.reader.sides.get(action.cid)
        if side is None:
            raise Transient("what this order does is not known in this process: it must be read back first")
        try:
            if action.take is not None or action.cid in self.pairs:
                raise VenueError("a stop and a take-profit are two orders there: not changed as one")
            call = self.dialect.amend(action, side, waits=self._waits(action.cid))
        except VenueError as error:
            self.put(ev.AmendReject(self.now_ms(), action.cid, NOT_OFFERED, str(error)))
            return
        await self.door.budget.spend(call.method, call.scope)
        self._amends[action.cid] = (action.price, action.qty)
        self.put(ev.Sent(self.now_ms(), action.cid, ev.Request.AMEND))
        answer = await self.door.act(call, spent=True)
        # Accepted is not done: the account's stream says what became of it.
        if answer.verdict is not Verdict.DONE:
            self.put(ev.AmendReject(self.now_ms(), action.cid, answer.code, answer.text))

    async def _cancel(self, action: Cancel) -> None:
        child = self.traces.children.get(action.cid, "")
        call = self.dialect.cancel(action, waits=self._waits(action.cid), child=child)
        await self.door.budget.spend(call.method, call.scope, urgent=True)
        self.put(ev.Sent(self.now_ms(), action.cid, ev.Request.CANCEL))
        answer = await self.door.act(call, spent=True)
        if answer.verdict is not Verdict.DONE:
            self.put(ev.CancelReject(self.now_ms(), action.cid, answer.code, answer.text))
        elif action.cid in self.pairs:
            self.pairs.stray(pairs.twin_of(action.cid))

    def _waits(self, cid: str) -> bool:
        """Is it a conditional order that has not gone off?"""
        return bool(self.traces.algos.get(cid)) and cid not in self.traces.children

    # --- what the venue says ----------------------------------------------------------------------

    async def address(self, exchange: Any) -> str:
        return await self.dialect.route(exchange, "private", self.door)

    async def enter(self, exchange: Any, client: Any, url: str) -> list[dict[str, Any]]:
        frames = await self.dialect.enter(exchange, client, url)
        self._why = ""
        if not frames:
            self._linked(True, "listening")
        return frames

    def hear(self, message: dict[str, Any]) -> None:
        """One private message. Raises what the dialect raises: the wire makes a fault of it."""
        wrong = self.dialect.refused(message)
        if wrong:
            self._why = f"refused: {wrong}"
            return
        if not self._up and self.dialect.entered(message):
            self._linked(True, "subscribed")
        for news in self.dialect.news(message, self.now_ms()):
            heard = self.pairs.hear(news)
            if heard is not None:
                self._take(heard)

    def _take(self, news: News) -> None:
        traces = self.traces
        if isinstance(news, Child):
            traces.children[news.cid] = news.venue_id
            traces.owners[news.venue_id] = news.cid
        elif isinstance(news, Now):
            if self._amends.get(news.cid) == (news.price, news.qty):
                del self._amends[news.cid]
                self.put(ev.Amended(self.now_ms(), news.cid, news.price, news.qty))
        elif isinstance(news, Hint):
            self._hints.set()
        elif isinstance(news, Restart):
            self._why = news.why
        elif isinstance(news, ev.Fill):
            self._take_fill(news)
        else:
            cid = getattr(news, "cid", "")
            if cid:
                self.promises.keep(cid)
            self.put(news)

    def _take_fill(self, fill: ev.Fill) -> None:
        """A fill of nobody we know is read with its owner, never guessed."""
        self.reader.streamed(fill)
        cid = ours(fill.cid) or self.traces.owners.get(fill.venue_id, "")
        if not cid and fill.kind is ev.FillKind.TRADE:
            self._hints.set()
            return
        self.promises.keep(cid)
        self.traces.told[(fill.symbol, fill.trade_id)] = True
        self.put(fill if fill.cid == cid else _owned(fill, cid))

    def lost(self, reason: str) -> None:
        self._linked(False, reason)

    def unwell(self) -> str:
        """A stream that does not tell of an order which was taken is opened anew."""
        if self._why:
            return self._why
        cid = self.promises.broken()
        if cid and self._up:
            self._fault("silent", f"says nothing of {cid}, which was taken")
            return f"silent about {cid}"
        return ""

    def _linked(self, up: bool, reason: str) -> None:
        if up is not self._up:
            self._up = up
            self._since = self.reader.venue_ms()
            self.promises.link(up)
            if up:
                self.wire.well()
            self.put(ev.Link(self.now_ms(), "private", up, reason))

    def _fault(self, what: str, detail: str) -> None:
        self.put(ev.DataFault(self.now_ms(), self.dialect.name, what, f"private {detail}"))

    # --- housekeeping -----------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        """Every ``CATCH_UP_S`` seconds, and soon after a push that only a read can explain."""
        while True:
            try:
                async with asyncio.timeout(CATCH_UP_S):
                    await self._hints.wait()
                await asyncio.sleep(0.2)
            except TimeoutError:
                pass
            self._hints.clear()
            try:
                late = await self.reader.catch_up()
            except (Transient, Refused) as error:
                self._fault("catch_up", str(error))
                continue
            if self._up and late > self._since:
                self._fault("silent", "a fill was not told")
                self.wire.restart("a fill was not told")

    async def _keep_clock(self) -> None:
        """Every minute, and at once where an answer says that the clocks have parted."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SYNC_S):
                    await self.door.skewed.wait()
            self.door.skewed.clear()
            try:
                await self.door.sync(self.now_ms, tries=1)
            except VenueError as error:
                self._fault("clock", str(error))
            await asyncio.sleep(SYNC_PAUSE_S)

    async def _keep_open(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            try:
                await self.dialect.keep(self.door)
            except VenueError as error:
                self._fault("keep", str(error))
                self.wire.restart(f"the stream could not be kept open: {error}")


def _owned(fill: ev.Fill, cid: str) -> ev.Fill:
    """The fill under the client id of the order that it belongs to."""
    return msgspec.structs.replace(fill, cid=cid)
