"""The search over all true news knows the order table's dead rows, and finds what a planted handler adds."""

import pytest

from cockpit.core import events as ev
from cockpit.core import lifecycle
from cockpit.core.orders import TRANSITIONS, OrderState
from cockpit.core.state import State
from cockpit.core.turn import Turn
from tests.simulation import reachable

S = OrderState


def test_true_news_asks_for_nearly_all_rows_and_the_rest_is_explained() -> None:
    honest, all_ = reachable.reachable(), reachable.reachable(blind=True)
    assert honest < all_ < TRANSITIONS.keys()
    # An order whose cancel counts its fills stays alive until they are heard; so nothing is heard afterwards.
    assert all_ - honest == {(S.CANCELLED, "fill"), (S.CANCELLED, "filled")}
    assert {state for state, _ in TRANSITIONS.keys() - all_} == {S.UNKNOWN, S.CANCELLED, S.FILLED}


def test_a_handler_that_drops_a_check_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelled(state: State, event: ev.Cancelled, turn: Turn) -> None:
        """Without the question whether a fill is missing, and without looking whether the order has ended."""
        order = state.order(event.cid)
        assert order is not None
        lifecycle._move(state, order, "cancelled", event.ts, turn)

    monkeypatch.setitem(reachable.HANDLERS, ev.Cancelled, cancelled)
    other = reachable.reachable.__wrapped__()
    assert {(S.CANCELLED, "fill"), (S.CANCELLED, "cancelled"), (S.FILLED, "cancelled")} <= other
