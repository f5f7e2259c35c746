"""A stop and a take-profit at once, on exchanges that have no such order: two that rest, one that is told.

    place   the take-profit first, as ``<cid>t``; then the stop under the order's own id: now the pair exists
    fires   whichever goes off tells under the order's id, and the other is taken back
    gone    a take-profit whose stop does not rest is a stray, and is taken back until it is surely gone

Both only reduce, so the moment in which one has fired and the other still rests opens nothing. A take-profit
is never shown as an order of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from cockpit.adapters.ccxt_venue.dialect import Child, News, Now, OrderWord
from cockpit.adapters.ccxt_venue.door import Door
from cockpit.adapters.connectivity.traces import Recent
from cockpit.core import events as ev
from cockpit.core.errors import VenueError
from cockpit.core.intents import Cancel, Place
from cockpit.core.orders import OrderKind

TWIN = "t"
SWEEP_S = 1.0
"""How often strays are asked to go."""


def twin_of(cid: str) -> str:
    """The take-profit's own client id."""
    return cid + TWIN


def base_of(cid: str) -> str:
    """The order that a client id belongs to: its own, or its pair's."""
    return cid[: -len(TWIN)] if cid.endswith(TWIN) and cid[:-1][-1:].isdigit() else cid


def legs(action: Place) -> tuple[Place, Place]:
    """(take-profit, stop) of an order that is both."""
    replace = msgspec.structs.replace
    take = replace(action, cid=twin_of(action.cid), kind=OrderKind.TRIGGER, trigger=action.take, take=None)
    return take, replace(action, kind=OrderKind.STOP, take=None)


class Pairs:
    """The pairs of one account, as far as this process knows them."""

    def __init__(self, door: Door, fault: Callable[[str, str], None]) -> None:
        self._door = door
        self._fault = fault
        self._symbols: Recent[str, str] = Recent()
        """Order → symbol, of every pair."""
        self._taken: Recent[str, bool] = Recent()
        """Orders whose take-profit has gone off."""
        self._strays: dict[str, str] = {}
        """Client id → symbol of what must not rest any more."""
        self._wake = asyncio.Event()

    def know(self, cid: str, symbol: str) -> None:
        """This order is a pair."""
        self._symbols[cid] = symbol

    def __contains__(self, cid: str) -> bool:
        return cid in self._symbols

    def stray(self, cid: str, symbol: str = "") -> None:
        """This one must not rest any more."""
        self._strays[cid] = symbol or self._symbols.get(base_of(cid), "")
        self._wake.set()

    # --- what the venue says ----------------------------------------------------------------------

    def hear(self, news: News) -> News | None:
        """News of a leg as news of the order; None = nothing that anybody must know."""
        cid = getattr(news, "cid", "")
        base = base_of(cid)
        if cid != base and cid.startswith("ck"):
            self._symbols.setdefault(base, "")  # of the process before this one; its symbol is read later
        if base not in self._symbols:
            return news
        return self._of_stop(news, cid) if cid == base else self._of_take(news, cid, base)

    def _of_stop(self, news: News, cid: str) -> News | None:
        if isinstance(news, ev.Cancelled) and cid in self._taken:
            return None  # we took it back: the order goes on as its take-profit
        ended = isinstance(news, ev.OrderReport) and news.state == "filled"
        if isinstance(news, ev.Triggered | ev.Cancelled) or ended:
            self.stray(twin_of(cid))
        return news

    def _of_take(self, news: News, cid: str, base: str) -> News | None:
        if isinstance(news, ev.Ack | ev.Amended | Now):
            return None
        if isinstance(news, ev.Triggered):
            self._taken[base] = True
            self.stray(base)
            return msgspec.structs.replace(news, cid=base, leg="take")
        if isinstance(news, ev.Cancelled) and base not in self._taken:
            if cid not in self._strays:
                self._fault("take_profit", f"the take-profit of {base} is gone: {news.reason}")
            return None
        if isinstance(news, ev.Fill | ev.Cancelled | ev.OrderReport | Child):
            return msgspec.structs.replace(news, cid=base)
        return news

    # --- what is read -----------------------------------------------------------------------------

    def fold(self, words: Iterable[OrderWord], symbol: Callable[[str], str]) -> list[OrderWord]:
        """Open orders, each pair once; a take-profit alone is a stray."""
        rows = {word.cid or word.venue_id: word for word in words}
        for cid, word in list(rows.items()):
            base = base_of(cid)
            if base == cid or not cid.startswith("ck"):
                continue
            self.know(base, symbol(word.native))
            if base not in rows and word.waits:
                self.stray(cid)
            del rows[cid]
        return list(rows.values())

    async def resolve(self, word: OrderWord | None, cid: str, native: str) -> OrderWord | None:
        """The word on a pair whose stop may be gone: did the take-profit go off instead?"""
        if word is not None and not (word.state == "cancelled" and word.waits):
            return word
        dialect = self._door.dialect
        take = await dialect.find(self._door, twin_of(cid), native, True)
        if take is None:
            return word
        self.know(cid, dialect.symbol(native))
        if take.child or take.filled or not take.waits:
            return msgspec.structs.replace(take, cid=cid)
        if take.state == "live":
            self.stray(twin_of(cid))
        return word

    # --- housekeeping -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Take strays back until the exchange says that they are gone."""
        while True:
            self._wake.clear()
            if not self._strays:
                await self._wake.wait()
            for cid, named in list(self._strays.items()):
                symbol = named or self._symbols.get(base_of(cid), "")
                if symbol:
                    await self._take_back(cid, symbol)
            await asyncio.sleep(SWEEP_S)

    async def _take_back(self, cid: str, symbol: str) -> None:
        call = self._door.dialect.cancel(Cancel(cid, symbol, "its pair is over"), waits=True, child="")
        try:
            await self._door.act(call, urgent=True)
        except VenueError as error:
            self._fault("take_profit", f"{cid} cannot be taken back yet: {error}")
            return
        # Taken back, or refused because it is gone: either way it rests no more.
        self._strays.pop(cid, None)
