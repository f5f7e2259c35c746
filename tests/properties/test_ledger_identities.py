"""Money adds up, to the last decimal, whatever happens in whatever order (O13, I01, I19).

The ledger is compared at every event with a second one that was written differently: it keeps nothing but
the list of facts, works in fractions, and starts from zero every time it is asked.
"""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.events import Fill, FundingPaid, Transfer
from cockpit.core.ledger import Ledger
from cockpit.core.types import Instrument, Kind, MarginMode, PositionMode, PosSide, Side

D = Decimal
F = Fraction
SPOT = Instrument(
    symbol="t:BTC-USDT",
    kind=Kind.SPOT,
    base="BTC",
    quote="USDT",
    settle="USDT",
    tick=D("0.01"),
    lot=D("0.00001"),
    min_qty=D("0.00001"),
)
LINEAR = msgspec.structs.replace(
    SPOT, symbol="t:BTC-USDT-SWAP", kind=Kind.LINEAR, lot=D("0.1"), contract_value=D("0.001")
)
INVERSE = msgspec.structs.replace(
    SPOT, symbol="t:BTC-USD-SWAP", kind=Kind.INVERSE, quote="USD", settle="BTC", contract_value=D(100)
)
INSTRUMENTS = {i.symbol: i for i in (SPOT, LINEAR, INVERSE)}
SLEEVES = ("a", "b", "")
START = {"USDT": D("100000.01"), "BTC": D("7.5")}
DERIVATIVES = (LINEAR, INVERSE)


class Act(NamedTuple):
    """One random thing; the numbers are interpreted by what it is."""

    what: str
    instrument: Instrument
    side: Side
    lots: int
    ticks: int
    sleeve: str
    pos_side: PosSide
    fee_ppm: int
    in_base: bool
    again: bool


acts = st.builds(
    Act,
    what=st.sampled_from(
        ["fill"] * 4 + ["close", "close", "flip", "flip", "funding", "transfer", "leverage"]
    ),
    instrument=st.sampled_from([SPOT, LINEAR, INVERSE]),
    side=st.sampled_from(list(Side)),
    lots=st.integers(1, 9_999),
    ticks=st.integers(100_000, 12_345_678),
    sleeve=st.sampled_from(SLEEVES),
    pos_side=st.sampled_from([PosSide.LONG, PosSide.SHORT]),
    fee_ppm=st.integers(-200, 700),
    in_base=st.booleans(),
    again=st.booleans(),
)


def atoms(exact: Fraction) -> Fraction:
    """The one rounding the books know: to 1e-18, half to even."""
    return F(round(exact * 10**18), 10**18)


def worth(instrument: Instrument, qty: Fraction, price: Fraction) -> Fraction:
    if instrument.kind is Kind.INVERSE:
        return atoms(qty * F(instrument.contract_value) / price)
    return qty * F(instrument.contract_value) * price


class Holding(NamedTuple):
    qty: Fraction = F(0)
    cost: Fraction = F(0)
    realised: Fraction = F(0)


def after(holding: Holding, instrument: Instrument, qty: Fraction, price: Fraction) -> Holding:
    """One fill on one holding, told as: close what can be closed, then open the rest."""
    sign = -1 if instrument.kind is Kind.INVERSE else 1
    total = worth(instrument, qty, price)
    closing = F(0)
    if holding.qty * qty < 0:
        closing = -holding.qty if abs(qty) >= abs(holding.qty) else qty
    share = atoms(holding.cost * -closing / holding.qty) if closing else F(0)
    if closing and closing == -holding.qty:
        share = holding.cost
    out = total if closing == qty else worth(instrument, closing, price) if closing else F(0)
    return Holding(
        holding.qty + qty,
        holding.cost - share + total - out,
        holding.realised + sign * (-out - share),
    )


