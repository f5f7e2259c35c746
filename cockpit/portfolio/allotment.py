"""What an adviser may say about capital, and what becomes of it: all of it, or HOLD. Rows DL-01 to DL-03."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum, isfinite
from typing import Any

import msgspec

TOLERANCE = 0.05


class Allotment(msgspec.Struct, frozen=True):
    """What a judged answer comes to.

    ``targets``: strategy → share of equity, signed; empty unless ``valid``. ``code`` says what was wrong
    first.
    """

    valid: bool
    code: str
    targets: dict[str, float]


def llm_allocation(doc: Any, enabled: Iterable[str], global_leverage: float) -> Allotment:
    """Judge an answer: whole or HOLD.

    Schema, confidence, then item by item, then sums. Invalid is HOLD, never a partial apply.
    """
    code = _code(doc, frozenset(enabled))
    if code != "ok":
        return Allotment(False, code, {})
    rows = doc["strategy_allocations"]
    total = fsum(row["weight"] for row in rows)
    scale = doc["total_position"] * global_leverage / total
    return Allotment(True, "ok", {row["strategy_id"]: scale * row["weight"] for row in rows})


def _code(doc: Any, enabled: frozenset[str]) -> str:
    if not isinstance(doc, dict):
        return "schema"
    rows = doc.get("strategy_allocations")
    if not isinstance(rows, list) or not rows or not _number(doc.get("total_position")):
        return "schema"
    if not _number(doc.get("confidence")):
        return "schema"
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("strategy_id"), str):
            return "schema"
        if not _number(row.get("weight")) or ("confidence" in row and not _number(row["confidence"])):
            return "schema"
    if any(
        not 0 <= c <= 1 for c in (doc["confidence"], *(r["confidence"] for r in rows if "confidence" in r))
    ):
        return "confidence"
    seen: set[str] = set()
    for row in rows:
        if row["weight"] < 0:
            return "weight_negative"
        if row["strategy_id"] not in enabled:
            return "unknown_strategy"
        if row["strategy_id"] in seen:
            return "duplicate_strategy"
        seen.add(row["strategy_id"])
    if abs(fsum(row["weight"] for row in rows) - 1.0) > TOLERANCE + 1e-12:
        return "weight_sum"
    return "total_position" if abs(doc["total_position"]) > 1 else "ok"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
