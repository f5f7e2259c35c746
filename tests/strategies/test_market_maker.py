"""HF-01 … HF-12 row by row, who wins when rules disagree, and what may never happen."""

from __future__ import annotations

from decimal import Decimal
from math import isnan, nan

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.book import Book
from cockpit.core.events import Fill
from cockpit.core.registry import STRATEGIES
from cockpit.core.types import Instrument, Kind, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.strategies.market_maker import MarketMaker, Params, break_even_hit_rate

START = 1_700_000_000_000
SWAP = Instrument(
    symbol="practice:WIF-USDT-SWAP",
    kind=Kind.LINEAR,
    base="WIF",
    quote="USDT",
    settle="USDT",
    tick=Decimal("0.0001"),
    lot=Decimal("0.1"),
    min_qty=Decimal("0.1"),
)
SPOT = msgspec.structs.replace(
    SWAP,
    symbol="practice:WIF-USDT",
    kind=Kind.SPOT,
    settle="USDT",
    maker_fee=Decimal("0.0008"),
    taker_fee=Decimal("0.001"),
)
COIN = msgspec.structs.replace(
    SWAP, symbol="practice:WIF-USD-SWAP", kind=Kind.INVERSE, settle="WIF", contract_value=Decimal(1)
)


class Stage:
    """A strategy, its window and its pen, and a hand on the clock. Opens 0.15 % wide at 2.0000."""

    def __init__(self, params: Params | None = None, instrument: Instrument = SWAP, equity: float = 1_000.0):
        self.book = Book()
        self.view = View(instrument, self.book)
        self.view.equity_of = lambda: equity
        self.view.now = START
        self.want = Want()
        self.maker = MarketMaker.create(params or Params())
        self.fills = 0

    def touch(self, bid: float = 2.0, ask: float = 2.003, qty: float = 100.0, after: int = 0) -> Stage:
        """The book changes ``after`` ms from now."""
        self.view.now += after
        self.view.touch_ts = self.view.now
        self.book.apply_snapshot(((bid, qty),), ((ask, qty),), 1, self.view.now)
        self.maker.on_book(self.view, self.want)
        return self

    def timer(self, after: int = 0) -> Stage:
        """The refresh timer, the book having spoken just before."""
        self.view.now += after
        self.view.touch_ts = self.view.now
        self.maker.on_timer(self.view, self.want)
        return self

    def fill(self, side: Side, qty: float, price: float, after: int = 100, maker: bool = True) -> Stage:
        """One of ours trades; the position is known before the strategy hears of it."""
        view = self.view
        view.now += after
        before = view.position
        view.position = round(before + side.sign * qty, 9)
        if before * side.sign >= 0:
            known = 0.0 if isnan(view.entry) else view.entry
            view.entry = (known * abs(before) + price * qty) / abs(view.position)
        if view.position == 0:
            view.entry = nan
        self.fills += 1
        fee = Decimal(str(qty * price)) * Decimal(str(view.maker_fee if maker else view.taker_fee))
        event = Fill(
            view.now, "c", "v", str(self.fills), view.symbol, side,
            Decimal(str(price)), Decimal(str(qty)), fee, "USDT", maker,
        )  # fmt: skip
        self.maker.on_fill(event, view, self.want)
        return self

    def trip(self, buy: float, sell: float) -> Stage:
        """One round trip of one contract."""
        return self.fill(Side.BUY, 1.0, buy).fill(Side.SELL, 1.0, sell)

    @property
    def shown(self) -> tuple[float, float, float, float]:
        """(bid, quantity, ask, quantity) of the wish in force, absent sides as zeros."""
        want = self.want
        bid = (want.bid, want.bid_qty) if want.bid_qty else (0.0, 0.0)
        ask = (want.ask, want.ask_qty) if want.ask_qty else (0.0, 0.0)
        return (*bid, *ask)

    @property
    def quiet(self) -> bool:
        return self.shown == (0.0, 0.0, 0.0, 0.0)


BOTH = (2.0, 2.4, 2.003, 2.4)
"""5 USDT a side at the opening touch."""


# --- HF, row by row -------------------------------------------------------------------------------


def test_hf01_it_is_registered_with_what_wakes_it() -> None:
    row = STRATEGIES["market_maker"]
    assert row.target is MarketMaker
    assert row.params is Params
    assert (row.options["version"], row.options["wakes"]) == (1, ("book", "timer", "fill"))


