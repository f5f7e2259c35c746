"""What the venue does that nobody here asked for, and when the process could first know of it.

Two judges need it. I04 excuses a change of position that the venue began (ADL, liquidation), for orders that
were decided before it was heard; not for those decided after. A kill receipt (I08) names the read-back that
proves it: a stop that somebody else cancels after the venue has made that, and before it arrives, was there.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core.events import Amended, AnyEvent, Cancelled, Fill, FillKind
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.types import ZERO

TAKEN = (FillKind.ADL, FillKind.LIQUIDATION)
NOTHING: frozenset[tuple[str, str]] = frozenset()


class Unasked:
    """Takings with who knew of them, and orders of ours that others cancelled."""

    def __init__(self) -> None:
        self._takings: dict[tuple[str, str], tuple[int, Decimal]] = {}
        """(symbol, trade id) → sign of what it added to the position, quantity."""
        self._heard = NOTHING
        self._knew: dict[str, frozenset[tuple[str, str]]] = {}
        """By order that may rest: the takings known when it was decided as it stands at the venue."""
        self._meant: dict[Amend, frozenset[tuple[str, str]]] = {}
        self._sizes: dict[str, Decimal] = {}
        self._asked: set[str] = set()
        self._cancelled: dict[str, tuple[int, Decimal]] = {}
        """Orders that somebody else cancelled: when (venue ms), and how much of them was left."""
        self.read: dict[str, tuple[int, float]] = {}
        """When the venue made each read-back, by request id: venue ms, virtual seconds."""

    # --- what is known --------------------------------------------------------------------------------

    def heard(self, fill: Fill) -> None:
        """The process learns of a trade."""
        if fill.kind in TAKEN:
            self._heard |= {(fill.symbol, fill.trade_id)}

    def reopened(self, journalled: list[tuple[str, str]]) -> None:
        """A process starts: it knows what is in its journal."""
        self._heard = frozenset(key for key in journalled if key in self._takings)

    def drafted(self, action: Place | Amend) -> None:
        """The engine has just decided it."""
        if isinstance(action, Amend):
            self._meant[action] = self._heard
        else:
            self._knew[action.cid] = self._heard

    def left(self, action: Cancel) -> None:
        """A cancel of ours is under way."""
        self._asked.add(action.cid)

    def arrived(self, action: Amend) -> None:
        """A change reaches the venue: from here on the order is as that was decided."""
        self._knew[action.cid] = self._meant.get(action, NOTHING)

    # --- what the venue does --------------------------------------------------------------------------

    def took(self, fill: Fill) -> None:
        """The venue has taken (a part of) a position away."""
        self._takings[fill.symbol, fill.trade_id] = fill.side.sign, fill.qty

    def told(self, report: AnyEvent, place: Place | None) -> None:
        """The venue says something about an order of ours."""
        if place is None:
            return
        if isinstance(report, Amended):
            self._sizes[report.cid] = report.qty
        elif isinstance(report, Cancelled) and report.cid not in self._asked:
            left = self._sizes.get(report.cid, place.qty) - report.filled
            self._cancelled[report.cid] = report.ts, left

    # --- what that excuses ----------------------------------------------------------------------------

    def excess(self, symbol: str, sign: int, resting: list[str]) -> Decimal:
        """What takings added on one side, unknown when one of the ``resting`` entries was decided (I04)."""
        knew = [self._knew.get(cid, NOTHING) for cid in resting]
        known = frozenset.intersection(*knew) if knew else self._heard
        return sum(
            (
                qty
                for (where, trade), (side, qty) in self._takings.items()
                if where == symbol and side == sign and (where, trade) not in known
            ),
            ZERO,
        )

    def rested(self, cid: str, request_id: str) -> Decimal:
        """How much of an order was still there in this read-back, and was cancelled by others since (I08)."""
        at, left = self._cancelled.get(cid, (-1, ZERO))
        return left if at >= self.read[request_id][0] else ZERO
