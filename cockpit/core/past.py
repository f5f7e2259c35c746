"""What each sleeve has brought by hour, day and week, and its last closed trades: for eyes, decides nothing.

Money is read off the ledger, so the cells of a row add up to what the sleeve has brought since it was first
seen. R is the net result of a closed trade over what its stop would have cost when it was entered; a trade
without a stop has none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from math import nan

import msgspec

from cockpit.core import events as ev
from cockpit.core.frames import Record, SpanRow
from cockpit.core.making import Makers, Tally
from cockpit.core.orders import Role
from cockpit.core.profit import rate, sleeve_pnl
from cockpit.core.state import State
from cockpit.core.trips import OpenTrip, Trip, Trips
from cockpit.core.types import PosSide, SleeveId
from cockpit.core.unreadable import UNREADABLE

HOUR = 3_600_000
DAY = 24 * HOUR
WEEK = 7 * DAY
MONDAY = 3 * DAY
"""The epoch was a Thursday."""
SPANS: dict[str, tuple[int, int]] = {"hour": (HOUR, 24), "day": (DAY, 14), "week": (WEEK, 8)}
"""Name → (length in ms, how many are kept)."""
TRADES = 2_000
"""Closed trades kept for looking at, of all sleeves together. The journal keeps every fill."""


def index(span: str, ts: int) -> int:
    """The number of the hour, day or (from Monday, UTC) week in which ``ts`` lies."""
    size, _ = SPANS[span]
    return (ts + (MONDAY if span == "week" else 0)) // size


def begin(span: str, number: int) -> int:
    """When such a stretch begins, UTC ms."""
    return number * SPANS[span][0] - (MONDAY if span == "week" else 0)


class Buckets(msgspec.Struct):
    """One sleeve's results of one span, oldest first; the running stretch is not among ``money`` yet."""

    number: int
    start: float
    """What the sleeve had brought in all when the running stretch began."""
    money: list[float] = []
    r: list[float] = msgspec.field(default_factory=lambda: [0.0])
    """Sum of R of the trades closed in each stretch; the last is the running one."""

    def roll(self, number: int, pnl: float, keep: int) -> None:
        """Time has passed: what came until now belongs to the stretch that was running."""
        while self.number < number:
            self.money.append(pnl - self.start)
            self.r.append(0.0)
            self.start = pnl
            self.number = number if number - self.number > keep else self.number + 1
        del self.money[: -(keep - 1)], self.r[:-keep]


class Closed(msgspec.Struct, frozen=True):
    """A trade that is over, with what was at risk: 0 = it had no stop."""

    trip: Trip
    risk: float

    @property
    def r(self) -> float | None:
        """Net result in units of the risk taken; None without a stop."""
        return float(self.trip.net) / self.risk if self.risk > 0 else None


class Saved(msgspec.Struct, frozen=True):
    """Everything, for the next start."""

    seq: int
    buckets: dict[SleeveId, dict[str, Buckets]]
    records: dict[SleeveId, Record]
    closed: list[Closed]
    open: list[tuple[SleeveId, str, OpenTrip]]
    risks: list[tuple[SleeveId, str, float]]
    tallies: dict[SleeveId, Tally] = {}


