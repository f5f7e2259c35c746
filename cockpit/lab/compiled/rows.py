"""A row of whole numbers and floats: an object in Python, fixed places in memory to machine code."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

QUEUE, TICKETS, RING, TIERS = 64, 32, 1024, 64
"""Room for messages, orders, the newest orders' times and margin tiers."""
SIZES = {
    "q": QUEUE, "o": TICKETS, "sent_at": RING, "changed_at": RING, "entered_at": RING,
    "tier": TIERS,
}  # fmt: skip
Short: TypeAlias = Annotated[int, 4]
"""A whole number that four bytes hold: rows that are written often are kept small."""


class Row:
    """Base: annotated fields, all starting at zero."""

    def __init__(self) -> None:
        mine: Any = type(self)
        for name, kind in fields(mine).items():
            if get_origin(kind) is list:
                part = get_args(kind)[0]
                setattr(self, name, [part() for _ in range(SIZES[name])])
            else:
                setattr(self, name, kind())


@lru_cache(maxsize=64)
def fields(row: Any) -> dict[str, Any]:
    """Names and kinds of a row's fields."""
    hints: dict[str, Any] = get_type_hints(row, include_extras=True)
    return hints


@lru_cache(maxsize=64)
def dtype(row: Any) -> list[Any]:
    """The same as numpy writes it."""
    found: list[Any] = []
    for name, kind in fields(row).items():
        if get_origin(kind) is list:
            found.append((name, _place(get_args(kind)[0]), (SIZES[name],)))
        else:
            found.append((name, _place(kind)))
    return found


def _place(kind: Any) -> Any:
    return {int: "<i8", Short: "<i4", float: "<f8", bool: "?"}.get(kind) or dtype(kind)


def pack(row: Any) -> tuple[Any, ...]:
    """A row's values as numpy takes them."""
    found: list[Any] = []
    whose: Any = type(row)
    for name, kind in fields(whose).items():
        value = getattr(row, name)
        if get_origin(kind) is list:
            found.append([pack(part) if isinstance(part, Row) else part for part in value])
        else:
            found.append(pack(value) if isinstance(value, Row) else value)
    return tuple(found)
