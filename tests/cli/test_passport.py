"""``cockpit walkforward`` and ``cockpit passport`` as a person has them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.adapters.store.tape import read_info
from cockpit.app import compose, proofs, versions
from cockpit.core.config import SleeveConfig
from tests.app.tapes import swinging
from tests.cli.conftest import Shell

pytest.importorskip("llvmlite")
SYMBOL = "lab:COIN-USDT"
SLEEVE = f"ema_trend:volume_threshold=0.5,rsi_min=40,rsi_max=90@{SYMBOL}"
RANGES = ("--param", "stop_loss_atr=0.2..3", "--trials", "5", "--require", "trades>=1")


@pytest.fixture
def coin(tmp_path: Path) -> str:
    return str(swinging(tmp_path, SYMBOL, 24 * 60))


def test_a_version_is_examined_listed_shown_and_verified(coin: str, cockpit: Shell, tmp_path: Path) -> None:
    assert "no passport was made here" in cockpit("passport", "list").out
    made = cockpit("passport", SLEEVE, "--tape", coin, *RANGES, "--bars", "0", "--json")
    assert made.code == 1  # nobody looked for look-ahead
    assert "lookahead" in [check["name"] for check in made.json["checks"] if check["state"] == "fail"]
    file = Path(made.json["file"])
    assert file.parent == tmp_path / "data" / "passports"
    shown = cockpit("passport", "show", "last")
    assert shown.code == 0
    assert "DOES NOT PASS" in shown.out
    assert "look-ahead" in shown.out.splitlines()[0]
    assert made.json["seal"] in shown.out
    assert "未通过" in cockpit("--lang", "zh", "passport", "show", "ema_trend").out
    listed = cockpit("passport", "list", "--json").json
    assert [(row["passed"], row["faults"]) for row in listed] == [(False, [])]
    assert made.json["subject"]["version"] in cockpit("passport", "list").out
    _asked_by_a_release(coin, tmp_path / "data", made.json)
    good = cockpit("passport", "verify", str(file))
    assert good.code == 0
    assert "is what was written here" in good.out
    body = json.loads(file.read_bytes())
    body["passed"] = True
    file.write_text(json.dumps(body), "utf-8")
    bad = cockpit("passport", "verify", str(file))
    assert bad.code == 1
    assert "altered" in bad.out
    assert set(cockpit("passport", "verify", "last", "--json").json["faults"]) == {"seal", "verdict"}


def _asked_by_a_release(coin: str, home: Path, made: dict[str, Any]) -> None:
    """The version that would trade is the one that was examined, by its content alone."""
    info = read_info(Path(coin))
    given = {"volume_threshold": 0.5, "rsi_min": 40, "rsi_max": 90}
    markets = {one.symbol: one for one in info.instruments}
    for params, known in ((given, True), (given | {"rsi_max": 91}, False)):
        parts = compose.cast([SleeveConfig("ema_trend", SYMBOL, params=params)], markets, info.bar_lengths)
        proof = proofs.passport_of(home, versions.row_of(versions.make_of(parts)), 1_440.0)
        assert (proof is not None) == known
        if proof is not None:
            assert proof.digest == made["seal"]
            assert "check.lookahead" in proof.faults
            assert not proof.valid
            assert proof.span_ms == 86_400_000
            assert len(proof.returns) > 1


def test_the_best_of_a_study_is_one_of_its_trials(coin: str, cockpit: Shell) -> None:
    found = cockpit("optimize", SLEEVE, "--tape", coin, "--param", "stop_loss_atr=0.2..3", "--trials", "8",
                    "--method", "lhs", "--study", "a", "--require", "trades>=1", "--json")  # fmt: skip
    assert found.code == 0, found.err
    made = cockpit("passport", "--study", "a", "--bars", "0", "--trials", "3", "--json")
    assert made.code in (0, 1), made.err
    assert made.json["subject"]["params"]["stop_loss_atr"] == found.json["best"]["params"]["stop_loss_atr"]
    assert made.json["subject"]["study"] == "a"
    crowd = made.json["evidence"]["judged"]["crowd"]
    assert crowd["run"]["raw"] == found.json["trials"]  # looking at it again is no other trial
    assert crowd["data"]["raw"] > crowd["run"]["raw"]
    assert cockpit("passport", "--study", "b").code == 2
    assert cockpit("passport").code == 2


def test_a_walk_is_shown_and_counted(coin: str, cockpit: Shell) -> None:
    said = ("walkforward", SLEEVE, "--tape", coin, *RANGES, "--train", "20", "--validate", "8", "--test", "6")
    text = cockpit(*said)
    assert text.code == 0, text.err
    assert "Sharpe out of sample" in text.out
    data = cockpit(*said, "--json").json
    assert len(data["returns"]) == 6 * len(data["steps"])
    assert data["steps"][0]["choice"]["trials"] == 5
    counted = cockpit("ledger", "--json").json
    assert set(counted["by_source"]) == {"walkforward"}
    assert counted["trials"] >= 3


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("passport", SLEEVE), "--tape"),
        (("passport", "ema_trend", "--tape", "x"), "not a sleeve"),
        (("passport", "verify"), "needs a file"),
        (("passport", "verify", "nobody"), "no passport"),
        (("walkforward", SLEEVE, "--tape", "TAPE", "--trials", "0"), "--trials"),
        (("walkforward", SLEEVE, "--tape", "TAPE", "--train", "900"), "hold no window"),
        (("walkforward", SLEEVE, "--tape", "TAPE", "--method", "luck"), "no search method"),
        (("walkforward", SLEEVE, "--tape", "TAPE", "--objective", "luck"), "no objective"),
    ],
)
def test_what_cannot_be_done_is_told(words: tuple[str, ...], word: str, coin: str, cockpit: Shell) -> None:
    said = cockpit(*(coin if part == "TAPE" else part for part in words))
    assert said.code == 2
    assert word in said.err


@pytest.mark.soak
def test_the_whole_examination_with_its_bias_checks(coin: str, cockpit: Shell) -> None:
    made = cockpit("passport", SLEEVE, "--tape", coin, *RANGES, "--bars", "800", "--json")
    assert made.json["evidence"]["bias"]["decisions"] > 0
    assert made.json["evidence"]["bias"]["findings"] == []
    assert made.code == (0 if made.json["passed"] else 1)


def test_the_page_of_proof_names_the_bounds_that_hold(cockpit: Shell) -> None:
    from cockpit.lab.proof import gate

    data = cockpit("help", "proof", "--json").json
    assert data["bounds"]["DSR_LEAST"] == gate.DSR_LEAST
    assert data["bounds"]["PBO_MOST"] == gate.PBO_MOST
    assert len(data["bounds"]) == 9


def test_a_missing_library_is_named_with_the_line_that_mends_it(repo: Path) -> None:
    program = (
        "import sys; sys.modules['numpy'] = None; from cockpit.cli import main;"
        "sys.exit(main(['passport', 'ema_trend@x', '--tape', 'nowhere']))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=repo, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (2, "cockpit: this needs numpy: pip install 'cockpit[lab]'\n")