class Replay:
    """The second ledger: facts in, everything recomputed from zero on demand."""

    def __init__(self, mode: PositionMode) -> None:
        self.mode = mode
        self.facts: list[tuple[Fill | FundingPaid | Transfer, str]] = []

    def holdings(self) -> dict[tuple[str, str, str], Holding]:
        """By (owner, symbol, side); owner "account" is everybody."""
        found: dict[tuple[str, str, str], Holding] = defaultdict(Holding)
        for fact, sleeve in self.facts:
            if isinstance(fact, Fill):
                instrument = INSTRUMENTS[fact.symbol]
                qty = F(fact.qty) * fact.side.sign
                if instrument is SPOT and fact.fee_ccy == "BTC":
                    qty -= F(fact.fee)
                for owner in ("account", sleeve):
                    key = (owner, fact.symbol, str(fact.pos_side))
                    found[key] = after(found[key], instrument, qty, F(fact.price))
        return found

    def money(self) -> dict[str, Fraction]:
        """Cash and locked margin together, per currency: margin only changes pockets."""
        have = defaultdict(F, {ccy: F(amount) for ccy, amount in START.items()})
        for (owner, symbol, _), holding in self.holdings().items():
            if owner == "account" and symbol != SPOT.symbol:
                have[INSTRUMENTS[symbol].settle] += holding.realised
        for fact, _ in self.facts:
            if isinstance(fact, Fill):
                have[fact.fee_ccy] -= F(fact.fee)
                if fact.symbol == SPOT.symbol:
                    have["BTC"] += F(fact.qty) * fact.side.sign
                    have["USDT"] -= F(fact.qty) * fact.side.sign * F(fact.price)
            else:
                have[fact.ccy] += F(fact.amount)
        return have

    def equity_from_facts(self, marks: dict[str, Decimal]) -> dict[str, Fraction]:
        """opening + transfers - signed fill value - fees + funding + position at mark, by currency."""
        have = defaultdict(F, {ccy: F(amount) for ccy, amount in START.items()})
        held: dict[tuple[str, str], Fraction] = defaultdict(F)
        for fact, _ in self.facts:
            if not isinstance(fact, Fill):
                have[fact.ccy] += F(fact.amount)
                continue
            instrument = INSTRUMENTS[fact.symbol]
            qty = F(fact.qty) * fact.side.sign
            have[fact.fee_ccy] -= F(fact.fee)
            sign = -1 if instrument is INVERSE else 1
            have[instrument.settle] -= sign * worth(instrument, qty, F(fact.price))
            if instrument is SPOT:
                have["BTC"] += qty
            else:
                held[fact.symbol, str(fact.pos_side)] += qty
        for (symbol, _), qty in held.items():
            instrument = INSTRUMENTS[symbol]
            sign = -1 if instrument is INVERSE else 1
            have[instrument.settle] += sign * worth(instrument, qty, F(marks[symbol]))
        return have


class Books:
    """The ledger under test and its rival, fed the same facts."""

    def __init__(self, mode: PositionMode, margin_mode: MarginMode) -> None:
        self.ledger = Ledger(mode=mode, margin_mode=margin_mode, balances=dict(START))
        self.replay = Replay(mode)
        self.count = 0

    def do(self, act: Act) -> None:
        self.count += 1
        instrument = act.instrument
        if act.what == "transfer":
            amount = D(act.lots) / 1000 * act.side.sign
            self.book(Transfer(self.count, "USDT" if act.in_base else "BTC", amount, f"t{self.count}"), "")
        elif act.what == "leverage":
            self.ledger.set_leverage(instrument, D(act.lots % 50 + 1))
        elif act.what == "funding":
            self.funding(act)
        else:
            self.fill(act)

    def side_of(self, act: Act) -> PosSide:
        hedged = self.ledger.mode is PositionMode.HEDGE and act.instrument is not SPOT
        return act.pos_side if hedged else PosSide.NET

    def fill(self, act: Act) -> None:
        instrument, pos_side, side = act.instrument, self.side_of(act), act.side
        position = self.ledger.position(instrument.symbol, pos_side)
        held = position.qty if position else D(0)
        qty = instrument.lot * act.lots
        if act.what == "close" and held:
            side = Side.SELL if held > 0 else Side.BUY
            qty = abs(held) if act.in_base else min(abs(held), qty)
        elif act.what == "flip" and held and pos_side is PosSide.NET:
            side = Side.SELL if held > 0 else Side.BUY
            qty += abs(held)
        elif pos_side is not PosSide.NET:
            side = Side.BUY if pos_side is PosSide.LONG else Side.SELL
        price = instrument.tick * act.ticks
        rate = D(act.fee_ppm).scaleb(-6)
        base_fee = instrument is SPOT and act.in_base
        worth_of = qty if base_fee else instrument.notional(qty, price)
        self.book(
            Fill(
                ts=self.count,
                cid=f"c{self.count}",
                venue_id="",
                trade_id=str(self.count),
                symbol=instrument.symbol,
                side=side,
                price=price,
                qty=qty,
                fee=(worth_of * rate).quantize(D("1e-8")),
                fee_ccy="BTC" if base_fee else instrument.settle,
                maker=False,
                pos_side=pos_side,
            ),
            act.sleeve and f"{act.sleeve}/{instrument.symbol}",
        )
        if act.again:
            self.repeat()

    def funding(self, act: Act) -> None:
        instrument = act.instrument if act.instrument is not SPOT else LINEAR
        pos_side = act.pos_side if self.ledger.mode is PositionMode.HEDGE else PosSide.NET
        amount = (D(act.ticks) * act.side.sign).scaleb(-9)
        symbol, bill = instrument.symbol, f"b{self.count}"
        paid = FundingPaid(self.count, symbol, amount, instrument.settle, D("1e-4"), bill, pos_side)
        self.book(paid, "")
        if act.again:
            self.repeat()

    def apply(self, fact: Fill | FundingPaid | Transfer, sleeve: str) -> bool:
        if isinstance(fact, Fill):
            return self.ledger.apply_fill(fact, INSTRUMENTS[fact.symbol], sleeve) is not None
        if isinstance(fact, FundingPaid):
            return self.ledger.apply_funding(fact, INSTRUMENTS[fact.symbol])
        return self.ledger.apply_transfer(fact)

    def book(self, fact: Fill | FundingPaid | Transfer, sleeve: str) -> None:
        self.replay.facts.append((fact, sleeve))
        assert self.apply(fact, sleeve)

    def repeat(self) -> None:
        before = msgspec.msgpack.encode(self.ledger)
        for fact, _ in self.replay.facts:
            assert not self.apply(fact, "somebody else")
        assert msgspec.msgpack.encode(self.ledger) == before


def check_identities(books: Books, marks: dict[str, Decimal]) -> None:
    ledger = books.ledger
    facts = books.replay.equity_from_facts(marks)
    for currency in ("USDT", "BTC"):
        have = F(ledger.balances.get(currency, D(0)))
        for position in ledger.positions.values():
            instrument = INSTRUMENTS[position.symbol]
            if instrument in DERIVATIVES and instrument.settle == currency:
                have += F(position.margin) + F(position.unrealised(instrument, marks[position.symbol]))
        assert have == facts[currency], f"cash + margin + unrealised is not the equity in {currency}"
        assert ledger.opening(currency) == START[currency]
    total = F(ledger.equity(INSTRUMENTS, marks, "USDT"))
    assert total == facts["USDT"] + facts["BTC"] * F(marks[SPOT.symbol])
    assert ledger.unpriced(INSTRUMENTS, marks, "USDT") == ()


def check_rival(books: Books) -> None:
    ledger = books.ledger
    for (owner, symbol, side), holding in books.replay.holdings().items():
        if owner == "account":
            book = ledger.position(symbol, PosSide(side))
        else:
            book = ledger.sleeve(owner or f"-|{symbol}", PosSide(side))
        assert book is not None
        assert Holding(F(book.qty), F(book.cost), F(book.realised)) == holding
    for currency, amount in books.replay.money().items():
        locked = sum((F(p.margin) for p in ledger.positions.values() if p.settle == currency), F(0))
        assert F(ledger.balances.get(currency, D(0))) + locked == amount


def check_sleeves(ledger: Ledger) -> None:
    assert ledger.discrepancies() == []
    sums: dict[tuple[str, str], list[Fraction]] = defaultdict(lambda: [F(0)] * 3)
    for book in ledger.sleeves.values():
        row = sums[book.symbol, book.pos_side]
        sums[book.symbol, book.pos_side] = [
            total + F(more) for total, more in zip(row, (book.qty, book.fees, book.funding), strict=True)
        ]
    for book in ledger.positions.values():
        assert sums[book.symbol, book.pos_side] == [F(book.qty), F(book.fees), F(book.funding)]


def check_shape(ledger: Ledger) -> None:
    for book in ledger.positions.values():
        assert (book.qty == 0) == (book.opened == 0) == (book.entry == 0)
        assert book.qty or (book.cost == 0 and book.margin == 0)
        assert book.pos_side is not PosSide.LONG or book.qty >= 0
        assert book.pos_side is not PosSide.SHORT or book.qty <= 0
        assert ledger.margin_mode is MarginMode.ISOLATED or book.margin == 0


modes = st.sampled_from([PositionMode.NET, PositionMode.HEDGE])
margins = st.sampled_from([MarginMode.CROSS, MarginMode.ISOLATED])
prices = st.integers(1_000, 123_456_789).map(lambda n: D(n).scaleb(-3))


@given(mode=modes, margin_mode=margins, script=st.lists(acts, min_size=1, max_size=25), mark=prices)
def test_money_adds_up_at_every_event(
    mode: PositionMode, margin_mode: MarginMode, script: list[Act], mark: Decimal
) -> None:
    books = Books(mode, margin_mode)
    marks = {SPOT.symbol: mark, LINEAR.symbol: mark + D("0.7"), INVERSE.symbol: mark + D("1.3")}
    for act in script:
        books.do(act)
        check_identities(books, marks)
        check_rival(books)
        check_sleeves(books.ledger)
        check_shape(books.ledger)


@given(mode=modes, margin_mode=margins, script=st.lists(acts, min_size=2, max_size=15), at=st.integers(0, 14))
def test_a_snapshot_in_the_middle_changes_nothing(
    mode: PositionMode, margin_mode: MarginMode, script: list[Act], at: int
) -> None:
    whole, halves = Books(mode, margin_mode), Books(mode, margin_mode)
    for number, act in enumerate(script):
        whole.do(act)
        halves.do(act)
        if number == at:
            raw = msgspec.msgpack.encode(halves.ledger)
            halves.ledger = msgspec.msgpack.decode(raw, type=Ledger)
    assert halves.ledger == whole.ledger
    assert msgspec.msgpack.encode(halves.ledger) == msgspec.msgpack.encode(whole.ledger)


@given(script=st.lists(acts, min_size=1, max_size=20))
def test_isolated_and_cross_own_the_same(script: list[Act]) -> None:
    """Margin is a pocket, not a cost."""
    marks = dict.fromkeys(INSTRUMENTS, D("34567.8"))
    books = [Books(PositionMode.NET, mode) for mode in (MarginMode.CROSS, MarginMode.ISOLATED)]
    for act in script:
        for book in books:
            book.do(act)
        cross, isolated = (book.ledger.equity(INSTRUMENTS, marks, "USDT") for book in books)
        assert cross == isolated


@given(script=st.lists(acts, min_size=1, max_size=20))
def test_the_average_entry_is_what_was_paid(script: list[Act]) -> None:
    """``entry`` is for eyes; it must still agree with the cost to 12 digits, roundings of the cost aside."""
    books = Books(PositionMode.NET, MarginMode.CROSS)
    for act in script:
        books.do(act)
        for position in books.ledger.held():
            face = F(position.qty) * F(INSTRUMENTS[position.symbol].contract_value)
            told = face / F(position.entry) if position.inverse else face * F(position.entry)
            slack = abs(told) * F(1, 10**12) + F(books.count + 1, 10**18)
            assert abs(told - F(position.cost)) <= slack
