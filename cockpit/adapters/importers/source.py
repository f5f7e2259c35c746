"""A recorded file before anybody knows what is in it: a table (Parquet, CSV) or JSON lines.

Every complaint names the file and the row, so that a person can go and look.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any, Self

import msgspec

from cockpit.core.errors import TapeError
from cockpit.core.unreadable import UNREADABLE

HEAD = 200
"""Lines that a format may look at to recognise itself."""

NAMES: dict[str, tuple[str, ...]] = {
    "symbol": ("symbol", "instrument", "inst_id", "instid", "pair", "ticker", "coin"),
    "market": ("market",),
    "ts": ("ts_ms", "ts", "timestamp", "time", "open_time", "datetime", "date", "ts_us", "ts_ns"),
    "recv": ("recv_ns", "recv_us", "recv_ms", "local_timestamp", "received_at"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v", "base_volume", "volume_base"),
    "rate": ("funding_rate", "fundingrate", "rate", "last_funding_rate"),
    "price": ("price", "px", "p"),
    "size": ("size", "qty", "quantity", "amount", "sz", "q"),
    "side": ("side", "taker_side", "aggressor"),
    "maker": ("is_buyer_maker", "buyer_maker", "isbuyermaker"),
    "id": ("trade_id", "tradeid", "id", "agg_trade_id"),
    "type": ("type", "action", "update_type"),
    "interest": ("oi", "open_interest", "sum_open_interest"),
}
"""Our name of a column → how files spell it, in order of preference."""

BARE_HEADERS: dict[int, tuple[str, ...]] = {
    6: ("open_time", "open", "high", "low", "close", "volume"),
    12: (
        "open_time",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "close_time",
        "quote_volume",
        "count",
        "taker_base",
        "taker_quote",
        "ignore",
    ),
}
"""CSV files without a header line: candles by their number of columns (Binance's dumps have 12)."""


END_NS = 1 << 62
"""Nanoseconds: the year 2116. What lies beyond is no instant of a market, and does not fit a tape."""


class Line(msgspec.Struct, gc=False, frozen=True):
    """One line of a raw recording: the exchange's message and what the recorder put around it."""

    recv_ns: int = 0
    msg: msgspec.Raw = msgspec.Raw(b"null")
    dir: str = ""
    conn: str = ""
    url: str = ""


class Table:
    """Columns under our names, with the row numbers that they had in the file."""

    def __init__(self, path: Path, columns: Mapping[str, Any], rows: Any) -> None:
        self.path = path
        self.columns = columns
        self._rows = rows

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __len__(self) -> int:
        return len(self._rows)

    @classmethod
    def of(cls, path: Path, table: Any) -> Self:
        """Find our columns among the file's. The first spelling that is there counts."""
        import pyarrow as pa

        if len(set(table.column_names)) < len(table.column_names):
            raise TapeError(f"{path}: two columns have one name")
        there = {name.lower(): name for name in table.column_names}
        columns = {
            ours: table.column(there[spelled[0]])
            for ours, names in NAMES.items()
            if (spelled := [name for name in names if name in there])
        }
        return cls(path, columns, pa.array(range(1, table.num_rows + 1), pa.int64()))

    def groups(self, *names: str) -> Iterator[tuple[tuple[str, ...], Table]]:
        """One table per combination of texts (symbol, market); an absent column counts as ''."""
        import pyarrow as pa

        present = [name for name in names if name in self.columns]
        if not present:
            yield ("",) * len(names), self
            return
        keys = list(zip(*(self.texts(name) for name in present), strict=True))
        members: dict[tuple[str, ...], list[int]] = {}
        for row, key in enumerate(keys):
            members.setdefault(key, []).append(row)
        for key, rows in members.items():
            found = dict(zip(present, key, strict=True))
            label = tuple(found.get(name, "") for name in names)
            if len(rows) == len(keys):
                yield label, self
            else:
                pick = pa.array(rows, pa.int64())
                columns = {name: column.take(pick) for name, column in self.columns.items()}
                yield label, Table(self.path, columns, self._rows.take(pick))

    def row(self, position: int) -> int:
        """Number of a row in the file, the first data row being 1."""
        number: int = self._rows[position].as_py()
        return number

    def texts(self, name: str) -> list[str]:
        return [str(value) for value in self.columns[name].to_pylist()]

    def floats(self, name: str) -> list[float]:
        """A column as numbers (NaN stays NaN). Raises TapeError naming the row of the first other thing."""
        values: list[Any] = self.columns[name].to_pylist()
        try:
            return list(map(float, values))
        except (TypeError, ValueError):
            for position, value in enumerate(values):
                self._number(name, position, value)
            raise

    def _number(self, name: str, position: int, value: Any) -> float:
        try:
            return float(value)
        except (TypeError, ValueError):
            raise TapeError(
                f"{self.path}: row {self.row(position)}: {name} is {value!r}, not a number"
            ) from None

    def times(self, name: str = "ts") -> list[int]:
        """A column of instants as UTC nanoseconds; seconds, ms, µs and ns are told apart by size."""
        import pyarrow as pa

        column = self.columns[name]
        if pa.types.is_temporal(column.type):
            if column.null_count:
                self._missing(name, column.to_pylist())
            try:
                wide = column.cast(pa.timestamp("ns", "UTC" if column.type.tz else None))
            except pa.ArrowException as error:
                raise TapeError(f"{self.path}: {name}: {error}") from error
            stamps: list[int] = wide.cast(pa.int64()).to_pylist()
            return stamps
        if pa.types.is_integer(column.type):
            values: list[Any] = column.to_pylist()
            if column.null_count:
                self._missing(name, values)
        else:
            values = self.floats(name)
            for position, value in enumerate(values):
                if not isfinite(value):
                    raise TapeError(f"{self.path}: row {self.row(position)}: {name} is {value}")
        unit = _unit(values)
        stamps = [round(value * unit) for value in values]
        for position, stamp in enumerate(stamps):
            if not 0 <= stamp < END_NS:
                raise TapeError(
                    f"{self.path}: row {self.row(position)}: {name} is {values[position]}, no instant"
                )
        return stamps

    def _missing(self, name: str, values: list[Any]) -> None:
        row = self.row(values.index(None))
        raise TapeError(f"{self.path}: row {row}: {name} is missing")


def _unit(values: list[Any]) -> int:
    """Nanoseconds per unit of a time column, from its largest value."""
    size = max(map(abs, values), default=0)
    for limit, unit in ((1e11, 1_000_000_000), (1e14, 1_000_000), (1e17, 1_000)):
        if size < limit:
            return unit
    return 1


class Source:
    """One file. Nothing is read but what is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise TapeError(f"there is no file {path}")
        suffixes = "".join(path.suffixes).lower()
        self.tabular = bool(re.search(r"\.(parquet|pq|csv|tsv|txt)(\.gz)?$", suffixes))
        if not self.tabular and not re.search(r"\.(jsonl|json|ndjson)(\.gz)?$", suffixes):
            raise TapeError(f"{path}: neither a table (parquet, csv) nor JSON lines (jsonl, jsonl.gz)")

    @cached_property
    def columns(self) -> frozenset[str]:
        """The columns of a table under our names; empty for JSON lines."""
        return frozenset(self._table.columns) if self.tabular else frozenset()

    @cached_property
    def header(self) -> frozenset[str]:
        """The columns as the file spells them, lower case."""
        return frozenset(name.lower() for name in self._arrow.column_names) if self.tabular else frozenset()

    @cached_property
    def head(self) -> tuple[tuple[Line, Any], ...]:
        """The first lines of a recording with their decoded messages."""
        if self.tabular:
            return ()
        try:
            return tuple((line, msgspec.json.decode(line.msg)) for _, line in islice(self.lines(), HEAD))
        except UNREADABLE as error:
            raise TapeError(f"{self.path}: {error}") from error

    @property
    def table(self) -> Table:
        return self._table

    @cached_property
    def _table(self) -> Table:
        return Table.of(self.path, self._arrow)

    @cached_property
    def _arrow(self) -> Any:
        import pyarrow as pa
        from pyarrow import csv, parquet

        try:
            if re.search(r"\.(parquet|pq)$", self.path.name.lower()):
                return parquet.read_table(self.path)
            names = self._bare()
            return csv.read_csv(
                self.path,
                read_options=csv.ReadOptions(use_threads=False, column_names=names),
                parse_options=csv.ParseOptions(delimiter="\t" if ".tsv" in self.path.name else ","),
            )
        except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
            raise TapeError(f"{self.path}: {error}") from error

    def _bare(self) -> list[str] | None:
        """Column names for a CSV that begins with numbers instead of a header."""
        opener = gzip.open if self.path.suffix == ".gz" else open
        with opener(self.path, "rt", encoding="utf-8") as file:
            first = str(file.readline()).strip().split(",")
        if not re.fullmatch(r"\d+(\.\d+)?", first[0]):
            return None
        names = BARE_HEADERS.get(len(first))
        if names is None:
            raise TapeError(f"{self.path}: row 1: {len(first)} columns and no header line")
        return list(names)

    def lines(self) -> Iterator[tuple[int, Line]]:
        """(line number, line) of a recording. Raises TapeError naming a line that is not one."""
        decode = msgspec.json.Decoder(Line).decode
        if self.path.suffix == ".json":
            yield 1, Line(msg=msgspec.Raw(self.path.read_bytes()))
            return
        number = 0
        try:
            with gzip.open(self.path, "rb") if self.path.suffix == ".gz" else self.path.open("rb") as file:
                for number, raw in enumerate(file, 1):
                    yield number, decode(raw)
        except UNREADABLE as error:
            raise TapeError(f"{self.path}: line {number}: {error}") from error
        except (OSError, EOFError, zlib.error) as error:
            raise TapeError(f"{self.path}: after line {number}: {error}") from error

    def named(self) -> str:
        """A market's name in the file's name, '' when there is none: ``BTCUSDT-1h-2023.csv``."""
        found = re.search(
            r"[A-Z0-9]+-[A-Z]+-SWAP|[A-Z0-9]{2,}(USDT|USDC|USD)|[A-Z]+-(USDT|USD)", self.path.name
        )
        return found.group() if found else ""
