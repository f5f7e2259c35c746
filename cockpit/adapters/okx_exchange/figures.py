"""Numbers as the venue writes them: plain decimal text, never an exponent, never a trailing zero."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from cockpit.adapters.okx_exchange.refusals import Refusal

PLACES = Decimal("1e-16")
"""Money is told to sixteen places; the books behind it are exact."""


def plain(value: Decimal) -> str:
    """``Decimal("1E+2")`` is "100", ``Decimal("0.500")`` is "0.5"."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def money(value: Decimal) -> str:
    """An amount of money or a ratio, at most sixteen places."""
    if value.as_tuple().exponent < -16:  # type: ignore[operator]  # never NaN here
        value = round(value, 16)
    return plain(value)


def amount(value: float) -> str:
    """A float from market data, at most eight places."""
    return plain(Decimal(f"{value:.8f}"))


def number(params: dict[str, Any], name: str) -> Decimal | None:
    """A parameter that may come as text or as a JSON number; None when absent.

    Raises Refusal 51000 for anything that is no finite number.
    """
    raw = params.get(name)
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool):
        raise Refusal("51000", f"Parameter {name} error")
    try:
        value = Decimal(str(raw))
    except InvalidOperation:
        raise Refusal("51000", f"Parameter {name} error") from None
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise Refusal("51000", f"Parameter {name} error")
    return value


def whole(params: dict[str, Any], name: str) -> int | None:
    """As :func:`number` for ids and instants; None when absent. Raises Refusal 51000."""
    value = number(params, name)
    if value is None:
        return None
    if value != int(value):
        raise Refusal("51000", f"Parameter {name} error")
    return int(value)


def text(params: dict[str, Any], name: str) -> str:
    """A parameter as text; an absent one is empty, as a client that sends every key writes it."""
    raw = params.get(name)
    if raw is None or isinstance(raw, list | dict):
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return str(raw)


def flag(params: dict[str, Any], name: str) -> bool:
    """JSON true or the text "true"."""
    return text(params, name).lower() == "true"
