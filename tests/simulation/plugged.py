"""The journal on a machine that may lose its power in the middle of a write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal import Point
from cockpit.core.errors import StoreError
from tests.simulation.disk import Disk


async def plugged(path: Path, disk: Disk, unplugged: Callable[[], None], chaos: Point) -> InlineStore:
    """The store; ``unplugged`` is called when the power went, and must not return."""

    class Plugged(InlineStore):
        """Whoever is writing when the power goes hears nothing of it, not even an error."""

        def _write(self, label: str, *, hurry: bool = False) -> None:
            try:
                super()._write(label, hurry=hurry)
            except StoreError:
                if not disk.dead:
                    raise
            if disk.dead:
                unplugged()

    return await Plugged.open(path, mode="practice", synchronous="FULL", chaos=chaos)
