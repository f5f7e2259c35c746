"""What the venue says when it says no: code, sentence, HTTP status.

Source of codes and statuses: the venue's documentation as kept in the project's reference, section 2.
"""

from __future__ import annotations

STATUS = {
    "50000": 400, "50001": 503, "50002": 400, "50004": 400, "50005": 410, "50006": 400, "50011": 429,
    "50013": 429, "50014": 400, "50015": 400, "50016": 400, "50026": 500, "50100": 400, "50101": 401,
    "50102": 401, "50103": 401, "50104": 401, "50105": 401, "50106": 401, "50107": 401, "50110": 401,
    "50111": 401, "50112": 401, "50113": 401, "50114": 401, "50115": 405, "51000": 400, "51054": 500,
    "51113": 429, "51149": 500, "51501": 400,
}  # fmt: skip
"""HTTP status of a refusal that concerns the whole request; 200 where none is named."""

BARE = frozenset((401, 405, 410, 429, 500, 503))
"""Statuses of the gateway, whose answers carry no ``data``."""


class Refusal(Exception):
    """A request, or one item of it, that the venue does not take."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = STATUS.get(code, 200) if status is None else status


def missing(name: str) -> Refusal:
    """A parameter that must be there is not."""
    return Refusal("50014", f"Parameter {name} can not be empty.")


def wrong(name: str) -> Refusal:
    """A parameter has a value that makes no sense."""
    return Refusal("51000", f"Parameter {name} error")


def unknown_instrument() -> Refusal:
    return Refusal("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
