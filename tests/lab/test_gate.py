"""The statistical gate: the whole ledger counts, and the largest estimate of how many tries there were."""

from __future__ import annotations

from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cockpit.lab.proof import deflated
from cockpit.lab.proof.gate import autocorrelation, judge, overfitting, refuted
from cockpit.lab.proof.trials import sharpes
from cockpit.lab.trial_ledger.chain import Ledger
from cockpit.lab.trial_ledger.crowd import Pool, Stretch, mean_correlation, pool_of
from cockpit.lab.trial_ledger.record import Trial

DAY = 86_400_000
N = 730


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def trials(matrix: Any, data: str = "ab" * 32, study: str = "one", **other: Any) -> list[Trial]:
    return [
        Trial("s@1", "0f" * 16, {"k": f"{study}{k}"}, data, 0, len(matrix) * DAY, study=study,
              source=other.get("source", "optimize"), returns=matrix[:, k])
        for k in range(matrix.shape[1])
    ]  # fmt: skip


def at(data: str = "ab" * 32, n: int = N) -> Stretch:
    return Stretch(data, 0, n * DAY, DAY, n)


def noise(seed: int, columns: int, n: int = N) -> Any:
    return np.random.default_rng(seed).normal(0, 0.01, (n, columns))


def judged(pool: Pool, column: int = -1) -> Any:
    rows = pool.matrix
    ratios = sharpes(rows)
    best = int(ratios.argmax()) if column < 0 else column
    return judge(rows[:, best], rows, pool.crowd, 365.0, 8)


def test_the_numbers_are_those_of_the_definitions(ledger: Ledger) -> None:
    rows = noise(1, 40).astype("<f4").astype(float)
    ledger.append(trials(rows))
    pool = pool_of(ledger, at())
    assert pool.matrix == pytest.approx(rows)
    found = judged(pool)
    ratios = rows.mean(0) / rows.std(0, ddof=1)
    assert pool.crowd.run.raw == pool.crowd.data.raw == pool.crowd.whole.raw == 40
    assert pool.crowd.run.var == pytest.approx(ratios.var(ddof=1))
    assert pool.crowd.whole.var == pytest.approx(ratios.var(ddof=1))
    assert 35 < pool.crowd.data.effective <= 40
    sr0 = deflated.sr_zero(pool.crowd.data.effective, ratios.var(ddof=1))
    assert found.sr0 == pytest.approx(sr0 * sqrt(365))
    best = ratios.max()
    forms = (
        deflated.psr(best, sr0, N, found.skew, found.kurt),
        deflated.psr_null_var(best, sr0, N, found.skew, found.kurt, found.rho),
    )
    assert found.dsr.value == pytest.approx(min(f for f in forms if f is not None))
    assert found.sharpe.value == pytest.approx(best * sqrt(365))
    assert found.sharpe.low < found.sharpe.value < found.sharpe.high
    assert found.pbo.low <= found.pbo.value <= found.pbo.high
    assert not found.passes


def test_one_true_edge_passes(ledger: Ledger) -> None:
    rows = noise(2, 60, 1460)
    rows[:, 5] += 0.01 * 4 / sqrt(365)
    ledger.append(trials(rows))
    found = judged(pool_of(ledger, at(n=1460)))
    assert found.passes
    assert found.long_enough
    assert found.years_needed < found.years + 1


def test_copies_are_not_independent(ledger: Ledger) -> None:
    one = noise(3, 1)
    ledger.append(trials(one + 0.001 * noise(4, 50)))
    crowd = pool_of(ledger, at()).crowd
    assert crowd.data.raw == 50
    assert crowd.data.effective < 5


