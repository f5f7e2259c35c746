"""What a worker of a study does: the kernel's numbers, from the kernel or from the compiled machine."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from cockpit.adapters.store import tape as tapes
from cockpit.app import deep, fast, market, searching, trial
from cockpit.app.discover import discover
from cockpit.core.config import Config, RiskConfig, RunConfig, SleeveConfig
from cockpit.core.errors import TapeError
from cockpit.core.events import Listing
from cockpit.core.registry import STRATEGIES
from cockpit.core.types import Kind
from cockpit.lab.search.ranges import space_of
from cockpit.lab.search.trial import Outcome
from tests.app.tapes import at_the_touch, swinging
from tests.benchmarks import joiner

pytest.importorskip("llvmlite")
discover()
SYMBOL = "lab:COIN-USDT"


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging(tmp_path_factory.mktemp("tapes"), SYMBOL, 1_500)


def task_of(tape: Path, strategy: str, executor: str, **changes: Any) -> searching.Task:
    from cockpit.adapters.store import tape as tapes

    info = tapes.read_info(tape)
    space = space_of(STRATEGIES[strategy], {}, changes.pop("said", ()))
    task = searching.Task(
        str(tape), trial.data_hash(info), Config(run=RunConfig(equity=10_000.0)),
        SleeveConfig(strategy, SYMBOL), space, "sharpe", (), 0, 0, executor=executor,
    )  # fmt: skip
    return msgspec.structs.replace(task, **changes)


SAID = (
    "ema_fast=4..12",
    "ema_medium=14..20",
    "stop_loss_atr=1..4",
    "volume_threshold=0.5",
    "rsi_min=40",
    "rsi_max=90",
)


def test_the_compiled_machine_and_the_kernel_give_the_same_trial(tape: Path) -> None:
    points = [(0.1, 0.2, 0.3), (0.8, 0.5, 0.9), (0.5, 0.9, 0.1)]
    both = []
    for how in ("compiled", "interpreted"):
        stage = searching.Stage(task_of(tape, "ema_trend", how, said=SAID, lam=1e-5))
        both.append(stage.run([(i, 0, point) for i, point in enumerate(points)]))
    for ours, theirs in zip(*both, strict=True):
        assert ours.train is not None
        assert theirs.train is not None
        assert ours.train.trades > 3
        assert ours.params == theirs.params
        for name in ours.train.__struct_fields__:
            assert getattr(ours.train, name) == pytest.approx(getattr(theirs.train, name), rel=1e-9), name
        a, b = (np.frombuffer(one.returns, "<f4") for one in (ours, theirs))
        assert len(a) == ours.train.periods > 40
        assert a == pytest.approx(b, abs=1e-9)


@pytest.mark.parametrize("kind", [Kind.INVERSE, Kind.SPOT])
def test_coins_and_contracts_in_coin_are_the_same_in_both(kind: Kind, tmp_path: Path) -> None:
    tape = swinging(tmp_path, SYMBOL, 1_500, kind=kind)
    run = RunConfig(equity=100.0, currency="COIN") if kind is Kind.INVERSE else RunConfig(equity=10_000.0)
    found = []
    for how in ("compiled", "interpreted"):
        stage = searching.Stage(task_of(tape, "ema_trend", how, said=SAID, config=Config(run=run), lam=1e-5))
        assert stage.why == ""
        found += stage.run([(0, 0, (0.1, 0.2, 0.3))])
    ours, theirs = found
    assert ours.train is not None
    assert theirs.train is not None
    assert ours.train.trades > 3
    for name in ours.train.__struct_fields__:
        assert getattr(ours.train, name) == pytest.approx(getattr(theirs.train, name), rel=1e-7), name
    a, b = (np.frombuffer(one.returns, "<f4") for one in found)
    assert a == pytest.approx(b, abs=1e-8)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return at_the_touch(tmp_path_factory.mktemp("books"))


@pytest.mark.parametrize("config", [joiner.CONFIG, msgspec.structs.replace(joiner.CONFIG, risk=RiskConfig())])
def test_a_maker_is_searched_without_the_kernel(
    books: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the gate has nothing to say the machine goes on alone, else beside the kernel: the same trial."""
    monkeypatch.setitem(STRATEGIES._rows, "joiner", joiner.PLUGIN)
    monkeypatch.setattr(deep, "WORTH_SLEEPING", 0)
    info = tapes.read_info(books)
    space = space_of(joiner.PLUGIN, {}, ("qty=0.1..0.3", "step=100..400"))
    both = []
    for how in ("compiled", "interpreted"):
        task = searching.Task(
            str(books), trial.data_hash(info), config, SleeveConfig("joiner", joiner.SYMBOL), space,
            "sharpe", (), 0, 0, executor=how,
        )  # fmt: skip
        stage = searching.Stage(task)
        assert (stage.books is None) is (how == "interpreted")
        both.append(stage.run([(i, 0, point) for i, point in enumerate([(0.1, 0.2), (0.9, 0.7)])]))
    for ours, theirs in zip(*both, strict=True):
        assert ours.train is not None
        assert theirs.train is not None
        assert ours.train.turnover
        for name in ours.train.__struct_fields__:
            assert getattr(ours.train, name) == pytest.approx(getattr(theirs.train, name), rel=1e-9), name
        a, b = (np.frombuffer(one.returns, "<f4") for one in (ours, theirs))
        assert a == pytest.approx(b, abs=1e-9)


