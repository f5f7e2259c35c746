"""Take a backup, look whether one is whole, and bring one back."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path, PurePosixPath

import msgspec

import cockpit
from cockpit.app import whereabouts
from cockpit.app.keeping.copying import copy, still
from cockpit.app.keeping.inventory import (
    FORM,
    JOURNAL,
    LARGEST,
    MANIFEST,
    SECRET,
    File,
    Manifest,
    digest,
    journal,
    members,
)
from cockpit.app.ledgers import carry_over
from cockpit.app.settings import private
from cockpit.core.errors import StoreError
from cockpit.core.unreadable import UNREADABLE

END = ".backup"


def take(data_dir: Path, to: Path, keep: int = 0) -> tuple[Path, Manifest]:
    """A backup in the folder ``to``, verified before it gets its name; of older ones the newest ``keep`` stay
    (0 = all). Trading goes on meanwhile. Raises StoreError, DoorError.
    """
    names = list(members(data_dir))
    if not names:
        raise StoreError(f"there is nothing to keep in {data_dir}")
    private(to)
    with tempfile.TemporaryDirectory(prefix=".taking-", dir=to) as scratch:
        stage = Path(scratch) / "stage"
        with still([data_dir / name for name in names if name.name == JOURNAL]):
            for name in names:
                if (data_dir / name).exists():  # a job's old run may go while we look
                    copy(data_dir / name, stage / name)
        manifest = _described(stage)
        draft = Path(scratch) / "draft"
        _pack(stage, draft, manifest)
        verify(draft)
        free = (to / named(ms) for ms in count(manifest.created))
        path = next(path for path in free if not path.exists())
        draft.replace(path)
    for old in sorted(to.glob(f"cockpit-*{END}"), reverse=True)[keep:] if keep else ():
        old.unlink(missing_ok=True)
    return path, manifest


def named(ms: int) -> str:
    """A backup's file: names in order are backups in order."""
    return f"cockpit-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(ms // 1_000))}-{ms % 1_000:03d}{END}"


def _described(stage: Path) -> Manifest:
    files, journals = [], []
    for path in sorted(p for p in stage.rglob("*") if p.is_file()):
        name = path.relative_to(stage).as_posix()
        if path.name == JOURNAL:
            journals.append(journal(path, name))
        files.append(File(name, path.stat().st_size, digest(path)))
    return Manifest(FORM, cockpit.__version__, time.time_ns() // 1_000_000, tuple(files), tuple(journals))


def _pack(stage: Path, target: Path, manifest: Manifest) -> None:
    raw = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        try:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=5) as tar:
                head = tarfile.TarInfo(MANIFEST)
                head.size, head.mode, head.mtime = len(raw), 0o600, manifest.created // 1_000
                tar.addfile(head, io.BytesIO(raw))
                for row in manifest.files:
                    tar.add(stage / row.name, row.name, recursive=False)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"the backup cannot be written: {error.strerror}") from error


@contextmanager
def unpacked(path: Path, beside: Path | None = None) -> Iterator[tuple[Path, Manifest]]:
    """The files of a backup in a folder of their own, each compared with the manifest, every journal's chain
    recomputed. Raises StoreError naming what is not as it was.
    """
    with tempfile.TemporaryDirectory(prefix=".cockpit-backup-", dir=beside) as scratch:
        try:
            with tarfile.open(path, mode="r:gz") as tar:
                manifest = _manifest(tar, path)
                _extract(tar, manifest, Path(scratch), path)
        except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
            raise StoreError(f"{path} is not a whole backup: {error}") from error
        known = {row.name: row for row in manifest.journals}
        for name, row in known.items():
            if journal(Path(scratch) / name, name) != row:
                raise StoreError(f"{path}: the journal {name} is not where it stood")
        yield Path(scratch), manifest


def verify(path: Path) -> Manifest:
    """Is it whole? Raises StoreError."""
    with unpacked(path) as (_, manifest):
        return manifest


def _manifest(tar: tarfile.TarFile, path: Path) -> Manifest:
    first = tar.next()
    file = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
    if file is None or first is None or first.size > LARGEST:
        raise StoreError(f"{path} is not a cockpit's backup: it does not begin with {MANIFEST}")
    try:
        manifest = msgspec.json.decode(file.read(), type=Manifest)
    except UNREADABLE as error:
        raise StoreError(f"{path}: {MANIFEST} cannot be read: {error}") from error
    if manifest.form > FORM:
        raise StoreError(f"{path} was taken by a newer cockpit ({manifest.cockpit}): update this one")
    return manifest


def _extract(tar: tarfile.TarFile, manifest: Manifest, into: Path, path: Path) -> None:
    """Only what the manifest names, under the names that it may have."""
    wanted = {row.name: row for row in manifest.files}
    while (member := tar.next()) is not None:
        row = wanted.pop(member.name, None)
        pure = PurePosixPath(member.name)
        if row is None or not member.isfile() or pure.is_absolute() or ".." in pure.parts:
            raise StoreError(f"{path}: {member.name!r} does not belong into a backup")
        if member.size != row.size or member.size > LARGEST:
            raise StoreError(f"{path}: {row.name} has another size")
        target = into / row.name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        source = tar.extractfile(member)
        assert source is not None
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            while chunk := source.read(1 << 20):
                file.write(chunk)
        if digest(target) != row.sha256:
            raise StoreError(f"{path}: {row.name} is not as it was")
    if wanted:
        raise StoreError(f"{path}: {next(iter(wanted))} is missing")


def restore(path: Path, data_dir: Path) -> tuple[Manifest, Path | None]:
    """Bring a backup back. What is in the data directory now is moved aside whole, never deleted; keys stay,
    and what the trial ledger has counted since.

    Returns the manifest, and where the old directory is now. Raises StoreError when a cockpit runs there.
    """
    alive = whereabouts.running(data_dir) if data_dir.exists() else []
    if alive:
        raise StoreError(f"a cockpit is running in {alive[0]}: stop it first (cockpit stop)")
    private(data_dir.parent)
    with unpacked(path, data_dir.parent) as (scratch, manifest):
        fresh = scratch / "fresh"
        fresh.mkdir(mode=0o700)
        for entry in [entry for entry in scratch.iterdir() if entry != fresh]:
            entry.rename(fresh / entry.name)
        aside: Path | None = None
        if data_dir.exists() and any(data_dir.iterdir()):
            stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
            aside, number = data_dir.with_name(f"{data_dir.name}.before-{stamp}"), 1
            while aside.exists():  # the second one within a second
                number += 1
                aside = data_dir.with_name(f"{data_dir.name}.before-{stamp}.{number}")
            for name in SECRET:
                if (data_dir / name).exists():
                    copy(data_dir / name, fresh / name)
            data_dir.rename(aside)
        elif data_dir.exists():
            data_dir.rmdir()
        fresh.rename(data_dir)
    if aside is not None:
        carry_over(aside, data_dir)
    return manifest, aside
