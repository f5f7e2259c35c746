"""Painting stands still for an order on its way, and never for longer than its patience."""

from __future__ import annotations

import gc
import signal
import threading

import pytest

from cockpit.tui import courtesy
from cockpit.tui.courtesy import EVERYTHING, KNOCK, PATIENCE_S, SWEPT_WHOLLY, Courtesy
from tests.tui.conftest import Cockpit, Opened, play


class Market:
    """Hurried for so many questions; a clock that each nap moves on by a millisecond."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, questions: int) -> None:
        self.left = questions
        self.now = 0.0
        self.naps = 0
        monkeypatch.setattr(courtesy.time, "sleep", self._nap)

    def _nap(self, _seconds: float) -> None:
        self.naps += 1
        self.now += 0.001

    def hurried(self) -> bool:
        self.left -= 1
        return self.left >= 0


def test_it_waits_until_the_order_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    market = Market(monkeypatch, questions=3)
    manners = Courtesy(market.hurried, lambda: market.now)
    manners.let_pass()
    assert market.naps == 2
    manners.let_pass()
    assert market.naps == 2, "nothing is on its way any more"


def test_a_market_that_never_rests_costs_a_beat_its_patience_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    market = Market(monkeypatch, questions=10_000)
    manners = Courtesy(market.hurried, lambda: market.now)
    for _ in range(50):
        manners.let_pass()
    assert market.now == pytest.approx(PATIENCE_S, abs=0.001)
    manners.begin()
    manners.let_pass()
    assert market.now == pytest.approx(2 * PATIENCE_S, abs=0.002), "the next beat has its own"


def test_the_screen_asks_while_it_paints_and_paints_all_the_same(
    cockpit: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(screen: Cockpit) -> None:
        market = Market(monkeypatch, questions=10_000)
        monkeypatch.setattr(screen.app, "courtesy", Courtesy(market.hurried, lambda: market.now))
        await screen.press("]")
        await screen.show()
        assert market.naps
        assert "ETH-USDT-SWAP" in screen.panel("book")

    play(cockpit, story)


@pytest.mark.skipif(KNOCK is None, reason="no signal to spare")
def test_an_order_stops_the_painting_thread_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KNOCK is not None
    before = signal.getsignal(KNOCK)
    market = Market(monkeypatch, questions=3)
    manners = Courtesy(market.hurried, lambda: market.now)
    manners.listen()
    try:
        trading = threading.Thread(target=manners.knock)
        trading.start()
        trading.join()
        for _ in range(10):
            "".join(("whatever", "is painted", "here"))
        assert market.naps == 2, "nobody here has asked"
    finally:
        manners.leave()
    assert signal.getsignal(KNOCK) == before
    if before is not signal.SIG_DFL:
        return
    manners.knock()
    assert market.naps == 2, "a screen that is gone is nobody's to stop"


def test_a_beat_sweeps_up_behind_itself_when_no_order_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    market = Market(monkeypatch, questions=2)
    monkeypatch.setattr(courtesy.gc, "collect", lambda generation: swept.append(market.naps or generation))
    manners = Courtesy(market.hurried, lambda: market.now)
    manners.end()
    assert swept == [1], "the order went first"
    market.naps = 0
    for _ in range(SWEPT_WHOLLY * EVERYTHING - 1):
        manners.end()
    assert swept[1:SWEPT_WHOLLY] == [0] * (SWEPT_WHOLLY - 2) + [1]
    assert swept.count(1) == EVERYTHING, "with that of the first line"
    assert swept[-1] == 2
    gc.disable()  # a start: what it makes stays
    try:
        manners.end()
    finally:
        gc.enable()
    assert len(swept) == SWEPT_WHOLLY * EVERYTHING
