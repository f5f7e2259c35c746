"""A tape read as arrays is the tape read as events."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from cockpit.adapters import practice
from cockpit.adapters.importers.intake import import_source
from cockpit.adapters.store import tape, tape_arrays
from cockpit.adapters.store.tape import TapeWriter
from cockpit.app import deep
from cockpit.app import market as markets
from cockpit.app.trial import Request
from cockpit.core.config import Config, SleeveConfig, VenueConfig
from cockpit.core.errors import TapeError
from cockpit.core.events import Listing, Touch
from cockpit.lab.depth import columns
from tests.conftest import SHARED

SYMBOL = "practice:BTC-USDT-SWAP"


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "books.tape"
    spec = practice.PracticeSpec(seed=7)
    with TapeWriter(path, source="test") as writer:
        for instrument in practice.instruments(spec).values():
            writer.instrument(instrument)
        for number, event in enumerate(itertools.islice(practice.stream(spec), 9_000)):
            if not isinstance(event, Listing):
                writer.add(event)
            if number % 100 == 99:
                bid = 0.0 if number % 300 == 299 else 100.0
                writer.add(Touch(event.ts, SYMBOL, event.ts, bid, 1.0, 100.1, 2.0))
        writer.close()
    return path


def same(path: Path, config: Config, symbol: str) -> columns.Columns:
    request = Request(str(path), config, (SleeveConfig("market_maker", symbol),))
    source = markets.from_tape(config, path, 0, 0, request.sleeves)
    mine = deep.market_of(request, source)
    right = columns.from_events(source.world.untold(), source.instruments)
    assert len(right) > 1_000
    for symbol_mine, symbol_right in ((mine, right), (right, mine)):
        assert set(symbol_mine.symbols) == set(symbol_right.symbols)
    assert mine.rare == right.rare
    if mine.symbols == right.symbols:  # ranks and markets are counted in the order of the symbols
        for name in ("events", "prices", "markets"):
            assert np.array_equal(_plain(mine, name), _plain(right, name)), name
    for name in ("ts", "kind", "x", "qty", "sign", "ticks", "lots", "seq", "prev"):
        assert np.array_equal(mine.events[name], right.events[name]), name
    for mark, end in (("lo", "mid"), ("mid", "hi")):
        assert np.array_equal(_shown(mine, mark, end), _shown(right, mark, end))
    return right


def _plain(found: columns.Columns, name: str) -> np.ndarray:
    rows = getattr(found, name).copy()
    if name == "events":
        for field in ("lo", "mid", "hi"):  # where the levels lie is its own business
            rows[field] = 0
    return np.array(rows.tolist(), dtype=object).astype(str)


def _shown(found: columns.Columns, low: str, high: str) -> np.ndarray:
    rows = []
    for event in found.events:
        for level in found.levels[event[low] : event[high]]:
            price = found.prices["price"][level["rank"]] if level["rank"] >= 0 else 0.0
            rows.append((price, level["qty"], level["lots"]))
    return np.array(rows)


def test_the_practice_market_is_the_same_either_way(recorded: Path) -> None:
    assert same(recorded, Config(), SYMBOL).rare
    paid = same(recorded, Config(venue=VenueConfig(fees=(0.0, 0.001))), SYMBOL)
    assert all(float(e.instrument.taker_fee) == 0.001 for e in paid.rare.values() if isinstance(e, Listing))


@pytest.mark.shared
def test_a_recorded_session_is_the_same_either_way(tmp_path: Path) -> None:
    source = SHARED / "market" / "books" / "raw" / "binance_usdm_btcusdt_2024-08-08.jsonl.gz"
    import_source([source], tmp_path / "l2.tape")
    same(tmp_path / "l2.tape", Config(), "binance:BTCUSDT")


def test_a_damaged_part_is_an_error(recorded: Path) -> None:
    file = recorded / "books.parquet"
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2 :][:64] = bytes(64)
    raw[len(raw) // 2 : len(raw) // 2 + 64] = bytes(64)
    file.write_bytes(bytes(raw))
    with pytest.raises(TapeError):
        list(tape_arrays.read(recorded).blocks)
    with pytest.raises(TapeError):
        list(tape.read(recorded))