def test_what_was_tried_elsewhere_counts(ledger: Ledger) -> None:
    rows = noise(5, 5)
    ledger.append(trials(rows))
    alone = judged(pool_of(ledger, at()))
    ledger.append(trials(noise(6, 300), data="cd" * 32, study="two"))
    beside = judged(pool_of(ledger, at()))
    assert beside.crowd.whole.raw == 305
    assert beside.crowd.data.raw == 5
    assert beside.crowd.whole.effective > 250
    assert beside.dsr.value < alone.dsr.value
    assert beside.dsr_run == pytest.approx(alone.dsr_run)
    assert beside.sr0 > alone.sr0
    # Another stretch of the same data, lost trials, and trials of which nothing is kept.
    ledger.append([Trial("s@1", "0f" * 16, {"k": n}, "ab" * 32, 5, 9, status="failed") for n in range(7)])
    crowd = pool_of(ledger, at()).crowd
    assert (crowd.whole.raw, crowd.without_returns) == (312, 7)


def test_a_study_does_not_hide_behind_its_name(ledger: Ledger) -> None:
    ledger.append(trials(noise(7, 30), study="first"))
    ledger.append(trials(noise(8, 10), study="second"))
    pool = pool_of(ledger, at(), "second")
    assert (pool.crowd.run.raw, pool.crowd.data.raw, pool.matrix.shape[1]) == (10, 40, 40)
    assert pool.crowd.sr0 >= pool.crowd.data.sr0


def test_shaken_parameters_count_but_were_not_chosen_from(ledger: Ledger) -> None:
    ledger.append(trials(noise(9, 10)))
    ledger.append(trials(noise(10, 18), study="shaken", source="robustness"))
    pool = pool_of(ledger, at())
    assert pool.matrix.shape[1] == 10
    assert (pool.crowd.run.raw, pool.crowd.data.raw) == (10, 28)


def test_lost_trials_count_everywhere(ledger: Ledger) -> None:
    ledger.append(trials(noise(11, 20)))
    ledger.rows_file.unlink()
    ledger.append(trials(noise(12, 2), study="new"))
    crowd = pool_of(ledger, at()).crowd
    assert (crowd.lost, crowd.whole.raw) == (20, 22)
    assert crowd.whole.effective >= 21
    assert crowd.whole.sr0 > crowd.run.sr0


def test_idle_trials_do_not_lower_the_bar(ledger: Ledger) -> None:
    ledger.append(trials(noise(13, 20)))
    before = pool_of(ledger, at()).crowd
    ledger.append(trials(np.zeros((N, 500)), study="idle"))
    after = pool_of(ledger, at()).crowd
    assert after.data.raw == 520
    assert after.sr0 >= before.sr0
    assert judged(pool_of(ledger, at()), 3).pbo.value is not None


def test_a_single_trial_has_nothing_to_be_overfitted_to(ledger: Ledger) -> None:
    ledger.append(trials(noise(14, 1) + 0.003))
    pool = pool_of(ledger, at())
    found = judge(pool.matrix[:, 0], pool.matrix, pool.crowd, 365.0)
    assert found.pbo.value is None
    assert found.sr0 == 0.0
    assert found.passes
    empty = judge(np.zeros(N), pool.matrix[:, :0], pool.crowd, 365.0)
    assert empty.dsr.value is None
    assert not empty.passes
    assert not empty.long_enough


def test_small_parts() -> None:
    assert autocorrelation([0.0] * 9) == 0.0
    assert autocorrelation([0.01, -0.01] * 50) == -0.9
    assert mean_correlation(noise(1, 1)) == 1.0
    rows = noise(2, 30)
    corr = np.corrcoef(rows, rowvar=False)
    off = (corr.sum() - 30) / (30 * 29)
    assert mean_correlation(rows) == pytest.approx(max(0.0, off), abs=1e-9)
    found, _, used = overfitting(noise(3, 5, 70))
    assert found is not None
    assert used == 6
    assert overfitting(noise(3, 5, 30))[0] is None
    assert refuted([-0.01, -0.012, -0.009] * 30)[0]
    assert not refuted([0.01, -0.002, 0.009] * 30)[0]
    assert refuted([0.0] * 90) == (False, None)
