"""Where a plug-in broke: its file and line, and the event it was hearing. One sentence for log and screen."""

from __future__ import annotations

from typing import Any

from cockpit.core.config import timeframe_text
from cockpit.core.events import Bar, Event

DAY_MS = 86_400_000


def blame(error: BaseException, plugin: Any, event: Event | None) -> str:
    """``LookupError: no price (mine.py:57, bar okx:BTC-USDT-SWAP 1h 2024-01-01 05:00:00Z)``.

    File names stand without folders: the sentence is part of the record, which is the same on every machine.
    """
    parts = [line_of(error, type(plugin).__module__)]
    if event is not None:
        parts.append(heard(event))
    said = f": {error}" if str(error) else ""
    return f"{type(error).__name__}{said} ({', '.join(filter(None, parts))})"


def line_of(error: BaseException, module: str) -> str:
    """``mine.py:57``, and ``mine.py:57 > ema.py:36`` when it broke in something that the plug-in called."""
    own = deepest = ""
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        place = f"{_file(frame.f_code.co_filename)}:{trace.tb_lineno}"
        if frame.f_globals.get("__name__") == module:
            own, deepest = place, ""
        else:
            deepest = place
        trace = trace.tb_next
    if not own:
        return module
    return f"{own} > {deepest}" if deepest else own


def heard(event: Event) -> str:
    """The event in a few words: kind, market, timeframe, time (UTC)."""
    words = [str(event.__struct_config__.tag)]
    symbol = getattr(event, "symbol", "")
    if symbol:
        words.append(symbol)
    if isinstance(event, Bar):
        words.append(timeframe_text(event.tf))
    return " ".join((*words, utc(event.ts)))


def utc(ms: int) -> str:
    """``2024-01-01 05:00:00Z``, with the milliseconds where there are any (Hinnant's civil_from_days)."""
    days, rest = divmod(ms, DAY_MS)
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    year = year + era * 400 + (month <= 2)
    seconds, milli = divmod(rest, 1_000)
    clock = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{year:04}-{month:02}-{day:02} {clock}{f'.{milli:03}' if milli else ''}Z"


def _file(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
