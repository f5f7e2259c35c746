"""Bugs put into the real code on purpose: about the gate, the wire, the kill switch, breakers and stops.

Importing this module registers them with ``planted``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.connectivity.offset import Offset
from cockpit.core import (
    breaking,
    deciding,
    drafting,
    halting,
    lifecycle,
    memory,
    outside,
    patience,
    reckoning,
)
from cockpit.core import events as ev
from cockpit.core.intents import Amend, Place
from cockpit.core.posture import Posture
from cockpit.core.reconcile import Desk
from cockpit.core.stops import Trade
from cockpit.risk.rules import price_band, tradable
from cockpit.workers import execution
from cockpit.workers.execution import Execution
from tests.simulation.planted import FUSED, PLANTS, THIRD, Patch, plant

__all__ = ["PLANTS"]


def without(patch: Patch, *names: str) -> None:
    """The gate forgets some of its rules."""
    real = deciding.approve

    def approve(intent: Any, context: Any, rules: Any, guard: str = "") -> Any:
        return real(intent, context, [rule for rule in rules if rule.name not in names], guard)

    patch.setattr(deciding, "approve", approve)


# --- what is known ---------------------------------------------------------------------------------------


@plant("silence", "stall")
def stale_is_fresh(patch: Patch) -> None:
    """Nobody looks at how old the market data are (F13, F18)."""
    without(patch, "stale_data")


@plant("crash")
def fresh_at_the_start(patch: Patch) -> None:
    """What was heard before a restart counts as heard now (seed 41 of the reliability report)."""
    real = reckoning.on_boot

    def on_boot(markets: Any, state: Any, event: Any, turn: Any) -> None:
        real(state, event, turn)
        for market in markets.values():
            market.heard = state.now

    patch.setattr(outside, "on_boot", on_boot)


@plant("crash")
def mark_of_yesterday(patch: Patch) -> None:
    """The mark from before a restart is the reference after it."""
    patch.setattr(price_band, "_too_old", lambda _symbol, _context: "")


@plant("crash", "lose_response")
def trades_before_it_has_read(patch: Patch) -> None:
    """A start asks for the account and goes on at once (F06). Its second lock, at the stream, is open too."""
    real = reckoning.on_boot

    def on_boot(state: Any, event: Any, turn: Any) -> None:
        real(state, event, turn)
        state.voices.pop(reckoning.BOOT)

    patch.setattr(reckoning, "on_boot", on_boot)
    _never_unread(patch)


@plant("cut")
def reconnected_is_read(patch: Patch) -> None:
    """The stream is up again, so everything is known again (F14; this engine until 2026-11-27)."""
    _never_unread(patch)


def _never_unread(patch: Patch) -> None:
    real = outside.on_link

    def on_link(state: Any, event: Any, turn: Any) -> None:
        real(state, event, turn)
        state.unread = False

    patch.setattr(outside, "on_link", on_link)


@plant("cut")
def deaf_and_trading(patch: Patch) -> None:
    """Entries go on while nobody hears of our own fills (F17)."""
    patch.setattr(tradable, "ACCOUNT", ())


@plant("hand_trade")
def hand_trade_is_ours(patch: Patch) -> None:
    """What a person has traded is taken out of the sleeves, like a liquidation (F51)."""
    real = lifecycle.owners

    def owners(state: Any, event: ev.Fill) -> Any:
        return real(state, msgspec.structs.replace(event, kind=ev.FillKind.TRADE))

    patch.setattr(lifecycle, "owners", owners)


@plant("hand_trade")
def fence_without_a_gate(patch: Patch) -> None:
    """Entries go on where a stranger holds the market too (I21)."""
    without(patch, "strangers")


@plant("adl", "liquidation")
def taken_from_nobody(patch: Patch) -> None:
    """ADL and liquidation are booked for nobody: sleeves go on with what they no longer have (F30)."""
    real = lifecycle.owners

    def owners(state: Any, event: ev.Fill) -> Any:
        taken = event.kind in (ev.FillKind.ADL, ev.FillKind.LIQUIDATION)
        return [("", event)] if taken else real(state, event)

    patch.setattr(lifecycle, "owners", owners)


@plant("halt", seeds=THIRD)
def any_word_resumes(patch: Patch) -> None:
    """A resume is a resume: nobody looks at the word (F32)."""
    real = halting.resume

    def resume(state: Any, event: ev.Command, turn: Any) -> bool:
        return real(state, msgspec.structs.replace(event, args={**event.args, "word": "RESUME"}), turn)

    patch.setattr(halting, "resume", resume)


@plant("clock", "crash")
def venue_time_by_our_clock(patch: Patch) -> None:
    """The difference of two clocks is kept, and somebody sets one (F47; these adapters until 2026-11-27)."""
    real = Offset.measured

    def measured(self: Offset, venue_ms: float, at: float, ours: Any) -> None:
        real(self, venue_ms, at, ours)
        self.kept = Offset.__dict__["now_ms"].fget(self)

    patch.setattr(Offset, "now_ms", Offset.__dict__["ms"], raising=False)
    patch.setattr(Offset, "measured", measured)
    patch.setattr(Offset, "ms", property(lambda self: self.kept))


@plant("bad_data", seeds=THIRD)
def crossed_book_is_a_book(patch: Patch) -> None:
    """Nobody asks whether the book is whole: bids above asks, or a side that is empty (F16)."""
    real = deciding.GateContext

    def context(*told: Any, book: Any = None, **more: Any) -> Any:
        return real(*told, **more)

    patch.setattr(deciding, "GateContext", context)


@plant("bad_data", seeds=THIRD)
def any_price_is_a_price(patch: Patch) -> None:
    """Quotes follow the feed wherever it goes: no collar around the mark (F19)."""
    without(patch, "price_band", "min_depth")


# --- what is asked at the wire ---------------------------------------------------------------------------


@plant("press", seeds=THIRD)
def wire_does_not_ask(patch: Patch) -> None:
    """The gate was asked, so nobody asks again at the wire (F31)."""
    patch.setattr(execution, "refused_at_wire", lambda *_told, **_more: "")


@plant("press", seeds=THIRD)
def kill_asked_at_the_queue(patch: Patch) -> None:
    """The switch is looked at when an order is queued, not when it leaves (F31)."""
    real, ask = Execution.put, Execution._stopped

    def put(self: Execution, action: Any, durable: Any) -> None:
        if why := ask(self, action):
            self._refuse(action, "halted", why)
        else:
            real(self, action, durable)

    patch.setattr(Execution, "put", put)
    patch.setattr(Execution, "_stopped", lambda self, action: "")


@plant("slow", "late", "disk_fail", "disk_full")
def unwritten_is_sent(patch: Patch) -> None:
    """The commit failed; the order goes all the same (F45)."""

    async def committed(self: Execution, action: Any, durable: Any) -> bool:
        return True

    patch.setattr(Execution, "_committed", committed)


@plant("lose_response", "late", "lose_request")
def cancel_timeout_is_cancelled(patch: Patch) -> None:
    """A cancel without an answer has surely worked (F10)."""
    real = Execution._doubt

    def doubt(self: Execution, action: Any, reason: str) -> None:
        order = self._state.order(getattr(action, "cid", ""))
        if isinstance(action, Place | Amend) or order is None:
            real(self, action, reason)
        else:
            self._put(ev.Cancelled(self._clock.now_ms(), action.cid, order.filled, "user"))

    patch.setattr(Execution, "_doubt", doubt)


# --- pauses, breakers, halts -----------------------------------------------------------------------------


@plant("refuse", "maintenance")
def refused_and_at_once_again(patch: Patch) -> None:
    """After a refusal the same is asked again in the next step (F52)."""
    patch.setattr(patience, "BACKOFF_MS", 0)


@plant("slow", "late")
def refused_cancel_at_once_again(patch: Patch) -> None:
    """A cancel that was refused is repeated at the speed of the road (F52)."""
    patch.setattr(lifecycle, "HOLD_MS", 0)


@plant("suspend", "halt", seeds=THIRD)
def suspension_is_a_fault(patch: Patch) -> None:
    """Refusals of a suspended market count as the strategy's, and bench it for good (F54)."""
    for module in (patience, lifecycle):
        patch.setattr(module, "paused", lambda _state, _symbol: False)


