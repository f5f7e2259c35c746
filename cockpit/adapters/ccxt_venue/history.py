"""The past of an exchange behind ccxt's door: candles, funding, marks, open interest; the book as of now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from cockpit.adapters.ccxt_venue.dialect import MARK_STEP
from cockpit.adapters.ccxt_venue.door import Door
from cockpit.adapters.connectivity.history import Page
from cockpit.core import events as ev
from cockpit.core.types import Instrument

HOUR = 3_600_000


class CcxtHistory:
    """``connectivity.history.History`` of Binance USD-M and Bybit linear."""

    paged = frozenset(("bars", "funding", "marks", "oi"))
    sampled = frozenset(("oi", "books"))

    def __init__(
        self,
        door: Door,
        instruments: Mapping[str, Instrument],
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._door = door
        self._wall_ms = wall_ms
        self.instruments = dict(instruments)

    def offers(self, kind: str, symbol: str, tf: int) -> bool:
        if kind == "bars":
            return tf in self._door.dialect.frames
        return kind in self.paged or kind in self.sampled

    async def look(self) -> int:
        await self._door.sync(self._wall_ms)
        return self._now()

    async def page(self, kind: str, symbol: str, tf: int, lo: int, hi: int) -> Page:
        """``candles`` counts by closing time and takes what has closed by then."""
        dialect = self._door.dialect
        native = self.instruments[symbol].native
        if kind == "funding":
            reached = max(lo, hi - dialect.funding_span)
            rates = await dialect.funding(self._door, native, reached, hi)
            return Page([*sorted(rates, key=lambda rate: rate.ts)], reached, hi)
        if kind == "oi":
            return await self._interest(symbol, lo, hi)
        if kind == "marks":
            marks, now = await dialect.marks(self._door, native, hi - 1 + MARK_STEP), self._now()
            reached = max(lo, marks[0].ts - MARK_STEP) if marks else lo
            told = min([hi, *(one.ts - MARK_STEP for one in marks if one.ts > now)])
            return Page([m for m in marks if m.ts - MARK_STEP >= lo and m.ts <= now], reached, told)
        bars = await dialect.candles(self._door, native, tf, dialect.page, hi - 1 + tf)
        reached = max(lo, bars[0].ts - tf) if bars else lo
        return Page([bar for bar in bars if bar.ts - tf >= lo], reached, hi)

    async def _interest(self, symbol: str, lo: int, hi: int) -> Page:
        """By the hour; as at OKX a row counts as known when its hour is over."""
        dialect, now = self._door.dialect, self._now()
        first = max(lo, now - dialect.interest_kept) if dialect.interest_kept else lo
        if first >= hi:
            return Page([], lo, hi)
        reached = max(first, hi - dialect.interest_span)
        rows = await dialect.interests(self._door, self.instruments[symbol].native, reached, hi)
        over = now - HOUR
        facts: list[ev.AnyEvent] = [
            ev.OpenInterest(row.ts + HOUR, symbol, row.qty) for row in rows if row.ts <= over
        ]
        told = min([hi, *(row.ts for row in rows if row.ts > over)])
        return Page(facts, lo if reached == first else reached, told)

    async def sample(self, kind: str, symbol: str) -> list[ev.AnyEvent]:
        dialect, native, now = self._door.dialect, self.instruments[symbol].native, self._now()
        if kind == "oi":
            fact = await dialect.interest(self._door, native, now)
            return [fact] if fact is not None else []
        return [(await dialect.snapshot(self._door, native, now)).event]

    async def close(self) -> None:
        await self._door.close()

    def _now(self) -> int:
        return self._wall_ms() + self._door.offset_ms
