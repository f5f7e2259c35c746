"""One trial, and its row of 256 bytes: what was tried on what, with a hash over itself and the row before.

    trials.ledger   rows, one a trial, each sealed with sha256(seal of the row before + its other bytes)
    trials.detail   what a person reads (strategy, parameters, markets, study) and the net returns, float32;
                    each row names its part by place, length and sha256

Every byte of both files is under a hash, so a flipped one is found.
"""

from __future__ import annotations

import hashlib
import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import fsum, nan, sqrt
from typing import Any

import msgspec

from cockpit.core.unreadable import UNREADABLE

LAYOUT = struct.Struct("<4sQQQ16s16s32sqqIIBBHdQI32s52x")
SEAL = 32
SIZE = LAYOUT.size + SEAL
MAGIC = b"trl1"
FIRST = bytes(SEAL)
"""What the first row takes for the seal of the row before it."""
SOURCES = ("lost", "backtest", "sweep", "optimize", "walkforward", "robustness", "advice", "passport")
"""Where a trial came from. ``lost``: trials that were counted once and are no longer there; ``passport``: no
trial, the seal of a passport that was made here."""
STATUSES = ("done", "pruned", "failed", "begun")
"""``begun``: written before a run that can be watched; whoever stops it has seen it all the same."""


class Trial(msgspec.Struct, frozen=True):
    """One evaluated configuration, on its way into the ledger."""

    strategy: str
    """As a person knows it."""
    family: str
    """32 hex digits: fingerprint of the strategy's code (``family.fingerprint``)."""
    params: Mapping[str, Any]
    """All of them, defaults included: what is only spelled otherwise is no other trial."""
    data: str
    """64 hex digits: hash of the data set."""
    start: int
    """UTC ms; the part of the data that was used."""
    end: int
    symbols: tuple[str, ...] = ()
    timeframe: str = ""
    setting: str = ""
    """Digest of everything else that decides the result: costs, limits, stop layers, equity, seed."""
    source: str = "backtest"
    status: str = "done"
    study: str = ""
    period: int = 86_400_000
    """ms between returns."""
    returns: Any = ()
    """Net simple returns, one a period: a sequence or an array of floats; empty = none of its own."""

    @property
    def key(self) -> bytes:
        """16 bytes: equal keys are one experiment, whatever it was called."""
        what = (self.family, dict(self.params), self.symbols, self.timeframe, self.setting)
        raw = msgspec.msgpack.encode((*what, self.data, self.start, self.end), order="deterministic")
        return hashlib.sha256(raw).digest()[:16]


class Told(msgspec.Struct, frozen=True, array_like=True):
    """What a row tells a person."""

    strategy: str
    params: dict[str, Any]
    symbols: tuple[str, ...]
    timeframe: str
    setting: str
    study: str
    made_good: tuple[str, ...] = ()
    """Of a ``lost`` row: the seals that were known and are no longer found."""


class Row(msgspec.Struct, frozen=True, dict=True):
    """One row as it lies in the ledger."""

    seq: int
    at: int
    """UTC ms."""
    weight: int
    """Trials that it stands for: 1, or all that were lost."""
    key: bytes
    family: str
    data: str
    start: int
    end: int
    period: int
    n: int
    """Returns that it has."""
    source: str
    status: str
    sharpe: float
    """Per period; NaN when it has none."""
    offset: int
    length: int
    detail: bytes
    seal: bytes

    @cached_property
    def half(self) -> bool:
        """Did it see half of its span? A pruned trial that did not has no say in the variance."""
        return self.n * self.period * 2 >= self.end - self.start


def seal_of(before: bytes, body: bytes) -> bytes:
    """The seal of a row whose other bytes are ``body``."""
    return hashlib.sha256(before + body).digest()


