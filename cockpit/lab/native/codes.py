"""What goes wrong: while code is made, and in it."""

from __future__ import annotations

FAILED = -(1 << 62)
"""Less a code: what a door answers instead of its value."""
CODES = {"ZeroDivisionError": 1, "OverflowError": 2, "ValueError": 3, "IndexError": 4, "Stop": 5}
"""What a function that fails returns before its value."""


class Cannot(Exception):
    """There is no machine code for this: which function, which line, why."""
