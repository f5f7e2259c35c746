"""What is remembered of jobs on disk: their runs with what they printed, edits, the last turn of each."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app.settings import private
from cockpit.core.config import JobConfig
from cockpit.core.errors import ConfigError, StoreError
from cockpit.core.unreadable import UNREADABLE

RECORD, OUT, ERR = "job.json", "out.txt", "err.txt"


class Record(msgspec.Struct, frozen=True):
    """One run of one job."""

    job: str
    stamp: str
    """Its folder: UTC, ``20261127-001000-123``."""
    words: tuple[str, ...]
    """What was run, as typed after ``cockpit``."""
    cause: str
    """cron | catch-up | event: … | hand: …"""
    began: int
    """UTC ms."""
    ended: int = 0
    """0 = it runs, or nobody saw it end."""
    code: int | None = None
    """Exit code; None = it has none."""
    outcome: str = "running"
    """running | done | failed | too_long | interrupted"""


class Edit(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a person changed; None = as the settings say."""

    enabled: bool | None = None
    cron: str | None = None


def stamped(ms: int) -> str:
    """A run's folder: names in order are runs in order."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(ms // 1_000))}-{ms % 1_000:03d}"


class Records:
    """The folder ``jobs`` of a data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "jobs"

    def edits(self) -> dict[str, Edit]:
        """By job. Raises StoreError when the file is damaged: nobody guesses what was switched off."""
        found: dict[str, Edit] = self._read("edits.json", dict[str, Edit])
        return found

    def edit(self, name: str, change: Edit) -> None:
        """Keep a change; what it leaves unsaid stays as it was. Raises StoreError."""
        known = self.edits()
        before = known.get(name, Edit())
        fields = {
            key: value if (value := getattr(change, key)) is not None else getattr(before, key)
            for key in Edit.__struct_fields__
        }
        self._write("edits.json", {**known, name: Edit(**fields)})

    def forget(self, name: str) -> None:
        """Back to what the settings say. Raises StoreError."""
        self._write("edits.json", {key: edit for key, edit in self.edits().items() if key != name})

    def edited(self, job: JobConfig) -> JobConfig:
        """The job as it holds now."""
        edit = self.edits().get(job.name, Edit())
        return msgspec.structs.replace(
            job,
            enabled=job.enabled if edit.enabled is None else edit.enabled,
            cron=job.cron if edit.cron is None else edit.cron,
        )

    def marks(self) -> dict[str, int]:
        """The last turn of each job that was taken (UTC ms). Raises StoreError."""
        found: dict[str, int] = self._read("marks.json", dict[str, int])
        return found

    def mark(self, name: str, due: int) -> None:
        """A turn was taken. Raises StoreError."""
        self._write("marks.json", {**self.marks(), name: due})

    def open(self, job: str, words: tuple[str, ...], cause: str) -> tuple[Record, Path]:
        """A folder for a run that begins. Raises StoreError."""
        now = time.time_ns() // 1_000_000
        free = (self.folder / job / stamped(ms) for ms in count(now))
        place = next(place for place in free if not place.exists())
        private(place)
        record = Record(job, place.name, words, cause, now)
        self.keep(record)
        return record, place

    def keep(self, record: Record) -> None:
        """Write a run's record. Raises StoreError."""
        self._write(f"{record.job}/{record.stamp}/{RECORD}", record)

    def prune(self, job: str, keep: int) -> None:
        """Only the newest runs stay."""
        for record in list(self.of(job))[keep:]:
            shutil.rmtree(self.folder / job / record.stamp, ignore_errors=True)

    def of(self, job: str) -> Iterator[Record]:
        """Runs of a job, newest first; a folder that is none is passed over."""
        for place in sorted((self.folder / job).glob("*/"), reverse=True):
            try:
                yield msgspec.json.decode((place / RECORD).read_bytes(), type=Record)
            except (OSError, *UNREADABLE):
                continue

    def find(self, job: str, stamp: str = "") -> Record:
        """A run by the beginning of its stamp; the newest without one. Raises ConfigError."""
        for record in self.of(job):
            if record.stamp.startswith(stamp):
                return record
        raise ConfigError(f"the job {job} has no run {stamp}".rstrip() + f" in {self.folder / job}")

    def printed(self, record: Record) -> tuple[str, str]:
        """What it said on stdout and stderr."""
        place = self.folder / record.job / record.stamp
        texts = []
        for name in (OUT, ERR):
            path = place / name
            texts.append(path.read_text("utf-8", "replace") if path.exists() else "")
        return texts[0], texts[1]

    def _read(self, name: str, kind: Any) -> Any:
        path = self.folder / name
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except FileNotFoundError:
            return {}
        except (OSError, *UNREADABLE) as error:
            raise StoreError(f"{path} cannot be read: {error}; mend it or take it away") from error

    def _write(self, name: str, value: Any) -> None:
        path = self.folder / name
        private(path.parent)
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
            draft.replace(path)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}") from error
