"""Painting gives way to a decision and its order, until its bytes have left this very process.

Threads of one interpreter take turns, and an order changes threads several times before its bytes leave (the
loop, the journal): a screen that paints just then costs it a turn each time. So painting asks before each
panel, widget and row whether something is being decided or on its way, and stands still until it has left.
For so long a picture may be late: ``PATIENCE_S`` a beat, whatever the market does; then the screen takes its
turns again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

NAP_S = 0.000_05
"""Asked again after so long (the kernel makes about a tenth of a millisecond of it)."""
PATIENCE_S = 0.008


class Courtesy:
    """How long painting still stands still for orders in this beat."""

    def __init__(self, hurried: Callable[[], bool], clock: Callable[[], float] = time.perf_counter) -> None:
        self._hurried = hurried
        self._clock = clock
        self.stood = 0.0
        """Seconds of this beat that were given away."""

    def begin(self) -> None:
        """A new beat."""
        self.stood = 0.0

    def let_pass(self) -> None:
        """Stand still while an order is on its way, as far as this beat's patience goes."""
        if not self._hurried():
            return
        begin = self._clock() - self.stood
        while self.stood < PATIENCE_S and self._hurried():
            time.sleep(NAP_S)
            self.stood = self._clock() - begin
