"""The order table against an independent model: no state regresses, no death is undone, no fill is lost."""

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cockpit.core.orders import TERMINAL, TRANSITIONS, Change, Order, OrderKind, OrderState, Role, transition
from cockpit.core.types import ZERO, Side

S = OrderState
WORDS = ("sent", "ack", "fill", "filled", "reject", "cancelled", "unknown")
STEP = {S.PENDING: 0, S.SENT: 1, S.UNKNOWN: 2, S.LIVE: 3, S.PARTIAL: 4}
"""How much is known about a living order; it may only grow."""


def fresh(qty: Decimal = Decimal(5)) -> Order:
    return Order(
        cid="S1",
        sleeve="test@1/okx:BTC-USDT-SWAP",
        symbol="okx:BTC-USDT-SWAP",
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        qty=qty,
        price=Decimal(100),
        role=Role.ENTRY,
    )


class OneOrder(RuleBasedStateMachine):
    """A venue with a memory tells the truth in any order, twice or late; the order never contradicts it."""

    @initialize(qty=st.integers(1, 9))
    def place(self, qty: int) -> None:
        self.order = fresh(Decimal(qty))
        self.clock = 1
        self.history = [self.order.state]
        self.died: OrderState | None = None
        self.applied = 0

    def tell(self, word: str) -> bool:
        before = self.order.state
        self.clock += 1
        stamp = self.order.updated
        done = transition(self.order, word, self.clock)
        if done:
            self.applied += 1
            assert TRANSITIONS[before, word] is self.order.state
            assert self.order.updated == self.clock
        else:
            assert (before, word) not in TRANSITIONS
            assert self.order.state is before
            assert self.order.updated == stamp
        self.history.append(self.order.state)
        return done

    @rule(word=st.sampled_from(("sent", "ack", "unknown")))
    def hear_nothing_final(self, word: str) -> None:
        before = self.order.state
        done = self.tell(word)
        assert done or before is S.REJECTED
        assert (self.order.state in TERMINAL) == (before in TERMINAL)

    @precondition(lambda self: self.order.filled < self.order.qty and self.order.state is not S.REJECTED)
    @rule(part=st.integers(1, 9))
    def trade(self, part: int) -> None:
        """A fill is true in every state except after a refusal; the word depends on the sum."""
        qty = min(Decimal(part), self.order.qty - self.order.filled)
        self.order.filled += qty
        whole = self.order.filled == self.order.qty
        assert self.tell("filled" if whole else "fill"), self.history
        assert (self.order.state is S.FILLED) == whole

    @rule()
    def refuse(self) -> None:
        before = self.order.state
        done = self.tell("reject")
        assert done == (before in (S.PENDING, S.SENT, S.UNKNOWN, S.REJECTED)), self.history

    @rule()
    def cancel_confirmed(self) -> None:
        before = self.order.state
        done = self.tell("cancelled")
        assert done == (before is not S.REJECTED)
        if done:
            assert self.order.state is (S.FILLED if before is S.FILLED else S.CANCELLED)

    @rule(price=st.integers(1, 200), qty=st.integers(1, 20))
    def ask_to_change(self, price: int, qty: int) -> None:
        """Requests in flight are flags: they never end an order and die with it."""
        if self.order.open:
            self.order.amending = Change(Decimal(price), Decimal(qty))
            self.order.cancelling = True

    @invariant()
    def the_dead_stay_dead(self) -> None:
        order = getattr(self, "order", None)
        if order is None:
            return
        if self.died is None and order.state in TERMINAL:
            self.died = order.state
        if self.died is not None:
            assert not order.open
            assert order.state is self.died or (self.died, order.state) == (S.CANCELLED, S.FILLED)
            assert order.remaining == ZERO
            assert not order.cancelling
            assert order.amending is None

    @invariant()
    def knowledge_only_grows(self) -> None:
        alive = [STEP[state] for state in getattr(self, "history", []) if state in STEP]
        assert alive == sorted(alive), self.history

    @invariant()
    def what_may_still_trade_is_never_understated(self) -> None:
        order = getattr(self, "order", None)
        if order is not None and order.open:
            assert order.remaining >= order.qty - order.filled
            assert order.remaining >= ZERO


TestOneOrder = OneOrder.TestCase


def test_every_row_speaks_a_known_word() -> None:
    assert {word for _, word in TRANSITIONS} == set(WORDS)
    assert {state for state, _ in TRANSITIONS} == set(OrderState)


def test_a_fill_is_heard_in_every_state_but_refused() -> None:
    for state in OrderState:
        for word in ("fill", "filled"):
            assert ((state, word) in TRANSITIONS) == (
                state is not S.REJECTED and (state, word) != (S.FILLED, "fill") and state is not S.FILLED
            ), (state, word)


def test_only_the_venue_ends_an_order() -> None:
    for (before, word), after in TRANSITIONS.items():
        if after in TERMINAL and before not in TERMINAL:
            assert word in {"filled", "reject", "cancelled"}


def test_the_average_is_cost_over_filled() -> None:
    order = fresh()
    assert order.average is None
    order.filled, order.cost = Decimal(2), Decimal(201)
    assert order.average == Decimal("100.5")
