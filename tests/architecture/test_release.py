"""What ``make release`` says of a version: what it runs with, what is known of that, the hashes."""

from __future__ import annotations

import importlib.util
import json
import stat
from pathlib import Path
from typing import Any

import pytest


def script() -> Any:
    """The program that ``make release`` runs: no part of the package."""
    path = Path(__file__).parents[2] / ".release" / "make.py"
    spec = importlib.util.spec_from_file_location("release_make", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = script()


def test_what_it_runs_with_is_locked_and_nothing_else(tmp_path: Path) -> None:
    names = make.runtime_lock(tmp_path / "runtime.lock")
    assert {"aiohttp", "ccxt", "msgspec", "textual"} <= {*names}
    assert {"pytest", "hypothesis", "mypy", "ruff", "numba", "optuna"}.isdisjoint(names)
    assert {"cryptography", "yarl"} <= {*names}, "what they need, too"
    lines = make.locked(tmp_path / "runtime.lock")
    assert sorted(lines) == sorted(names)
    assert all("--hash=sha256:" in text for text in lines.values())


def test_a_package_that_is_not_locked_ends_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "needed", lambda: iter(("msgspec", "left-pad")))
    with pytest.raises(SystemExit, match="left-pad"):
        make.runtime_lock(tmp_path / "runtime.lock")


def auditor(folder: Path, says: str, code: int, errors: str = "") -> Path:
    """A pip-audit that says this."""
    tool = folder / "pip-audit"
    tool.write_text(f"#!/bin/sh\ncat <<'EOF'\n{says}\nEOF\necho '{errors}' >&2\nexit {code}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    return folder


def test_the_audit_says_when_nobody_could_be_asked(tmp_path: Path) -> None:
    target = tmp_path / "audit.json"
    tools = auditor(tmp_path, "", 1, "requests.exceptions.ConnectionError: Max retries exceeded")
    assert make.audit(tools, tmp_path / "runtime.lock", target) == (False, 0)
    assert json.loads(target.read_text()) == {
        "audited": False,
        "why": "the advisory service could not be reached",
    }
    known = {"name": "x", "version": "1", "vulns": [{"id": "CVE-1"}]}
    clean = {"name": "y", "version": "2", "vulns": []}
    auditor(tmp_path, json.dumps({"dependencies": [known, clean]}), 1)
    assert make.audit(tools, tmp_path / "runtime.lock", target) == (True, 1)
    assert json.loads(target.read_text())["vulnerable"] == [known]


def test_the_bill_names_no_registry() -> None:
    digest = {"alg": "SHA-256", "content": "ab"}
    component = {
        "name": "x",
        "description": "requirements line 1",
        "externalReferences": [
            {"type": "distribution", "url": "https://a.registry/x", "hashes": [digest]},
            {"type": "website", "url": "https://elsewhere"},
        ],
    }
    assert make.without_registry(component) == {
        "name": "x",
        "externalReferences": [{"type": "distribution", "url": "urn:sha256:ab", "hashes": [digest]}],
    }


def test_the_sums_are_those_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"a")
    (tmp_path / "b.json").write_bytes(b"b")
    text = make.sums(tmp_path).read_text()
    assert [line.split("  ")[1] for line in text.splitlines()] == ["a.whl", "b.json"]
    assert all(
        line.split("  ")[0] == make.digest(tmp_path / line.split("  ")[1]) for line in text.splitlines()
    )
