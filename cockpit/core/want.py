"""The pen a strategy writes its wishes with. Plain scalars, so that a compiler can follow it too."""

from __future__ import annotations

from math import isnan, nan


class Want:
    """One sleeve's wish in the making. It stays in force until the strategy writes another one.

    ``dirty`` is set only when something really changed, so a strategy may repeat itself for free.
    """

    __slots__ = (
        "ask",
        "ask_qty",
        "bid",
        "bid_qty",
        "confidence",
        "dirty",
        "kept",
        "legs",
        "qty",
        "quoting",
        "sized",
        "stop",
        "tag",
        "take",
        "weight",
    )

    def __init__(self) -> None:
        self.dirty = False
        self.sized = False
        """False: ``weight`` (fraction of equity) is the wish; True: ``qty`` (contracts) is."""
        self.weight = nan
        """Signed fraction of the sleeve's equity; NaN = no wish about the position."""
        self.qty = nan
        self.kept = False
        """True: only stop or take have moved since it was sized."""
        self.stop = nan
        self.take = nan
        self.quoting = False
        self.bid = nan
        self.bid_qty = 0.0
        self.ask = nan
        self.ask_qty = 0.0
        self.tag = ""
        self.confidence = 1.0
        self.legs: tuple[Want, ...] = (self,)

    def leg(self, index: int) -> Want:
        """The pen of another leg of the same strategy; ``leg(0)`` is this one."""
        return self.legs[index]

    def long(
        self, weight: float, stop: float = nan, take: float = nan, tag: str = "", confidence: float = 1.0
    ) -> None:
        """Be long ``weight`` × equity (notional). Sized once, at the decision; no churn as prices move."""
        self._position(abs(weight), stop, take, tag, confidence)

    def short(
        self, weight: float, stop: float = nan, take: float = nan, tag: str = "", confidence: float = 1.0
    ) -> None:
        """Be short ``weight`` × equity (notional)."""
        self._position(-abs(weight), stop, take, tag, confidence)

    def flat(self, tag: str = "") -> None:
        """Have no position; pull quotes too."""
        self.pull(tag)
        self._position(0.0, nan, nan, tag, 1.0)

    def position(
        self, qty: float, stop: float = nan, take: float = nan, tag: str = "", confidence: float = 1.0
    ) -> None:
        """Hold exactly ``qty`` (signed contracts, or base units for spot)."""
        same = self.sized and self.qty == qty and _same(self.stop, stop) and _same(self.take, take)
        if not (same and self.confidence == confidence):
            self.kept = False
            self.sized = True
            self.qty = qty
            self.weight = nan
            self.stop = stop
            self.take = take
            self.tag = tag
            self.confidence = confidence
            self.dirty = True

    def protect(self, stop: float = nan, take: float = nan, tag: str = "") -> None:
        """Move the stop and the take of the position that is wanted; its size stays as it was worked out.

        Without a wish about a position it does nothing. (``long`` and ``short`` with another stop are another
        wish: they size anew.)
        """
        wanted = self.sized or not isnan(self.weight)
        if wanted and not (_same(self.stop, stop) and _same(self.take, take)):
            self.kept = self.kept or not self.dirty
            self.stop = stop
            self.take = take
            self.tag = tag or self.tag
            self.dirty = True

    def quote(
        self, bid: float, bid_qty: float, ask: float, ask_qty: float, tag: str = "", confidence: float = 1.0
    ) -> None:
        """Show these post-only quotes (contracts); a quantity of 0 means no quote on that side.

        A wish has one confidence and one tag: those of what was written last.
        """
        same = (
            self.quoting
            and self.bid_qty == bid_qty
            and self.ask_qty == ask_qty
            and (bid_qty == 0.0 or self.bid == bid)
            and (ask_qty == 0.0 or self.ask == ask)
        )
        if not (same and self.confidence == confidence):
            self.quoting = True
            self.bid = bid
            self.bid_qty = bid_qty
            self.ask = ask
            self.ask_qty = ask_qty
            self.tag = tag
            self.confidence = confidence
            self.dirty = True

    def pull(self, tag: str = "") -> None:
        """Show no quotes. The reason may change while nothing is shown: people ask why it does not quote."""
        if self.quoting and (self.bid_qty or self.ask_qty):
            self.quote(nan, 0.0, nan, 0.0, tag, self.confidence)
        elif tag and tag != self.tag:
            self.tag = tag
            self.dirty = True

    def release(self, tag: str = "") -> None:
        """Take back the wish about the position: from here on the quotes are the whole wish."""
        self._position(nan, nan, nan, tag or self.tag, self.confidence)

    def forget(self) -> None:
        """Blank pen: whatever was written so far never happened (used after warming up)."""
        legs = self.legs
        self.__init__()  # type: ignore[misc]
        self.legs = legs

    def _position(self, weight: float, stop: float, take: float, tag: str, confidence: float) -> None:
        same = (
            not self.sized
            and _same(self.weight, weight)
            and _same(self.stop, stop)
            and _same(self.take, take)
        )
        if not (same and self.confidence == confidence):
            self.kept = False
            self.sized = False
            self.weight = weight
            self.qty = nan
            self.stop = stop
            self.take = take
            self.tag = tag
            self.confidence = confidence
            self.dirty = True


PEN = tuple(name for name in Want.__slots__ if name != "legs")
"""What is written with it: all of a pen that a snapshot holds."""


def _same(a: float, b: float) -> bool:
    return a == b or (isnan(a) and isnan(b))