def test_a_trial_is_the_backtest_of_its_parameters(tape: Path) -> None:
    task = task_of(tape, "ema_trend", "interpreted", said=SAID)
    (found,) = searching.Stage(task).run([(0, 0, (0.2, 0.4, 0.6))])
    result = fast.perform(task.request(found.params))
    change = np.array(result.curve.returns())
    assert np.frombuffer(found.returns, "<f4") == pytest.approx(change, abs=1e-7)
    assert found.train is not None
    assert found.train.trades == sum(1 for trip in result.trips if trip.closed)
    assert found.train.sharpe == pytest.approx(result.report.growth.sharpe)


def test_a_trial_of_one_market_hears_that_market_of_a_tape_of_many(tape: Path, tmp_path: Path) -> None:
    """Beside other markets it would be the kernel's, five hundred times as slow; and the same."""
    from cockpit.adapters.store import tape as tapes
    from cockpit.adapters.store.tape_writer import TapeWriter

    (tmp_path / "other").mkdir()
    other = swinging(tmp_path / "other", "lab:OTHER-USDT", 1_500, 9)
    with TapeWriter(tmp_path / "both.tape", source="test") as writer:
        for one in (tape, other):
            writer.instrument(tapes.read_info(one).instruments[0])
        facts = [fact for one in (tape, other) for fact in tapes.read(one) if not isinstance(fact, Listing)]
        for fact in sorted(facts, key=lambda fact: fact.ts):
            writer.add(fact)
        writer.close()
    found = []
    for where, how in ((tape, "compiled"), (writer.path, "compiled"), (writer.path, "interpreted")):
        stage = searching.Stage(task_of(where, "ema_trend", how, said=SAID, lam=1e-5))
        assert stage.why == ""
        found.append(np.frombuffer(stage.run([(0, 0, (0.1, 0.2, 0.3))])[0].returns, "<f4"))
    assert np.array_equal(found[0], found[1])
    assert found[2] == pytest.approx(found[0], abs=1e-9)
    row = (SleeveConfig("ema_trend", SYMBOL, "1h"),)
    heard = [
        len(
            market.from_tape(
                Config(run=RunConfig(currency=money)), writer.path, 0, 0, row, alone=alone
            ).instruments
        )
        for money, alone in (("USDT", True), ("USDT", False), ("BTC", True))
    ]
    assert heard == [1, 2, 2], "where money is another one, its price may matter"


def test_what_is_for_validation_is_not_searched(tape: Path) -> None:
    from cockpit.adapters.store import tape as tapes

    info = tapes.read_info(tape)
    middle = (info.start_ms + info.end_ms) // 2
    orders = [(0, 0, (0.2, 0.4, 0.6))]
    (whole,) = searching.Stage(task_of(tape, "ema_trend", "compiled", said=SAID)).run(orders)
    task = task_of(tape, "ema_trend", "compiled", said=SAID, split_ms=middle)
    (parted,) = searching.Stage(task).run(orders)
    assert whole.train is not None
    assert parted.train is not None
    assert parted.validate is not None
    assert whole.returns == parted.returns
    assert parted.train.periods + parted.validate.periods == whole.train.periods
    assert abs(parted.train.periods - parted.validate.periods) <= 2
    assert (1 + parted.train.total) * (1 + parted.validate.total) == pytest.approx(1 + whole.train.total)


def test_a_strategy_that_breaks_is_a_failed_trial(tape: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = searching.Stage(task_of(tape, "ema_trend", "interpreted", said=SAID))

    def broken(*_args: Any) -> Any:
        raise ZeroDivisionError("of its own making")

    monkeypatch.setattr(searching, "perform", broken)
    (found,) = stage.run([(3, 1, (0.2, 0.4, 0.6))])
    assert (found.outcome, found.scores, found.why) == (Outcome.FAILED, (None,), "of its own making")


def test_another_tape_under_the_same_name_is_refused(tape: Path) -> None:
    with pytest.raises(TapeError, match="not the tape that the study began with"):
        searching.Stage(task_of(tape, "ema_trend", "compiled", data_hash="0" * 64))


def test_impact_is_measured_on_the_tape(tape: Path) -> None:
    once, twice = (searching.impact_of(str(tape), [SYMBOL], 0, 0, y) for y in (1.0, 2.0))
    assert 0 < once < 1e-2
    assert twice == pytest.approx(2 * once)
    assert searching.impact_of(str(tape), [SYMBOL], 0, 0, 0.0) == 0.0
    assert [b > a for a, b in pairwise((0.0, once, twice))] == [True, True]
