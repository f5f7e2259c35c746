"""What any face (screen, socket, API) may know: immutable rows, projected from State at frame rate.

Money and quantities are floats here: a frame is for eyes. ``age`` fields are ms since the source last
spoke; -1 = it never has. Faces format, colour and translate; they decide nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.core.candidates import Candidate, Mood
from cockpit.core.desk_frames import CapitalFrame, FuseRow, JobRow, MakerRow
from cockpit.core.release.row import VersionRow

PAPER = "paper:"
"""Before the name of a paper sleeve where it stands among those of an account."""


FILLS = 100
"""Own fills that a frame carries at most, the newest."""


class BookFrame(msgspec.Struct, frozen=True, array_like=True):
    """The visible ladder of one symbol, best first on both sides."""

    symbol: str
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]
    own: tuple[tuple[str, float, float], ...] = ()
    """Own resting orders: (side, price, remaining)."""
    tick: float = 0.0
    ok: bool = False
    """False: gapped, crossed or not yet complete: prices are not to be trusted."""
    age: int = -1


class TradeRow(msgspec.Struct, frozen=True, array_like=True):
    ts: int
    symbol: str
    side: str
    price: float
    qty: float


class CandleRow(msgspec.Struct, frozen=True, array_like=True):
    """``ts`` is the open. The last row of a series may still be forming (``closed`` False)."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool = True


class StopLayer(msgspec.Struct, frozen=True, array_like=True):
    """One rung of a position's stop ladder; the row named ``venue`` says what really rests there.

    Letters: H hard at the venue, S soft, T time, P portfolio (account), L liquidation, G goal (take-profit).
    """

    letter: str
    state: str
    """armed (at the venue, confirmed) | local | missing | behind (a nearer one rests) | watching | unused"""
    price: float = 0.0
    """0 = it has none: a condition, or nothing yet. An estimate for account stops and liquidation."""
    distance: float = 0.0
    """Fraction of the mark price to go."""
    name: str = ""
    """Which layer."""
    cash: float = 0.0
    """What leaving there would bring for the whole position, taker fee paid, account's currency."""
    first: bool = False
    """The nearest of all prices against us: this one fires first."""
    at: int = 0
    """When a time layer closes (UTC ms); 0 = no instant."""
    say: str = ""
    """A condition and how near it is, in words."""
    watch: str = ""
    """Which price sets off what rests at the venue: mark | last | index."""


class PositionRow(msgspec.Struct, frozen=True, array_like=True):
    sleeve: str
    symbol: str
    qty: float
    entry: float
    mark: float
    pnl: float
    """Unrealised at mark. This and all money below in the account's currency."""
    exit_pnl: float
    """What would be left if closed now: book walked, taker fee paid. NaN when the book is not ok."""
    realised: float
    fees: float
    funding: float
    layers: tuple[StopLayer, ...]
    tag: str
    opened: int
    age: int
    """Age of the mark price."""
    liquidation: float = 0.0


class OrderRow(msgspec.Struct, frozen=True, array_like=True):
    cid: str
    sleeve: str
    symbol: str
    side: str
    kind: str
    role: str
    price: float
    qty: float
    filled: float
    state: str
    created: int
    reduce_only: bool
    trigger: float = 0.0
    cancelling: bool = False
    tag: str = ""
    watch: str = ""
    """Which price sets it off: mark | last | index."""


class FillRow(msgspec.Struct, frozen=True, array_like=True):
    ts: int
    cid: str
    sleeve: str
    symbol: str
    side: str
    price: float
    qty: float
    fee: float
    maker: bool
    note: str = ""
    tag: str = ""
    """Why, in the strategy's words: the tag of the wish behind its order."""
    fee_ccy: str = ""
    """What the fee was paid in; empty = an engine too old to say."""


class SpanRow(msgspec.Struct, frozen=True, array_like=True):
    """Results of the last hours, days or weeks, oldest first, the running one last; no leading zeros."""

    money: tuple[float, ...] = ()
    """Net of fees and funding, realised and unrealised."""
    r: tuple[float, ...] = ()
    """Of the trades closed then: net result over what their stop would have cost."""


class Record(msgspec.Struct, frozen=True, array_like=True):
    """A sleeve's closed trades in numbers. Money in the account's currency, net of fees and funding."""

    trades: int = 0
    wins: int = 0
    gained: float = 0.0
    """By the winners together."""
    lost: float = 0.0
    """By the others together, positive."""
    best: float = 0.0
    worst: float = 0.0
    r: float = 0.0
    """Sum over the trades that had a stop."""
    with_r: int = 0
    held_ms: int = 0
    """All of them together."""
    since: int = 0
    """When the first was entered; 0 = there was none."""


class SleeveRow(msgspec.Struct, frozen=True, array_like=True):
    """A strategy version on its instrument."""

    sleeve: str
    strategy: str
    version: int
    symbol: str
    stage: str
    state: str
    """on | off | benched | warming | waiting"""
    position: float
    pnl: float
    """Net of fees and funding, realised + unrealised."""
    trades: int
    tag: str
    """Last wish in the strategy's own words."""
    why: str
    """The first rule that said no to the last wish, with its numbers; empty when nothing did."""
    past: tuple[SpanRow, ...] = ()
    """By hour, by day, by week, in this order."""
    idle: bool = False
    """It wants neither a position nor quotes; ``tag`` says why."""
    record: Record = Record()
    timeframe: int = 0
    """Length of the bars it hears, ms; 0 = none."""

    @property
    def heat(self) -> tuple[float, ...]:
        """PnL of the last hours, oldest first."""
        return self.past[0].money if self.past else ()


