"""News about the world around: lines that fall and rise, data that is wrong, and when to wake up next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cockpit.core import approving, breaking, ended, guarding, halting, lifecycle, paying, reckoning, watch
from cockpit.core import events as ev
from cockpit.core.breakers import Breaker
from cockpit.core.intents import Outcome
from cockpit.core.slots import Market, Slot, on_grid
from cockpit.core.state import State
from cockpit.core.stops import Layer
from cockpit.core.turn import NOTHING, Turn
from cockpit.core.types import InstrumentState

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

SAID_AT = frozenset((1, 10, 100, 1_000, 10_000, 100_000))


def on_link(state: State, event: ev.Link, turn: Turn) -> None:
    """A channel came up or went down. What was missed on the private one is read back.

    The first word of a process is that it connects: no alarm, but a line that is not there. One that does not
    come up is the breaker's (``links``).
    """
    known = state.links.get(event.channel)
    if known == event.up:
        return
    state.links[event.channel] = event.up
    level, message = ("good", "link.up") if event.up else ("alarm", "link.down")
    if known is None and not event.up:
        level, message = "info", "link.opening"
    turn.note(level, message, channel=event.channel, reason=event.reason)
    if event.up and event.channel == "private":
        state.unread = True
        lifecycle.read_account(state, f"link-{state.boot}-{state.seq}", "reconnected", turn)


def on_boot(markets: dict[str, Market], state: State, event: ev.Boot, turn: Turn) -> None:
    """A process starts: no price is fresh, and who was benched is said again."""
    for market in markets.values():
        market.book.clear()
        market.heard = 0
    state.marked.clear()
    reckoning.on_boot(state, event, turn)
    for sleeve in state.sleeves.values():
        if sleeve.benched and not sleeve.leg:
            turn.note("alarm", "sleeve.benched", sleeve.id, sleeve=sleeve.id, reason=sleeve.benched)


def on_interest(markets: dict[str, Market], event: ev.OpenInterest) -> Outcome:
    """Open interest decides nothing by itself; strategies may look at it."""
    market = markets.get(event.symbol)
    for slot in market.slots if market is not None else ():
        slot.view.open_interest = event.qty
    return NOTHING


def on_listing(markets: dict[str, Market], state: State, event: ev.Listing, turn: Turn) -> None:
    """An instrument is new or has changed: whoever trades it is decided again."""
    instrument = event.instrument
    known = state.instruments.get(instrument.symbol)
    state.instruments[instrument.symbol] = instrument
    approving.on_listing(state, event, turn)
    market = markets.get(instrument.symbol)
    if market is None:
        markets[instrument.symbol] = Market(instrument)
    elif known != instrument:
        market.instrument = instrument
        for slot in market.slots:
            slot.sleeve.faulted = 0  # what was refused under the old terms says nothing about the new ones
            slot.instrument = instrument
            slot.view.listed(instrument)
            if slot.sleeve.intent is not None:
                slot.sleeve.intent = on_grid(slot.sleeve.intent, instrument)
            turn.touch(slot.sleeve.id)
        if instrument.state is InstrumentState.EXPIRED and (
            known is None or known.state is not instrument.state
        ):
            _ended(state, instrument.symbol, turn)


def _ended(state: State, symbol: str, turn: Turn) -> None:
    """A market is gone for good: the venue takes its orders off and settles contracts. Read it back."""
    coins = not state.instruments[symbol].derivative
    turn.note("alarm", "market.ended_coins" if coins else "market.ended", symbol=symbol)
    if coins:
        ended.settle(state, symbol, turn)
    lifecycle.read_account(state, f"ended-{state.boot}-{state.seq}", "ended", turn)


def on_scan(state: State, event: ev.Scan, turn: Turn) -> None:
    """Markets have been ranked."""
    approving.on_scan(state, event, turn)


def on_fault(state: State, event: ev.DataFault, turn: Turn) -> None:
    """Counted always, said at powers of ten."""
    count = state.faults[event.what] = state.faults.get(event.what, 0) + 1
    if count in SAID_AT:
        turn.note("warn", "feed.fault", symbol=event.symbol, what=event.what, count=count)


def on_advice(_state: State, _event: ev.Advice, _turn: Turn) -> None:
    """Recorded in the journal; allocators that listen to it are plug-ins of their own."""


def on_timer(engine: Engine, state: State, event: ev.Timer, turn: Turn) -> None:
    """What was due by now: silences, read-backs, exits by the clock, sleeves that wait, timers."""
    lifecycle.overdue(state, turn)
    lifecycle.release(state, turn)
    reckoning.on_timer(state, turn)
    watch.on_timer(state, engine.watchers, turn)
    guarding.on_timer(state, turn)
    for slot in engine.slots.values():
        sleeve = slot.sleeve
        if sleeve.retry_at and sleeve.retry_at <= state.now:
            sleeve.retry_at = 0
            turn.touch(sleeve.id)
        if sleeve.reduce_at and sleeve.reduce_at <= state.now:
            sleeve.reduce_at = 0
            turn.touch(sleeve.id)
        if sleeve.timer_at and sleeve.timer_at <= state.now:
            sleeve.timer_at = state.now + slot.timer_ms
            if slot.on_timer is not None:
                slot.hear(state.now)
                engine.call(slot, slot.on_timer, turn, event)


def look_due(state: State, watchers: Sequence[Layer], breakers: Sequence[Breaker]) -> int:
    """Prices moved: when the account's stops or the breakers must look; 0 = nothing new is due."""
    times = [breaking.moved(state)] if breakers else []
    if watchers and watch.moved(state):
        times.append(state.watch.due)
    return min(times, default=0)


NEWS: dict[type, Callable[[State, Any, Turn], None]] = {
    ev.DataFault: on_fault,
    ev.Advice: on_advice,
    ev.Scan: on_scan,
    ev.FundingPaid: paying.on_funding,
}
"""Facts that need nothing but the State."""


def next_due(state: State, slots: Iterable[Slot]) -> int:
    """The earliest instant at which something is due; 0 = nothing is."""
    times = [*state.holds.values()]
    if state.halt is not None:
        times.append(halting.deadline(state))
    if state.read_at:
        times.append(reckoning.deadline(state))
    if state.orders:
        times += map(lifecycle.due_at, state.orders.values())
    for slot in slots:
        sleeve = slot.sleeve
        if sleeve.retry_at or sleeve.reduce_at or sleeve.timer_at:
            times += (sleeve.retry_at, sleeve.reduce_at, sleeve.timer_at)
        trade = sleeve.trade
        if trade is not None and trade.due and not trade.fired:
            times.append(trade.due)
    if state.watch.due or state.locks:
        times += (state.watch.due, *(lock.until for lock in state.locks.values()))
    if state.pulse.due or state.trips:
        times += breaking.due(state)
    due = min(filter(None, times), default=0)
    return max(due, state.now) if due else 0
