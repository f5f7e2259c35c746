"""``cockpit renew`` as a job has it: from the archive to an offer, and what it says of what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.app import offers, renewing
from cockpit.app.commands import renew
from cockpit.core.config import SleeveConfig
from tests.app.tapes import swinging
from tests.cli.conftest import Shell

pytest.importorskip("llvmlite")
SYMBOL = "lab:COIN-USDT"
SLEEVE = f"ema_trend:volume_threshold=0.5,rsi_min=40,rsi_max=90@{SYMBOL}/1h"
SHORT = ("--param", "stop_loss_atr=0.2..3", "--trials", "4", "--require", "trades>=1", "--bars", "0")


def test_what_does_not_pass_is_told_and_not_offered(tmp_path: Path, cockpit: Shell) -> None:
    tape = str(swinging(tmp_path, SYMBOL, 24 * 60))
    assert cockpit("data", "import", tape, "--archive").code == 0
    said = cockpit(
        "renew", SLEEVE, "--archive", "--days", "50", "--forward", "5", *SHORT, "--offer", "--json"
    )
    assert said.code == 0, said.err
    (row,) = said.json
    assert row["error"] == ""
    assert not row["passed"]
    assert "lookahead" in row["reasons"], "nobody looked"
    assert row["trials"] == 4
    assert row["offered"] == ""
    assert not offers.waiting(tmp_path / "data")
    assert cockpit("studies", "--json").json[0]["name"] == row["study"]
    table = renew.table([renewing.Found(**row)], "en")
    assert "0 of 1 pass" in table
    assert "a finding" in table
    assert "lookahead 1" in table, "how many fail what"


def test_a_market_that_gives_nothing_does_not_end_the_others(tmp_path: Path, cockpit: Shell) -> None:
    tape = str(swinging(tmp_path, SYMBOL, 24 * 3))
    text = cockpit("renew", "ema_trend@*/1h", "--tape", tape, *SHORT, "--forward", "0")
    assert text.code == 0, text.err
    assert "0 of 1 pass" in text.out
    assert SYMBOL in text.out


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("renew", SLEEVE), "--archive"),
        (("renew", SLEEVE, "--archive"), "archive"),
        (("renew", "ema_trend", "--tape", "x"), "not a sleeve"),
        (("renew", SLEEVE, "--forward", "-1"), "--forward"),
        (("renew",), "SLEEVE"),
    ],
)
def test_what_cannot_be_done_is_told(words: tuple[str, ...], word: str, cockpit: Shell) -> None:
    said = cockpit(*words)
    assert said.code != 0
    assert word in said.err


def test_an_offer_is_kept_until_it_is_taken_and_replaces_itself(tmp_path: Path) -> None:
    row = SleeveConfig("ema_trend", SYMBOL, "1h")
    first = offers.make(tmp_path, offers.Offer("a" * 16, row, 5))
    offers.make(tmp_path, offers.Offer("b" * 16, row, 4, "s", "x"))
    offers.make(tmp_path, offers.Offer("a" * 16, row, 6))
    (tmp_path / "offers" / "c.json").write_text("{")
    assert [offer.version[0] for _, offer in offers.waiting(tmp_path)] == ["b", "a"]
    assert first.stat().st_mode & 0o777 == 0o600
    offers.taken(first)
    assert [offer.version[0] for _, offer in offers.waiting(tmp_path)] == ["b"]
