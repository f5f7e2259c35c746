"""``cockpit optimize`` and ``cockpit studies`` as a person has them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.app import studies
from tests.cli.conftest import Shell

pytest.importorskip("llvmlite")
SLEEVE = "ema_trend:volume_threshold=0.5,rsi_min=40,rsi_max=90@lab:COIN-USDT"
RANGES = ("--param", "ema_fast=4..12", "--param", "ema_medium=14..20", "--param", "stop_loss_atr=1..4")


def words(tape: str, *more: str) -> list[str]:
    return ["optimize", SLEEVE, "--tape", tape, *RANGES, "--require", "trades>=3", *more]


def test_a_search_is_kept_listed_shown_and_taken_up_again(coin: str, cockpit: Shell, tmp_path: Path) -> None:
    first = cockpit(*words(coin, "--trials", "40", "--study", "a", "--method", "lhs", "--json"))
    assert first.code == 0, first.err
    status = first.json
    assert (status["state"], status["trials"], status["total"], status["method"]) == ("done", 40, 40, "lhs")
    assert status["executor"] == "compiled"
    best = status["best"]
    assert 4 <= best["params"]["ema_fast"] <= 12
    assert best["params"]["volume_threshold"] == "0.5"
    assert best["train"]["trades"] >= 3
    assert best["validate"]["periods"] > 0
    again = cockpit("optimize", "--study", "a", "--resume", "--trials", "60", "--json")
    assert again.code == 0, again.err
    assert again.json["trials"] == 60
    assert sum(again.json["outcomes"].values()) == 60
    whole = cockpit(
        *words(coin, "--trials", "40", "--study", "b", "--method", "lhs", "--workers", "1", "--json")
    )
    assert whole.json["best"] == best
    listed = cockpit("studies")
    assert "ema_trend@lab:COIN-USDT" in listed.out
    shown = cockpit("studies", "show", "a")
    assert "all 60 trials are done" in shown.out
    assert "ema_fast" in shown.out
    assert "too good by construction" in shown.out
    zh = cockpit("studies", "show", "a", "--lang", "zh")
    assert "全部完成" in zh.out
    data = cockpit("studies", "show", "a", "--heat", "ema_fast,ema_medium", "--json").json
    assert sum(cell["count"] for row in data["heat"]["cells"] for cell in row) == sum(
        cell["count"] for cell in data["axes"][0]["cells"]
    )
    drawn = cockpit("studies", "show", "a", "--heat", "ema_fast,ema_medium")
    assert "best score, ema_fast across and ema_medium upwards" in drawn.out
    assert cockpit("studies", "show", "a", "--heat", "ema_fast,luck").code == 2
    assert [axis["name"] for axis in data["space"]["axes"]] == ["ema_fast", "ema_medium", "stop_loss_atr"]


def test_a_study_is_exported_as_a_page_a_table_and_json(coin: str, cockpit: Shell, tmp_path: Path) -> None:
    assert cockpit(*words(coin, "--trials", "40", "--study", "a", "--method", "lhs")).code == 0
    found = cockpit("studies", "export", "a", "--out", str(tmp_path / "out"), "--json")
    assert found.code == 0, found.err
    body = json.loads((tmp_path / "out" / "study.json").read_text())
    page = (tmp_path / "out" / "study.html").read_text("utf-8")
    rows = (tmp_path / "out" / "trials.csv").read_text("utf-8").splitlines()
    assert len(rows) == 41
    assert rows[0].startswith(
        "number,batch,outcome,twin,why,sharpe,ema_fast,ema_medium,stop_loss_atr,searched_total"
    )
    assert body["heat"][0]["x"] == body["axes"][0]["name"]
    assert page.count("<h2>") == 3 + 3
    assert "http" not in page.split("</style>")[1]
    assert "<script" not in page
    zh = cockpit("studies", "export", "a", "--out", str(tmp_path / "zh"), "--lang", "zh")
    assert zh.code == 0, zh.err
    assert "未见" in (tmp_path / "zh" / "study.html").read_text("utf-8")
    assert cockpit("studies", "export", "a").code == 2


def test_a_trial_can_be_repeated_by_the_kernel(coin: str, cockpit: Shell, tmp_path: Path) -> None:
    assert cockpit(*words(coin, "--trials", "12", "--study", "a", "--method", "lhs")).code == 0
    best = cockpit("studies", "repeat", "a", "--json")
    assert (best.code, best.json["same"], best.json["code_changed"]) == (0, True, False), best.err
    other = cockpit("studies", "repeat", "a", "--trial", "3")
    assert (other.code, "trial 3 of a: the kernel finds the same" in other.out) == (0, True)
    assert cockpit("studies", "repeat", "a", "--trial", "99").code == 2
    file = tmp_path / "data" / "studies" / "a" / studies.TRIALS
    with sqlite3.connect(file) as db:
        db.execute("update trials set returns = substr(returns, 1, length(returns) - 4) where number = 3")
    db.close()
    assert cockpit("studies", "repeat", "a", "--trial", "3").code == 1


def test_the_best_of_a_search_is_a_backtest_that_anybody_can_run(coin: str, cockpit: Shell) -> None:
    found = cockpit(
        *words(coin, "--trials", "12", "--study", "a", "--validate", "0", "--impact", "0", "--json")
    )
    best = found.json["best"]
    given = ",".join(f"{name}={value}" for name, value in best["params"].items())
    again = cockpit("backtest", "--tape", coin, "--strategy", f"ema_trend:{given}@lab:COIN-USDT", "--json")
    growth = again.json["report"]["growth"]
    assert growth["sharpe"] == pytest.approx(best["train"]["sharpe"])
    assert growth["mdd"] == pytest.approx(best["train"]["mdd"])


def test_a_search_lets_everybody_else_go_first(
    coin: str, cockpit: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, ...]] = []
    monkeypatch.setattr("os.setpriority", lambda *args: asked.append(args))
    monkeypatch.setattr("os.getpriority", lambda *_args: 0)
    assert cockpit(*words(coin, "--trials", "2", "--study", "n")).code == 0
    assert cockpit(*words(coin, "--trials", "2", "--study", "m", "--nice", "0")).code == 0
    assert asked == [(os.PRIO_PROCESS, 0, 10)]
    assert cockpit(*words(coin, "--study", "o", "--nice", "-5")).code == 2


def test_beside_a_cockpit_that_runs_here_a_search_leaves_it_a_core(
    coin: str, cockpit: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr("cockpit.app.priority.leave_a_core", lambda: left.append(1))
    assert cockpit(*words(coin, "--trials", "2", "--study", "n", "--nice", "0")).code == 0
    assert not left
    monkeypatch.setattr("cockpit.app.whereabouts.running", lambda _data_dir: [Path("practice")])
    assert cockpit(*words(coin, "--trials", "2", "--study", "m", "--nice", "0")).code == 0
    assert left


def test_giving_up_early_runs_most_trials_on_a_part_only(coin: str, cockpit: Shell) -> None:
    found = cockpit(*words(coin, "--trials", "64", "--study", "p", "--method", "lhs", "--prune", "--json"))
    assert found.code == 0, found.err
    outcomes = found.json["outcomes"]
    assert outcomes["pruned"] >= 56
    assert found.json["best"]["validate"]["periods"] > 0
    whole = cockpit(*words(coin, "--trials", "64", "--study", "w", "--method", "lhs", "--json")).json
    assert whole["best"]["scores"] >= found.json["best"]["scores"]
    refused = cockpit(*words(coin, "--study", "q", "--objective", "multi", "--prune"))
    assert (refused.code, "nothing says which trial to give up" in refused.err) == (2, True)


def test_the_address_of_a_shared_study_may_come_from_the_environment_and_its_password_is_not_said(
    coin: str, cockpit: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("optuna")
    monkeypatch.setenv("COCKPIT_STUDY_STORAGE", "postgresql://me:sesame@127.0.0.1:1/x")
    found = cockpit(*words(coin, "--study", "s", "--trials", "2"))
    assert found.code in {2, 4}
    assert "me:***@127.0.0.1" in found.err
    assert "sesame" not in found.out + found.err
    assert "is not a setting" not in found.err


def test_two_machines_share_a_study_through_a_database(coin: str, cockpit: Shell, tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    shared = (
        "--storage",
        f"sqlite:///{tmp_path}/shared.db",
        "--study",
        "s",
        "--method",
        "lhs",
        "--trials",
        "4",
    )
    assert cockpit(*words(coin, *shared, "--json")).json["trials"] == 4
    other = cockpit("--data-dir", str(tmp_path / "other"), *words(coin, *shared, "--machine", "1", "--json"))
    assert other.code == 0, other.err
    assert cockpit("--data-dir", str(tmp_path / "other"), "ledger", "--json").json["trials"] == 8


@pytest.mark.soak
def test_a_cluster_that_does_not_answer_is_said(coin: str, shell: Shell) -> None:
    pytest.importorskip("distributed")
    found = shell(*words(coin, "--study", "c", "--nice", "0", "--cluster", "tcp://127.0.0.1:9"))
    assert (found.code, "no Dask scheduler answers" in found.err) == (2, True), found.err


def test_without_dask_the_line_that_mends_it_is_said(
    coin: str, cockpit: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    found = cockpit(*words(coin, "--study", "c", "--cluster", "tcp://127.0.0.1:9"))
    assert (found.code, "pip install 'cockpit[cluster]'" in found.err) == (2, True)


def test_several_goals_are_a_front(coin: str, cockpit: Shell) -> None:
    found = cockpit(*words(coin, "--trials", "30", "--study", "m", "--objective", "multi", "--json"))
    assert found.json["method"] == "nsga2"
    assert len(found.json["front"]) >= 1
    assert "no other beats" in cockpit("studies", "show", "m").out


def test_what_the_compiler_does_not_know_runs_in_processes(coin: str, cockpit: Shell) -> None:
    found = cockpit(
        "optimize", "grid_trading@lab:COIN-USDT", "--tape", coin, "--trials", "4", "--study", "g",
        "--workers", "1", "--pool", "processes", "--to", "2024-01-06", "--require", "trades>=1", "--json",
    )  # fmt: skip
    assert found.code == 0, found.err
    assert found.json["where"] == "processes"
    assert found.json["executor"].startswith("interpreted: ")
    assert found.json["trials"] == 4


@pytest.mark.parametrize(
    ("more", "code", "sentence"),
    [
        (["optimize"], 2, "needs a strategy and market"),
        (["optimize", "ema_trend@lab:COIN-USDT"], 2, "--tape TAPE"),
        (["optimize", "nobody@lab:COIN-USDT", "--tape", "T"], 2, "no strategy 'nobody'"),
        (["optimize", "ema_trend@lab:GONE", "--tape", "T"], 2, "has no lab:GONE"),
        (["optimize", SLEEVE, "--tape", "T", "--method", "luck"], 2, "no search method 'luck'"),
        (["optimize", SLEEVE, "--tape", "T", "--objective", "luck"], 2, "no objective 'luck'"),
        (["optimize", SLEEVE, "--tape", "T", "--param", "luck=1..2"], 2, "no parameter 'luck'"),
        (["optimize", SLEEVE, "--tape", "T", "--to", "2024-01-02"], 2, "too few to search on"),
        (["optimize", SLEEVE, "--tape", "T", "--trials", "0"], 2, "trials 0"),
        (["optimize", SLEEVE, "--tape", "T", "--workers", "0"], 2, "at least 1"),
        (["optimize", SLEEVE, "--tape", "T", "--study", "../x"], 2, "not a name"),
        (["optimize", SLEEVE, "--tape", "gone.tape"], 5, "gone.tape"),
        (["optimize", "--resume"], 2, "--resume needs --study"),
        (["optimize", "--resume", "--study", "gone"], 2, "cannot be taken up again"),
        (["studies", "show", "gone"], 2, "no study 'gone'"),
        (["studies", "show"], 2, "needs a name"),
    ],
)
def test_what_cannot_be_done_is_said(
    coin: str, cockpit: Shell, more: list[str], code: int, sentence: str
) -> None:
    found = cockpit(*[coin if word == "T" else word for word in more])
    assert (found.code, sentence in found.err) == (code, True), found.err


def test_a_name_is_not_taken_twice_by_accident(coin: str, cockpit: Shell) -> None:
    assert cockpit(*words(coin, "--trials", "4", "--study", "a")).code == 0
    second = cockpit(*words(coin, "--trials", "4", "--study", "a"))
    assert second.code == 2
    assert "--resume goes on with it" in second.err


def test_a_study_that_never_got_anywhere_may_begin_anew(coin: str, cockpit: Shell) -> None:
    refused = cockpit(*words(coin, "--trials", "4", "--study", "a", "--method", "luck"))
    assert refused.code == 2
    assert cockpit(*words(coin, "--trials", "4", "--study", "a", "--method", "lhs")).code == 0


def test_a_search_without_a_single_trade_says_so(coin: str, cockpit: Shell) -> None:
    found = cockpit(
        "optimize", "ema_trend:rsi_min=99,rsi_max=99.5,rsi_short_min=0.1,rsi_short_max=0.2@lab:COIN-USDT",
        "--tape", coin, "--param", "ema_fast=4..12", "--trials", "5", "--study", "n",
    )  # fmt: skip
    assert found.code == 0
    assert "no trial counts" in found.out


def test_ctrl_c_leaves_a_study_that_goes_on(coin: str, cockpit: Shell, repo: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    asked = ("--trials", "100000", "--study", "long", "--method", "lhs", "--nice", "0", "--json")
    command = [sys.executable, "-m", "cockpit", "--data-dir", str(data), *words(coin, *asked)]
    environment = {**os.environ, "PYTHONPATH": str(repo)}
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        try:
            begun = eventually(lambda: studies.read(data, "long"), data / "studies" / "long" / studies.STATUS)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=120)
        finally:
            running.kill()
    assert begun.state == "running"
    assert running.returncode == 130, err
    status = json.loads(out)
    assert status["state"] == studies.read(data, "long").state == "stopped"
    assert status["trials"] > 0
    more = str(status["trials"] + 5)
    done = cockpit("optimize", "--study", "long", "--resume", "--trials", more, "--json")
    assert done.code == 0, done.err
    assert done.json["trials"] == int(more)


def eventually(read: Callable[[], studies.Status], file: Path) -> studies.Status:
    """A study's status, when it has its first trials."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if file.exists() and (found := read()).trials:
            return found
        time.sleep(0.1)
    raise AssertionError("the search has not begun")


