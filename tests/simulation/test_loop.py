"""The loop closes by itself: search, proof, paper, shadow, canary, prod, rollback, rest.

The market has a real edge for one strategy, and then it has not (``quarter``). Nobody helps but the people
whose approval is asked: they use ``cockpit approve`` with their tokens. The passport is one that was issued
over that market, through the trial ledger; no gate is held open. The short form has hourly observations and
a market of seventeen days; the quarter has observations of four hours and an edge that ends on day 64.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cockpit.adapters.store.journal_file import JournalFile
from cockpit.app import passports
from cockpit.core.orders import Role
from cockpit.core.release.records import LIVE
from tests.simulation import quarter
from tests.simulation.loop import PEOPLE, Loop

pytest.importorskip("llvmlite")
PAST = 29
"""Days on file before it begins: spans of less than thirty days are counted by the hour."""
SLEEVE = f"mean_reversion:rsi_oversold=48,rsi_overbought=52@{quarter.SYMBOL}/15m"
SEARCH = ["--param", "entry_std=1..4:0.6", "--method", "grid", "--trials", "6"]
EXAMINE = ["--forward", "4", "--bars", "200", "--executor", "interpreted", "--workers", "1", "--offer"]
CLIMB = [
    ("added", "backtest", "machine"),
    ("promoted", "paper", "machine"),
    ("promoted", "shadow", "machine"),
    ("asked", "canary", "machine"),
    ("approved", "canary", "bob"),
    ("promoted", "canary", "bob"),
    ("asked", "prod", "machine"),
    ("approved", "prod", "bob"),
    ("approved", "prod", "cat"),
    ("promoted", "prod", "bob, cat"),
    ("rolled_back", "retired", "machine"),
]


def job(name: str, run: list[str], cron: str = "", on: str = "") -> str:
    lines = ["[[jobs]]", f'name = "{name}"', f"run = {json.dumps(run)}"]
    lines += [f'cron = "{cron}"'] if cron else []
    lines += [f'on = [{{ trigger = "{on}" }}]', "rest_min = 0"] if on else []
    return "\n".join(lines)


def lived(folder: Path, seed: int, days: float, edges: list[tuple[float, float]], text: str) -> Loop:
    """``edges`` in days of the run; before it the edge was there."""
    alive = [(-PAST, 0.0), *edges]
    stretch = [(PAST + a, PAST + b) for a, b in alive]
    bars = list(quarter.candles(PAST + days, stretch, seed))
    cut = quarter.START + PAST * quarter.DAY
    loop = Loop(folder, text, [b for b in bars if b.ts <= cut], [b for b in bars if b.ts > cut])
    loop.run()
    return loop


def settings(folder: Path, span: float, cool: float, *jobs: str) -> str:
    head = f"[release]\nautomatic = true\nspan_minutes = {span}\ncool_hours = {cool}\n"
    return head + "\n".join(jobs)


def sound(loop: Loop) -> None:
    """Nothing is left over, and the record is whole: what must hold however the market went."""
    runtime = loop.runtime
    assert runtime is not None
    state = runtime.engine.state
    assert [code for _, code, _ in loop.said] == [0] * len(loop.said), loop.said
    versions = state.release.versions
    for order in (*state.orders.values(), *state.recent.values()):
        assert order.version == state.sleeves[order.sleeve].release
    for order in state.orders.values():
        assert order.role is not Role.ENTRY or versions[order.version].stage in LIVE
    for name, sleeve in state.sleeves.items():
        if versions[sleeve.release].stage not in LIVE:
            assert not state.position(name), f"{name} is off and holds something"
    exchange = runtime.wiring.exchange
    assert exchange is not None
    assert state.equity() == pytest.approx(float(exchange.equity("USDT")))
    with JournalFile(loop.home / "practice" / "cockpit.db") as journal:
        kept = {row["id"]: [line["word"] for line in row["history"]] for row in journal.versions()}
    assert kept == {name: [line.word for line in v.history] for name, v in versions.items()}
    said = subprocess.run(
        [sys.executable, "-m", "cockpit", "audit", "verify", "--data-dir", str(loop.home)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


def proven(loop: Loop, version: Any) -> None:
    """Its passport is one that was issued here, that holds, and that passes by its own numbers."""
    found = next(one for _, one in passports.listed(loop.home) if one.seal == version.passport.digest)
    assert found.passed
    assert found.evidence.judged.passes
    assert passports.faults(loop.home, found) == ()


def test_the_loop_closes_unattended_but_for_the_approvals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    text = settings(
        tmp_path, 60, 24,
        job("ingest", ["data", "import", str(tmp_path / "heard.tape"), "--archive"], "30 0 30 1 *"),
        job("renew", ["renew", SLEEVE, "--archive", "--days", str(PAST), *SEARCH, *EXAMINE], "45 0 30 1 *"),
        job("notice", ["status"], on="rollback"),
    )  # fmt: skip
    loop = lived(tmp_path, 3, 17, [(0, 8)], text)
    assert loop.runtime is not None
    (version,) = loop.runtime.engine.state.release.versions.values()
    assert [
        (word, after if word != "added" else "backtest", who) for _, word, _, after, who in loop.words()
    ] == CLIMB
    assert "1 of 1 pass" in loop.printed("renew")
    proven(loop, version)
    days = {word + after: day for day, word, _, after, _ in loop.words()}
    assert days["promotedprod"] < 8 < days["rolled_backretired"], "the edge was over, and it was seen"
    last = version.history[-1]
    assert version.until == last.ts + 24 * 3_600_000
    assert last.why.startswith(("drawdown", "decay"))
    (notice,) = loop.job("notice")
    assert notice["cause"].startswith(f"event: rollback: {version.id}")
    assert notice["outcome"] == "done"
    assert [word for word, _, _ in loop.said] == ["people"] * 3 + ["approve"] * 3
    listed = json.loads(loop.said[len(PEOPLE)][2])
    assert {row["name"]: row["role"] for row in listed["people"]} == PEOPLE
    assert "newkey" not in loop.said[len(PEOPLE)][2]
    sound(loop)


@pytest.mark.soak
def test_a_quarter_whose_edge_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    renew = ["renew", SLEEVE, "--archive", "--days", str(PAST), *SEARCH, *EXAMINE]
    text = settings(
        tmp_path, 240, 72,
        job("ingest", ["data", "import", str(tmp_path / "heard.tape"), "--archive"], "30 0 1 2 *",
            "rollback"),
        job("renew", renew, "45 0 1 2 *"),
        job("after", renew, on="rollback"),
    )  # fmt: skip
    loop = lived(tmp_path, 3, 92, [(0, 64)], text)
    assert loop.runtime is not None
    story = "\n".join(f"{day:6.2f} {' '.join(rest)}" for day, *rest in loop.words())
    print(story)
    words = [(word, after) for _, word, _, after, _ in loop.words()]
    assert ("promoted", "prod") in words, story
    assert ("rolled_back", "retired") in words, story
    assert loop.job("after"), "a rollback starts a search"
    fallen = next(day for day, word, *_ in loop.words() if word == "rolled_back")
    assert fallen > 64, "not while it earned"
    assert "0 of 1 pass" in loop.printed("after"), "what is gone is not found"
    assert max(day for day, word, *_ in loop.words() if word == "promoted") < fallen, story
    assert all(run["outcome"] == "done" for name in ("renew", "after", "ingest") for run in loop.job(name))
    for version in loop.runtime.engine.state.release.versions.values():
        proven(loop, version)
    sound(loop)


@pytest.mark.soak
def test_an_edge_that_comes_back_is_taken_up_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine days without the edge, then it is there again: the whole way once more, the same two people."""
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    past, found = ["--days", str(PAST), *SEARCH, *EXAMINE], ["--days", "12", *SEARCH, *EXAMINE]
    heard = ["data", "import", str(tmp_path / "heard.tape"), "--archive"]
    renew = ["renew", SLEEVE, "--archive"]
    text = settings(
        tmp_path, 60, 24,
        job("ingest", heard, "30 0 30 1 *"), job("renew", [*renew, *past], "45 0 30 1 *"),
        job("again", heard, "15 0 1 3 *"), job("back", [*renew, *found], "30 0 1 3 *"),
    )  # fmt: skip
    loop = lived(tmp_path, 3, 66, [(0, 8), (17, 99)], text)
    story = "\n".join(f"{day:6.2f} {' '.join(rest)}" for day, *rest in loop.words())
    print(story)
    walked = [
        (word, after if word != "added" else "backtest", who) for _, word, _, after, who in loop.words()
    ]
    assert walked == [*CLIMB, *CLIMB[1:-1]], story
    fallen = next(day for day, word, *_ in loop.words() if word == "rolled_back")
    assert 8 < fallen < 17, story
    assert "1 of 1 pass" in loop.printed("back")
    sound(loop)
