"""A version's shadow: the whole machine once more, on paper, beside the one that trades, on the same feed.

    hear(event) ──► its exchange (matching, fees, margin) ──► its engine: strategy, stops, gate, reconcile
                           ▲                                        │
                           └──────── requests, after the delay ─────┘   nothing of it ever leaves

It is the backtest's machine pushed by a live feed, so its fills mean what the backtest's mean. It lives in
the step, so a journal replays it and a snapshot holds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from cockpit.core import events as ev
from cockpit.core import memory, profit
from cockpit.core.intents import Action, Outcome
from cockpit.core.ledger import Ledger
from cockpit.core.matching import Exchange, Rules
from cockpit.core.release.records import Make
from cockpit.core.sizing import SizingSpec, fitted
from cockpit.core.state import Sleeve, new_state
from cockpit.core.stops import Spec, equipped
from cockpit.core.turn import NOTHING
from cockpit.core.types import Instrument

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

MODE = "twin"
FAR = 1 << 62
REMEMBERED = 2_000
"""Fills and ended orders that its exchange can still be asked about."""
LONGEST = 10_000
"""Things that may happen between two facts; more is a machine that talks to itself."""


class Cast(msgspec.Struct, frozen=True):
    """Who plays: sleeves (one a leg), a fresh strategy and the stop layers and sizing it asks for."""

    sleeves: tuple[Sleeve, ...]
    kind: type
    strategy: Any
    stops: tuple[Spec, ...]
    sizing: SizingSpec | None = None


class Foundry(Protocol):
    """Makes what a version is made of. The application's: the core knows no plug-ins by name."""

    def cast(self, make: Make, instruments: dict[str, Instrument]) -> Cast:
        """Raises CockpitError in words when code, parameters or market are no longer what they were."""

    def delays(self) -> tuple[int, int]:
        """(request, report) delay of the simulated venue, ms."""

    def rules(self) -> Rules:
        """How the simulated venue matches."""


class Twin:
    """One version's shadow. ``sleeves`` are its own, of the same names as the account's would be."""

    def __init__(self, engine: Engine, exchange: Exchange, delays: tuple[int, int]) -> None:
        self.engine = engine
        self.exchange = exchange
        self.delays = delays
        self.symbols = frozenset(engine.markets)
        self.out: deque[tuple[int, Action]] = deque()
        self.back: deque[tuple[int, ev.AnyEvent]] = deque()
        self.wake = FAR
        """The earliest instant at which something of its own happens: nothing need be looked at before."""
        self.asked: dict[str, float] = {}
        """Client id → price when the order was decided."""

    def look(self) -> None:
        """Work out ``wake`` anew."""
        wake = min(self.engine.deadline or FAR, self.exchange.wake)
        for row in (self.out, self.back):
            if row and row[0][0] < wake:
                wake = row[0][0]
        self.wake = wake

    @property
    def profit(self) -> float:
        """What it has brought so far, money."""
        return float(profit.pnl(self.engine.state))

    @property
    def capital(self) -> float:
        """What it sizes against now."""
        state = self.engine.state
        return state.equity() * next(iter(state.sleeves.values())).share

    def hear(self, event: ev.Event) -> list[tuple[ev.Event, Outcome]]:
        """A fact of the common feed; returns what it learned and decided, in order."""
        heard: list[tuple[ev.Event, Outcome]] = []
        if event.ts >= self.wake:
            self._pass(event.ts, heard)
        if event.__class__ is ev.Boot:  # nobody listened for a while: no price is fresh
            self._step(event, heard)
            self.look()
        elif (event.__class__ in ev.MARKET or event.__class__ is ev.Listing) and _symbol(
            event
        ) in self.symbols:
            self.exchange.market(event, event.ts)  # type: ignore[arg-type]
            if self.exchange.reports:
                self._collect(event.ts)
            self._step(event, heard)
            self.look()
            if event.ts >= self.wake:
                self._pass(event.ts, heard)
        return heard

    def _pass(self, until: int, heard: list[tuple[ev.Event, Outcome]]) -> None:
        """Everything that was on its way and arrives by then."""
        for _ in range(LONGEST):
            self.look()
            due = self.wake
            if due > until:
                break
            if self.back and self.back[0][0] <= due:
                at, report = self.back.popleft()
                self._step(msgspec.structs.replace(report, ts=at), heard)
            elif self.out and self.out[0][0] <= due:
                at, action = self.out.popleft()
                self.exchange.request(action, at)
                self._trade_on_bars(at)
                self._collect(at)
            elif self.exchange.wake <= due:
                self.exchange.advance(due)
                self._collect(due)
            else:
                self._step(ev.Timer(due), heard)

    def _trade_on_bars(self, at: int) -> None:
        """Where bars are all there is, an order trades at the last close: the next open is not known yet."""
        for symbol, _, tf in self.exchange.waiting():
            price = self.engine.state.last.get(symbol, 0.0)
            if price > 0:
                self.exchange.opening(ev.Bar(at + tf, symbol, tf, price, price, price, price, 0.0))

    def _step(self, event: ev.Event, heard: list[tuple[ev.Event, Outcome]]) -> None:
        outcome = self.engine.step(event)
        if outcome is NOTHING:
            return
        heard.append((event, outcome))
        for action in outcome.actions:
            self.out.append((self.engine.state.now + self.delays[0], action))

    def _collect(self, ts: int) -> None:
        for report in self.exchange.reports:
            self.back.append((max(ts, report.ts) + self.delays[1], report))
        self.exchange.reports.clear()
        self.exchange.forget(REMEMBERED)


