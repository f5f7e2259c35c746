"""Real money, on the local exchange's live accounts: what it takes to start, what refuses, what survives.

The exchange keeps live and demo accounts apart by the demo header, as OKX does; for the cockpit only
the address differs from the real one.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cockpit.adapters import keys
from cockpit.adapters.store.schema import holder
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app import console
from cockpit.cli import main
from tests.daemon.process import Daemon

pytestmark = pytest.mark.daemon


@pytest.fixture(scope="module")
def exchange() -> Iterator[dict[str, Any]]:
    """``cockpit exchange`` with a live account for every test, in its own process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cockpit", "exchange", "--accounts", "20", "--json"],
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


class Said(NamedTuple):
    """What a command line answered."""

    code: int
    out: str
    err: str


class Place:
    """A person's machine: a data directory, keys in the sealed file, an exchange."""

    def __init__(
        self,
        folder: Path,
        exchange: dict[str, Any],
        patch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.exchange = exchange
        self.patch = patch
        self.capsys = capsys
        self.folder = folder / "data"
        self.folder.mkdir(mode=0o700)
        # A position that another test left would be a stranger's here, and would fence the market.
        live = [row for row in exchange["accounts"] if not row["demo"]]
        self.accounts = [live.pop(), live[0]]
        exchange["accounts"].remove(self.accounts[0])
        self.account = self.accounts[0]
        rest = exchange["rest"]
        self.market = (
            "--set", "run.feed=okx", "--set", f"okx.rest={rest}",
            "--set", f"okx.socket={rest.replace('http', 'ws', 1)}",
        )  # fmt: skip
        self.options = (
            *self.market, "--set", "run.execution=live", "--set", "run.live=true",
            "--strategy", "market_maker@okx:WIF-USDT-SWAP",
        )  # fmt: skip

    def run(self, *words: str, typed: str = "") -> Said:
        """One command line, in this process."""
        self.patch.setattr(sys, "stdin", io.StringIO(typed))
        code = main([*words, "--data-dir", str(self.folder)])
        return Said(code, *self.capsys.readouterr())

    def add(self, purpose: str, kind: str = "", account: dict[str, Any] | None = None) -> None:
        """Keep a key as it is named, whatever it may do: the start must find out."""
        key = (account or self.account)["keys"][kind or purpose]
        lines = "\n".join((key["key"], key["secret"], key["passphrase"], ""))
        added = self.run("keys", "add", f"okx/live/{purpose}", "--untested", *self.market, typed=lines)
        assert added.code == 0, added.err

    def start(self, *more: str, without: str = "") -> Said:
        """A start that must fail."""
        options = [word for word in self.options if word != without]
        if without.startswith("run."):
            at = self.options.index(without)
            options = [*self.options[: at - 1], *self.options[at + 1 :]]
        done = self.run("--daemon", *options, *more)
        assert done.code not in {0, 70}, done.err
        return done

    def says(self, **config: Any) -> None:
        """What the venue tells of the account from now on."""
        self.admin("config", {"uid": self.account["uid"], **config})

    def admin(self, what: str, body: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            f"{self.exchange['admin']}/{what}",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def orders(self) -> list[Any]:
        """Order requests of every live account that the venue has looked at."""
        live = {row["uid"] for row in self.accounts}
        return [row for row in self.admin("log", {}) if str(row.get("uid")) in live]


@pytest.fixture
def place(
    tmp_path: Path,
    exchange: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Place]:
    password = tmp_path / "password"
    password.write_text("a long enough pass phrase")
    password.chmod(0o600)
    for name in [name for name in os.environ if name.startswith("COCKPIT_CONFIRM")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COCKPIT_KEYS_PASSWORD_FILE", str(password))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    made = Place(tmp_path, exchange, monkeypatch, capsys)
    yield made
    made.says()


YES = ("--confirm-live", "LIVE")


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guessing the password of the key file need not be dear here."""
    monkeypatch.setattr(keys, "SCRYPT", {"n": 2**10, "r": 8, "p": 1})


@pytest.mark.usefixtures("cheap")
def test_what_refuses_to_touch_real_money(place: Place) -> None:
    """Each refusal by itself, in the order in which a person meets them; nothing is ever sent."""
    before = len(place.orders())
    assert "needs run.live = true" in place.start(*YES, without="run.live=true").err
    assert "no key okx/live/trade" in place.start(*YES).err
    place.add("trade")
    assert "no key okx/live/read" in place.start(*YES).err
    place.add("read", "trade")
    assert "a read key must not be able to trade" in place.start(*YES).err
    place.add("read")
    assert "--confirm-live LIVE" in place.start().err
    wrong = place.start("--confirm-live", "live")
    assert (wrong.code, "the word is LIVE" in wrong.err) == (2, True)
    place.add("trade", "withdraw")
    assert "may withdraw" in place.start(*YES).err
    place.add("trade", "read")
    assert "the key may not trade" in place.start(*YES).err
    place.add("trade", account=place.accounts[1])
    assert f"but account {place.account['uid']} was shown" in place.start(*YES).err
    place.add("trade")
    assert "settings say venue.leverage = 9" in place.start(*YES, "--set", "venue.leverage=9").err
    assert "venue.position_mode = hedge" in place.start(*YES, "--set", "venue.position_mode=hedge").err
    assert len(place.orders()) == before
    assert not (place.folder / "cockpit.db").exists()


@pytest.mark.usefixtures("cheap")
@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"perm": "read_only,trade,subaccounts"}, "a read key must not be able to trade"),
        ({"perm": ""}, "does not say what the key may do"),
        ({"perm": "read_only,lend"}, "does not know: lend"),
        ({"perm": "read_only", "acctLv": "3"}, "Multi-currency margin"),
        ({"perm": "read_only", "acctLv": ""}, "an unknown mode"),
    ],
)
def test_what_the_venue_says_may_refuse_too(place: Place, told: dict[str, str], reason: str) -> None:
    """The venue's word on key and account is believed, and what we do not know counts as the worst."""
    place.add("trade")
    place.add("read")
    place.says(**told)
    failed = place.start(*YES)
    # The trade key is told the same permissions here: whichever check comes first, it refuses.
    assert reason in failed.err or "the key may not trade" in failed.err
    assert failed.code == 6


def test_it_trades_real_money_and_survives_kill_9(place: Place) -> None:
    """Confirmed ahead, said in words, recorded; killed and started again it must be confirmed anew."""
    place.add("trade")
    place.add("read")
    with Daemon(place.folder, *place.options, *YES) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] >= 2)
        status = daemon.status()
        assert status["mode"] == "live"
        assert status["reconciled"]
        shown = place.run("status")
        assert "LIVE REAL MONEY" in shown.out.splitlines()[0]
        daemon.kill9()
        assert daemon.process is not None
    again = place.start()
    assert "type LIVE at the start" in again.err
    sent = [row["clOrdId"] for row in place.orders() if row.get("clOrdId")]
    assert len(sent) == len(set(sent))
    with Daemon(place.folder, *place.options, *YES) as daemon:
        daemon.wait(lambda: daemon.status()["reconciled"])
        assert daemon.ask("halt", {"flatten": "1"}).ok
        daemon.wait(lambda: (daemon.status()["halt"] or {}).get("phase") == "confirmed")
        status = daemon.status()
        assert status["positions"] == []
        assert status["illegal_order_news"] == 0
        truth = place.admin("truth", {"uid": place.account["uid"]})
        assert [p for p in truth["positions"] if float(p["pos"])] == []
        assert abs(float(status["balances"]["USDT"]) - float(truth["cash"]["USDT"])) < 1e-6
        assert {f["clOrdId"][:2] for f in truth["fills"] if f["clOrdId"]} <= {"ck"}
        log = b"".join(p.read_bytes() for p in place.folder.rglob("*.log*"))
        assert b"live.said" in log or b"LIVE: real money of account" in log
        daemon.stop()
    secrets = [key[part] for key in place.account["keys"].values() for part in ("secret", "passphrase")]
    for path in place.folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert not [one for one in secrets if one.encode() in raw], path
    # The demo half of the exchange has seen nothing of it.
    demo = next(row for row in place.exchange["accounts"] if row["demo"])
    assert place.admin("truth", {"uid": demo["uid"]})["orders"] == []


def test_a_daemon_is_started_from_the_screen_and_outlives_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DAEMON typed at the question: the screen that follows is only attached, and leaving it ends nothing."""
    from cockpit.app import rig

    place.add("trade")
    place.add("read")
    words = [*place.options, "--data-dir", str(place.folder)]
    seen: list[str] = []

    def show(link: Any, *_: Any) -> None:
        end = time.monotonic() + 30
        while link.latest() is None and time.monotonic() < end:
            time.sleep(0.05)
        seen.append(link.latest().mode)
        assert not link.closing_stops_engine

    monkeypatch.setattr(sys, "argv", ["cockpit", *words])
    monkeypatch.setattr(rig, "question", lambda *_: lambda title, lines, lang: "DAEMON")
    monkeypatch.setattr(rig, "show", show)
    monkeypatch.setattr(console, "has_terminal", lambda: True)
    assert main(words) == 0
    assert seen == ["LIVE"]
    folder = place.folder
    with SyncDoor(door_path(folder), wants_drive=True) as door:
        assert door.ask("stop", {}).ok
    # Waited for here only so that the test leaves nothing behind.
    end = time.monotonic() + 20
    while holder(folder / "cockpit.db") is not None and time.monotonic() < end:
        time.sleep(0.05)
    assert holder(folder / "cockpit.db") is None


@pytest.mark.usefixtures("cheap")
def aged(place: Place, days: int) -> None:
    """The keys have been in their file for so long."""
    path = place.folder / "keys.sealed"
    box = json.loads(path.read_bytes())
    now = time.time_ns() // 1_000_000
    box["added"] = dict.fromkeys(box["keys"], now - days * 86400000)
    path.write_text(json.dumps(box), "utf-8")


def test_doctor_looks_at_okx_and_at_the_keys(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reachable, clocks, sockets, and each key against its name; a dead address is said, not waited for."""

    def rows(*more: str) -> dict[str, list[dict[str, Any]]]:
        said = place.run("doctor", "--json", *place.options[:10], *more)
        found: dict[str, list[dict[str, Any]]] = {}
        for row in json.loads(said.out)["checks"]:
            found.setdefault(row["name"], []).append(row)
        assert said.code == any(row["level"] == "bad" for some in found.values() for row in some)
        return found

    # On a machine that is very busy an address may count as dead once; it is asked again then.
    before = next(found for _ in range(5) if "keys" in (found := rows()))
    assert [row["level"] for row in before["keys"]] == ["bad", "bad"]
    assert "cockpit keys add okx/live/read" in before["keys"][0]["text"]
    assert (before["okx"][0]["level"], before["okx_socket"][0]["level"]) == ("ok", "ok")
    assert before["clock_skew"][0]["level"] == "ok"
    place.add("read")
    place.add("trade", "withdraw")
    keys_ = rows()["keys"]
    assert [row["level"] for row in keys_] == ["warn", "bad"]  # bound to no address; may withdraw
    assert "may withdraw" in keys_[1]["text"]
    place.add("trade")
    place.says(ip="10.0.0.1")
    assert [row["level"] for row in rows()["keys"]] == ["ok", "ok"]
    aged(place, 200)
    old = rows()["keys"]
    assert [row["level"] for row in old] == ["warn", "warn"]
    assert "200 days ago" in old[1]["text"]
    place.says(ip="")
    aged(place, 11)
    unbound = rows()["keys"]
    assert ("11 days old" in unbound[0]["text"], "11 days old" in unbound[1]["text"]) == (False, True)
    monkeypatch.delenv("COCKPIT_KEYS_PASSWORD_FILE")
    assert [row["level"] for row in rows()["keys"]] == ["warn", "warn"]  # sealed: nobody is asked
    nowhere = ("--set", "okx.rest=http://127.0.0.1:9", "--set", "okx.socket=ws://127.0.0.1:9")
    gone = rows(*nowhere)
    assert (gone["okx"][0]["level"], "keys" in gone) == ("bad", False)


SLEEVE = """
[[sleeves]]
strategy = "market_maker"
symbol = "okx:WIF-USDT-SWAP"
execution = "{execution}"
"""


def test_a_sleeve_on_paper_beside_real_money(place: Place) -> None:
    """One process, two books: what the paper sleeve does never reaches the account, and both add up."""
    place.add("trade")
    place.add("read")
    config = place.folder.parent / "cockpit.toml"
    options = (*place.options[: place.options.index("--strategy")], "--config", str(config))
    for executions, said in ((("demo",), "it has one account"), (("paper",), "every sleeve is on paper")):
        config.write_text("".join(SLEEVE.format(execution=one) for one in executions))
        refused = place.run("--daemon", *options, *YES)
        assert (refused.code, said in refused.err) == (2, True)
    config.write_text(SLEEVE.format(execution="") + SLEEVE.format(execution="paper"))
    before = len(place.admin("truth", {"uid": place.account["uid"]})["fills"])
    with Daemon(place.folder, *options, *YES) as daemon:
        daemon.wait(lambda: daemon.status()["fills"] >= 2 and daemon.status()["paper"]["fills"] >= 2)
        alone = Daemon(place.folder / "paper")
        mine = alone.status()
        assert (mine["mode"], daemon.status()["mode"]) == ("paper", "live")
        name = f"paper:{mine['sleeves'][0]['sleeve']}"
        assert daemon.ask("sleeve_off", {"sleeve": name}, drive=True).ok
        daemon.wait(lambda: alone.status()["sleeves"][0]["state"] == "off")
        assert daemon.status()["sleeves"][0]["state"] == "on"
        with SyncDoor(door_path(place.folder), rate=5.0) as door:
            shown = {row.sleeve: row.stage for row in door.frame().sleeves}
        assert shown == {name.removeprefix("paper:"): "live", name: "paper"}
        assert daemon.ask("halt", {"flatten": "1"}).ok
        for ask in (daemon.status, alone.status):
            daemon.wait(lambda ask=ask: (ask()["halt"] or {}).get("phase") == "confirmed")
        fills = daemon.status()["fills"]
        truth = place.admin("truth", {"uid": place.account["uid"]})
        assert len(truth["fills"]) - before == fills
        assert daemon.stop()["paper"]["illegal_order_news"] == 0
