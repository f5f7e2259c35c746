"""Every registered indicator with short lengths, and rows to feed it, both read off the registry."""

from collections.abc import Callable
from importlib import import_module
from math import nan
from pkgutil import iter_modules
from typing import Any

import msgspec

import cockpit.indicators
from cockpit.core.book import Book
from cockpit.core.registry import INDICATORS

Bars = tuple[list[float], list[float], list[float]]
"""High, low, close."""
SHORT: dict[str, dict[str, Any]] = {
    "macd": {"fast": 3, "slow": 6, "smooth": 4},
    "keltner": {"n": 5, "atr_n": 3},
    "ichimoku": {"fast": 2, "medium": 4, "slow": 7, "shift": 4},
    "stochastic": {"n": 5, "smooth": 3, "signal": 2},
    "kama": {"n": 5},
    "ewma_var": {"lam": 0.94},
    "hurst": {},
    "volume_trend": {"fast": 2, "slow": 5},
    "atr_percentile": {"n": 3, "window": 6},
}

for module in iter_modules(cockpit.indicators.__path__):
    import_module(f"cockpit.indicators.{module.name}")


def fresh(name: str) -> Any:
    """A blank one with lengths that a test of 60 bars can fill."""
    target = INDICATORS[name].target
    fields = {field.name for field in msgspec.structs.fields(target)}
    return target(**SHORT.get(name, {"n": 5} if "n" in fields else {}))


def book(bid: float, bid_qty: float, ask: float, ask_qty: float) -> Book:
    """Three levels a side, or a broken book when the touch is crossed."""
    made = Book()
    steps = (1.0, 0.999, 0.99)
    bids = [(bid * step, bid_qty + i) for i, step in enumerate(steps)]
    made.apply_snapshot(bids, [(ask / step, ask_qty + i) for i, step in enumerate(steps)], 1, 1)
    return made


def columns(bars: Bars) -> dict[str, Callable[[], list[Any]]]:
    """All that a bar can be asked for, made of its high, low and close when it is asked for."""
    high, low, close = bars
    size = len(close)
    before = [close[max(i - 1, 0)] for i in range(size)]
    bid_qty, ask_qty = [(7 * c) % 3 for c in close], [(5 * c) % 3 for c in close]
    return {
        "bid": lambda: low,
        "bid_qty": lambda: bid_qty,
        "ask": lambda: high,
        "ask_qty": lambda: ask_qty,
        "book": lambda: [book(*row) for row in zip(low, bid_qty, high, ask_qty, strict=True)],
        "qty": lambda: [(11 * c) % 4 for c in close],
        "side": lambda: [1.0 if c >= p else -1.0 for c, p in zip(close, before, strict=True)],
        "signal": lambda: [float(c > p) for c, p in zip(close, before, strict=True)],
        "depth": lambda: [h + 1.0 for h in high],
        "impact": lambda: [h / lo for h, lo in zip(high, low, strict=True)],
        "funding": lambda: [1e-4 * (c % 3) if i % 8 == 0 else nan for i, c in enumerate(close)],
        "open_interest": lambda: [1e3 + c for c in close],
        "ts": lambda: [i * 21_600_000 for i in range(size)],
        "open": lambda: [min(max(p, lo), h) for p, lo, h in zip(before, low, high, strict=True)],
        "high": lambda: high,
        "low": lambda: low,
        "close": lambda: close,
        "volume": lambda: [(close[i] * 7) % 5 + 0.25 * (i % 3) for i in range(size)],
        "x": lambda: close,
        "y": lambda: [(h + lo) / 2 for h, lo in zip(high, low, strict=True)],
        "r": lambda: [c / p - 1 for c, p in zip(close, before, strict=True)],
        "atr": lambda: [h - lo for h, lo in zip(high, low, strict=True)],
    }


def rows(name: str, bars: Bars) -> list[tuple[Any, ...]]:
    """What ``update`` of this indicator is called with, bar by bar."""
    given = columns(bars)
    inputs = INDICATORS[name].options["inputs"]
    return list(zip(*(given[which]() for which in inputs), strict=True))
