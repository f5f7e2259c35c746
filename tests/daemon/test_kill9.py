"""kill -9 at random moments of a busy practice session: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.daemon.books import assert_equal_books, assert_nothing_sent_twice
from tests.daemon.process import Daemon

SOAK = os.environ.get("COCKPIT_SOAK") == "1"
SESSIONS = 5 if SOAK else 1
ROUNDS = 40 if SOAK else 8
"""Of each session: a restart plays the practice market through again, so a long session restarts slowly."""
BUSY = ("--set", "run.practice_rate=5")


@pytest.mark.daemon
@pytest.mark.parametrize("session", range(SESSIONS))
def test_kill_minus_nine_loses_nothing(tmp_path: Path, session: int) -> None:
    rng = random.Random(41 + session)
    for _ in range(ROUNDS):
        with Daemon(tmp_path, *BUSY) as daemon:
            daemon.wait(lambda d=daemon: d.status()["reconciled"])
            time.sleep(rng.uniform(0.0, 1.2))
            daemon.kill9()
    with Daemon(tmp_path, *BUSY) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        daemon.ask("halt", {"flatten": "0"})
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("phase") == "confirmed")
        status = daemon.status()
        assert status["illegal_order_news"] == 0
        assert status["recovered"]["differing"] == 0
        daemon.stop()
    assert_equal_books(tmp_path, status)
    assert_nothing_sent_twice(tmp_path)