def test_hf02_the_seeds_numbers_are_the_defaults() -> None:
    params = Params()
    assert (params.min_spread, params.reentry_spread, params.order_amount) == (0.001, 0.0008, 5.0)
    assert (params.max_open_orders, params.leverage, params.cancel_delay) == (5, 1.0, 3.0)
    assert (params.risk_pause, params.api_latency_limit) == (300.0, 200.0)
    assert (params.requote_move, params.max_life, params.refresh) == (0.0005, 5.0, 2.0)
    assert (params.loss_streak, params.stop_loss, params.min_depth_multiple) == (3, 0.002, 3.0)
    assert (params.capital_per_order, params.capital_total) == (0.05, 0.25)
    assert MarketMaker.create(params).timer_ms == 2_000


def test_every_parameter_says_what_it_is_and_in_which_unit() -> None:
    for name, field in msgspec.json.schema(Params)["$defs"]["Params"]["properties"].items():
        assert field["description"], name
        assert field["unit"], name


@pytest.mark.parametrize(
    "wrong", [b'{"leverage":11}', b'{"min_spread":-1}', b'{"order_amount":0}', b'{"capital_total":2}']
)
def test_numbers_out_of_bounds_are_refused(wrong: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=Params)


def test_hf03_both_sides_at_the_touch_when_the_spread_is_wide_enough() -> None:
    stage = Stage().touch()
    assert stage.shown == BOTH
    assert stage.want.tag == "mm.quote"


@pytest.mark.parametrize(("ask", "quotes"), [(2.002, True), (2.0019, False)])
def test_hf03_the_spread_needed_is_met_exactly(ask: float, quotes: bool) -> None:
    stage = Stage().touch(ask=ask)
    assert stage.quiet is not quotes
    assert stage.want.tag == ("mm.quote" if quotes else "mm.spread")


def test_the_fee_trap_spot_at_a_tenth_of_a_percent_is_not_quoted() -> None:
    """HF-02 on spot: 0.10 % earns, 2 × 0.08 % costs. It needs 0.16 % and the margin, and says why."""
    stage = Stage(instrument=SPOT)
    assert stage.touch(ask=2.002).want.tag == "mm.spread"
    assert stage.touch(ask=2.0033, after=2_000).want.tag == "mm.spread"
    assert stage.touch(ask=2.0034, after=2_000).want.tag == "mm.quote"


def test_spot_cannot_sell_what_it_does_not_hold() -> None:
    stage = Stage(instrument=SPOT).touch(ask=2.01)
    assert stage.shown == (2.0, 2.4, 0.0, 0.0)
    stage.fill(Side.BUY, 2.4, 2.0)
    assert stage.shown == (0.0, 0.0, 2.01, 2.4)
    stage.fill(Side.SELL, 2.4, 2.01)
    assert stage.shown == (2.0, 2.4, 0.0, 0.0)


def test_rebates_do_not_lower_the_seeds_own_threshold() -> None:
    rebate = msgspec.structs.replace(SWAP, maker_fee=Decimal("-0.0001"))
    assert Stage(instrument=rebate).touch(ask=2.0019).want.tag == "mm.spread"


def test_hf04_one_quote_is_at_most_five_percent_of_equity() -> None:
    stage = Stage(equity=60.0).touch()
    assert stage.shown == (2.0, 1.4, 2.003, 1.4)
    assert 1.4 * 2.003 <= 0.05 * 60.0 < 1.5 * 2.003


def test_hf04_all_quotes_are_at_most_a_quarter_of_equity() -> None:
    params = Params(order_amount=1e6, capital_per_order=0.9, capital_total=0.25)
    bid, bid_qty, ask, ask_qty = Stage(params, equity=100.0).touch().shown
    assert 24.0 < bid * bid_qty + ask * ask_qty <= 25.0


def test_leverage_multiplies_what_the_capital_carries() -> None:
    params = Params(order_amount=1e6)
    once = Stage(params).touch(qty=1e4).shown[1]
    thrice = Stage(msgspec.structs.replace(params, leverage=3.0)).touch(qty=1e4).shown[1]
    assert thrice == pytest.approx(3 * once, abs=0.3)


def test_an_order_below_the_venues_minimum_is_the_minimum_if_capital_allows() -> None:
    large = msgspec.structs.replace(SWAP, min_qty=Decimal(10))
    assert Stage(instrument=large).touch().shown == (2.0, 10.0, 2.003, 10.0)
    refused = Stage(instrument=large, equity=100.0).touch()
    assert refused.quiet
    assert refused.want.tag == "mm.size"


