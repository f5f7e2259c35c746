"""The guardian with the daemon under SIGSTOP, over real sockets: entries go, and none comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.process import Daemon
from tests.daemon.test_okx import _at, exchange

__all__ = ["exchange"]
PATIENT = '''
"""Holds a little behind a stop, and bids far below the market."""
import msgspec
from cockpit.sdk import View, Want, strategy

@strategy("patient")
class Patient(msgspec.Struct):
    bid: float = 0.0

    @classmethod
    def create(cls, params: None) -> "Patient":
        return cls()

    def on_book(self, view: View, want: Want) -> None:
        if not self.bid and view.book_ok:
            self.bid = view.bid * 0.985
            want.position(10.0, stop=view.bid * 0.9, tag="hold")
        if self.bid:
            want.quote(self.bid, 20.0, float("nan"), 0.0, "far")
'''
pytestmark = pytest.mark.daemon


@pytest.fixture
def desk(
    exchange: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, tuple[str, ...]]:
    """A data directory with the demo key in it, and the options that trade with it."""
    password = tmp_path / "password"
    password.write_text("a long enough pass phrase")
    password.chmod(0o600)
    monkeypatch.setenv("COCKPIT_KEYS_PASSWORD_FILE", str(password))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    account = next(row for row in exchange["accounts"] if row["demo"])
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    options = _at(exchange, "demo")
    subprocess.run(
        [sys.executable, "-m", "cockpit", "keys", "add", "okx/demo/trade", "--data-dir", str(folder),
         *options[: options.index("--strategy")]],
        input="\n".join((account["key"], account["secret"], account["passphrase"], "")),
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "patient.py").write_text(PATIENT, "utf-8")
    sets = ("run.guardian=true", "okx.dead_man=false", f"run.plugins_dir={plugins}")
    words = [word for row in sets for word in ("--set", row)]
    market = options[: options.index("--strategy")]
    return folder, (*words, *market, "--strategy", "patient@okx:WIF-USDT-SWAP")


def resting(daemon: Daemon, role: str) -> list[str]:
    return [
        row["cid"]
        for row in daemon.status()["open_orders"]
        if row["role"] == role and row["state"] in {"live", "partial"}
    ]


def entries(daemon: Daemon) -> list[str]:
    return resting(daemon, "entry")


def test_a_frozen_daemon_is_killed_by_its_guardian_and_wakes_up_halted(
    desk: tuple[Path, tuple[str, ...]],
) -> None:
    folder, options = desk
    with Daemon(folder, *options) as daemon:
        log = folder / "guardian.log"
        daemon.wait(lambda: "watching" in (log.read_text("utf-8") if log.exists() else ""), 60)
        assert daemon.status()["guardian"] == "watching"
        # Just after a fill two stops rest: the new one comes before the old one goes.
        daemon.wait(lambda: len(entries(daemon)) == len(resting(daemon, "protect")) == 1, 60)
        (stop,), (bid,) = resting(daemon, "protect"), entries(daemon)
        os.kill(daemon.pid, signal.SIGSTOP)
        try:
            asked = subprocess.run(
                [sys.executable, "-m", "cockpit", "kill", "--json", "--data-dir", str(folder)],
                capture_output=True, text=True, timeout=90,
            )  # fmt: skip
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        assert asked.returncode == 0, asked.stderr + log.read_text("utf-8")
        found = json.loads(asked.stdout)
        assert found["by"] == "guardian"
        assert found["cancelled"] == [bid]
        assert [row["cid"] for row in found["stops"]] == [stop]
        assert [row["symbol"] for row in found["positions"]] == ["WIF-USDT-SWAP"]
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("phase") == "confirmed", 60)
        status = daemon.status()
        assert status["posture"] == "HALT"
        assert entries(daemon) == []
        receipt = status["halt"]["receipt"]
        assert receipt["door"] == "file"
        (kept,) = receipt["kept"]
        assert kept["covered"] == kept["qty"]
        assert kept["stops"][0].startswith(stop)
        daemon.stop()
    assert not (folder / "heartbeat").exists()
