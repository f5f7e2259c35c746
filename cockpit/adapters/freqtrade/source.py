"""A strategy file of freqtrade: loaded, looked at, and asked for its signals."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.freqtrade import longer, shim
from cockpit.core.config import timeframe_ms
from cockpit.core.errors import PluginError

CALLBACKS = (
    "bot_start",
    "bot_loop_start",
    "custom_stake_amount",
    "custom_exit",
    "custom_sell",
    "custom_stoploss",
    "custom_roi",
    "custom_entry_price",
    "custom_exit_price",
    "check_entry_timeout",
    "check_exit_timeout",
    "confirm_trade_entry",
    "confirm_trade_exit",
    "adjust_trade_position",
    "adjust_entry_price",
    "adjust_exit_price",
    "adjust_order_price",
    "leverage",
    "informative_pairs",
    "order_filled",
    "populate_any_indicators",
    "feature_engineering_standard",
    "feature_engineering_expand_all",
    "feature_engineering_expand_basic",
    "set_freqai_targets",
)
"""What freqtrade would call and the adapter does not."""
SETTINGS = (
    "protections",
    "position_adjustment_enable",
    "ignore_roi_if_entry_signal",
    "order_types",
    "order_time_in_force",
)
"""What freqtrade would follow and the adapter does not."""
ENTRIES = ("populate_entry_trend", "populate_buy_trend")
EXITS = ("populate_exit_trend", "populate_sell_trend")


class Facts(msgspec.Struct, frozen=True):
    """What the file says about itself."""

    name: str
    timeframe: str
    can_short: bool
    stoploss: float
    """Fraction, > 0; 0 = none."""
    roi: tuple[tuple[float, float], ...]
    """(minutes since the entry, profit at which to leave), rising."""
    trailing: bool
    trailing_positive: float
    trailing_offset: float
    trailing_only_offset: bool
    exit_signal: bool
    exit_profit_only: bool
    exit_profit_offset: float
    startup: int
    not_run: tuple[str, ...]
    """Callbacks that the file defines and that are not called."""
    not_used: tuple[str, ...]
    """Settings that it makes and that are not followed."""


class Signals(msgspec.Struct, frozen=True):
    """What the strategy says on one closed bar."""

    long: bool
    short: bool
    exit_long: bool
    exit_short: bool
    tag: str


_loaded: dict[str, Any] = {}


def load(path: Path) -> type:
    """The one IStrategy class in a file, which is RUN. Raises PluginError with what is wrong."""
    try:
        import pandas  # noqa: F401 - said here, where the way to mend it can be said too
        import talib  # noqa: F401
    except ImportError as error:
        raise PluginError(f"{error.name} is missing: pip install 'cockpit[freqtrade]'") from error
    shim.install()
    key = str(path.resolve())
    if key in _loaded:
        return _loaded[key]  # type: ignore[no-any-return]
    spec = spec_from_file_location(f"freqtrade_strategy_{path.stem}", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise PluginError(f"{path} is not a Python file")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        hint = ""
        if isinstance(error, ImportError) and (error.name or "").startswith("freqtrade"):
            hint = "; the adapter has only a part of freqtrade; installed, its own modules are used"
        said = f"{error}{_where(str(path), error)}{hint}"
        raise PluginError(f"{path} cannot be loaded: {type(error).__name__}: {said}") from error
    base = sys.modules["freqtrade.strategy"].IStrategy
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, base)
        and value is not base
        and value.__module__ == spec.name
    ]
    if len(found) != 1:
        raise PluginError(f"{path} holds {len(found)} strategies; one is needed")
    _tuned(found[0], path)
    _loaded[key] = found[0]
    return found[0]


SPACES = ("buy", "sell", "enter", "exit", "protection")


def _tuned(kind: Any, path: Path) -> None:
    """What a search of freqtrade has found counts before the defaults: ``buy_params`` of the class, and the
    file ``NAME.json`` beside it. Raises PluginError when that cannot be read."""
    found: dict[str, Any] = {}
    for space in SPACES:
        found.update(getattr(kind, f"{space}_params", None) or {})
    beside = path.with_suffix(".json")
    if beside.is_file():
        try:
            told = dict(msgspec.json.decode(beside.read_bytes())["params"])
        except (OSError, ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
            raise PluginError(f"{beside} holds no parameters of a strategy: {error}") from error
        for space in SPACES:
            found.update(told.get(space) or {})
        if told.get("roi"):
            kind.minimal_roi = told["roi"]
        for name in ("stoploss", "trailing"):
            for key, value in (told.get(name) or {}).items():
                setattr(kind, key, value)
    for name, value in found.items():
        parameter: Any = getattr(kind, name, None)
        if hasattr(parameter, "value"):
            parameter.value = value
            parameter.range = [value]


def facts(kind: type) -> Facts:
    """Read its settings. Raises PluginError for what cannot be run."""
    if not hasattr(kind, "populate_indicators") or not any(hasattr(kind, name) for name in ENTRIES):
        raise PluginError(f"{kind.__name__} needs populate_indicators and {ENTRIES[0]}")
    stop = abs(_read(kind, "stoploss"))
    positive = _read(kind, "trailing_stop_positive", lambda told: stop if told is None else float(told))
    mine = [vars(base) for base in kind.__mro__[:-2]]
    return Facts(
        kind.__name__,
        _read(kind, "timeframe", _timeframe),
        _read(kind, "can_short", bool),
        stop if stop < 1 else 0.0,
        _read(kind, "minimal_roi", _roi),
        _read(kind, "trailing_stop", bool),
        positive,
        _read(kind, "trailing_stop_positive_offset") if _set(kind, "trailing_stop_positive") else 0.0,
        _read(kind, "trailing_only_offset_is_reached", bool),
        _read(kind, "use_exit_signal", bool),
        _read(kind, "exit_profit_only", bool),
        _read(kind, "exit_profit_offset"),
        _read(kind, "startup_candle_count", int),
        tuple(name for name in CALLBACKS if any(name in own for own in mine)),
        tuple(name for name in SETTINGS if any(own.get(name) for own in mine)),
    )


def _set(kind: type, name: str) -> bool:
    return getattr(kind, name, None) is not None


def _read(kind: type, name: str, made: Callable[[Any], Any] = float) -> Any:
    """One setting as what it must be. Raises PluginError with its name and value."""
    told = getattr(kind, name)
    try:
        return made(told)
    except (TypeError, ValueError) as error:
        raise PluginError(f"{kind.__name__}: {name} = {told!r} cannot be used") from error


def _timeframe(told: Any) -> str:
    timeframe_ms(str(told))
    return str(told)


def _roi(told: Any) -> tuple[tuple[float, float], ...]:
    return tuple(sorted((float(minutes), float(share)) for minutes, share in dict(told or {}).items()))


def frame(rows: Any) -> Any:
    """Candles ``(open time, open, high, low, close, volume)`` as the frame that a strategy gets."""
    import pandas

    made = pandas.DataFrame(rows, columns=["date", "open", "high", "low", "close", "volume"])
    made["date"] = pandas.to_datetime(made["date"], unit="ms", utc=True)
    return made


def signals(kind: type, rows: Any, pair: str) -> Any:
    """The frame with every signal column, over all rows. Raises PluginError where the file breaks."""
    try:
        return _signals(kind, rows, pair)
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(f"{kind.__name__}: {type(error).__name__}: {error}{_line(kind, error)}") from error


def _line(kind: type, error: BaseException) -> str:
    """Where in its own file it broke."""
    return _where(getattr(sys.modules.get(kind.__module__), "__file__", None) or "", error)


def _where(file: str, error: BaseException) -> str:
    """The last line of ``file`` on the way to the error."""
    rows = [row.lineno for row in traceback.extract_tb(error.__traceback__) if row.filename == file]
    return f" ({file} line {rows[-1]})" if rows else ""


def _signals(kind: type, rows: Any, pair: str) -> Any:
    made: Any = kind({})
    metadata, data = {"pair": pair}, frame(rows)
    made.dp = longer.Provider(data, pair)
    data = made.populate_indicators(longer.added(made, data, metadata), metadata)
    data = _first(made, ENTRIES)(data, metadata)
    leave = _first(made, EXITS)
    return data if leave is None else leave(data, metadata)


def last(data: Any) -> Signals:
    """What the newest row says."""
    row = data.iloc[-1]

    def on(*names: str) -> bool:
        return any(name in row.index and row[name] == 1 for name in names)

    tag = row.get("enter_tag", row.get("buy_tag", ""))
    return Signals(
        on("enter_long", "buy"),
        on("enter_short"),
        on("exit_long", "sell"),
        on("exit_short"),
        tag if isinstance(tag, str) else "",
    )


def _first(made: Any, names: tuple[str, ...]) -> Any:
    return next((getattr(made, name) for name in names if hasattr(made, name)), None)
