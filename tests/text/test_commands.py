"""What a command says of itself, a Chinese reader reads in Chinese."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit import cli
from cockpit.app.console import width
from cockpit.app.grammar import COMMANDS, EXIT_CODES
from cockpit.app.helptext import broken, table
from cockpit.app.parser import build
from cockpit.app.tongue import tongue


def texts(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every sentence of a parser and of those below it."""
    yield from (text for text in (parser.description, parser.epilog) if text)
    yield from (group.title for group in parser._action_groups if group.title)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (row.help for row in action._choices_actions if row.help)
            for below in action.choices.values():
                yield from texts(below)
        elif action.help and action.help != argparse.SUPPRESS:
            yield action.help


SAID = {
    *EXIT_CODES.values(),
    *(text for name in ("", *COMMANDS) for text in texts(build([name] if name else []))),
}


@pytest.mark.parametrize("sentence", sorted(SAID))
def test_help_is_translated(sentence: str) -> None:
    said = table("zh").get(sentence)
    assert said, "commands.zh.toml lacks it"
    names = re.findall(rf"--[a-z-]+|\bcockpit (?:{'|'.join(COMMANDS)})\b", sentence)
    assert [name for name in names if name not in said] == [], "an option or a command is lost"


def test_nothing_is_translated_that_nobody_says() -> None:
    assert sorted(set(table("zh")) - SAID) == []


@pytest.mark.parametrize(
    "words", [["--lang", "zh", "data", "import"], ["--lang=zh"], ["kill", "--lang", "zh"]]
)
def test_a_chinese_page_fits_its_terminal(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit, match="0"):
        cli.main([*words, "--help"])
    page = capsys.readouterr().out
    assert page.startswith("用法：cockpit")
    assert "选项:" in page
    assert "显示本帮助并退出" in page
    shown = page.partition("退出码：")[0]
    assert max(width(line) for line in shown.splitlines()) <= 80


def test_the_language_of_a_line_is_that_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    chinese = {"LC_ALL": "zh_CN.UTF-8"}
    assert tongue([], {}) == "en"
    assert tongue([], chinese) == "zh"
    Path("cockpit.toml").write_text('[screen]\nlanguage = "zh"\n')
    assert tongue([], {"LANG": "C"}) == "zh"
    assert tongue([], {"COCKPIT_SCREEN__LANGUAGE": "en"}) == "en"
    assert tongue(["status", "--set", "screen.language=zh"], {}) == "zh"
    assert tongue(["status", "--lang", "en"], chinese) == "en"
    Path("cockpit.toml").write_text("[screen\n")
    assert tongue([], chinese) == "zh", "a broken file is told where it matters; here the locale speaks"
    assert tongue(["--config", "gone.toml"], chinese) == "zh"


@pytest.mark.parametrize("cells", [10, 11, 24, 57])
def test_lines_are_broken_by_cells_and_lose_nothing(cells: int) -> None:
    text = "名称[:k=v,...]@品种[/周期]；k=v 保持不变，其余（见 cockpit help）照旧。"
    lines = broken(text, cells)
    longest = max(width(word) for word in re.findall(r"[\x20-\x7e]+", text))
    assert all(width(line) <= max(cells, longest + 2) for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line[0] in "，。；）" for line in lines)
    assert broken("", cells) == [""]
