"""How a screen's other processes are started: what rebuilds the past, what reads and runs the lab."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import cockpit
from cockpit.app.console import language

if TYPE_CHECKING:
    from cockpit.app.archive_port import ArchiveProcess
    from cockpit.app.lab_port import LabProcess
    from cockpit.app.log_port import LogTail
    from cockpit.app.past.port import PastProcess
    from cockpit.app.settings import Loaded


def past_of(folder: Path, loaded: Loaded, name: str = "cockpit.db") -> Callable[[], PastProcess]:
    """What starts the process that rebuilds past moments of the journal in ``folder``."""

    def opened() -> PastProcess:
        from cockpit.app.past.port import PastProcess

        return PastProcess(folder / name, loaded.config)

    return opened


def lab_of(loaded: Loaded, args: argparse.Namespace) -> Callable[[], LabProcess]:
    """What starts the process that reads runs and studies, and the ones that try something."""

    def opened() -> LabProcess:
        from cockpit.app.lab_port import LabProcess

        words = _options(args)
        lang = language(args, loaded.config.screen.language)
        return LabProcess(loaded.data_dir, lang, words, loaded.config.sleeves)

    return opened


def archive_of(loaded: Loaded, args: argparse.Namespace) -> Callable[[], ArchiveProcess]:
    """What looks into the archive of the data directory, and mends it."""

    def opened() -> ArchiveProcess:
        from cockpit.app.archive_port import ArchiveProcess

        return ArchiveProcess(loaded.data_dir, _options(args))

    return opened


def log_of(folder: Path) -> Callable[[], LogTail]:
    """What reads the log beside the journal in ``folder``."""

    def opened() -> LogTail:
        from cockpit.app.log_port import LogTail

        return LogTail(folder)

    return opened


def facts() -> tuple[float, tuple[tuple[str, str], ...]]:
    """Memory of this process (MB), and the versions of what runs in it."""
    from cockpit.app.memory_use import resident_mb

    return resident_mb(), _versions()


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    found = [("cockpit", cockpit.__version__), ("Python", platform.python_version())]
    for name in ("textual", "msgspec", "httpx", "websockets", "uvloop"):
        with suppress(metadata.PackageNotFoundError):
            found.append((name, metadata.version(name)))
    return (*found, ("system", f"{platform.system()} {platform.release()} {platform.machine()}"))


def _options(args: argparse.Namespace) -> list[str]:
    """What gives another command the settings of this one."""
    words = [] if args.config is None else ["--config", args.config]
    return words + [word for pair in args.set for word in ("--set", pair)]