def test_no_equity_no_quotes() -> None:
    assert Stage(equity=0.0).touch().want.tag == "mm.size"


def test_coin_margined_contracts_are_sized_in_money() -> None:
    assert Stage(instrument=COIN).touch().shown == (2.0, 5.0, 2.003, 5.0)


def test_hf05_after_a_buy_only_the_sell_is_shown_at_the_new_ask() -> None:
    stage = Stage().touch()
    stage.book.apply_snapshot(((1.9995, 50.0),), ((2.0025, 50.0),), 2, stage.view.now)
    stage.fill(Side.BUY, 2.4, 2.0)
    assert stage.shown == (0.0, 0.0, 2.0025, 2.4)
    assert stage.want.tag == "mm.exit"


def test_hf05_a_partial_fill_sells_what_was_bought() -> None:
    stage = Stage().touch().fill(Side.BUY, 1.0, 2.0)
    assert stage.shown == (0.0, 0.0, 2.003, 1.0)
    stage.fill(Side.SELL, 0.4, 2.003)
    assert stage.shown == (0.0, 0.0, 2.003, 0.6)


def test_hf05_too_narrow_to_leave_means_hold_and_wait() -> None:
    stage = Stage().touch()
    stage.book.apply_snapshot(((2.0, 50.0),), ((2.0015, 50.0),), 2, stage.view.now)
    stage.fill(Side.BUY, 2.4, 2.0)
    assert stage.quiet
    assert stage.want.tag == "mm.hold"
    stage.touch(ask=2.0016, after=50)
    assert stage.shown == (0.0, 0.0, 2.0016, 2.4)


def test_hf06_after_a_sell_only_the_buy_is_shown_then_both_again() -> None:
    stage = Stage().touch().fill(Side.SELL, 2.4, 2.003)
    assert stage.shown == (2.0, 2.4, 0.0, 0.0)
    stage.fill(Side.BUY, 2.4, 2.0)
    assert stage.shown == BOTH


def test_crumbs_below_the_minimum_are_not_a_position() -> None:
    coarse = msgspec.structs.replace(SWAP, min_qty=Decimal(1))
    stage = Stage(instrument=coarse).touch().fill(Side.BUY, 0.5, 2.0)
    assert stage.shown == BOTH


def test_hf07_a_touch_that_moved_too_far_is_followed_at_once() -> None:
    stage = Stage().touch().touch(bid=2.0012, ask=2.0042, after=10)
    assert stage.shown == (2.0012, 2.4, 2.0042, 2.4)


def test_hf07_a_small_move_waits_for_the_minimum_rest_and_the_refresh() -> None:
    stage = Stage().touch().touch(bid=2.0005, ask=2.0035, after=1_000)
    assert stage.shown == BOTH
    assert stage.timer(1_000).shown == BOTH
    assert stage.touch(bid=2.0005, ask=2.0035, after=1_500).shown == BOTH
    assert stage.timer(500).shown == (2.0005, 2.4, 2.0035, 2.4)


def test_hf07_after_five_seconds_a_quote_follows_without_a_refresh() -> None:
    stage = Stage().touch().touch(bid=2.0005, ask=2.0035, after=4_999)
    assert stage.shown == BOTH
    assert stage.touch(bid=2.0005, ask=2.0035, after=1).shown == (2.0005, 2.4, 2.0035, 2.4)


def test_hf07_a_touch_that_stood_still_keeps_the_place_in_the_queue() -> None:
    stage = Stage().touch()
    stage.want.dirty = False
    stage.timer(4_000).touch(after=2_000).timer(60_000)
    assert stage.shown == BOTH
    assert not stage.want.dirty


def losing(stage: Stage, trips: int) -> Stage:
    for _ in range(trips):
        stage.trip(2.0, 2.0)
    return stage


def test_hf08_three_losing_trips_in_a_row_pause_five_minutes() -> None:
    stage = losing(Stage().touch(), 2)
    assert not stage.quiet
    losing(stage, 1)
    assert stage.quiet
    assert stage.want.tag == "mm.pause"
    assert stage.timer(299_900).quiet
    assert stage.timer(100).shown == BOTH


def test_hf08_a_winning_trip_ends_the_row() -> None:
    stage = losing(Stage().touch(), 2).trip(2.0, 2.003)
    assert stage.maker.losses == 0
    assert not losing(stage, 2).quiet


