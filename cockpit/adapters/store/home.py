"""Where a journal lives. Of a copy that trades too, both would give the same client ids to different orders.

The file remembers its path and inode. Moved, it is at home where it is; restored in place, it stays at home;
a copy whose original is still there is refused. Only real accounts have a home: a practice journal may be
copied freely. A copy on another machine cannot be seen from here.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cockpit.core.errors import StoreError

ACCOUNTS = ("demo", "live")
"""Modes whose orders reach an exchange that somebody else runs."""


def claim_home(connection: sqlite3.Connection, path: Path, mode: str) -> None:
    """Remember that this journal lives here. Raises StoreError where it is a copy."""
    if mode not in ACCOUNTS:
        return
    here, inode = path.resolve(), path.stat().st_ino
    row = connection.execute("SELECT value FROM meta WHERE key = 'home'").fetchone()
    if row is not None:
        before, _, number = str(row[0]).rpartition("#")
        known = Path(before)
        if known != here and number != str(inode) and number == _inode(known):
            raise StoreError(
                f"{path} is a copy of {known}, which is still there: two cockpits that go on from one "
                "journal would give the same ids to different orders. Move the journal instead of copying "
                "it, or begin another --data-dir"
            )
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('home', ?)", (f"{here}#{inode}",))


def _inode(path: Path) -> str:
    """Of the file there; empty where there is none that we can see."""
    try:
        return str(path.stat().st_ino)
    except (OSError, ValueError):
        return ""
