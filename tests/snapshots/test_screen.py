"""The screen as a picture: three sizes, two languages, colours and none. Accept a wanted change with

pytest tests/snapshots --snapshot-update
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cockpit.tui.app import CockpitApp
from cockpit.tui.asides import Openers
from cockpit.tui.settings import TuiSettings
from tests.tui import frames_for_tests as made

SIZES = {"narrow": (80, 24), "normal": (120, 40), "wide": (200, 60)}
Compare = Callable[..., bool]


def still(frame: object = None, **settings: object) -> CockpitApp:
    """A cockpit whose clock stands still, on the frame that never changes."""
    link = made.link(frame)  # type: ignore[arg-type]
    openers = Openers(made.Pasts, made.Labs, log=made.Logs, facts=made.facts)
    settled = TuiSettings(**settings)  # type: ignore[arg-type]
    return CockpitApp(link, settled, clock=lambda: 1000.0, openers=openers)


@pytest.fixture(autouse=True)
def colour_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures must not depend on the terminal the tests run in."""
    for name in ("NO_COLOR", "COLORTERM", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("no_color", [False, True], ids=["green-up", "no-color"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", sorted(SIZES))
def test_the_desk(snap_compare: Compare, size: str, lang: str, no_color: bool) -> None:
    assert snap_compare(still(lang=lang, no_color=no_color), terminal_size=SIZES[size])


def test_red_up_on_paper(snap_compare: Compare) -> None:
    assert snap_compare(still(theme="paper", scheme="red_up", lang="zh"), terminal_size=SIZES["normal"])


def test_everything_is_wrong_at_once(snap_compare: Compare) -> None:
    """Old data, a lost link and a halt that is not done, in the smallest window."""
    frame = made.frame(300, mode="LIVE", age=4200, posture="HALT", halt=made.halted("cancelling"))
    app = still(frame)
    app.link.lost = 12.0
    assert snap_compare(app, terminal_size=SIZES["narrow"])


def test_the_question_before_a_flatten(snap_compare: Compare) -> None:
    app = still()
    keys = (":", *"flatten", "enter")
    assert snap_compare(app, press=keys, terminal_size=SIZES["normal"])


def test_help(snap_compare: Compare) -> None:
    assert snap_compare(still(), press=("?",), terminal_size=SIZES["narrow"])


@pytest.mark.parametrize("size", sorted(SIZES))
def test_jump_mode(snap_compare: Compare, size: str) -> None:
    settings = {"lang": "zh", "no_color": True} if size == "narrow" else {}
    assert snap_compare(still(**settings), press=("o",), terminal_size=SIZES[size])


OVERLAID = ("6", "i", "2", "left", "left", "up")
"""Three averages, and the crosshair on the candle before the last."""


@pytest.mark.parametrize("size", sorted(SIZES))
def test_the_crosshair_and_indicators(snap_compare: Compare, size: str) -> None:
    settings = {"lang": "zh", "no_color": True} if size == "narrow" else {}
    assert snap_compare(still(**settings), press=OVERLAID, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", sorted(SIZES))
def test_the_past(snap_compare: Compare, size: str) -> None:
    """The desk a few decisions ago: it must be unmistakable."""
    settings = {"lang": "zh", "theme": "paper"} if size == "wide" else {}
    assert snap_compare(still(**settings), press=("(",), terminal_size=SIZES[size])


def test_the_past_without_colour(snap_compare: Compare) -> None:
    assert snap_compare(still(no_color=True), press=("(",), terminal_size=SIZES["normal"])
