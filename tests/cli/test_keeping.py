"""Backups and audits as a person takes them: beside a cockpit that trades, and after somebody meddled."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.app.keeping import backup, inventory
from cockpit.cli import main
from cockpit.core.errors import StoreError
from tests.daemon.process import Daemon

RATE = ("--set", "run.practice_rate=20")


class Typed:
    """Command lines in one data directory."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def __call__(self, *words: str, code: int = 0) -> str:
        assert main([*words, "--data-dir", str(self.folder), "--lang", "en"]) == code, words
        out, err = self._capsys.readouterr()
        return out if code == 0 else out + err


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(tmp_path / "data", capsys)


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory in which a practice session has traded and ended."""
    folder = tmp_path_factory.mktemp("traded") / "data"
    with Daemon(folder, *RATE) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] >= 2)
        daemon.stop()
    return folder


@pytest.mark.daemon
def test_a_backup_beside_a_trading_cockpit_is_whole_and_comes_back(typed: Typed, tmp_path: Path) -> None:
    """Taken under load, then the cockpit is killed: what comes back starts, and its books agree."""
    elsewhere = tmp_path / "disk"
    with Daemon(typed.folder, *RATE) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] >= 2)
        (typed.folder / "keys.sealed").write_bytes(b"secret")
        said = json.loads(typed("backup", "--to", str(elsewhere), "--json"))
        (row,) = said["journals"]
        before = daemon.status()
        assert (row["mode"], 0 < row["seq"] <= before["seq"]) == ("practice", True)
        daemon.wait(lambda: daemon.status()["fills"] > before["fills"])  # trading went on
        assert "running" in typed("restore", said["path"], code=4)
        assert json.loads(typed("audit", "--json"))[0]["fault"] == ""  # beside the running one, too
        daemon.kill9()
    names = {file["name"] for file in said["files"]}
    assert {"cockpit.db", "venue.db", "practice.json"} <= names
    assert not {name for name in names if "keys" in name or name.endswith((".ballast", ".log", "-wal"))}
    back = json.loads(typed("restore", said["path"], "--json"))
    assert (Path(back["aside"]) / "cockpit.db").exists()
    assert (typed.folder / "keys.sealed").read_bytes() == b"secret"
    with JournalFile(typed.folder / "cockpit.db") as file:
        assert (file.head.seq, file.head.fact_hash.hex()) == (row["seq"], row["head"])
    with Daemon(typed.folder, *RATE) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        assert daemon.status()["illegal_order_news"] == 0
        daemon.stop()


@pytest.mark.daemon
def test_old_backups_go_and_the_list_tells(traded: Path, typed: Typed) -> None:
    shutil.copytree(traded, typed.folder)
    assert "no backups" in typed("backup", "list")
    paths = [json.loads(typed("backup", "--keep", "2", "--json"))["path"] for _ in range(3)]
    listed = json.loads(typed("backup", "list", "--json"))
    assert [row["path"] for row in listed] == sorted(paths[1:], reverse=True)
    assert "is whole" in typed("backup", "verify", paths[-1])
    assert "backups" not in str(json.loads(typed("backup", "verify", paths[-1], "--json"))["files"])
    assert "needs a file" in typed("backup", "verify", code=2)
    assert "at least 0" in typed("backup", "--keep", "-1", code=2)


def repacked(source: Path, target: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The same tar with a member changed, renamed or left out."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            made = change(member.name, file.read())
            if made is not None:
                info = tarfile.TarInfo(made[0])
                info.size = len(made[1])
                new.addfile(info, io.BytesIO(made[1]))
    return target


@pytest.mark.daemon
def test_what_is_not_as_it_was_is_refused_and_nothing_is_lost(
    traded: Path, typed: Typed, tmp_path: Path
) -> None:
    path, _ = backup.take(traded, tmp_path / "b")

    def refused(name: str, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> str:
        bad = repacked(path, tmp_path / f"{name}.backup", change)
        typed.folder.mkdir(exist_ok=True)
        (typed.folder / "mine").write_text("here")
        said = typed("restore", str(bad), code=4)
        assert (typed.folder / "mine").read_text() == "here"
        return said

    def flip(name: str, raw: bytes) -> tuple[str, bytes]:
        return name, raw if name != "practice.json" else raw.replace(b"7", b"8", 1)

    assert "not as it was" in refused("flipped", flip)
    assert "is missing" in refused("short", lambda n, raw: None if n == "venue.db" else (n, raw))
    assert "does not belong" in refused("evil", lambda n, raw: ("../out" if n == "venue.db" else n, raw))
    assert not (typed.folder.parent / "out").exists()
    newer = refused("newer", lambda n, raw: (n, raw.replace(b'"form": 1', b'"form": 9', 1)))
    assert "newer cockpit" in newer
    half = tmp_path / "half.backup"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "not a whole backup" in typed("restore", str(half), code=4)
    half.write_bytes(b"hello")
    assert "not a whole backup" in typed("backup", "verify", str(half), code=4)
    with pytest.raises(StoreError, match="nothing to keep"):
        backup.take(tmp_path / "empty", tmp_path / "b")


@pytest.mark.daemon
def test_anchors_show_what_a_chain_alone_cannot(traded: Path, typed: Typed, tmp_path: Path) -> None:
    shutil.copytree(traded, typed.folder)
    anchors = tmp_path / "anchors.jsonl"
    assert "nobody sees an end that was cut off" in typed("audit")
    typed("audit", "anchor", str(anchors))
    typed("audit", "anchor", str(anchors))
    assert "2 anchors agree" in typed("audit", "verify", str(anchors))
    journal = typed.folder / "cockpit.db"
    whole = journal.read_bytes()

    def meddled(*statements: str) -> str:
        journal.write_bytes(whole)
        with sqlite3.connect(journal) as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0
        connection.close()
        return typed("audit", "verify", str(anchors), code=4)

    first = "WHERE seq = (SELECT min(seq) FROM facts)"
    assert "does not follow" in meddled(f"UPDATE facts SET body = zeroblob(9) {first}")
    assert "NOT what it was" in meddled(f"UPDATE facts SET body = body || x'00' {first}")  # no bytes any more
    last = "(SELECT max(seq) FROM facts)"
    cut = f"DELETE FROM facts WHERE seq = {last}"
    assert "the end was cut off" in meddled(cut)
    journal.write_bytes(whole)
    with sqlite3.connect(journal) as connection:
        connection.execute(cut)
    connection.close()
    assert "every hash holds" in typed("audit")  # the chain alone does not know
    journal.unlink()
    assert "the journal is gone" in typed("audit", "verify", str(anchors), code=4)
    anchors.write_text("{}\n")
    assert "no anchor" in typed("audit", "verify", str(anchors), code=4)


@pytest.mark.daemon
def test_every_decision_can_be_exported(traded: Path, typed: Typed, tmp_path: Path) -> None:
    shutil.copytree(traded, typed.folder)
    lines, table = tmp_path / "all.jsonl", tmp_path / "all.csv"
    count = json.loads(typed("audit", "export", str(lines), "--json"))["decisions"]
    assert count == len(lines.read_text().splitlines()) > 0
    typed("audit", "export", str(table))
    assert table.read_text().startswith("seq,")
    assert "needs a file" in typed("audit", "export", code=2)
    assert "no journal 'x'" in typed("audit", "export", str(lines), "--journal", "x", code=2)


def test_a_backup_leaves_out_what_is_secret_or_passing(tmp_path: Path) -> None:
    for name in (
        "keys.sealed", "cockpit.db.ballast", "cockpit.log", "cockpit.log.1", "cockpit.db.pid", "jobs/lock",
        "replay/x/cockpit.db", "archive/a.parquet", "halt", "heartbeat", "backups/old.backup",
    ):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    for name in ("ledger/trials.ledger", "runs/1/run.json", "hotlist.bin", "paper/cockpit.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "keys.sealed")
    kept = {name.as_posix() for name in inventory.members(tmp_path)}
    assert kept == {"ledger/trials.ledger", "runs/1/run.json", "hotlist.bin", "paper/cockpit.db"}
