"""What the machine remembers between two events, and the rows of the arrays it works on."""

from __future__ import annotations

from typing import Any, NamedTuple

from cockpit.lab.compiled.records import Pen, Window
from cockpit.lab.compiled.rows import Row, Short
from cockpit.lab.depth.tickets import Trader

SKIP, DELTA, SNAPSHOT, TOUCH, TRADE, MARK, RARE = range(7)
"""Kinds of events. SKIP changes nothing but the count; RARE is the kernel's own."""
END, DUE, VENUE, REQUEST, TIMER, BEAT, REPORT, WISH, KERNEL, FULL, PAUSE = range(11)
"""Why the machine stopped. PAUSE: nothing has happened; memory that it has left can be given back."""
FAR = 1 << 62
FLIGHT = 1 << 16
"""Events of the market that may be on their way to us at one time."""
RESTING = 16
"""Orders of ours that the machine follows in their queues; with more the kernel looks at every event."""
ANSWERS = 8
"""Reports of the venue that the machine knows of; one fewer of them it may pass by itself."""
EATEN = 64
"""Levels from which our takers took something, likewise."""
BARS, TOUCHES, DEPTH = range(3)
"""As ``matching.books.Source``."""


class Rest(Row):
    """One resting order of ours at the venue."""

    sign: int
    ticks: int
    rank: int
    """Of its price on the tape; -1 = the tape never shows it."""
    left: int
    shown: int
    traded: int
    front: float


class Machine(Trader):
    """One run."""

    # --- where it stands
    head: int
    """Event of the tape that happens next at the venue."""
    feed: int
    """Event that we hear of next."""
    count: int
    """Sequence number of the newest thing that is on its way to us."""
    sent: int
    lane_last: int
    now: int
    """Our time."""
    last_tape: int
    depart: int
    """The event at ``head`` has happened and goes on its way to us."""
    soon: int
    """When the event comes before which somebody wants to look."""
    quick: int
    """The event at ``head`` has happened and we hear of it at once."""
    at: int
    """The event about which the machine stopped."""
    heard: int
    """Events that we heard of since the kernel was last awake."""
    faults: int
    whole: int
    """Did the last delta belong to its book?"""
    why: int
    # --- bounds
    out: int
    """When our next request arrives."""
    wake: int
    back: int
    """When the venue's next report arrives, and its sequence number."""
    back_no: int
    deadline: int
    pause: int
    """Event of the tape before which it stops with PAUSE."""
    due: int
    """Instant after which somebody wants to look before the next event."""
    # --- the way to us
    instant: int
    latency: int
    """0 constant, 1 jitter, 2 recorded."""
    shortest: int
    spread: int
    seed: int
    flying: int
    """Something is on its way but the feed: no quick way."""
    slack: int
    """The least time that a request of ours takes to the venue."""
    speaks: int
    """Somebody may decide something about any event that is heard of."""
    # --- the venue
    mine: int
    """Number of the market that is traded."""
    busy: int
    waiting: int
    """Orders there wait for a first price, or are too many: the kernel looks at every event."""
    source: int
    best_bid: int
    """Ranks; -1 = none."""
    best_ask: int
    low: int
    """No bid is shown below this rank."""
    high: int
    """No ask is shown above it."""
    last: int
    """Ticks of the last trade; 0 = none."""
    marked: int
    venue_mark: float
    venue_index: float
    index_ticks: int
    armed: int
    """Orders wait for a trigger."""
    rests: int
    eaten: int
    queue: int
    power: float
    armed_low: int
    """No order that waits for its trigger goes off between these (ticks)."""
    armed_high: int
    safe_low: float
    """Liquidation is far between these prices."""
    safe_high: float
    per_tick: float
    # --- the strategy
    hears_book: int
    hears_trades: int
    mark: float
    state_last: float
    valued: int
    """Capital changes with the price: the kernel is asked."""
    flat: float
    """Capital while nothing is held."""
    hears_timer: int
    timer_ms: int
    other: int
    """The next instant at which anything but the strategy's timer is due; FAR = none."""
    timed: int
    """When the machine last called the timer; 0 = not since the kernel was last awake."""
    timer_at: int
    # --- answers that come to nothing
    answers: int
    """How many of the next reports may be such."""
    answered: int
    """How many of them have been heard."""
    calm_low: float
    """Between these prices no rule of the gate says anything to the wish in force."""
    calm_high: float
    fresh: int
    """How old market data may be (ms)."""
    mark_fresh: int
    """The same of the mark."""
    slowest: int
    """A slower answer is one that the gate wants to hear of (ms); 0 = none is."""
    need: float
    """What the book must show within ``band`` of its best prices; 0 = it does not matter."""
    band: float
    news: int
    """Markets have news that the kernel does not know."""
    handle: int
    # --- addresses and lengths of the arrays
    at_e: int
    events: int
    at_l: int
    levels: int
    at_p: int
    prices: int
    at_k: int
    markets: int
    at_rest: int
    at_eaten: int
    at_ring: int
    at_answer: int
    at_series: int
    delays: int
    at_s: int
    at_f: int
    floats: int
    window: Window
    pen: Pen