def test_hf08_fees_decide_what_a_loss_is() -> None:
    """2.0000 → 2.0008 gains 0.04 % and two maker fees take 0.04 %: with a taker exit it is a loss."""
    stage = Stage().touch().fill(Side.BUY, 1.0, 2.0).fill(Side.SELL, 1.0, 2.001)
    assert stage.maker.losses == 0
    stage.fill(Side.BUY, 1.0, 2.0).fill(Side.SELL, 1.0, 2.001, maker=False)
    assert stage.maker.losses == 1


def test_hf08_shorts_and_flips_are_counted_too() -> None:
    stage = Stage().touch().fill(Side.SELL, 1.0, 2.0).fill(Side.BUY, 3.0, 2.01)
    assert stage.maker.losses == 1
    assert (stage.maker.held, stage.maker.average) == (2.0, 2.01)
    stage.fill(Side.SELL, 2.0, 2.0)
    assert stage.maker.losses == 2


def test_hf08_trips_of_several_fills_are_one_trip() -> None:
    stage = Stage().touch()
    for _ in range(4):
        stage.fill(Side.BUY, 1.0, 2.0)
    for _ in range(4):
        stage.fill(Side.SELL, 1.0, 1.9999)
    assert stage.maker.losses == 1


def test_hf08_coin_margined_average_is_by_coins() -> None:
    stage = Stage(instrument=COIN).touch().fill(Side.BUY, 1.0, 1.0).fill(Side.BUY, 1.0, 3.0)
    assert stage.maker.average == pytest.approx(1.5)


@pytest.mark.parametrize(("bid", "leaves"), [(1.9961, False), (1.9959, True)])
def test_hf09_a_long_that_lost_too_much_leaves_at_market(bid: float, leaves: bool) -> None:
    stage = Stage().touch().fill(Side.BUY, 2.4, 2.0).touch(bid=bid, ask=bid + 0.003, after=10)
    assert stage.maker.leaving is leaves
    assert (stage.want.weight == 0.0) is leaves
    if leaves:
        assert stage.want.tag == "mm.stop"
        assert stage.quiet


def test_hf09_a_short_measures_at_the_ask() -> None:
    stage = Stage().touch().fill(Side.SELL, 2.4, 2.0).touch(bid=1.999, ask=2.0041, after=10)
    assert stage.want.weight == 0.0


def test_hf09_it_leaves_altogether_even_if_the_price_comes_back() -> None:
    stage = Stage().touch().fill(Side.BUY, 2.4, 2.0).touch(bid=1.99, ask=1.993, after=10)
    stage.touch(after=10)
    assert stage.want.weight == 0.0
    assert stage.quiet
    stage.fill(Side.SELL, 2.4, 2.0, maker=False)
    assert isnan(stage.want.weight)
    assert stage.touch(after=2_000).shown == BOTH


def test_hf10_leverage_above_ten_is_refused() -> None:
    assert msgspec.json.decode(b'{"leverage":10}', type=Params).leverage == 10
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"leverage":10.5}', type=Params)


@pytest.mark.parametrize(("qty", "quotes"), [(7.2, True), (7.1, False)])
def test_hf11_the_touch_must_hold_three_times_the_own_quote(qty: float, quotes: bool) -> None:
    stage = Stage().touch(qty=qty)
    assert stage.quiet is not quotes
    assert stage.want.tag == ("mm.quote" if quotes else "mm.depth")


def test_hf12_a_slow_venue_silences_it_until_a_later_try() -> None:
    stage = Stage().touch()
    stage.view.latency, stage.view.latency_ts = 200.1, stage.view.now
    stage.touch(after=10)
    assert stage.quiet
    assert stage.want.tag == "mm.latency"
    assert stage.timer(9_900).quiet
    assert stage.timer(200).shown == BOTH
    stage.view.latency_ts = stage.view.now
    assert stage.touch(after=10).want.tag == "mm.latency"
    stage.view.latency = 200.0
    assert stage.touch(after=2_000).shown == BOTH


def test_hf12_a_slow_answer_of_unknown_age_counts_as_news() -> None:
    stage = Stage()
    stage.view.latency = 500.0
    assert stage.touch().want.tag == "mm.latency"
    assert stage.timer(3_600_000).want.tag == "mm.latency"


def test_a_silent_or_broken_book_is_not_quoted() -> None:
    stage = Stage().touch()
    stage.view.now += 5_001
    stage.maker.on_timer(stage.view, stage.want)
    assert (stage.quiet, stage.want.tag) == (True, "mm.stale")
    broken = Stage().touch()
    broken.book.ok = False
    broken.maker.on_book(broken.view, broken.want)
    assert (broken.quiet, broken.want.tag) == (True, "mm.stale")


