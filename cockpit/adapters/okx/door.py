"""How order requests leave: alone, or with those that come to the door in the same turn of the loop.

    send ─┬─ one alone ──► op order        ─┐                        ┌─► POST trade/order
          └─ 2 to 20 ────► op batch-orders ─┴─ surely not sent? ─────┴─► POST trade/batch-orders

One decision often moves several orders (both quotes, the legs of a group, everything at a halt); together
they are one message, and count in the batch's own limit, which OKX counts in orders (300 in two seconds an
instrument, against 60 alone). What finds no room there goes alone. Each order has its own verdict: an item
that is refused, or of which the answer does not tell, says nothing of the others. Cancels of orders that wait
for a price go over REST, up to 10 in one.

Source: OKX API v5, "Place multiple orders" and its kin, over WebSocket and REST.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from cockpit.adapters.connectivity.traces import Traces
from cockpit.adapters.connectivity.verdict import Answer
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.codes import RATE, Reply, judge, judge_each
from cockpit.adapters.okx.instruments import Listed
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.okx.socket import Socket
from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, Transient

EXPIRY_MS = 5_000
"""An order that reaches the matching engine later than this after we sent it is thrown away by OKX."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of request: its names alone and in a batch, over WebSocket and REST."""

    request: ev.Request
    op: str
    path: str
    batch_op: str
    batch_path: str
    deadline: bool = True
    """A cancel has none: it is never too late to cancel."""
    most: int = 20
    """Orders of one batch."""
    many: bool = False
    """Alone it is a batch of one, too."""


PLACE = Kind(ev.Request.PLACE, "order", "trade/order", "batch-orders", "trade/batch-orders")
AMEND = Kind(
    ev.Request.AMEND, "amend-order", "trade/amend-order", "batch-amend-orders", "trade/amend-batch-orders"
)
CANCEL = Kind(
    ev.Request.CANCEL,
    "cancel-order",
    "trade/cancel-order",
    "batch-cancel-orders",
    "trade/cancel-batch-orders",
    deadline=False,
)


CANCEL_ALGO = Kind(
    ev.Request.CANCEL, "", "trade/cancel-algos", "", "trade/cancel-algos", deadline=False, most=10, many=True
)
"""Orders that wait for a price have no WebSocket door."""


class Slip(msgspec.Struct):
    """One order's request on its way out."""

    cid: str
    one: Listed
    body: dict[str, Any]
    """Without the instrument, which WebSocket and REST spell differently."""
    urgent: bool
    answer: asyncio.Future[Answer | None] | None = None
    """Nobody else tells it what became of it: it is the first of its group. Its result None: it found no room
    in the batch and goes alone."""

    @property
    def inst(self) -> str:
        return self.one.instrument.native

    def over_socket(self) -> dict[str, Any]:
        return {"instIdCode": self.one.code, **self.body}

    def over_rest(self) -> dict[str, Any]:
        return {"instId": self.inst, **self.body}


