"""Our ledger and the simulated venue's own books are two programs; they must agree to the last decimal."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.events import Fill, FundingPaid
from cockpit.core.matching.account import Account
from cockpit.core.types import MarginMode, PositionMode
from tests.properties.test_ledger_identities import INSTRUMENTS, SPOT, START, Act, Books, acts, margins, modes

D = Decimal
LEVERAGE = D(7)


class Venue:
    """The venue's account, told of each fact once, in its own words."""

    def __init__(self, isolated: bool) -> None:
        self.isolated = isolated
        self.account = Account(cash=dict(START))

    def hear(self, fact: object) -> None:
        if isinstance(fact, Fill):
            instrument = INSTRUMENTS[fact.symbol]
            change = fact.qty * fact.side.sign
            if instrument is SPOT:
                self.account.swap(instrument, change, fact.price)
            else:
                leverage = LEVERAGE if self.isolated else D(0)
                self.account.trade(instrument, fact.pos_side, change, fact.price, leverage)
            self.account.fee(fact.fee_ccy, fact.fee)
        elif isinstance(fact, FundingPaid):
            holding = self.account.holding(fact.symbol, fact.pos_side)
            if holding is not None:
                self.account.fund(holding, fact.ccy, fact.amount, self.isolated)
        else:
            self.account.transfer(fact.ccy, fact.amount)  # type: ignore[attr-defined]


@given(mode=modes, margin_mode=margins, script=st.lists(acts, min_size=1, max_size=30))
def test_ledger_and_venue_keep_the_same_books(
    mode: PositionMode, margin_mode: MarginMode, script: list[Act]
) -> None:
    books, venue = Books(mode, margin_mode), Venue(margin_mode is MarginMode.ISOLATED)
    for instrument in INSTRUMENTS.values():
        books.ledger.set_leverage(instrument, LEVERAGE)
    for act in script:
        position = books.ledger.position(act.instrument.symbol, books.side_of(act))
        flat = act.instrument is SPOT or position is None or not position.qty
        if act.what == "leverage" or (act.what == "funding" and flat):
            continue  # a venue pays funding on positions only
        heard = len(books.replay.facts)
        books.do(act)
        for fact, _ in books.replay.facts[heard:]:
            venue.hear(fact)
        assert {c: a for c, a in books.ledger.balances.items() if a} == {
            c: a for c, a in venue.account.cash.items() if a
        }
        ours = {k: (p.qty, p.cost, p.margin) for k, p in books.ledger.positions.items() if p.qty}
        ours = {k: v for k, v in ours.items() if not k.startswith(f"{SPOT.symbol}|")}
        assert ours == {k: (h.qty, h.cost, h.margin) for k, h in venue.account.holdings.items()}
