"""Several instruments and several timeframes in one strategy, spoken to by hand and before the venue."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cockpit.app import compose
from cockpit.app.rehearse import HOUR, MARKET, OTHER, START, candles, rehearse
from cockpit.app.session import parse_sleeve
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.aligned import Aligned
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.errors import ConfigError
from cockpit.core.gate import GateContext, Rule, scaled
from cockpit.core.intents import Intent
from cockpit.core.matching import Exchange, Rules, World
from cockpit.core.registry import strategy
from cockpit.core.resample import Resampler
from cockpit.core.stops import Lock, sleeve_key
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab import backtest
from tests.core.stand import LOOSE, D, loose_rules

A, B = MARKET.symbol, OTHER.symbol
BOTH = {A: MARKET, B: OTHER}
BARS = {A: (HOUR,), B: (HOUR,)}


@strategy("t_spread", None, version=1, wakes=("bar", "fill"), legs=("rich", "cheap"))
class Spread(msgspec.Struct):
    """Sells the first leg and buys the second when they are 2 % apart; even again at 1 %."""

    closes: Aligned
    heard: list[str] = []
    bars: int = 0
    broken_at: int = 0
    ticks: int = 0
    held: bool = False
    timer_ms: int = 7_200_000

    @classmethod
    def create(cls, _params: None) -> Spread:
        return cls(Aligned.of(2), heard=[])

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        assert view.leg(view.news).symbol == bar.symbol
        assert view.leg(view.news).last == bar.close
        assert {view.leg(0).now, view.leg(1).now} == {bar.ts}
        self.heard.append(bar.symbol[5:6])
        self.bars += 1
        if self.bars == self.broken_at:
            raise LookupError("broke")
        if not self.closes.update(view.news, bar.ts, bar.close):
            return
        apart = self.closes.value[0] / self.closes.value[1] - 1
        if apart > 0.02 and not self.held:
            self.held = True
            want.short(0.3, tag="rich")
            want.leg(1).long(0.3, tag="cheap")
        elif apart < 0.01 and self.held:
            self.held = False
            want.flat("even")
            want.leg(1).flat("even")

    def on_fill(self, fill: ev.Fill, view: View, want: Want) -> None:
        leg = view.leg(view.news)
        assert leg.symbol == fill.symbol
        self.heard.append(f"fill {fill.symbol[5:6]} {leg.position:+.0f}")

    def on_timer(self, view: View, want: Want) -> None:
        self.ticks += 1


@strategy("t_frames", None, version=1, wakes=("bar",), timeframes=("4h",))
class Frames(msgspec.Struct):
    """Remembers what it heard: (length in hours, hour of the close, close)."""

    heard: list[tuple[int, int, float]] = []

    @classmethod
    def create(cls, _params: None) -> Frames:
        return cls([])

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        assert view.tf == HOUR
        self.heard.append((bar.tf // HOUR, (bar.ts - START) // HOUR, bar.close))
        if bar.tf > view.tf:
            want.long(0.1, tag=f"{len(self.heard)}")


def pair(a: list[float], b: list[float]) -> list[ev.Bar]:
    return sorted([*candles(a, symbol=A), *candles(b, symbol=B)], key=lambda bar: bar.ts)


APART = pair([100.0] * 3 + [103.0] * 4 + [100.5] * 3, [100.0] * 10)


def machine(bars: list[ev.Bar], *sleeves: SleeveConfig) -> tuple[Engine, World, list[compose.Cast]]:
    exchange = Exchange(BOTH, {"USDT": D(10_000)}, Rules(), 7)
    casts = compose.cast(sleeves or [SleeveConfig("t_spread", symbols=(A, B))], BOTH, BARS)
    engine = compose.fresh(Config(), "test", BOTH, casts)
    engine.rules = loose_rules()
    return engine, World(iter(bars), exchange), casts


def heard(engine: Engine) -> list[str]:
    found: Any = next(iter(engine.slots.values())).strategy
    return list(found.heard)


# --- a group ----------------------------------------------------------------------------------------------


def test_a_pair_trades_both_legs_in_one_step_and_only_when_both_have_closed() -> None:
    found = rehearse("t_spread", APART, instrument=(MARKET, OTHER))
    assert not found.benched
    assert [(fill.symbol, str(fill.side)) for fill in found.fills] == [
        (A, "sell"),
        (B, "buy"),
        (A, "buy"),
        (B, "sell"),
    ]
    rich, cheap, *_ = found.wishes
    assert (rich.tag, cheap.tag) == ("rich", "cheap")
    assert rich.target is not None
    assert cheap.target is not None
    assert rich.target < 0 < cheap.target
    assert found.position_of(A) == found.position_of(B) == 0


def test_both_wishes_are_one_outcome() -> None:
    engine, world, _ = machine(APART)
    outcomes = []
    backtest.run(engine, world, backtest.boot(world, "t", "", ""), lambda _e, o: outcomes.append(o))
    assert [len(o.intents) for o in outcomes if o.intents] == [2, 2]
    strategy_ = next(iter(engine.slots.values())).strategy
    assert strategy_.ticks == 5, "one object, one timer"


def test_every_leg_has_its_own_name_order_ids_and_book() -> None:
    engine, _, casts = machine(APART)
    assert list(engine.slots) == [f"t_spread@1/{A}+{B}/1h", f"t_spread@1/{B}+{A}/1h"]
    assert [c.sleeve.index for c in casts] == [1, 2]
    assert {c.sleeve.group for c in casts} == {f"t_spread@1/{A}+{B}/1h"}
    first, second = engine.slots.values()
    assert first.strategy is second.strategy
    assert first.view.leg(1) is second.view
    assert first.want.leg(1) is second.want


def test_the_fill_of_a_leg_is_told_with_its_own_position() -> None:
    engine, world, _ = machine(APART)
    backtest.run(engine, world, backtest.boot(world, "t", "", ""))
    fills = [what for what in heard(engine) if what.startswith("fill")]
    assert [what[:6] for what in fills] == ["fill C", "fill G", "fill C", "fill G"]
    assert fills[2:] == ["fill C +0", "fill G +0"] or fills[2:] == ["fill C -0", "fill G +0"]


def test_a_leg_without_a_bar_is_passed_over() -> None:
    late = [bar for bar in APART if not (bar.symbol == B and bar.ts <= START + 5 * HOUR)]
    found = rehearse("t_spread", late, instrument=(MARKET, OTHER))
    first = next(fill for fill in found.fills)
    assert first.ts >= START + 6 * HOUR, "the second leg has been silent for five"


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_in_which_bars_of_one_close_arrive_does_not_matter(order: int) -> None:
    bars = sorted(APART, key=lambda bar: (bar.ts, bar.symbol), reverse=False)
    bars = sorted(bars[::order], key=lambda bar: bar.ts)
    found = rehearse("t_spread", bars, instrument=(MARKET, OTHER))
    assert [wish.tag for wish in found.wishes] == ["rich", "cheap", "even", "even"]


def test_a_break_benches_the_whole_group_once() -> None:
    engine, world, _ = machine(APART)
    next(iter(engine.slots.values())).strategy.broken_at = 9
    notes = []
    backtest.run(engine, world, backtest.boot(world, "t", "", ""), lambda _e, o: notes.extend(o.notes))
    assert [n.message for n in notes].count("sleeve.benched") == 1
    assert [bool(s.benched) for s in engine.state.sleeves.values()] == [True, True]


def test_off_and_on_are_for_all_legs() -> None:
    engine, _, _ = machine(APART)
    second = list(engine.slots)[1]
    engine.step(ev.Command(START, "1", "sleeve_off", {"sleeve": second}, "me"))
    assert [s.on for s in engine.state.sleeves.values()] == [False, False]
    engine.step(ev.Command(START, "2", "sleeve_on", {"sleeve": second}, "me"))
    assert [s.on for s in engine.state.sleeves.values()] == [True, True]


@pytest.mark.parametrize("every", [1, 3, 7])
def test_a_pair_cut_anywhere_goes_on_the_same(every: int) -> None:
    """Every so many events the engine is replaced by its memory: the shared object stays one."""
    sleeves = [SleeveConfig("t_spread", symbols=(A, B)), SleeveConfig("t_frames", A)]
    engine, world, _ = machine(APART, *sleeves)
    expected = backtest.run(engine, world, backtest.boot(world, "t", "", "")).digest
    engine, world, casts = machine(APART, *sleeves)
    event: ev.AnyEvent | None = backtest.boot(world, "t", "", "")
    count = 0
    while event is not None:
        for action in engine.step(event).actions:
            world.submit(action, engine.state.now)
        count += 1
        if count % every == 0:
            rules, engine = (
                engine.rules,
                compose.remembered(memory.read(memory.freeze(engine)), Config(), casts),
            )
            engine.rules = rules
            first, second, _ = engine.slots.values()
            assert first.strategy is second.strategy
        event = world.next(engine.deadline)
    assert engine.digest == expected


def test_a_pair_that_left_the_settings_keeps_both_books_without_a_strategy() -> None:
    engine, world, _ = machine(APART[:14])
    backtest.run(engine, world, backtest.boot(world, "t", "", ""))
    other = compose.remembered(memory.read(memory.freeze(engine)), Config(), [])
    assert [s.on for s in other.state.sleeves.values()] == [False, False]
    assert all(other.state.position(name) for name in other.slots)


def test_a_lock_on_one_leg_holds_the_other() -> None:
    engine, _, _ = machine(APART, SleeveConfig("t_spread", symbols=(A, B)), SleeveConfig("t_frames", A))
    first, second, alone = engine.state.sleeves.values()
    engine.state.locks[sleeve_key(second.id)] = Lock("time", "enough", 0)
    assert [engine.state.lock_on(s) is not None for s in (first, second, alone)] == [True, True, False]


def test_the_venue_refusing_one_leg_again_and_again_benches_both() -> None:
    engine, _, _ = machine(APART)
    state = engine.state
    state.reconciled = True
    for bar in APART[:8]:
        outcome = engine.step(bar)
    for _ in range(20):
        live = [o for o in state.orders.values() if o.symbol == A]
        if any(s.benched for s in state.sleeves.values()):
            break
        for order in live:
            outcome = engine.step(ev.Reject(state.now, order.cid, "51000", "no"))
        engine.step(ev.Timer(max(engine.deadline, state.now)))
    assert outcome
    assert [bool(s.benched) for s in state.sleeves.values()] == [True, True]


# --- together or not at all -------------------------------------------------------------------------------


def paired(rule: Any, bars: list[ev.Bar] = APART) -> tuple[Engine, World]:
    engine, world, _ = machine(bars)
    engine.rules = (Rule("only", rule, None),)
    return engine, world


def play(engine: Engine, world: World) -> list[Any]:
    intents: list[Any] = []
    backtest.run(engine, world, backtest.boot(world, "t", "", ""), lambda _e, o: intents.extend(o.intents))
    return intents


@pytest.mark.parametrize("held", [A, B])
def test_a_leg_that_may_not_enter_keeps_the_other_out(held: str) -> None:
    def rule(intent: Intent, context: GateContext, _params: object) -> Intent:
        return context.block("only", intent, "not now") if intent.symbol == held else intent

    engine, world = paired(rule, APART[:14])
    play(engine, world)
    assert engine.state.fills == 0
    free = next(s for s in engine.state.sleeves.values() if s.symbol != held)
    assert (free.verdicts[0].rule, free.verdicts[0].reason) == ("group", f"{held}: not now")


def test_when_it_may_enter_again_both_do() -> None:
    until = START + 5 * HOUR

    def rule(intent: Intent, context: GateContext, _params: object) -> Intent:
        if intent.symbol == B and context.now < until:
            context.later()
            return context.block("only", intent, "not yet")
        return intent

    engine, world = paired(rule, APART[:14])
    times = []
    backtest.run(
        engine,
        world,
        backtest.boot(world, "t", "", ""),
        lambda e, _o: times.append(e.ts) if isinstance(e, ev.Fill) else None,
    )
    assert len(times) == 2
    assert all(until <= ts <= until + HOUR for ts in times)


def test_a_leg_that_is_trimmed_trims_the_other_in_proportion() -> None:
    def rule(intent: Intent, context: GateContext, _params: object) -> Intent:
        if intent.symbol != B:
            return intent
        after = scaled(intent, D(10), context)
        return intent if after == intent else context.trim("only", intent, after, "ten at most")

    engine, world = paired(rule, APART[:14])
    rich, cheap = play(engine, world)
    share = 10 / float(cheap.target)
    have = [float(engine.state.position(name)) for name in engine.slots]
    assert have[1] == 10
    assert have[0] == pytest.approx(float(rich.target) * share, abs=0.01)


def test_the_leverage_of_the_account_counts_both_legs() -> None:
    engine, world, _ = machine(APART[:14])
    engine.rules = loose_rules(msgspec.structs.replace(LOOSE, max_leverage=0.4))
    rich, cheap = play(engine, world)
    shares = [
        abs(float(engine.state.position(name)) / float(wish.target))
        for name, wish in zip(engine.slots, (rich, cheap), strict=True)
    ]
    assert shares[0] == pytest.approx(shares[1], rel=0.01)
    assert 0 < shares[0] < 1


def test_a_way_out_waits_for_nobody() -> None:
    def rule(intent: Intent, context: GateContext, _params: object) -> Intent:
        late = context.now >= START + 7 * HOUR
        return context.block("only", intent, "shut") if late and intent.symbol == B else intent

    engine, world = paired(rule)
    play(engine, world)
    assert engine.state.fills == 4
    assert [engine.state.position(name) for name in engine.slots] == [0, 0]


# --- settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (SleeveConfig("t_spread", A), "t_spread trades 2 instruments (rich, cheap): symbols names 1"),
        (SleeveConfig("ema_trend", symbols=(A, B)), "ema_trend trades one instrument: symbol names 2"),
        (SleeveConfig("t_spread", symbols=(A, "x:Y")), "no instrument 'x:Y'"),
        (SleeveConfig("t_frames", A, timeframes=("90m",)), "bars of 90m cannot be made from those of 1h"),
        (SleeveConfig("t_frames", A, timeframes=("1h",)), "bars of 1h cannot be made from those of 1h"),
        (SleeveConfig("t_frames", A, timeframes=("soon",)), "not a timeframe: 'soon'"),
    ],
)
def test_what_cannot_be_is_said(row: SleeveConfig, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        compose.cast([row], BOTH, BARS)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "fields", [{}, {"symbol": A, "symbols": (A, B)}, {"symbols": (A, A)}], ids=["none", "both", "twice"]
)
def test_a_sleeve_names_its_instruments_in_one_way(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="symbol"):
        SleeveConfig("t_spread", **fields)


def test_a_sleeve_on_the_command_line() -> None:
    row = parse_sleeve(f"pairs:entry=2@{A}+{B}/1h,4h")
    assert (row.legs, row.timeframe, row.timeframes, row.params) == ((A, B), "1h", ("4h",), {"entry": "2"})
    assert parse_sleeve(f"ema_trend@{A}/1h") == SleeveConfig("ema_trend", A, "1h")
    with pytest.raises(ConfigError, match="twice"):
        parse_sleeve(f"pairs@{A}+{A}")


def test_two_pairs_with_a_leg_in_common_are_two_groups() -> None:
    rows = [SleeveConfig("t_spread", symbols=(A, B)), SleeveConfig("t_spread", symbols=(B, A))]
    casts = compose.cast(rows, BOTH, BARS)
    assert len({c.sleeve.id for c in casts}) == 4
    assert [c.sleeve.group == casts[0].sleeve.id for c in casts] == [True, True, False, False]


# --- longer bars ------------------------------------------------------------------------------------------


def test_longer_bars_are_made_of_closed_ones_and_come_first() -> None:
    found = rehearse("t_frames", candles([float(n) for n in range(100, 110)]))
    strategy_ = next(iter(found.engine.slots.values())).strategy
    longer = [row for row in strategy_.heard if row[0] == 4]
    assert longer == [(4, 4, 103.0), (4, 8, 107.0)]
    at = strategy_.heard.index((4, 4, 103.0))
    assert strategy_.heard[at + 1] == (1, 4, 103.0)
    assert next(iter(found.engine.slots)).endswith("/1h,4h")
    assert [wish.tag for wish in found.wishes] == ["4"]


def test_settings_may_ask_for_other_longer_bars() -> None:
    found = rehearse("t_frames", candles([100.0] * 13), timeframes=["2h", "6h"])
    strategy_ = next(iter(found.engine.slots.values())).strategy
    assert [row[:2] for row in strategy_.heard if row[0] == 6] == [(6, 6), (6, 12)]
    assert len([row for row in strategy_.heard if row[0] == 2]) == 6


def hours(*numbers: int) -> list[ev.Bar]:
    return [ev.Bar(n * HOUR, A, HOUR, n, n + 0.5, n - 0.5, n + 0.25, 10.0) for n in numbers]


def made(resampler: Resampler, bars: list[ev.Bar]) -> list[tuple[int, int, ev.Bar]]:
    """(hour it was heard, hour it closed, bar)."""
    return [(b.ts // HOUR, m.ts // HOUR, m) for b in bars for m in resampler.update(b)]


def test_open_high_low_close_volume() -> None:
    ((heard_at, closed, bar),) = made(Resampler(4 * HOUR), hours(1, 2, 3, 4))
    assert (heard_at, closed) == (4, 4)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.tf) == (
        1, 4.5, 0.5, 4.25, 40.0, 4 * HOUR,
    )  # fmt: skip


def test_the_first_one_is_only_made_whole() -> None:
    assert [c for _, c, _ in made(Resampler(4 * HOUR), hours(2, 3, 4, 5, 6, 7, 8))] == [8]


def test_a_missing_end_is_noticed_by_the_next_bar_and_repeats_make_nothing() -> None:
    resampler = Resampler(4 * HOUR)
    assert [(h, c) for h, c, _ in made(resampler, hours(1, 2, 3, 5, 6, 7, 8))] == [(5, 4), (8, 8)]
    assert made(resampler, hours(8, 7, 3)) == []
    assert [(h, c) for h, c, _ in made(resampler, hours(12, 16))] == [(12, 12), (16, 16)]


def test_two_at_once_when_both_ends_were_missing() -> None:
    assert [(h, c) for h, c, _ in made(Resampler(2 * HOUR), hours(1, 4))] == [(4, 2), (4, 4)]


def test_warming_up_prefers_the_longer_bars_that_the_feed_has() -> None:
    from cockpit.app.market import warm_up

    casts = compose.cast([SleeveConfig("t_frames", A)], BOTH, BARS)
    made_here, given = (compose.fresh(Config(), "t", BOTH, casts) for _ in range(2))
    hourly = candles([100.0] * 9)
    four = ev.Bar(START + 4 * HOUR, A, 4 * HOUR, 1, 2, 1, 77.0, 1)
    warm_up(made_here, hourly)
    warm_up(given, [*hourly, four])
    longer = [
        [row for row in slot.strategy.heard if row[0] == 4]
        for slot in (next(iter(engine.slots.values())) for engine in (made_here, given))
    ]
    assert longer == [[(4, 4, 100.0), (4, 8, 100.0)], [(4, 4, 77.0)]]
    assert not next(iter(given.slots.values())).want.dirty


def test_aligned_speaks_once_a_moment() -> None:
    both = Aligned.of(2)
    said = [both.update(leg, ts, float(ts)) for leg, ts in [(0, 1), (1, 1), (1, 2), (0, 3), (1, 3)]]
    assert said == [False, True, False, False, True]
    assert both.value == [3.0, 3.0]


def test_a_strategy_with_one_leg_is_its_own_first_leg() -> None:
    found = rehearse("t_frames", candles([100.0] * 2))
    slot = next(iter(found.engine.slots.values()))
    assert slot.view.leg(0) is slot.view
    assert slot.want.leg(0) is slot.want
    with pytest.raises(IndexError):
        slot.view.leg(1)


def test_a_live_venue_is_asked_for_the_past_of_longer_bars_that_it_has() -> None:
    from cockpit.app.okx import lengths

    hour, day = HOUR, 24 * HOUR
    rows = [
        SleeveConfig("t_frames", "okx:A", "1h"),
        SleeveConfig("t_spread", timeframe="1h", symbols=("okx:B", A)),
    ]
    assert lengths("okx:A", rows) == (hour, 4 * hour), "what the strategy declares"
    own = [SleeveConfig("t_frames", "okx:A", "1h", timeframes=("1d", "7h"))]
    assert lengths("okx:A", own) == (hour, day), "what the settings ask for; OKX has no 7h"
    assert lengths("okx:B", rows) == (hour,)
    assert lengths(A, rows) == (hour,), "the second leg"