def test_before_the_first_book_it_says_that_it_knows_nothing() -> None:
    stage = Stage()
    stage.maker.on_timer(stage.view, stage.want)
    assert stage.want.tag == "mm.stale"


def test_orders_not_proven_dead_are_counted() -> None:
    stage = Stage()
    stage.view.resting = 4
    assert stage.touch().want.tag == "mm.orders"
    stage.view.resting = 3
    assert stage.touch(after=2_000).shown == BOTH


def test_what_was_pulled_stays_away_for_one_refresh() -> None:
    stage = Stage().touch().touch(qty=1.0, after=10)
    assert stage.quiet
    assert stage.touch(after=1_999).quiet
    assert stage.touch(after=1).shown == BOTH


# --- who wins -------------------------------------------------------------------------------------


def holding(side: Side = Side.BUY) -> Stage:
    """A long (or short) of 2.4 being worked off, entry at the touch."""
    return Stage().touch().fill(side, 2.4, 2.0 if side is Side.BUY else 2.003)


def test_stop_beats_pause() -> None:
    stage = holding()
    stage.maker.paused_until = stage.view.now + 300_000
    assert stage.touch(bid=1.99, ask=1.993, after=10).want.tag == "mm.stop"


def test_stop_beats_stale_on_the_mark() -> None:
    stage = holding()
    stage.book.ok = False
    stage.view.mark = 1.995
    stage.maker.on_timer(stage.view, stage.want)
    assert stage.want.weight == 0.0
    assert stage.want.tag == "mm.stop"


def test_stop_beats_latency() -> None:
    stage = holding()
    stage.view.latency, stage.view.latency_ts = 900.0, stage.view.now
    assert stage.touch(bid=1.99, ask=1.993, after=10).want.tag == "mm.stop"


def test_stop_beats_depth() -> None:
    assert holding().touch(bid=1.99, ask=1.993, qty=0.1, after=10).want.tag == "mm.stop"


def test_stop_beats_touch_life_and_rest() -> None:
    for age in (10, 3_500, 6_000):
        stage = holding().touch(bid=1.9955, ask=1.9985, after=age)
        assert stage.quiet
        assert stage.want.weight == 0.0


def paused(age: int) -> Stage:
    stage = Stage().touch()
    stage.maker.paused_until = stage.view.now + 300_000
    stage.view.now += age
    return stage


def test_pause_beats_every_other_guard() -> None:
    stage = paused(10)
    stage.view.latency, stage.view.latency_ts = 900.0, stage.view.now
    assert stage.touch(qty=0.1).want.tag == "mm.pause"
    stage.book.ok = False
    stage.maker.on_timer(stage.view, stage.want)
    assert stage.want.tag == "mm.pause"


@pytest.mark.parametrize("age", [10, 3_500, 6_000])
def test_pause_beats_touch_life_and_rest(age: int) -> None:
    assert paused(age).touch(bid=2.01, ask=2.013).quiet


def test_a_pause_still_works_off_what_is_held() -> None:
    stage = holding()
    stage.maker.paused_until = stage.view.now + 300_000
    assert stage.touch(after=10).shown == (0.0, 0.0, 2.003, 2.4)


def test_thin_depth_still_works_off_what_is_held() -> None:
    assert holding().touch(qty=0.1, after=10).shown == (0.0, 0.0, 2.003, 2.4)


def test_stale_beats_latency_and_depth() -> None:
    stage = Stage()
    stage.view.latency, stage.view.latency_ts = 900.0, stage.view.now
    stage.book.apply_snapshot(((2.0, 0.1),), ((2.003, 0.1),), 1, stage.view.now)
    stage.book.ok = False
    stage.maker.on_timer(stage.view, stage.want)
    assert stage.want.tag == "mm.stale"


def test_latency_beats_depth() -> None:
    stage = Stage()
    stage.view.latency, stage.view.latency_ts = 900.0, stage.view.now
    assert stage.touch(qty=0.1).want.tag == "mm.latency"


