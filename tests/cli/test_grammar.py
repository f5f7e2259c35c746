"""What can be typed, what is said when it cannot, and that nothing heavy is loaded to say it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import cockpit as package
from cockpit.app.grammar import COMMANDS, EXIT_CODES
from cockpit.core import errors
from tests.cli.conftest import Shell

HEAVY = {"aiosqlite", "asyncio", "msgspec", "numpy", "pyarrow", "rich", "socket", "sqlite3", "ssl", "textual"}


def test_the_version_is_the_packages(shell: Shell) -> None:
    found = shell("--version")
    assert (found.code, found.out) == (0, f"cockpit {package.__version__}\n")


def test_help_names_every_command_and_exit_code(shell: Shell) -> None:
    found = shell("--help")
    assert found.code == 0
    assert [name for name in COMMANDS if f"\n    {name} " not in found.out] == []
    assert [code for code in EXIT_CODES if f" {code} " not in found.out] == []


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_loads_nothing_heavy(words: list[str], repo: Path) -> None:
    program = (
        "import sys\nfrom cockpit.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        "import json; print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repo, capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stderr)) & HEAVY == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    from cockpit.cli import main

    with pytest.raises(SystemExit) as left:
        main([name, "--help"])
    assert left.value.code == 0
    text = capsys.readouterr().out
    assert "--json" in text
    assert "--data-dir" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--daemo"], "--daemo; did you mean --daemon?"),
        (["check", "lookahead", "ema_trend", "--from", "2024"], "--from 2024 (see cockpit check --help)"),
        (
            ["data", "import", "x.csv", "--out", "o", "--symbol", "a"],
            "did you mean --symbols? (see cockpit data import",
        ),
        (["backtest", "--strategie", "x"], "did you mean --strategy?"),
        (["--spead", "3"], "there is no option --spead; did you mean --speed?"),
        (["statuz"], "'statuz'; did you mean status?"),
        (["--speed", "7"], "argument --speed: invalid choice"),
        (["--tape"], "argument --tape: expected one argument"),
        (["resume", "--word", "RESUME"], "--reason"),
        (["kill", "--flatten", "--keep"], "not allowed with argument"),
        (["data"], "WHAT"),
        (["new", "rule", "x"], "invalid choice: 'rule'"),
        (["--set", "run.equity"], "--set run.equity: write --set run.equity=5000"),
        (["--set", "run.eqity=5", "strategies"], "did you mean 'run.equity'?"),
        (["strategies", "--set", "run.eqity=5"], "did you mean 'run.equity'?"),
        (["--config", "gone.toml", "strategies"], "there is no file gone.toml"),
        (["--from", "2024-01-01"], "--from and --to are for tapes"),
        (["backtest"], "name what to play: --tape TAPE, or --archive"),
        (["help", "kyes"], "did you mean 'keys'?"),
    ],
)
def test_what_cannot_be_typed_is_explained(words: list[str], said: str, cockpit: Shell) -> None:
    found = cockpit(*words)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith("cockpit: ")
    assert said in found.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["strategies", "--set", "run.plugins_dir=gone"], 3),
        (["replay", "gone.db"], 4),
        (["data", "info", "gone.tape"], 5),
        (["data", "import", "gone.csv", "--out", "new.tape"], 5),
        (["status"], 7),
        (["stop"], 7),
        (["kill"], 7),
        (["resume", "--word", "RESUME", "--reason", "x"], 7),
        (["resume", "--word", "resume", "--reason", "x"], 8),
        (["explain", "nobody"], 1),
    ],
)
def test_failures_have_their_exit_code_and_are_json_on_request(
    words: list[str], code: int, cockpit: Shell
) -> None:
    plain = cockpit(*words)
    assert (plain.code, plain.out) == (code, "")
    assert plain.err.startswith("cockpit: ")
    found = cockpit(*words, "--json")
    assert found.code == code
    assert found.json["error"]["exit_code"] == code
    assert found.json["error"]["message"] in found.err


def test_every_error_has_a_documented_exit_code() -> None:
    kinds = [errors.CockpitError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert {kind.exit_code for kind in kinds} <= EXIT_CODES.keys()


def test_a_bug_of_ours_is_a_sentence(cockpit: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise RuntimeError("oops")

    monkeypatch.setattr("cockpit.app.commands.strategies.run", broken)
    found = cockpit("strategies")
    assert found.code == 70
    assert "internal error: RuntimeError: oops" in found.err
    assert "Traceback" not in found.err
    monkeypatch.setenv("COCKPIT_DEBUG", "1")
    assert "Traceback" in cockpit("strategies").err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_a_full_disk_is_no_bug_of_ours(
    cockpit: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def writes(_: object) -> int:
        Path("/dev/full").write_text("report", "utf-8")
        return 0

    monkeypatch.setattr("cockpit.app.commands.strategies.run", writes)
    found = cockpit("strategies")
    assert found.code == 4
    assert "a file cannot be written or read: No space left on device" in found.err
    assert "bug" not in found.err
    here = tmp_path / "here"
    here.write_text("", "utf-8")
    monkeypatch.setattr("cockpit.app.commands.strategies.run", lambda _: (here / "below").mkdir() or 0)
    found = cockpit("strategies", "--lang", "zh")
    assert found.code == 4
    assert f"{here / 'below'} 无法读写" in found.err


def test_an_interrupt_is_130(cockpit: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("cockpit.app.commands.strategies.run", interrupted)
    assert cockpit("strategies").code == 130


def test_a_reader_who_has_had_enough_is_no_error(repo: Path) -> None:
    pipe = f"{sys.executable} -m cockpit help config | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipe], cwd=repo, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_the_screen_needs_a_terminal(shell: Shell) -> None:
    found = shell()
    assert found.code == 2
    assert "needs a terminal" in found.err


def test_options_stand_before_or_after_the_command(cockpit: Shell) -> None:
    assert cockpit("--json", "strategies").json == cockpit("strategies", "--json").json


def test_the_language_is_chosen_by_option_then_by_locale(
    cockpit: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "topic" in cockpit("help").out
    assert "主题" in cockpit("help", "--lang", "zh").out
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "主题" in cockpit("help").out
    assert "topic" in cockpit("help", "--lang", "en").out
    assert "topic" in cockpit("help", "--set", "screen.language=en").out
