"""Longer candles of the same market for a freqtrade strategy: decorated, merged by hand, or asked of ``dp``.

They are made of the bars that the strategy is shown, and a longer candle joins the frame with the bar whose
close is its own close, never earlier. Another market's candles are refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cockpit.core.config import timeframe_ms
from cockpit.core.errors import PluginError

MARKS = "_ft_informative"
"""Where freqtrade's own decorator notes it, too."""
OTHER = "another market's candles are not run; write it with cockpit.sdk (legs)"
RULES = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


class Note(msgspec.Struct, frozen=True):
    """One ``@informative``."""

    asset: str
    timeframe: str
    fmt: Any
    ffill: bool


def informative(
    timeframe: str, asset: str = "", fmt: Any = None, *, ffill: bool = True, **_options: Any
) -> Callable[[Any], Any]:
    """``populate_indicators`` of a longer timeframe; its columns get ``_4h`` at their end."""

    def marked(function: Any) -> Any:
        setattr(function, MARKS, [*getattr(function, MARKS, []), Note(asset, timeframe, fmt, ffill)])
        return function

    return marked


def candles(frame: Any, timeframe: str) -> Any:
    """The frame's bars as longer ones, only whole ones. Raises PluginError where they are not longer."""
    import pandas

    base, length = _step(frame), timeframe_ms(timeframe)
    if length < base or length % base:
        raise PluginError(f"candles of {timeframe} cannot be made of those of {base // 60_000} minutes")
    times = frame["date"].dt.as_unit("ms").astype("int64")
    groups = times // length * length
    made = frame.groupby(groups).agg(RULES)
    made.insert(0, "date", pandas.to_datetime(made.index, unit="ms", utc=True))
    made = made.reset_index(drop=True)
    whole = slice(
        int(times.iloc[0] % length != 0), len(made) - int(times.iloc[-1] + base != groups.iloc[-1] + length)
    )
    return made.iloc[whole].reset_index(drop=True)


def merge_informative_pair(
    dataframe: Any, informative: Any, timeframe: str, timeframe_inf: str, ffill: bool = True,
    append_timeframe: bool = True, date_column: str = "date", suffix: str | None = None,
) -> Any:  # fmt: skip
    """Longer candles beside the bars, each from the bar on with which it closed."""
    import pandas

    minute = 60_000
    wait = timeframe_ms(timeframe_inf) - timeframe_ms(timeframe)
    if wait < 0:
        raise PluginError(f"{timeframe_inf} is shorter than {timeframe}")
    longer = informative.copy()
    longer["date_merge"] = longer[date_column] + pandas.Timedelta(wait // minute, "min")
    end = timeframe_inf if append_timeframe else suffix
    if end:
        longer.columns = [f"{name}_{end}" for name in longer.columns]
    key = f"date_merge_{end}" if end else "date_merge"
    found = dataframe.merge(longer, left_on="date", right_on=key, how="left")
    if ffill:
        names = list(longer.columns)
        found[names] = found[names].ffill()
    return found.drop(columns=key)


class Provider:
    """``self.dp``: candles of the same market, as long as they are told bar by bar."""

    runmode = "backtest"

    def __init__(self, frame: Any, pair: str) -> None:
        self._frame, self._pair = frame, pair

    def get_pair_dataframe(self, pair: str, timeframe: str | None = None, candle_type: str = "") -> Any:
        if pair != self._pair:
            raise PluginError(f"{pair}: {OTHER}")
        return candles(self._frame, timeframe) if timeframe else self._frame.copy()

    def get_analyzed_dataframe(self, pair: str, timeframe: str | None = None) -> Any:
        return self.get_pair_dataframe(pair, timeframe), None

    def current_whitelist(self) -> list[str]:
        return [self._pair]


def added(made: Any, frame: Any, metadata: dict[str, str]) -> Any:
    """The frame with what the strategy's ``@informative`` methods add. Raises PluginError."""
    for name in dir(type(made)):
        function: Any = getattr(type(made), name, None)
        notes: list[Note] = getattr(function, MARKS, [])
        for note in notes:
            if note.asset:
                raise PluginError(f"@informative({note.timeframe!r}, {note.asset!r}): {OTHER}")
            told = function(made, candles(frame, note.timeframe), metadata)
            if note.fmt is not None:
                told.columns = [_named(note, column) for column in told.columns]
                key = _named(note, "date")
                frame = merge_informative_pair(
                    frame, told, _text(frame), note.timeframe, note.ffill, False, key
                )
            else:
                frame = merge_informative_pair(frame, told, _text(frame), note.timeframe, note.ffill)
    return frame


def _named(note: Note, column: str) -> str:
    words = {"column": column, "timeframe": note.timeframe, "base": "", "quote": "", "asset": ""}
    return str(note.fmt(**words) if callable(note.fmt) else str(note.fmt).format(**words))


def _step(frame: Any) -> int:
    """Length of its bars, ms."""
    steps = frame["date"].diff().dropna()
    return int(steps.min().total_seconds() * 1000) if len(steps) else 60_000


def _text(frame: Any) -> str:
    return f"{_step(frame) // 60_000}m"