class OrderDoor:
    """Orders of one account on their way to OKX. Each request leaves once."""

    def __init__(
        self,
        socket: Socket,
        rest: Rest,
        budget: Budget,
        traces: Traces,
        venue_ms: Callable[[], int],
        left: Callable[[str, ev.Request], None],
    ) -> None:
        """``left`` is told each client id at the moment its bytes go."""
        self._socket = socket
        self._rest = rest
        self._budget = budget
        self._traces = traces
        self._venue_ms = venue_ms
        self._left = left
        self._open: dict[str, list[Slip]] = {}
        """The group that gathers in this turn of the loop, by kind of request."""
        self.batches = 0
        """Messages that carried more than one order."""

    async def send(
        self, kind: Kind, one: Listed, body: dict[str, Any], cid: str, *, urgent: bool = False
    ) -> Answer:
        """Over WebSocket, or over REST where the socket surely did not send. One request, once.

        Raises Transient (surely not done) or Ambiguous (perhaps done) where no answer came.
        """
        slip = Slip(cid, one, body, urgent)
        group = self._open.get(kind.path)
        if group is None:
            return await self._lead(kind, slip)
        slip.answer = asyncio.get_running_loop().create_future()
        group.append(slip)
        if len(group) == kind.most:
            del self._open[kind.path]
        found = await slip.answer
        return found if found is not None else await self._alone(kind, slip)

    async def _lead(self, kind: Kind, slip: Slip) -> Answer:
        """The first of a group waits for the others of this turn and sends them all."""
        self._open[kind.path] = group = [slip]
        error: Exception = Transient("closed before it was sent")
        found: Answer | None = None
        together: Sequence[Slip] = ()
        try:
            try:
                await asyncio.sleep(0)
            finally:
                if self._open.get(kind.path) is group:
                    del self._open[kind.path]
            if len(group) > 1:
                together = self._together(kind, group)
            for one in group:
                if one not in together:
                    _settle(one, None)
            if together:
                error = Ambiguous("closed before it was answered")
                for one, answer in zip(together, await self._batch(kind, together), strict=True):
                    _settle(one, answer)
                    found = answer if one is slip else found
        except (Transient, Ambiguous) as failed:
            error = failed
            if slip in together:
                raise
        finally:
            for one in group[1:]:
                if one.answer is not None and not one.answer.done():
                    one.answer.set_exception(type(error)(str(error)))
                    one.answer.exception()  # at the end of a process nobody may be there to hear it
        return found if found is not None else await self._alone(kind, slip)

    def _together(self, kind: Kind, group: Sequence[Slip]) -> list[Slip]:
        """Those of a group that find room in the batch's limit, which is taken; fewer than two are none."""
        waiting = [slip for slip in group if slip.answer is None or not slip.answer.done()]
        if len(waiting) < 2:
            return []
        path, takes = kind.batch_path, self._budget.takes
        found = [slip for slip in waiting if takes(path, slip.inst, urgent=slip.urgent)]
        return found if len(found) > 1 else []

    async def _batch(self, kind: Kind, slips: Sequence[Slip]) -> list[Answer]:
        self.batches += 1
        expires = self._deadline(kind)
        asked = self._ask(kind.batch_op, [slip.over_socket() for slip in slips], slips, expires)
        self._leave(kind, slips, expires)
        if asked is not None:
            reply = await asked
        else:
            bodies = [slip.over_rest() for slip in slips]
            reply = await self._rest.post_all(kind.batch_path, bodies, expires=expires)
        answers = judge_each(reply, [slip.body for slip in slips])
        for slip, answer in zip(slips, answers, strict=True):
            self._learn(answer, kind.batch_path, slip)
        return answers

    async def _alone(self, kind: Kind, slip: Slip) -> Answer:
        if not self._budget.takes(kind.path, slip.inst, urgent=slip.urgent):
            await self._budget.spend(kind.path, slip.inst, urgent=slip.urgent)
        expires = self._deadline(kind)
        asked = self._ask(kind.op, [slip.over_socket()], [slip], expires)
        self._leave(kind, [slip], expires)
        if asked is None:
            body = [slip.over_rest()] if kind.many else slip.over_rest()
            return await self._rest.post(kind.path, body, scope=slip.inst, expires=expires, spent=True)
        answer = judge(await asked)
        self._learn(answer, kind.path, slip)
        return answer

    def _deadline(self, kind: Kind) -> int:
        """Until when it may arrive if it leaves now (venue ms, 0 = whenever)."""
        return self._venue_ms() + EXPIRY_MS if kind.deadline else 0

    def _leave(self, kind: Kind, slips: Sequence[Slip], expires: int) -> None:
        """Note that they go now. Over the socket their bytes have just left: nothing else comes between, and
        an order does not wait for what is noted of it."""
        for slip in slips:
            if kind is PLACE:
                self._traces.dies[slip.cid] = expires
            self._left(slip.cid, kind.request)

    def _ask(
        self, op: str, args: list[dict[str, Any]], slips: Sequence[Slip], expires: int
    ) -> asyncio.Future[Reply] | None:
        """Over the socket, now; None = it surely did not send, or there is no such op."""
        if not op:
            return None
        for slip in slips:
            if not slip.one.code:
                return None
        try:
            return self._socket.ask(op, args, expires)
        except Transient:
            return None

    def _learn(self, answer: Answer, path: str, slip: Slip) -> None:
        """What an answer's code says of clocks and limits."""
        self._rest.doubt(answer.code)
        if answer.code in RATE:
            self._budget.exhausted(path, slip.inst)


def _settle(slip: Slip, answer: Answer | None) -> None:
    """Tell whoever waits, unless they have gone."""
    if slip.answer is not None and not slip.answer.done():
        slip.answer.set_result(answer)
