"""Bugs put into the real code on purpose: a simulator that does not find them finds nothing.

Each is a mistake that a real trading program has made, or that this one made until a seed showed it. The
first seed of each is measured, and ``WITHIN`` leaves room: any change elsewhere moves the schedule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cockpit.adapters.store.inline import InlineStore
from cockpit.core import closing, halting, lifecycle, memory, outside, proof, reckoning, reconcile
from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.intents import Place
from cockpit.core.ledger import Ledger
from cockpit.core.orders import OrderState, Role, transition
from cockpit.core.types import Side
from cockpit.workers.crew import Crew
from cockpit.workers.execution import Execution
from cockpit.workers.inbox import Inbox
from cockpit.workers.strategy import Kernel
from tests.simulation.faults import THIRD_FROM
from tests.simulation.stage import LIMITED_FROM

Patch = pytest.MonkeyPatch
Planter = Callable[[Patch], None]
PLANTS: dict[str, tuple[Planter, tuple[str, ...]]] = {}
"""By name: how it is planted, and the classes of faults it is hunted with."""
SEEDS: dict[str, tuple[int, int]] = {}
"""By name: the first seed of its hunt and the step, where not every world can show it."""
ALL = (0, 1)
FUSED = (1_003, 4)
"""Worlds with circuit breakers."""
THIRD = (THIRD_FROM, 1)
SPOT = (6_002, 3)
"""Worlds in which coins are traded too."""
LIMITED = (LIMITED_FROM, 12)
"""Worlds with limits that are reached."""


def plant(*focus: str, seeds: tuple[int, int] = ALL) -> Callable[[Planter], Planter]:
    """Register a bug under the name of its function."""

    def register(function: Planter) -> Planter:
        PLANTS[function.__name__] = function, focus
        SEEDS[function.__name__] = seeds
        return function

    return register


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Run with the bug ``name`` in place; empty = the real thing."""
    if not name:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        PLANTS[name][0](patch)
        yield


# --- sending --------------------------------------------------------------------------------------------


@plant()
def double_send(patch: Patch) -> None:
    """Every order goes out twice."""
    real = Execution._send

    async def send(self: Execution, action: Any) -> None:
        await real(self, action)
        if isinstance(action, Place):
            await real(self, action)

    patch.setattr(Execution, "_send", send)


@plant("lose_response")
def resend_after_timeout(patch: Patch) -> None:
    """No answer: send the same order again (F01)."""

    def doubt(self: Execution, action: Any, reason: str) -> None:
        if isinstance(action, Place):
            asyncio.get_running_loop().create_task(self._venue.submit(action))

    patch.setattr(Execution, "_doubt", doubt)


@plant("lose_response")
def new_id_after_timeout(patch: Patch) -> None:
    """No answer: send it again under a new client id (F01)."""
    real = Execution._doubt

    def doubt(self: Execution, action: Any, reason: str) -> None:
        real(self, action, reason)
        if isinstance(action, Place) and not action.cid.endswith("R"):
            again = msgspec.structs.replace(action, cid=f"{action.cid}R")
            asyncio.get_running_loop().create_task(self._venue.submit(again))

    patch.setattr(Execution, "_doubt", doubt)


@plant("late", "lose_response")
def timeout_is_rejection(patch: Patch) -> None:
    """No answer is booked as a refusal; the living order is forgotten (F02)."""

    def doubt(self: Execution, action: Any, reason: str) -> None:
        self._refuse(action, "timeout", reason)

    patch.setattr(Execution, "_doubt", doubt)


@plant("lose_request", "late")
def one_road(patch: Patch) -> None:
    """One request after the other, questions first: an answer overtakes the order it is about (seed 24)."""

    async def run(self: Execution) -> None:
        while True:
            if not (self._fast or self._slow):
                self._wake.clear()
                await self._wake.wait()
            while self._fast:
                await self._send(self._fast.popleft())
            if self._slow:
                action, durable = self._slow.popleft()
                if await self._committed(action, durable):
                    await self._send(action)

    def put(self: Execution, action: Any, durable: Any) -> None:
        (self._slow.append((action, durable)) if isinstance(action, Place) else self._fast.append(action))
        self._wake.set()

    patch.setattr(Execution, "run", run)
    patch.setattr(Execution, "put", put)
    patch.setattr(Execution, "_given_up", lambda self, action: False)


@plant()
def journal_after_send(patch: Patch) -> None:
    """The order leaves, the journal hears of it a moment later (F05)."""
    real = Kernel._journal

    def journal(self: Kernel, facts: Any, outcomes: Any) -> bool:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        done.set_result(None)
        actions = [action for outcome in outcomes for action in outcome.actions]
        for action in actions:
            self.execution.put(action, done)
        bare = [msgspec.structs.replace(outcome, actions=()) for outcome in outcomes]
        real(self, facts, bare)
        return bool(actions)

    patch.setattr(Kernel, "_journal", journal)


