"""Bugs put into the real code on purpose: a simulator that does not find them finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

PLANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Run with the bug ``name`` in place; empty = the real thing."""
    if not name:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        PLANTS[name](patch)
        yield
