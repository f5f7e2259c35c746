"""``doctor`` and ``keys`` at scripted exchanges, as a user types them."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest

from cockpit.adapters import keys
from cockpit.app import okx_keys
from cockpit.cli import main
from tests.contract.server import KEY, SECRET, Scripted
from tests.contract.stands import FAKES

both = pytest.mark.parametrize("venue", tuple(FAKES))


class Shell:
    """The command line of one user, whose exchange is the scripted one; in this process, beside its loop."""

    def __init__(
        self,
        server: Scripted,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.server = server
        self.folder = folder
        self._patch = monkeypatch
        self._said = capsys
        password = folder / "password"
        password.write_text("a long enough pass phrase")
        password.chmod(0o600)
        monkeypatch.setenv("COCKPIT_KEYS_PASSWORD_FILE", str(password))
        monkeypatch.setattr(keys, "keyring_store", lambda: None)
        monkeypatch.setattr(okx_keys, "START_PAUSE_S", 0.01)

    async def __call__(self, *args: str, given: str = "") -> tuple[int, str, str]:
        name = self.server.venue
        where = ("--set", f"{name}.rest={self.server.rest}", "--set", f"{name}.socket={self.server.socket}")
        self._patch.setattr(sys, "stdin", io.StringIO(given))
        self._said.readouterr()
        argv = [*args, "--data-dir", str(self.folder / "data"), *where]
        code = await asyncio.to_thread(main, argv)
        out, err = self._said.readouterr()
        return code, out, err


Story = tuple[Path, pytest.MonkeyPatch, pytest.CaptureFixture[str]]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Story:
    """What a shell is made of."""
    return tmp_path, monkeypatch, capsys


@both
def test_a_key_is_added_tested_found_by_doctor_and_nowhere_readable(venue: str, user: Story) -> None:
    async def story() -> None:
        async with FAKES[venue][0]().running() as server:
            shell = Shell(server, *user)
            name = f"{venue}/demo/trade"
            demo = ("--set", f"run.feed={venue}", "--set", "run.execution=demo")
            code, out, _ = await shell("doctor", "--json", *demo)
            rows = {row["name"]: row for row in json.loads(out)["checks"]}
            assert (code, rows["exchange"]["level"], rows["key"]["level"]) == (1, "ok", "bad")
            assert f"cockpit keys add {name}" in rows["key"]["text"]
            code, _, err = await shell("keys", "add", name, given=f"{KEY}\n\n")
            assert code == 2
            assert "has 2 parts: key and secret" in err
            code, _, err = await shell("keys", "add", name, given=f"{KEY}\nwrong-secret\n")
            assert code == 6, err
            code, out, err = await shell("keys", "add", name, "--json", given=f"{KEY}\n{SECRET}\n")
            assert code == 0, err
            assert json.loads(out)["facts"]["uid"]
            code, out, err = await shell("doctor", "--json", *demo)
            rows = {row["name"]: row for row in json.loads(out)["checks"]}
            assert (rows["key"]["level"], rows["exchange"]["level"]) == ("ok", "ok"), rows
            found = [p for p in user[0].rglob("*") if p.is_file() and SECRET.encode() in p.read_bytes()]
            assert found == []

    asyncio.run(asyncio.wait_for(story(), 60))


def test_an_exchange_that_is_away_is_a_finding(user: Story) -> None:
    async def story() -> None:
        async with FAKES["binance"][0]().running() as server:
            shell = Shell(server, *user)
        code, out, _ = await shell("doctor", "--json", "--set", "run.feed=binance")
        rows = {row["name"]: row for row in json.loads(out)["checks"]}
        assert (code, rows["exchange"]["level"]) == (1, "bad")
        assert "cannot be reached" in rows["exchange"]["text"]
        assert "key" not in rows  # paper needs none
        code, _, err = await shell("keys", "add", "kraken/demo/trade", given="k\ns\n")
        assert code == 2
        assert "there are okx, binance, bybit" in err

    asyncio.run(asyncio.wait_for(story(), 60))
