"""What is wrong with a command, a file or a setting: a Chinese reader reads it in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit import cli
from cockpit.text import wrong
from cockpit.text.tables import read

SOURCE = Path(__file__).parents[2] / "cockpit"
RAISED = frozenset(
    (
        "Ambiguous",
        "CockpitError",
        "ConfigError",
        "DoorError",
        "NotRunning",
        "PluginError",
        "StoreError",
        "TapeError",
        "Transient",
        "VenueError",
    )
)
"""What is raised on purpose; an InvariantError is ours to read."""
OTHER = frozenset(("{} of {} ms", "@informative({}, {}): {}", "{} in {}"))
NAMED = re.compile(r"(?:[\w{}./-]+: |--[a-z]+ \{\}: )+\{\}")
"""What only names a place before another sentence: no sentences themselves."""
TABLE = read("errors.zh.toml")


def sentences() -> Iterator[str]:
    """The first argument of every error that is made, its values as ``{}``."""
    for file in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                said = _said(node.args[0]) if name in RAISED else ""
                if re.search("[a-z]{2}", said):
                    yield re.sub(r"(\{\}){2,}", "{}", said)


def _said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return (_said(node.left) or "{}") + (_said(node.right) or "{}")
    return ""


SAID = sorted(said for said in set(sentences()) - OTHER if not NAMED.fullmatch(said))


@pytest.mark.parametrize("sentence", SAID)
def test_an_error_is_translated(sentence: str) -> None:
    values = iter(f"V{number}" for number in range(1, 9))
    error = re.sub(r"\{\}", lambda _: next(values), sentence)
    said = wrong(error, "zh")
    assert re.search("[\u4e00-\u9fff]", said), f"errors.zh.toml lacks it: {said}"
    assert sorted(re.findall(r"V\d", said)) == sorted(re.findall(r"V\d", error)), said


@pytest.mark.parametrize("sentence", sorted(TABLE))
def test_no_value_is_lost(sentence: str) -> None:
    holes = {str(number + 1) for number in range(sentence.count("{}"))}
    assert set(re.findall(r"\{(\d)\}", TABLE[sentence])) == holes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status", "--data-dir", "/nowhere"], "cockpit: 此处没有运行中的驾驶舱：/nowhere"),
        (["statuz"], "参数 COMMAND：没有选项 'statuz'；是否想写 status？（见 cockpit --help）"),
        (["--set", "run.equity=abc", "status"], "须为大于 0 的数，而不是 'abc'"),
        (["--set", "run.equty=5", "status"], "没有键 'run.equty'；是否想写 'run.equity'？"),
        (["backtest", "--tape", "/nowhere.tape"], "/nowhere.tape 处没有磁带"),
        (["kill", "--flatten", "--keep"], "参数 --keep：不能与 --flatten 同用"),
    ],
)
def test_the_command_line_says_it(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*words, "--lang", "zh"]) in (2, 5, 7)
    told = capsys.readouterr().err
    assert said in told
    assert cli.main(words) in (2, 5, 7)
    assert not re.search("[\u4e00-\u9fff]", capsys.readouterr().err)


def test_what_nobody_knows_stays_as_it_was_said() -> None:
    assert wrong("51008: no such balance\x1b[2J", "zh") == "51008：no such balance?[2J"
    assert wrong("a\nb", "en") == "a\nb"