@pytest.mark.parametrize("age", [10, 2_999, 4_000, 6_000])
@pytest.mark.parametrize("guard", ["stale", "latency", "depth"])
def test_guards_beat_touch_life_and_rest(guard: str, age: int) -> None:
    stage = Stage().touch()
    stage.view.now += age
    if guard == "latency":
        stage.view.latency, stage.view.latency_ts = 900.0, stage.view.now
    stage.view.touch_ts = stage.view.now
    stage.book.apply_snapshot(((2.01, 0.1 if guard == "depth" else 50.0),), ((2.013, 50.0),), 2, 0)
    stage.book.ok = guard != "stale"
    stage.maker.on_book(stage.view, stage.want)
    assert stage.quiet
    assert stage.want.tag == f"mm.{guard}"


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_stale_and_latency_silence_an_exit_too(side: Side) -> None:
    stage = holding(side)
    stage.view.latency, stage.view.latency_ts = 900.0, stage.view.now
    assert stage.touch(after=10).quiet


def test_a_fill_beats_the_minimum_rest() -> None:
    assert Stage().touch().fill(Side.BUY, 2.4, 2.0, after=1).shown == (0.0, 0.0, 2.003, 2.4)


def test_a_touch_that_moved_beats_the_minimum_rest() -> None:
    assert Stage().touch().touch(bid=1.9989, ask=2.003, after=1).shown[0] == 1.9989


def test_a_touch_that_moved_into_a_narrow_spread_pulls_at_once() -> None:
    stage = Stage().touch().touch(bid=2.002, ask=2.003, after=1)
    assert stage.quiet
    assert stage.want.tag == "mm.spread"


def test_life_beats_rest_when_rest_is_longer() -> None:
    stage = Stage(Params(cancel_delay=60.0)).touch().touch(bid=2.0005, ask=2.0035, after=5_000)
    assert stage.shown[0] == 2.0005


def test_rest_beats_refresh_also_when_the_spread_stops_paying() -> None:
    stage = Stage().touch().touch(bid=2.0005, ask=2.0022, after=100)
    assert stage.timer(1_900).shown == BOTH
    assert stage.timer(1_000).quiet
    assert stage.want.tag == "mm.spread"


# --- what may never happen ------------------------------------------------------------------------

MOVES = st.lists(
    st.tuples(
        st.integers(min_value=-25, max_value=25),
        st.integers(min_value=1, max_value=80),
        st.sampled_from((0.3, 5.0, 40.0, 400.0)),
        st.integers(min_value=1, max_value=2_500),
        st.sampled_from(("book", "timer", "bid", "ask", "half", "slow")),
    ),
    min_size=1,
    max_size=60,
)


def play(stage: Stage, moves: list[tuple[int, int, float, int, str]]):  # type: ignore[no-untyped-def]
    """Drive the strategy through a random market that fills what is shown; yields after every event."""
    ticks = 20_000
    for step, width, qty, after, what in moves:
        ticks += step
        bid, ask = ticks / 10_000, (ticks + width) / 10_000
        shown = stage.shown
        stage.view.latency, stage.view.latency_ts = (900.0, stage.view.now) if what == "slow" else (0.0, 0)
        if what in ("bid", "half") and shown[1]:
            part = shown[1] if what == "bid" else max(0.1, round(shown[1] / 2, 1))
            stage.fill(Side.BUY, part, shown[0], after)
        elif what == "ask" and shown[3]:
            stage.fill(Side.SELL, shown[3], shown[2], after)
        elif what == "timer":
            stage.timer(after)
        else:
            stage.touch(bid, ask, qty, after)
        yield shown, what
        if stage.maker.leaving:
            position = stage.view.position
            side = Side.SELL if position > 0 else Side.BUY
            stage.fill(side, abs(position), stage.view.bid, 20, maker=False)
            yield shown, "fill"


@given(MOVES, st.sampled_from((0.0, 0.0002, 0.0008)), st.sampled_from((20.0, 100.0, 10_000.0)))
def test_never_fee_negative_never_above_capital_never_crossed(
    moves: list[tuple[int, int, float, int, str]], fee: float, equity: float
) -> None:
    instrument = msgspec.structs.replace(SWAP, maker_fee=Decimal(str(fee)))
    params = Params(order_amount=50.0)
    stage = Stage(params, instrument, equity)
    for before, _ in play(stage, moves):
        bid, bid_qty, ask, ask_qty = stage.shown
        cap = params.capital_total * equity
        view = stage.view
        if view.position:
            assert abs(view.position) * view.entry <= cap
        if bid_qty and ask_qty:
            assert bid * bid_qty + ask * ask_qty <= cap
            assert (ask - bid) / bid >= max(params.min_spread, 2 * fee + params.safety) - 1e-9
        if stage.shown != before and not stage.quiet:
            assert (view.ask - view.bid) / view.bid >= 2 * fee + params.safety - 1e-9
            assert bid in (0.0, view.bid)
            assert ask in (0.0, view.ask)
        assert not (view.position >= 0.1 and bid_qty)
        assert not (view.position <= -0.1 and ask_qty)


