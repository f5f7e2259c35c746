"""Contracts read imports as text; this asks a fresh interpreter what importing the machine really loads."""

import json
import subprocess
import sys
from pathlib import Path

FORBIDDEN = {
    "asyncio",
    "aiosqlite",
    "logging",
    "numpy",
    "platformdirs",
    "pyarrow",
    "random",
    "rich",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "textual",
    "threading",
}

# What the interpreter and the standard library bring when core is given only what it is allowed to use.
BASELINE = ["dataclasses", "decimal", "enum", "msgspec", "typing"]


def loaded_by(modules: list[str], repo: Path) -> set[str]:
    """Every module in memory after a fresh interpreter has imported `modules`."""
    program = (
        "import importlib, json, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "print(json.dumps(list(sys.modules)))\n"
    )
    # -S keeps site-packages' start-up hooks from loading modules on core's account.
    paths = [str(repo), *[path for path in sys.path if path.endswith("site-packages")]]
    run = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {paths!r}\n{program}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


def modules_under(repo: Path, folder: str) -> list[str]:
    files = sorted((repo / "cockpit" / folder).rglob("*.py"))
    names = [".".join(file.relative_to(repo).with_suffix("").parts) for file in files]
    return [name.removesuffix(".__init__") for name in names]


def smuggled(repo: Path, *folders: str) -> set[str]:
    modules = [name for folder in folders for name in modules_under(repo, folder)]
    assert modules
    return (loaded_by(modules, repo) - loaded_by(BASELINE, repo)) & FORBIDDEN


def test_importing_core_loads_no_outside(repo: Path) -> None:
    assert smuggled(repo, "core") == set()


def test_importing_the_pure_half_loads_no_outside(repo: Path) -> None:
    assert smuggled(repo, "text", "core", "indicators", "strategies", "risk", "portfolio") == set()


def test_importing_cockpit_loads_only_itself(repo: Path) -> None:
    added = loaded_by(["cockpit"], repo) - loaded_by([], repo)
    assert added == {"cockpit"}


def test_the_baseline_hides_nothing(repo: Path) -> None:
    """If msgspec itself began to load one of these, the tests above would go blind to it."""
    assert loaded_by(BASELINE, repo) & FORBIDDEN == set()


def test_what_is_smuggled_through_the_standard_library_is_seen(tmp_path: Path) -> None:
    """`statistics` looks pure and is allowed by the contracts, and it brings `random` along."""
    core = tmp_path / "cockpit" / "core"
    core.mkdir(parents=True)
    (core.parent / "__init__.py").touch()
    (core / "__init__.py").write_text("import statistics\n", "utf-8")
    assert smuggled(tmp_path, "core") == {"random"}
