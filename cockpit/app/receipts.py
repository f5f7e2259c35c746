"""Kill receipts on disk (``receipts/`` beside the journal) and in words.

A file is a copy for people: the receipt itself is a fold of the journal, so one that is missing (the process
died between proof and file) is written by the next start.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cockpit.core.events import AnyEvent
from cockpit.core.intents import Outcome
from cockpit.core.receipt import Receipt
from cockpit.core.state import State
from cockpit.text import safe_text, tr

FOLDER = "receipts"
MADE = "halt.receipt"
Observe = Callable[[AnyEvent, Outcome], None]


def kept(state: State, folder: Path, observe: Observe) -> Observe:
    """``observe`` that also leaves a file whenever a halt has ended in a receipt."""
    save(state, folder)

    def both(event: AnyEvent, outcome: Outcome) -> None:
        observe(event, outcome)
        if any(note.message == MADE for note in outcome.notes):
            save(state, folder)

    return both


def save(state: State, folder: Path) -> Path | None:
    """Write the receipt in force, unless it is there. A disk that is full keeps nobody from trading on."""
    receipt = None if state.halt is None else state.halt.receipt
    if receipt is None:
        return None
    path = folder / FOLDER / f"{receipt.asked}-{receipt.digest[:8]}.json"
    if path.exists():
        return path
    draft = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(plain(receipt))) + b"\n")
        draft.replace(path)
    except OSError:
        return None
    return path


def plain(receipt: Receipt) -> dict[str, Any]:
    """As JSON has it, with its digest: what ``--json`` prints and the file holds."""
    found: dict[str, Any] = msgspec.to_builtins(receipt)
    return {**found, "digest": receipt.digest}


def sentences(found: dict[str, Any], lang: str) -> list[str]:
    """A receipt in words, from its plain form."""
    took = found["took"]
    lines = [
        tr("receipt.head", lang, by=found["by"], door=found["door"], time=when(found["asked"])),
        _closed(found, lang),
        _orders(found, lang),
    ]
    lines += [tr("receipt.flattened", lang, **_safe(row)) for row in found["flattened"]]
    lines += [_kept(row, lang) for row in found["kept"]]
    if not found["kept"]:
        lines.append(tr("receipt.flat", lang))
    lines += [tr(f"receipt.foreign.{row['what']}", lang, **_safe(row)) for row in found["remains"]]
    lines.append(
        tr(
            "receipt.read",
            lang,
            reads=found["reads"],
            read=found["read"],
            seq=found["seq"],
            time=when(found["read_ts"]),
        )
    )
    lines.append(tr("receipt.took", lang, **took))
    lines.append(tr("receipt.digest", lang, digest=found["digest"]))
    return [safe_text(line, 4_000) for line in lines]


def when(ms: int) -> str:
    """To the millisecond: what a receipt proves happens within one second."""
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}.{ms % 1000:03d}Z"


def _safe(row: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in row.items()}


def _closed(found: dict[str, Any], lang: str) -> str:
    if not found["closed"]:
        return tr("receipt.closed_before", lang)
    return tr("receipt.closed", lang, time=when(found["closed"]))


def _orders(found: dict[str, Any], lang: str) -> str:
    words = []
    for kind in ("cancelled", "never", "filled", "orphans"):
        if found[kind]:
            names = ", ".join(found[kind])
            words.append(tr(f"receipt.{kind}", lang, count=len(found[kind]), orders=names))
    return "; ".join(words) or tr("receipt.no_orders", lang)


def _kept(row: dict[str, Any], lang: str) -> str:
    stops = ", ".join(row["stops"])
    naked = abs(float(row["qty"])) > float(row["covered"])
    word = "receipt.naked" if naked else "receipt.kept"
    fields = {key: str(row[key]) for key in ("sleeve", "symbol", "qty", "covered", "layer")}
    return tr(word, lang, stops=stops or "-", **fields)
