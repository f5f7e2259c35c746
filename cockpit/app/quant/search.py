"""Walk-forward windows, fronts, and the advantage estimate of the training of policies."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.app.quant import fn
from cockpit.lab.proof import fronts, windows

fn("lhs_is_valid")(fronts.lhs_is_valid)
fn("expected_improvement")(fronts.expected_improvement)
fn("pareto_front")(fronts.pareto_front)
fn("hypervolume_2d")(fronts.hypervolume_2d)
fn("crowding_distance")(fronts.crowding_distance)
fn("wf_windows")(windows.wf_windows)
fn("purged_train_index")(windows.purged_train_index)


@fn("cpcv_counts")
def cpcv_counts(n_groups: int, k_test: int) -> dict[str, int]:
    """Splits and paths."""
    splits, paths = windows.cpcv_counts(n_groups, k_test)
    return {"splits": splits, "paths": paths}


@fn("gae")
def gae(
    rewards: Sequence[float],
    values: Sequence[float],
    last_value: float,
    dones: Sequence[float],
    gamma: float,
    lam: float,
) -> list[float]:
    """Generalised advantage: an end that is one (done) bootstraps nothing, a cut does."""
    if not len(rewards) == len(values) == len(dones):
        raise ValueError("rewards, values and dones must have one length")
    found = [0.0] * len(rewards)
    ahead, after = 0.0, last_value
    for t in range(len(rewards) - 1, -1, -1):
        alive = 1.0 - float(dones[t])
        delta = rewards[t] + gamma * after * alive - values[t]
        ahead = delta + gamma * lam * alive * ahead
        found[t] = ahead
        after = values[t]
    return found
