"""What the outside world wrote, made fit for a terminal.

Symbols, reasons and tags come from exchanges, tapes and plug-ins. A terminal obeys what it prints, so nothing
that moves the cursor, hides text or turns its direction may pass.
"""

from __future__ import annotations

from unicodedata import category, normalize

REPLACEMENT = "?"

HARMFUL = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me"))
"""Controls (ESC, C0, C1), invisible and bidirectional formatting, and marks that pile up on one cell."""


def safe_text(text: str, limit: int = 400) -> str:
    """``text`` on one line, at most ``limit`` characters, every dangerous character shown as ``?``.

    The reader sees that something was there: an exchange that sends control characters is worth noticing.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        REPLACEMENT if category(character) in HARMFUL or _unheard_of(character) else character
        for character in normalize("NFC", text)
    )


def _unheard_of(character: str) -> bool:
    """Conjoining jamo and Hangul fillers: letters by category, yet of no width of their own."""
    return "\u1100" <= character <= "\u11ff" or character in "\u115f\u1160\u3164\uffa0\ud7b0\u2800"
