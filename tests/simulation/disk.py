"""A disk that loses power, fills up and fails, under the interpreter's own SQLite.

A VFS (https://sqlite.org/vfs.html) whose files live in memory and know, sector by sector, what has been
synced. At a power cut each unsynced sector is kept or lost by the dice, so a write may arrive torn, out of
order or not at all; what was synced stays. A write or a sync can be made to fail. Nothing of SQLite is
replaced: our pragmas, our transactions, its log and its recovery are what is tried.

Only the bytes written are at risk (SQLite's POWERSAFE_OVERWRITE, which its unix VFS claims too); a file that
is removed is gone at once. One process has the file (``locking_mode=EXCLUSIVE``), so locks always succeed.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cockpit.adapters.store import creation
from cockpit.adapters.store.creation import Files

SECTOR = 512
OK, IOERR, FULL, CANTOPEN, NOTFOUND = 0, 10, 13, 14, 12
SHORT_READ = IOERR | 2 << 8
WRITE_FAILED = IOERR | 3 << 8
SYNC_FAILED = IOERR | 4 << 8
POWERSAFE = 0x1000

Trouble = Callable[[str], str]
"""Asked before each "write", "grow" and "sync": "" = go on, "fail", "full", or "cut" = the power goes now."""


class File:
    """Bytes as the process sees them, and what the platter surely holds."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.size = 0
        """Length when it was last synced."""
        self._changes: list[tuple[int, int, bytearray]] = []
        """What was changed since, in order: first sector, the one behind the last, and what was there."""

    def write(self, at: int, what: bytes) -> None:
        data = self.data
        end, length = at + len(what), len(data)
        first, behind = at // SECTOR, -(-end // SECTOR)
        self._changes.append((first, behind, data[first * SECTOR : behind * SECTOR]))
        if at > length:
            data.extend(bytes(at - length))
        data[at:end] = what

    def truncate(self, size: int) -> None:
        first, behind = size // SECTOR, -(-len(self.data) // SECTOR)
        self._changes.append((first, behind, self.data[first * SECTOR :]))
        del self.data[size:]

    def sync(self) -> None:
        self._changes.clear()
        self.size = len(self.data)

    def _before(self) -> dict[int, bytes]:
        """By sector: what it held when last synced, for those changed since."""
        before: dict[int, bytes] = {}
        for first, behind, old in self._changes:
            for sector in range(first, behind):
                if sector not in before:
                    at = (sector - first) * SECTOR
                    before[sector] = bytes(old[at : at + SECTOR])
        return before

    def cut(self, dice: random.Random) -> int:
        """The power goes; returns how many sectors were lost."""
        lost = 0
        for sector, old in sorted(self._before().items()):
            if dice.random() < 0.5:
                continue
            lost += 1
            at = sector * SECTOR
            if len(self.data) < at:
                self.data.extend(bytes(at - len(self.data)))
            rest = self.data[at + len(old) : at + SECTOR]
            self.data[at : at + SECTOR] = old + bytes(len(rest))
        if dice.random() < 0.5:
            del self.data[self.size :]
        self.sync()
        return lost


HANDLES = itertools.count(1)
"""Numbers of open files, never the same twice: what a world has left open must not close a later one's."""


class Disk:
    """The files of one machine; they outlive every process on it."""

    def __init__(self, seed: int, trouble: Trouble = lambda _what: "") -> None:
        self.files: dict[str, File] = {}
        self.dead = False
        """The process or the power is gone: nothing more is written or read."""
        self.trouble = trouble
        self.cuts = 0
        self.lost = 0
        """Sectors that a power cut took."""
        self.writes = 0
        self._dice = random.Random(f"{seed}/disk")
        self._open: dict[int, File] = {}
        self._powerless = False

    def die(self, *, power: bool) -> None:
        """From here on this process reaches the disk no more."""
        self.dead = True
        self._powerless = self._powerless or power

    def restart(self) -> None:
        """A process may use it again; after a power cut it finds what was left."""
        if self._powerless:
            self.cuts += 1
            self.lost += sum(file.cut(self._dice) for _, file in sorted(self.files.items()))
        self.dead = self._powerless = False
        self._open.clear()

    # --- what SQLite asks for ---------------------------------------------------------------------

    def open(self, name: str) -> int:
        """A handle."""
        handle = next(HANDLES)
        self._open[handle] = self.files.setdefault(name, File()) if name else File()
        return handle

    def close(self, handle: int) -> None:
        self._open.pop(handle, None)

    def remove(self, name: str) -> int:
        if self.dead:
            return IOERR
        self.files.pop(name, None)
        return OK

    def read(self, handle: int, amount: int, at: int) -> bytes | None:
        file = self._open.get(handle)
        return None if self.dead or file is None else bytes(file.data[at : at + amount])

    def write(self, handle: int, what: bytes, at: int) -> int:
        file = self._open.get(handle)
        if self.dead or file is None:
            return IOERR
        self.writes += 1
        grows = at + len(what) > len(file.data)
        trouble = self.trouble("grow" if grows else "write")
        if trouble == "cut":
            file.write(at, what)
            self.die(power=True)
        if trouble:
            return FULL if trouble == "full" else WRITE_FAILED
        file.write(at, what)
        return OK

    def sync(self, handle: int) -> int:
        file = self._open.get(handle)
        return IOERR if file is None else self.flush(file)

    def flush(self, file: File) -> int:
        """What the file holds shall outlive a power cut."""
        if self.dead:
            return IOERR
        trouble = self.trouble("sync")
        if trouble == "cut":
            self.die(power=True)
        if trouble:
            return SYNC_FAILED
        file.sync()
        return OK

    def truncate(self, handle: int, size: int) -> int:
        file = self._open.get(handle)
        if self.dead or file is None:
            return IOERR
        file.truncate(size)
        return OK

    def size(self, handle: int) -> int:
        file = self._open.get(handle)
        return 0 if file is None else len(file.data)


