"""Every fact that may enter the machine. Nothing else can change its mind.

``ts`` is the instant at which *we* learned the fact (UTC ms) and the only clock the core knows;
``venue_ts`` is when the venue says it happened. Market data carries floats (the signal path);
everything about orders and money carries Decimals.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from cockpit.core.candidates import Candidate, Mood
from cockpit.core.types import ZERO, Instrument, PosSide, Side

Levels = tuple[tuple[float, float], ...]
"""(price, size) pairs, best first; in a delta a size of 0 removes the level."""


class Event(msgspec.Struct, frozen=True, tag=True, array_like=True, gc=False):
    """Base of all facts."""

    ts: int


# --- market ---------------------------------------------------------------------------------------


ON_THE_WAY_MS = 60_000
"""News of a closed bar takes no longer than this; what is further from a whole multiple is cut otherwise."""


class Bar(Event, frozen=True, tag="bar"):
    """A CLOSED candle. ``ts`` is the first instant at which anybody may use it: its close and the way from
    the venue. What is lined up by time (other markets, longer bars, a day) is lined up by ``end``.
    """

    symbol: str
    tf: int
    """Length in ms; the bar opened at ``end - tf``."""
    open: float
    high: float
    low: float
    close: float
    volume: float
    """Base units."""

    @property
    def end(self) -> int:
        """Its close by the venue's clock (UTC ms), whenever it was heard: bars are cut at whole multiples."""
        late = self.ts % self.tf
        return self.ts - late if late <= ON_THE_WAY_MS else self.ts


class Trade(Event, frozen=True, tag="trade"):
    """One public trade; ``side`` is the taker's."""

    symbol: str
    venue_ts: int
    price: float
    qty: float
    side: Side
    trade_id: str = ""


class BookSnapshot(Event, frozen=True, tag="book"):
    """The whole visible book; replaces what was known."""

    symbol: str
    venue_ts: int
    bids: Levels
    asks: Levels
    seq: int = 0


class BookDelta(Event, frozen=True, tag="delta"):
    """Changed levels. ``prev_seq`` must equal the last ``seq`` seen (-1 = the source has no chain)."""

    symbol: str
    venue_ts: int
    bids: Levels
    asks: Levels
    seq: int = 0
    prev_seq: int = -1


class Touch(Event, frozen=True, tag="touch"):
    """Best bid and ask only."""

    symbol: str
    venue_ts: int
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float


class Mark(Event, frozen=True, tag="mark"):
    """Mark and index price; margin and liquidation use the mark, never the last trade."""

    symbol: str
    mark: float
    index: float = 0.0


class FundingRate(Event, frozen=True, tag="rate"):
    """The rate of the running interval (``settled`` False) or of a finished one (True)."""

    symbol: str
    rate: float
    settle_ts: int
    settled: bool = False


class OpenInterest(Event, frozen=True, tag="oi"):
    """Outstanding contracts (base units for venues that say so)."""

    symbol: str
    qty: float


class Listing(Event, frozen=True, tag="listing"):
    """An instrument is new, or one of its numbers changed."""

    instrument: Instrument


class DataFault(Event, frozen=True, tag="fault"):
    """Something is wrong with recorded or live data: counted and shown, never hidden."""

    symbol: str
    what: str
    """gap | duplicate | late | crossed | checksum | garbage"""
    detail: str = ""


# --- our orders and account -----------------------------------------------------------------------


class Ack(Event, frozen=True, tag="ack"):
    """The venue has taken the order: it rests, or is being worked."""

    cid: str
    venue_id: str


class Reject(Event, frozen=True, tag="reject"):
    """The venue refused the order; it never lived."""

    cid: str
    code: str
    reason: str


class FillKind(StrEnum):
    """Why the venue traded for us."""

    TRADE = "trade"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    DELIVERY = "delivery"
    """The market has ended: the venue has settled what was open there."""
    EXTERNAL = "external"


class Fill(Event, frozen=True, tag="fill"):
    """Something was really bought or sold. Idempotent by (symbol, trade_id)."""

    cid: str
    """Empty when the order is not ours (liquidation, ADL, a hand trade)."""
    venue_id: str
    trade_id: str
    symbol: str
    side: Side
    price: Decimal
    qty: Decimal
    fee: Decimal
    """Positive = paid by us, negative = rebate."""
    fee_ccy: str
    maker: bool
    pos_side: PosSide = PosSide.NET
    kind: FillKind = FillKind.TRADE
    note: str = ""
    """For simulated fills: how it was decided, e.g. ``ambiguous bar: stop assumed first``."""


class Cancelled(Event, frozen=True, tag="cancelled"):
    """Terminal: the rest of the order is gone. ``filled`` is the venue's word on what traded before."""

    cid: str
    filled: Decimal
    reason: str = ""


class CancelReject(Event, frozen=True, tag="cancel_reject"):
    """A cancel was refused; that proves nothing about the order: it is asked about."""

    cid: str
    code: str
    reason: str


class Amended(Event, frozen=True, tag="amended"):
    """What an order is from now on. Of one that waits for a price, ``price`` is its trigger."""

    cid: str
    price: Decimal
    qty: Decimal
    take: Decimal | None = None
    """Take-profit of an OCO; None = it has none, or the venue does not say."""


class AmendReject(Event, frozen=True, tag="amend_reject"):
    cid: str
    code: str
    reason: str