def test_every_trial_of_every_study_counts_whatever_is_deleted_or_renamed(
    coin: str, cockpit: Shell, tmp_path: Path
) -> None:
    """Three studies of 40 trials and ten runs by hand are 130 trials."""
    for number in range(3):
        words_ = words(
            coin, "--trials", "40", "--method", "lhs", "--seed", str(number), "--study", f"s{number}"
        )
        assert cockpit(*words_).code == 0
    for fast in range(20, 30):
        sleeve = f"ema_trend:ema_fast={fast},ema_medium=40@lab:COIN-USDT"
        assert cockpit("backtest", "--tape", coin, "--strategy", sleeve, "--brief", "--no-record").code == 0
    data = tmp_path / "data"
    counted = cockpit("ledger", "--json").json
    assert (counted["trials"], counted["rows"]) == (130, 130)
    assert counted["by_source"] == {"optimize": 120, "backtest": 10}
    shutil.rmtree(data / "studies" / "s0")
    (data / "studies" / "s1").rename(data / "studies" / "better-name")
    again = words(coin, "--trials", "40", "--method", "lhs", "--seed", "2", "--study", "another-name")
    assert cockpit(*again).code == 0  # the same trials under another name
    assert cockpit("optimize", "--study", "better-name", "--resume").code == 0
    after = cockpit("ledger", "--json").json
    assert (after["trials"], after["rows"]) == (130, 170)
    assert len(after["by_family"]) == 1
    assert cockpit("ledger", "verify").code == 0


