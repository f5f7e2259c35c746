"""Same seed, same tape, to the byte: in every process, whatever else is shown, and for ever."""

import hashlib
import os
import subprocess
import sys
from itertools import islice, takewhile
from pathlib import Path

import pytest

from cockpit.adapters.practice import DEFAULT, PracticeSpec, history, instruments, stream
from cockpit.core.errors import ConfigError
from cockpit.core.events import AnyEvent, Bar, Mark, encode

GOLDEN = "9ddb6299373ccc40c7ec4d50a324195fc6d3dc7e018a3aa096b103f74b246e42"
"""sha256 of the first 20,000 events of the default session; equal on Python 3.11, 3.12 and 3.13."""

PROGRAM = """
import hashlib
from itertools import islice
from cockpit.adapters.practice import PracticeSpec, history, stream
from cockpit.core.events import encode
spec = PracticeSpec(seed=4)
digest = hashlib.sha256()
for event in islice(stream(spec), 5_000):
    digest.update(encode(event))
for bar in history(spec, spec.symbols[4], 60_000, 50):
    digest.update(encode(bar))
print(digest.hexdigest())
"""


def digest(spec: PracticeSpec, count: int) -> str:
    told = hashlib.sha256()
    for event in islice(stream(spec), count):
        told.update(encode(event))
    return told.hexdigest()


def symbol_of(event: AnyEvent) -> str:
    return getattr(event, "symbol", "")


def test_the_golden_tape() -> None:
    assert digest(PracticeSpec(), 20_000) == GOLDEN


def test_two_processes_with_other_hash_seeds_tell_the_same(repo: Path) -> None:
    told = set()
    for hash_seed in ("1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(repo)}
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, check=True, cwd=repo
        )
        told.add(run.stdout)
    assert len(told) == 1


def test_other_seeds_are_other_markets() -> None:
    assert len({digest(PracticeSpec(seed=seed), 500) for seed in range(8)}) == 8


def test_what_else_is_shown_changes_nothing() -> None:
    alone = PracticeSpec(seed=2, symbols=(DEFAULT[4],))
    together = PracticeSpec(seed=2)
    end = together.start_ms + 10_000
    mine = [e for e in takewhile(lambda e: e.ts <= end, stream(together)) if symbol_of(e) == DEFAULT[4]]
    assert mine == [e for e in takewhile(lambda e: e.ts <= end, stream(alone)) if symbol_of(e)]
    assert len(mine) > 100


def test_a_busier_market_has_the_same_prices() -> None:
    calm, busy = PracticeSpec(seed=2), PracticeSpec(seed=2, rate=40.0)
    seconds = 4
    marks, counts = [], []
    for spec in (calm, busy):
        seen = list(takewhile(lambda e: e.ts <= calm.start_ms + seconds * 1_000, stream(spec)))
        marks.append([e for e in seen if isinstance(e, Mark)])
        counts.append(len(seen) / seconds)
    assert marks[0] == marks[1]
    assert 120 <= counts[0] <= 320
    assert counts[1] > 5_000


def test_the_price_path_does_not_know_the_calendar() -> None:
    """A session started today trades like the one of the golden tape: only the clock differs."""
    first = PracticeSpec(seed=2, start_ms=1_700_000_000_000)
    later = PracticeSpec(seed=2, start_ms=1_790_000_005_000)
    shift = later.start_ms - first.start_ms
    bars = [
        [e for e in islice(stream(spec), 6_000) if isinstance(e, Bar) and e.tf == 5_000]
        for spec in (first, later)
    ]
    assert len(bars[0]) >= 30
    moved = [(bar.ts + shift, bar.symbol, bar.open, bar.close, bar.volume) for bar in bars[0]]
    assert moved == [(bar.ts, bar.symbol, bar.open, bar.close, bar.volume) for bar in bars[1]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": ("practice:DOGE-USDT",)},
        {"symbols": ()},
        {"symbols": (DEFAULT[0], DEFAULT[0])},
        {"rate": 0.0},
        {"rate": 1e9},
        {"bar_ms": (1_000,)},
        {"start_ms": 1_700_000_000_001},
    ],
)
def test_an_impossible_session_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        PracticeSpec(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("symbol", "tf"), [("practice:DOGE-USDT", 60_000), (DEFAULT[0], 7_000), (DEFAULT[0], 0)]
)
def test_impossible_history_is_refused(symbol: str, tf: int) -> None:
    with pytest.raises(ConfigError):
        history(PracticeSpec(), symbol, tf, 5)


def test_all_three_ways_to_pay_are_traded() -> None:
    kinds = {instrument.kind.value for instrument in instruments(PracticeSpec()).values()}
    assert kinds == {"spot", "linear", "inverse"}
