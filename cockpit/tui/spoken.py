"""What the journal keeps in the machine's own words (a wish, a ruling, a fill), in the person's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cockpit.text import known, safe_text

if TYPE_CHECKING:
    from cockpit.tui.picture import Look

FILL = re.compile(r"(\S+ @ \S+) (maker|taker), fee (\S+) (\S+)(?: (.+))?")
RULING = re.compile(r"(.*) → (.*?)  (.*)", re.DOTALL)
REASONED = frozenset(("cancel", "ask"))
"""Kinds whose text is a reason and nothing else."""
WORDED = frozenset(("signal", "order", "amend"))


def spoken(kind: str, text: str, look: Look) -> str:
    """The text of an audit row, safe to print; what no grammar fits stays as it was said."""
    if kind == "fill" and (fill := FILL.fullmatch(text)) is not None:
        at, side, fee, currency, note = fill.groups()
        words = f"{at} {look.word(side)}, {look.say('chain.fee')} {fee} {currency}"
        return safe_text(f"{words} {look.because(note)}" if note else words)
    if kind == "gate" and (ruling := RULING.fullmatch(text)) is not None:
        before, after, reason = ruling.groups()
        return f"{wish(before, look)} → {wish(after, look)}  {look.because(reason)}"
    if kind in REASONED:
        return look.because(text)
    return wish(text, look) if kind in WORDED else safe_text(text)


def wish(text: str, look: Look) -> str:
    """``target 0; buy 2 @ 9.5 (tag)``: its words translated; numbers and the strategy's own tag stay."""
    return safe_text(" ".join(_word(part, look) for part in text.split(" ")))


def _word(part: str, look: Look) -> str:
    bare = part.rstrip(";,")
    return f"{look.word(bare)}{part[len(bare) :]}" if bare and known(f"word.{bare}") else part
