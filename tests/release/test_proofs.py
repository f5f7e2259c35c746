"""What release takes from a passport, and from whom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace as Some
from typing import Any

import pytest

from cockpit.app import passports, proofs
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import ConfigError

HOUR = 3_600_000
ROW = SleeveConfig("ema_trend", "okx:BTC-USDT-SWAP", "1h")


def certificate(**changes: Any) -> Any:
    evidence = Some(
        judged=Some(dsr=Some(value=0.97), pbo=Some(value=None), trl_years=None, years=4.0),
        plateau=Some(flat=True),
        bias=Some(findings=()),
        walk=Some(returns=tuple(0.01 for _ in range(49))),
        forward=None,
        returns=(0.5,),
        slippage_bp=1.5,
        figures=Some(drawdowns=((10, 0.01), (24, 0.05), (240, 0.1)), band=((10, 0.02), (24, 0.07))),
    )
    return Some(
        seal="ab" * 32, made=7, subject=Some(period=HOUR), evidence=Some(**{**vars(evidence), **changes})
    )


def test_returns_are_put_together_to_whole_observations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passports, "passport_for", lambda _home, _row: (certificate(), ()))
    found = proofs.passport_of(Path(), ROW, 1_440.0)
    assert found is not None
    assert found.valid
    assert found.span_ms == 24 * HOUR
    assert found.returns == pytest.approx((1.01**24 - 1, 1.01**24 - 1)), "the 49th hour is no whole day"
    assert found.drawdowns == ((1, 0.05), (10, 0.1))
    assert (found.drawdown(1), found.fall(1)) == (0.05, 0.07)
    assert found.pbo == 0.0, "one that was chosen from nothing"
    assert found.min_trl > found.length, "a record that never suffices"


@pytest.mark.parametrize(("forward", "taken"), [(49, 0.01), (50, 0.02)])
def test_a_version_is_held_against_itself_and_not_against_what_a_walk_chose(
    monkeypatch: pytest.MonkeyPatch, forward: int, taken: float
) -> None:
    answer = certificate(forward=Some(returns=(0.02,) * forward)), ()
    monkeypatch.setattr(passports, "passport_for", lambda _home, _row: answer)
    found = proofs.passport_of(Path(), ROW, 60.0)
    assert found is not None
    assert found.returns[-1] == pytest.approx(taken), "under fifty observations are no distribution"


def test_a_passport_with_faults_is_shown_and_not_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = certificate(bias=None, walk=None, forward=None), ("seal", "check.dsr")
    monkeypatch.setattr(passports, "passport_for", lambda _home, _row: answer)
    found = proofs.passport_of(Path(), ROW, 1.0)
    assert found is not None
    assert not found.valid
    assert not found.clean, "nobody has looked"
    assert found.faults == ("seal", "check.dsr")
    assert (found.span_ms, found.returns) == (HOUR, (0.5,))


def test_the_other_process_answers_and_says_what_is_wrong(tmp_path: Path) -> None:
    assert asyncio.run(proofs.asked(proofs.Question(str(tmp_path), ROW, 1_440.0))) is None
    nobody = SleeveConfig("nobody", "okx:BTC-USDT-SWAP", "1h")
    with pytest.raises(ConfigError, match="no strategy 'nobody'"):
        asyncio.run(proofs.asked(proofs.Question(str(tmp_path), nobody, 1_440.0)))
