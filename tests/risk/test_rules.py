"""Each built-in rule: what it trims, what it blocks, in which words; and that nothing stops a way out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.app import compose
from cockpit.core import events as ev
from cockpit.core.config import Config, HotlistConfig, RiskConfig, SymbolLimits
from cockpit.core.events import AccountReport, Link
from cockpit.core.gate import GateContext, Rule, approve
from cockpit.core.intents import Intent, Quote
from cockpit.core.registry import RULES
from cockpit.core.types import InstrumentState, Side
from cockpit.risk.rules import price_band
from tests.core.stand import INVERSE, LINEAR, SPOT, D, Stand, loose_rules, places

CONFIG = RiskConfig(
    max_notional=100.0,
    max_leverage=2.0,
    max_position=0.5,
    min_confidence=0.6,
    price_band=0.02,
    max_orders_per_second=3,
    max_orders_per_minute=5,
    stale_ms=1_000,
)
"""LINEAR is worth 1 USDT a contract at 100."""


def rule(name: str, config: RiskConfig = CONFIG) -> tuple[Rule, ...]:
    plugin = RULES[name]
    return (Rule(name, plugin.target, config),)


def ask(stand: Stand, name: str, config: RiskConfig = CONFIG, **wish: Any) -> tuple[Intent, GateContext]:
    """Put a wish through one rule at this instant."""
    market = stand.engine.markets[stand.symbol]
    context = GateContext(
        stand.state,
        stand.sleeve,
        market.instrument,
        price=stand.state.price(stand.symbol),
        heard=market.heard,
        book=market.book,
    )
    context.now = stand.now
    intent = Intent("p1", stand.symbol, **wish)
    return approve(intent, context, rule(name, config)).intent, context


def test_all_are_registered_in_their_order() -> None:
    assert [r.name for r in loose_rules()] == [
        "tradable", "hotlist", "whitelist", "min_confidence", "stale_data", "latency", "loss_streak",
        "strangers", "price_band", "min_depth", "max_notional", "symbol_limit", "stage_limit",
        "strategy_limit", "max_leverage", "net_exposure", "margin_use", "order_rate", "repeated_entries",
        "correlation", "var_budget",
    ]  # fmt: skip


def test_rules_that_ask_for_nothing_are_left_out_and_come_with_their_numbers() -> None:
    usual = [r.name for r in compose.rules(Config())]
    assert {"whitelist", "loss_streak", "symbol_limit", "correlation", "var_budget"}.isdisjoint(usual)
    asked = RiskConfig(
        whitelist=("x",), loss_streak=3, symbols={"x": SymbolLimits(1.0)}, max_correlation=0.5, max_es=0.1,
        max_net_leverage=1.0,
    )  # fmt: skip
    assert len(compose.rules(Config(risk=asked, hotlist=HotlistConfig(enforce=True)))) == len(RULES)


@pytest.mark.parametrize("state", [s for s in InstrumentState if s is not InstrumentState.LIVE])
def test_tradable_blocks_what_the_venue_does_not_trade(state: InstrumentState) -> None:
    stand = Stand(msgspec.structs.replace(LINEAR, state=state))
    after, context = ask(stand, "tradable", target=D(5))
    assert after.target == 0
    (verdict,) = context.verdicts
    assert (verdict.rule, verdict.action) == ("tradable", "block")
    assert verdict.reason == f"instrument is {state}"
    assert (verdict.before, verdict.after) == ("target 5", "target 0")


def test_entries_need_confidence_and_a_link_to_the_account() -> None:
    stand = Stand()
    after, context = ask(stand, "min_confidence", target=D(5), confidence=0.5)
    assert after.target == 0
    assert context.verdicts[0].rule == "min_confidence"
    assert context.verdicts[0].reason == "confidence 0.50 < 0.60"
    assert ask(stand, "min_confidence", target=D(5), confidence=0.6)[0].target == 5
    stand.tell(Link(stand.now, "private", False, "cut"))
    after, context = ask(stand, "tradable", target=D(5))
    assert after.target == 0
    assert "private" in context.verdicts[0].reason
    stand.tell(Link(stand.now, "private", True))
    after, context = ask(stand, "tradable", target=D(5))
    assert after.target == 0, "what happened meanwhile is not known yet"
    assert "read" in context.verdicts[0].reason
    stand.tell(AccountReport(stand.now, dict(stand.state.ledger.balances), (), ()))
    assert ask(stand, "tradable", target=D(5))[0].target == 5


def test_stale_data_blocks_old_news_with_its_age_and_asks_again() -> None:
    stand = Stand()
    assert ask(stand, "stale_data", target=D(5))[0].target == 5
    stand.now += 1_000
    assert ask(stand, "stale_data", target=D(5))[0].target == 5
    stand.now += 1
    after, context = ask(stand, "stale_data", target=D(5))
    assert after.target == 0
    assert context.verdicts[0].reason == "data 1.0 s old, allowed 1 s"
    assert stand.sleeve.retry_at == stand.now + 1_000 or stand.sleeve.retry_at > stand.state.now


def test_stale_data_gives_bar_strategies_one_bar_more() -> None:
    stand = Stand()
    stand.sleeve.tf = 60_000
    stand.now += 61_000
    assert ask(stand, "stale_data", target=D(5))[0].target == 5
    stand.now += 1
    assert ask(stand, "stale_data", target=D(5))[0].target == 0


def test_stale_data_is_false_until_proven_and_the_wish_is_heard_again() -> None:
    stand = Stand(rules=rule("stale_data"))
    stand.engine.markets[stand.symbol].heard = 0
    trade = stand.want(5)
    # The trade that woke the strategy is itself fresh data.
    assert len(places(trade)) == 1
    stand = Stand(rules=rule("stale_data"))
    market = stand.engine.markets[stand.symbol]
    market.heard = 0
    intent, context = ask(stand, "stale_data", target=D(5))
    assert intent.target == 0
    assert context.verdicts[0].reason == "no market data since the start"
    stand.sleeve.intent = Intent("p1", stand.symbol, D(5))
    stand.engine._plan()
    stand.see(100.0)
    (place,) = places(stand.wait(1_000))
    assert place.qty == 5


def test_tradable_lets_nothing_be_sold_on_spot_that_is_not_held() -> None:
    stand = Stand(SPOT)
    after, context = ask(stand, "tradable", target=D(-5))
    assert after.target == 0
    assert context.verdicts[0].reason == "spot cannot be sold short"
    sells = (Quote(Side.SELL, D(101), D(3)), Quote(Side.BUY, D(99), D(3)))
    assert ask(stand, "tradable", quotes=sells)[0].quotes == sells[1:]
    stand.holding(2)
    held = stand.have
    assert 0 < held <= 2
    after, _ = ask(stand, "tradable", target=D(-5), quotes=(Quote(Side.SELL, D(101), D(3)),))
    assert after.target == 0
    assert [quote.qty for quote in after.quotes] == [SPOT.qty(held)]
    assert ask(stand, "tradable", target=D(5))[0].target == 5


def test_price_band_drops_only_the_side_that_would_overpay() -> None:
    stand = Stand()
    quotes = (Quote(Side.BUY, D(103), D(1)), Quote(Side.SELL, D(103), D(1)))
    after, context = ask(stand, "price_band", quotes=quotes)
    assert after.quotes == quotes[1:]
    assert context.verdicts[0].reason == "3.00% beyond the market, allowed 2.00%"
    low = (Quote(Side.BUY, D(50), D(1)), Quote(Side.SELL, D(97), D(1)))
    assert ask(stand, "price_band", quotes=low)[0].quotes == low[:1]
    edge = (Quote(Side.BUY, D(102), D(1)),)
    assert ask(stand, "price_band", quotes=edge)[0].quotes == edge


def test_price_band_without_a_price_allows_nothing_and_asks_again() -> None:
    stand = Stand()
    stand.state.marks.clear()
    stand.state.last.clear()
    after, context = ask(stand, "price_band", target=D(5))
    assert after.target == 0
    assert context.verdicts[0].reason == "no reference price"
    assert stand.sleeve.retry_at == stand.now + 1_000


def test_price_band_takes_no_mark_from_before_the_start_and_none_that_its_venue_has_stopped_to_tell() -> None:
    stand = Stand()
    assert ask(stand, "price_band", target=D(5))[0].target == 5
    stand.tell(ev.Boot(stand.now, 1, "test", "1", ""))
    stand.state.voices.clear()
    stand.tell(ev.Touch(stand.now, stand.symbol, stand.now, 99.9, 50.0, 100.1, 50.0))
    after, context = ask(stand, "price_band", target=D(5))
    assert (after.target, context.verdicts[0].reason) == (0, "no mark since the start")
    assert stand.sleeve.retry_at == stand.now + 1_000
    stand.see(100.0)
    assert ask(stand, "price_band", target=D(5))[0].target == 5
    stand.now += price_band.MARK_MS + 30_000
    after, context = ask(stand, "price_band", target=D(5))
    assert (after.target, context.verdicts[0].reason) == (0, "the mark is 10 min old")
    stand.see(100.0)
    assert ask(stand, "price_band", target=D(5))[0].target == 5


def test_price_band_takes_recorded_marks_as_rarely_as_they_were_written_down() -> None:
    stand = Stand()
    stand.state.mode = "replay"
    stand.tell(ev.Boot(stand.now, 1, "replay", "1", ""))
    stand.state.voices.clear()
    stand.see(100.0)
    stand.now += 60 * 60_000
    assert ask(stand, "price_band", target=D(5))[0].target == 5


def test_price_band_asks_no_mark_where_the_market_has_none() -> None:
    stand = Stand()
    stand.state.marks.clear()
    stand.tell(ev.Boot(stand.now, 1, "test", "1", ""))
    stand.state.voices.clear()
    assert ask(stand, "price_band", target=D(5))[0].target == 5


def test_max_notional_trims_to_the_smaller_of_money_and_share_of_equity() -> None:
    stand = Stand()
    after, context = ask(stand, "max_notional", target=D(-250))
    assert after.target == -100
    assert context.verdicts[0].reason == "250 > 100 USDT"
    assert (context.verdicts[0].action, context.verdicts[0].after) == ("trim", "target -100")
    poor = Stand(cash="60")
    assert ask(poor, "max_notional", target=D(250))[0].target == 30


def test_max_notional_of_a_coin_margined_contract_does_not_need_the_price() -> None:
    stand = Stand(INVERSE)
    config = msgspec.structs.replace(CONFIG, max_notional=550.0)
    assert ask(stand, "max_notional", config, target=D(9))[0].target == 5


def test_turning_round_is_bounded_on_the_other_side_too() -> None:
    stand = Stand()
    stand.holding(90)
    after, _ = ask(stand, "max_notional", target=D(-150))
    assert after.target == -100
    tight = msgspec.structs.replace(CONFIG, max_notional=10.0)
    assert ask(stand, "max_notional", tight, target=D(-20))[0].target == -10
    after, _ = ask(stand, "max_notional", tight, quotes=(Quote(Side.SELL, D(101), D(300)),))
    assert after.quotes[0].qty == 90, "it may close all it has, and no more"


def test_a_held_position_beyond_the_limit_may_stay_but_not_grow() -> None:
    stand = Stand()
    stand.holding(150)
    assert ask(stand, "max_notional", target=D(200))[0].target == 150
    after, _ = ask(
        stand, "max_notional", quotes=(Quote(Side.BUY, D(99), D(1)), Quote(Side.SELL, D(101), D(1)))
    )
    assert [q.side for q in after.quotes] == [Side.SELL]


def test_max_leverage_counts_every_sleeve_and_every_open_entry() -> None:
    stand = Stand(sleeves=2, cash="100")
    config = msgspec.structs.replace(CONFIG, max_notional=1e9, max_position=1.0)
    stand.place_and_fill(stand.want(100, sleeve=2))
    places(stand.want(130, sleeve=2))  # 30 more are on their way
    after, context = ask(stand, "max_leverage", config, target=D(100))
    equity = stand.state.equity()
    assert after.target == int(2 * equity - 130)
    assert context.verdicts[0].reason.startswith("account limit 2x equity: ")
    assert context.verdicts[0].reason.endswith(" USDT left")


def test_no_equity_no_entries() -> None:
    stand = Stand(cash="0")
    assert ask(stand, "max_leverage", target=D(1))[0].target == 0
    assert ask(stand, "max_notional", target=D(1))[0].target == 0


def test_order_rate_blocks_by_the_second_and_by_the_minute_and_wakes_up_again() -> None:
    stand = Stand(rules=rule("order_rate"))
    for n in range(1, 4):
        stand.place_and_fill(stand.want(n))
    assert stand.want(4) == ()
    assert stand.sleeve.verdicts[0].reason == "3 orders in the last second"
    (place,) = places(stand.wait(1_000))
    stand.ack(place.cid)
    stand.fill(place.cid)
    stand.place_and_fill(stand.want(5))
    assert stand.want(6) == ()
    assert stand.sleeve.verdicts[0].reason == "5 orders in the last minute"
    assert places(stand.wait(57_000)) == []
    assert len(places(stand.wait(3_000))) == 1


def test_order_rate_waits_for_the_right_order_to_age_and_never_asks_again_at_once() -> None:
    """Exits are not held back: more than the limit may stand in the minute, and the first may be older."""
    stand = Stand(rules=rule("order_rate"))
    state = stand.engine.state
    ages = (70_000, 59_000, 50_000, 40_000, 30_000, 20_000, 10_000)
    state.placed = [state.now - age for age in ages]
    assert stand.want(1) == ()
    assert stand.sleeve.verdicts[0].reason == "6 orders in the last minute"
    assert stand.sleeve.retry_at == state.now + 10_000
    assert places(stand.wait(9_999)) == []
    assert len(places(stand.wait(1))) == 1


def test_order_rate_never_stops_an_exit_or_a_stop() -> None:
    stand = Stand(rules=rule("order_rate"))
    for n in range(1, 4):
        stand.place_and_fill(stand.want(n))
    (leave,) = places(stand.want(0))
    assert leave.qty == 3


def test_order_rate_leaves_what_stands_as_it_is_wished() -> None:
    """Twenty grids began together: each acknowledgement met a full second, called its own fresh quotes back,
    and a second later they were shown anew, for ever."""
    stand = Stand(rules=rule("order_rate"))
    shown = places(stand.quote(99.0, 1, 101.0, 2))
    stand.state.placed += [stand.now] * 5
    assert [stand.ack(place.cid) for place in shown] == [(), ()], "they stand: no command"
    assert not stand.sleeve.verdicts
    assert stand.fill(shown[1].cid, 1) == ()
    assert [o.remaining for o in stand.state.orders_of("p1")] == [1, 1], "what is left of a quote stands, too"
    (cancel,) = stand.quote(99.0, 1, 102.0, 1)
    assert (cancel.cid, stand.sleeve.verdicts[0].after) == (shown[1].cid, "buy 1 @ 99")


def test_order_rate_leaves_an_entry_on_its_way() -> None:
    stand = Stand(rules=rule("order_rate"))
    (place,) = places(stand.want(2))
    stand.state.placed += [stand.now] * 5
    assert stand.ack(place.cid) == ()
    assert stand.want(3) == ()
    assert stand.sleeve.verdicts[0].after == "target 2", "no more, and no less"


@pytest.mark.parametrize("name", [r.name for r in loose_rules()])
def test_a_reducing_wish_passes_every_rule_whatever_its_numbers(name: str) -> None:
    """No data, no price, no money, no confidence, suspended: the way out stays open."""
    stand = Stand(msgspec.structs.replace(LINEAR, state=InstrumentState.LIVE), cash="1000")
    stand.holding(8)
    stand.engine.markets[stand.symbol].instrument = msgspec.structs.replace(
        LINEAR, state=InstrumentState.SUSPENDED
    )
    stand.engine.markets[stand.symbol].heard = 0
    stand.state.marks.clear()
    stand.state.last.clear()
    stand.state.ledger.balances["USDT"] = D(-1)
    stand.state.placed = [stand.now] * 100
    nothing = RiskConfig(
        max_notional=1e-9, max_leverage=1e-9, max_position=0.0, price_band=0.0, min_confidence=1.0
    )
    for wish in (
        {"target": D(0)},
        {"target": D(3)},
        {"target": D(8)},
        {"quotes": (Quote(Side.SELL, D(1), D(8)),)},
    ):
        after, context = ask(stand, name, nothing, confidence=0.0, **wish)
        assert after == Intent("p1", stand.symbol, confidence=0.0, **wish)  # type: ignore[arg-type]
        assert context.verdicts == []
