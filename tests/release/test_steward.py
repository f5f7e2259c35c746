"""The steward: what it takes, what it leaves lying, when it asks, and how often it looks at a shut gate."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cockpit.app import offers
from cockpit.app.steward import Steward
from cockpit.core.config import SleeveConfig
from cockpit.core.release.records import Passport
from cockpit.core.types import Stage
from tests.release.stand import SYMBOL, passport, riding
from tests.release.test_door import Door
from tests.release.test_stages import proven


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with riding():
        yield


class House:
    """A stand with a steward, and a folder in which candidates are left."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, proof: Passport | None) -> None:
        self.door = Door(monkeypatch, proof)
        self.said: list[tuple[str, dict[str, str]]] = []
        self.door.runtime.tell = lambda _level, message, args: self.said.append((message, args))
        self.folder = folder
        self.steward = Steward(self.door.runtime, folder)

    def offer(self, digit: str, **params: Any) -> Path:
        row = SleeveConfig("rider", SYMBOL, "1m", params=params)
        return offers.make(self.folder, offers.Offer(digit * 16, row, int(digit), "a study", "f" * 64))

    def look(self, minutes: float = 0.0) -> None:
        self.door.stand.run(minutes)
        asyncio.run(self.steward.look())

    @property
    def stages(self) -> list[str]:
        return [str(v.stage) for v in self.door.stand.engine.state.release.versions.values()]


def test_one_challenger_a_seat_climbs_and_the_next_waits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house = House(monkeypatch, tmp_path, passport(proven()))
    house.offer("1", salt=1)
    second = house.offer("2", salt=2)
    house.look(20)
    assert house.stages == ["paper"]
    (name,) = house.door.stand.engine.state.release.versions
    assert [*tmp_path.glob("offers/*")] == [second]
    house.look()
    assert [word for word, _ in house.said] == ["steward.waits"], "said once"
    house.look(215)
    assert house.stages == ["shadow"]
    house.look(215)
    version = house.door.stand.version(name)
    assert version.ask is not None
    assert (version.ask.to, version.ask.by) == (Stage.CANARY, "machine")
    house.look(5)
    assert house.stages == ["shadow"], "people decide"
    assert house.door.stand.say("retire", version=name) == ""
    house.look(1)
    assert house.stages == ["retired", "paper"], "its seat is free"
    assert not offers.waiting(tmp_path)


def test_what_has_no_passport_or_cannot_be_made_is_told_and_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house = House(monkeypatch, tmp_path, None)
    house.offer("1")
    house.offer("2", sise=4)
    house.look(20)
    assert not offers.waiting(tmp_path)
    assert [word for word, _ in house.said] == ["steward.refused"] * 2
    assert "passport" in house.said[0][1]["why"]
    assert house.stages == ["backtest"]


def test_a_shut_gate_is_asked_again_only_with_more_to_see(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    house = House(monkeypatch, tmp_path, passport(tuple(-x for x in proven())))
    house.offer("1")
    house.look(20)
    for _ in range(110):
        house.look(4)
    assert house.stages == ["paper"]
    looks = [int(args["n"]) for word, args in house.said if word == "steward.shut"]
    assert looks[0] >= 50
    assert all(after >= int(before * 1.2) for before, after in pairwise(looks))
    assert 2 <= len(looks) <= 5
