"""What is committed works for anybody: it names no package registry and no path of one machine."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

# Joined here so that this file does not find itself.
REGISTRY_HOSTS = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("conda", "anaconda"))
]
REGISTRY = re.compile("|".join(re.escape(host) for host in REGISTRY_HOSTS) + r"|\s--(extra-)?index-url\b")
MACHINE_PATH = re.compile(r"(?<![\w.$}/~-])/(home|Users|root|work|opt|mnt|private|var/folders)/[\w.-]+")


def committed(repo: Path) -> Iterator[tuple[str, str]]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=repo, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listing.stdout.decode().split("\0")):
        try:
            yield name, (repo / name).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError):  # a tape, or a file someone is just moving
            continue


def finds(repo: Path, pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {found.group()}"
        for name, text in committed(repo)
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := pattern.search(line))
    ]


def test_no_registry_is_named(repo: Path) -> None:
    assert finds(repo, REGISTRY) == []


def test_no_machine_path_is_named(repo: Path) -> None:
    assert finds(repo, MACHINE_PATH) == []


def test_every_locked_package_has_hashes(repo: Path) -> None:
    lock = (repo / "requirements.lock").read_text("utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", lock.partition("\n")[2])
    pinned = [entry for entry in entries if re.match(r"[a-z0-9]", entry)]
    assert len(pinned) > 10
    assert [entry.splitlines()[0] for entry in pinned if "--hash=sha256:" not in entry] == []
