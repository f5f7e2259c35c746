"""How the world sets the cockpit up: configuration, sleeves, and the application's own way to recover."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

import cockpit.risk.rules
from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal_read import read_events
from cockpit.app import compose, recovery
from cockpit.core import memory
from cockpit.core.config import Config, RiskConfig, RunConfig, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.types import Instrument
from tests.simulation.exchange import CASH
from tests.simulation.market import LINEAR

for _module in pkgutil.iter_modules(cockpit.risk.rules.__path__):
    importlib.import_module(f"cockpit.risk.rules.{_module.name}")

CONFIG = Config(
    run=RunConfig(equity=float(CASH)),
    risk=RiskConfig(max_orders_per_second=20, max_orders_per_minute=600),
)
SLEEVES = (
    SleeveConfig("flipper", LINEAR.symbol),
    SleeveConfig("quoter", LINEAR.symbol),
    SleeveConfig("painter", LINEAR.symbol, "10s"),
)


class Stage(msgspec.Struct):
    """What recovery asks of a market source."""

    instruments: Mapping[str, Instrument]
    frames: Mapping[str, Sequence[int]]
    sleeves: Sequence[SleeveConfig]

    def warm_up(self, engine: Engine) -> None:
        """There is no history before the first tick."""


STAGE = Stage({LINEAR.symbol: LINEAR}, {LINEAR.symbol: (10_000,)}, SLEEVES)


async def recovered(store: InlineStore) -> tuple[Engine, recovery.Fold]:
    """The application's start: newest snapshot, fold, adopt."""
    return await recovery.recover(cast(Any, store), CONFIG, "practice", cast(Any, STAGE))


def replayed(store: InlineStore) -> Engine:
    """The fold of every fact from the first, no snapshot used."""
    sleeves = compose.cast(STAGE.sleeves, STAGE.instruments, STAGE.frames)
    engine = compose.fresh(CONFIG, "practice", STAGE.instruments, sleeves)
    for _, event in read_events(store._connection):
        engine.step(event)
    return engine


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
