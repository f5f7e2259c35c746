"""Many viewers, one driver, one cockpit a folder; and nobody at the door can hurt trading."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app.past.port import PastProcess
from cockpit.core.config import Config
from tests.daemon.process import Daemon

pytestmark = pytest.mark.daemon

VIEWER = """
import sys
from pathlib import Path
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
door = SyncDoor(door_path(Path(sys.argv[1])), rate=10.0)
print(door.frame().mode, flush=True)
while True:
    door.frame()
"""


def cockpit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *words, "--data-dir", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_second_cockpit_on_one_folder_is_refused(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        second = cockpit(tmp_path, "--daemon", "--json")
        assert second.returncode == 4
        assert str(daemon.pid) in second.stderr
        assert "Traceback" not in second.stderr
        assert daemon.status()["posture"] in {"NORMAL", "REDUCE_ONLY"}
        daemon.stop()


def test_verbs_and_exit_codes(tmp_path: Path) -> None:
    nobody = cockpit(tmp_path, "status", "--json")
    assert nobody.returncode == 7
    with Daemon(tmp_path) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] > 0)
        told = cockpit(tmp_path, "status", "--json")
        assert told.returncode == 0
        status = json.loads(told.stdout)
        assert status["pid"] == daemon.pid
        cid = next(o["cid"] for o in status["open_orders"]) if status["open_orders"] else None
        if cid is not None:
            why = cockpit(tmp_path, "explain", cid, "--json")
            assert why.returncode == 0
            assert json.loads(why.stdout)["cid"] == cid
        assert cockpit(tmp_path, "explain", "ckp999000000001").returncode != 0
        page = daemon.ask("audit", {"kinds": "fill"}).payload
        assert {row[3] for row in page["rows"]} == {"fill"}
        step = daemon.ask("explain", {"seq": str(page["rows"][0][0])}).payload
        assert step["event"].startswith("fill")
        assert not daemon.ask("audit", {"before": "soon"}).ok
        killed = cockpit(tmp_path, "kill", "--json")
        assert killed.returncode == 0
        assert daemon.status()["halt"]["phase"] == "confirmed"
        assert not [o for o in daemon.status()["open_orders"] if o["role"] == "entry"]
        refused = cockpit(tmp_path, "resume", "--word", "please", "--reason", "test")
        assert refused.returncode != 0
        assert daemon.status()["halt"] is not None
        lifted = cockpit(tmp_path, "resume", "--word", "RESUME", "--reason", "test")
        assert lifted.returncode == 0, lifted.stderr
        daemon.wait(lambda: daemon.status()["halt"] is None)
        assert cockpit(tmp_path, "stop").returncode == 0
        assert daemon.ended() == 0
    again = cockpit(tmp_path, "replay", str(tmp_path / "cockpit.db"), "--json")
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_halt_survives_kill_minus_nine(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        daemon.ask("halt", {"flatten": "1"})
        daemon.wait(lambda: daemon.status()["halt"] is not None)
        daemon.kill9()
    with Daemon(tmp_path) as daemon:
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("phase") == "confirmed")
        status = daemon.status()
        assert status["posture"] == "FLATTEN"
        assert status["positions"] == []
        daemon.stop()


def test_halt_file_and_signal(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        os.kill(daemon.pid, signal.SIGUSR1)
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("by") == "SIGUSR1")
        daemon.stop()
    (tmp_path / "second").mkdir()
    with Daemon(tmp_path / "second") as daemon:
        (tmp_path / "second" / "halt").write_text("")
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("by") == "halt file")
        daemon.stop()


def test_a_resume_from_any_door_takes_the_halt_file_away(tmp_path: Path) -> None:
    """The screen's resume once left the file there, and the watchdog halted again within 50 ms."""
    with Daemon(tmp_path) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        file = tmp_path / "halt"
        file.write_text("halt\n")
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("phase") == "confirmed")
        with SyncDoor(door_path(tmp_path), wants_drive=True) as door:
            assert not door.ask("resume", {"word": "resume", "reason": "tried"}).ok
            assert file.exists(), "a resume that is refused changes nothing"
            assert door.ask("resume", {"word": "RESUME", "reason": "all is well"}).ok
        assert not file.exists()
        daemon.wait(lambda: daemon.status()["halt"] is None)
        time.sleep(0.3)
        assert daemon.status()["halt"] is None
        daemon.stop()


def test_viewers_that_die_or_freeze_do_not_touch_trading(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        viewers = [
            subprocess.Popen([sys.executable, "-c", VIEWER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for viewer in viewers:
            assert viewer.stdout is not None
            assert viewer.stdout.readline().strip() == "PRACTICE"
        viewers[0].kill()
        viewers[1].send_signal(signal.SIGSTOP)
        before = daemon.status()["seq"]
        daemon.wait(lambda: daemon.status()["seq"] > before + 400)
        for viewer in viewers:
            viewer.kill()
            viewer.communicate()
        summary = daemon.stop()
    with JournalFile(tmp_path / "cockpit.db") as journal:
        assert journal.verify() > 0
        assert max(seq for seq, _ in journal.events()) == summary["events"]


def test_a_past_moment_is_rebuilt_beside_a_cockpit_that_goes_on(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] > 0)
        last = int(daemon.status()["seq"])
        past = PastProcess(tmp_path / "cockpit.db", Config())
        try:
            for seq in (last, 40, last - 3):
                past.go(seq=seq)
                daemon.wait(lambda at=seq: getattr(past.frame(), "seq", 0) == at)
                frame = past.frame()
                assert frame is not None
                assert frame.mode == "PRACTICE"
            assert past.sheet().on
            assert not past.sheet().fault
            daemon.wait(lambda: int(daemon.status()["seq"]) > last)
        finally:
            past.close()
        daemon.stop()
    assert cockpit(tmp_path, "replay", str(tmp_path / "cockpit.db"), "--json").returncode == 0
