"""A stream owes a word about every order that was taken."""

from __future__ import annotations

from cockpit.adapters.connectivity.promises import TOLD_S, Promises
from cockpit.adapters.connectivity.traces import KEPT, Recent


class Hands:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def listening(clock: Hands) -> Promises:
    """Of a stream in its first life."""
    promises = Promises(clock)
    promises.link(True)
    assert promises.life == 1
    return promises


def test_silence_about_a_taken_order_is_noticed_once() -> None:
    clock = Hands()
    promises = listening(clock)
    promises.expect("ck1", 1)
    clock.now += TOLD_S
    assert not promises.broken()
    clock.now += 0.1
    assert promises.broken() == "ck1"
    assert not promises.broken()


def test_a_push_before_or_after_the_answer_keeps_the_promise() -> None:
    clock = Hands()
    promises = listening(clock)
    promises.keep("ck1")
    promises.expect("ck1", 1)
    promises.expect("ck2", 1)
    promises.keep("ck2")
    clock.now += 100
    assert not promises.broken()


def test_what_was_taken_while_the_stream_did_not_listen_is_not_owed() -> None:
    """The first stop after a start: taken over REST before its channel was subscribed."""
    clock = Hands()
    promises = Promises(clock)
    promises.expect("ck1", promises.life)
    promises.link(True)
    first = promises.life
    promises.expect("ck2", 0)  # left before, answered after
    promises.link(False)
    promises.link(True)
    promises.expect("ck3", first)  # the life in which it left is over
    clock.now += 2 * TOLD_S
    assert not promises.broken()


def test_what_was_owed_when_the_stream_went_down_is_forgotten() -> None:
    clock = Hands()
    promises = listening(clock)
    promises.expect("ck1", 1)
    promises.link(False)
    promises.link(True)
    clock.now += 2 * TOLD_S
    assert not promises.broken()
    promises.expect("ck2", 2)
    clock.now += 2 * TOLD_S
    assert promises.broken() == "ck2"


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    recent: Recent[int, int] = Recent()
    for n in range(KEPT + 3):
        recent[n] = n
    assert len(recent) == KEPT
    assert 2 not in recent
    assert 3 in recent
