"""Enough of the ``freqtrade`` package to import a strategy file where freqtrade itself is not installed.

Where freqtrade is installed, its own modules are used.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any, ClassVar

from cockpit.adapters.freqtrade import qtpylib
from cockpit.adapters.freqtrade.longer import informative, merge_informative_pair
from cockpit.core.config import timeframe_ms


class IStrategy:
    """The defaults that freqtrade documents for a strategy that does not set them."""

    INTERFACE_VERSION = 3
    timeframe = "5m"
    can_short = False
    minimal_roi: ClassVar[dict[str, float]] = {}
    stoploss = -1.0
    trailing_stop = False
    trailing_stop_positive: float | None = None
    trailing_stop_positive_offset = 0.0
    trailing_only_offset_is_reached = False
    use_exit_signal = True
    exit_profit_only = False
    exit_profit_offset = 0.0
    ignore_roi_if_entry_signal = False
    process_only_new_candles = True
    startup_candle_count = 0
    dp: Any = None

    def __init__(self, config: dict[str, Any] | None = None) -> None:
        self.config = dict(config or {})


class Parameter:
    """A hyperopt parameter: here its default, ``value``, or what ``buy_params`` … say (``source``)."""

    def __init__(self, *args: Any, default: Any = None, **_options: Any) -> None:
        self.value = default if default is not None else (args[-1] if args else None)
        self.range = [self.value]


def stoploss_from_open(
    open_relative_stop: float, current_profit: float, *_args: Any, **_options: Any
) -> float:
    """For ``custom_stoploss``, which is not run: a distance from the open as one from the price now."""
    return (
        max(0.0, 1.0 - (1.0 + open_relative_stop) / (1.0 + current_profit)) if current_profit > -1.0 else 1.0
    )


def stoploss_from_absolute(stop_rate: float, current_rate: float, *_args: Any, **_options: Any) -> float:
    """For ``custom_stoploss``, which is not run: a price as a distance from the price now."""
    return max(0.0, 1.0 - stop_rate / current_rate) if current_rate else 1.0


def timeframe_to_minutes(timeframe: str) -> int:
    """``4h`` → 240."""
    return timeframe_ms(timeframe) // 60_000


def timeframe_to_seconds(timeframe: str) -> int:
    """``4h`` → 14400."""
    return timeframe_ms(timeframe) // 1_000


def install() -> None:
    """Make ``import freqtrade`` work. Does nothing where the real package is there."""
    if "freqtrade.strategy" in sys.modules or find_spec("freqtrade") is not None:
        return
    parameters = (
        "IntParameter",
        "DecimalParameter",
        "RealParameter",
        "CategoricalParameter",
        "BooleanParameter",
    )
    names: dict[str, Any] = {name: type(name, (Parameter,), {}) for name in parameters}
    functions_ = (
        informative, merge_informative_pair, stoploss_from_absolute, stoploss_from_open, timeframe_to_minutes,
        timeframe_to_seconds,
    )  # fmt: skip
    names |= {"IStrategy": IStrategy, **{function.__name__: function for function in functions_}}
    functions = {function.__name__: function for function in qtpylib.FUNCTIONS}
    made = {
        "freqtrade": {},
        "freqtrade.strategy": names,
        "freqtrade.exchange": {f.__name__: f for f in (timeframe_to_minutes, timeframe_to_seconds)},
        "freqtrade.strategy.interface": {"IStrategy": IStrategy},
        "freqtrade.vendor": {},
        "freqtrade.vendor.qtpylib": {},
        "freqtrade.vendor.qtpylib.indicators": functions,
        "freqtrade.persistence": {"Trade": type("Trade", (), {})},
    }
    for name, contents in made.items():
        module = ModuleType(name)
        module.__dict__.update(contents)
        module.__path__ = []
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, module)