class Triggered(Event, frozen=True, tag="triggered"):
    """A stop, trigger, OCO or trailing order at the venue went off and is now a working order."""

    cid: str
    leg: str
    """stop | take | trigger | trail"""
    price: Decimal


class Request(StrEnum):
    """What was asked of the venue."""

    PLACE = "place"
    CANCEL = "cancel"
    AMEND = "amend"


class Sent(Event, frozen=True, tag="sent"):
    """The bytes of a request have left (journalled for the audit; not a proof of anything)."""

    cid: str
    request: Request


class Unknown(Event, frozen=True, tag="unknown"):
    """A request may or may not have reached the venue. The order is asked about, never resent."""

    cid: str
    request: Request
    reason: str


class OrderReport(Event, frozen=True, tag="report"):
    """The venue's answer about one order, by client id."""

    cid: str
    found: bool
    proof: bool = True
    """False: "not found" that proves nothing yet (a late request could still arrive)."""
    state: str = ""
    """live | partial | filled | cancelled | rejected (venue-neutral words)"""
    filled: Decimal = ZERO
    price: Decimal = ZERO
    qty: Decimal = ZERO
    venue_id: str = ""
    take: Decimal | None = None
    """Take-profit of an OCO that waits, whose ``price`` is the stop; None = none, or not told."""


class FundingPaid(Event, frozen=True, tag="funding"):
    """Funding settled on our position. ``amount`` > 0 is received. Idempotent by ``bill_id``."""

    symbol: str
    amount: Decimal
    ccy: str
    rate: Decimal
    bill_id: str
    pos_side: PosSide = PosSide.NET


class Transfer(Event, frozen=True, tag="transfer"):
    """Money came in (> 0) or went out. Idempotent by ``bill_id``."""

    ccy: str
    amount: Decimal
    bill_id: str


class VenuePosition(msgspec.Struct, frozen=True, array_like=True):
    """The venue's word on one position; ``qty`` is signed (long > 0)."""

    symbol: str
    qty: Decimal
    entry: Decimal
    pos_side: PosSide = PosSide.NET


class VenueOrder(msgspec.Struct, frozen=True, array_like=True):
    """The venue's word on one open order."""

    cid: str
    venue_id: str
    symbol: str
    side: Side
    price: Decimal
    qty: Decimal
    filled: Decimal


class AccountReport(Event, frozen=True, tag="account"):
    """The venue read back: what reconciliation compares with. Complete unless ``complete`` is False."""

    balances: dict[str, Decimal]
    positions: tuple[VenuePosition, ...]
    orders: tuple[VenueOrder, ...]
    complete: bool = True
    request_id: str = ""
    rounding: Decimal = ZERO
    """Money that the venue's own rounding of its bookings explains: less of a difference proves nothing."""


# --- the world around -----------------------------------------------------------------------------


class Link(Event, frozen=True, tag="link"):
    """A channel to the outside came up or went down."""

    channel: str
    """market | private | orders | …"""
    up: bool
    reason: str = ""


class Timer(Event, frozen=True, tag="timer"):
    """The instant the engine asked to be woken at (``Engine.deadline``), or a beat of the watchdog."""


class Boot(Event, frozen=True, tag="boot"):
    """A process started on this journal. Freshness is false until proven again."""

    boot: int
    mode: str
    version: str
    config_digest: str


class Advice(Event, frozen=True, tag="advice"):
    """A validated answer of an adviser (LLM, RL, optimizer). It can only move weights inside bounds."""

    source: str
    weights: dict[str, float]


class Scan(Event, frozen=True, tag="scan"):
    """Markets ranked by a scan for hot ones: its best, all that it looked at, and the mood it was told."""

    candidates: tuple[Candidate, ...]
    universe: tuple[str, ...]
    mood: Mood | None = None


class Command(Event, frozen=True, tag="command"):
    """A human or the watchdog wants something. ``command_id`` makes it idempotent."""

    command_id: str
    verb: str
    """halt | resume | flatten | cancel | sleeve_on | sleeve_off | approve | …"""
    args: dict[str, str]
    actor: str


MarketEvent = Bar | Trade | BookSnapshot | BookDelta | Touch | Mark | FundingRate | OpenInterest
AccountEvent = (
    Ack | Reject | Fill | Cancelled | CancelReject | Amended | AmendReject | Triggered | Sent | Unknown
    | OrderReport | FundingPaid | Transfer | AccountReport
)  # fmt: skip
AnyEvent = MarketEvent | AccountEvent | Listing | DataFault | Link | Timer | Boot | Advice | Scan | Command
"""The union a journal row decodes into."""

MARKET: frozenset[type[Event]] = frozenset(
    (Bar, Trade, BookSnapshot, BookDelta, Touch, Mark, FundingRate, OpenInterest)
)
"""Kinds that an inbox under pressure may conflate; all others are never dropped."""

ENCODER = msgspec.msgpack.Encoder()
DECODER: msgspec.msgpack.Decoder[AnyEvent] = msgspec.msgpack.Decoder(AnyEvent)


def encode(event: Event) -> bytes:
    """The journal's bytes of a fact."""
    return ENCODER.encode(event)


def decode(raw: bytes) -> AnyEvent:
    """Inverse of :func:`encode`. Raises ``msgspec.ValidationError`` on anything else."""
    return DECODER.decode(raw)
