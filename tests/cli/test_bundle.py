"""The incident bundle: whole, useful, and without a single secret."""

from __future__ import annotations

import base64
import json
import secrets
import tarfile
import uuid
from pathlib import Path

import pytest

from cockpit.app.keeping.scrub import scrub
from cockpit.cli import main
from tests.daemon.process import Daemon


@pytest.mark.daemon
def test_a_bundle_beside_a_running_cockpit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Canaries lie where people and programs leave them; the file must not hold one."""
    folder, target = tmp_path / "data", tmp_path / "out" / "incident.tar.gz"
    canary = base64.b64encode(secrets.token_bytes(33)).decode()
    key = str(uuid.uuid4()).upper()
    with Daemon(folder, "--set", "run.practice_rate=20") as daemon:
        daemon.wait(lambda: daemon.status()["fills"] >= 1)
        with (folder / "cockpit.log").open("a") as log:
            log.write(
                f"sent secretKey={canary} OK-ACCESS-KEY: {key} to https://me:{canary}@proxy/x {canary}\n"
            )
        where = ("--data-dir", str(folder), "--lang", "en")
        assert main(["bundle", "--out", str(target), *where]) == 0
        assert "nothing was sent" in capsys.readouterr().out
        assert main(["bundle", "--show", "about.json", *where]) == 0
        assert '"python"' in capsys.readouterr().out
        assert main(["bundle", "--show", "abut.json", *where]) == 2
        assert main(["bundle", "--out", str(target), *where]) == 4  # never over another file
        daemon.stop()
    with tarfile.open(target) as tar:
        texts = {m.name: tar.extractfile(m).read().decode() for m in tar}  # type: ignore[union-attr]
    whole = "\n".join(texts.values())
    assert canary not in whole
    assert key not in whole
    assert json.loads(texts["status.json"])["mode"] == "practice"
    assert json.loads(texts["journal.json"])[0]["fault"] == ""
    assert json.loads(texts["settings.json"])["run"]["feed"] == "practice"
    assert {row["name"] for row in json.loads(texts["doctor.json"])} >= {"config"}
    assert len(texts["decisions.jsonl"].splitlines()) > 2
    assert target.stat().st_mode & 0o777 == 0o600


def test_without_a_cockpit_each_part_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "--show", "--json", "--data-dir", str(tmp_path)]) == 0
    parts = json.loads(capsys.readouterr().out)
    assert parts["status.json"].startswith("not available: no cockpit is running here")
    assert json.loads(parts["about.json"])["packages"]


@pytest.mark.parametrize(
    "text",
    [
        "passphrase = hunter2",
        '{"apiKey": "abc", "secret": "def"}',
        "COCKPIT_TOKEN=xyz",
        "OK-ACCESS-SIGN: q83vASNFZ4mrze8BI0VniavN7wEjRWeJ",
        "ws://user:pass@host/path",
    ],
)
def test_what_is_named_as_a_secret_is_masked(text: str) -> None:
    assert "<secret>" in scrub(text)
    for value in ("hunter2", '"abc"', '"def"', "xyz", "q83vAS", "user:pass"):
        assert value not in scrub(text)


def test_a_key_that_happens_to_have_no_digit_is_masked_bare_and_in_an_address() -> None:
    drawn = "SaqqwRCuA+dHP+ckXqcRzEejmySTRQHJt/atwqkYoMyj"
    for text in (f"sent {drawn} to it", f"by https://me:{drawn}@proxy/x"):
        assert drawn[:8] not in scrub(text)
        assert drawn[-8:] not in scrub(text)


def test_what_an_engineer_needs_stays() -> None:
    for text in (
        "File cockpit/adapters/connectivity/subscriptions.py, in VenueConnection.subscribe_to_everything",
        "wss://ws.okx.com:8443/ws/v5/public answered in 31 ms",
        "okx:BTC-USDT-SWAP buy 2 at 63,452.5 order ckp004000000038 filled",
        "digest c2b6b821b1b90681f74fb3af6e57197e72c0ffee72c0ffee72c0ffee72c0ffee",
        "2026-11-27T06:44:02Z market_maker@1/okx:WIF-USDT-SWAP posture said no: halt (kill)",
    ):
        assert scrub(text) == text
