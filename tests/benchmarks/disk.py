"""Where a benchmark may write, and what this disk costs by itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

MEMORY = Path("/dev/shm")
BLOCK = bytes(4096)


@contextmanager
def folder(*, in_memory: bool = False) -> Iterator[Path]:
    """A folder that is gone afterwards; on the disk of the working directory, or in RAM."""
    where = MEMORY if in_memory else Path.cwd()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=where) as name:
        yield Path(name)


def has_memory() -> bool:
    """Is there a file system in RAM?"""
    return MEMORY.is_dir() and os.access(MEMORY, os.W_OK)


def fdatasync_ms(times: int = 60) -> list[float]:
    """How long the disk takes to make a 4 KiB append durable: the floor under every FULL commit."""
    spent = []
    with folder() as place, open(place / "floor", "wb", buffering=0) as file:
        for _ in range(times):
            begin = perf_counter()
            file.write(BLOCK)
            # macOS has no fdatasync.
            getattr(os, "fdatasync", os.fsync)(file.fileno())
            spent.append((perf_counter() - begin) * 1_000)
    return spent
