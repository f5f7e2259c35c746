"""Bugs put into the real code on purpose: about what the account held before the journal began.

Each undoes a mend of what a seed had shown. Importing this module registers them with ``planted``.
"""

from __future__ import annotations

from typing import Any

from cockpit.core import reckoning, strangers
from cockpit.core.ledger import Ledger
from cockpit.core.state import State
from tests.simulation.faults import HELD_FROM
from tests.simulation.planted import PLANTS, Patch, plant

__all__ = ["PLANTS"]
HELD = (HELD_FROM, 1)
"""Worlds in which the account may hold something when the journal begins."""


@plant("held", "hand_trade", seeds=HELD)
def overtaken_answer_opens(patch: Patch) -> None:
    """Two answers alike say what was held before, though a fill was heard after they were asked for (219)."""
    most = reckoning.ADOPTIONS
    patch.setattr(reckoning, "_opens", lambda state, _: not state.fills_proven and state.adoptions < most)


@plant("held", seeds=HELD)
def traded_on_is_not_adopted(patch: Patch) -> None:
    """What was held before is taken in only where nobody has traded on it since."""

    def adopt(state: State, event: Any, turn: Any) -> bool:
        ours = {(p.symbol, p.pos_side) for p in state.ledger.held()}
        taken = False
        for row in event.positions:
            key = row.symbol, row.pos_side
            if row.qty and row.entry > 0 and key not in ours:
                taken |= strangers._held_before(state, key, row.qty, row.entry, event.ts, turn)
        return taken

    patch.setattr(strangers, "adopt", adopt)


@plant("held", seeds=HELD)
def overtaken_answer_is_the_balance(patch: Patch) -> None:
    """The opening balance is what any answer says, whatever came or went since it was asked for (1793)."""
    bills: list[bool] = []
    real, booked = reckoning._adopt, State.booked

    def noted(method: Any) -> Any:
        def apply(self: Ledger, *told: Any) -> Any:
            new = method(self, *told)
            bills.extend([True] * bool(new))
            return new

        return apply

    def only_fills(self: State) -> None:
        if bills:
            bills.clear()
        else:
            booked(self)

    def adopt(state: State, event: Any, *told: Any) -> bool:
        asked, state.asked = state.asked, [event.request_id]
        try:
            return real(state, event, *told)
        finally:
            state.asked = [*asked, *state.asked[1:]]

    patch.setattr(Ledger, "apply_transfer", noted(Ledger.apply_transfer))
    patch.setattr(Ledger, "apply_funding", noted(Ledger.apply_funding))
    patch.setattr(State, "booked", only_fills)
    patch.setattr(reckoning, "_adopt", adopt)