@plant()
def cid_reused(patch: Patch) -> None:
    """Client ids count the orders in memory instead of those ever made (F12)."""
    from cockpit.core import drafting

    real = drafting.draft

    def draft(state: Any, **wish: Any) -> Place:
        state.next_order = len(state.orders) + len(state.recent) % 40 + 1
        return real(state, **wish)

    patch.setattr(drafting, "draft", draft)


# --- hearing --------------------------------------------------------------------------------------------


@plant()
def lost_fill(patch: Patch) -> None:
    """Every seventh fill never gets through the inbox, however often it is repeated (F09, F14)."""
    real = Inbox.put

    def put(self: Inbox, event: Any) -> None:
        if not (isinstance(event, ev.Fill) and event.trade_id.endswith("7")):
            real(self, event)

    patch.setattr(Inbox, "put", put)


@plant("duplicate")
def no_dedup(patch: Patch) -> None:
    """A fill that is told twice is booked twice (F07)."""
    real = Ledger.apply_fill

    def apply(self: Ledger, fill: Any, *rest: Any) -> Any:
        self.seen.clear()
        return real(self, fill, *rest)

    patch.setattr(Ledger, "apply_fill", apply)
    patch.setattr(Ledger, "has_fill", lambda self, fill: False)


@plant("crash")
def dedup_lost_in_snapshot(patch: Patch) -> None:
    """The snapshot forgets which fills were booked: repeated after a restart, they count again (F07)."""
    real = memory.read

    def read(raw: bytes) -> Any:
        remembered = real(raw)
        remembered.state.ledger.seen.clear()
        return remembered

    patch.setattr(memory, "read", read)


@plant("crash")
def group_split_in_snapshot(patch: Patch) -> None:
    """A restart gives each leg of a strategy an object of its own: they stop knowing of each other."""
    real = Engine.add_group

    def add_group(self: Engine, sleeves: Any, strategy: Any) -> Any:
        slots = real(self, sleeves, strategy)
        for slot in slots[1:] if self.state.seq else ():
            slot.strategy = deepcopy(strategy)
            slot.on_bar, slot.on_fill = slot.strategy.on_bar, slot.strategy.on_fill
        return slots

    patch.setattr(Engine, "add_group", add_group)


@plant()
def funding_as_trade(patch: Patch) -> None:
    """A funding row is booked as a fill (F36)."""

    def on_funding(state: Any, event: ev.FundingPaid, turn: Any) -> None:
        price = Decimal(repr(state.price(event.symbol)))
        row = ev.Fill(
            event.ts, "", "", event.bill_id, event.symbol, Side.BUY, price, Decimal("0.01"),
            -event.amount, event.ccy, False,
        )  # fmt: skip
        lifecycle.on_fill(state, row, turn)

    patch.setitem(outside.NEWS, ev.FundingPaid, on_funding)


@plant("late", "slow")
def cancel_refused_is_absent(patch: Patch) -> None:
    """A refused cancel is read as "it is gone" (F04)."""

    def on_cancel_reject(state: Any, event: ev.CancelReject, turn: Any) -> None:
        order = state.orders.get(event.cid)
        if order is not None:
            transition(order, "cancelled", event.ts)
            state.retire(order)
            turn.touch(order.sleeve)

    patch.setattr(lifecycle, "on_cancel_reject", on_cancel_reject)


@plant("late")
def not_found_is_proof(patch: Patch) -> None:
    """ "Not found" once closes the order, although the request may still arrive (F03)."""
    real = lifecycle.on_report

    def on_report(state: Any, event: ev.OrderReport, turn: Any) -> None:
        real(state, msgspec.structs.replace(event, proof=True), turn)

    patch.setattr(lifecycle, "on_report", on_report)


@plant("late")
def unknown_is_nothing(patch: Patch) -> None:
    """Orders without an answer do not count when the next one is decided (F29).

    The wire asks the same question once more and would stop it there, so its cap is gone too: with only one
    of the two broken nothing happens, which is what having two is for.
    """
    from cockpit.core import deciding
    from cockpit.workers import execution

    real = reconcile.reconcile
    wire = execution.refused_at_wire

    def decide(approved: Any, desk: Any) -> Any:
        desk.orders = [o for o in desk.orders if o.state is not OrderState.UNKNOWN]
        return real(approved, desk)

    patch.setattr(deciding, "reconcile", decide)
    patch.setattr(execution, "refused_at_wire", lambda *told, **_: wire(*told, grows=False))


# --- deciding -------------------------------------------------------------------------------------------


@plant("late")
def stop_of_the_other_side(patch: Patch) -> None:
    """While a position is turned round, the new side's stop is put on the old position (seed 6)."""
    patch.setattr(reconcile.Desk, "_stop_on", lambda self, side: False)
    real = reconcile._protection

    def protection(intent: Any, desk: Any, exiting: bool, layer: str = "") -> Any:
        return real(msgspec.structs.replace(intent, target=None), desk, False, layer)

    patch.setattr(reconcile, "_protection", protection)


