"""The past of an exchange behind ccxt's door: candles, settled funding; open interest and book as of now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from cockpit.adapters.ccxt_venue.door import Door
from cockpit.adapters.connectivity.history import Page
from cockpit.core import events as ev
from cockpit.core.types import Instrument


class CcxtHistory:
    """``connectivity.history.History`` of Binance USD-M and Bybit linear."""

    paged = frozenset(("bars", "funding"))
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
        return kind in {*self.sampled, "funding"} or (kind == "bars" and tf in self._door.dialect.frames)

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
        bars = await dialect.candles(self._door, native, tf, dialect.page, hi - 1 + tf)
        reached = max(lo, bars[0].ts - tf) if bars else lo
        return Page([bar for bar in bars if bar.ts - tf >= lo], reached, hi)

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
