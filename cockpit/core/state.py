"""Everything we know, folded from events. Serialisable as a whole: a snapshot is one msgpack blob.

Only the engine's modules write here; strategies and rules see windows (``View``, ``GateContext``).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.breakers import Pulse, Trip
from cockpit.core.config import SizingConfig
from cockpit.core.events import VenueOrder
from cockpit.core.hotlist import Hotlist
from cockpit.core.intents import Intent, Verdict
from cockpit.core.ledger import Ledger
from cockpit.core.mark_prices import MarkPrices
from cockpit.core.orders import Order, OrderKind, Role
from cockpit.core.posture import Posture, combine
from cockpit.core.receipt import Receipt
from cockpit.core.release.records import Release
from cockpit.core.returns import Track
from cockpit.core.shares import Applied
from cockpit.core.sizing import Size
from cockpit.core.stops import Lock, Trade, Watch, sleeve_key, symbol_key, version_key
from cockpit.core.types import ZERO, Instrument, PositionMode, PosSide, SleeveId, Stage

# Looked up once: naming a member of an enum is dear.
NET_MODE = PositionMode.NET
REFUSED = 1_000
"""Refusals of commands that are remembered."""
RECENT = 4_000
"""Ended orders kept in memory so that late news still finds them."""
ANSWERS = 20
"""Readings whose answers are still waited for when the books have never agreed."""


class Sleeve(msgspec.Struct):
    """A strategy version on one instrument, and what it wants now.

    A strategy that trades several instruments together is a group of sleeves, one a leg: each has its own
    wish, orders, position and book; they share the strategy object, and go off and on together.
    """

    id: SleeveId
    index: int
    strategy: str
    version: int
    symbol: str
    tf: int = 0
    frames: tuple[int, ...] = ()
    """Longer bars that it hears too (ms, rising), made from those of ``tf``."""
    group: SleeveId = ""
    """The group's first leg; empty = it stands alone."""
    leg: int = 0
    """Its place in the group."""
    stage: Stage = Stage.PAPER
    share: float = 1.0
    limit: float = 0.0
    """Largest position that its strategy allows itself, fraction of its share of equity; 0 = names none."""
    gearing: float = 0.0
    """The same for all legs of the group together."""
    pool: str = ""
    """Sleeves with the same name here share one capital; empty = it has its own."""
    on: bool = True
    benched: str = ""
    """Why it was taken off by the machine; empty = it was not."""
    intent: Intent | None = None
    approved: Intent | None = None
    """What the gate left of the intent."""
    verdicts: tuple[Verdict, ...] = ()
    tag: str = ""
    trades: int = 0
    rejects: int = 0
    """Refusals in a row, our own side's too; sending slows down with each."""
    faulted: int = 0
    """Those of them that the venue itself gave while it takes orders: too many bench it."""
    retry_at: int = 0
    """Entries wait until then, and the sleeve is looked at again."""
    reduce_at: int = 0
    """Exits and protection wait until then: refused ones are not repeated at the speed of the road."""
    crossed: int = 0
    """How often in a row its quote at ``crossed_price`` would have taken."""
    crossed_price: Decimal | None = None
    timer_at: int = 0
    latency: int = 0
    """How long the venue took to answer the last request (ms)."""
    latency_ts: int = 0
    """When that was; 0 = no answer yet."""
    entries: list[int] = []
    """When its last entries at market were decided."""
    banked: float = 0.0
    """What it had brought when it was last flat, settle money."""
    losses: int = 0
    """Losing trades in a row."""
    lost_at: int = 0
    stop_tf: int = 0
    """Length of the bars that its stop layers look at (ms); 0 = none."""
    trade: Trade | None = None
    """The open position as its stop layers see it; None when flat or without layers."""
    tuned: dict[str, int] = {}
    """Version of each adaptive stop parameter."""
    unprotected: int = 0
    """Protective stops that the venue refused in a row."""
    refusal: str = ""
    """What the venue said."""
    stop_price: str = ""
    """Which price sets off its protective stops; empty = ``State.stop_price``."""
    size: Size | None = None
    """What its sizing made of the wish in force; None = the strategy's own size stands."""
    armed: int = 0
    """Step in which a person last wished here, the only one for an entry; 0 = never, below 0: it waits."""
    release: str = ""
    """Id of its version (``core.release``): stamped on each of its orders; empty = a person's own sleeve."""
    leaving: str = ""
    """Its version has left the account: ``running_out`` enters nothing more, ``closing`` leaves at market."""
    capital: float = 0.0
    """Most that all canaries together may hold, fraction of equity; 0 = it is no canary."""


