"""What looks like a key, a token or a password is masked: rather too much than one of them."""

from __future__ import annotations

import re

from cockpit.adapters.secret import MASK

NAMED = re.compile(
    r"(?i)(\b[\w-]*(?:secret|passphrase|password|passwd|token|api[_-]?key|apikey|signature|sign|authorization)"
    r"[\w-]*\b[\"']?\s*[:=]\s*[\"']?)([^\s\"',;}]+)"
)
"""``secret = x``, ``"apiKey": "x"``, ``OK-ACCESS-SIGN: x``: the value goes."""
SHAPED = re.compile(
    r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"  # OKX keys are UUIDs
    r"|(?<![\w/+.-])(?=[\w+/-]*\d)(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])[\w+/-]{24,}={0,2}(?![\w])"
    r"|(?<![\w/+.-])(?=(?:[\w+/-]*?[a-z][A-Z]){3})[\w+/-]{32,}={0,2}(?![\w])"
    r"|\b[0-9A-F]{32,}\b"
)
"""What is long and looks drawn: mixed letters and digits from 24 on, mixed letters that change their case
again and again and upper hexadecimal from 32 on."""
USERINFO = re.compile(r"(://)(?:[^/@\s]+|[^/@\s]*:[^@\s]+)@")
"""A password may hold a slash."""


def scrub(text: str) -> str:
    """The text with everything masked that may be a secret."""
    text = USERINFO.sub(rf"\1{MASK}@", text)
    text = NAMED.sub(rf"\g<1>{MASK}", text)
    return SHAPED.sub(MASK, text)
