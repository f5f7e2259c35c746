"""More bugs put into the real code on purpose: about disks, clocks and changed rules.

Importing this module registers them with ``planted``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.adapters.store import schema
from cockpit.app import recovery
from cockpit.app.wiring import MS, WallClock
from cockpit.core import deciding, ended, halting, lifecycle, reconcile, restop
from cockpit.core import events as ev
from cockpit.core.intents import Amend
from cockpit.core.orders import TERMINAL
from cockpit.core.view import View
from tests.simulation.faults import LAST_FROM, SIGNED_FROM, TRACES_FROM
from tests.simulation.planted import PLANTS, Patch, plant

__all__ = ["PLANTS"]
ENDS = (TRACES_FROM, 1)
"""Worlds in which a market may end."""

# --- the venue's rules change ---------------------------------------------------------------------------


@plant("tick", "crash")
def old_tick_until_restart(patch: Patch) -> None:
    """A strategy sees the grid of its first day until the next restart (F54, seed 3008)."""
    real = View.listed

    def listed(self: View, instrument: Any) -> None:
        if not hasattr(self, "tick"):
            real(self, instrument)

    patch.setattr(View, "listed", listed)


@plant("refuse", "maintenance")
def maintenance_is_a_fault(patch: Patch) -> None:
    """Refusals of our own side count as the strategy's (F53, seed 22)."""
    patch.setattr(lifecycle, "NOT_SENT", frozenset())


# --- clock and disk -------------------------------------------------------------------------------------


@plant("clock", "lose_request", "drop")
def clock_goes_back(patch: Patch) -> None:
    """The process believes the machine's clock, whatever it says (F47)."""
    patch.setattr(WallClock, "now_ms", lambda self: self._wall() // MS)


@plant("power", "crash")
def journal_does_not_wait(patch: Patch) -> None:
    """The journal is written without waiting for the disk (F46)."""
    real = schema._settle
    patch.setattr(schema, "_settle", lambda connection, _synchronous: real(connection, "NORMAL"))


@plant("crash")
def rows_stay_lost(patch: Patch) -> None:
    """A start leaves the rows of orders as it finds them, without those that a death had cost."""
    patch.setattr(recovery, "_mend", lambda *_: None)


# --- stops that are changed where they rest -------------------------------------------------------------


@plant()
def amend_forgets_the_size(patch: Patch) -> None:
    """A stop that is changed where it rests keeps its size: what was bought since has none (F24)."""
    real = restop._amend

    def amend(order: Any, *told: Any) -> Amend:
        return msgspec.structs.replace(real(order, *told), qty=order.qty)

    patch.setattr(restop, "_amend", amend)


@plant("halt", "stall", "delay", seeds=(13_002_967, 1))
def old_answer_is_proof(patch: Patch) -> None:
    """A halt is proven by whatever answer comes, however long after it was asked for (seed 13002967)."""
    patch.setattr(halting, "PROOF_MS", 3_600_000)


# --- markets that end -----------------------------------------------------------------------------------


@plant("delist", seeds=ENDS)
def ended_is_traded(patch: Patch) -> None:
    """Exits and stops go on being sent to a market that is gone (F54)."""
    patch.setattr(deciding, "ENDED", None)


@plant("delist", seeds=ENDS)
def ended_is_left_to_the_sleeves(patch: Patch) -> None:
    """The venue settles what the account holds; what sleeves hold against each other stays for ever (F54)."""
    patch.setattr(lifecycle, "settle", lambda *_: None)
    patch.setattr(ended, "settle_all", lambda *_: None)


@plant("delist_coins", seeds=(LAST_FROM, 3))
def coins_stay_in_the_sleeve(patch: Patch) -> None:
    """Coins of a spot market that has ended stay a sleeve's own, which nobody can ever close (F54)."""
    real = ended.settle

    def settle(state: Any, symbol: str, *told: Any) -> None:
        if state.instruments[symbol].derivative:
            real(state, symbol, *told)

    patch.setattr(ended, "settle", settle)
    patch.setattr(lifecycle, "settle", settle)


# --- sending and hearing --------------------------------------------------------------------------------


@plant("drop", "lose_response", "lose_request")
def asked_once(patch: Patch) -> None:
    """An order without an answer is asked about once and never again (F03)."""
    patch.setattr(lifecycle, "overdue", lambda _state, _turn: None)


@plant("crash", "lose_request", "late", seeds=(SIGNED_FROM, 1))
def unknown_stop_is_cover(patch: Patch) -> None:
    """A stop whose fate nobody knows covers, though the venue has said that it does not know it (F23)."""
    patch.setattr(reconcile, "unseen", lambda _order: False)


@plant()
def part_is_whole(patch: Patch) -> None:
    """The first fill of an order ends it here; the rest still trades at the venue (F09)."""

    def fill_order(state: Any, order: Any, event: ev.Fill, turn: Any) -> None:
        order.filled += event.qty
        order.cost += event.qty * event.price
        lifecycle._move(state, order, "filled", event.ts, turn)
        if order.state in TERMINAL:
            state.retire(order)

    patch.setattr(lifecycle, "_fill_order", fill_order)
