"""NSGA-II (Optuna): several goals at once. Generations keep whoever nobody beats, spread along the front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Replayed, Scores
from cockpit.lab.search.space import Point

TRIES = 40


@search("nsga2", goals="any", needs="optuna")
class Nsga2(Replayed):
    """For goals that pull against each other: leaves a Pareto front instead of one winner."""

    def __init__(self, brief: Brief) -> None:
        import optuna
        from optuna.distributions import BaseDistribution, FloatDistribution
        from optuna.samplers import NSGAIISampler

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.brief = brief
        self.batch = max(8, min(50, brief.budget // 10))
        self.names = [axis.name for axis in brief.space.axes]
        self.axes: dict[str, BaseDistribution] = {name: FloatDistribution(0.0, 1.0) for name in self.names}
        sampler = NSGAIISampler(population_size=self.batch, seed=brief.seed & 0x7FFFFFFF)
        self.study = optuna.create_study(sampler=sampler, directions=["maximize"] * brief.goals)
        self.open: list[Any] = []

    @classmethod
    def begin(cls, brief: Brief) -> Nsga2:
        """A fresh one."""
        return cls(brief)

    def ask(self, count: int) -> list[Point]:
        """A generation, or the beginning of one."""
        pairs = [self._one() for _ in range(min(count, self.batch))]
        self.open = [trial for trial, _ in pairs]
        return [point for _, point in pairs]

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """What they were worth."""
        for trial, score in zip(self.open, scores, strict=True):
            self.study.tell(trial, list(score))

    def _one(self) -> tuple[Any, Point]:
        from optuna.trial import TrialState

        trial: Any = None
        point: Point = ()
        for attempt in range(TRIES):
            trial = self.study.ask(self.axes)
            params = trial.params  # a copy each time it is asked for
            point = tuple(float(params[name]) for name in self.names)
            if self.brief.allowed(point) or attempt == TRIES - 1:
                break
            self.study.tell(trial, state=TrialState.FAIL)
        return trial, point
