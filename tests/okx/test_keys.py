"""API keys: in the keyring or sealed, never readable; a key that may withdraw is refused."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from asyncio import new_event_loop
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.adapters import keys
from cockpit.adapters.keys import KeyFile, Keyring, Name, name, open_store
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.endpoints import endpoints
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.okx_exchange import Options, Running, serve
from cockpit.adapters.secret import Credentials, Secret
from cockpit.core.errors import ConfigError, VenueError

CANARY = "canary-9c41-passphrase"
WHICH = Name("okx", "demo", "trade")


def creds(text: str = CANARY) -> Credentials:
    return Credentials("okx", "demo", "trade", Secret("key-" + text), Secret("sec-" + text), Secret(text))


class FakeRing:
    """What the keyring library gives: a backend with three methods."""

    name = "fake"

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, user: str) -> str | None:
        return self.kept.get((service, user))

    def set_password(self, service: str, user: str, value: str) -> None:
        self.kept[service, user] = value

    def delete_password(self, service: str, user: str) -> None:
        del self.kept[service, user]


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing need not be dear in a test."""
    monkeypatch.setattr(keys, "SCRYPT", {"n": 2**10, "r": 8, "p": 1})


def sealed(path: Path, password: str = "correct horse") -> KeyFile:
    return KeyFile(path / "keys.sealed", lambda: Secret(password))


def test_names() -> None:
    assert name("okx/live/read") == Name("okx", "live", "read")
    for wrong in ("okx", "okx/real/trade", "okx/demo/withdraw", "o x/demo/read"):
        with pytest.raises(ConfigError):
            name(wrong)


@pytest.mark.usefixtures("cheap")
def test_both_places_keep_give_and_forget(tmp_path: Path) -> None:
    for store in (Keyring(FakeRing()), sealed(tmp_path)):
        assert store.names() == []
        assert store.get(WHICH) is None
        store.put(creds("one"))
        store.put(creds())
        found = store.get(WHICH)
        assert found is not None
        assert found.passphrase.reveal() == CANARY
        assert store.names() == [WHICH]
        assert store.remove(WHICH)
        assert not store.remove(WHICH)
        assert store.names() == []


@pytest.mark.usefixtures("cheap")
def test_both_places_know_since_when_a_key_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = 86_400_000
    for store in (Keyring(FakeRing()), sealed(tmp_path)):
        assert keys.days_old(store.added(WHICH)) is None
        monkeypatch.setattr(keys, "_now_ms", lambda: 100 * day)
        store.put(creds())
        monkeypatch.setattr(keys, "_now_ms", lambda: 112 * day - 1)
        assert keys.days_old(store.added(WHICH)) == 11
        store.put(creds("another"))
        assert keys.days_old(store.added(WHICH)) == 0, "a new key is new"
        assert store.remove(WHICH)
        assert store.added(WHICH) == 0


@pytest.mark.usefixtures("cheap")
def test_the_file_is_sealed_private_and_bound_to_its_names(tmp_path: Path) -> None:
    store = sealed(tmp_path)
    store.put(creds())
    path = tmp_path / "keys.sealed"
    assert CANARY.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert not path.with_suffix(".new").exists()
    with pytest.raises(ConfigError, match="wrong password"):
        sealed(tmp_path, "wrong").get(WHICH)
    with pytest.raises(ConfigError, match="wrong password"):
        sealed(tmp_path, "wrong").put(creds())
    box = json.loads(path.read_bytes())
    box["keys"]["okx/live/trade"] = box["keys"].pop("okx/demo/trade")
    path.write_text(json.dumps(box))
    with pytest.raises(ConfigError, match="was changed"):
        sealed(tmp_path).get(Name("okx", "live", "trade"))
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        sealed(tmp_path).names()


def test_the_password_comes_from_a_private_file_or_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("from a file\n")
    file.chmod(0o600)
    monkeypatch.setenv(keys.PASSWORD_FILE, str(file))
    assert keys.password(Secret).reveal() == "from a file"
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        keys.password(Secret)
    monkeypatch.setenv(keys.PASSWORD_FILE, str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="No such file"):
        keys.password(Secret)
    monkeypatch.delenv(keys.PASSWORD_FILE)
    assert keys.password(lambda _: Secret("typed")).reveal() == "typed"


