"""What a decoder raises for bytes that somebody else wrote, or that a disk has changed.

``MsgspecError`` alone is not all of it: text that is no UTF-8 is a ``UnicodeDecodeError`` of its own,
and what is nested too deep a ``RecursionError``. Whoever reads a file or a line catches all three.
"""

from __future__ import annotations

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