@plant("halt")
def halt_confirmed_early(patch: Patch) -> None:
    """A flatten is over when the account nets to zero, whatever is still in flight (seed 50)."""
    patch.setattr(halting, "_still_closing", lambda state: False)
    patch.setattr(proof, "disagree", lambda state, event: [])
    patch.setattr(proof, "unsettled", lambda state: [])


@plant("halt", "crash")
def receipt_of_hope(patch: Patch) -> None:
    """A stop that is decided counts as one that rests: a receipt says covered, and nothing covers."""
    real = proof.keeping

    def keeping(state: Any, event: Any) -> Any:
        rows = []
        for row in real(state, event):
            own = [o for o in state.orders_of(row.sleeve) if o.role is Role.PROTECT]
            words = tuple(f"{o.cid} @ {o.trigger}" for o in own)
            covered = abs(row.qty) if proof.stop_wanted(state.sleeves[row.sleeve], row.qty) else row.covered
            rows.append(msgspec.structs.replace(row, covered=covered, stops=words))
        return tuple(rows)

    patch.setattr(proof, "keeping", keeping)
    patch.setattr(proof, "unsettled", lambda state: [])


@plant("delay", "drop")
def cash_alone(patch: Patch) -> None:
    """Reconciliation compares bare cash, which depends on the order of fills (seed 35)."""
    patch.setattr(reckoning, "_paid_in", lambda state, balances, costs: dict(balances))


@plant("partial", "delay")
def stop_not_resized(patch: Patch) -> None:
    """There is a stop, so the position is protected, whatever has been bought since (F24)."""
    patch.setattr(reconcile, "_guards", lambda order, intent, qty, watch: True)


@plant("crash")
def layers_lost_in_snapshot(patch: Patch) -> None:
    """After a restart nobody knows which stop layers a sleeve had (F23)."""
    from cockpit.app import layers

    real = layers.equip

    def equip(engine: Any, config: Any) -> None:
        if not engine.state.seq:
            real(engine, config)
            return
        for slot in engine.slots.values():
            engine.guard(slot, None)

    patch.setattr(layers, "equip", equip)


# --- keeping --------------------------------------------------------------------------------------------


@plant("crash")
def split_transaction(patch: Patch) -> None:
    """Facts and what they led to are two transactions (F41)."""
    real = InlineStore.append

    def append(self: InlineStore, events: Any, outcomes: Any = (), *rest: Any, **more: Any) -> Any:
        real(self, events, label="facts")
        return real(self, (), outcomes, *rest, **more)

    patch.setattr(InlineStore, "append", append)


@plant("halt", "crash")
def ack_before_commit(patch: Patch) -> None:
    """A command is acknowledged when it is queued (F32)."""
    real = Crew.command

    def command(self: Crew, *args: Any, **kwargs: Any) -> Any:
        real(self, *args, **kwargs)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    patch.setattr(Crew, "command", command)


@plant("halt", "crash")
def kill_not_persisted(patch: Patch) -> None:
    """The halt works, but the journal does not know it: a restart trades again (F32)."""
    real = InlineStore.append

    def append(self: InlineStore, events: Any, *rest: Any, **kwargs: Any) -> Any:
        kept = [(seq, ev.Timer(e.ts) if _is_halt(e) else e) for seq, e in events]
        return real(self, kept, *rest, **kwargs)

    patch.setattr(InlineStore, "append", append)


def _is_halt(event: Any) -> bool:
    return isinstance(event, ev.Command) and event.verb == "halt"


# --- sleeves that share a market ------------------------------------------------------------------------


@plant("slow", "delay")
def exit_beside_the_stop(patch: Patch) -> None:
    """An exit does not wait for the stop to be dead, though other sleeves hold the market too (F28)."""
    patch.setattr(reconcile, "_rivals", lambda *_: [])


@plant("slow", "delay")
def quote_beside_the_stop(patch: Patch) -> None:
    """A maker's quote is an exit like any other, though a stop closes the same and others are there (F28)."""
    patch.setattr(closing, "beside", lambda *_: closing.Closing.BOUND)


@plant()
def coins_promised_twice(patch: Patch) -> None:
    """On spot a quote is shown beside the stop: it freezes the coins that the stop would sell."""
    real = closing.beside

    def beside(*told: Any) -> closing.Closing:
        found = real(*told)
        return closing.Closing.BOUND if found is closing.Closing.WITHHELD else found

    patch.setattr(closing, "beside", beside)
    patch.setattr(reconcile, "_unbounded", lambda *_: [])


@plant("slow", "delay")
def net_is_mine(patch: Patch) -> None:
    """The account's position is as large as the sleeve's: so nobody else must be there (F28)."""
    patch.setattr(
        reconcile.Desk,
        "clipped",
        lambda desk, side, qty: desk.covered(side, qty) and abs(desk.account) >= qty,
    )
