"""Which rows of the order table can happen at all: every order of all that a venue may truthfully say.

An order of two lots has one of a few fates. Each fate has its facts (answers, pushes, a doubt of our own,
what a question would be answered). They are given to the engine's own handlers in every order, each as often
as one likes, except what this process says itself, which is said once; what the order knows by then is the
node of a search, so it ends. The words that the handlers asked of the table are what news can cause. Nothing
is listed by hand: a handler that is changed changes the answer.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any
from unittest.mock import patch

import msgspec

from cockpit.core import events as ev
from cockpit.core import lifecycle, orders
from cockpit.core.ledger import Ledger
from cockpit.core.orders import TRANSITIONS, Change, Order, OrderKind, OrderState, Role
from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO, Side
from tests.simulation.market import LINEAR

Pair = tuple[OrderState, str]
CID, VENUE_ID = "S1", "v1"
LOT, PRICE = Decimal(1), Decimal(60_000)


class Wished(msgspec.Struct, frozen=True):
    """Our own amend has been asked for: only then is what the venue says of one an answer."""

    change: Change


def _wished(state: State, event: Wished, _turn: Turn) -> None:
    order = state.orders.get(CID)
    if order is not None:
        order.amending = event.change


HANDLERS: dict[type, Callable[..., None]] = {
    Wished: _wished,
    ev.Sent: lifecycle.on_sent,
    ev.Ack: lifecycle.on_ack,
    ev.Reject: lifecycle.on_reject,
    ev.Unknown: lifecycle.on_unknown,
    ev.Fill: lifecycle.on_fill,
    ev.Cancelled: lifecycle.on_cancelled,
    ev.CancelReject: lifecycle.on_cancel_reject,
    ev.Amended: lifecycle.on_amended,
    ev.AmendReject: lifecycle.on_amend_reject,
    ev.OrderReport: lifecycle.on_report,
}


Said = ev.AnyEvent | Wished


def _report(state: str, filled: int, qty: int = 2) -> Said:
    return ev.OrderReport(0, CID, True, True, state, LOT * filled, PRICE, LOT * qty, VENUE_ID)


def _fill(number: int) -> Said:
    return ev.Fill(
        0, CID, VENUE_ID, f"t{number}", LINEAR.symbol, Side.BUY, PRICE, LOT, ZERO, "USDT", maker=True
    )


def fates(*, blind: bool) -> Iterator[list[Said]]:
    """What may be said about one order of two lots. ``blind``: a cancel does not count what has traded."""
    ours = [ev.Sent(0, CID, ev.Request.PLACE), ev.Unknown(0, CID, ev.Request.PLACE, "no answer")]
    asked = [ev.CancelReject(0, CID, "51400", "gone"), ev.AmendReject(0, CID, "51503", "gone")]
    yield [*ours, *asked, ev.OrderReport(0, CID, False), ev.Reject(0, CID, "transient", "no way")]
    yield [*ours, *asked, ev.Reject(0, CID, "51008", "no money"), _report("rejected", 0)]
    for traded in (0, 1, 2):
        lived = [*ours, *asked, ev.Ack(0, CID, VENUE_ID), *(_fill(n) for n in range(traded))]
        lived += [_report("partial" if n else "live", n) for n in range(min(traded, 1) + 1)]
        if traded == 2:
            yield [*lived, _report("filled", 2)]
            continue
        counted = (traded,) if not blind else (0, traded)
        ends = [ev.Cancelled(0, CID, LOT * n, "user") for n in counted]
        yield [*lived, *ends, _report("cancelled", traded)]
        if traded:
            amend = [Wished(Change(PRICE, LOT)), ev.Amended(0, CID, PRICE, LOT)]
            yield [*lived, *ends, *amend, _report("cancelled", traded, qty=1)]


def _state() -> State:
    state = State("USDT", "practice", Ledger(balances={"USDT": Decimal(10**6)}))
    state.instruments[LINEAR.symbol] = LINEAR
    state.orders[CID] = Order(
        CID, "", LINEAR.symbol, Side.BUY, OrderKind.LIMIT, LOT * 2, PRICE, role=Role.ENTRY
    )
    return state


def _known(state: State) -> tuple[Any, ...]:
    """What an order can know: two states that agree here hear the rest alike."""
    order = state.order(CID)
    assert order is not None
    facts = (order.state, order.qty, order.filled, order.venue_id, order.cancelling, order.amending)
    return (*facts, bool(order.asked), CID in state.orders, tuple(sorted(state.ledger.seen)))


@cache
def reachable(*, blind: bool = False) -> frozenset[Pair]:
    """(state, word) that some order of true news asks of the table."""
    found: set[Pair] = set()
    real = orders.transition

    def transition(order: Order, word: str, ts: int) -> bool:
        found.add((order.state, word))
        return real(order, word, ts)

    with patch.object(lifecycle, "transition", transition):
        for said in fates(blind=blind):
            _search(said)
    return frozenset(found & TRANSITIONS.keys())


def _search(said: list[Said]) -> None:
    begin = _state()
    seen, open_ = {(_known(begin), False)}, [(begin, False)]
    while open_:
        state, doubted = open_.pop()
        for fact in said:
            doubt = isinstance(fact, ev.Unknown)
            if doubt and doubted:  # made by ``workers.execution``, once a request
                continue
            after = copy.deepcopy(state)
            after.now += 1_000
            HANDLERS[type(fact)](after, fact, Turn())
            node = _known(after), doubted or doubt
            if node not in seen:
                seen.add(node)
                open_.append((after, node[1]))
