"""Processors kept awake between two messages (``run.keep_awake``)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from cockpit.app import awake, health
from cockpit.app.settings import load
from cockpit.text import say


@pytest.fixture
def wish(tmp_path: Path) -> Path:
    """Stands for ``/dev/cpu_dma_latency``."""
    place = tmp_path / "cpu_dma_latency"
    place.write_bytes(b"")
    return place


def open_here(place: Path) -> int:
    """How often this process has ``place`` open."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not show what a process has open")
    held = (os.path.realpath(one) for one in Path("/proc/self/fd").iterdir())
    return sum(1 for one in held if one == str(place))


def test_the_wish_is_a_zero_of_four_bytes_and_held_open_until_closed(wish: Path) -> None:
    with awake.Awake(wish):
        assert wish.read_bytes() == bytes(4)
        assert open_here(wish) == 1
    assert open_here(wish) == 0


def test_a_system_without_it_is_not_given_one(tmp_path: Path) -> None:
    place = tmp_path / "none"
    with pytest.raises(FileNotFoundError):
        awake.Awake(place)
    assert not place.exists()


def test_a_run_holds_it_as_long_as_it_lives_and_says_so(wish: Path) -> None:
    said: list[tuple[str, str]] = []

    async def live() -> None:
        job = asyncio.ensure_future(awake.kept(lambda level, message, _: said.append((level, message)), wish))
        await asyncio.sleep(0)
        assert open_here(wish) == 1
        job.cancel()
        await asyncio.wait([job])

    asyncio.run(live())
    assert said == [("good", "awake.held")]
    assert open_here(wish) == 0


def test_a_refusal_is_said_once_and_ends_nothing(tmp_path: Path) -> None:
    """A worker that ends takes the cockpit with it."""
    said: list[tuple[str, str, Mapping[str, str]]] = []
    place = tmp_path / "none"

    async def live() -> None:
        job = asyncio.ensure_future(awake.kept(lambda *row: said.append(row), place))
        await asyncio.sleep(0.01)
        assert not job.done()
        job.cancel()
        await asyncio.wait([job])

    asyncio.run(live())
    (only,) = said
    assert only[:2] == ("warn", "awake.refused")
    for lang in ("en", "zh"):
        assert str(place) in say(only[1], only[2], lang)


def test_a_wake_up_is_measured() -> None:
    assert 0 < awake.wake_us(tries=5) < 5e6


@pytest.mark.parametrize("wanted", [True, False])
def test_the_doctor_says_what_a_wake_up_takes(
    wanted: bool, wish: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awake, "WISH", wish)
    found = load(None, {}, (f"run.keep_awake={str(wanted).lower()}",), data_dir=tmp_path)
    check = health.woken(found)
    assert check.level == "ok"
    assert check.message.endswith(".held") is wanted
    assert float(check.args["us"]) >= 0
