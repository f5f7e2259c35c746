"""Numbers and rows as exchanges spell them. Money becomes exact Decimals, never floats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

import msgspec

from cockpit.core.errors import Transient
from cockpit.core.events import Levels
from cockpit.core.types import ZERO, MarginTier

T = TypeVar("T")
FARTHEST = 40
"""Powers of ten from 1: what lies farther is no price, and as an int ``1e999999999`` takes all memory."""
Price = Annotated[float, msgspec.Meta(gt=0.0, lt=1e15)]
Size = Annotated[float, msgspec.Meta(ge=0.0, lt=1e18)]


class Level(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One level of a book; more fields than two do not matter."""

    px: Price
    sz: Size


def levels(rows: Iterable[Level]) -> Levels:
    """As events carry them."""
    return tuple([(row.px, row.sz) for row in rows])


def number(text: Any) -> Decimal:
    """The exact number; an empty text or nothing is 0. Raises ValueError for what is no finite number."""
    if text is None or text == "":
        return ZERO
    try:
        value = Decimal(text if isinstance(text, str) else repr(text))
    except InvalidOperation as error:
        raise ValueError(f"not a number: {text!r}") from error
    if not value.is_finite() or (value and not -FARTHEST <= value.adjusted() <= FARTHEST):
        raise ValueError(f"not a finite number that a market has: {text!r}")
    return value or ZERO


def plain(value: Decimal) -> str:
    """Digits and a point, never an exponent."""
    return format(value, "f")


def read(body: Any, kind: type[T], what: str) -> T:
    """An answer as what it should be. Raises Transient when it is something else."""
    try:
        return msgspec.convert(body, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Transient(f"{what}: {error}") from error


def tiers(
    rows: Sequence[tuple[Decimal, Decimal, Decimal]], price: Decimal, lot: Decimal
) -> tuple[MarginTier, ...]:
    """(value, maintenance, leverage) rows of an exchange that counts in money, as quantities at ``price``.

    An approximation that holds while the price stays near; the exchange's deduction for the lower brackets is
    left out, so a large position is shown to need a little more than it does.
    """
    if price <= 0:
        return ()
    found = []
    for value, maintenance, leverage in rows:
        lots = max(Decimal(1), (value / price / lot).to_integral_value())
        found.append(MarginTier(lots * lot, maintenance, leverage))
    return tuple(found)
