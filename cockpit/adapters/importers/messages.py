"""Pieces that exchanges' raw book messages share: ``["price", "size", …]`` with numbers as text."""

from __future__ import annotations

from typing import Annotated

import msgspec

from cockpit.core.events import Levels

# Text may say "nan": the bounds refuse what no market quotes.
Price = Annotated[float, msgspec.Meta(gt=0.0, lt=1e15)]
Size = Annotated[float, msgspec.Meta(ge=0.0, lt=1e18)]


class Level(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One level; more fields than two do not matter."""

    px: Price
    sz: Size


def levels(raw: list[Level]) -> Levels:
    """As events carry them."""
    return tuple([(level.px, level.sz) for level in raw])
