"""How a screen's other processes are started: what rebuilds the past, what reads and runs the lab."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.app.console import language

if TYPE_CHECKING:
    from cockpit.app.archive_port import ArchiveProcess
    from cockpit.app.lab_port import LabProcess
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


def _options(args: argparse.Namespace) -> list[str]:
    """What gives another command the settings of this one."""
    words = [] if args.config is None else ["--config", args.config]
    return words + [word for pair in args.set for word in ("--set", pair)]
