"""Where a row of the archive belongs: its series, its key, its month.

    archive/index.db                                 markets, months, what the venues were asked; hot rows
    archive/bars/okx%3ABTC-USDT-SWAP/3600000/        one folder a series, one Parquet file a month
            2024-03.1f0c….parquet                    the name carries the hash: files never change

Columns are a tape's (``store.tape_columns``): what one writes the other reads. Times are UTC; ``ts_ns`` is
when a fact could first be known, for a candle its CLOSE. Two rows with one key are one row: the later word
counts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from cockpit.adapters.store.tape_columns import COLUMNS
from cockpit.core.config import timeframe_text
from cockpit.core.errors import TapeError

KEYS: dict[str, tuple[str, ...]] = {
    "bars": ("ts_ns",),
    "funding": ("ts_ns", "settled"),
    "marks": ("ts_ns",),
    "oi": ("ts_ns",),
    "touch": ("ts_ns",),
    "trades": ("venue_ts", "trade_id", "price", "qty", "buy"),
    "books": ("ts_ns",),
}
"""Kind → what makes a row of a series unique. Trades of a source without ids are told apart by time, price,
size and side, so two equal ones of one millisecond are kept once."""
KINDS = tuple(KEYS)


class Series(msgspec.Struct, frozen=True, order=True):
    """One kind of fact about one market; candles by their length."""

    kind: str
    symbol: str
    tf: int = 0
    """Length of candles in ms; 0 for everything else."""

    def __post_init__(self) -> None:
        if self.kind not in KEYS:
            raise TapeError(f"the archive keeps {', '.join(KINDS)}, not {self.kind!r}")
        if ":" not in self.symbol:
            raise TapeError(f"not a symbol: {self.symbol!r} (write okx:BTC-USDT-SWAP)")
        if (self.kind == "bars") != (self.tf > 0):
            raise TapeError(f"{self.kind} of {self.tf} ms")

    @property
    def folder(self) -> Path:
        """Under the archive's folder. The quoting keeps any symbol inside it."""
        return Path(self.kind) / quote(self.symbol, safe="") / str(self.tf)

    @property
    def label(self) -> str:
        """``okx:BTC-USDT-SWAP bars 1h``"""
        return f"{self.symbol} {self.kind}" + (f" {timeframe_text(self.tf)}" if self.tf else "")


def columns(kind: str) -> tuple[str, ...]:
    """All columns of a kind, a tape's order."""
    return ("ts_ns", "symbol", *(name for name, _ in COLUMNS[kind]))


def month_of(ts_ms: int) -> str:
    """``2024-03``"""
    return f"{datetime.fromtimestamp(ts_ms / 1000, UTC):%Y-%m}"


def month_span(month: str) -> tuple[int, int]:
    """[first, next) instant of a month, UTC ms."""
    year, number = int(month[:4]), int(month[5:])
    begin = datetime(year, number, 1, tzinfo=UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return int(begin.timestamp()) * 1000, int(end.timestamp()) * 1000
