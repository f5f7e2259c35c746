"""What an account has to tell its owner over the private channels."""

from __future__ import annotations

from typing import Any

import msgspec


class News(msgspec.Struct, frozen=True):
    """Something a private channel will tell."""

    kind: str
    """order | algo | fill"""
    record: dict[str, Any]
