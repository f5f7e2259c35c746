"""What the compiled machine remembers: rows of whole numbers and floats, the same in Python and compiled.

In Python a row is an object of these classes; compiled, it is a record of an array, and an attribute is a
fixed place in memory. ``dtype`` derives the second from the first. Prices are in ticks, orders in lots,
positions in atoms (parts of a lot: a spot buy pays its fee in the coin), times in UTC ms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cockpit.lab.compiled.rows import Row, Short

ENTRY, EXIT, PROTECT = 0, 1, 2
MARKET, STOP, TRIGGER, OCO = 0, 1, 2, 3
ARRIVED, ARMED, GONE = 0, 1, 2
FILL, BILL = 0, 1
QUIET, TOLD = 0, 1
"""Notes of bills: one that is added up when the money is looked at, one that travels as news."""


class Message(Row):
    """Something on its way, or due at an instant."""

    at: int
    rank: int
    number: int
    what: int
    arg: int


class Ticket(Row):
    """One order from decision to end: the sleeve's and the venue's, each side writes only its own fields."""

    number: int
    role: int
    kind: int
    sign: int
    lots: int
    bound: int
    """It may only close."""
    trigger: int
    take: int
    tag: int
    # --- the sleeve's side
    alive: int
    updated: int
    live: int
    cancelling: int
    asked: int
    amending: int
    """An amend is under way, which asks for what follows."""
    new_lots: int
    new_trigger: int
    new_take: int
    most: int
    """The larger of its sizes before and after."""
    # --- the venue's side
    there: int
    venue_id: int
    arrived: int
    phase: int
    rising: int


class Entry(Row):
    """A line of the books: a fill, or a funding bill."""

    kind: Short
    ts: int
    heard: int
    number: Short
    """Of the order; of the rate for a bill."""
    venue_id: Short
    trade: Short
    """Of a fill; for a bill its place in the order of news."""
    sign: Short
    lots: int
    """Of a fill; for a bill the position in atoms."""
    ticks: int
    note: Short
    tag: Short
    role: Short
    last: float
    """The price the sleeve knew when it heard of it."""
    price: float
    """Of a bill: what the position was valued at."""


class Due(Row):
    """``settlements.Settlement``."""

    when: int
    rank: int
    at: int
    rate: int


class Pen(Row):
    """``core.want.Want``."""

    dirty: bool
    sized: bool
    kept: bool
    quoting: bool
    weight: float
    qty: float
    stop: float
    take: float
    bid: float
    bid_qty: float
    ask: float
    ask_qty: float
    confidence: float
    tag: int


class Window(Row):
    """``core.view.View`` of a market that has only bars."""

    now: int
    position: float
    entry: float
    last: float
    mark: float
    funding_rate: float
    touch_ts: int
    resting: int
    latency: float
    latency_ts: int
    tf: int
    news: int
    equity_at: int
    equity_now: float
    tick: float
    lot: float
    min_qty: float
    contract_value: float
    maker_fee: float
    taker_fee: float
    inverse: bool
    can_short: bool
    bid: float
    ask: float
    bid_qty: float
    ask_qty: float
    mid: float
    book_ok: bool


class Tier(Row):
    """A row of the venue's margin table."""

    lots: int
    """The largest position."""
    rate: float
    """What it needs, as a fraction of its value."""
    lever: float


class Rate(Row):
    """A funding rate on the tape."""

    ts: int
    due: int
    rank: int
    """Before the bar of its instant, or after it."""
    settled: int
    rate: float
    hi: float
    """The rate as a pair."""
    lo: float
    near: int
    """It may be learned at once (``settlements.Schedule``)."""


