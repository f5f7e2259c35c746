"""What every run of a strategy over a tape begins with: the machine before its first bar."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.core.config import Config
from cockpit.core.types import Instrument
from cockpit.lab.compiled import layout, records, setting
from cockpit.lab.compiled import rows as flat
from cockpit.lab.compiled.settlements import schedule
from cockpit.lab.compiled.tape import Tape

CACHE_LINE = 64
"""Bytes."""


class Start(msgspec.Struct, frozen=True):
    """What every run of a strategy over a tape begins with."""

    machine: Any
    """The bytes of a machine before its first bar: numpy copies records field by field."""
    kind: Any
    """Its dtype."""
    state: Any
    """dtype of the strategy's own numbers."""
    line: Any
    """dtype of a line of the books."""
    owners: tuple[Any, ...]
    """Kept, so that their ids are nobody else's."""


def start_of(instrument: Instrument, tape: Tape, config: Config, share: float, play: Any) -> Start:
    """The same for every run of a sweep, so it is made once. Raises Unsupported."""
    import numpy as np

    key = (id(instrument), id(config), share, id(play.plugin), play.asks_rates)
    known = tape.__dict__.setdefault("_starts", {})
    found: Start | None = known.get(key)
    if found is None:
        setting.check(instrument, tape, config, play.hooks)
        m = records.Machine()
        setting.prepare(m, instrument, tape, config, share)
        _windows(m, instrument)
        m.hears_fills = int("on_fill" in play.hooks)
        m.hears_rates = int("on_funding" in play.hooks)
        m.reads_rates = int(play.asks_rates)
        columns = [*arrays(tape), *_funding(m, tape)]
        (
            m.at_ts, m.at_open, m.at_high, m.at_low, m.at_close, m.at_volume, m.at_rates, m.at_dues,
        ) = (column.ctypes.data for column in columns)  # fmt: skip
        m.bars = len(tape)
        made = np.array([flat.pack(m)], _apart(np.dtype(flat.dtype(records.Machine))))
        found = known[key] = Start(
            made.view(np.uint8), made.dtype, np.dtype(layout.dtype(play.plugin.target)),
            np.dtype(flat.dtype(records.Entry)), (instrument, config, play.plugin, columns),
        )  # fmt: skip
    return found


def _apart(kind: Any) -> Any:
    """The same record, so long that one behind another begins where a line of the cache does."""
    import numpy as np

    names = kind.names
    formats, offsets = zip(*(kind.fields[name][:2] for name in names), strict=True)
    size = -(-kind.itemsize // CACHE_LINE) * CACHE_LINE
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


def _windows(m: records.Machine, instrument: Instrument) -> None:
    """The window and the pen as a strategy first finds them."""
    from cockpit.core.book import Book
    from cockpit.core.view import View
    from cockpit.core.want import Want

    view, want = View(instrument, Book()), Want()
    for name in flat.fields(records.Window):
        setattr(m.window, name, getattr(view, name))
    m.window.tf = m.tf
    for name in flat.fields(records.Pen):
        setattr(m.pen, name, 0 if name == "tag" else getattr(want, name))


def arrays(tape: Tape) -> list[Any]:
    """Close times, open, high, low, close and volume as numpy arrays; made once a tape."""
    import numpy as np

    found: list[Any] | None = tape.__dict__.get("_arrays")
    if found is None:
        kinds = (np.int64, *[np.float64] * 5)
        columns = (tape.ts, tape.open, tape.high, tape.low, tape.close, tape.volume)
        found = [np.ascontiguousarray(c, dtype=k) for c, k in zip(columns, kinds, strict=True)]
        tape.__dict__["_arrays"] = found
    return found


def _funding(m: records.Machine, tape: Tape) -> tuple[Any, Any]:
    """Rates and settlements as the machine reads them."""
    import numpy as np

    plan = schedule(tape, spot=bool(m.spot))
    m.tape_rates, m.settlements, m.end = len(tape.rates), len(plan.dues), plan.end
    rates = np.zeros(max(1, len(tape.rates)), np.dtype(flat.dtype(records.Rate)))
    for at, row in enumerate(tape.rates):
        rates[at] = (
            row.ts, row.settle_ts, tape.rate_rank[at], int(row.settled), row.rate,
            tape.rate_hi[at], tape.rate_lo[at], int(plan.near[at]),
        )  # fmt: skip
    dues = np.zeros(max(1, len(plan.dues)), np.dtype(flat.dtype(records.Due)))
    dues[: len(plan.dues)] = plan.dues
    return rates, dues
