"""From an address to a pointer, inside compiled code. Imports numba: only generated modules import this."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def as_pointer(_context: Any, address: Any) -> Any:
    """An integer as a pointer to whatever is there."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate
