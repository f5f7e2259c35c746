"""Whatever the market and we do, the venue keeps its promises (BT-02, BT-03): random tapes, random orders.

The venue's own books are compared with ``core.ledger``, written by somebody else from the same rules.
"""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.events import (
    Ack,
    Amended,
    AnyEvent,
    Bar,
    BookDelta,
    BookSnapshot,
    Cancelled,
    Fill,
    FundingPaid,
    FundingRate,
    Mark,
    Reject,
    Touch,
    Trade,
    Transfer,
)
from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.ledger import Ledger
from cockpit.core.matching import Exchange, Latency, LatencyModel, Rules, World, bars
from cockpit.core.matching.rules import QUEUES
from cockpit.core.orders import ALGO, OrderKind, Role
from cockpit.core.types import Instrument, Kind, MarginMode, MarginTier, PositionMode, PosSide, Side

D = Decimal
TIERS = (MarginTier(D(300), D("0.01"), D(50)), MarginTier(D(5000), D("0.02"), D(20)))
INSTRUMENTS = {
    Kind.LINEAR: Instrument(
        "sim:L", Kind.LINEAR, "BTC", "USDT", "USDT", D("0.5"), D(1), D(1), D("0.1"),
        maker_fee=D("-0.0001"), tiers=TIERS,
    ),
    Kind.INVERSE: Instrument(
        "sim:I", Kind.INVERSE, "BTC", "USD", "BTC", D("0.5"), D(1), D(1), D(10), tiers=TIERS,
    ),
    Kind.SPOT: Instrument(
        "sim:S", Kind.SPOT, "BTC", "USDT", "USDT", D("0.5"), D("0.01"), D("0.01"), taker_fee=D("0.001")
    ),
}  # fmt: skip
CASH = {"USDT": D(3000), "BTC": D(10)}
STEP = 1000
MANY = settings(max_examples=2 * settings.default.max_examples)
"""Stories are long and most of their moves are refused: the usual number of examples is too few."""

Move = tuple[str, Any]

prices = st.integers(190, 210).map(lambda n: n / 2)
sides = st.sampled_from(list(Side))
sizes = st.integers(1, 60)
levels = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 30)), min_size=1, max_size=6)

places = st.fixed_dictionaries(
    {
        "side": sides,
        "kind": st.sampled_from([*OrderKind, OrderKind.LIMIT, OrderKind.LIMIT, OrderKind.POST_ONLY]),
        "size": sizes,
        "price": prices,
        "trigger": prices,
        "take": prices,
        "limited": st.booleans(),
        "reduce_only": st.sampled_from([False, False, False, True]),
        "pos": st.sampled_from([PosSide.LONG, PosSide.SHORT]),
    }
)
requests = st.one_of(
    st.tuples(st.just("place"), places),
    st.tuples(st.just("place"), places),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("amend"), st.tuples(st.integers(0, 9), prices, sizes)),
)
depth_moves = st.one_of(
    requests,
    requests,
    st.tuples(st.just("delta"), st.tuples(prices, levels, levels)),
    st.tuples(st.just("book"), st.tuples(prices, levels, levels)),
    st.tuples(st.just("trade"), st.tuples(prices, st.integers(1, 90), sides)),
    st.tuples(st.just("mark"), st.one_of(prices, st.integers(60, 140).map(float))),
    st.tuples(st.just("rate"), st.integers(-50, 50)),
)
touch_moves = st.one_of(
    requests,
    requests,
    st.tuples(st.just("touch"), st.tuples(prices, st.integers(1, 30), st.integers(1, 30))),
    st.tuples(st.just("trade"), st.tuples(prices, st.integers(1, 90), sides)),
    st.tuples(st.just("mark"), st.one_of(prices, st.integers(60, 140).map(float))),
    st.tuples(st.just("rate"), st.integers(-50, 50)),
)
bar_moves = st.one_of(
    requests,
    st.tuples(st.just("bar"), st.tuples(prices, prices, prices, prices)),
    st.tuples(st.just("rate"), st.integers(-50, 50)),
)
stories = st.one_of(
    st.lists(depth_moves, min_size=20, max_size=60),
    st.lists(touch_moves, min_size=20, max_size=60),
    st.lists(bar_moves, min_size=20, max_size=60),
)
set_ups = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(list(Kind)),
        "queue": st.sampled_from(sorted(QUEUES)),
        "position_mode": st.sampled_from(list(PositionMode)),
        "margin_mode": st.sampled_from([MarginMode.CROSS, MarginMode.ISOLATED]),
        "self_trade": st.sampled_from(["cancel_maker", "cancel_taker", "cancel_both"]),
        "leverage": st.sampled_from([D(1), D(3), D(20)]),
    }
)


