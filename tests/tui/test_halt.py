"""The kill switch fires for a person, never for a held key, and never claims more than is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.core.frames import Answer
from cockpit.tui import halt
from cockpit.tui.halt import Asked, Gesture, Press
from cockpit.tui.picture import Look
from tests.tui import frames_for_tests as made

LOOK = Look(width=200, height=1)


def presses(*times: float) -> list[Press]:
    gesture = Gesture()
    return [gesture.press(time) for time in times]


def test_twice_at_a_human_pace_fires() -> None:
    assert presses(10.0, 10.4) == [Press.ARMED, Press.FIRED]
    assert presses(10.0, 10.121) == [Press.ARMED, Press.FIRED]
    assert presses(10.0, 12.0) == [Press.ARMED, Press.FIRED]


def test_a_burst_does_not_fire() -> None:
    burst = [10.0 + index * 0.03 for index in range(20)]
    assert Press.FIRED not in presses(*burst)


@given(st.lists(st.floats(0.0, 0.119), min_size=1, max_size=60))
def test_no_burst_faster_than_a_hand_fires(gaps: list[float]) -> None:
    times = [10.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    assert Press.FIRED not in presses(*times)


def test_too_slow_arms_again() -> None:
    assert presses(10.0, 13.0, 13.5) == [Press.ARMED, Press.ARMED, Press.FIRED]


def test_another_key_cancels() -> None:
    gesture = Gesture()
    gesture.press(10.0)
    assert gesture.armed(10.1)
    gesture.cancel()
    assert not gesture.armed(10.1)
    assert gesture.press(10.5) is Press.ARMED


def test_after_firing_it_must_be_armed_again() -> None:
    assert presses(10.0, 10.5, 11.0, 11.5) == [Press.ARMED, Press.FIRED, Press.ARMED, Press.FIRED]


def banner(phase: str | None, asked: Asked | None = None, now: float = 100.0, **changes: object) -> str:
    state = None if phase is None else made.halted(phase, **changes)
    shown = halt.halt_banner(state, asked, now, LOOK)
    return "" if shown is None else shown.text


def test_success_is_only_what_the_venue_confirmed() -> None:
    for phase in ("asked", "cancelling", "flattening", "reading", "failed", "something new"):
        text = banner(phase)
        assert "HALTED" not in text
        assert "still open: 3 entry orders, 2 positions" in text
    assert "HALTED" not in banner("confirmed", confirmed=0)
    done = banner("confirmed", entries_open=0)
    assert done.startswith("HALTED 08:04:09Z by tty3")
    assert "0 entry orders, 2 positions kept" in done


def test_a_flatten_that_is_done_keeps_nothing() -> None:
    text = banner("confirmed", flatten=True, entries_open=0, positions_open=0)
    assert "0 positions" in text
    assert "kept" not in text


def test_a_failure_says_why() -> None:
    assert "no answer from the venue" in banner("failed", detail="no answer from the venue")


def test_no_answer_is_not_confirmed_after_half_a_second() -> None:
    asked = Asked("c1", 100.0)
    assert banner(None, asked, 100.4).startswith("HALT SENT")
    assert banner(None, asked, 100.6).startswith("HALT NOT CONFIRMED")
    assert "12.0 s" in banner(None, asked, 112.0)


def test_an_answer_is_not_yet_a_halt() -> None:
    asked = Asked("c1", 100.0, Answer("c1", True, "answer.halt", {}, None, 4.0))
    assert banner(None, asked, 103.0).startswith("HALT TAKEN by the engine in 4 ms")
    asked.answer = Answer("c1", False, "door.lost", {}, None, 4.0)
    assert banner(None, asked, 103.0) == "HALT REFUSED: the link is down, nothing was sent"


def test_nothing_is_said_when_nothing_was_asked() -> None:
    assert banner(None) == ""
    assert halt.link_banner(0.0, False, LOOK) is None


@pytest.mark.parametrize(
    ("here", "words"),
    [
        (False, "LINK LOST 12 s - data below is old; engine may still be trading"),
        (True, "ENGINE SILENT 12 s - data below is old; it may still be trading"),
    ],
)
def test_a_lost_link_tells_the_truth(here: bool, words: str) -> None:
    shown = halt.link_banner(12.3, here, LOOK)
    assert shown is not None
    assert shown.text == words