class Event(Row):
    """One of the market's events."""

    ts: int
    seq: int
    prev: int
    lo: Short
    """Bids are levels lo … mid, asks mid … hi; of a touch one each."""
    mid: Short
    hi: Short
    x: float
    """Price of a trade, or the mark."""
    qty: float
    """Of a trade; of a mark the index."""
    ticks: int
    lots: int
    """Of a trade; of a mark the index in ticks."""
    kind: Short
    market: Short
    sign: Short


class Level(Row):
    """One level of an event."""

    rank: Short
    lots: int
    qty: float


class Price(Row):
    """A price that the tape shows: what rests there, as we know it and at the venue."""

    price: float
    tick: int
    bid: float
    ask: float
    venue_bid: int
    venue_ask: int


class Market(Row):
    """Our book of a market: ``core.book.Book`` but for its levels."""

    first: int
    """Its lowest rank; those of the next market follow."""
    best_bid: int
    """Rank; -1 = none."""
    best_ask: int
    best_bid_depth: int
    """The same by depth alone; one below the lowest rank, or one above the highest, = none."""
    best_ask_depth: int
    low: int
    """No bid lies below this rank."""
    high: int
    bid_qty: float
    ask_qty: float
    ok: bool
    whole: bool
    """Depth has been heard of."""
    touched: bool
    seq: int
    ts: int
    gaps: int
    crossed: int
    last: float
    last_new: bool
    """The kernel does not know it yet."""
    mark: float
    mark_new: bool
    marked: int
    """When it was heard."""
    index: float
    """What was said with it; 0 = nothing."""
    heard: int
    heard_new: bool


class Flying(Row):
    """An event on its way to us."""

    at: int
    no: int


class Eaten(Row):
    """A level of which our takers took something."""

    place: int
    """Rank of a bid, -1 - rank of an ask; FAR = it was shown again."""
    was: int


class Answer(Row):
    """A report of the venue on its way to us."""

    at: int
    """FAR = there is none."""
    no: int
    decides: int
    """It makes the sleeve decide anew, which comes to nothing."""
    asked: int
    """When that was asked for which it answers; 0 = it says nothing of that."""
    resting: int
    """Orders of ours that live after it."""
    other: int
    """``Machine.other`` after it."""
    # --- once it has been heard
    now: int
    heard: int
    """The events heard of since the kernel was last awake, it included."""


class Desk(NamedTuple):
    """What every part is given."""

    m: Any
    e: Any
    """Events."""
    l: Any  # noqa: E741
    """Levels of all events."""
    p: Any
    """Prices, market by market, rising."""
    k: Any
    """Markets, and one more that only says where the prices end."""
    rest: Any
    eaten: Any
    ring: Any
    """Events on their way to us, a ring."""
    answer: Any
    """The next reports of the venue."""
    series: Any
    """Recorded delays of the feed."""
    o: Any
    """Our orders: the bid, the ask."""
    lane: Any
    """The way there, the way back."""
    letters: Any
    """Two rings: what is on either."""
    line: Any
    """Fills."""
    placed_at: Any
    """When the newest orders and changes were sent, rings."""
    changed_at: Any
