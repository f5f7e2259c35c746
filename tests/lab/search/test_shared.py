"""Machines that share a study through a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.core.errors import ConfigError, StoreError
from cockpit.lab.search.shared import Exchange
from cockpit.lab.search.study import Search
from tests.lab.search.hills import Shelf, plane, searching

pytest.importorskip("optuna")
SPACE = plane(2, cells=3)


def test_what_one_machine_has_tried_the_others_count_and_do_not_try(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    ran: list[list[object]] = [[], []]
    told: list[list[object]] = [[], []]
    shelves = [Shelf(), Shelf()]

    def machine(number: int) -> Search:
        search = searching(
            "grid", SPACE, shelves[number], 9, seed=number, record=told[number].extend,
            judge=lambda p: (ran[number].append(p) or (p[0] - p[1],)),
        )  # fmt: skip
        search.exchange = Exchange(url, "both", SPACE, 1, number, "head")
        return search

    first = machine(0)
    first.run(4)
    second = machine(1)
    assert second.run(9) == "done"
    assert len(ran[0]) == 4
    assert len(ran[1]) == 5
    assert not {*ran[0]} & {*ran[1]}
    assert len(told[1]) == 9
    again = machine(0)
    assert again.resume() == 4
    again.run(9)
    assert len(ran[0]) == 4
    assert len(told[0]) == 4 + 5
    returns = [trial.returns for trial in second.exchange.take()] if second.exchange else []
    assert returns == []


def test_a_machine_that_was_cut_off_tells_the_rest_when_it_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    shelf = Shelf()
    alone = searching("grid", SPACE, shelf, 9)
    alone.run(3)  # kept here, told nobody
    again = searching("grid", SPACE, shelf, 9)
    again.exchange = Exchange(url, "both", SPACE, 1, 0, "head")
    again.resume()
    assert len(Exchange(url, "both", SPACE, 1, 1, "head").take()) == 3


def test_another_study_under_the_same_name_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shared.db"
    Exchange(url, "both", SPACE, 1, 0, "head")
    with pytest.raises(ConfigError, match="is about something else"):
        Exchange(url, "both", SPACE, 1, 1, "another head")


def test_the_password_of_an_address_is_never_said() -> None:
    with pytest.raises((ConfigError, StoreError)) as caught:
        Exchange("postgresql://me:sesame@127.0.0.1:1/x", "both", SPACE, 1, 0, "head")
    assert "sesame" not in str(caught.value)
    assert "me:***@127.0.0.1" in str(caught.value)


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(ConfigError, match="no database address"):
        Exchange("nowhere", "both", SPACE, 1, 0, "head")
