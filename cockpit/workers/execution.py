"""Outbox → venue. An order waits until it is durable; a cancel never does.

Every outcome is one of known, refused, ambiguous. Ambiguous becomes an Unknown event: the engine asks.
Nothing is ever sent twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from cockpit.core import events as ev
from cockpit.core.errors import Ambiguous, StoreError, Transient
from cockpit.core.intents import Action, Amend, Cancel, Place, Query
from cockpit.core.ports import Clock, Venue
from cockpit.core.state import State
from cockpit.core.wire import refused_at_wire
from cockpit.workers.kill import KillFlag

Put = Callable[[ev.AnyEvent], None]
Chaos = Callable[[str], None]
Durable = asyncio.Future[None]
"""Done once the commit that holds a decision is durable."""


def nothing_happens(_point: str) -> None:
    """The default for named points: in production nothing is injected."""


class Execution:
    """Sends what the engine decided: cancels first, and no request waits for another order's answer.

    Requests about one order keep their order; a venue that takes seconds to answer one of them delays no
    cancel, no stop and no other order.
    """

    def __init__(
        self,
        venue: Venue,
        state: State,
        kill: KillFlag,
        put: Put,
        clock: Clock,
        chaos: Chaos = nothing_happens,
    ) -> None:
        self._venue = venue
        self._state = state
        self._kill = kill
        self._put = put
        self._clock = clock
        self._chaos = chaos
        self._fast: deque[Action] = deque()
        self._slow: deque[tuple[Action, Durable | None]] = deque()
        self._last: dict[str, asyncio.Task[None]] = {}
        """The newest request under way, by client id."""
        self._placing: dict[str, None] = {}
        """Orders whose Place has not been answered for yet."""
        self._under_way = 0
        self._hurried = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.sent = 0
        self.blocked = 0

    def put(self, action: Action, durable: Durable | None) -> None:
        """Queue one action. ``durable`` is awaited before a Place or Amend; others overtake it."""
        if isinstance(action, Query) and action.cid in self._placing:
            return  # its own answer is on the way; "not found" would only mean "not sent yet"
        if isinstance(action, Place):
            self._placing[action.cid] = None
        if isinstance(action, Place | Amend):
            self._slow.append((action, durable))
        else:
            self._fast.append(action)
        self._under_way += 1
        self._hurried += 1
        self._idle.clear()
        self._wake.set()

    @property
    def hurried(self) -> bool:
        """Is something decided that waits for nobody but us before it leaves? Safe from any thread."""
        return self._hurried > 0

    async def idle(self) -> None:
        """Wait until everything queued has been handed to the venue."""
        await self._idle.wait()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                while self._fast:
                    self._start(group, self._fast.popleft(), None)
                while self._slow:
                    self._start(group, *self._slow.popleft())
                self._wake.clear()
                await self._wake.wait()

    def _start(self, group: asyncio.TaskGroup, action: Action, durable: Durable | None) -> None:
        cid = getattr(action, "cid", "")
        before = self._last.get(cid)
        task = group.create_task(self._deliver(action, durable, before))
        if cid:
            self._last[cid] = task

    async def _deliver(
        self, action: Action, durable: Durable | None, before: asyncio.Task[None] | None
    ) -> None:
        cid = getattr(action, "cid", "")
        if before is not None and not before.done():
            self._hurried -= 1  # it is the venue's turn
            await asyncio.wait({before})
            self._hurried += 1
        try:
            committed = await self._committed(action, durable)
        finally:
            self._hurried -= 1
        if committed:
            await self._send(action)
        if isinstance(action, Place):
            del self._placing[cid]
        if self._last.get(cid) is asyncio.current_task():
            del self._last[cid]
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    async def _committed(self, action: Action, durable: Durable | None) -> bool:
        """An order that could not be journalled is not sent (F45)."""
        if durable is None:
            return True
        if durable.done():
            await asyncio.sleep(0)  # what needs no commit goes first
        try:
            # No shield: its own future would cost another turn of the loop. Nobody else's answer hangs on it.
            await durable
        except StoreError as error:
            self._refuse(action, "journal", str(error))
            return False
        return True

    def _given_up(self, action: Action) -> bool:
        """The order has ended while it waited here: sent now, it would be nobody's order."""
        if not isinstance(action, Place | Amend):
            return False
        order = self._state.order(action.cid)
        return order is not None and not order.open

    async def _send(self, action: Action) -> None:
        if self._given_up(action):
            return
        if why := self._stopped(action):
            self.blocked += 1
            self._refuse(action, "halted", why)
            return
        self._chaos("pre_wire")
        try:
            # Flag and limits are looked at again with no await between: nothing may slip in.
            if why := self._stopped(action):
                self.blocked += 1
                self._refuse(action, "halted", why)
                return
            await self._venue.submit(action)
            self.sent += 1
        except Transient as error:
            self._refuse(action, "transient", str(error))
        except Ambiguous as error:
            self._doubt(action, str(error))
        self._chaos("post_wire")

    def _stopped(self, action: Action) -> str:
        """Why it must not go; empty = it may."""
        if not isinstance(action, Place | Amend):
            return ""
        order = self._state.order(action.cid)
        if order is None:
            return "stopped at the wire: nobody's order"
        placing = isinstance(action, Place)
        grows = placing or action.qty > order.qty
        age = self._clock.now_ms() - (order.created if placing else order.updated)
        return refused_at_wire(self._state, order, self._kill.on, grows=grows, age=age)

    def _refuse(self, action: Action, code: str, reason: str) -> None:
        now = self._clock.now_ms()
        if isinstance(action, Place):
            self._put(ev.Reject(now, action.cid, code, reason))
        elif isinstance(action, Amend):
            self._put(ev.AmendReject(now, action.cid, code, reason))
        elif isinstance(action, Cancel):
            self._put(ev.CancelReject(now, action.cid, code, reason))

    def _doubt(self, action: Action, reason: str) -> None:
        now = self._clock.now_ms()
        kinds = ((Place, ev.Request.PLACE), (Cancel, ev.Request.CANCEL), (Amend, ev.Request.AMEND))
        for kind, request in kinds:
            if isinstance(action, kind):
                self._put(ev.Unknown(now, action.cid, request, reason))
