"""Where the market comes from: the practice market or a tape, told at the pace of the wall clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.okx_exchange.candles import MINUTE, Row
from cockpit.core import events as ev
from cockpit.core.errors import ConfigError
from cockpit.core.types import Instrument, Kind

STEP = 5_000
DAY_MINUTES = 1_441


class Feed:
    """A stream of market events whose clock runs with ours."""

    def __init__(
        self, instruments: Mapping[str, Instrument], events: Iterator[ev.AnyEvent], offset: int
    ) -> None:
        """``offset`` is added to every time of ``events``."""
        self.instruments = instruments
        self._events = events
        self._offset = offset
        self._head = next(events, None)
        self._paused = 0

    def due(self, now: int) -> list[ev.AnyEvent]:
        """What has happened up to ``now``, oldest first."""
        out: list[ev.AnyEvent] = []
        if self._paused:
            return out
        limit = now - self._offset
        head = self._head
        while head is not None and head.ts <= limit:
            out.append(self._timed(head))
            head = next(self._events, None)
        self._head = head
        return out

    def pause(self, now: int) -> None:
        """The market stands still until :meth:`resume`."""
        self._paused = self._paused or now

    def resume(self, now: int) -> None:
        """It goes on where it stood."""
        if self._paused:
            self._offset += now - self._paused
            self._paused = 0

    def history(self, symbol: str, minutes: int) -> list[Row]:
        """Closed one-minute bars before the start, oldest first; none by default."""
        return []

    def _timed(self, event: ev.AnyEvent) -> ev.AnyEvent:
        if not self._offset:
            return event
        changes: dict[str, Any] = {"ts": event.ts + self._offset}
        if hasattr(event, "venue_ts"):
            changes["venue_ts"] = event.venue_ts + self._offset
        if isinstance(event, ev.FundingRate):
            changes["settle_ts"] = event.settle_ts + self._offset
        return msgspec.structs.replace(event, **changes)


class PracticeFeed(Feed):
    """The practice market, beginning now."""

    def __init__(self, seed: int, now: int, symbols: tuple[str, ...] = (), rate: float = 1.0) -> None:
        from cockpit.adapters import practice

        chosen = tuple(f"{practice.VENUE}:{name}" for name in symbols) or practice.DEFAULT
        self._spec = practice.PracticeSpec(seed=seed, start_ms=now - now % STEP, symbols=chosen, rate=rate)
        self._history = practice.history
        super().__init__(practice.instruments(self._spec), practice.stream(self._spec), 0)

    def history(self, symbol: str, minutes: int) -> list[Row]:
        instrument = self.instruments[symbol]
        return [_row(instrument, bar) for bar in self._history(self._spec, symbol, MINUTE, minutes)]


class TapeFeed(Feed):
    """A recorded market, as if it began now. At its end the market stands still."""

    def __init__(self, path: Path, now: int, symbols: tuple[str, ...] = ()) -> None:
        from cockpit.adapters.store import tape

        info = tape.read_info(path)
        instruments = {i.symbol: i for i in info.instruments if not symbols or i.symbol in symbols}
        if not instruments:
            raise ConfigError(f"{path} holds none of the wanted instruments")
        events = tape.read(path, symbols=instruments.keys())
        super().__init__(instruments, events, now - info.start_ms)


def _row(instrument: Instrument, bar: ev.Bar) -> Row:
    """Practice bars count base units; the venue counts contracts."""
    value = float(instrument.contract_value)
    coin = bar.volume
    if instrument.kind is Kind.INVERSE:
        size = coin * bar.close / value
    else:
        size = coin / value
    size = round(size / float(instrument.lot)) * float(instrument.lot)
    return bar.ts - bar.tf, bar.open, bar.high, bar.low, bar.close, size, coin, coin * bar.close
