"""A study that several machines work on: what one has tried, the others need not try.

Any database that Optuna speaks (PostgreSQL, MySQL, SQLite on a shared disk); its trials are ordinary Optuna
trials, for its dashboard too. Each machine keeps its own trials in its own study as well, and goes on from
there. With the same seed two machines would ask for the same points, so each has a number. What is heard of
others depends on when it was written, so of a shared study only each trial can be repeated, not their
order.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.core.errors import ConfigError, StoreError
from cockpit.lab.search.space import Space
from cockpit.lab.search.trial import Trial

HEAD, BODY, RETURNS = "cockpit.head", "cockpit.body", "cockpit.returns"
MACHINE, NUMBER = "cockpit.machine", "cockpit.number"


class Exchange:
    """The place where machines meet. Raises ConfigError, StoreError; never says its address's password."""

    def __init__(self, url: str, name: str, space: Space, goals: int, machine: int, head: str) -> None:
        self.machine = machine
        self.space = space
        self.place = _masked(url)
        self._given: set[int] = set()
        self._taken: set[tuple[int, int]] = set()
        try:
            self._study: Any = _study(url, name, goals)
        except ImportError as error:
            raise ConfigError(f"{self.place}: its driver is not installed: {error}") from error
        except Exception as error:
            raise StoreError(f"{self.place} cannot be opened: {type(error).__name__}") from error
        known = self._asked(lambda: self._study.user_attrs.get(HEAD))
        if known is None:
            self._asked(lambda: self._study.set_user_attr(HEAD, head))
        elif known != head:
            raise ConfigError(f"the study {name!r} at {self.place} is about something else; name another")

    def give(self, batch: Sequence[Trial]) -> None:
        """Tell the others; what they know already is not told again."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution
        from optuna.trial import TrialState, create_trial

        axes: dict[str, Any] = {
            axis.name: CategoricalDistribution(axis.choices)
            if axis.choices
            else FloatDistribution(axis.low, axis.high)
            for axis in self.space.axes
        }
        if not self._given:
            self._given = {row[1] for row in self._asked(self._all) if row[0] == self.machine}
        fresh = [trial for trial in batch if trial.twin < 0 and trial.number not in self._given]
        rows = [
            create_trial(
                state=TrialState.COMPLETE if trial.counts else TrialState.FAIL,
                values=[float(score or 0.0) for score in trial.scores] if trial.counts else None,
                params={name: _plain(trial.params[name]) for name in axes},
                distributions=axes,
                user_attrs={
                    MACHINE: self.machine,
                    NUMBER: trial.number,
                    BODY: msgspec.json.encode(msgspec.structs.replace(trial, returns=b"")).decode(),
                    RETURNS: base64.b64encode(trial.returns).decode(),
                },
            )
            for trial in fresh
        ]
        self._asked(lambda: self._study.add_trials(rows))
        self._given |= {trial.number for trial in fresh}

    def take(self) -> list[Trial]:
        """What other machines have tried since the last time."""
        found = []
        for machine, number, attrs in self._asked(self._all):
            if machine == self.machine or (machine, number) in self._taken:
                continue
            self._taken.add((machine, number))
            trial = msgspec.json.decode(attrs[BODY], type=Trial)
            found.append(msgspec.structs.replace(trial, returns=base64.b64decode(attrs[RETURNS])))
        return found

    def _all(self) -> list[tuple[int, int, dict[str, Any]]]:
        rows = self._study.get_trials(deepcopy=False)
        attrs = [row.user_attrs for row in rows if BODY in row.user_attrs]
        return [(int(row[MACHINE]), int(row[NUMBER]), row) for row in attrs]

    def _asked(self, question: Any) -> Any:
        try:
            return question()
        except Exception as error:
            raise StoreError(
                f"{self.place} does not answer: {type(error).__name__}; take it up with --resume"
            ) from error


def _study(url: str, name: str, goals: int) -> Any:
    import warnings

    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    directions: Any = ["maximize"] * goals
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optuna.create_study(study_name=name, storage=url, directions=directions, load_if_exists=True)


def _masked(url: str) -> str:
    """The address without its password. Raises ConfigError for what is no address."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        raise ConfigError(
            "the storage is no database address (write sqlite:///FILE, postgresql://…)"
        ) from None


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
