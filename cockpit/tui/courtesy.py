"""Painting gives way to a decision and its order, until its bytes have left this very process.

Threads of one interpreter take turns, and an order changes threads several times before its bytes leave (the
loop, the journal): a screen that paints just then costs it a turn each time. So painting asks before each
panel, widget and row whether something is being decided or on its way, and stands still until it has left.
What trades does not wait for the question: with its decision it interrupts this thread wherever it paints, a
piece of the library's own in which nobody asks too (up to half a millisecond).
For so long a picture may be late: ``PATIENCE_S`` a beat, whatever the market does; then the screen takes its
turns again.
"""

from __future__ import annotations

import _thread
import contextlib
import gc
import signal
import time
from collections.abc import Callable
from typing import Any

NAP_S = 0.000_05
"""Asked again after so long (the kernel makes about a tenth of a millisecond of it)."""
PATIENCE_S = 0.008
KNOCK: signal.Signals | None = getattr(signal, "SIGUSR2", None)
"""How one thread of Python interrupts the main one; None where the system has no signal to spare."""
SWEPT_WHOLLY = 10
"""Beats after which what survived the small sweeps is swept too, and such sweeps until everything is."""
EVERYTHING = 600


class Courtesy:
    """How long painting still stands still for orders in this beat."""

    def __init__(self, hurried: Callable[[], bool], clock: Callable[[], float] = time.perf_counter) -> None:
        self._hurried = hurried
        self._clock = clock
        self.stood = 0.0
        """Seconds of this beat that were given away."""
        self._beats = 0
        self._before: Any = None

    def begin(self) -> None:
        """A new beat."""
        self.stood = 0.0
        self.let_pass()

    def end(self) -> None:
        """Sweep up behind the beat.

        The collector lets no other thread work, and comes where the next object is made: often in the way of
        an order. What one beat leaves takes a seventh of what it would take otherwise, and no order waits.
        """
        if gc.isenabled():
            self.let_pass()
            self._beats += 1
            whole, rest = divmod(self._beats, SWEPT_WHOLLY)
            gc.collect(0 if rest else 1 if whole % EVERYTHING else 2)

    def let_pass(self) -> None:
        """Stand still while an order is on its way, as far as this beat's patience goes."""
        if not self._hurried():
            return
        begin = self._clock() - self.stood
        while self.stood < PATIENCE_S and self._hurried():
            time.sleep(NAP_S)
            self.stood = self._clock() - begin

    def listen(self) -> None:
        """Be interrupted by :meth:`knock` from now on. Nothing happens outside the main thread."""
        if KNOCK is not None:
            with contextlib.suppress(ValueError):
                self._before = signal.signal(KNOCK, lambda *_: self.let_pass())

    def leave(self) -> None:
        """Nothing is painted any more."""
        if KNOCK is not None and self._before is not None:
            signal.signal(KNOCK, self._before)
            self._before = None

    def knock(self) -> None:
        """An order begins its way, on another thread: painting stands still where it is."""
        if KNOCK is not None:
            _thread.interrupt_main(KNOCK)
