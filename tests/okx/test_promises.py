"""A stream owes a word about every order that was taken."""

from __future__ import annotations

from cockpit.adapters.connectivity.promises import TOLD_S, Promises
from cockpit.adapters.connectivity.traces import KEPT, Recent


class Hands:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def test_silence_about_a_taken_order_is_noticed_once() -> None:
    clock = Hands()
    promises = Promises(clock)
    promises.expect("ck1")
    clock.now += TOLD_S
    assert not promises.broken()
    clock.now += 0.1
    assert promises.broken() == "ck1"
    assert not promises.broken()


def test_a_push_before_or_after_the_answer_keeps_the_promise() -> None:
    clock = Hands()
    promises = Promises(clock)
    promises.keep("ck1")
    promises.expect("ck1")
    promises.expect("ck2")
    promises.keep("ck2")
    clock.now += 100
    assert not promises.broken()


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    recent: Recent[int, int] = Recent()
    for n in range(KEPT + 3):
        recent[n] = n
    assert len(recent) == KEPT
    assert 2 not in recent
    assert 3 in recent
