"""The ``qtpylib`` functions that freqtrade strategies import, written to their documented meaning."""

from __future__ import annotations

from typing import Any


def crossed_above(first: Any, second: Any) -> Any:
    """True where ``first`` is above ``second`` and was not on the bar before."""
    before, level = first.shift(1), second.shift(1) if hasattr(second, "shift") else second
    return (first > second) & (before <= level)


def crossed_below(first: Any, second: Any) -> Any:
    """True where ``first`` is below ``second`` and was not on the bar before."""
    before, level = first.shift(1), second.shift(1) if hasattr(second, "shift") else second
    return (first < second) & (before >= level)


def crossed(first: Any, second: Any, direction: str | None = None) -> Any:
    """Either way, or the one that ``direction`` names."""
    if direction == "above":
        return crossed_above(first, second)
    if direction == "below":
        return crossed_below(first, second)
    return crossed_above(first, second) | crossed_below(first, second)


def typical_price(bars: Any) -> Any:
    """(high + low + close) / 3."""
    return (bars["high"] + bars["low"] + bars["close"]) / 3.0


def mid_price(bars: Any) -> Any:
    """(high + low) / 2."""
    return (bars["high"] + bars["low"]) / 2.0


def rolling_mean(series: Any, window: int = 200, min_periods: int | None = None) -> Any:
    """Simple mean of the last ``window`` values."""
    return series.rolling(window, min_periods=min_periods or window).mean()


def rolling_std(series: Any, window: int = 200, min_periods: int | None = None) -> Any:
    """Sample deviation of the last ``window`` values."""
    return series.rolling(window, min_periods=min_periods or window).std()


def bollinger_bands(series: Any, window: int = 20, stds: float = 2) -> dict[str, Any]:
    """``lower mid upper``, sample deviation."""
    mid, spread = rolling_mean(series, window), rolling_std(series, window)
    return {"upper": mid + spread * stds, "mid": mid, "lower": mid - spread * stds}


def heikinashi(bars: Any) -> Any:
    """Averaged candles; the open depends on every bar before."""
    import pandas

    close = (bars["open"] + bars["high"] + bars["low"] + bars["close"]) / 4.0
    opens = [(bars["open"].iloc[0] + bars["close"].iloc[0]) / 2.0]
    for at in range(1, len(bars)):
        opens.append((opens[-1] + close.iloc[at - 1]) / 2.0)
    made = pandas.DataFrame({"open": opens, "close": close.to_numpy()}, index=bars.index)
    made["high"] = pandas.concat([bars["high"], made["open"], made["close"]], axis=1).max(axis=1)
    made["low"] = pandas.concat([bars["low"], made["open"], made["close"]], axis=1).min(axis=1)
    return made


FUNCTIONS = (
    crossed_above,
    crossed_below,
    crossed,
    typical_price,
    mid_price,
    rolling_mean,
    rolling_std,
    bollinger_bands,
    heikinashi,
)
