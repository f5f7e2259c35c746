"""Indicators over the chart: which can be drawn, what a person typed, and their values candle by candle.

The values come from the same streaming indicators that strategies use, from their first candle in the frame
to the last; nothing is drawn before an indicator has enough of them to speak.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from math import nan
from typing import Any, NamedTuple

from cockpit.core.frames import CandleRow

PRICE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sma", "ema", "wma", "rma", "dema", "tema", "hull", "kama", "linreg"), ("value",)),
    **dict.fromkeys(("vwap", "vwap_rolling", "psar", "supertrend"), ("value",)),
    **dict.fromkeys(("bollinger", "keltner", "donchian"), ("mid", "upper", "lower")),
    "donchian_prior": ("upper", "lower"),
    "chandelier": ("long", "short"),
    "ichimoku": ("conversion", "base", "span_a", "span_b"),
}
"""Indicator → its lines that are prices: drawn among the candles."""
BELOW: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("rsi", "cci", "mfi", "williams_r", "atr", "cmf", "obv", "roc", "momentum"), ("value",)),
    **dict.fromkeys(("zscore", "stddev", "efficiency_ratio", "atr_percentile"), ("value",)),
    "stochastic": ("k", "d"),
    "macd": ("macd", "signal"),
    "adx": ("adx", "plus_di", "minus_di"),
    "aroon": ("up", "down"),
}
"""Indicator → its lines on a scale of their own: drawn in a strip under the candles."""
USUAL = {"n": 14, "decay": 0.94}
"""Parameters without a default, where a person names none."""
LARGEST = 1_000.0
"""Of any parameter: a chart has a few hundred candles."""
MOST = 6
"""Overlays at a time: more lines than that tell nothing."""
PRESETS = ("ema 20", "ema 20, ema 50, ema 200", "bollinger", "vwap", "supertrend", "donchian", "rsi")
"""What is offered with one key."""


class Overlay(NamedTuple):
    """One indicator as it was asked for."""

    name: str
    numbers: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """``EMA 20``."""
        return " ".join((self.name.upper().replace("_", " "), *(f"{number:g}" for number in self.numbers)))

    @property
    def lines(self) -> tuple[str, ...]:
        """What is drawn of it."""
        return PRICE.get(self.name) or BELOW[self.name]

    @property
    def below(self) -> bool:
        """Does it need a scale of its own?"""
        return self.name not in PRICE


class Drawn(NamedTuple):
    """Its values, one a candle, NaN while it has nothing to say."""

    overlay: Overlay
    values: tuple[tuple[float, ...], ...]
    """One series a line."""

    @property
    def last(self) -> tuple[float, ...]:
        """The newest value of each line."""
        return tuple(next((v for v in reversed(line) if v == v), nan) for line in self.values)


def parsed(text: str) -> tuple[Overlay, ...]:
    """``ema 20, bollinger 20 2``. Raises ValueError in words, naming what cannot be."""
    found = [_one(part.split()) for part in text.lower().replace(";", ",").split(",") if part.strip()]
    if len(found) > MOST:
        raise ValueError(f"{len(found)} > {MOST}")
    return tuple(dict.fromkeys(found))


def _one(words: Sequence[str]) -> Overlay:
    name, *numbers = words
    if name not in PRICE and name not in BELOW:
        near = get_close_matches(name, (*PRICE, *BELOW), 1)
        raise ValueError(f"{name}?" + (f" {near[0]}" if near else ""))
    try:
        overlay = Overlay(name, tuple(float(number) for number in numbers))
    except ValueError:
        raise ValueError(" ".join(words)) from None
    if not all(0 <= number <= LARGEST for number in overlay.numbers):
        raise ValueError(f"{overlay.label}: 0 ... {LARGEST:g}")
    _made(overlay)
    return overlay


def _made(overlay: Overlay) -> Any:
    """A blank indicator. Raises ValueError when its numbers cannot be."""
    from cockpit.core.registry import INDICATORS
    from cockpit.indicators.catalogue import make, parameters

    import_module(f"cockpit.indicators.{overlay.name}")
    fields = parameters(INDICATORS[overlay.name])
    if len(overlay.numbers) > len(fields):
        raise ValueError(f"{overlay.label}: {', '.join(field.name for field in fields) or '-'}")
    given: dict[str, Any] = {}
    for field, number in zip(fields, overlay.numbers, strict=False):
        given[field.name] = int(number) if field.type is int and number == int(number) else number
    for field in fields:
        if field.required and field.name not in given:
            given[field.name] = USUAL.get(field.name, USUAL["n"])
    return make(overlay.name, given)


def values(overlay: Overlay, candles: Sequence[CandleRow]) -> Drawn:
    """Its lines over these candles, the oldest first; like a strategy it hears closed ones only."""
    closed = tuple(candles) if candles[-1].closed else tuple(candles[:-1])
    known = _over(overlay, closed)
    if len(closed) == len(candles):
        return known
    return Drawn(overlay, tuple((*line, nan) for line in known.values))


@lru_cache(maxsize=4 * MOST)
def _over(overlay: Overlay, candles: tuple[CandleRow, ...]) -> Drawn:
    from cockpit.core.registry import INDICATORS

    made = _made(overlay)
    inputs = ["close" if name == "x" else name for name in INDICATORS[overlay.name].options["inputs"]]
    series: list[list[float]] = [[] for _ in overlay.lines]
    for candle in candles:
        made.update(*(getattr(candle, name) for name in inputs))
        for line, into in zip(overlay.lines, series, strict=True):
            into.append(float(getattr(made, line)))
    return Drawn(overlay, tuple(map(tuple, series)))


def written(overlays: Sequence[Overlay]) -> str:
    """As :func:`parsed` reads them."""
    return ", ".join(" ".join((one.name, *(f"{number:g}" for number in one.numbers))) for one in overlays)
