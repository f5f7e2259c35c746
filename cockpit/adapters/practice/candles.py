"""Closed candles from trades: exactly what was printed, nothing smoothed."""

from __future__ import annotations

from cockpit.core.events import Bar
from cockpit.core.types import Instrument, Kind

Slot = tuple[int, int, int, int, int]
"""Open, high, low, close in ticks, and lots traded."""


class Candle:
    """The forming candle of one symbol and length. A candle without trades repeats the last close."""

    __slots__ = (
        "_amount",
        "_close",
        "_high",
        "_inverse",
        "_low",
        "_open",
        "_symbol",
        "_ticks",
        "_unit",
        "tf",
    )

    def __init__(self, instrument: Instrument, tf: int, last_ticks: int) -> None:
        self._symbol = instrument.symbol
        self._inverse = instrument.kind is Kind.INVERSE
        self._ticks = instrument.ticks_per_unit
        # What one lot is in base units; for inverse contracts, times the price in ticks.
        self._unit = float(instrument.contract_value * instrument.lot)
        if self._inverse:
            self._unit *= self._ticks
        self.tf = tf
        self._open = self._high = self._low = self._close = last_ticks
        self._amount = 0.0

    def add(self, ticks: int, lots: int) -> None:
        """A trade happened."""
        if self._amount == 0.0:
            self._open = self._high = self._low = ticks
        elif ticks > self._high:
            self._high = ticks
        elif ticks < self._low:
            self._low = ticks
        self._close = ticks
        self._amount += lots / ticks if self._inverse else lots

    def add_slot(self, slot: Slot) -> None:
        """A whole stretch of trading happened (history)."""
        first, high, low, last, lots = slot
        if self._amount == 0.0:
            self._open, self._high, self._low = first, high, low
        self._high = max(self._high, high)
        self._low = min(self._low, low)
        self._close = last
        self._amount += lots / last if self._inverse else lots

    def close(self, ts: int) -> Bar:
        """The candle that ends at ``ts``; the next one begins."""
        per = self._ticks
        bar = Bar(
            ts,
            self._symbol,
            self.tf,
            self._open / per,
            self._high / per,
            self._low / per,
            self._close / per,
            self._amount * self._unit,
        )
        self._open = self._high = self._low = self._close
        self._amount = 0.0
        return bar
