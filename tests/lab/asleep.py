"""One order-book strategy through the kernel and through the machine that lets it sleep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.app import compose, market
from cockpit.app.discover import discover
from cockpit.app.simulated import latency_of
from cockpit.core import events as ev
from cockpit.core import profit
from cockpit.core.config import Config
from cockpit.core.engine import Engine
from cockpit.core.matching import Exchange, Latency, LatencyModel, World
from cockpit.core.registry import Plugin
from cockpit.core.state import Sleeve
from cockpit.core.types import Instrument
from cockpit.lab import backtest
from cockpit.lab.depth import run as depth
from cockpit.lab.depth.columns import Columns, from_events
from cockpit.lab.depth.points import Points
from tests.lab.streams import OTHER

discover()


class Played(msgspec.Struct):
    """What one of them did."""

    engine: Engine
    exchange: Exchange
    run: backtest.Run
    strategy: Any

    def told(self) -> dict[str, Any]:
        """Everything that must be the same."""
        state = self.engine.state
        return {
            "run": (self.run.events, self.run.outcomes, self.run.digest),
            "fills": self.exchange.fills, "bills": self.exchange.bills,
            "venue money": self.exchange.ledger.cash, "open": self.exchange.open_orders(),
            "balances": state.ledger.balances, "equity": state.exact_equity(), "pnl": profit.pnl(state),
            "seq": state.seq, "now": state.now, "last": repr(state.last), "marks": state.marks,
            "faults": state.faults, "orders": state.next_order, "placed": state.placed,
            "changed": state.changed,
            "strategy": repr(self.strategy), "timer": [s.timer_at for s in state.sleeves.values()],
            "fact": state.last_fact_ts,
        }  # fmt: skip


def plugin_of(target: Any, params: type[msgspec.Struct] | None, wakes: tuple[str, ...]) -> Plugin:
    """A strategy that no registry knows."""
    return Plugin(
        "strategy", target.__name__.lower(), target, params, target.__module__, "", {"wakes": wakes}
    )


def _stage(
    plugin: Plugin, params: Any, instrument: Instrument, config: Config
) -> tuple[Engine, Exchange, Any]:
    instruments = {instrument.symbol: instrument, OTHER: msgspec.structs.replace(instrument, symbol=OTHER)}
    sleeve = Sleeve(f"{plugin.name}@1/{instrument.symbol}", 1, plugin.name, 1, instrument.symbol)
    compose._bound(sleeve, params)
    engine = compose.fresh(config, "backtest", instruments, [compose.Cast(sleeve, plugin, params)])
    return engine, market._exchange(config, instruments), instruments


def kernel(
    plugin: Plugin, params: Any, instrument: Instrument, events: Sequence[ev.AnyEvent], config: Config,
    series: tuple[int, ...] = (),
) -> Played:  # fmt: skip
    """The authority."""
    engine, exchange, _ = _stage(plugin, params, instrument, config)
    world = World(iter(events), exchange, latency(config, series), config.run.seed)
    ran = backtest.run(engine, world, backtest.boot(world, "backtest", "", ""))
    return Played(engine, exchange, ran, next(iter(engine.slots.values())).strategy)


def asleep(
    prepared: depth.Prepared, params: Any, instrument: Instrument, events: Sequence[ev.AnyEvent] | Columns,
    config: Config, series: tuple[int, ...] = (), *, unasked: bool = False, clock: Any = None,
) -> Played:  # fmt: skip
    """The machine. Raises Unsupported. ``unasked``: a maker of quotes may go on without the kernel."""
    engine, exchange, instruments = _stage(prepared.plugin, params, instrument, config)
    found = events if isinstance(events, Columns) else from_events(events, instruments)
    ran = depth.run(
        engine, exchange, found, prepared, latency=latency(config, series),
        seed=config.run.seed, boot=lambda world: backtest.boot(world, "backtest", "", ""), alone=unasked,
        clock=clock,
    )  # fmt: skip
    slot = next(iter(engine.slots.values()))
    return Played(engine, exchange, ran, slot.strategy)


def alone(
    prepared: depth.Prepared, params: Any, instrument: Instrument, events: Sequence[ev.AnyEvent] | Columns,
    config: Config,
) -> Played:  # fmt: skip
    """The machine without the kernel, wherever it may go on alone. Raises NotAlone."""
    return asleep(prepared, params, instrument, events, config, unasked=True)


def unbooked(
    prepared: depth.Prepared, params: Any, instrument: Instrument, market: Columns, config: Config
) -> depth.Ran:  # fmt: skip
    """The same where nobody is told the fills: its lines and its worth are what there is."""
    clock = Points(float, 1 << 60, int(market.events["ts"][0]))
    played = asleep(prepared, params, instrument, market, config, unasked=True, clock=clock)
    assert isinstance(played.run, depth.Ran)
    return played.run


def latency(config: Config, series: tuple[int, ...]) -> Latency:
    """The three ways; ``series`` are recorded delays."""
    if not series:
        return latency_of(config)
    recorded = LatencyModel.recorded
    return Latency(recorded(series), recorded(series[::-1]), recorded(series[1:] or series))


def compare(
    prepared: depth.Prepared, params: Any, instrument: Instrument, events: Sequence[ev.AnyEvent],
    config: Config, series: tuple[int, ...] = (),
) -> tuple[Played, depth.Ran]:  # fmt: skip
    """Both, and nothing differs. Returns the kernel's, and how the machine came there."""
    right = kernel(prepared.plugin, params, instrument, events, config, series)
    found = asleep(prepared, params, instrument, events, config, series)
    mine, theirs = found.told(), right.told()
    different = {name: (mine[name], theirs[name]) for name in theirs if mine[name] != theirs[name]}
    assert not different, different
    assert isinstance(found.run, depth.Ran)
    return right, found.run
