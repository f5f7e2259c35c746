"""The daemon trades an exchange that speaks OKX v5, over real sockets, as a user would set it up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.process import Daemon

pytestmark = pytest.mark.daemon

MAKER = ("--strategy", "market_maker@okx:WIF-USDT-SWAP")


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, Any]]:
    """``cockpit exchange`` in its own process; its one line says where it is."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cockpit", "exchange", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    try:
        assert line, process.stderr.read() if process.stderr else ""
        yield json.loads(line)
    finally:
        process.kill()
        process.communicate()


def _at(exchange: dict[str, Any], execution: str) -> tuple[str, ...]:
    rest = exchange["rest"]
    return (
        "--set", "run.feed=okx", "--set", f"run.execution={execution}", "--set", f"okx.rest={rest}",
        "--set", f"okx.socket={rest.replace('http', 'ws', 1)}", *MAKER,
    )  # fmt: skip


def test_paper_trades_on_the_live_book(exchange: dict[str, Any], tmp_path: Path) -> None:
    with Daemon(tmp_path, *_at(exchange, "paper")) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] >= 2)
        status = daemon.status()
        assert status["mode"] == "paper"
        assert status["reconciled"]
        daemon.kill9()
    with Daemon(tmp_path, *_at(exchange, "paper")) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        assert daemon.status()["fills"] >= status["fills"]
        summary = daemon.stop()
        assert summary["illegal_order_news"] == 0


def test_the_demo_account_is_traded_and_survives_a_kill(
    exchange: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = tmp_path / "password"
    password.write_text("a long enough pass phrase")
    password.chmod(0o600)
    monkeypatch.setenv("COCKPIT_KEYS_PASSWORD_FILE", str(password))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    account = next(row for row in exchange["accounts"] if row["demo"])
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    options = _at(exchange, "demo")
    added = subprocess.run(
        [sys.executable, "-m", "cockpit", "keys", "add", "okx/demo/trade", "--data-dir", str(folder),
         *options[: options.index("--strategy")]],
        input="\n".join((account["key"], account["secret"], account["passphrase"], "")),
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    with Daemon(folder, *options) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] >= 2)
        daemon.kill9()
    with Daemon(folder, *options) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        assert daemon.ask("halt", {"flatten": "1"}).ok
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("phase") == "confirmed")
        status = daemon.status()
        assert status["positions"] == []
        assert not [o for o in status["open_orders"] if o["role"] == "entry"]
        assert status["illegal_order_news"] == 0
        daemon.stop()
    secret = account["secret"].encode()
    found = [p for p in folder.rglob("*") if p.is_file() and secret in p.read_bytes()]
    assert found == []