class Drawer(Files):
    """The folder of a machine: its files are on the disk, where a new one comes into its place at once."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def size(self, path: Path) -> int:
        file = self._disk.files.get(str(path))
        return len(file.data) if file is not None else 0

    def begin(self, path: Path) -> None:
        if self._disk.dead:
            raise OSError("the machine is dark")
        self._disk.files[str(path)] = File()

    def drop(self, path: Path) -> None:
        self._disk.remove(str(path))

    def sync(self, path: Path) -> None:
        file = self._disk.files.get(str(path))
        if file is not None and self._disk.flush(file) != OK:
            raise OSError("fsync failed")

    def put(self, new: Path, path: Path) -> None:
        if self._disk.dead:
            raise OSError("the machine is dark")
        self._disk.files[str(path)] = self._disk.files.pop(str(new))


# --- SQLite's side of the door ------------------------------------------------------------------------

_P, _I, _L = ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong


class _Handle(ctypes.Structure):
    _fields_ = [("methods", _P), ("number", _L)]


class _Methods(ctypes.Structure):
    _fields_ = [
        ("version", _I), ("close", _P), ("read", _P), ("write", _P), ("truncate", _P), ("sync", _P),
        ("size", _P), ("lock", _P), ("unlock", _P), ("reserved", _P), ("control", _P), ("sector", _P),
        ("traits", _P),
    ]  # fmt: skip


class _Vfs(ctypes.Structure):
    _fields_ = [
        ("version", _I), ("file_size", _I), ("max_path", _I), ("next", _P), ("name", ctypes.c_char_p),
        ("data", _P), ("open", _P), ("delete", _P), ("access", _P), ("full", _P), ("dl_open", _P),
        ("dl_error", _P), ("dl_sym", _P), ("dl_close", _P), ("randomness", _P), ("sleep", _P),
        ("time", _P), ("last_error", _P),
    ]  # fmt: skip


_LONG = _L.from_address
NUMBER: int = _Handle.number.offset


def _library() -> Any:
    """The very library that ``sqlite3`` uses, or None where it cannot be reached (linked statically)."""
    names = [ctypes.util.find_library("sqlite3") or ""]
    maps = Path("/proc/self/maps")
    if maps.exists():
        names = [line.split()[-1] for line in maps.read_text().splitlines() if "libsqlite3" in line] or names
    try:
        library = ctypes.CDLL(names[0]) if names[0] else None
    except OSError:
        return None
    if library is None:
        return None
    library.sqlite3_libversion.restype = ctypes.c_char_p
    library.sqlite3_vfs_find.restype = _P
    library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
    library.sqlite3_vfs_register.argtypes = [_P, _I]
    library.sqlite3_vfs_unregister.argtypes = [_P]
    return library if library.sqlite3_libversion().decode() == sqlite3.sqlite_version else None


class _Door:
    """One VFS for the whole process; which Disk is behind it changes."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.disk: Disk | None = None
        self.used = 0
        self._keep: list[Any] = []
        self.methods = _Methods(1, *(self._call(*row) for row in self._file_calls()))
        self.vfs = _Vfs(
            1, ctypes.sizeof(_Handle), 512, None, b"cockpit-simulated", None, *self._vfs_calls()
        )  # fmt: skip

    def _call(self, function: Callable[..., int], *kinds: Any) -> Any:
        made = ctypes.CFUNCTYPE(_I, *kinds)(function)
        self._keep.append(made)
        return ctypes.cast(made, _P)

    def _file_calls(self) -> tuple[tuple[Any, ...], ...]:
        def fine(*_: Any) -> int:
            return OK

        return (
            (self._close, _P), (self._read, _P, _P, _I, _L), (self._write, _P, _P, _I, _L),
            (self._truncate, _P, _L), (self._sync, _P, _I), (self._size, _P, _P), (fine, _P, _I),
            (fine, _P, _I), (self._reserved, _P, _P), (lambda *_: NOTFOUND, _P, _I, _P),
            (lambda *_: SECTOR, _P), (lambda *_: POWERSAFE, _P),
        )  # fmt: skip

    def _vfs_calls(self) -> tuple[Any, ...]:
        return (
            self._call(self._open, _P, ctypes.c_char_p, _P, _I, _P),
            self._call(self._delete, _P, ctypes.c_char_p, _I),
            self._call(self._access, _P, ctypes.c_char_p, _I, _P),
            self._call(self._full, _P, ctypes.c_char_p, _I, _P),
            None, None, None, None,
            self._call(self._randomness, _P, _I, _P),
            self._call(lambda *_: OK, _P, _I),
            self._call(self._time, _P, _P),
            self._call(lambda *_: OK, _P, _I, _P),
        )  # fmt: skip

    def _number(self, file: int) -> int:
        return _LONG(file + NUMBER).value

    def _open(self, _vfs: int, name: bytes | None, file: int, flags: int, out: int) -> int:
        self.used += 1
        handle = ctypes.cast(file, ctypes.POINTER(_Handle)).contents
        handle.methods = None
        if self.disk is None or self.disk.dead:
            return CANTOPEN
        handle.number = self.disk.open((name or b"").decode())
        handle.methods = ctypes.addressof(self.methods)
        if out:
            ctypes.cast(out, ctypes.POINTER(_I))[0] = flags
        return OK

    def _close(self, file: int) -> int:
        if self.disk is not None:
            self.disk.close(self._number(file))
        return OK

    def _read(self, file: int, into: int, amount: int, at: int) -> int:
        found = None if self.disk is None else self.disk.read(self._number(file), amount, at)
        if found is None:
            return IOERR
        ctypes.memmove(into, found, len(found))
        if len(found) == amount:
            return OK
        ctypes.memset(into + len(found), 0, amount - len(found))
        return SHORT_READ

    def _write(self, file: int, what: int, amount: int, at: int) -> int:
        disk = self.disk
        if disk is None:
            return IOERR
        return disk.write(_LONG(file + NUMBER).value, ctypes.string_at(what, amount), at)

    def _truncate(self, file: int, size: int) -> int:
        return IOERR if self.disk is None else self.disk.truncate(self._number(file), size)

    def _sync(self, file: int, _flags: int) -> int:
        return IOERR if self.disk is None else self.disk.sync(self._number(file))

    def _size(self, file: int, out: int) -> int:
        size = 0 if self.disk is None else self.disk.size(self._number(file))
        ctypes.cast(out, ctypes.POINTER(_L))[0] = size
        return OK

    def _reserved(self, _file: int, out: int) -> int:
        ctypes.cast(out, ctypes.POINTER(_I))[0] = 0
        return OK

    def _delete(self, _vfs: int, name: bytes, _sync: int) -> int:
        return IOERR if self.disk is None else self.disk.remove(name.decode())

    def _access(self, _vfs: int, name: bytes, _flags: int, out: int) -> int:
        there = self.disk is not None and bool(self.disk.files.get(name.decode()))
        ctypes.cast(out, ctypes.POINTER(_I))[0] = int(there)
        return OK

    def _full(self, _vfs: int, name: bytes, size: int, out: int) -> int:
        if len(name) + 1 > size:
            return CANTOPEN
        ctypes.memmove(out, name + b"\0", len(name) + 1)
        return OK

    def _randomness(self, _vfs: int, amount: int, out: int) -> int:
        ctypes.memset(out, 0x5A, amount)
        return amount

    def _time(self, _vfs: int, out: int) -> int:
        ctypes.cast(out, ctypes.POINTER(ctypes.c_double))[0] = 2_460_000.5
        return OK


_DOOR: _Door | None = None


def available() -> bool:
    """Can this interpreter's SQLite be given a disk of ours?"""
    return _door() is not None


def _door() -> _Door | None:
    global _DOOR
    if _DOOR is None:
        library = _library()
        if library is None:
            return None
        _DOOR = _Door(library)
    return _DOOR


@contextmanager
def mounted(disk: Disk) -> Iterator[None]:
    """Every database opened meanwhile is on ``disk``."""
    door = _door()
    assert door is not None, "this interpreter's SQLite cannot be given a disk"
    usual = door.library.sqlite3_vfs_find(None)
    door.disk = disk
    assert door.library.sqlite3_vfs_register(ctypes.byref(door.vfs), 1) == OK
    try:
        with patch.object(creation, "FILES", Drawer(disk)):
            yield
    finally:
        door.library.sqlite3_vfs_register(usual, 1)
        door.library.sqlite3_vfs_unregister(ctypes.byref(door.vfs))
        door.disk = None