def rules_of(set_up: Mapping[str, Any]) -> Rules:
    return Rules(**{name: value for name, value in set_up.items() if name != "kind"})


def request_of(inst: Instrument, hedge: bool, n: int, name: str, what: Any) -> Action:
    if name == "cancel":
        return Cancel(f"c{what}", inst.symbol, "test")
    if name == "amend":
        return Amend(f"c{what[0]}", inst.symbol, D(str(what[1])), what[2] * inst.lot)
    kind = what["kind"]
    priced = kind in (OrderKind.LIMIT, OrderKind.POST_ONLY, OrderKind.IOC, OrderKind.FOK)
    triggered = kind in (OrderKind.STOP, OrderKind.TRIGGER, OrderKind.OCO)
    return Place(
        f"c{n}", "s@1", inst.symbol, what["side"], kind, what["size"] * inst.lot,
        D(str(what["price"])) if priced or (kind is OrderKind.STOP and what["limited"]) else None,
        D(str(what["trigger"])) if triggered else None,
        D(str(what["take"])) if kind is OrderKind.OCO else None,
        D("0.02") if kind is OrderKind.TRAIL else None,
        what["reduce_only"], what["pos"] if hedge and inst.derivative else PosSide.NET, Role.ENTRY, "",
    )  # fmt: skip


def market_of(inst: Instrument, ts: int, name: str, what: Any) -> AnyEvent:
    symbol, unit = inst.symbol, float(inst.lot)
    if name in ("book", "delta"):
        at, bids, asks = what
        below = tuple({at - n / 2: size * unit for n, size in bids}.items())
        above = tuple({at + n / 2: size * unit for n, size in asks}.items())
        return (BookSnapshot if name == "book" else BookDelta)(ts, symbol, ts, below, above)
    if name == "touch":
        at, bid, ask = what
        return Touch(ts, symbol, ts, at - 0.5, bid * unit, at, ask * unit)
    if name == "trade":
        return Trade(ts, symbol, ts, what[0], what[1] * unit, what[2])
    if name == "mark":
        return Mark(ts, symbol, what, what)
    if name == "rate":
        return FundingRate(ts, symbol, what / 10_000, ts + 1500)
    o, c, a, b = what
    return Bar(ts, symbol, STEP, o, max(o, c, a, b), min(o, c, a, b), c, 10.0)