def test_a_keyring_that_keeps_nothing_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring.backends.fail
    import keyring.backends.null

    for backend in (keyring.backends.fail.Keyring(), keyring.backends.null.Keyring()):
        monkeypatch.setattr(keyring, "get_keyring", lambda backend=backend: backend)
        assert keys.keyring_store() is None
        assert isinstance(open_store(tmp_path, Secret), KeyFile)
        with pytest.raises(ConfigError, match="no keyring"):
            open_store(tmp_path, Secret, "keyring")
    ring = FakeRing()
    monkeypatch.setattr(keyring, "get_keyring", lambda: ring)
    assert isinstance(open_store(tmp_path, Secret), Keyring)
    (tmp_path / "keys.sealed").write_text("{}")
    assert isinstance(open_store(tmp_path, Secret), KeyFile)


# --- the command line, against the local exchange -------------------------------------------------


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """The local exchange in a thread of its own, so that the command line may block."""
    loop = new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    import asyncio

    def call(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    made = call(serve(Options(symbols=("BTC-USDT-SWAP",), history=2)))
    yield made
    call(made.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


class Line:
    """``cockpit keys …`` as a process of its own."""

    def __init__(self, folder: Path, running: Running) -> None:
        self.folder = folder
        self.running = running
        password = folder / "password"
        password.write_text("file password\n")
        password.chmod(0o600)
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("COCKPIT_")},
            "COCKPIT_KEYS_PASSWORD_FILE": str(password),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }

    def __call__(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        options = [f"--set=okx.rest={self.running.rest}", f"--set=okx.socket={self.running.ws}"]
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "cockpit",
                "keys",
                *words,
                "--data-dir",
                str(self.folder / "data"),
                *options,
            ],
            input=typed,
            capture_output=True,
            text=True,
            env=self.env,
            timeout=60,
            check=False,
        )

    def typed(self, permission: str) -> str:
        """Three lines: key, secret, passphrase of the demo account."""
        account = next(a for a in self.running.server.venue.accounts if a.demo)
        key = self.running.server.venue.secrets[account.uid][permission]
        return f"{key.key}\n{key.secret}\n{key.passphrase}\n"


def test_keys_from_the_command_line(tmp_path: Path, running: Running) -> None:
    line = Line(tmp_path, running)
    trade = line.typed("trade")
    added = line("add", "okx/demo/trade", "--json", typed=trade)
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["facts"]["permissions"] == ["read_only", "trade"]
    tested = line("test", "okx/demo/trade")
    assert (tested.returncode, "works" in tested.stdout) == (0, True), tested.stderr
    refused = line("add", "okx/demo/trade", typed=line.typed("withdraw"))
    assert refused.returncode == 8
    assert "may withdraw" in refused.stderr
    idle = line("add", "okx/demo/trade", typed=line.typed("read"))
    assert (idle.returncode, "may not trade" in idle.stderr) == (8, True)
    assert line("add", "okx/demo/read", typed=line.typed("read")).returncode == 0
    listed = line("list", "--json")
    assert json.loads(listed.stdout)["keys"] == ["okx/demo/read", "okx/demo/trade"]
    live = line("add", "okx/live/trade", typed=trade)  # a demo key at the live door
    assert live.returncode == 6
    assert "50101" in live.stderr
    assert line("remove", "okx/demo/read").returncode == 0
    secrets = trade.split()
    for done in (added, tested, refused, idle, listed, live):
        assert not [s for s in secrets if s in done.stdout + done.stderr]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not [s for s in secrets if s.encode() in raw], path


async def _shout(running: Running) -> str:
    """A refused key with every logger at full voice; returns what the error says."""
    import asyncio

    where = endpoints("global", demo=True, rest=running.rest, socket=running.ws)
    rest = Rest(where, creds(), Budget(asyncio.get_running_loop().time))
    try:
        with pytest.raises(VenueError) as refused:
            await rest.get("account/config", {}, dict)
        return str(refused.value)
    finally:
        await rest.close()


def test_no_log_and_no_error_holds_a_secret(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    """ccxt logs its headers, key and passphrase among them, to whoever sets DEBUG."""
    import asyncio

    with caplog.at_level(logging.DEBUG):
        said = asyncio.run(_shout(running))
    assert "50111" in said
    assert CANARY not in said + caplog.text
