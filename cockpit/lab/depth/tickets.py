"""Rows of a maker of quotes that is driven wholly in rows: its orders, its mail, its fills, its numbers.

``wishes`` is the sleeve's side, ``street`` the venue's, ``alone`` the loop of both; ``quoter`` hands over.
"""

from __future__ import annotations

from cockpit.lab.compiled.rows import Row, Short

MAIL = 64
"""Requests, and reports, on their way at one time."""
SENT = 1 << 16
"""Instants of the newest orders and changes that are remembered."""
ENTRY, EXIT = 0, 1
PLACE, CANCEL, AMEND, QUERY = range(4)
ACKED, FILLED, CANCELLED, TOO_LATE, BILL, AMENDED, UNMOVED, AGAIN, ANSWER = range(9)
"""UNMOVED: a change that was refused. AGAIN: a fill that was told before; ANSWER: to a question."""
USER, POST_ONLY, REDUCE_ONLY, FILLED_SO = range(4)
"""Why an order was cancelled. FILLED_SO: it was changed to what had filled."""
THROUGH, QUEUED, CAME = 0, 1, 2
"""How a quote was filled."""


class Offer(Row):
    """The one order of a side, from decision to end: the sleeve's fields and the venue's."""

    number: int
    sign: int
    ticks: int
    lots: int
    role: int
    tag: int
    # --- the sleeve's side
    alive: int
    live: int
    """The venue has taken it."""
    filled: int
    cancelling: int
    created: int
    updated: int
    placing: int
    """It leaves when this step is over; the same of its cancel."""
    pulling: int
    moving: int
    asking: int
    amending: int
    """A change is on its way."""
    aim_ticks: int
    """What it shall become; ``aim_lots`` with what has filled."""
    aim_lots: int
    asked: int
    """When the venue was asked about it; 0 = nobody waits for its answer."""
    hold: int
    """Until then it is left alone, for a change was refused; 0 = it may be cancelled and changed."""
    # --- the venue's side
    there: int
    venue_id: int
    done: int
    price: int
    size: int


class Letter(Row):
    """A request of ours, or a report of the venue, on its way."""

    at: int
    no: int
    what: int
    side: int
    """Which of the two orders; ``number`` tells whether it is still the same."""
    number: int
    arg: int


class Line(Row):
    """A fill, with what is to be known of its order."""

    ts: int
    heard: int
    """0 = nobody has told us yet."""
    number: int
    venue_id: int
    created: int
    order_ticks: int
    order_lots: int
    lots: int
    before: int
    """Lots of the order that had been filled."""
    sign: Short
    note: Short
    role: Short
    tag: Short


class Lane(Row):
    """A way of letters: ``matching.world.Lane``. ``kind``: 0 constant, 1 jitter."""

    kind: int
    base: int
    spread: int
    seed: int
    sent: int
    last: int
    first: int
    """The oldest letter on its way, and how many have been sent."""
    end: int


class Trader(Row):
    """What the machine's row remembers besides, where it decides by itself."""

    # --- the instrument
    per_lot: float
    tick_m: int
    """The tick is ``tick_m / 10 ** tick_k``, the lot ``lot_m / 10 ** lot_k``."""
    tick_k: int
    lot_m: int
    lot_k: int
    least: int
    """Lots of the smallest order."""
    most: int
    """Lots of the largest one; 0 = no limit."""
    unit: float
    """Worth of a lot at a price of one tick."""
    fee: float
    """Of a maker, fraction of the worth."""
    min_worth: float
    """The least worth of an order; 0 = the venue names none."""
    venue_band: float
    largest: int
    """Lots of the largest position that the venue's margin table knows."""
    why_ts: int
    # --- the sleeve
    wished: int
    bid_ticks: int
    """What the wish in force shows; lots of 0 = nothing."""
    bid_lots: int
    ask_ticks: int
    ask_lots: int
    tag: int
    have: int
    """Lots held, as we have heard."""
    number: int
    """Of the next order."""
    retry_at: int
    reduce_at: int
    crossings: int
    crossed_at: int
    """Price of the last quote that would have taken (ticks); 0 = there was none."""
    answer_ms: int
    answer_ts: int
    # --- the limits of its gate
    placed: int
    changed: int
    second_orders: int
    """The most in a second and a minute, of orders and of changes."""
    minute_orders: int
    second_changes: int
    minute_changes: int
    min_confidence: float
    apart: float
    """How far the last price and the mark may surely be from each other, fraction."""
    beyond: float
    """How far on the dear side of the market a quote may surely be, likewise."""
    room_worth: float
    """Largest position, quote currency, and as a fraction of equity."""
    room_equity: float
    depth_over: float
    """What the book must show over what is entered; 0 = it is not asked."""
    # --- the venue
    held: int
    """Lots held, as the venue has it."""
    cash: float
    """Before the first fill."""
    flow: int
    """Ticks times lots bought, less those sold, of all fills."""
    volume: int
    """The same, added up."""
    heard_flow: int
    """Both, of the fills that we have heard of."""
    heard_volume: int
    taken: int
    """Orders that the venue has taken."""
    told: int
    """The venue has reported something about the event at hand."""
    lines: int
    room: int
    at_o: int
    at_lane: int
    at_letters: int
    at_line: int
    at_placed: int
    at_changed: int