class Story:
    """Runs moves against a venue and remembers what it said."""

    def __init__(self, set_up: Mapping[str, Any]) -> None:
        self.inst = INSTRUMENTS[set_up["kind"]]
        self.rules = rules_of(set_up)
        self.exchange = Exchange({self.inst.symbol: self.inst}, CASH, self.rules, seed=5)
        self.said: list[AnyEvent] = []
        self.placed: dict[str, Place] = {}
        self.ts = 10_000
        self.n = 0

    def step(self, move: Move) -> list[AnyEvent]:
        name, what = move
        if name in ("place", "cancel", "amend"):
            hedge = self.rules.position_mode is PositionMode.HEDGE
            self.ts += 1
            action = request_of(self.inst, hedge, self.n, name, what)
            if isinstance(action, Place):
                self.n += 1
                self.placed[action.cid] = action
            self.exchange.request(action, self.ts)
        else:
            # Bars close on their grid; everything else happens between.
            self.ts = (self.ts // STEP + 1) * STEP if name == "bar" else self.ts + 7
            self.exchange.market(market_of(self.inst, self.ts, name, what), self.ts)
        new = list(self.exchange.reports)
        self.exchange.reports.clear()
        self.said += new
        return new

    def position(self, pos_side: PosSide) -> D:
        return sum((p.qty for p in self.exchange.positions() if p.pos_side is pos_side), D(0))


@MANY
@given(set_ups, stories)
def test_orders_keep_their_law(set_up: Mapping[str, Any], moves: list[Move]) -> None:
    """Never more than asked for, never after the end, post-only never takes, FOK all or nothing, …"""
    story = Story(set_up)
    filled: dict[str, D] = defaultdict(D)
    sizes: dict[str, D] = {}
    over: set[str] = set()
    amended: set[str] = set()
    fok: dict[str, D] = {}
    for move in moves:
        new = story.step(move)
        for report in new:
            if isinstance(report, Amended):
                sizes[report.cid] = report.qty
                amended.add(report.cid)
            elif isinstance(report, Reject | Cancelled):
                if isinstance(report, Cancelled):
                    assert report.filled == filled[report.cid]
                over.add(report.cid)
            elif isinstance(report, Ack):
                sizes[report.cid] = story.placed[report.cid].qty
            elif isinstance(report, Fill) and report.cid:
                order = story.placed[report.cid]
                assert report.cid not in over
                filled[report.cid] += report.qty
                assert report.qty > 0
                assert filled[report.cid] <= max(sizes[report.cid], order.qty)
                assert report.side is order.side
                if order.kind is OrderKind.POST_ONLY:
                    assert report.maker
                plain = order.kind not in ALGO and report.cid not in amended
                if plain and order.price is not None:
                    assert (order.price - report.price) * order.side.sign >= 0
                if order.kind is OrderKind.FOK:
                    fok[report.cid] = order.qty
        for cid, qty in fok.items():
            assert filled[cid] == qty, "all of it in the step in which it began to fill"
    for order in story.exchange.open_orders():
        assert order.cid not in over
        assert filled[order.cid] == order.filled < order.qty
        assert story.placed[order.cid].kind not in (OrderKind.IOC, OrderKind.FOK) or move_is_bar(moves)


def move_is_bar(moves: list[Move]) -> bool:
    """On bars every order waits for the next open, and before the first price there is nothing to meet."""
    return not any(name in ("touch", "trade", "book", "delta") for name, _ in moves)


@MANY
@given(set_ups, stories)
def test_reduce_only_never_flips(set_up: Mapping[str, Any], moves: list[Move]) -> None:
    story = Story(set_up)
    held: dict[PosSide, D] = defaultdict(D)
    for move in moves:
        for report in story.step(move):
            if isinstance(report, Fill) and story.inst.derivative:
                before = held[report.pos_side]
                held[report.pos_side] += report.qty * report.side.sign
                after = held[report.pos_side]
                if report.cid == "" or story.placed[report.cid].reduce_only:
                    assert abs(after) < abs(before)
                    assert before * after >= 0
                assert report.pos_side is not PosSide.LONG or after >= 0
                assert report.pos_side is not PosSide.SHORT or after <= 0
        for side, qty in held.items():
            assert story.position(side) == qty, "the sum of the fills is the position"


@MANY
@given(set_ups, stories)
def test_money_adds_up_and_both_books_agree(set_up: Mapping[str, Any], moves: list[Move]) -> None:
    story = Story(set_up)
    inst = story.inst
    ledger = Ledger(mode=story.rules.position_mode, margin_mode=story.rules.margin_mode, balances=dict(CASH))
    if inst.derivative:
        ledger.set_leverage(inst, story.rules.leverage)
    for move in moves:
        for report in story.step(move):
            if isinstance(report, Fill):
                assert ledger.apply_fill(report, inst, "s@1" if report.cid else "") is not None
            elif isinstance(report, FundingPaid):
                assert ledger.apply_funding(report, inst)
            elif isinstance(report, Transfer):
                assert ledger.apply_transfer(report)
        books = story.exchange.ledger
        known = {ccy: amount for ccy, amount in ledger.balances.items() if amount}
        assert story.exchange.balances() == known
        for place in story.exchange.positions():
            mine = ledger.position(place.symbol, place.pos_side)
            assert mine is not None
            assert (mine.qty, mine.cost) == (
                place.qty,
                books.holdings[f"{place.symbol}|{place.pos_side}"].cost,
            )
            assert mine.margin == books.holdings[f"{place.symbol}|{place.pos_side}"].margin
        assert sum(1 for p in ledger.held() if p.symbol == inst.symbol and inst.derivative) == len(
            story.exchange.positions()
        )
        check_conservation(story)


def check_conservation(story: Story) -> None:
    """cash + locked margin = start + realised - fees + funding + transfers (+ what spot trades moved)."""
    books, inst = story.exchange.ledger, story.inst
    for ccy in CASH:
        locked = sum((h.margin for h in books.holdings.values()), D(0)) if ccy == inst.settle else D(0)
        moved = D(0)
        if not inst.derivative:
            for fill in story.exchange.fills:
                signed = fill.qty * fill.side.sign
                moved += signed if ccy == inst.base else -signed * fill.price
        came = (
            books.realised.get(ccy, D(0))
            - books.fees.get(ccy, D(0))
            + books.funding.get(ccy, D(0))
            + books.transfers.get(ccy, D(0))
        )
        assert books.cash.get(ccy, D(0)) + locked == CASH[ccy] + came + moved
        if not inst.derivative:
            assert books.cash.get(ccy, D(0)) >= 0


@given(set_ups, stories, st.integers(0, 60))
def test_a_crash_of_everything_around_changes_nothing(
    set_up: Mapping[str, Any], moves: list[Move], at: int
) -> None:
    """Same calls, same reports; and the same again when the venue is written down and woken up between."""
    one, two = Story(set_up), Story(set_up)
    for n, move in enumerate(moves):
        if n == at:
            raw = two.exchange.export()
            two.exchange = Exchange({two.inst.symbol: two.inst}, {}, two.rules, seed=99)
            two.exchange.restore(raw)
        assert one.step(move) == two.step(move)
    assert one.exchange.export() == two.exchange.export()


# --- the world ------------------------------------------------------------------------------------------

latencies = st.one_of(
    st.builds(Latency.constant, st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)),
    st.just(Latency(*[LatencyModel.jittered(3, 40)] * 3)),
    st.just(Latency(*[LatencyModel.recorded((1, 50, 7))] * 3)),
)