class HaltState(msgspec.Struct):
    """A kill in progress or confirmed. Only ``resume`` by a human removes it."""

    since: int
    by: str
    flatten: bool
    phase: str = "asked"
    reads: int = 0
    read_at: int = 0  # when the venue was last asked to be read back
    asking: dict[str, int] = {}
    """Read-backs whose answer would still prove something: request id → when it was asked for."""
    confirmed: int = 0
    entries_open: int = 0
    positions_open: int = 0
    detail: str = ""  # what is still open, in words
    asked: int = 0
    """When this halt, or its turning into a flatten, was asked for."""
    asker: str = ""
    closed: int = 0
    """When the flag at the wire closed (UTC ms of the process); 0 = it was closed already."""
    entries: list[str] = []
    """Every entry that it had to get rid of, by client id."""
    held: dict[str, Decimal] = {}
    """``sleeve|symbol|side`` → what was held when it was asked for."""
    clean_at: int = 0
    """First instant without an open entry; 0 = there are some."""
    flat_at: int = 0
    """First instant with everything closed that was to be closed."""
    alarm_at: int = 0
    """When it is said again that it is not done."""
    alarms: int = 0
    failed: int = 0
    """Read-backs that showed something still open."""
    receipt: Receipt | None = None
    """Proof, once the venue has given it."""


