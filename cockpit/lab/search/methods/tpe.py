"""TPE (Optuna): two densities, of good trials and of the others; the next point is where they differ most.

Optuna's sampler looks at every earlier trial each time it is asked (4 ms at 1,000 of them, more than a
compiled backtest). So it is shown a window: the best and the newest of all when the window began, and what
came since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.core.registry import search
from cockpit.lab.search.method import Brief, Scores
from cockpit.lab.search.space import Point

BEST, NEWEST = 24, 40
"""Trials that a new window begins with."""
WINDOW = 64
"""Trials after which a new one begins."""
TRIES = 40


class OptunaAsks:
    """A sampler of Optuna behind ask and tell.

    It is made anew for each batch, from what is known by then: a study that is taken up again needs only its
    trials.
    """

    batch = 16

    def __init__(self, brief: Brief) -> None:
        from optuna.distributions import BaseDistribution, FloatDistribution

        self.brief = brief
        self.names = [axis.name for axis in brief.space.axes]
        self.axes: dict[str, BaseDistribution] = {name: FloatDistribution(0.0, 1.0) for name in self.names}
        self.known: list[tuple[Point, Scores]] = []
        self.asked = 0
        self._study: Any = None
        self._shown = 0
        """How many of the known ones the study has, or has left out for good."""
        self._began = -1
        """How many were known when its window began."""

    def sampler(self, seed: int) -> Any:
        """Of Optuna."""
        raise NotImplementedError

    def ask(self, count: int) -> list[Point]:
        """A batch, each point knowing where the others of the batch are."""
        study = self._ready()
        study.sampler = self.sampler((self.brief.seed * 1_000_003 + self.asked) & 0x7FFFFFFF)
        found = [self._one(study) for _ in range(min(count, self.batch))]
        self.asked += 1
        return found

    def tell(self, points: Sequence[Point], scores: Sequence[Scores]) -> None:
        """Remember."""
        self.known += zip(points, scores, strict=True)

    hear = tell
    """What other machines have tried is as good to know."""

    def skip(self, points: Sequence[Point]) -> None:
        """These were asked for once."""
        self.asked += 1

    def _ready(self) -> Any:
        """The study with everything that it may know; what was asked for in it is forgotten first."""
        import optuna
        from optuna.trial import TrialState, create_trial

        began = len(self.known) // WINDOW * WINDOW
        if self._study is None or began != self._began:
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            directions: Any = ["maximize"] * self.brief.goals
            self._study = optuna.create_study(directions=directions)
            self._began, rows = began, self._first(began) + self.known[began:]
        else:
            for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
                self._study.tell(trial.number, state=TrialState.FAIL)
            rows = self.known[self._shown :]
        self._study.add_trials(
            create_trial(
                params=dict(zip(self.names, point, strict=True)),
                distributions=self.axes,
                values=list(scores),
            )
            for point, scores in rows
        )
        self._shown = len(self.known)
        return self._study

    def _first(self, began: int) -> list[tuple[Point, Scores]]:
        """The best and the newest of the first ``began``, in the order of their trials."""
        newest = max(0, began - NEWEST)
        order = sorted(range(newest), key=lambda i: [-score for score in self.known[i][1]])
        return [self.known[i] for i in (*sorted(order[:BEST]), *range(newest, began))]

    def _one(self, study: Any) -> Point:
        from optuna.trial import TrialState

        point: Point = ()
        for _ in range(TRIES):
            trial = study.ask(self.axes)
            point = tuple(float(trial.params[name]) for name in self.names)
            if self.brief.allowed(point):
                break
            study.tell(trial, state=TrialState.FAIL)
        return point


@search("tpe", goals="any", needs="optuna")
class Tpe(OptunaAsks):
    """For a middling number of parameters: learns which values go with good results."""

    @classmethod
    def begin(cls, brief: Brief) -> Tpe:
        """A fresh one."""
        return cls(brief)

    def sampler(self, seed: int) -> Any:
        """Multivariate, with the points of the running batch counted as bad (constant liar)."""
        import warnings

        from optuna.exceptions import ExperimentalWarning
        from optuna.samplers import TPESampler

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return TPESampler(seed=seed, multivariate=True, constant_liar=True)