@plant("tick", "slow", "late", "refuse")
def stop_off_the_grid(patch: Patch) -> None:
    """The venue changes its tick; the wish in force keeps the old one (F54, seed 5006)."""
    patch.setattr(outside, "on_grid", lambda intent, _instrument: intent)


@plant("crash", seeds=FUSED)
def locks_lifted_by_restart(patch: Patch) -> None:
    """A protection's lock does not outlive the process (F32)."""
    _forgetting(patch, lambda state: state.locks.clear())


@plant("crash", "refuse", seeds=FUSED)
def breaker_reset_by_restart(patch: Patch) -> None:
    """An episode of a breaker ends with the process (F32)."""

    def forget(state: Any) -> None:
        for trip in state.trips.values():
            state.voices.pop(breaking.VOICE + trip.breaker, None)
        state.trips.clear()

    _forgetting(patch, forget)


@plant("crash")
def backoff_reset_by_restart(patch: Patch) -> None:
    """After a restart nobody knows how often the venue has refused."""

    def forget(state: Any) -> None:
        for sleeve in state.sleeves.values():
            sleeve.rejects = sleeve.faulted = sleeve.retry_at = 0

    _forgetting(patch, forget)


def _forgetting(patch: Patch, forget: Any) -> None:
    """A snapshot without something."""
    real = memory.read

    def read(raw: bytes) -> Any:
        remembered = real(raw)
        forget(remembered.state)
        return remembered

    patch.setattr(memory, "read", read)


@plant("refuse", "slow", seeds=FUSED)
def ladder_comes_down_at_once(patch: Patch) -> None:
    """A breaker's step falls with its reading, without the cool-down (I27)."""
    real = breaking.advance

    def advance(trip: Any, breaker: str, reading: Any, rungs: Any, now: int) -> Any:
        fallen = trip is not None and rungs.wanted(reading.value) < trip.step < Posture.HALT
        return real(None if fallen else trip, breaker, reading, rungs, now)

    patch.setattr(breaking, "advance", advance)


# --- stops -----------------------------------------------------------------------------------------------


@plant()
def trail_lets_go(patch: Patch) -> None:
    """A trailing stop follows the market back, too (F24)."""
    patch.setattr(Trade, "tighter", lambda self, level: level > 0 and level != self.level)


@plant()
def exit_of_the_account(patch: Patch) -> None:
    """An exit closes what the account holds, not what its sleeve has (F51)."""
    patch.setattr(
        Desk,
        "closable",
        lambda self, side: max(Decimal(0), -side.sign * self.account) if self.have else Decimal(0),
    )


@plant()
def unstamped(patch: Patch) -> None:
    """Orders do not say which version of the strategy decided them (I05)."""
    real = drafting.draft

    def draft(state: Any, **wish: Any) -> Place:
        place = real(state, **wish)
        state.orders[place.cid].version = ""
        return place

    patch.setattr(drafting, "draft", draft)
