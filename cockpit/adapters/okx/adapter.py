"""The OKX account as the execution worker sees it.

    submit(Place · Amend · Cancel) ──► ``door``: private WebSocket, else REST ──► Ack · Reject …
    submit(Query · ReadAccount)    ──► REST (``reading``)
    private pushes                 ──► ``private.parse``             ──► Ack · Fill · Cancelled …

An order leaves once. Over WebSocket it carries a deadline after which OKX throws it away; no answer means
Ambiguous, and then only questions are asked. REST is used where the socket surely did not send.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from random import Random
from typing import Any

from cockpit.adapters.connectivity.newcomers import Newcomers
from cockpit.adapters.connectivity.promises import Promises
from cockpit.adapters.connectivity.traces import Recent, Traces
from cockpit.adapters.connectivity.verdict import Answer, Verdict
from cockpit.adapters.okx import door, frames, instruments, private, requests
from cockpit.adapters.okx.agreement import AccountConfig, Terms, agree
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.codes import CLOCK
from cockpit.adapters.okx.endpoints import Endpoints
from cockpit.adapters.okx.instruments import Listed
from cockpit.adapters.okx.reading import SIGNED_MS, Reader
from cockpit.adapters.okx.rest import Refused, Rest
from cockpit.adapters.okx.socket import Socket
from cockpit.adapters.okx.topics import Topic
from cockpit.adapters.secret import Credentials
from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, ConfigError, Transient, VenueError
from cockpit.core.intents import Action, Amend, Cancel, Place, Query, ReadAccount
from cockpit.core.orders import Order, Role
from cockpit.core.registry import venue
from cockpit.core.types import Instrument, PositionMode

CATCH_UP_S = 15.0
SYNC_S = 60.0
SYNC_PAUSE_S = 1.0
"""Between two measurements, however much there is to doubt."""
DEAD_MAN_S = 30
"""Entries are cancelled by OKX when nothing was heard of us for so long (its bounds: 10 to 120)."""
DEAD_MAN_EVERY_S = 5.0
PRIVATE_PING_S = 5.0
"""Account streams may be silent for hours, so they are asked more often: dead within ``PING + PONG_S``."""
PRIVATE = (
    Topic("orders", inst_type="ANY", vital=True),
    Topic("account", vital=True),
    Topic("positions", inst_type="ANY", vital=True),
    Topic("balance_and_position", vital=True),
)
BUSINESS = (
    Topic("orders-algo", inst_type="ANY", vital=True),
    Topic("algo-advance", inst_type="ANY", vital=True),
)
Put = Callable[[ev.AnyEvent], None]


def _nobody(_one: Listed) -> None:
    """Nobody follows its prices."""


class Stream:
    """One private socket and what it feeds."""

    def __init__(self, name: str, desk: OkxVenue) -> None:
        self.name = name
        self._desk = desk
        self.up = False
        self.promises = Promises(asyncio.get_running_loop().time)

    def hear(self, frame: frames.Frame) -> None:
        for cid in self._desk.hear(frame):
            self.promises.keep(cid)

    def link(self, up: bool, reason: str) -> None:
        self.up = up
        self.promises.link(up)
        if any(code in reason for code in CLOCK):
            self._desk.rest.skewed.set()
        self._desk.linked(f"{self.name}: {reason}" if reason else self.name)

    def fault(self, what: str, detail: str, topic: Topic | None) -> None:
        self._desk.put(ev.DataFault(self._desk.now_ms(), "okx", what, f"{self.name} {detail}"))


@venue("okx")
class OkxVenue:
    """One account. ``open`` checks it, ``run`` keeps its streams, ``submit`` delivers requests."""

    name = "okx"

    def __init__(
        self,
        endpoints: Endpoints,
        keys: Credentials,
        markets: Mapping[str, Listed],
        terms: Terms,
        put: Put,
        now_ms: Callable[[], int],
        *,
        rest: Rest | None = None,
        budget: Budget | None = None,
        born: int = 0,
        dead_man: bool = True,
        follow: Callable[[Listed], None] = _nobody,
        orders: Iterable[Order] = (),
        rng: Random | None = None,
    ) -> None:
        """``put`` takes what the venue says; ``born``: when this journal began (our clock, ms); ``follow`` is
        called with each market that the account trades and nothing has named; ``orders``: those of the
        processes before, any of which may still be on its way."""
        loop = asyncio.get_running_loop()
        self.newcomers = Newcomers(markets, put, now_ms, self._learn)
        self.put = put = self.newcomers.put
        self.now_ms = now_ms
        self._follow = follow
        self.budget = budget or Budget(loop.time)
        self.rest = rest or Rest(endpoints, keys, self.budget)
        self.markets = dict(markets)
        self.terms = terms
        self.traces = Traces()
        self.traces.algos.update((order.cid, order.algo) for order in orders)
        kinds = sorted({one.kind for one in self.markets.values()})
        self.reader = Reader(self.rest, self.traces, put, now_ms, kinds, born or now_ms())
        self._amends: Recent[str, tuple[Decimal, Decimal, Decimal | None]] = Recent()
        """What each amend under way of an order that waits asked for."""
        self._dead_man = dead_man
        self._hints = asyncio.Event()
        self._up = False
        self._since = 0
        """Since when (venue ms) the account's streams are as they are."""
        self._streams = (Stream("private", self), Stream("business", self))
        rng = rng or Random()
        clock = self.reader.venue_ms
        options: dict[str, Any] = {
            "keys": keys, "ping_s": PRIVATE_PING_S, "rng": rng, "tls": endpoints.tls()
        }  # fmt: skip
        self.private = Socket(endpoints.stream("private"), self._streams[0], clock, topics=PRIVATE, **options)
        self.business = Socket(
            endpoints.stream("business"), self._streams[1], clock, topics=BUSINESS, **options
        )
        self.door = door.OrderDoor(self.private, self.rest, self.budget, self.traces, clock, self._leaves)

    # --- life -------------------------------------------------------------------------------------

    async def open(self) -> AccountConfig:
        """Measure the clock, compare the account with the settings. Raises VenueError: then do not trade."""
        await self.rest.sync(self.now_ms)
        return await agree(self.rest, self.terms, self.markets.values())

    async def run(self) -> None:
        """Keep the streams, catch up, keep the clock and the dead man's switch. Cancel it to end."""
        async with asyncio.TaskGroup() as group:
            for work in (
                self.private.run, self.business.run, self._catch_up, self._keep_clock, self._keep_promises,
                self.newcomers.run,
            ):  # fmt: skip
                group.create_task(work())
            if self._dead_man:
                group.create_task(self._hold_dead_man())

    async def close(self) -> None:
        """Let go of REST; ``run`` is cancelled by whoever started it."""
        await self.rest.close()

    # --- requests ---------------------------------------------------------------------------------

    async def submit(self, action: Action) -> None:
        """Deliver one request. Raises Transient (surely not done) or Ambiguous (perhaps done)."""
        if isinstance(action, Place):
            await self._place(action)
        elif isinstance(action, Amend):
            await self._amend(action)
        elif isinstance(action, Cancel):
            await self._cancel(action)
        elif isinstance(action, Query):
            await self._read(self.reader.order(action.cid, self._native(action.symbol)))
        elif isinstance(action, ReadAccount):
            await self._read(self.reader.account(action.request_id, action.since))

    async def _read(self, work: Any) -> None:
        try:
            await work
        except Refused as error:
            raise Transient(str(error)) from error

    async def _place(self, action: Place) -> None:
        one = self._market(action.symbol)
        hedge = self.terms.position_mode is PositionMode.HEDGE
        try:
            body = requests.place(action, one.instrument, self.terms.margin_mode, hedge=hedge)
        except VenueError as error:
            self.put(ev.Reject(self.now_ms(), action.cid, "51000", str(error)))
            return
        urgent = action.role is not Role.ENTRY
        promises = self._streams[1 if requests.is_algo(action) else 0].promises
        life = promises.life
        self.traces.kinds[action.cid] = action.kind
        self.traces.algos[action.cid] = requests.is_algo(action)
        if requests.is_algo(action):
            await self.budget.spend("trade/order-algo", one.instrument.native, urgent=urgent)
            self.traces.dies[action.cid] = self.reader.venue_ms() + SIGNED_MS
            self._leaves(action.cid, ev.Request.PLACE)
            answer = await self.rest.post(
                "trade/order-algo", {"instId": one.instrument.native, **body}, spent=True
            )
        else:
            answer = await self.door.send(door.PLACE, one, body, action.cid, urgent=urgent)
        if self._accepted(answer):
            promises.expect(action.cid, life)
            ident = answer.row.get("algoId") or answer.row.get("ordId", "")
            self.traces.owners[ident] = action.cid
            self.put(ev.Ack(self.now_ms(), action.cid, ident))
        else:
            self.put(ev.Reject(self.now_ms(), action.cid, answer.code, answer.text))

    async def _amend(self, action: Amend) -> None:
        one = self._market(action.symbol)
        if self._waits(action.cid):
            answer = await self._amend_algo(action, one)
        else:
            answer = await self.door.send(door.AMEND, one, requests.amend(action), action.cid)
        # Accepted is not done: the orders channel says what became of it.
        if not self._accepted(answer):
            self._amends.pop(action.cid, None)
            self.put(ev.AmendReject(self.now_ms(), action.cid, answer.code, answer.text))

    async def _amend_algo(self, action: Amend, one: Listed) -> Answer:
        """An order that waits, changed where it rests. No deadline: late, it is done late."""
        kind, inst = self.traces.kinds.get(action.cid), one.instrument.native
        if kind is None:
            raise Transient("what kind of algo order this is, is not known here: it must be read back first")
        body = {"instId": inst, **requests.amend_algo(action, kind)}
        await self.budget.spend("trade/amend-algos", inst, urgent=True)
        self._amends[action.cid] = (action.price, action.qty, action.take)
        self._leaves(action.cid, ev.Request.AMEND)
        return await self.rest.post("trade/amend-algos", body, scope=inst, spent=True)

    async def _cancel(self, action: Cancel) -> None:
        one = self._market(action.symbol)
        child = self.traces.children.get(action.cid)
        if self._waits(action.cid):
            which = requests.cancel_algo(action)
            answer = await self.door.send(door.CANCEL_ALGO, one, which, action.cid, urgent=True)
        else:
            which = {"ordId": child} if child else requests.cancel(action)
            answer = await self.door.send(door.CANCEL, one, which, action.cid, urgent=True)
        if not self._accepted(answer):
            self.put(ev.CancelReject(self.now_ms(), action.cid, answer.code, answer.text))

    def _accepted(self, answer: Answer) -> bool:
        """True: taken. False: refused. Raises Transient or Ambiguous where it is neither."""
        if answer.verdict is Verdict.TRANSIENT:
            raise Transient(f"{answer.code} {answer.text}".strip())
        if answer.verdict is Verdict.AMBIGUOUS:
            raise Ambiguous(f"{answer.code} {answer.text}".strip())
        return answer.verdict is Verdict.DONE

    def _waits(self, cid: str) -> bool:
        """Is it an algo order that has not gone off?"""
        return bool(self.traces.algos.get(cid)) and cid not in self.traces.children

    def _leaves(self, cid: str, request: ev.Request) -> None:
        self.put(ev.Sent(self.now_ms(), cid, request))

    def _market(self, symbol: str) -> Listed:
        found = self.markets.get(symbol)
        if found is None:
            self.newcomers.want(symbol)
            raise Transient(f"OKX market {symbol} is not loaded")
        return found

    async def _learn(self, symbol: str) -> Instrument | None:
        """The terms of a market that only the account knows; its prices are followed from now on."""
        try:
            found = await instruments.load(self.rest, (symbol,), self.terms.margin_mode, private=True)
        except (ConfigError, ValueError):
            return None
        except Refused as error:
            raise Transient(str(error)) from error
        one = self.markets[symbol] = found[symbol]
        self.reader.also(one.kind)
        self._follow(one)
        return one.instrument

    def _native(self, symbol: str) -> str:
        return symbol.partition(":")[2]

    # --- what the venue says ----------------------------------------------------------------------

    def hear(self, frame: frames.Frame) -> list[str]:
        """A private push; returns the orders of ours that it told of.

        Raises what ``private.parse`` raises: the socket makes a fault of it.
        """
        traces = self.traces
        told = []
        for news in private.parse(frame, self.now_ms()):
            cid = getattr(news, "cid", "")
            if cid:
                told.append(cid)
            if isinstance(news, private.Child):
                traces.children[news.cid] = news.ord_id
                traces.owners[news.ord_id] = news.cid
            elif isinstance(news, private.Resting):
                self._now(news)
            elif isinstance(news, private.Hint):
                self._hints.set()
            elif not isinstance(news, private.Wallet | private.Holdings):
                if isinstance(news, ev.Fill):
                    traces.told[(news.symbol, news.trade_id)] = True
                    if not news.cid:
                        self._hints.set()
                self.put(news)
        return told

    def _now(self, news: private.Resting) -> None:
        """An order that waits is as an amend wanted it: the amend is done."""
        if news.ord_type in requests.KINDS:
            self.traces.kinds[news.cid] = requests.KINDS[news.ord_type]
        if self._amends.get(news.cid) == (news.price, news.qty, news.take):
            del self._amends[news.cid]
            self.put(ev.Amended(self.now_ms(), news.cid, news.price, news.qty, news.take))

    def linked(self, reason: str) -> None:
        """A private socket went up or down: the account's link is up only with both."""
        up = all(stream.up for stream in self._streams)
        if up is not self._up:
            self._up = up
            self._since = self.reader.venue_ms()
            self.put(ev.Link(self.now_ms(), "private", up, reason))

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
                self.put(ev.DataFault(self.now_ms(), "okx", "catch_up", str(error)))
                continue
            if self._up and late > self._since:
                self._streams[0].fault("silent", "a fill was not told", None)
                self.private.restart("a fill was not told")

    async def _keep_promises(self) -> None:
        """A stream that does not tell of an order which was taken is opened anew."""
        while True:
            await asyncio.sleep(0.5)
            for stream, socket in zip(self._streams, (self.private, self.business), strict=True):
                cid = stream.promises.broken()
                if cid and stream.up:
                    stream.fault("silent", f"says nothing of {cid}, which was taken", None)
                    socket.restart(f"silent about {cid}")

    async def _keep_clock(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SYNC_S):
                    await self.rest.skewed.wait()
            self.rest.skewed.clear()
            try:
                await self.rest.sync(self.now_ms, tries=1)
            except (Transient, VenueError) as error:
                self.put(ev.DataFault(self.now_ms(), "okx", "clock", str(error)))
            await asyncio.sleep(SYNC_PAUSE_S)

    async def _hold_dead_man(self) -> None:
        """Entries die with us; exits and stops carry another tag and stay."""
        body = {"timeOut": str(DEAD_MAN_S), "tag": requests.TAGS[Role.ENTRY]}
        while True:
            if self._up:
                try:
                    await self.rest.post("trade/cancel-all-after", body, urgent=True)
                except (Transient, Ambiguous) as error:
                    self.put(ev.DataFault(self.now_ms(), "okx", "dead_man", str(error)))
            await asyncio.sleep(DEAD_MAN_EVERY_S)
