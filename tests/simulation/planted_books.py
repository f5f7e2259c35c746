"""Bugs put into the real code on purpose: about money, the journal, restarts and what is asked of the venue.

Importing this module registers them with ``planted``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from cockpit.core import events as ev
from cockpit.core import lifecycle, memory, reckoning
from cockpit.core.ledger import Ledger
from cockpit.core.types import Instrument
from cockpit.workers import strategy
from cockpit.workers.inbox import Inbox
from tests.simulation.planted import LIMITED, PLANTS, SPOT, THIRD, Patch, plant

__all__ = ["PLANTS"]

# --- money -----------------------------------------------------------------------------------------------


@plant()
def rebate_is_a_fee(patch: Patch) -> None:
    """A fee is a fee: what a maker is paid is taken from him (F37)."""
    real = Ledger.apply_fill

    def apply(self: Ledger, fill: Any, *rest: Any) -> Any:
        return real(self, msgspec.structs.replace(fill, fee=abs(fill.fee)), *rest)

    patch.setattr(Ledger, "apply_fill", apply)


@plant("duplicate")
def bill_twice(patch: Patch) -> None:
    """Fills are told apart by their ids, bills are not (F36)."""
    real = Ledger._remember
    patch.setattr(Ledger, "_remember", lambda self, fact: fact.startswith("bill|") or real(self, fact))


@plant(seeds=SPOT)
def fee_in_coin_forgotten(patch: Patch) -> None:
    """What was bought on spot is held, whatever the venue kept of it as its fee (F37)."""
    real = Ledger.apply_fill

    def apply(self: Ledger, fill: Any, instrument: Any, *rest: Any) -> Any:
        ours = fill.fee_ccy != instrument.base or instrument.kind != "spot"
        return real(self, fill if ours else msgspec.structs.replace(fill, fee=Decimal(0)), instrument, *rest)

    patch.setattr(Ledger, "apply_fill", apply)


# --- what is heard and asked -----------------------------------------------------------------------------


@plant("hand_cancel", seeds=THIRD)
def missing_is_resting(patch: Patch) -> None:
    """An order that the venue no longer lists is believed to rest until somebody says otherwise (F30)."""
    patch.setattr(reckoning, "_ask_missing", lambda _state, _event, _turn: None)


@plant("half_read", "drop", seeds=THIRD)
def half_an_answer_is_whole(patch: Patch) -> None:
    """A read-back that failed half-way says that the account is flat (F40)."""
    real = Inbox.put

    def put(self: Inbox, event: Any) -> None:
        whole = isinstance(event, ev.AccountReport)
        real(self, msgspec.structs.replace(event, complete=True) if whole else event)

    patch.setattr(Inbox, "put", put)


@plant("lose_request", "lose_response", "drop")
def silence_sets_no_alarm(patch: Patch) -> None:
    """Orders that wait for an answer set no alarm: whether they are asked about is left to chance (F03)."""
    patch.setattr(lifecycle, "due_at", lambda _order: 0)


# --- the journal -----------------------------------------------------------------------------------------


@plant("disk_fail", "disk_full", "halt")
def failed_commit_is_acknowledged(patch: Patch) -> None:
    """Whoever gave a command hears that it was taken, also when the disk did not take it (F32, F45)."""

    def tell(waiting: Any, commit: Any) -> None:
        if not waiting.done():
            waiting.set_result(None)

    patch.setattr(strategy, "_tell", tell)


@plant("crash")
def orders_lost_in_snapshot(patch: Patch) -> None:
    """A snapshot keeps positions and money; open orders are read from the venue (F23)."""
    real = memory.read

    def read(raw: bytes) -> Any:
        remembered = real(raw)
        remembered.state.orders.clear()
        return remembered

    patch.setattr(memory, "read", read)


@plant("crash")
def numbers_begin_again(patch: Patch) -> None:
    """The counter of client ids begins at 1 in every process (F12)."""
    real = memory.read

    def read(raw: bytes) -> Any:
        remembered = real(raw)
        remembered.state.next_order = 1
        return remembered

    patch.setattr(memory, "read", read)


@plant("crash")
def stamp_lost_in_snapshot(patch: Patch) -> None:
    """After a restart orders carry no version: a sleeve forgets which one it trades (I05)."""
    real = memory.read

    def read(raw: bytes) -> Any:
        remembered = real(raw)
        for sleeve in remembered.state.sleeves.values():
            sleeve.release = ""
        return remembered

    patch.setattr(memory, "read", read)


# --- sizes and sides -------------------------------------------------------------------------------------


@plant(seeds=LIMITED)
def contracts_are_coins(patch: Patch) -> None:
    """One contract is worth a hundredth of what it is worth: the limit lets a hundred times as much (F35)."""
    from cockpit.core.gate import GateContext

    real = GateContext.unit.fget
    assert real is not None
    patch.setattr(
        GateContext, "unit", property(lambda self: real(self) * float(self.instrument.contract_value))
    )
    notional = GateContext.notional
    patch.setattr(
        GateContext,
        "notional",
        lambda self, qty: notional(self, qty) * float(self.instrument.contract_value),
    )


@plant(seeds=LIMITED)
def half_the_orders_counted(patch: Patch) -> None:
    """The limit of orders a second counts what has been answered (F52)."""
    from cockpit.core import drafting

    real = drafting._noted

    def noted(times: list[int], now: int) -> list[int]:
        kept = real(times, now)
        return kept[:-1] if len(kept) % 2 else kept

    patch.setattr(drafting, "_noted", noted)


@plant("suspend")
def lots_of_yesterday(patch: Patch) -> None:
    """Quantities are cut to a tenth of a lot (F54)."""
    real = Instrument.qty

    def qty(self: Instrument, value: Any) -> Decimal:
        fine = msgspec.structs.replace(self, lot=self.lot / 10)
        return real(fine, value)

    patch.setattr(Instrument, "qty", qty)