def test_a_trial_whose_count_cannot_be_written_is_not_kept(coin: str, cockpit: Shell, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger").write_text("in the way", "utf-8")
    refused = cockpit(*words(coin, "--trials", "5", "--study", "a"))
    assert refused.code == 4
    assert "ledger" in refused.err
    assert cockpit("studies", "show", "a", "--json").json["trials"] == 0
    assert cockpit("backtest", "--tape", coin, "--brief").code == 4


@pytest.mark.parametrize("command", ["optimize", "studies", "help search"])
def test_without_the_extra_the_line_that_mends_it_is_said(command: str, repo: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['numpy'] = None; from cockpit import cli; sys.exit(cli.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--data-dir", str(tmp_path), *command.split()],
        cwd=repo, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (2, "cockpit: this needs numpy: pip install 'cockpit[lab]'\n")


def test_the_extras_that_are_named_are_those_that_there_are(repo: Path) -> None:
    import tomllib

    from cockpit import cli

    extras = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for extra, modules in cli.EXTRAS.items():
        declared = " ".join(extras[extra]).lower().replace("-", "_")
        for published, imported in (("ta_lib", "talib"), ("scikit_learn", "sklearn")):
            declared = declared.replace(published, imported)
        assert all(module in declared for module in modules), extra
    assert cli.lacking("numpy.linalg") == "this needs numpy: pip install 'cockpit[lab]'"
    assert cli.lacking("json") == ""