def _symbol(event: ev.Event) -> str:
    return event.instrument.symbol if isinstance(event, ev.Listing) else getattr(event, "symbol", "")


def build(engine: Engine, cast: Cast, foundry: Foundry, strategy: Any = None) -> Twin:
    """A twin beside ``engine``, as rich as it is now; it knows nothing of the market yet.

    ``strategy``: one that is warm already, instead of a fresh one.
    """
    state = engine.state
    known = {sleeve.symbol: state.instruments[sleeve.symbol] for sleeve in cast.sleeves}
    ledger = Ledger(mode=state.ledger.mode, margin_mode=state.ledger.margin_mode)
    cash = max(Decimal(1), state.exact_equity())
    own = new_state(state.currency, MODE, cash, ledger)
    own.instruments.update(known)
    own.now = state.now
    own.sizing, own.stop_price, own.history_bars = state.sizing, state.stop_price, state.history_bars
    ledger.leverages.update({s: lever for s, lever in state.ledger.leverages.items() if s in known})
    venue = msgspec.structs.replace(
        foundry.rules(), position_mode=ledger.mode, margin_mode=ledger.margin_mode
    )
    machine = type(engine)(own, engine.rules)
    twin = Twin(machine, Exchange(known, {state.currency: cash}, venue), foundry.delays())
    slots = machine.add_group([msgspec.structs.replace(s) for s in cast.sleeves], strategy or cast.strategy)
    for slot in slots:
        guard = equipped(None, [*engine.usual, *cast.stops], slot.sleeve.stop_tf)
        machine.guard(slot, guard, fitted(None, cast.sizing))
    for symbol, price in state.last.items():
        if symbol in known:
            own.last[symbol] = price
    heard: list[tuple[ev.Event, Outcome]] = []
    twin._step(ev.Boot(state.now, 1, MODE, "", ""), heard)
    twin.look()
    return twin


# --- snapshots --------------------------------------------------------------------------------------------


def recalled(engine: Engine, frozen: memory.TwinMemory, cast: Cast, foundry: Foundry) -> Twin:
    """One from its snapshot. Raises ``msgspec.ValidationError`` for another build's bytes."""
    remembered = memory.read(frozen.engine)
    state = remembered.state
    machine = type(engine)(state, engine.rules)
    memory.thaw(machine, remembered, dict.fromkeys((s.id for s in cast.sleeves), cast.kind))
    venue = msgspec.structs.replace(
        foundry.rules(), position_mode=state.ledger.mode, margin_mode=state.ledger.margin_mode
    )
    exchange = Exchange(state.instruments, {}, venue)
    exchange.restore(frozen.exchange)
    twin = Twin(machine, exchange, foundry.delays())
    twin.out.extend(frozen.out)
    twin.back.extend(frozen.back)
    twin.asked = frozen.asked
    machine.deadline = frozen.deadline
    twin.look()
    return twin


def copy_of(strategy: Any, kind: type) -> Any:
    """The same strategy with the same memory, as an object of its own."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(strategy), type=kind)


def warmed(twin: Twin, bars: Sequence[ev.Bar]) -> None:
    """Let its strategy hear closed bars from before; what it wanted then never happened."""
    given = frozenset((bar.symbol, bar.tf) for bar in bars)
    for bar in sorted(bars, key=lambda bar: (bar.ts, -bar.tf)):
        market = twin.engine.markets.get(bar.symbol)
        if market is None:
            continue
        twin.engine.state.last[bar.symbol] = bar.close
        for slot in market.bars:
            slot.warm(bar, given)
    for slot in twin.engine.slots.values():
        slot.want.forget()