class State(msgspec.Struct):
    """The fold."""

    currency: str
    mode: str
    ledger: Ledger
    seq: int = 0
    now: int = 0
    boot: int = 0
    next_order: int = 1
    instruments: dict[str, Instrument] = {}
    orders: dict[str, Order] = {}
    """Not proven dead, by client id."""
    caps: dict[str, Decimal] = {}
    """Client id of an entry → the most that the gate let its sleeve reach on its side when it was decided."""
    holds: dict[str, int] = {}
    """Client id → when an order that the venue has just refused to cancel or change may be tried again."""
    recent: dict[str, Order] = {}
    """Ended lately, oldest first."""
    sleeves: dict[SleeveId, Sleeve] = {}
    voices: dict[str, Posture] = {}
    strangers: dict[str, VenueOrder] = {}
    """Resting orders of the account that are not ours, as last read back, by their id."""
    dismissed: dict[str, int] = {}
    """Strangers' orders that a person had cancelled here → readings in which they were still seen."""
    claims: bool = False
    """Do our sleeves take over positions that they did not make (``risk.strangers = claim``)?"""
    halt: HaltState | None = None
    links: dict[str, bool] = {}
    unread: bool = False
    """The account's stream is up again, and what it missed has not been read back yet."""
    last: dict[str, float] = {}
    """Last trade, close or mid by symbol."""
    marks: dict[str, float] = {}
    marked: dict[str, int] = {}
    """When each mark was last heard in this process's life (engine's clock)."""
    rates: dict[str, float] = {}
    commands: dict[str, int] = {}
    """Command ids already obeyed → seq."""
    reconciled: bool = False
    suspicions: int = 0  # consecutive read-backs that disagreed with the ledger
    fills_at_read: int = 0
    fills: int = 0
    faults: dict[str, int] = {}
    illegal: int = 0
    """Order events that the transition table refused."""
    placed: list[int] = []
    changed: list[int] = []
    """When cancels and amends were sent within the last minute; ``placed``: when orders were."""
    rigid: list[OrderKind] = []
    """Kinds of waiting orders that this venue has said it does not change."""
    last_fact_ts: int = 0
    digest: bytes = bytes(32)
    """sha256 chain over every recorded Outcome."""
    fills_proven: int = 0
    """Up to this instant our fills are known to be all of the venue's (the books agreed)."""
    adopting: list[str] | None = None
    """Readings asked for since the opening balance was last taken, or something was booked; None = it is not
    in doubt."""
    adoptions: int = 0
    asked: list[str] = []
    """Readings asked for since the last fill or bill was heard; kept until the books have agreed once."""
    read_at: int = 0  # when the venue was last asked to be read back; 0 = it has answered
    history: dict[str, Track] = {}
    """Returns of each market, where a rule asks for them."""
    history_bars: int = 0
    """How many are kept; 0 = none."""
    locks: dict[str, Lock] = {}
    """Entries that are closed, by whose they are: ``version:ema_trend@1``, ``sleeve:…``, ``symbol:…``."""
    refusals: dict[str, tuple[str, dict[str, str]]] = {}
    """Command id → why what a person wanted applied was not done (message id, its numbers)."""
    undo: dict[str, str] = {}
    """What would undo the last thing done by hand; empty = nothing would."""
    watch: Watch = msgspec.field(default_factory=Watch)
    trips: dict[str, Trip] = {}
    """Running episodes of circuit breakers, by ``breaker|about``."""
    pulse: Pulse = msgspec.field(default_factory=Pulse)
    stop_price: str = "mark"
    """Which price sets off protective stops: mark | last | index."""
    delever: float = 0.5
    """What the first rung of the breakers leaves of a wish."""
    hotlist: Hotlist = msgspec.field(default_factory=Hotlist)
    capital: Applied = Applied()
    """The last change of shares."""
    sizing: SizingConfig = SizingConfig()
    """Thresholds and limits of the account that sizings keep to."""
    release: Release = msgspec.field(default_factory=Release)
    tighter: dict[str, float] = {}
    """Limits of ``[risk]`` that a person has made smaller than the settings (``core.tighter``)."""

    @property
    def posture(self) -> Posture:
        return combine(self.voices)

    def refuse(self, command_id: str, message: str, words: dict[str, str]) -> None:
        """Keep why a command was not obeyed, for whoever gave it."""
        self.refusals[command_id] = (message, words)
        if len(self.refusals) > REFUSED:
            del self.refusals[next(iter(self.refusals))]

    def said(self, voice: str) -> str:
        """Why a voice speaks, in words: an account stop that fired, a person who stopped entries."""
        lock = self.locks.get(voice)
        return self.watch.stopped.get(voice, lock.reason if lock is not None else "")

    def order(self, cid: str) -> Order | None:
        """Our order by client id, alive or lately ended."""
        return self.orders.get(cid) or self.recent.get(cid)

    def retire(self, order: Order) -> None:
        """Move an ended order out of the working set."""
        self.holds.pop(order.cid, None)
        self.caps.pop(order.cid, None)
        if self.orders.pop(order.cid, None) is not None:
            self.recent[order.cid] = order
            if len(self.recent) > RECENT:
                del self.recent[next(iter(self.recent))]

    def position(self, sleeve: SleeveId) -> Decimal:
        """A sleeve's own signed quantity (virtual sub-book)."""
        return self.ledger.sleeve_qty(sleeve)

    def legs(self, sleeve: SleeveId) -> tuple[Decimal, Decimal]:
        """(long, short) of a sleeve; on a long/short account it may hold both at once.

        Below 0 there: orders of several sleeves closed more than their own, and this one owes the others.
        """
        if self.ledger.mode is NET_MODE:
            have = self.position(sleeve)
            return max(ZERO, have), max(ZERO, -have)
        rows = {book.pos_side: book.qty for book in self.ledger.sleeve_books(sleeve)}
        net = rows.get(PosSide.NET, ZERO)  # spot
        return rows.get(PosSide.LONG, net), -rows.get(PosSide.SHORT, ZERO)

    def account_legs(self, symbol: str) -> tuple[Decimal, Decimal]:
        """The same of the account, all sleeves together."""
        long, short = (self.ledger.position(symbol, side) for side in (PosSide.LONG, PosSide.SHORT))
        return long.qty if long else ZERO, -short.qty if short else ZERO

    def watches(self, sleeve: Sleeve, instrument: Instrument) -> str:
        """Which price sets off an order of this sleeve that waits; a spot market has only the last."""
        return (sleeve.stop_price or self.stop_price) if instrument.derivative else "last"

    def orders_of(self, sleeve: SleeveId) -> list[Order]:
        return [o for o in self.orders.values() if o.sleeve == sleeve]

    def group(self, sleeve: Sleeve) -> list[Sleeve]:
        """The legs it trades with, itself included, in their order."""
        if not sleeve.group:
            return [sleeve]
        return [other for other in self.sleeves.values() if other.group == sleeve.group]

    def bench(self, sleeve: Sleeve, reason: str) -> list[Sleeve]:
        """Take a sleeve off, and with it its group: half a pair is a bet. Returns those that were on."""
        found = [leg for leg in self.group(sleeve) if not leg.benched]
        for leg in found:
            leg.benched = reason
        return found

    def price(self, symbol: str) -> float:
        """Mark if the venue sends one, else the last price; NaN when nothing was heard."""
        return self.marks.get(symbol) or self.last.get(symbol, float("nan"))

    def mark_prices(self) -> MarkPrices:
        """Marks as Decimals, for the ledger."""
        return MarkPrices(self.marks, self.last)

    def exact_equity(self) -> Decimal:
        """Account equity in ``currency``, to the last decimal."""
        return self.ledger.equity(self.instruments, self.mark_prices(), self.currency)

    def equity(self) -> float:
        """The same as a float: what strategies size with."""
        return float(self.exact_equity())

    def lock_on(self, sleeve: Sleeve) -> Lock | None:
        """What keeps this sleeve from entering now, if anything does; what holds one leg holds its group."""
        own = [key for leg in self.group(sleeve) for key in (sleeve_key(leg.id), symbol_key(leg.symbol))]
        for key in (*own, version_key(sleeve.strategy, sleeve.version)):
            lock = self.locks.get(key)
            if lock is not None and not 0 < lock.until <= self.now:
                return lock
        return None

    def asks(self, request_id: str) -> None:
        """The venue is asked to be read back; of answers to this request more is known."""
        if self.adopting is not None:
            self.adopting.append(request_id)
        if not self.fills_proven:
            self.asked = [*self.asked[-ANSWERS:], request_id]
        self.read_at = self.now

    def booked(self) -> None:
        """A fill or a bill was heard: answers to what was asked before may be older than it."""
        self.asked.clear()
        if self.adopting is not None:
            self.adopting.clear()

    def entries_open(self) -> list[Order]:
        """Orders that could still increase exposure."""
        return [o for o in self.orders.values() if o.role is Role.ENTRY]


def new_state(currency: str, mode: str, cash: Decimal, ledger: Ledger) -> State:
    """A fresh fold with starting cash."""
    ledger.balances[currency] = ledger.balances.get(currency, ZERO) + cash
    return State(currency=currency, mode=mode, ledger=ledger)
