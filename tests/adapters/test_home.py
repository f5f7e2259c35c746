"""A copied journal: refused where its original is still there, and only for accounts at an exchange."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cockpit.adapters.store.schema import forget_holder, open_exclusive
from cockpit.core.errors import StoreError


def begun(folder: Path, mode: str = "demo") -> Path:
    """A journal that has been opened there once."""
    path = folder / "cockpit.db"
    open_exclusive(path, mode, "FULL").close()
    forget_holder(path)
    return path


@pytest.mark.parametrize("mode", ["demo", "live"])
def test_a_copy_is_refused_and_the_original_goes_on(tmp_path: Path, mode: str) -> None:
    first = begun(tmp_path / "one", mode)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"is a copy of .*one.*still there"):
            open_exclusive(tmp_path / "two" / "cockpit.db", mode, "FULL")
    open_exclusive(first, mode, "FULL").close()


def test_a_journal_that_was_moved_is_at_home(tmp_path: Path) -> None:
    begun(tmp_path / "one")
    (tmp_path / "one").rename(tmp_path / "two")
    begun(tmp_path / "two")
    begun(tmp_path / "one")  # somebody begins anew where it was
    begun(tmp_path / "two")


def test_a_copy_whose_original_is_gone_and_a_file_put_back_are_at_home(tmp_path: Path) -> None:
    first = begun(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first.unlink()
    second = begun(tmp_path / "two")
    kept = second.read_bytes()
    second.unlink()
    second.write_bytes(kept)  # as a restore does: the same place, another inode
    begun(tmp_path / "two")


def test_practice_may_be_copied(tmp_path: Path) -> None:
    begun(tmp_path / "one", "practice")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    begun(tmp_path / "two", "practice")
