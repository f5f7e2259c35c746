"""The first ten seconds a newcomer sees: machine, simulated venue and default session together."""

from decimal import Decimal

from cockpit.adapters.practice import DEFAULT, PracticeSpec, history, instruments, stream
from cockpit.adapters.practice.spec import WIF_SWAP
from cockpit.core import events as ev
from cockpit.core.engine import Engine
from cockpit.core.ledger import Ledger
from cockpit.core.matching import Exchange, Latency, LatencyModel, Rules, World
from cockpit.core.state import Sleeve, new_state
from cockpit.core.turn import NOTHING
from cockpit.strategies.ema_trend import EmaTrend
from cockpit.strategies.ema_trend import Params as TrendParams
from cockpit.strategies.market_maker import MarketMaker
from cockpit.strategies.market_maker import Params as MakerParams

CASH = Decimal(10_000)
TREND = f"ema_trend@1/{DEFAULT[0]}"
MAKER = f"market_maker@1/{WIF_SWAP}"


def engine_for(spec: PracticeSpec) -> Engine:
    """Both built-in strategies, the bar one warmed by history as the cockpit does it."""
    state = new_state("USDT", "PRACTICE", CASH, Ledger())
    state.instruments.update(instruments(spec))
    engine = Engine(state, ())
    trend = engine.add_sleeve(
        Sleeve(id=TREND, index=1, strategy="ema_trend", version=1, symbol=DEFAULT[0], tf=5_000),
        EmaTrend.create(TrendParams()),
    )
    engine.add_sleeve(
        Sleeve(id=MAKER, index=2, strategy="market_maker", version=1, symbol=WIF_SWAP),
        MarketMaker.create(MakerParams()),
    )
    for bar in history(spec, DEFAULT[0], 5_000, 300):
        trend.strategy.on_bar(bar, trend.view, trend.want)
    trend.want.forget()
    return engine


def fills_of_the_first(seconds: int, spec: PracticeSpec) -> list[ev.Fill]:
    engine = engine_for(spec)
    way = LatencyModel.constant
    exchange = Exchange(instruments(spec), {"USDT": CASH}, Rules(), spec.seed)
    world = World(stream(spec), exchange, Latency(feed=way(10), order=way(20), report=way(10)), spec.seed)
    event: ev.AnyEvent | None = ev.Boot(spec.start_ms, 1, "PRACTICE", "0", "")
    fills: list[ev.Fill] = []
    while event is not None and event.ts <= spec.start_ms + seconds * 1_000:
        outcome = engine.step(event)
        if isinstance(event, ev.Fill):
            fills.append(event)
        if outcome is not NOTHING:
            for action in outcome.actions:
                world.submit(action, engine.state.now)
        event = world.next(engine.deadline)
    return fills


def test_both_strategies_fill_within_ten_seconds_of_the_default_session() -> None:
    fills = fills_of_the_first(10, PracticeSpec())
    trend = [fill for fill in fills if fill.symbol == DEFAULT[0]]
    maker = [fill for fill in fills if fill.symbol == WIF_SWAP]
    assert trend[0].ts - PracticeSpec().start_ms < 6_000
    assert maker[0].ts - PracticeSpec().start_ms < 6_000
    assert all(fill.maker for fill in maker)
    assert {fill.side.value for fill in maker} == {"buy", "sell"}


def test_the_market_maker_has_something_to_do_in_any_session() -> None:
    for seed in range(1, 7):
        spec = PracticeSpec(seed=seed, symbols=(DEFAULT[0], WIF_SWAP))
        assert any(fill.symbol == WIF_SWAP and fill.maker for fill in fills_of_the_first(30, spec))
