"""A wheel carries what a checkout has: the code, the style sheets, the themes and the documented settings."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel_names(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    target = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(build, cwd=repo, check=True, capture_output=True)
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked(repo: Path, folder: str) -> set[str]:
    listing = subprocess.run(
        ["git", "ls-files", folder], cwd=repo, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return {name for name in listing.stdout.splitlines() if (repo / name).exists()}


def test_the_package_is_whole(repo: Path, wheel_names: set[str]) -> None:
    assert tracked(repo, "cockpit") - wheel_names == set()


def test_what_stands_at_the_top_travels_inside(repo: Path, wheel_names: set[str]) -> None:
    expected = {f"cockpit/_shipped/{name}" for name in tracked(repo, "themes") | {"cockpit.toml"}}
    assert expected - wheel_names == set()


def test_nothing_else_travels(wheel_names: set[str]) -> None:
    assert {name.split("/")[0].split("-")[0] for name in wheel_names} == {"cockpit"}
