"""README.md is true: its key table is the keymap's, its files and commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from cockpit.tui.keymap import markdown


def test_the_key_table_is_the_keymap(repo: Path) -> None:
    text = (repo / "README.md").read_text("utf-8")
    table = text.partition("<!-- keys -->")[2].partition("<!-- /keys -->")[0].strip()
    assert table == markdown("en").strip()


def test_linked_files_exist(repo: Path) -> None:
    text = (repo / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (repo / target).is_file(), target


def test_folders_of_the_map_exist(repo: Path) -> None:
    text = (repo / "README.md").read_text("utf-8")
    block = text.partition("## The code in ten lines")[2].split("```")[1]
    for line in block.strip().splitlines():
        for name in re.findall(r"([a-z]+(?:/[a-z]+)*)/ ", line.partition("  ")[0] + " "):
            assert (repo / "cockpit" / name).is_dir(), name


def test_commands_of_the_examples_exist(repo: Path) -> None:
    text = (repo / "README.md").read_text("utf-8")
    block = text.partition("## Headless, attach, replay")[2].split("```")[1]
    known = subprocess.run(
        [sys.executable, "-m", "cockpit", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for line in block.strip().splitlines():
        words = line.split()
        if words and words[0] == "cockpit" and not words[1].startswith("-"):
            assert re.search(rf"\b{words[1]}\b", known), words[1]


def test_decisions_are_numbered_in_their_order(repo: Path) -> None:
    text = (repo / "cockpit" / "DECISIONS.md").read_text("utf-8")
    numbers = [int(found) for found in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
