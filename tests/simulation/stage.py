"""How the world sets the cockpit up: configuration, sleeves, and the application's own way to recover."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

import msgspec

import cockpit.risk.breakers
import cockpit.risk.rules
import cockpit.risk.stops
from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal_read import read_events, read_kept, read_opening, read_state
from cockpit.app import compose, recovery
from cockpit.app.versions import Foundry
from cockpit.core import memory
from cockpit.core.config import BreakersConfig, Config, RiskConfig, RunConfig, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.events import Boot
from cockpit.core.types import Instrument
from tests.simulation.exchange import CASH
from tests.simulation.market import LINEAR, SPOT

for _name in ("ema_trend", "market_maker"):
    importlib.import_module(f"cockpit.strategies.{_name}")
for _package in (cockpit.risk.rules, cockpit.risk.stops, cockpit.risk.breakers):
    for _module in pkgutil.iter_modules(_package.__path__):
        importlib.import_module(f"{_package.__name__}.{_module.name}")

CONFIG = Config(
    run=RunConfig(equity=float(CASH)),
    risk=RiskConfig(max_orders_per_second=20, max_orders_per_minute=600),
)
FUSED = msgspec.structs.replace(
    CONFIG,
    breakers=BreakersConfig(
        ladder=(
            {"breaker": "links", "reduce_only": 1.0, "halt": 0.0, "cool_down_min": 0.05},
            {"breaker": "rejects", "reduce_only": 0.3, "halt": 0.0, "least": 3, "cool_down_min": 0.05},
            {"breaker": "venue_slow", "delever": 150.0, "reduce_only": 0.0, "cool_down_min": 0.05},
            {"breaker": "intraday_drawdown", "delever": 0.00001, "reduce_only": 0.0, "halt": 0.0},
            {"breaker": "silence", "reduce_only": 1.0, "floor_s": 1.0, "cool_down_min": 0.05},
        ),
        protections=(
            {"protection": "cooldown", "minutes": 0.05, "only_after_stop": False},
            {"protection": "low_profit", "trades": 2, "lock_min": 0.1},
        ),
    ),
)
"""Breakers on a hair trigger, with cool-downs that are over before the world must be quiet."""
LIMITED_FROM = 6_001
"""From this seed on, of every twelve worlds this one and the one before the last have ``LIMITED``."""
LIMITED = msgspec.structs.replace(
    CONFIG, risk=RiskConfig(max_notional=1_500.0, max_orders_per_second=4, max_orders_per_minute=600)
)
"""Limits that are reached all the time."""
MOST = Decimal("2.7")
"""Contracts that ``max_notional`` leaves anybody there, whatever the price does in a minute."""
SLEEVES = (
    SleeveConfig("flipper", LINEAR.symbol),
    SleeveConfig("quoter", LINEAR.symbol),
    SleeveConfig("painter", LINEAR.symbol, "10s"),
)
ON_SPOT = (
    SleeveConfig("painter", SPOT.symbol, "10s"),
    SleeveConfig("carrier", timeframe="10s", symbols=(SPOT.symbol, LINEAR.symbol)),
)
"""Where a world has a spot market too: fees are taken in the coin, and nothing can be shorted."""


WILLING = {
    "rsi_min": 0, "rsi_max": 100, "rsi_short_min": 0, "rsi_short_max": 100,
    "volume_threshold": 0, "volume_period": 1,
}  # fmt: skip
BUILT_IN = (
    SleeveConfig(
        "ema_trend",
        LINEAR.symbol,
        "10s",
        share=0.01,
        params={"ema_fast": 2, "ema_medium": 3, "ema_slow": 4, "rsi_period": 2, "atr_period": 2, **WILLING},
    ),
    SleeveConfig(
        "market_maker",
        LINEAR.symbol,
        share=0.01,
        params={"min_spread": 0.0, "reentry_spread": 0.0, "safety": 0.0},
    ),
)
"""What ships, beside the probes; makers are paid there, since no spread here is wide enough for fees."""


class Stage(msgspec.Struct):
    """What recovery asks of a market source."""

    instruments: Mapping[str, Instrument]
    frames: Mapping[str, Sequence[int]]
    sleeves: Sequence[SleeveConfig]
    config: Config = CONFIG

    def warm_up(self, engine: Engine) -> None:
        """There is no history before the first tick."""


GUARDED = (SleeveConfig("keeper", LINEAR.symbol, "10s"),)
"""One that only its stop layers protect."""
STALLS = (SleeveConfig("stall", LINEAR.symbol, "10s"), SleeveConfig("stall", SPOT.symbol, "10s"))
"""Makers with a stop at the venue, on a market that others share and on one that freezes coins."""


def stage_for(
    instruments: tuple[Instrument, ...],
    built_in: bool,
    guarded: bool = False,
    fused: bool = False,
    stalls: bool = False,
    limited: bool = False,
    alone: str = "",
) -> Stage:
    """The sleeves that these instruments can carry; ``alone``: the only one on the perpetual."""
    sleeves = SLEEVES + (ON_SPOT if SPOT in instruments else ()) + (BUILT_IN if built_in else ())
    sleeves += GUARDED if guarded else ()
    known = {i.symbol for i in instruments}
    sleeves += tuple(s for s in STALLS if s.symbol in known) if stalls else ()
    if alone:
        sleeves = tuple(s for s in GUARDED + STALLS if s.strategy == alone and s.symbol in known)
        sleeves += ON_SPOT[:1] if SPOT in instruments else ()
    frames = {i.symbol: (BAR_MS,) for i in instruments}
    config = LIMITED if limited else FUSED if fused else CONFIG
    return Stage({i.symbol: i for i in instruments}, frames, sleeves, config)


BAR_MS, MINUTE_MS = 10_000, 60_000
"""Length of the bars that strategies here look at, and of those that a trader's look at."""


