"""The ledger on the disk: rows are added under a lock, durable before ``append`` returns, never changed.

    ledger = Ledger(data_dir / "ledger")
    stamp = ledger.append(trials)                 # a batch at a time: two syncs of the disk each
    with ledger.recorder() as record: record(trial)                     # gathers batches by itself

What was counted once is counted for ever. The newest seal is also kept outside the folder (``ledger.head``),
in every run and in every passport; rows that those know and the file no longer has become one ``lost`` row
that weighs as much as they did, on every data set.
"""

from __future__ import annotations

import fcntl
import os
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cockpit.core.errors import StoreError
from cockpit.core.unreadable import UNREADABLE
from cockpit.lab.trial_ledger import record
from cockpit.lab.trial_ledger.record import FIRST, LAYOUT, SIZE, Row, Told, Trial

ROWS, DETAIL, LOCK, HEAD = "trials.ledger", "trials.detail", "lock", ".head"
BATCH = 1_024
BATCH_S = 1.0


class Stamp(msgspec.Struct, frozen=True, order=True):
    """Where the ledger stood: whoever keeps one can tell later that nothing was taken out."""

    rows: int = 0
    weight: int = 0
    """Trials, those that were tried twice counted twice."""
    seal: str = FIRST.hex()

    @property
    def text(self) -> str:
        """``rows:weight:seal``, to be kept in one word."""
        return f"{self.rows}:{self.weight}:{self.seal}"


def stamp_of(text: str) -> Stamp | None:
    """From :attr:`Stamp.text`; None when it is none."""
    rows, _, rest = text.partition(":")
    weight, _, seal = rest.partition(":")
    if not rows.isdigit() or not weight.isdigit() or len(seal) != 64:
        return None
    return Stamp(int(rows), int(weight), seal)


def nobody() -> Sequence[Stamp]:
    """No stamps kept elsewhere."""
    return ()