@given(MOVES)
def test_a_young_quote_changes_only_for_a_higher_rule(moves: list[tuple[int, int, float, int, str]]) -> None:
    stage = Stage()
    since = 0
    for before, what in play(stage, moves):
        if stage.shown == before:
            continue
        view = stage.view
        young = view.now - since < 3_000
        if young and before != (0.0, 0.0, 0.0, 0.0) and what not in ("bid", "ask", "half", "fill"):
            moved = (before[1] and abs(view.bid / before[0] - 1) > 0.0005) or (
                before[3] and abs(view.ask / before[2] - 1) > 0.0005
            )
            guarded = stage.want.tag in ("mm.stop", "mm.pause", "mm.stale", "mm.latency", "mm.depth")
            assert moved or guarded
        since = view.now


@given(MOVES)
def test_it_goes_on_from_a_snapshot_as_if_nothing_had_happened(
    moves: list[tuple[int, int, float, int, str]],
) -> None:
    straight, broken = Stage(), Stage()
    for _ in zip(play(straight, moves), play(broken, moves), strict=True):
        raw = msgspec.msgpack.encode(broken.maker)
        broken.maker = msgspec.msgpack.decode(raw, type=MarketMaker)
        assert broken.shown == straight.shown
        assert broken.want.tag == straight.want.tag
        assert msgspec.msgpack.encode(broken.maker) == msgspec.msgpack.encode(straight.maker)


# --- what it is worth -----------------------------------------------------------------------------


def test_break_even_hit_rate_of_the_reference() -> None:
    assert break_even_hit_rate(Params(), 0.0002, 0.0005) == pytest.approx(0.82, abs=0.005)
    assert break_even_hit_rate(Params(), 0.0002, 0.0005, 0.0008) == pytest.approx(0.87, abs=0.005)


def test_on_spot_no_hit_rate_is_enough() -> None:
    assert break_even_hit_rate(Params(), 0.0008, 0.001) > 1.0


def test_a_spread_that_loses_more_than_the_stop_gains_nothing_ever() -> None:
    assert break_even_hit_rate(Params(stop_loss=0.0001), 0.01, 0.0, 0.0) == float("inf")


# --- HF-13, the extensions ------------------------------------------------------------------------

SLOW_MIND = {"vol_half_life": 4.0}
"""Two refreshes: the volatility of the last few beats."""


def beats(stage: Stage, mids: list[float]) -> Stage:
    """The book moves, then the refresh comes, beat after beat; always 0.15 % wide."""
    for mid in mids:
        stage.touch(round(mid - 0.0015, 4), round(mid + 0.0015, 4), after=100).timer(1_900)
    return stage


def test_hf13_extensions_are_off_by_default() -> None:
    params = Params()
    extensions = (params.vol_spread, params.depth_skew, params.inventory_skew, params.max_slippage)
    assert extensions == (0.0, 0.0, 0.0, 0.0)
    assert beats(Stage(), [2.0015, 2.0115, 1.9915] * 5).touch(2.0, 2.003, after=6_000).shown == BOTH


def test_hf13_a_nervous_market_is_quoted_wider() -> None:
    """The mid moves 0.5 % a beat: over the 5 s of a quote that is 0.5 % * sqrt(2.5) = 0.79 %."""
    nervous = Stage(Params(vol_spread=1.0, **SLOW_MIND))
    beats(nervous, [2.0, 2.01] * 10).touch(2.0, 2.003, after=6_000)
    bid, _, ask, _ = nervous.shown
    assert (ask - bid) / 2.0015 == pytest.approx(0.005 * (5 / 2) ** 0.5, rel=0.02)
    assert (bid + ask) / 2 == pytest.approx(2.0015, abs=0.0002)
    calm = Stage(Params(vol_spread=1.0, **SLOW_MIND))
    assert beats(calm, [2.0015] * 20).touch(after=6_000).shown == BOTH


def test_hf13_wider_quotes_do_not_open_a_narrow_market() -> None:
    """HF-03 asks what the market offers, not what we would like."""
    stage = beats(Stage(Params(vol_spread=5.0, **SLOW_MIND)), [2.0, 2.01] * 10)
    assert stage.touch(2.0, 2.001, after=6_000).want.tag == "mm.spread"


