"""What the simulation needs of an exchange, and who watches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from cockpit.core.events import AnyEvent, Fill, FundingPaid, OrderReport, Transfer, VenueOrder, VenuePosition
from cockpit.core.intents import Action, Place


class Truth(Protocol):
    """What the simulation needs of an exchange; ``exchange.py`` wraps the real matching engine."""

    @property
    def fills(self) -> list[Fill]: ...
    @property
    def before(self) -> Mapping[str, Decimal]: ...
    @property
    def bills(self) -> Sequence[FundingPaid | Transfer]: ...

    def market(self, event: AnyEvent, ts: int) -> None: ...
    def request(self, action: Action, ts: int) -> None: ...
    def reports(self) -> list[AnyEvent]: ...
    def order(self, cid: str, ts: int) -> OrderReport: ...
    def open_orders(self) -> tuple[VenueOrder, ...]: ...
    def positions(self) -> tuple[VenuePosition, ...]: ...
    def balances(self) -> dict[str, Decimal]: ...


class Watch(Protocol):
    """Who is told about each thing at the instant it happens."""

    def submitted(self, action: Action) -> None:
        """A request leaves the process now."""

    def clocked(self, place: Place, error_s: float) -> None:
        """An order left with a deadline by a clock that is so far from the venue's."""

    def arrived(self, action: Action) -> None:
        """A request is about to be executed by the venue."""

    def read(self, request_id: str, at: int) -> None:
        """The venue writes down the account's state, for an answer that is yet to travel."""

    def told(self, report: AnyEvent) -> None:
        """The venue says something, to whoever listens."""

    def venue_moved(self) -> None:
        """The venue's books may have changed."""


def describe_truth(truth: Truth) -> dict[str, Any]:
    """The venue's word, in a form that compares and prints."""
    return {
        "positions": {p.symbol: p.qty for p in truth.positions() if p.qty},
        "orders": sorted(o.cid for o in truth.open_orders()),
        "balances": {ccy: amount for ccy, amount in truth.balances().items() if amount},
    }