def ratio(returns: Any) -> float:
    """Per-period Sharpe ratio (ddof 1); NaN when it has none."""
    if len(returns) < 2:
        return nan
    if hasattr(returns, "std"):  # numpy, where a search is running
        return nan if returns.max() == returns.min() else float(returns.mean() / returns.std(ddof=1))
    low, high = min(returns), max(returns)
    if low == high:
        return nan
    mean = fsum(returns) / len(returns)
    return float(mean / sqrt(fsum((r - mean) ** 2 for r in returns) / (len(returns) - 1)))


def packed(returns: Any) -> bytes:
    """Returns as little-endian float32."""
    if hasattr(returns, "astype"):
        return bytes(returns.astype("<f4").tobytes())
    found = array("f", returns)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def unpacked(raw: bytes) -> array[float]:
    """Inverse of :func:`packed`."""
    found = array("f", raw)
    if sys.byteorder == "big":
        found.byteswap()
    return found


def detail_of(trial: Trial) -> bytes:
    """Its part of ``trials.detail``: length of the words, the words, the returns."""
    told = Told(
        trial.strategy, dict(trial.params), trial.symbols, trial.timeframe, trial.setting, trial.study
    )
    return framed(told) + packed(trial.returns)


def framed(told: Told) -> bytes:
    """Words with their length before them."""
    words = msgspec.msgpack.encode(told, order="deterministic")
    return len(words).to_bytes(4, "little") + words


def row_of(trial: Trial, seq: int, at: int, offset: int, detail: bytes, before: bytes) -> bytes:
    """256 bytes. Raises ValueError for a source or status that there is not."""
    body = LAYOUT.pack(
        MAGIC, seq, at, 1, trial.key, bytes.fromhex(trial.family), bytes.fromhex(trial.data),
        trial.start, trial.end, trial.period, len(trial.returns), _index(SOURCES, trial.source),
        _index(STATUSES, trial.status), 0, ratio(trial.returns), offset, len(detail),
        hashlib.sha256(detail).digest(),
    )  # fmt: skip
    return body + seal_of(before, body)


def note_row(source: str, weight: int, seq: int, at: int, offset: int, detail: bytes, before: bytes) -> bytes:
    """256 bytes that are no single trial: ``lost`` ones, or the seal of a passport (weight 0)."""
    sum_ = hashlib.sha256(detail).digest()
    key = hashlib.sha256(sum_ + seq.to_bytes(8, "little")).digest()[:16]
    body = LAYOUT.pack(
        MAGIC,
        seq,
        at,
        weight,
        key,
        bytes(16),
        bytes(32),
        0,
        0,
        0,
        0,
        _index(SOURCES, source),
        0,
        0,
        nan,
        offset,
        len(detail),
        sum_,
    )
    return body + seal_of(before, body)


def read_row(raw: bytes) -> Row:
    """A row from its 256 bytes, as it stands; ``chain`` says whether it is whole."""
    _magic, seq, at, weight, key, family, data, start, end, period, n, source, status, _, sharpe, *rest = (
        LAYOUT.unpack_from(raw)
    )
    word = SOURCES[source] if source < len(SOURCES) else "?"
    state = STATUSES[status] if status < len(STATUSES) else "?"
    offset, length, detail = rest
    return Row(
        seq, at, weight, key, family.hex(), data.hex(), start, end, period, n, word, state, sharpe, offset,
        length, detail, raw[LAYOUT.size :],
    )  # fmt: skip


def read_detail(raw: bytes) -> tuple[Told, array[float]]:
    """Words and returns. Raises ValueError when they cannot be read."""
    size = int.from_bytes(raw[:4], "little")
    try:
        return msgspec.msgpack.decode(raw[4 : 4 + size], type=Told), unpacked(raw[4 + size :])
    except UNREADABLE as error:
        raise ValueError(str(error)) from error


def _index(words: Sequence[str], word: str) -> int:
    if word not in words:
        raise ValueError(f"{word!r}: one of {', '.join(words)}")
    return words.index(word)
