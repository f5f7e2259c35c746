"""A stranger's position that a sleeve takes over: nothing of the account changes, and the parts add up."""

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.events import Fill
from cockpit.core.ledger import Ledger, foreign
from cockpit.core.types import Instrument, PositionMode, PosSide, Side
from tests.properties.test_ledger_identities import DERIVATIVES

steps = st.lists(
    st.tuples(
        st.sampled_from(("", "a", "take")),
        st.sampled_from(tuple(Side)),
        st.integers(1, 30),
        st.integers(50_000, 60_000),
    ),
    max_size=12,
)


@given(steps, st.sampled_from(DERIVATIVES), st.sampled_from((PosSide.NET, PosSide.LONG, PosSide.SHORT)))
def test_taking_over_moves_quantity_and_cost_and_nothing_else(
    story: list[tuple[str, Side, int, int]], instrument: Instrument, side: PosSide
) -> None:
    mode = PositionMode.NET if side is PosSide.NET else PositionMode.HEDGE
    ledger = Ledger(mode=mode, balances={"USDT": Decimal(100_000), "BTC": Decimal(10)})
    for number, (who, way, lots, price) in enumerate(story):
        if who == "take":
            before = msgspec.json.encode((ledger.positions, ledger.balances, ledger.flows))
            ledger.hand_over(instrument, side, "a", number)
            book = ledger.sleeve(foreign(instrument.symbol), side)
            assert book is None or not book.qty
            assert msgspec.json.encode((ledger.positions, ledger.balances, ledger.flows)) == before
        else:
            qty = instrument.lot * lots
            fill = Fill(
                number, "", "", f"t{number}", instrument.symbol, way, Decimal(price), qty,
                Decimal("0.01"), instrument.settle, False, side,
            )  # fmt: skip
            ledger.apply_fill(fill, instrument, who)
        assert ledger.discrepancies() == []
