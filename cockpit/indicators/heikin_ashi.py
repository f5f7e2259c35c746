"""Heikin-Ashi candles."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.registry import indicator


@indicator("heikin_ashi", inputs=("open", "high", "low", "close"), lines=("open", "high", "low", "close"))
class HeikinAshi(msgspec.Struct):
    """Averaged candles that show a trend as a run of one colour. They are NOT prices one can trade at.

    close = (O+H+L+C)/4; open = middle of the last averaged candle's body, (O+C)/2 for the first; high and
    low = extremes of the bar and that body. First value at index 0; ``update`` returns ``close``. Price
    units. As TA-Lib HA.
    """

    open: float = nan
    high: float = nan
    low: float = nan
    close: float = nan

    def update(self, open: float, high: float, low: float, close: float) -> float:
        first = self.open != self.open
        begin = (open + close) / 2.0 if first else (self.open + self.close) / 2.0
        end = (open + high + low + close) / 4.0
        self.open = begin
        self.close = end
        self.high = max(high, begin, end)
        self.low = min(low, begin, end)
        return end