class Ledger:
    """The trial ledger of one data directory."""

    def __init__(self, folder: Path, kept: Callable[[], Iterable[Stamp]] = nobody) -> None:
        """``kept``: stamps that others hold (runs, passports), asked for when the file may have been lost."""
        self.folder = folder
        self.rows_file, self.detail_file = folder / ROWS, folder / DETAIL
        self.head_file = folder.with_name(folder.name + HEAD)
        self.kept = kept

    def append(self, trials: Iterable[Trial]) -> Stamp:
        """Add a batch; it is on the disk when this returns. Raises StoreError, ValueError."""
        batch = list(trials)
        with self._locked() as (rows, detail):
            stamp = self._ready(rows, detail)
            return self._write(rows, detail, stamp, batch) if batch else stamp

    def note(self, seal: str) -> Stamp:
        """Keep the seal of a passport that was made here. Raises StoreError."""
        with self._locked() as (rows, detail):
            stamp = self._ready(rows, detail)
            words = record.framed(Told("", {}, (), "", "", seal))
            at, end, before = _now(), _end(rows, detail, stamp.rows), bytes.fromhex(stamp.seal)
            row = record.note_row("passport", 0, stamp.rows, at, end, words, before)
            return self._put(rows, detail, stamp, (row,), (words,), end, 0)

    def noted(self) -> frozenset[str]:
        """Seals of the passports that were made here. Raises StoreError."""
        rows = [row for row in self.rows() if row.source == "passport"]
        return frozenset(told.study for _, told, _ in self.told(rows))

    def recorder(self, batch: int = BATCH, seconds: float = BATCH_S) -> Recorder:
        """Gathers trials and adds them in batches; the last one when it is left."""
        return Recorder(self, batch, seconds)

    def make_good(self) -> Stamp:
        """Count again whatever stamps kept elsewhere know and the file no longer has."""
        with self._locked() as (rows, detail):
            return self._restore(rows, detail, self._ready(rows, detail), self.kept())

    def stamp(self) -> Stamp:
        """Where it stands now."""
        weight, seal, count = 0, FIRST, 0
        for raw in self.raw_rows():
            weight += LAYOUT.unpack_from(raw)[3]
            seal, count = raw[LAYOUT.size :], count + 1
        return Stamp(count, weight, seal.hex())

    def raw_rows(self) -> Iterator[bytes]:
        """Whole rows, oldest first."""
        try:
            raw = self.rows_file.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{self.rows_file}: {error.strerror}") from error
        for start in range(0, len(raw) - SIZE + 1, SIZE):
            yield raw[start : start + SIZE]

    def rows(self) -> Iterator[Row]:
        """Every row, oldest first, as it stands."""
        return (record.read_row(raw) for raw in self.raw_rows())

    def told(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Told, array[float]]]:
        """Rows with their words and returns. Raises StoreError when the detail is gone or damaged."""
        wanted = list(rows)
        if not wanted:
            return
        try:
            with self.detail_file.open("rb") as file:
                for row in wanted:
                    file.seek(row.offset)
                    yield row, *record.read_detail(file.read(row.length))
        except OSError as error:
            raise StoreError(f"{self.detail_file}: {error.strerror}") from error
        except ValueError as error:
            raise StoreError(f"{self.detail_file}: {error}; cockpit ledger verify says where") from error

    @contextmanager
    def _locked(self) -> Iterator[tuple[int, int]]:
        """Both files, while nobody else of this machine has them."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            opened = [
                os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600) for name in (LOCK, ROWS, DETAIL)
            ]
        except OSError as error:
            raise StoreError(f"{self.folder}: {error.strerror}") from error
        try:
            fcntl.flock(opened[0], fcntl.LOCK_EX)
            yield opened[1], opened[2]
        except OSError as error:
            raise StoreError(f"{self.folder}: {error.strerror}") from error
        finally:
            for fd in opened:
                os.close(fd)

    def _ready(self, rows: int, detail: int) -> Stamp:
        """Where to go on: rests of a batch that nobody was told of are cut, lost rows are counted again."""
        head = self.read_head()
        count = os.fstat(rows).st_size // SIZE
        if head is None:
            stamp = self._restore(rows, detail, _sum(rows, count), self.kept())
            self._keep_head(stamp)  # from here on a row beyond the head is a batch that was cut short
            return stamp
        while count > head.rows and not _whole(rows, count - 1, os.fstat(detail).st_size):
            count -= 1
        os.ftruncate(rows, count * SIZE)
        if count == head.rows and _seal(rows, count) == head.seal:
            return head
        stamp = _sum(rows, count)
        return self._restore(rows, detail, stamp, (head, *self.kept()))

    def _restore(self, rows: int, detail: int, stamp: Stamp, kept: Iterable[Stamp]) -> Stamp:
        kept = list(kept)
        if not kept:
            return stamp
        accounted = self.made_good()
        seals = [raw[LAYOUT.size :].hex() for raw in self.raw_rows()]
        gone = [one for one in kept if missing(one, seals) and one.seal not in accounted]
        if not gone:
            return stamp
        weight = max(one.weight - stamp.weight if one.rows > stamp.rows else one.weight for one in gone)
        told = Told("", {}, (), "", "", "", tuple(sorted({one.seal for one in gone})))
        words = record.framed(told)
        at, end = _now(), _end(rows, detail, stamp.rows)
        before = bytes.fromhex(stamp.seal)
        row = record.note_row("lost", max(1, weight), stamp.rows, at, end, words, before)
        return self._put(rows, detail, stamp, (row,), (words,), end, max(1, weight))

    def made_good(self) -> frozenset[str]:
        """Seals that ``lost`` rows have accounted for."""
        found: set[str] = set()
        for row in self.rows():
            if row.source == "lost":
                try:
                    found.update(next(self.told((row,)))[1].made_good)
                except StoreError:  # what cannot be read accounts for nothing
                    continue
        return frozenset(found)

    def _write(self, rows: int, detail: int, stamp: Stamp, batch: Sequence[Trial]) -> Stamp:
        at, end = _now(), _end(rows, detail, stamp.rows)
        before, place = bytes.fromhex(stamp.seal), end
        made, words = [], []
        for index, trial in enumerate(batch):
            part = record.detail_of(trial)
            row = record.row_of(trial, stamp.rows + index, at, place, part, before)
            made.append(row)
            words.append(part)
            before, place = row[LAYOUT.size :], place + len(part)
        return self._put(rows, detail, stamp, made, words, end, len(batch))

    def _put(
        self, rows: int, detail: int, stamp: Stamp, made: Sequence[bytes], words: Sequence[bytes],
        end: int, weight: int,
    ) -> Stamp:  # fmt: skip
        """Words first, then the rows that name them, then the head: a crash leaves nothing half counted."""
        os.ftruncate(detail, end)
        _write_all(detail, b"".join(words), end)
        os.fsync(detail)
        _write_all(rows, b"".join(made), stamp.rows * SIZE)
        os.fsync(rows)
        now = Stamp(stamp.rows + len(made), stamp.weight + weight, made[-1][LAYOUT.size :].hex())
        self._keep_head(now)
        return now

    def _keep_head(self, stamp: Stamp) -> None:
        part = self.head_file.with_name(self.head_file.name + ".part")
        with part.open("wb") as file:
            file.write(head_bytes(stamp))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.head_file)

    def read_head(self) -> Stamp | None:
        """The stamp kept beside the folder; None when there is none that can be read."""
        try:
            return msgspec.json.decode(self.head_file.read_bytes(), type=Stamp)
        except (OSError, ValueError, *UNREADABLE):
            return None


class Recorder:
    """Gathers trials of one study. Leave it (``with``) or ``flush`` before anybody is shown a result."""

    def __init__(self, ledger: Ledger, batch: int, seconds: float) -> None:
        self.ledger = ledger
        self.batch, self.seconds = batch, seconds
        self.stamp = Stamp()
        self._waiting: list[Trial] = []
        self._since = time.monotonic()

    def __call__(self, trial: Trial) -> None:
        """Take one; written when the batch is full or a second old. Raises StoreError."""
        self._waiting.append(trial)
        if len(self._waiting) >= self.batch or time.monotonic() - self._since >= self.seconds:
            self.flush()

    def flush(self) -> Stamp:
        """Everything taken so far is on the disk. Raises StoreError."""
        if self._waiting:
            self.stamp = self.ledger.append(self._waiting)
            self._waiting = []
        self._since = time.monotonic()
        return self.stamp

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()


def missing(stamp: Stamp, seals: Sequence[str]) -> bool:
    """Is what a stamp knows not in the chain with these seals?"""
    return stamp.rows > 0 and (stamp.rows > len(seals) or seals[stamp.rows - 1] != stamp.seal)


def head_bytes(stamp: Stamp) -> bytes:
    """The head file, byte for byte."""
    return msgspec.json.encode(stamp) + b"\n"


def _now() -> int:
    return time.time_ns() // 1_000_000


def _whole(rows: int, index: int, detail_size: int) -> bool:
    """Does this row fit the one before it, and are its words there?"""
    raw = os.pread(rows, SIZE, index * SIZE)
    before = os.pread(rows, SIZE, (index - 1) * SIZE)[LAYOUT.size :] if index else FIRST
    row = record.read_row(raw)
    return record.seal_of(before, raw[: LAYOUT.size]) == row.seal and row.offset + row.length <= detail_size


def _seal(rows: int, count: int) -> str:
    """Of the last of so many rows."""
    return (os.pread(rows, SIZE, (count - 1) * SIZE)[LAYOUT.size :] if count else FIRST).hex()


def _sum(rows: int, count: int) -> Stamp:
    weight, seal = 0, FIRST
    for index in range(count):
        raw = os.pread(rows, SIZE, index * SIZE)
        weight += LAYOUT.unpack_from(raw)[3]
        seal = raw[LAYOUT.size :]
    return Stamp(count, weight, seal.hex())


def _end(rows: int, detail: int, count: int) -> int:
    """Where the words of the next row begin; behind everything, when the last row cannot say."""
    size = os.fstat(detail).st_size
    if not count or not _whole(rows, count - 1, size):
        return size if count else 0
    last = record.read_row(os.pread(rows, SIZE, (count - 1) * SIZE))
    return last.offset + last.length


def _write_all(fd: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, at)
        view, at = view[done:], at + done
