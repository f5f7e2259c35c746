"""A place for sockets: a unix socket's path must be short, and pytest's own folders are not."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.api import place


@pytest.fixture
def path() -> Iterator[Path]:
    """The door of an empty data directory."""
    with tempfile.TemporaryDirectory(prefix="cockpit-test-") as folder:
        yield place.door_path(Path(folder))
