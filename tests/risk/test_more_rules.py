"""Rules about the market, the venue and the account as a whole: what they stop, and in which words."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from cockpit.core import events as ev
from cockpit.core.config import RiskConfig, SymbolLimits
from cockpit.core.gate import Rule
from cockpit.core.intents import Cancel, Quote
from cockpit.core.orders import Order, OrderKind, OrderState
from cockpit.core.registry import RULES
from cockpit.core.returns import Track, correlation, learn, needed, tail, together
from cockpit.core.types import Side
from tests.core.stand import LINEAR, LOOSE, SPOT, D, Stand, places
from tests.risk.test_rules import ask

OTHER = msgspec.structs.replace(LINEAR, symbol="sim:ETH-USDT-SWAP", base="ETH")


def loose(**limits: Any) -> RiskConfig:
    return msgspec.structs.replace(LOOSE, **limits)


def one(name: str, **limits: Any) -> tuple[Rule, ...]:
    return (Rule(name, RULES[name].target, loose(**limits)),)


def say(stand: Stand, verb: str, **args: str) -> tuple[Any, ...]:
    return stand.tell(ev.Command(stand.now, f"{verb}{stand.state.seq}", verb, args, "me"))


def test_whitelist_names_what_may_be_entered() -> None:
    stand = Stand()
    assert ask(stand, "whitelist", loose(), target=D(5))[0].target == 5
    assert ask(stand, "whitelist", loose(whitelist=(stand.symbol,)), target=D(5))[0].target == 5
    after, context = ask(stand, "whitelist", loose(whitelist=("a", "b")), target=D(5))
    assert after.target == 0
    assert context.verdicts[0].reason == f"{stand.symbol} is not among the 2 allowed"


def test_a_gapped_book_is_no_data() -> None:
    stand = Stand()
    stand.tell(ev.BookSnapshot(stand.now, stand.symbol, 0, ((99.9, 50.0),), ((100.1, 50.0),), 5))
    assert ask(stand, "stale_data", loose(), target=D(5))[0].target == 5
    stand.tell(ev.BookDelta(stand.now, stand.symbol, 0, ((98.0, 1.0),), (), 9, 8))
    after, context = ask(stand, "stale_data", loose(), target=D(5))
    assert after.target == 0
    assert context.verdicts[0].reason == "the order book is gapped or crossed"


@pytest.mark.parametrize(("factor", "allowed"), [(1.0, True), (1.04, True), (0.2, False), (10.0, False)])
def test_an_absurd_price_is_not_traded_on(factor: float, allowed: bool) -> None:
    """F19: one tick times 0.2 or 10."""
    stand = Stand()
    stand.state.last[stand.symbol] = 100.0 * factor
    after, context = ask(stand, "price_band", loose(max_deviation=0.05), target=D(5))
    assert bool(after.target) is allowed
    if not allowed:
        assert "apart" in context.verdicts[0].reason
        assert stand.sleeve.retry_at


def test_latency_blocks_for_a_while_and_then_lets_one_try() -> None:
    stand = Stand(rules=one("latency", max_latency_ms=200, latency_pause_s=10.0))
    (place,) = places(stand.want(1))
    stand.now += 300
    stand.ack(place.cid)
    stand.fill(place.cid)
    assert stand.want(2) == ()
    assert stand.sleeve.verdicts[0].reason == "the venue took 300 ms to answer, allowed 200"
    assert stand.wait(9_999) == ()
    assert len(places(stand.wait(1))) == 1


def test_three_losses_pause_five_minutes() -> None:
    rules = one("loss_streak", loss_streak=3, loss_pause_s=300.0)
    stand = Stand(rules=rules)

    def trade(gain: float) -> None:
        for place in places(stand.want(1 + stand.have)):
            stand.ack(place.cid)
            stand.fill(place.cid, price=100)
        for place in places(stand.want(0)):
            stand.ack(place.cid)
            stand.fill(place.cid, price=100 + gain)

    for gain in (-1, -1, 30, -1, -1):
        trade(gain)
    assert stand.sleeve.losses == 2
    trade(-1)
    assert stand.sleeve.losses == 3
    assert stand.want(2) == ()
    assert stand.sleeve.verdicts[0].reason == "3 losses in a row, pause of 300 s"
    assert stand.wait(299_000) == ()
    assert len(places(stand.wait(1_000))) == 1, "then it counts anew"


def test_a_trade_that_only_pays_fees_is_a_loss() -> None:
    stand = Stand()
    stand.holding(1)
    stand.place_and_fill(stand.want(0))
    assert stand.sleeve.losses == 1
    assert stand.sleeve.trades == 1


def test_min_depth_wants_three_times_the_size_on_both_sides() -> None:
    stand = Stand()
    config = loose(min_depth=3.0, price_band=0.02)

    def depth(bids: float, asks: float) -> None:
        book = ((99.9, bids), (50.0, 1e6)), ((100.1, asks), (150.0, 1e6))
        stand.tell(ev.BookSnapshot(stand.now, stand.symbol, 0, *book, stand.state.seq))

    for bids, asks, fits in ((15, 15, True), (14, 99, False), (99, 14, False)):
        depth(bids, asks)
        assert bool(ask(stand, "min_depth", config, target=D(5))[0].target) is fits
    _, context = ask(stand, "min_depth", config, target=D(5))
    assert context.verdicts[0].reason == "14 within 2.0% of the market, needed 15 (3x)"
    depth(15, 15)
    stand.wait(1_000)
    stand.holding(5)
    assert ask(stand, "min_depth", config, target=D(10))[0].target == 10, "only what is added counts"
    assert ask(stand, "min_depth", config, quotes=(Quote(Side.BUY, D(99), D(6)),))[0].quotes == ()
    stand.engine.markets[stand.symbol].book.clear()
    assert ask(stand, "min_depth", config, target=D(500))[0].target == 500, "no book, nothing to ask"


def test_symbol_limits_count_all_sleeves_and_the_smallest_holds() -> None:
    stand = Stand(sleeves=2, cash="1000")
    stand.place_and_fill(stand.want(30, sleeve=2))
    places(stand.want(40, sleeve=2))  # ten more are on their way

    def limit(**numbers: float) -> RiskConfig:
        return loose(symbols={stand.symbol: SymbolLimits(**numbers)})

    assert ask(stand, "symbol_limit", limit(max_position_value=100.0), target=D(90))[0].target == 60
    assert ask(stand, "symbol_limit", limit(max_position_value=100.0), target=D(-150))[0].target == -100
    both = limit(max_position_value=100.0, max_leverage=0.05)
    after, context = ask(stand, "symbol_limit", both, target=D(90))
    assert after.target == 9, "0.05 of the equity less forty"
    assert context.verdicts[0].reason.endswith("the others may reach 40")
    other = loose(symbols={"sim:ELSE": SymbolLimits(1.0)})
    assert ask(stand, "symbol_limit", other, target=D(90))[0].target == 90


def test_net_exposure_is_bounded_both_ways() -> None:
    stand = Stand(sleeves=2, cash="100")
    stand.place_and_fill(stand.want(60, sleeve=2))
    equity = stand.state.equity()
    config = loose(max_net_leverage=1.0)
    assert ask(stand, "net_exposure", config, target=D(90))[0].target == int(equity - 60)
    assert ask(stand, "net_exposure", config, target=D(-170))[0].target == -int(equity + 60)
    places(stand.want(70, sleeve=2))
    assert ask(stand, "net_exposure", config, target=D(90))[0].target == int(equity - 70), "its orders too"
    assert ask(stand, "net_exposure", config, target=D(-170))[0].target == -int(equity + 60)


def test_margin_use_is_notional_over_leverage_and_spot_is_paid_in_full() -> None:
    stand = Stand(cash="100")
    stand.state.ledger.set_leverage(LINEAR, D(5))
    after, context = ask(stand, "margin_use", loose(max_margin_use=0.5), target=D(900))
    assert after.target == 250
    assert context.verdicts[0].reason == "margin for 50% of equity: 50 USDT left"
    spot = Stand(SPOT, cash="1000")
    assert ask(spot, "margin_use", loose(max_margin_use=0.5), target=D(90))[0].target == 5


def test_cancels_and_amends_are_counted_and_only_entries_stopped() -> None:
    stand = Stand(rules=one("order_rate", max_changes_per_second=3))
    stand.state.changed = [stand.now] * 3
    assert stand.want(1) == ()
    assert stand.sleeve.verdicts[0].reason == "3 cancels and amends in the last second"
    assert len(places(stand.wait(1_000))) == 1
    stand = Stand(rules=one("order_rate", max_changes_per_minute=2))
    (quote,) = stand.quote(99.0, 1, 0, 0)
    stand.ack(quote.cid)
    for bid in (98.0, 97.0):
        (change,) = stand.quote(bid, 1, 0, 0)
        after = stand.tell(ev.Amended(stand.now, change.cid, change.price, change.qty))
        assert after == (), "it rests as it is wished: that costs no command"
    after = stand.quote(96.0, 1, 0, 0)
    assert [type(action) for action in after] == [Cancel], "the old price goes: a cancel is never held back"
    assert stand.sleeve.verdicts[0].reason == "2 cancels and amends in the last minute"


def test_a_runaway_strategy_is_off_until_a_person_has_looked() -> None:
    """S26: also over a restart, for the lock is in the State."""
    stand = Stand(rules=one("repeated_entries", max_entries=5, entries_window_s=60.0))
    for n in range(1, 6):
        stand.now += 1_000
        stand.place_and_fill(stand.want(n))
    assert (stand.have, stand.state.locks) == (5, {})
    assert stand.want(6) == ()
    assert "lock.set" in stand.notes()
    assert stand.sleeve.verdicts[0].reason == "5 entries within 60 s, off until switched on again"
    assert stand.wait(600_000) == (), "waiting does not lift it"
    assert stand.want(7) == ()
    assert len(places(stand.want(2))) == 1, "the way out is open"
    say(stand, "sleeve_on", sleeve="p1")
    assert stand.state.locks == {}
    assert stand.sleeve.entries == [], "the count begins anew"


def test_quotes_are_no_entries_for_the_throttle() -> None:
    stand = Stand(rules=one("repeated_entries", max_entries=2))
    for n in range(5):
        for place in places(stand.quote(99.0 - n, 1, 101.0 + n, 1)):
            stand.ack(place.cid)
    assert stand.state.locks == {}
    assert stand.sleeve.entries == []


# --- several positions together -----------------------------------------------------------------------------


def history(count: int, rho: float, seed: int = 1) -> dict[str, Track]:
    """Two markets whose returns are correlated by about ``rho``."""
    rng = random.Random(seed)
    found: dict[str, Track] = {}
    a = b = 100.0
    for n in range(count + 1):
        common, x, y = (rng.gauss(0, 0.01) for _ in range(3))
        a *= 1 + common
        b *= 1 + rho * common + (1 - rho**2) ** 0.5 * y + 0 * x
        learn(found, 1_000, ev.Bar(n * 60_000, LINEAR.symbol, 60_000, a, a, a, a, 1.0))
        learn(found, 1_000, ev.Bar(n * 60_000, OTHER.symbol, 60_000, b, b, b, b, 1.0))
    return found


def pair(rho: float, count: int = 300, held: float = 50) -> Stand:
    """p1 on one market, p2 holding on the other."""
    from cockpit.core.state import Sleeve
    from tests.core.stand import Puppet

    stand = Stand(LINEAR, OTHER, cash="1000")
    puppet = Puppet([])
    stand.puppets.append(puppet)
    stand.engine.add_sleeve(Sleeve("p2", 2, "puppet", 1, OTHER.symbol), puppet)
    stand.state.marks[OTHER.symbol] = 100.0
    stand.state.history.update(history(count, rho))
    if held:
        order = Order(
            "x", "p2", OTHER.symbol, Side.BUY if held > 0 else Side.SELL, OrderKind.MARKET, D(abs(held))
        )
        order.state = OrderState.UNKNOWN
        stand.state.orders["x"] = order
    return stand


@pytest.mark.parametrize(
    ("rho", "held", "target", "allowed"),
    [(0.9, 50, 5, False), (0.9, 50, -5, True), (0.9, -50, -5, False), (0.2, 50, 5, True), (0.9, 0, 5, True)],
)
def test_correlated_positions_are_one_position(rho: float, held: float, target: int, allowed: bool) -> None:
    stand = pair(rho, held=held)
    after, context = ask(stand, "correlation", loose(max_correlation=0.7), target=D(target))
    assert bool(after.target) is allowed
    if not allowed:
        assert "allowed 0.70" in context.verdicts[0].reason


def test_correlation_needs_bars_and_the_same_market_is_the_same_bet() -> None:
    stand = pair(0.0, count=5)
    after, context = ask(stand, "correlation", loose(max_correlation=0.7), target=D(5))
    assert after.target == 0
    assert "too few bars" in context.verdicts[0].reason
    twins = Stand(sleeves=2)
    twins.place_and_fill(twins.want(3, sleeve=2))
    assert ask(twins, "correlation", loose(max_correlation=0.7), target=D(5))[0].target == 0
    assert ask(twins, "correlation", loose(max_correlation=0.7), target=D(-5))[0].target == -5


def test_var_budget_trims_to_what_one_bar_may_cost() -> None:
    stand = pair(0.9, held=0)
    config = loose(max_var=0.01)
    after, context = ask(stand, "var_budget", config, target=D(900))
    assert after.target is not None
    assert 0 < after.target < 900
    r = stand.state.history[LINEAR.symbol].r
    inside, _ = tail([float(after.target) * x for x in r], 0.95)
    beyond, _ = tail([float(after.target) * 1.01 * x for x in r], 0.95)
    budget = 0.01 * stand.state.equity()
    assert inside <= budget < beyond
    assert "(VaR)" in context.verdicts[0].reason
    held = pair(0.9, held=300)
    assert ask(held, "var_budget", config, target=D(900))[0].target < after.target, "the other one counts"
    hedge = ask(held, "var_budget", config, target=D(-100))[0]
    assert hedge.target == -100, "a hedge lowers it"
    tighter = ask(stand, "var_budget", loose(max_var=0.01, max_es=0.005), target=D(900))[0]
    assert tighter.target < after.target


def test_var_without_enough_bars_allows_nothing() -> None:
    stand = pair(0.9, count=150, held=0)
    after, context = ask(stand, "var_budget", loose(max_var=0.5), target=D(1))
    assert after.target == 0
    assert context.verdicts[0].reason == "150 bars known, 95% needs 200"


def test_the_tail_is_the_references() -> None:
    """Quant reference 17: L(ceil(n·a)), and ES with atoms by Rockafellar and Uryasev."""
    profits = [-float(n) for n in range(1, 21)]  # losses 1..20
    assert tail(profits, 0.95) == (19.0, pytest.approx(19.0 + (1 / 20) / 0.05))
    assert tail(profits, 0.9) == (18.0, pytest.approx(18.0 + (1 + 2) / 20 / 0.1))
    assert tail([-1.0] * 10, 0.9) == (1.0, 1.0)
    assert (needed(0.95), needed(0.99), needed(0.9)) == (200, 1_000, 100)


def test_returns_are_compared_only_where_both_have_one() -> None:
    found = history(30, 0.5)
    del found[OTHER.symbol].ts[10], found[OTHER.symbol].r[10]
    rows = together(found, (LINEAR.symbol, OTHER.symbol))
    assert len(rows[LINEAR.symbol]) == len(rows[OTHER.symbol]) == 29
    assert together(found, (LINEAR.symbol, "nowhere"))[LINEAR.symbol] == []
    same = [0.1, -0.2, 0.3]
    assert correlation(same, same) == pytest.approx(1.0)
    assert correlation(same, [-x for x in same]) == pytest.approx(-1.0)
    assert correlation(same, [0.0, 0.0, 0.0]) != correlation(same, [0.0, 0.0, 0.0])
    keep: dict[str, Track] = {}
    for n in range(50):
        learn(keep, 10, ev.Bar(n, "x", 60, 1.0, 1.0, 1.0, 1.0 + n, 1.0))
        learn(keep, 10, ev.Bar(n, "x", 300, 1.0, 1.0, 1.0, 9.0, 1.0))
    assert len(keep["x"].r) == len(keep["x"].ts) == 10