class Machine(Row):
    """One run: settings first, then what has happened."""

    # --- the instrument and the account
    spot: int
    inverse: int
    atoms: int
    """Atoms of a lot."""
    fee_atoms: int
    """Atoms of a lot that a spot buy pays."""
    tick_m: int
    """The tick is ``tick_m / 10 ** tick_k``, the lot ``lot_m / 10 ** lot_k``, an atom likewise."""
    tick_k: int
    lot_m: int
    lot_k: int
    atom_m: int
    atom_k: int
    per_tick: float
    per_lot: float
    least: int
    """Lots of the smallest order."""
    most: int
    """Lots of the largest one; 0 = no limit."""
    min_hi: float
    """The least worth of an order, quote currency; 0 = the venue names none."""
    min_lo: float
    unit_hi: float
    """Worth of an atom at one tick; inverse: of an atom at a price of one tick, in grains of 1e-18."""
    unit_lo: float
    face_hi: float
    """``contract_value`` times an atom."""
    face_lo: float
    taker_hi: float
    taker_lo: float
    price_hi: float
    """The tick as a pair."""
    price_lo: float
    contract_value: float
    limit: float
    """Of the strategy's own position, over its capital; 0 = none."""
    leverage: float
    buffer: float
    base_per_lot: float
    taker: float
    tiers: int
    # --- the way there and back
    lag: int
    order_ms: int
    report_ms: int
    slippage: int
    grace: int
    tf: int
    # --- limits
    max_notional: float
    max_position: float
    max_leverage: float
    min_confidence: float
    max_margin_use: float
    max_latency: int
    latency_pause: int
    changes_second: int
    changes_minute: int
    max_entries: int
    entries_window: int
    per_second: int
    per_minute: int
    fresh: int
    share: float
    hears_fills: int
    hears_rates: int
    reads_rates: int
    """The strategy looks at ``view.funding_rate``."""
    start: int
    """When the tape begins, before bars and rates; 0 = with them."""
    # --- in flight
    queued: int
    count: int
    reported: int
    now: int
    heard: int
    deadline: int
    # --- the sleeve
    tickets: int
    number: int
    have: int
    wished: int
    aimed: int
    """The wish names a position: ``target``."""
    target: int
    stop: int
    take: int
    confidence: float
    tag: int
    rejects: int
    reduce_at: int
    trades: int
    ready: int
    placed: int
    changed: int
    entries: int
    latency: int
    latency_ts: int
    # --- its money, as heard of
    cash_hi: float
    cash_lo: float
    cash_err: float
    cost_hi: float
    cost_lo: float
    cost_err: float
    entry: float
    priced: float
    worth: float
    # --- the venue
    held: int
    taken: int
    filled: int
    fill_ts: int
    """When the last fill happened at the venue."""
    booked: int
    reference: float
    opening: int
    """Index of a bar whose open an order waits for; -1 = none."""
    next: int
    met: int
    last: int
    rates: int
    """Rates that have been read from the tape."""
    settled: int
    """Settlements that are past."""
    told: int
    """A rate that was told late has just been billed."""
    bill: int
    """Lines of the books before this one have been looked at for bills."""
    billed: int
    """When the last bill that woke nobody is heard of."""
    upto: int
    """The event being handled: its instant, and its place in the order of news."""
    upto_number: int
    money: float
    """Cash as if every contract had been paid for; in floats, with room to spare."""
    safe_low: float
    safe_high: float
    low: float
    high: float
    busy: int
    moved: int
    """Something of ours at the venue has changed since ``low``, ``high`` and ``busy`` were found."""
    due: int
    # --- the news that the strategy is asked about
    news_price: float
    news_qty: float
    news_sign: int
    news_rate: float
    news_due: int
    news_settled: int
    # --- addresses, where it runs compiled
    at_books: int
    room: int
    at_ts: int
    at_open: int
    at_high: int
    at_low: int
    at_close: int
    at_volume: int
    bars: int
    at_rates: int
    tape_rates: int
    at_dues: int
    settlements: int
    end: int
    """When the last rate or settlement has happened."""
    at_s: int
    """The strategy's own numbers."""
    at_f: int
    """Its lists."""
    floats: int
    at_columns: int
    """Addresses of the columns that it shares with other runs."""
    # --- where it stands
    stage: int
    index: int
    why: int
    why_ts: int
    # --- rows of its own
    q: list[Message]
    """Messages in flight."""
    o: list[Ticket]
    """Orders, oldest first."""
    sent_at: list[int]
    """When the newest orders were sent, a ring."""
    changed_at: list[int]
    """The same of cancels."""
    entered_at: list[int]
    """The same of entries."""
    tier: list[Tier]
    window: Window
    pen: Pen


class Desk(NamedTuple):
    """What every part of the machine is given: the machine, its books, and the tape."""

    m: Machine
    b: Any
    """Lines of the books."""
    ts: Any
    """Closes of the bars at the venue."""
    open: Any
    rates: Any
    dues: Any


class Stop(Exception):
    """Raised inside the machine where it does not know how the kernel would go on."""
