"""The kill matrix (MS-01): one fault at a time, a halt in the middle of it, and every receipt judged.

Asserted in every world: no entry leaves after the key; no line of a receipt is untrue at the venue
(``invariants.receipted``); once the fault is over there is a receipt. Printed per fault: from the key to the
instant at which no entry order rests at the venue, and to the receipt (virtual milliseconds, p50 / p99).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator

import pytest

from cockpit.core import events as ev
from cockpit.core.intents import Outcome
from cockpit.core.orders import Role
from tests.simulation.faults import REPORT, REQUEST, Item, Plan
from tests.simulation.world import World

FAULTS = (*REQUEST, *REPORT, "stall", "cut", "maintenance", "crash")
"""Twelve ways for links and processes to fail."""
SECONDS = 30.0
SEEDS = 3
SOAK_SEEDS = int(os.environ.get("COCKPIT_SOAK_KILLS", "50"))
LOOK_S = 0.01


class Drill(World):
    """A world with one kind of fault in which somebody presses the key once and never resumes."""

    def __init__(self, fault: str, seed: int) -> None:
        rng = random.Random(f"{seed}/{fault}/kill")
        plan = Plan(seed, SECONDS, rate=2.0, only=(fault,))
        moment = Item("at", 1, "halt", round(rng.uniform(8.0, 20.0), 3))
        plan.moments = sorted([m for m in plan.moments if m.kind != "halt"] + [moment], key=lambda m: m.size)
        super().__init__(seed, seconds=SECONDS, plan=plan)
        self.flatten = rng.random() < 0.5
        self.key = 0.0
        self.last_entry = 0.0
        self.receipt_at = 0.0

    async def _happen(self, moment: Item) -> None:
        if moment.kind != "halt":
            await super()._happen(moment)
            return
        self.key = self.last_entry = self.loop.time()
        watch = asyncio.create_task(self._look(), name="moments")
        if not self._dying and "crash" not in self.plan.classes:  # a flag in a process that dies is gone
            self.crew.kill.on = True
            self.checker.halted_at = self.history.add("person", "the key is pressed")
        await self.say("halt", flatten=str(int(self.flatten)))
        await watch

    async def _look(self) -> None:
        """Until faults are long over: when did an entry order last rest at the venue?"""
        while self.loop.time() < SECONDS + 5.0:
            if any(self.checker.role(order.cid) is Role.ENTRY for order in self.truth.open_orders()):
                self.last_entry = self.loop.time()
            await asyncio.sleep(LOOK_S)

    def _observe(self, event: ev.AnyEvent, outcome: Outcome) -> None:
        super()._observe(event, outcome)
        if any(note.message == "halt.receipt" for note in outcome.notes):
            self.receipt_at = self.receipt_at or self.loop.time()


def drill(fault: str, seed: int) -> Drill:
    world = Drill(fault, seed)
    violation = world.run()
    assert not violation, f"{fault} seed {seed}: {violation}\n{world.history.tail(60)}"
    assert world.receipt_at, f"{fault} seed {seed}: no receipt after the fault was over"
    return world


def percentiles(values: list[float]) -> str:
    rows = sorted(values)
    return " / ".join(f"{rows[min(len(rows) - 1, int(len(rows) * q))] * 1_000:,.0f}" for q in (0.5, 0.99))


def table(seeds: int, faults: tuple[str, ...] = FAULTS) -> Iterator[str]:
    yield f"{'fault':14} {'no entry rests':>18} {'receipt':>18}   ms, p50 / p99 of {seeds}"
    for fault in faults:
        worlds = [drill(fault, seed) for seed in range(100, 100 + seeds)]
        clean = percentiles([world.last_entry - world.key for world in worlds])
        proof = percentiles([world.receipt_at - world.key for world in worlds])
        yield f"{fault:14} {clean:>18} {proof:>18}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_kill_under_each_fault_ends_in_a_true_receipt(fault: str) -> None:
    for seed in range(100, 100 + SEEDS):
        drill(fault, seed)


@pytest.mark.soak
def test_the_whole_kill_matrix() -> None:
    for line in table(SOAK_SEEDS):
        print(line, flush=True)
