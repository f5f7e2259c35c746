"""One kernel, no modes: backtest, daemon and replay of the journal decide the same, bit for bit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.adapters.store.inline import InlineStore
from cockpit.app import compose
from cockpit.core import memory
from cockpit.core.config import Config, VenueConfig
from cockpit.core.registry import STRATEGIES
from tests.app.stream_worlds import Bench, Stretch, carried, coupled, making, swinging


async def _replay(path: Path, bench: Bench, *, snapshot: bool) -> tuple[str, int]:
    """Fold the journal into a fresh (or remembered) engine."""
    store = await InlineStore.open(path, mode="replay")
    try:
        engine, after = bench.engine, 0
        if snapshot:
            kept = await store.latest_snapshot()
            assert kept is not None
            after, raw = kept
            engine = compose.remembered(memory.read(raw), bench.config, bench.sleeves)
        count = 0
        async for seq, event in store.facts(after):
            engine.step(event)
            assert engine.state.seq == seq
            count += 1
        return engine.digest, count
    finally:
        await store.close()


@pytest.mark.parametrize("seed", [7, 8])
def test_backtest_daemon_and_replay_have_one_digest(tmp_path: Path, seed: int) -> None:
    expected = Bench(seed=seed).backtest()
    assert expected.outcomes > 20
    path = tmp_path / "cockpit.db"
    daemon = Bench(seed=seed)
    asyncio.run(daemon.daemon(path))
    assert daemon.engine.digest == expected.digest
    assert asyncio.run(_replay(path, Bench(seed=seed), snapshot=False))[0] == expected.digest
    digest, count = asyncio.run(_replay(path, Bench(seed=seed), snapshot=True))
    assert digest == expected.digest
    assert count < expected.events


STRETCHES = (swinging, carried, coupled, making)


def test_every_strategy_that_ships_is_among_them() -> None:
    ships = {name for name, plugin in STRATEGIES.items() if plugin.module.startswith("cockpit.")}
    assert {row.strategy for stretch in STRETCHES for row in stretch(60, 3).sleeves} == ships


@pytest.mark.parametrize("stretch", STRETCHES)
@pytest.mark.parametrize("seed", [3, 4])
def test_every_strategy_trades_the_same_three_ways(
    tmp_path: Path, seed: int, stretch: Callable[[int, int], Stretch]
) -> None:
    def bench() -> Bench:
        found = Bench(stretch=stretch(500, seed))
        found.snapshot_every = 300
        return found

    straight = bench()
    expected = straight.backtest()
    for sleeve in straight.engine.state.sleeves.values():
        assert sleeve.benched == ""
        fills = [fill for fill in straight.exchange.fills if fill.cid[3:6] == f"{sleeve.index:03d}"]
        assert len(fills) >= 4, f"{sleeve.id} traded only {len(fills)} times: nothing is compared"
    path = tmp_path / "cockpit.db"
    daemon = bench()
    asyncio.run(daemon.daemon(path))
    assert daemon.engine.digest == expected.digest
    assert asyncio.run(_replay(path, bench(), snapshot=False))[0] == expected.digest
    digest, count = asyncio.run(_replay(path, bench(), snapshot=True))
    assert digest == expected.digest
    assert count < expected.events


@pytest.mark.parametrize("chunk", range(10))
def test_replay_equals_live_whatever_the_acknowledgements_take(tmp_path: Path, chunk: int) -> None:
    """100 seeds of random latencies: what was decided live is decided again by the journal alone."""
    for seed in range(chunk * 10, chunk * 10 + 10):
        config = Config(
            venue=VenueConfig(
                feed_latency_ms=seed % 7,
                order_latency_ms=5 + seed * 13 % 400,
                report_latency_ms=1 + seed * 7 % 300,
                latency_jitter_ms=1 + seed * 5 % 200,
            )
        )
        path = tmp_path / f"{seed}.db"
        live = Bench(events=1_500, seed=seed % 5, config=config)
        asyncio.run(live.daemon(path))
        again = Bench(events=1_500, seed=seed % 5, config=config)
        assert asyncio.run(_replay(path, again, snapshot=False))[0] == live.engine.digest
        assert live.engine.state.fills == len(live.exchange.fills)
