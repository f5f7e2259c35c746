"""A maker that lets its quotes follow the touch: they are changed where they rest, never withdrawn."""

from __future__ import annotations

import msgspec

from cockpit.core.view import View
from cockpit.core.want import Want
from tests.benchmarks.joiner import Size


class Follower(msgspec.Struct):
    """See above."""

    params: Size

    @classmethod
    def create(cls, params: Size) -> Follower:
        """A fresh one."""
        return cls(params)

    @property
    def timer_ms(self) -> int:
        """How often it looks."""
        return self.params.step

    def on_timer(self, view: View, want: Want) -> None:
        """Stand at the best bid and the best ask."""
        if view.book_ok:
            want.quote(view.bid, self.params.qty, view.ask, self.params.qty, "follow")
