"""One cockpit without a screen, and every command that speaks to it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Said, Shell

pytestmark = pytest.mark.daemon
PATIENCE_S = 30.0
WORDS = ("practice", "precious")


@pytest.fixture
def daemon(repo: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A busy practice market, headless."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "cockpit", "--daemon", "--json", "--data-dir", str(tmp_path / "data"),
            "--set", "run.practice_rate=5",
        ],
        env={**os.environ, "PYTHONPATH": str(repo), "PYTHONWARNINGS": "error"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def until(daemon: subprocess.Popen[str], shell: Shell, holds: str) -> Said:
    """``status`` once its field ``holds`` is there and true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        found = shell("status", "--json")
        if found.code == 0 and found.json[holds]:
            return found
        if daemon.poll() is not None:
            raise AssertionError(f"it ended: {daemon.communicate()}")
        time.sleep(0.1)
    raise AssertionError(f"no {holds} in time: {found}")


def test_a_whole_session_from_other_terminals(
    daemon: subprocess.Popen[str], cockpit: Shell, tmp_path: Path
) -> None:
    status = until(daemon, cockpit, "open_orders").json
    assert (status["pid"], status["mode"], status["posture"]) == (daemon.pid, "practice", "NORMAL")
    assert str(daemon.pid) in cockpit("status").out
    assert "进程" in cockpit("status", "--lang", "zh").out

    order = until(daemon, cockpit, "open_orders").json["open_orders"][0]
    chain = cockpit("explain", order["cid"], "--json").json
    assert (chain["cid"], chain["sleeve"], chain["symbol"]) == (
        order["cid"],
        order["sleeve"],
        order["symbol"],
    )
    assert order["sleeve"] in cockpit("explain", order["cid"]).out
    assert cockpit("explain", "nobody").code == 1

    why = cockpit("why", order["symbol"], "--json").json
    assert order["sleeve"] in {row["sleeve"] for row in why["sleeves"]}
    assert order["sleeve"] in cockpit("why", order["symbol"].partition(":")[2]).out
    nobody = cockpit("why", "DOGE-NOWHERE")
    assert nobody.code == 1
    assert order["symbol"] in nobody.err

    killed = cockpit("kill", "--flatten", "--json")
    assert killed.code == 0
    assert killed.json["phase"] == "confirmed"
    assert (killed.json["entries_open"], killed.json["positions_open"]) == (0, 0)
    after = cockpit("status", "--json").json
    assert after["posture"] == "FLATTEN"
    assert after["positions"] == []

    assert cockpit("resume", "--word", "RESUME", "--reason", "").code == 8
    assert cockpit("status", "--json").json["halt"] is not None
    assert cockpit("resume", "--word", "RESUME", "--reason", "a test", "--json").json["resumed"] is True
    assert cockpit("status", "--json").json["halt"] is None

    assert cockpit("attach").code == 2
    assert cockpit("replay", str(tmp_path / "data")).code == 4, "its journal is being written"
    stopped = cockpit("stop", "--json")
    assert stopped.json == {"stopped": True, "pid": daemon.pid}
    out, _ = daemon.communicate(timeout=PATIENCE_S)
    summary = json.loads(out)
    assert daemon.returncode == 0
    assert cockpit("status").code == 7

    replayed = cockpit("replay", str(tmp_path / "data"), "--json")
    assert replayed.code == 0
    assert replayed.json["digest"] == summary["digest"]
    assert cockpit("explain", order["cid"], "--json").json["cid"] == order["cid"], "from the journal now"


def test_the_halt_file_stops_a_cockpit_that_does_not_listen(
    daemon: subprocess.Popen[str], cockpit: Shell, tmp_path: Path
) -> None:
    until(daemon, cockpit, "open_orders")
    daemon.send_signal(signal.SIGSTOP)
    found = cockpit("kill", "--keep")
    assert found.code == 8
    assert "halt" in found.err
    assert (tmp_path / "data" / "halt").read_text() == "halt\n"
    daemon.send_signal(signal.SIGCONT)
    assert until(daemon, cockpit, "halt").json["posture"] == "HALT"
    assert cockpit("resume", "--word", "RESUME", "--reason", "a test").code == 0
    assert not (tmp_path / "data" / "halt").exists()


def test_a_journal_that_was_changed_is_refused(
    daemon: subprocess.Popen[str], cockpit: Shell, tmp_path: Path
) -> None:
    import sqlite3

    until(daemon, cockpit, "outcomes")
    assert cockpit("stop").code == 0
    daemon.communicate(timeout=PATIENCE_S)
    path = tmp_path / "data" / "cockpit.db"
    with sqlite3.connect(path) as database:
        database.execute(
            "UPDATE facts SET body = CAST(replace(body, 'practice', 'precious') AS BLOB) WHERE seq = 1"
        )
    database.close()
    found = cockpit("replay", str(path))
    assert found.code == 4
    assert "the journal was changed: fact 1" in found.err