def test_hf13_quotes_lean_away_from_the_pressure() -> None:
    def leaning(skew: float, bids: float, asks: float) -> tuple[float, float, float, float]:
        stage = Stage(Params(depth_skew=skew))
        stage.view.touch_ts = stage.view.now
        stage.book.apply_snapshot(((2.0, bids),), ((2.003, asks),), 1, stage.view.now)
        stage.maker.on_book(stage.view, stage.want)
        return stage.shown

    assert leaning(0.0, 300.0, 100.0) == BOTH
    # Imbalance +0.5, half of the 30 ticks of the touch is 15: up by 0.5 * 15, rounded outwards.
    assert leaning(1.0, 300.0, 100.0) == (2.0007, 2.4, 2.0038, 2.4)
    assert leaning(1.0, 100.0, 300.0) == (1.9992, 2.4, 2.0023, 2.4)
    assert leaning(1.0, 1e9, 10.0)[0] == 2.0015, "never beyond the mid"


@pytest.mark.parametrize(("skew", "ask"), [(0.0, 2.003), (0.4, 2.0024), (1.0, 2.0015)])
def test_hf13_what_is_held_is_offered_nearer_to_the_mid(skew: float, ask: float) -> None:
    stage = Stage(Params(inventory_skew=skew)).touch().fill(Side.BUY, 2.4, 2.0)
    assert stage.touch(after=6_000).shown[2:] == (ask, 2.4)
    short = Stage(Params(inventory_skew=skew)).touch().fill(Side.SELL, 2.4, 2.003)
    assert short.touch(after=6_000).shown[0] == pytest.approx(4.003 - ask, abs=1e-9)


def test_hf13_nothing_is_opened_where_leaving_would_be_dear() -> None:
    """3 contracts at the touch are enough for rule 5 when told so; the next level is 1 % away."""
    params = Params(max_slippage=0.001, min_depth_multiple=0.1)
    stage = Stage(params)
    stage.view.touch_ts = stage.view.now
    stage.book.apply_snapshot(((2.0, 1.2), (1.98, 50.0)), ((2.003, 50.0),), 1, stage.view.now)
    stage.maker.on_book(stage.view, stage.want)
    assert (stage.quiet, stage.want.tag) == (True, "mm.slippage")
    # 1.2 at 2.0 and 1.2 at 1.98: half a per cent on average.
    assert stage.view.slippage(-2.4) == pytest.approx(0.005)
    assert stage.view.slippage(-100.0) == float("inf")
    assert stage.view.slippage(2.4) == 0.0
    stage.book.apply_snapshot(((2.0, 50.0),), ((2.003, 50.0),), 2, stage.view.now)
    stage.maker.on_book(stage.view, stage.want)
    assert stage.shown == BOTH


def test_hf13_a_thin_book_does_not_keep_anybody_in() -> None:
    stage = Stage(Params(max_slippage=0.0001)).touch().fill(Side.BUY, 2.4, 2.0)
    stage.book.apply_snapshot(((2.0, 0.1), (1.9, 0.1)), ((2.003, 50.0),), 2, stage.view.now)
    stage.view.now += 6_000
    stage.view.touch_ts = stage.view.now
    stage.maker.on_book(stage.view, stage.want)
    assert stage.shown == (0.0, 0.0, 2.003, 2.4)


@given(
    MOVES,
    st.builds(
        Params,
        order_amount=st.just(50.0),
        vol_spread=st.sampled_from((0.0, 0.5, 2.0)),
        depth_skew=st.sampled_from((0.0, 1.0)),
        inventory_skew=st.sampled_from((0.0, 0.5)),
        max_slippage=st.sampled_from((0.0, 0.001)),
    ),
)
def test_hf13_never_crosses_and_never_quotes_below_its_fees(
    moves: list[tuple[int, int, float, int, str]], params: Params
) -> None:
    stage = Stage(params)
    for before, _ in play(stage, moves):
        bid, bid_qty, ask, ask_qty = stage.shown
        if bid_qty and ask_qty:
            assert (ask - bid) / bid >= 2 * 0.0002 + params.safety - 1e-9
        if stage.shown != before:
            assert not bid_qty or bid < stage.view.ask
            assert not ask_qty or ask > stage.view.bid


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"vol_spread": -1}, "vol_spread"),
        ({"depth_skew": 1.5}, "depth_skew"),
        ({"max_slippage": 0.2}, "slippage"),
    ],
)
def test_hf13_wrong_parameters_are_refused_by_name(wrong: dict[str, float], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(wrong, Params)
