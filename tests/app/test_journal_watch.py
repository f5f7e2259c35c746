"""A journal that cannot be written is said aloud, also when no order fails."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from cockpit.app.journal_watch import JournalWatch
from cockpit.core.errors import StoreError
from cockpit.text import tr


class Disk:
    def __init__(self) -> None:
        self.full = False

    async def flush(self) -> None:
        if self.full:
            raise StoreError("is the disk full?")


def test_it_is_said_once_and_taken_back_once() -> None:
    said: list[tuple[str, str, Mapping[str, str]]] = []
    disk = Disk()
    watch = JournalWatch(disk, lambda *words: said.append(words))
    for full in (False, True, True, False, False, True):
        disk.full = full
        asyncio.run(watch.look())
    assert [(level, message) for level, message, _ in said] == [
        ("alarm", "journal.failing"),
        ("good", "journal.again"),
        ("alarm", "journal.failing"),
    ]
    assert "is the disk full?" in tr("journal.failing", "en", **said[0][2])
    assert watch.light("green", "") == ("red", "journal: is the disk full?")
    disk.full = False
    asyncio.run(watch.look())
    assert watch.light("yellow", "x") == ("yellow", "x")