class EventRow(msgspec.Struct, frozen=True, array_like=True):
    """A line of the event log. ``message`` is a catalogue id; faces translate it."""

    ts: int
    level: str
    message: str
    args: dict[str, str]
    sleeve: str = ""


class SourceRow(msgspec.Struct, frozen=True, array_like=True):
    """One stream of one symbol, and how long ago it last spoke."""

    name: str
    symbol: str
    age: int
    stale: bool
    up: bool
    faults: int = 0


class LimitRow(msgspec.Struct, frozen=True, array_like=True):
    """A risk limit: how much of it is used. ``unit`` is a word or currency."""

    rule: str
    used: float
    limit: float
    unit: str


class Health(msgspec.Struct, frozen=True, array_like=True):
    """How the machine itself feels."""

    loop_ms: float = 0.0
    """Worst event-loop delay in the last second."""
    step_us: float = 0.0
    rate: float = 0.0
    """Market messages per second."""
    queue: int = 0
    conflated: int = 0
    journal_rows: int = 0
    journal_ms: float = 0.0
    """Duration of the last commit."""
    rss_mb: float = 0.0
    uptime_ms: int = 0
    machine: float = 0.0
    """Memory of the whole machine that is in use, percent; 0 = not known."""


class Halt(msgspec.Struct, frozen=True, array_like=True):
    """The state of a halt: what was asked, what the venue has confirmed, what is still open."""

    since: int
    by: str
    phase: str
    """asked | cancelling | flattening | confirmed | failed"""
    entries_open: int
    positions_open: int
    flatten: bool
    confirmed: int = 0
    """When the venue was read back and agreed; 0 = not yet."""
    detail: str = ""


class StandingRow(msgspec.Struct, frozen=True, array_like=True):
    """What was decided about a market, by whom, on which score."""

    word: str
    """approved | rejected | snoozed"""
    since: int
    by: str
    score: float
    until: int = 0


class DecisionRow(msgspec.Struct, frozen=True, array_like=True):
    """A line of the hotlist's log. ``refused`` is the message id of why nothing was done."""

    ts: int
    verb: str
    symbol: str
    by: str
    score: float
    reason: str
    refused: str
    args: dict[str, str]
    undone: bool


class HotlistFrame(msgspec.Struct, frozen=True, array_like=True):
    """The newest scan and what a person made of it."""

    scan: int
    """When; 0 = not yet."""
    candidates: tuple[Candidate, ...]
    universe: int
    """How many markets were ranked."""
    standings: dict[str, StandingRow]
    log: tuple[DecisionRow, ...]
    """Newest first."""
    enforce: bool
    expired: bool
    """The scan is too old to approve from."""
    mood: Mood | None = None


class Frame(msgspec.Struct, frozen=True, array_like=True, tag="frame"):
    """One picture of everything a face may show."""

    seq: int
    ts: int
    """Engine time (UTC ms): the tape's in a replay."""
    wall: int
    """Wall time at projection."""
    mode: str
    """PRACTICE | REPLAY | PAPER | DEMO | LIVE"""
    venue: str
    posture: str
    currency: str
    equity: float
    cash: float
    day_pnl: float
    drawdown: float
    """Fraction below the highest equity seen."""
    realised: float
    unrealised: float
    fees: float
    funding: float
    symbols: tuple[str, ...]
    books: tuple[BookFrame, ...]
    trades: tuple[TradeRow, ...]
    candles: dict[str, tuple[CandleRow, ...]]
    positions: tuple[PositionRow, ...]
    orders: tuple[OrderRow, ...]
    fills: tuple[FillRow, ...]
    sleeves: tuple[SleeveRow, ...]
    events: tuple[EventRow, ...]
    sources: tuple[SourceRow, ...]
    limits: tuple[LimitRow, ...]
    health: Health
    halt: Halt | None = None
    links: dict[str, bool] = {}
    speed: str = "1"
    """Tape speed: 1, 10, max; empty on a live feed."""
    ended: bool = False
    """The tape is over."""
    reconciled: bool = False
    """Orders and positions have been compared with the venue since the start."""
    hotlist: HotlistFrame | None = None
    light: str = ""
    """Risk at a glance: green | yellow | red (``core.light``); empty = an engine too old to say."""
    light_why: str = ""
    """The first reason, in the machine's words."""
    jobs: tuple[JobRow, ...] = ()
    versions: tuple[VersionRow, ...] = ()
    """Strategy versions that have been moved, and what they compete with; empty where nobody releases any."""
    capital: CapitalFrame | None = None
    makers: tuple[MakerRow, ...] = ()
    """Sleeves that show quotes."""
    tighter: dict[str, float] = {}
    """Limits of ``[risk]`` that a person has made smaller than the settings say."""
    contracts: dict[str, tuple[float, str]] = {}
    """Market → what one unit of its quantities is: (0.01, BTC) a contract, (1, BTC) the coin itself."""
    fuses: tuple[FuseRow, ...] = ()
    """What holds trading back now, the gravest first."""


class Answer(msgspec.Struct, frozen=True, array_like=True, tag="answer"):
    """What became of a command: taken (``ok``) or refused, in a message of the catalogue."""

    command_id: str
    ok: bool
    message: str
    """Message id; faces translate it."""
    args: dict[str, str] = {}
    payload: dict[str, Any] | None = None
    """What was asked for (``status``, ``explain``); None for a plain command."""
    ms: float = 0.0
    """How long it took; on the asking side the whole round trip."""

    @property
    def message_id(self) -> str:
        return self.message


FRAME_ENCODER = msgspec.msgpack.Encoder()
FRAME_DECODER: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)
