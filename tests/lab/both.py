"""One strategy through the kernel and the machine: in Python, compiled, and compiled around Python. They must
not differ.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.app import compose, market
from cockpit.app.discover import discover
from cockpit.app.simulated import latency_of
from cockpit.core import events as ev
from cockpit.core.config import Config, timeframe_text
from cockpit.core.engine import Engine
from cockpit.core.matching import World
from cockpit.core.registry import Plugin
from cockpit.core.state import Sleeve
from cockpit.core.types import Instrument
from cockpit.lab import backtest
from cockpit.lab.compiled import handed, interpret, layout, setting, tape
from cockpit.lab.compiled import run as compiled
from cockpit.lab.compiled.fold import Books, blank, fold
from cockpit.lab.compiled.reasons import WORDS, Unsupported
from cockpit.lab.compiled.records import Machine, Stop

discover()
SOAK = bool(os.environ.get("COCKPIT_SOAK"))


class Kernel(msgspec.Struct):
    """What the authority did."""

    engine: Engine
    fills: list[ev.Fill]
    strategy: Any


def plugin_of(target: Any, params: type[msgspec.Struct] | None) -> Plugin:
    """A strategy that no registry knows."""
    return Plugin(
        "strategy", target.__name__.lower(), target, params, target.__module__, "", {"wakes": ("bar",)}
    )


def kernel(
    plugin: Plugin,
    params: Any,
    instrument: Instrument,
    events: Sequence[Any],
    config: Config,
    share: float = 1.0,
) -> Kernel:
    """The engine, the gate and the simulated venue over the events."""
    instruments = {instrument.symbol: instrument}
    exchange = market._exchange(config, instruments)
    world = World(iter(events), exchange, latency_of(config), 1)
    tf = next((e.tf for e in events if isinstance(e, ev.Bar)), 0)
    name = f"{plugin.name}@1/{instrument.symbol}/{timeframe_text(tf)}"
    sleeve = Sleeve(name, 1, plugin.name, 1, instrument.symbol, tf, share=share)
    compose._bound(sleeve, params)
    cast = compose.Cast(sleeve, plugin, params)
    engine = compose.fresh(config, "backtest", instruments, [cast])
    backtest.run(engine, world, backtest.boot(world, "backtest", "", ""))
    return Kernel(engine, exchange.fills, engine.slots[name].strategy)


def interpreted(
    plugin: Plugin,
    params: Any,
    instrument: Instrument,
    events: Sequence[Any],
    config: Config,
    share: float = 1.0,
) -> tuple[Books, Any, Machine]:
    """The machine as plain Python around the strategy object. Raises Unsupported."""
    columns = tape.from_events(events)
    m = Machine()
    hooks = [hook for hook in ("on_bar", "on_fill", "on_funding") if hasattr(plugin.target, hook)]
    setting.check(instrument, columns, config, hooks)
    setting.prepare(m, instrument, columns, config, share)
    m.limit = setting.limit_of(params)
    strategy = plugin.target.create(params)
    try:
        desk, _ = interpret.play(m, strategy, instrument, columns, "ckb001")
    except Stop:
        raise Unsupported(WORDS[m.why], m.why_ts) from None
    except (ArithmeticError, ValueError, IndexError) as error:
        raise Unsupported(f"raised {type(error).__name__}", m.now) from error
    run = config.run
    ledger = blank(instrument, run.currency, run.equity, config.venue.leverage)
    name = f"{plugin.name}@1/{instrument.symbol}/{timeframe_text(columns.tf)}" if columns.tf else ""
    return fold(desk.b, m.booked, instrument, columns, ledger, name, "ckb001"), strategy, m


def compare(
    play: compiled.Compiled, params: Any, instrument: Instrument, events: Sequence[Any], config: Config,
    share: float = 1.0,
) -> str:  # fmt: skip
    """Run all four; fail where they differ. Returns why the machine refused, empty when it did not."""
    plugin = play.plugin
    try:
        columns = tape.from_events(events)
        tf = timeframe_text(columns.tf)
        sleeve = f"{plugin.name}@1/{instrument.symbol}/{tf}"
        fast = compiled.run(play, params, instrument, columns, config, share, sleeve)
    except Unsupported as refusal:
        return _also_refused(refusal, plugin, params, instrument, events, config, share)
    held = handed.run(handed.hand(plugin), params, instrument, columns, config, share, sleeve)
    slow, object_, m = interpreted(plugin, params, instrument, events, config, share)
    truth = kernel(plugin, params, instrument, events, config, share)
    state = truth.engine.state
    assert slow.fills == truth.fills
    assert slow.ledger == state.ledger
    assert fast.books.fills == truth.fills
    assert fast.books.ledger == state.ledger
    assert held.books.fills == truth.fills
    assert held.books.ledger == state.ledger
    assert fast.equity == held.equity == state.equity()
    assert (held.orders, held.trades) == (fast.orders, fast.trades)
    assert (fast.orders, m.number) == (state.next_order - 1,) * 2
    assert fast.trades == next(iter(state.sleeves.values())).trades
    assert same(numbers(object_), numbers(truth.strategy))
    assert same(flat(fast.state[0].item()), numbers(truth.strategy))
    assert same(numbers(held.state), numbers(truth.strategy))
    return ""


def _also_refused(refusal: Unsupported, *case: Any) -> str:
    """The machine in Python must refuse for the same reason, and so must the compiled one around Python."""
    why = ""
    plugin, params, instrument, events, config, share = case
    held = "a list of the strategy outgrows its room"
    try:
        handed.run(handed.hand(plugin), params, instrument, tape.from_events(events), config, share)
    except Unsupported as other:
        held = other.reason
    assert held == refusal.reason or "raised" in held, f"{refusal.reason}, around Python {held}"
    try:
        interpreted(*case)
    except Unsupported as other:
        why = other.reason
    assert why == refusal.reason or "raised" in why, f"{refusal.reason}, in Python {why or 'not'}"
    return refusal.reason


def numbers(thing: Any) -> list[Any]:
    """All numbers of a strategy in the order of its layout, lists left out."""
    return flat(tuple(v for v in layout.flatten(thing, [], 0)))


def flat(values: tuple[Any, ...]) -> list[Any]:
    """One level; lists (three whole numbers: place, size, room) keep only their size."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, tuple):
            is_list = len(value) == 3 and all(type(v) is int for v in value) and value[2] >= value[1] >= 0
            found += [value[1]] if is_list else flat(value)
        else:
            found.append(value)
    return found


def same(a: list[Any], b: list[Any]) -> bool:
    """Equal, NaN being equal to itself."""
    return len(a) == len(b) and all(x == y or (x != x and y != y) for x, y in zip(a, b, strict=True))
