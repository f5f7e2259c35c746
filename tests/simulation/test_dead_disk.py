"""A disk that takes nothing for a while: no order leaves, and what a person closes at the venue is booked.

This is what ``cockpit help disk`` tells them to do; the books must be whole once the disk works again.
"""

from __future__ import annotations

import pytest

from cockpit.core.events import Side
from cockpit.core.intents import Action, Place
from tests.simulation import disk
from tests.simulation.faults import Item, Plan
from tests.simulation.market import LINEAR
from tests.simulation.world import World

FROM_S, UNTIL_S = 15.0, 40.0
SECONDS = 60.0


class DeadDisk(World):
    """Nothing can be written from one instant to the other; in between somebody closes everything by hand."""

    def __init__(self, seed: int) -> None:
        plan = Plan(seed, SECONDS, only=("disk_full",))
        plan.schedule([])
        plan.moments = [Item("at", 1, "close_by_hand", 25.0)]
        super().__init__(seed, seconds=SECONDS, plan=plan)
        self.left: list[str] = []
        """Orders that left while the disk was dead and their decision cannot have been written."""
        self.closed = 0
        submitted = self.checker.submitted

        def watched(action: Action) -> None:
            if isinstance(action, Place) and self.dead and self.loop.time() > FROM_S + 0.1:
                self.left.append(action.cid)
            submitted(action)

        self.checker.submitted = watched  # type: ignore[method-assign]

    @property
    def dead(self) -> bool:
        return FROM_S < self.loop.time() < UNTIL_S

    def _trouble(self, what: str) -> str:
        return "fail" if self.dead and not self._dying else ""

    async def _happen(self, moment: Item) -> None:
        for held in self.truth.positions():
            if held.symbol == LINEAR.symbol and held.qty:
                side = Side.SELL if held.qty > 0 else Side.BUY
                self.truth.hand_trade(held.symbol, side, abs(held.qty), self.hub.now_ms())
                self.closed += 1
        self.hub.flush()


@pytest.mark.skipif(not disk.available(), reason="sqlite3 is linked statically here")
def test_what_is_closed_by_hand_beside_a_dead_disk_is_booked_when_it_works_again() -> None:
    closed = 0
    for seed in (0, 2, 3, 6):
        world = DeadDisk(seed)
        violation = world.run()
        assert not violation, f"seed {seed}: {violation}\n{world.history.tail(60)}"
        assert world.left == [], "an order left whose decision was not durable"
        closed += world.closed
    assert closed, "nobody held anything: nothing was tried"
