"""A whole session as a trader has it: a real terminal, real keys, a real daemon."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import pytest

from tests.daemon.process import Daemon
from tests.daemon.terminals import COCKPIT, HAS_TMUX, Tmux

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(not HAS_TMUX, reason="no tmux on this machine: a real terminal is what it is about"),
]


def attach(screen: Tmux, folder: Path) -> None:
    screen.type(shlex.join([*COCKPIT, "attach", "--lang", "en", "--data-dir", str(folder)]))
    screen.press("Enter")
    screen.for_words("PRACTICE", "0 System")


def test_start_look_approve_why_plan_halt_flatten_resume_detach_attach_quit(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, Tmux(tmp_path) as screen:
        attach(screen, tmp_path)
        screen.for_words("Order book", "Positions", "First steps 1/5")
        screen.press("Escape")
        screen.wait(lambda words: "First steps" not in words)

        screen.press("3")
        screen.for_words("undecided", "Evidence")
        time.sleep(0.7)  # an approval is for what was looked at
        screen.press("a")
        screen.wait(lambda words: "1 approved of" in words, lambda: screen.press("a"))
        assert daemon.status()["posture"] == "NORMAL"

        screen.press("4")
        screen.for_words("Why not", "Stop ladder", "of 3 refused")

        screen.press(":")
        screen.for_words("type a command or a symbol")
        screen.type("enter SOL-USDT-SWAP long 1 --stop 100")
        screen.for_words("--stop 100")
        screen.press("Enter")
        screen.for_words("Enter applies")
        screen.press("Enter")
        daemon.wait(lambda: any("SOL-USDT" in row["symbol"] for row in daemon.status()["positions"]))
        screen.press("2")
        screen.for_words("SOL-USDT-SWAP", "manual@1")

        def halt() -> None:
            screen.press("C-g")
            time.sleep(0.4)
            screen.press("C-g")

        halt()
        screen.wait(lambda words: "HALTED" in words, halt)
        assert daemon.status()["halt"]["phase"] == "confirmed"
        assert [o for o in daemon.status()["open_orders"] if o["role"] == "entry"] == []

        screen.press(":")
        screen.for_words("type a command or a symbol")
        screen.type("flatten")
        screen.for_words("Close every position")
        screen.press("Enter")
        screen.for_words("positions at market?")
        screen.type("FLATTEN")
        screen.press("Enter")
        screen.for_words("0 entry orders, 0 positions")
        assert daemon.status()["positions"] == []

        screen.press(":")
        screen.for_words("type a command or a symbol")
        screen.type("resume")
        screen.for_words("Lift a halt")
        screen.press("Enter")
        screen.for_words("Lift the halt?")
        screen.type("RESUME the drill is over")
        screen.press("Enter")
        daemon.wait(lambda: daemon.status()["halt"] is None)
        screen.wait(lambda words: "HALTED" not in words)

        screen.press("q")
        screen.for_words("Detached. The engine goes on")
        before = daemon.status()["seq"]
        attach(screen, tmp_path)
        screen.for_words("Stop ladder", "Fills")  # the page where it was left
        assert daemon.status()["seq"] > before
        screen.press("q")
        screen.wait(lambda words: words.count("Detached.") == 2)
        screen.type(shlex.join([*COCKPIT, "stop", "--data-dir", str(tmp_path)]))
        screen.press("Enter")
        assert daemon.ended() == 0


def test_why_then_back_in_time_and_home_by_the_kill_switch(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, Tmux(tmp_path) as screen:
        daemon.wait(lambda: daemon.status()["fills"] > 0)
        attach(screen, tmp_path)
        screen.for_words("First steps 1/5")
        screen.press("Escape")
        screen.wait(lambda words: "First steps" not in words)
        screen.press("8")
        screen.for_words("Audit", "wish", "order", "all there are")
        screen.press("Enter")
        screen.for_words("heard", "#")
        screen.press("Enter")
        screen.press("v")
        screen.for_words("REPLAY", "the past, no commands", "now: NORMAL")
        screen.press("1")
        screen.for_words("REPLAY", "Order book", "Positions")
        screen.press("C-g")
        words = screen.for_words("ARMED")
        assert "REPLAY" not in words
        screen.press("Escape")
        screen.wait(lambda words: "ARMED" not in words)
        assert daemon.status()["halt"] is None

        screen.press("8")
        screen.for_words("all there are")
        screen.press("e")
        screen.for_words("1  CSV")
        screen.press("1")
        exports = tmp_path / "exports"
        daemon.wait(lambda: list(exports.glob("audit-*.csv")))
        (file,) = exports.glob("audit-*.csv")
        assert file.stat().st_mode & 0o077 == 0
        assert file.read_text("utf-8").startswith("seq,")
        screen.press("7")
        screen.for_words("Nothing has been tried here yet")
        screen.press("q")
        daemon.stop()
