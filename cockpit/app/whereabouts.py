"""Which cockpit a command means: the one that runs in this data directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cockpit.adapters.store.schema import holder
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app.settings import Loaded
from cockpit.core.errors import DoorError, NotRunning

JOURNAL = "cockpit.db"
FEEDS = ("okx", "binance", "bybit")


def runs(data_dir: Path) -> Iterator[Path]:
    """Folders in which a cockpit keeps, or kept, a journal: the directory itself, one a market, replays."""
    at_exchanges = [folder for feed in FEEDS for folder in sorted(data_dir.glob(f"{feed}-*"))]
    markets = (data_dir / "practice", *at_exchanges)
    for folder in (data_dir, *markets, *sorted((data_dir / "replay").glob("*"), reverse=True)):
        if (folder / JOURNAL).exists():
            yield folder


def running(data_dir: Path) -> list[Path]:
    """Those whose journal a living process holds."""
    return [folder for folder in runs(data_dir) if holder(folder / JOURNAL) is not None]


def here(found: Loaded) -> Path:
    """The folder of the one cockpit that runs here.

    Raises NotRunning when none does, DoorError when there are several to choose from.
    """
    alive = running(found.data_dir)
    if not alive:
        raise NotRunning(f"no cockpit is running here: {found.data_dir}")
    if len(alive) > 1:
        names = ", ".join(str(folder) for folder in alive)
        raise DoorError(f"several cockpits run here; name one with --data-dir: {names}")
    return alive[0]


def door(found: Loaded, *, drives: bool = False, timeout: float = 5.0) -> SyncDoor:
    """A connection to the cockpit that runs here. Raises NotRunning or DoorError."""
    return SyncDoor(door_path(here(found)), name="cli", wants_drive=drives, timeout=timeout)