def by_the_minute(staged: Stage) -> Stage:
    """The same sleeves on bars of a minute; makers by the tick are no trader's."""
    kept = [s for s in staged.sleeves if s.strategy != "market_maker"]
    sleeves = [msgspec.structs.replace(s, timeframe="1m") if s.timeframe else s for s in kept]
    frames = dict.fromkeys(staged.instruments, (MINUTE_MS,))
    return msgspec.structs.replace(staged, frames=frames, sleeves=sleeves)


async def recovered(store: InlineStore, stage: Stage) -> tuple[Engine, recovery.Fold]:
    """The application's start: newest snapshot, fold, adopt."""
    return await recovery.recover(cast(Any, store), stage.config, "practice", cast(Any, stage))


def replayed(store: InlineStore, stage: Stage) -> Engine:
    """The fold of every fact from the first, no snapshot used."""
    sleeves = compose.cast(stage.sleeves, stage.instruments, stage.frames)
    engine = compose.fresh(stage.config, "practice", stage.instruments, sleeves)
    for _, event in read_events(store._connection):
        engine.step(event)
    return engine


def replayed_by_each(store: InlineStore, config: Config) -> Engine:
    """The same where the settings changed: from the first state on, by those who decided at the time, which
    the states that are kept for ever tell, as ``cockpit replay`` does it.
    """
    journal = store._connection
    changes = {seq: read_state(journal, seq) for seq in read_kept(journal)}
    engine = _thawed(read_opening(journal), config)
    for _, event in read_events(journal):
        if isinstance(event, Boot) and engine.state.seq in changes:
            digest = engine.state.digest
            engine = _thawed(changes[engine.state.seq], config)
            engine.state.digest = digest
        engine.step(event)
    return engine


def _thawed(raw: bytes | None, config: Config) -> Engine:
    assert raw is not None
    kept = memory.read(raw)
    return compose.remembered(kept, config, compose.seated(kept), Foundry(config))


def essence(engine: Engine) -> dict[str, Any]:
    """What a restart must not change: orders, positions, money, who is on."""
    state = engine.state
    return {
        "orders": {cid: str(order.state) for cid, order in state.orders.items()},
        "positions": {key: p.qty for key, p in state.ledger.positions.items() if p.qty},
        "sleeves": {name: (s.on, s.benched, state.position(name)) for name, s in state.sleeves.items()},
        "balances": dict(state.ledger.balances),
        "halt": state.halt is not None,
        "voices": sorted(state.voices),
        "limits": dict(state.tighter),
    }


def difference(one: Engine, other: Engine) -> str:
    """The first fields in which two engines differ."""
    left, right = msgspec.to_builtins(one.state), msgspec.to_builtins(other.state)
    fields = [name for name in left if left[name] != right[name]]
    if not fields:
        return "the states are equal, strategies, pens or books differ: " + ", ".join(
            name
            for name in one.slots
            if memory.freeze(one) != memory.freeze(other)
            and one.slots[name].strategy != other.slots[name].strategy
        )
    shown = [f"{name}: {str(left[name])[:200]} | {str(right[name])[:200]}" for name in fields[:3]]
    return f"replayed | in memory differ in {fields}: " + "; ".join(shown)
