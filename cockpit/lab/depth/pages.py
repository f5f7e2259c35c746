"""Large arrays of a market, of which only what is being looked at takes memory.

They lie in a file without a name that the system keeps on disk while nobody looks; where there is no room for
it, or no such files, they are ordinary arrays.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import Any

WORTH = 4 << 20
"""Bytes from which an array lies in a file."""
HEAVY = 64 << 20
"""Bytes of all of them from which memory is given back: to read so little again would cost more."""


class Pages:
    """Arrays and the memory that they lie in."""

    def __init__(self) -> None:
        self._maps: list[mmap.mmap] = []

    def __bool__(self) -> bool:
        """Is there so much of it that memory should be given back?"""
        return sum(map(len, self._maps)) >= HEAVY

    def zeros(self, count: int, kind: Any) -> Any:
        """An array of zeros."""
        import numpy as np

        kind = np.dtype(kind)
        size = count * kind.itemsize
        memory = _mapped(size) if size >= max(1, WORTH) else None
        if memory is None:
            return np.zeros(count, kind)
        self._maps.append(memory)
        return np.frombuffer(memory, kind)

    def release(self) -> None:
        """Nothing of them need stay in memory; what is looked at again comes back by itself."""
        for memory in self._maps:
            memory.madvise(mmap.MADV_DONTNEED)


def _mapped(size: int) -> mmap.mmap | None:
    """Memory in a file that has all its room already: else a full disk would end the process."""
    if not (hasattr(os, "posix_fallocate") and hasattr(mmap, "MADV_DONTNEED")):
        return None
    try:
        with tempfile.TemporaryFile() as file:
            os.posix_fallocate(file.fileno(), 0, size)
            return mmap.mmap(file.fileno(), size)
    except OSError:
        return None
