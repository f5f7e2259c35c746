"""``cockpit help tutorial`` prints the lessons as they run, ``cockpit help sdk`` the face of plug-ins."""

from __future__ import annotations

from pathlib import Path

import cockpit.app.tutorial
from tests.cli.conftest import Shell

FILES = sorted(Path(cockpit.app.tutorial.__path__[0]).glob("t[0-9]*.py"))


def test_help_lists_and_prints_them(cockpit: Shell) -> None:
    listed = cockpit("help", "tutorial", "--json").json
    assert list(listed) == [file.stem[1:3] for file in FILES]
    assert all(len(title) > 10 for title in listed.values())
    shown = cockpit("help", "tutorial", "3")
    assert shown.out.strip() == FILES[2].read_text("utf-8").strip()
    assert "08" in cockpit("help", "tutorial").out


def test_a_lesson_that_is_not_there(cockpit: Shell) -> None:
    for words, said in (
        (("tutorial", "99"), "no lesson '99'"),
        (("tutorial", "x"), "no lesson 'x'"),
        (("rules", "3"), "only the tutorial has numbers"),
    ):
        found = cockpit("help", *words)
        assert found.code == 2
        assert said in found.err


def test_the_face_is_printed(cockpit: Shell) -> None:
    from cockpit import sdk

    said = cockpit("help", "sdk")
    assert [name for name in sdk.__all__ if name not in said.out] == []
    assert "on_funding" in said.out


def test_strategies_say_how_many_instruments_and_timeframes_they_need() -> None:
    from cockpit.app.reference import strategy, strategy_text
    from cockpit.core.registry import Plugin

    options = {"wakes": ("bar",), "legs": ("spot", "perp"), "timeframes": ("4h",)}
    layers = {"stops": ({"layer": "time", "bars": 6},)}
    row = strategy(Plugin("strategy", "two", object, None, "m", "Both.", {**options, **layers}))
    said = strategy_text(row, "en")
    assert "instruments together (symbols): spot + perp" in said
    assert "hears longer bars: 4h" in said
    assert "stop layer time  bars 6" in said
