"""A new strategy is sound by every check we have, and trades."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from cockpit.lab.compiled.translate import Program
from tests.cli.conftest import Shell

NAME = "zig_zag"


@pytest.fixture(params=[1, 2], ids=["one leg", "pair"])
def written(cockpit: Shell, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    found = cockpit("new", "strategy", NAME, "--legs", str(request.param), "--dir", "own", "--json")
    assert found.code == 0
    assert found.json == {"strategy": NAME, "code": f"own/{NAME}.py", "test": f"own/test_{NAME}.py"}
    return tmp_path / "own"


def tool(repo: Path, *words: str, cwd: Path) -> str:
    """Output of a tool that must be content."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(repo), "PYTHONWARNINGS": "error", "PATH": "", "HOME": str(cwd)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_written_passes_ruff(written: Path, repo: Path) -> None:
    settings = ["--config", str(repo / "pyproject.toml"), "--no-cache"]
    ours = f'lint.isort.known-first-party = ["cockpit", "{NAME}"]'
    tool(repo, "ruff", "check", *settings, "--config", ours, ".", cwd=written)
    tool(repo, "ruff", "format", "--check", *settings, ".", cwd=written)


def test_what_is_written_passes_mypy(written: Path, repo: Path, tmp_path: Path) -> None:
    cache = ["--strict", "--cache-dir", str(tmp_path / "mypy"), "--follow-imports", "silent"]
    tool(repo, "mypy", *cache, f"{NAME}.py", cwd=written)


def test_its_test_runs_it_and_passes(written: Path, repo: Path) -> None:
    said = tool(repo, "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", ".", cwd=written)
    assert "4 passed" in said or "5 passed" in said


def test_its_test_fails_when_the_strategy_is_broken(written: Path, repo: Path) -> None:
    code = written / f"{NAME}.py"
    text = code.read_text("utf-8")
    for right, wrong in (
        ("bar.close > mean and", "bar.close < mean and"),
        ("1 if away > 0", "1 if away < 0"),
    ):
        text = text.replace(right, wrong)
    code.write_text(text, "utf-8")
    with pytest.raises(AssertionError, match=r"[23] failed"):
        tool(repo, "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", ".", cwd=written)


def test_it_can_be_used_at_once(written: Path, shell: Shell) -> None:
    found = shell("strategies", "--set", f"run.plugins_dir={written}", "--json")
    assert NAME in [row["name"] for row in found.json]


def test_in_a_checkout_it_goes_to_the_built_in_folder(repo: Path) -> None:
    from cockpit.app.commands.new import places

    code, test, module = places(NAME, None)
    assert code == repo / "cockpit" / "strategies" / f"{NAME}.py"
    assert test == repo / "tests" / "strategies" / f"test_{NAME}.py"
    assert module == f"cockpit.strategies.{NAME}"


def test_nothing_is_overwritten(written: Path, cockpit: Shell) -> None:
    before = (written / f"{NAME}.py").read_bytes()
    found = cockpit("new", "strategy", NAME, "--dir", "own")
    assert found.code == 2
    assert "exists already" in found.err
    assert (written / f"{NAME}.py").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["Zig", "1st", "a-b", "../up", "x", "class", "test_this", "a" * 41, "zig zag"]
)
def test_a_name_must_be_one(name: str, cockpit: Shell, tmp_path: Path) -> None:
    found = cockpit("new", "strategy", name, "--dir", "own")
    assert found.code == 2
    assert "cannot be a strategy's name" in found.err
    assert not (tmp_path / "own").exists()


def test_a_name_that_is_taken_is_refused(cockpit: Shell) -> None:
    found = cockpit("new", "strategy", "ema_trend", "--dir", "own")
    assert found.code == 2
    assert "cockpit.strategies.ema_trend" in found.err


def test_a_new_strategy_is_written_so_that_it_compiles(cockpit: Shell, tmp_path: Path) -> None:
    """Else its first backtests would run interpreted, and say so. A pair does anyway."""
    assert cockpit("new", "strategy", "zag", "--dir", "own").code == 0
    spec = spec_from_file_location("zag", tmp_path / "own" / "zag.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["zag"] = module
    spec.loader.exec_module(module)
    assert Program(module.Zag, "zag").hooks.keys() == {"on_bar", "on_fill"}
