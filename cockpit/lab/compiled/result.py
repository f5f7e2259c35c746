"""What one compiled run did, and its books."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec

from cockpit.core.config import Config
from cockpit.core.types import Instrument
from cockpit.lab.compiled.fold import Books, blank, fold
from cockpit.lab.compiled.tape import Tape

Ends = tuple[tuple[str, bytes], ...]
"""Indicators of a strategy by field, each with its numbers as ``layout`` has them."""
PREFIX = "ckb001"
"""Of the client ids of a backtest's first sleeve."""


class Result(msgspec.Struct, frozen=True, dict=True):
    """What one run did. Money is exact in ``books``; the floats are the nearest to it."""

    orders: int
    """Placed: entries, exits and protection."""
    trades: int
    """Times a position came back to zero."""
    filled: int
    equity: float
    """Everything at the last close."""
    rows: Any
    """Lines of the books as they were written."""
    booked: int
    instrument: Instrument
    tape: Tape
    config: Config
    sleeve: str
    prefix: str
    end: int
    """UTC ms of the last thing that the strategy could have heard."""
    tag: int
    """The number of the word of its last wish."""
    numbers: Any
    """The strategy's own at the end, in the order of ``layout``; itself where it ran as Python."""
    shared: Ends = ()
    """Those that other runs have in common with it are not among them."""

    @cached_property
    def state(self) -> Any:
        """The strategy's own numbers at the end, all of them."""
        import numpy as np

        if not self.shared:
            return self.numbers
        whole, kind = bytearray(self.numbers.tobytes()), self.numbers.dtype
        for name, end in self.shared:
            first = kind.fields[name][1]
            whole[first : first + len(end)] = end
        return np.frombuffer(whole, kind)

    @property
    def lines(self) -> Any:
        """The rows, each with its fields as attributes."""
        import numpy as np

        return self.rows.view(np.recarray)

    @cached_property
    def books(self) -> Books:
        """Fills and ledger, as the kernel's own ledger books them. Worked out when asked for."""
        run = self.config.run
        ledger = blank(self.instrument, run.currency, run.equity, self.config.venue.leverage)
        return fold(self.lines, self.booked, self.instrument, self.tape, ledger, self.sleeve, self.prefix)
