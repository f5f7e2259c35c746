"""By hand from another terminal: plan, apply, lock, entries; a restart keeps what was said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.daemon.process import Daemon

pytestmark = pytest.mark.daemon
OPTIONS = ("--set", "run.practice_rate=5")
BTC = "practice:BTC-USDT-SWAP"


def test_without_a_cockpit_and_with_wrong_words(cockpit: Shell) -> None:
    assert cockpit("plan", "exit", "BTC-USDT-SWAP").code == 7
    assert cockpit("apply", "abc").code == 7
    assert cockpit("entries", "off", "--reason", "x").code == 7
    for words in (("plan", "enter", "BTC"), ("plan", "exit"), ("plan", "undo", "x"), ("plan", "dance")):
        assert cockpit(*words).code == 2, words
    assert cockpit("plan", "lock").code == 2


def test_a_person_enters_locks_and_restarts(cockpit: Shell, tmp_path: Path) -> None:
    with Daemon(tmp_path / "data", *OPTIONS) as daemon:
        daemon.wait(lambda: cockpit("plan", "enter", "BTC-USDT-SWAP", "long", "1", "--no-stop").code == 0)
        refused = cockpit("plan", "enter", "BTC-USDT-SWAP", "long", "1", "--json")
        assert refused.code == 8
        assert refused.json["refused"] == "hand.needs_stop"
        assert cockpit("apply", "nothing").code == 8

        found = cockpit("plan", "enter", "BTC-USDT-SWAP", "long", "1", "--stop", "1", "--json")
        assert found.code == 0
        plan = found.json
        assert [(c["side"], c["kind"], float(c["qty"])) for c in plan["calls"]] == [("buy", "market", 1.0)]
        assert float(plan["then"][0]["trigger"]) == 1.0
        assert float(plan["after"]["margin"]) > 0
        done = cockpit("apply", plan["id"])
        assert done.code == 0
        assert "exit" in done.out
        manual = f"manual@1/{BTC}"
        daemon.wait(lambda: [o for o in daemon.status()["open_orders"] if o["sleeve"] == manual])
        assert cockpit("apply", plan["id"]).code == 8, "it has changed what it was made from"

        assert cockpit("lock", "ETH-USDT-SWAP", "--reason", "fork", "--minutes", "600").code == 0
        assert cockpit("lock", "ETH-USDT-SWAP", "--reason", "fork").code == 8
        assert cockpit("entries", "off").code == 8, "a reason is needed"
        assert "不向交易所" in cockpit("plan", "unlock", "ETH-USDT-SWAP", "--lang", "zh").out
        assert cockpit("entries", "off", "--reason", "news", "--json").json["plan"]["undo"] == "entries on"
        assert cockpit("limit", "max_leverage", "30").code == 8, "never looser than the settings"
        assert cockpit("limit", "luck", "1").code == 2
        assert cockpit("limit", "max_leverage", "1.5").code == 0
        daemon.kill9()

    with Daemon(tmp_path / "data", *OPTIONS) as daemon:
        daemon.wait(lambda: daemon.status()["posture"] == "REDUCE_ONLY")
        assert cockpit("lock", "ETH-USDT-SWAP", "--reason", "fork").code == 8, "still locked"
        assert daemon.status()["tighter"] == {"max_leverage": 1.5}
        assert (
            cockpit("limit", "max_leverage", "off", "--json").json["plan"]["undo"] == "limit max_leverage 1.5"
        )
        assert daemon.status()["tighter"] == {}
        rows = {row["sleeve"]: row for row in daemon.status()["sleeves"]}
        assert float(rows[manual]["position"]) == 1
        assert rows[manual]["state"] == "on"
        assert cockpit("unlock", "ETH-USDT-SWAP").code == 0
        assert cockpit("entries", "on").code == 0
        out = cockpit("plan", "exit", "--sleeve", manual, "--json").json
        assert cockpit("apply", out["id"]).code == 0
        daemon.wait(
            lambda: float({r["sleeve"]: r for r in daemon.status()["sleeves"]}[manual]["position"]) == 0
        )
        daemon.stop()
    replayed = cockpit("replay", str(tmp_path / "data"), "--json")
    assert replayed.code == 0
    assert replayed.json["differing"] == 0