class Past:
    """Watches new fills and the passing of time beside the engine."""

    def __init__(self, state: State, mid: Callable[[str], float] = lambda _symbol: nan) -> None:
        """``mid``: the middle of a market's book, NaN when it cannot be trusted."""
        self.state = state
        self.makers = Makers(state, mid)
        self.closed: deque[Closed] = deque(maxlen=TRADES)
        self.records: dict[SleeveId, Record] = {}
        self._buckets: dict[SleeveId, dict[str, Buckets]] = {}
        self._trips = Trips(state)
        self._risk: dict[tuple[SleeveId, str], float] = {}
        self._hour = -1

    def hear(self, event: ev.Fill) -> None:
        """A fill that was new, after its step."""
        self.roll(event.ts)
        self._trips.booked(event)
        self.makers.hear(event)
        while self._trips.closed:
            self._book(self._trips.closed.pop(0))
        self._weigh(event)

    def roll(self, now: int) -> None:
        """An hour may have ended."""
        if now // HOUR == self._hour:
            return
        self._hour = now // HOUR
        for sleeve in self.state.sleeves.values():
            self._roll(sleeve.id, float(sleeve_pnl(self.state, sleeve.id)), now)

    def rows(self, sleeve: SleeveId, pnl: float, now: int) -> tuple[SpanRow, ...]:
        """By hour, day and week."""
        found = self._roll(sleeve, pnl, now)
        return tuple(
            SpanRow(_short((*one.money, pnl - one.start)), _short(one.r))
            for one in (found[span] for span in SPANS)
        )

    def trades(self, sleeve: SleeveId, since: int = 0, until: int = 0) -> list[Closed]:
        """A sleeve's trades closed in [since, until), newest first; 0 = no bound."""
        return [
            one
            for one in reversed(self.closed)
            if one.trip.sleeve == sleeve
            and one.trip.closed >= since
            and (not until or one.trip.closed < until)
        ]

    def _roll(self, sleeve: SleeveId, pnl: float, now: int) -> dict[str, Buckets]:
        spans = self._buckets.get(sleeve)
        if spans is None:
            spans = self._buckets[sleeve] = {span: Buckets(index(span, now), pnl) for span in SPANS}
        for span, buckets in spans.items():
            buckets.roll(index(span, now), pnl, SPANS[span][1])
        return spans

    def _weigh(self, fill: ev.Fill) -> None:
        """What the stop would cost, for as long as the position grows."""
        order = self.state.order(fill.cid) if fill.cid else None
        sleeve = self.state.sleeves.get(order.sleeve) if order is not None else None
        if order is None or order.role is not Role.ENTRY or sleeve is None:
            return
        wish = sleeve.approved
        if wish is None or wish.stop is None:
            return
        for book in self.state.ledger.sleeve_books(sleeve.id):
            if book.symbol == fill.symbol and book.pos_side is fill.pos_side and book.qty:
                loss = -float(book.unrealised(self.state.instruments[book.symbol], wish.stop))
                key = (sleeve.id, str(book.pos_side))
                self._risk[key] = max(loss, self._risk.get(key, 0.0))

    def _book(self, trip: Trip) -> None:
        keys = [(trip.sleeve, side) for side in (str(PosSide.NET), trip.side)]
        done = Closed(trip, next((self._risk.pop(key) for key in keys if key in self._risk), 0.0))
        self.closed.append(done)
        net = float(trip.net * rate(self.state, trip.settle))
        self.records[trip.sleeve] = _counted(self.records.get(trip.sleeve, Record()), done, net)
        if done.r is not None and trip.sleeve in self._buckets:
            for buckets in self._buckets[trip.sleeve].values():
                buckets.r[-1] += done.r

    # --- over a restart -------------------------------------------------------------------------------

    def save(self) -> bytes:
        """For ``restore``."""
        opened = [(sleeve, side, trip) for (sleeve, side), trip in self._trips.open.items()]
        risks = [(sleeve, side, risk) for (sleeve, side), risk in self._risk.items()]
        return msgspec.msgpack.encode(
            Saved(
                self.state.seq,
                self._buckets,
                self.records,
                list(self.closed),
                opened,
                risks,
                self.makers.tallies,
            )
        )

    def restore(self, raw: bytes) -> bool:
        """Go on where the last run left; False when ``raw`` is not of this journal, or not to be read."""
        try:
            saved = msgspec.msgpack.decode(raw, type=Saved)
        except UNREADABLE:
            return False
        if saved.seq > self.state.seq or any(set(spans) != set(SPANS) for spans in saved.buckets.values()):
            return False
        self._buckets, self.records = saved.buckets, saved.records
        self.makers.tallies = saved.tallies
        self.closed.extend(saved.closed)
        self._trips.open.update({(sleeve, side): trip for sleeve, side, trip in saved.open})
        self._risk.update({(sleeve, side): risk for sleeve, side, risk in saved.risks})
        return True


def _counted(record: Record, done: Closed, net: float) -> Record:
    r, won = done.r, net > 0
    return Record(
        record.trades + 1,
        record.wins + won,
        record.gained + (net if won else 0.0),
        record.lost + (0.0 if won else -net),
        max(record.best, net) if record.trades else net,
        min(record.worst, net) if record.trades else net,
        record.r + (r or 0.0),
        record.with_r + (r is not None),
        record.held_ms + done.trip.held_ms,
        record.since or done.trip.opened,
    )


def _short(values: Iterable[float]) -> tuple[float, ...]:
    """Without the zeros at the beginning: a young run sends a few numbers, not hundreds."""
    row = list(values)
    first = next((at for at, value in enumerate(row) if value), len(row) - 1)
    return tuple(row[max(0, first) :])