def tape_of(inst: Instrument, moves: list[Move]) -> list[AnyEvent]:
    tape, ts = [], 10_000
    for name, what in moves:
        if name not in ("place", "cancel", "amend"):
            ts = (ts // STEP + 1) * STEP if name == "bar" else ts + 7
            tape.append(market_of(inst, ts, name, what))
    return tape


def live(set_up: Mapping[str, Any], moves: list[Move], latency: Latency, changed: int = 1 << 62) -> list[Any]:
    """Everything we learn, acting after every event; from ``changed`` on the tape is another one."""
    inst = INSTRUMENTS[set_up["kind"]]
    tape = [e if e.ts < changed else twisted(e) for e in tape_of(inst, moves)]
    world = World(iter(tape), Exchange({inst.symbol: inst}, CASH, rules_of(set_up)), latency, seed=3)
    todo = [move for move in moves if move[0] in ("place", "cancel", "amend")]
    hedge = rules_of(set_up).position_mode is PositionMode.HEDGE
    heard, n = [], 0
    while (event := world.next()) is not None:
        heard.append(event)
        if todo:
            name, what = todo.pop(0)
            world.submit(request_of(inst, hedge, n, name, what), world.now)
            n += name == "place"
    return heard


def twisted(event: AnyEvent) -> AnyEvent:
    if isinstance(event, Bar):
        return msgspec.structs.replace(event, open=event.low, close=event.high, high=event.high + 5)
    if isinstance(event, Trade):
        return msgspec.structs.replace(event, price=event.price + 7, qty=event.qty * 3)
    if isinstance(event, Touch):
        return msgspec.structs.replace(event, bid=event.bid - 3, ask=event.ask + 3)
    if isinstance(event, Mark):
        return msgspec.structs.replace(event, mark=event.mark * 0.8)
    return event


@MANY
@given(set_ups, stories, latencies)
def test_time_never_goes_back_and_the_same_seed_is_the_same_story(
    set_up: Mapping[str, Any], moves: list[Move], latency: Latency
) -> None:
    heard = live(set_up, moves, latency)
    assert all(a.ts <= b.ts for a, b in pairwise(heard))
    assert live(set_up, moves, latency) == heard
    tape = tape_of(INSTRUMENTS[set_up["kind"]], moves)
    market = [e for e in heard if isinstance(e, type_of_tape(tape))]
    assert [msgspec.structs.replace(e, ts=0) for e in market] == [
        msgspec.structs.replace(e, ts=0) for e in tape
    ], "the whole tape arrives, in its order"


def type_of_tape(tape: list[AnyEvent]) -> tuple[type, ...]:
    return tuple({type(e) for e in tape})


@MANY
@given(set_ups, stories, latencies, st.integers(0, 60))
def test_nobody_sees_the_future(
    set_up: Mapping[str, Any], moves: list[Move], latency: Latency, at: int
) -> None:
    """Change the tape from some instant on: everything we learned before that instant is the same."""
    tape = tape_of(INSTRUMENTS[set_up["kind"]], moves)
    if not tape:
        return
    cut = tape[at % len(tape)].ts
    known = cut - STEP if any(isinstance(e, Bar) for e in tape) else cut
    before = [e for e in live(set_up, moves, latency) if e.ts < known]
    assert [e for e in live(set_up, moves, latency, cut) if e.ts < known] == before


@MANY
@given(st.lists(bar_moves, min_size=5, max_size=40), st.integers(0, 30))
def test_on_bars_nothing_fills_before_it_arrived(moves: list[Move], delay: int) -> None:
    """A fill is stamped with the venue's time: not before the request got there, not off the bar."""
    story = Story({"kind": Kind.LINEAR})
    arrived: dict[str, int] = {}
    for move in moves:
        story.ts += delay
        new = story.step(move)
        for report in new:
            if isinstance(report, Ack):
                arrived[report.cid] = report.ts
            elif isinstance(report, Fill) and report.cid:
                assert report.ts >= arrived[report.cid]
                _, (o, c, a, b) = move
                slack = D("0.5")
                assert D(str(min(o, c, a, b))) - slack <= report.price <= D(str(max(o, c, a, b))) + slack


@MANY
@given(set_ups, st.lists(bar_moves, min_size=20, max_size=60))
def test_the_quick_way_through_a_bar_is_only_quick(set_up: Mapping[str, Any], moves: list[Move]) -> None:
    """Bars that touch nothing of ours are skipped; matching every bar in full says the very same."""
    quick = Story(set_up)
    for move in moves:
        quick.step(move)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bars, "_untouched", lambda *_: False)
        full = Story(set_up)
        for move in moves:
            full.step(move)
    assert quick.said == full.said
    assert quick.exchange.account(1) == full.exchange.account(1)


@given(st.integers(2, 40), st.integers(2, 40), prices)
def test_an_ambiguous_bar_is_always_a_stop(down: int, up: int, start: float) -> None:
    story = Story({"kind": Kind.LINEAR})
    story.step(("bar", (start,) * 4))
    entry = {"side": Side.BUY, "kind": OrderKind.MARKET, "size": 1, "price": start, "trigger": start,
             "take": start, "limited": False, "reduce_only": False, "pos": PosSide.NET}  # fmt: skip
    story.step(("place", entry))
    story.step(("bar", (start,) * 4))
    guard = {**entry, "side": Side.SELL, "kind": OrderKind.OCO, "reduce_only": True}
    story.step(("place", {**guard, "trigger": start - down / 2, "take": start + up / 2}))
    said = story.step(("bar", (start, start, start - down / 2 - 1, start + up / 2 + 1)))
    (fill,) = [r for r in said if isinstance(r, Fill)]
    assert fill.price == D(str(start - down / 2)) - D("0.5")
    assert fill.note == "ambiguous bar: stop assumed first"
