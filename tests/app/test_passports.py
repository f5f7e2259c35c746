"""Passports over a small market: made, kept, verified, refused when anything is not what it was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.app import passports
from cockpit.app.discover import discover
from cockpit.app.ledgers import ledger_of
from cockpit.app.proving import Bench, Terms
from cockpit.app.reports import certificate
from cockpit.app.session import parse_sleeve
from cockpit.app.walking import Course, walked, windows_of
from cockpit.core.config import Config
from cockpit.core.errors import ConfigError, StoreError
from cockpit.lab.proof.passport import Bias, altered, decoded, encoded, issued, seal_of
from tests.app.tapes import swinging

pytest.importorskip("llvmlite")
SYMBOL = "lab:COIN-USDT"
SLEEVE = f"ema_trend:volume_threshold=0.5,rsi_min=40,rsi_max=90@{SYMBOL}"
SAID = ("stop_loss_atr=0.2..3", "take_profit_atr=0.4..5")
CLEAN = Bias(40, (), 50, 40, 0)


class Made(msgspec.Struct):
    """What all tests look at, made once."""

    data: Path
    tape: str
    passport: Any
    file: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    discover()
    folder = tmp_path_factory.mktemp("passport")
    tape = str(swinging(folder, SYMBOL, 24 * 140))
    patch = pytest.MonkeyPatch()
    patch.setattr(Bench, "bias", lambda self: CLEAN if self.terms.bars else None)
    terms = Terms(tape, parse_sleeve(SLEEVE), end_ms=1_704_067_200_000 + 95 * 86_400_000, said=SAID)
    course = Course(trials=8, limits=("trades>=1",))
    found, file = passports.make(Config(), folder / "data", terms, course)
    yield Made(folder / "data", tape, found, file)
    patch.undo()


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Made:
    """The same data directory, to be spoilt."""
    shutil.copytree(made.data, tmp_path / "data")
    return Made(tmp_path / "data", made.tape, made.passport, tmp_path / "data" / "passports" / made.file.name)


def sleeve(text: str = SLEEVE + "/1h") -> Any:
    return parse_sleeve(text)


def test_an_edge_passes_and_the_release_is_told(made: Made) -> None:
    found = made.passport
    assert found.passed, found.reasons
    assert altered(found) == []
    assert passports.faults(made.data, found) == ()
    assert passports.valid_passport(made.data, sleeve()) == ()
    assert passports.passport_for(made.data, sleeve())[0] == found
    assert decoded(made.file.read_bytes()) == found
    assert found.subject.version == passports.version_of(sleeve())
    assert made.file.with_suffix(".html").read_text("utf-8").startswith("<!doctype html>")


def test_every_ratio_has_an_uncertainty_beside_it(made: Made) -> None:
    found = made.passport.evidence
    figures = [
        found.judged.sharpe,
        found.judged.dsr,
        found.judged.pbo,
        found.plateau.ratio,
        found.plateau.positive,
    ]
    figures += [
        getattr(found.figures, name) for name in ("sharpe", "sortino", "calmar", "cagr", "mdd", "total")
    ]
    figures += [found.walk.figures.sharpe, found.walk.efficiency]
    for figure in figures:
        assert figure.value is not None
        assert figure.low is not None
        assert figure.high is not None
    assert found.figures.drawdowns
    assert [length for length, _ in found.figures.drawdowns] == sorted(n for n, _ in found.figures.drawdowns)
    assert all(0 <= fall < 1 for _, fall in found.figures.drawdowns)


def test_all_that_was_run_for_it_is_counted(made: Made) -> None:
    rows = list(ledger_of(made.data).rows())
    by_source = {row.source for row in rows}
    assert by_source == {"backtest", "robustness", "walkforward", "passport"}
    crowd = made.passport.evidence.judged.crowd
    assert crowd.whole.raw == len({row.key for row in rows if row.source != "passport"})
    assert crowd.whole.raw > crowd.run.raw > 5
    assert made.passport.evidence.plateau.count > 6
    assert made.passport.evidence.plateau.barred == 0


def test_the_forward_stretch_was_not_searched(made: Made) -> None:
    found = made.passport.evidence
    assert found.forward is not None
    assert found.forward.start == made.passport.subject.end
    assert len(found.forward.returns) == pytest.approx(45, abs=1)
    assert len(found.returns) == pytest.approx(95, abs=1)
    assert not found.forward.refuted


@pytest.mark.parametrize(
    "text",
    [
        SLEEVE.replace("rsi_min=40", "rsi_min=41") + "/1h",
        SLEEVE + "/4h",
        SLEEVE.replace("ema_trend", "breakout").partition(":")[0] + "@" + SYMBOL + "/1h",
    ],
)
def test_another_version_has_no_passport(made: Made, text: str) -> None:
    other = sleeve(text if not text.startswith("breakout") else f"breakout@{SYMBOL}/1h")
    assert passports.valid_passport(made.data, other) == ("none",)


def test_what_is_only_spelled_otherwise_is_the_same_version(made: Made) -> None:
    spelled = sleeve(SLEEVE.replace("rsi_max=90", "rsi_max=90.0,ema_fast=9") + "/1h")
    assert passports.valid_passport(made.data, spelled) == ()
    half = msgspec.structs.replace(sleeve(), share=0.5)
    assert passports.valid_passport(made.data, half) == ("none",)


def rewritten(copy: Made, **changes: Any) -> tuple[str, ...]:
    copy.file.write_bytes(encoded(msgspec.structs.replace(copy.passport, **changes)))
    return passports.valid_passport(copy.data, sleeve())


def test_an_altered_passport_is_refused(copy: Made) -> None:
    assert rewritten(copy, made=1) == ("seal",)
    assert rewritten(copy, ledger="9:9:" + "0" * 64) == ("seal", "ledger")
    weak = msgspec.structs.replace(copy.passport.evidence, bias=None)
    assert set(rewritten(copy, evidence=weak)) == {"seal", "verdict"}


def test_a_passport_that_was_sealed_anew_is_refused(copy: Made) -> None:
    better = msgspec.structs.replace(copy.passport, made=1)
    forged = msgspec.structs.replace(better, seal=seal_of(better))
    copy.file.write_bytes(encoded(forged))
    assert altered(forged) == []
    assert passports.valid_passport(copy.data, sleeve()) == ("unknown",)


def test_a_ledger_that_is_not_what_it_was_takes_the_passport_with_it(copy: Made) -> None:
    shutil.rmtree(copy.data / "ledger")
    assert set(passports.valid_passport(copy.data, sleeve())) == {"unknown", "ledger"}


def test_a_failing_one_says_why(copy: Made) -> None:
    found = copy.passport
    weak = msgspec.structs.replace(found.evidence, bias=None)
    poor = issued(found.made + 1, "1", found.subject, found.ledger, True, weak)
    assert not poor.passed
    assert [check.name for check in poor.reasons] == ["lookahead"]
    ledger_of(copy.data).note(poor.seal)
    copy.file.with_name(f"{poor.subject.version}-x.json").write_bytes(encoded(poor))
    assert passports.valid_passport(copy.data, sleeve()) == ("check.lookahead",)
    damaged = issued(found.made, "1", found.subject, found.ledger, False, found.evidence)
    assert [check.name for check in damaged.reasons] == ["ledger"]
    refuted = msgspec.structs.replace(found.evidence.forward, refuted=True)
    later = msgspec.structs.replace(found.evidence, forward=refuted)
    late = issued(1, "1", found.subject, found.ledger, True, later)
    assert [check.name for check in late.reasons] == ["forward"]


def test_other_code_makes_it_invalid(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    from cockpit.app import trial

    monkeypatch.setattr(trial, "code_hash", lambda: "0" * 64)
    assert passports.valid_passport(made.data, sleeve()) == ("code",)


def test_it_is_found_by_many_names(made: Made, tmp_path: Path) -> None:
    for name in ("last", "ema_trend", made.passport.subject.version[:6], str(made.file)):
        assert passports.find(made.data, name)[1] == made.passport
    with pytest.raises(ConfigError, match="no passport"):
        passports.find(made.data, "nobody")
    junk = tmp_path / "junk.json"
    junk.write_text('{"format": 1}', "utf-8")
    with pytest.raises(StoreError, match="no passport"):
        passports.find(made.data, str(junk))
    old = tmp_path / "old.json"
    old.write_bytes(encoded(msgspec.structs.replace(made.passport, format=99)))
    with pytest.raises(StoreError, match="format 99"):
        passports.find(made.data, str(old))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_reads_the_same_everywhere(made: Made, lang: str) -> None:
    found = made.passport
    said, drawn = certificate.text(found, lang), certificate.page(found, lang)
    for word in (found.seal, found.subject.version):
        assert word in said
        assert word in drawn
    assert "{" not in said
    assert "<script" not in drawn
    assert "http" not in drawn
    assert drawn.count("<svg") == 2


def test_windows_are_named_when_they_do_not_fit(made: Made) -> None:
    bench = Bench(Config(), made.data, Terms(made.tape, parse_sleeve(SLEEVE), said=SAID))
    windows, purge = windows_of(bench, Course(train=60, validate=-1, test=20, step=20, purge=3, embargo=2))
    assert purge == 3
    assert windows[0].validate is None
    assert windows[0].test[0] == 60 + 3 + 2
    with pytest.raises(ConfigError, match="hold no window"):
        windows_of(bench, Course(train=500))
    with pytest.raises(ConfigError, match="tested twice"):
        windows_of(bench, Course(train=30, test=10, step=5))


def test_the_same_seed_walks_the_same_way(made: Made, tmp_path: Path) -> None:
    terms = Terms(made.tape, parse_sleeve(SLEEVE), said=SAID)
    course = Course(trials=6, limits=("trades>=1",))
    first = walked(Bench(Config(), tmp_path / "a", terms), course)
    assert first == walked(Bench(Config(), tmp_path / "b", terms), course)
    assert len(first.returns) == sum(step.test[1] - step.test[0] for step in first.steps)


@pytest.mark.parametrize(
    ("text", "said", "word"),
    [
        (f"nobody@{SYMBOL}", (), "no strategy"),
        ("ema_trend@lab:OTHER", (), "has no lab:OTHER"),
        (f"ema_trend:ema_fast=30@{SYMBOL}", (), "is needed"),
        (f"ema_trend@{SYMBOL}", ("wish=1..2",), "no parameter"),
    ],
)
def test_what_cannot_be_examined_is_told(
    made: Made, tmp_path: Path, text: str, said: tuple[str, ...], word: str
) -> None:
    with pytest.raises(ConfigError, match=word):
        passports.make(Config(), tmp_path, Terms(made.tape, parse_sleeve(text), said=said), Course())
