"""Whatever a rule, a breaker, a stop or a sizing can say, a Chinese reader reads in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.text import LANGUAGES, because, say
from cockpit.text.tables import read

SOURCE = Path(__file__).parents[2] / "cockpit"
SPEAKERS = (
    "risk",
    "portfolio/methods",
    "core/gate.py",
    "core/deciding.py",
    "core/guarding.py",
    "core/light.py",
)
"""Where reasons are worded."""
OTHER = frozenset(("{} {} @ {}", "target {}", "{}: {}", "{}, {} x {}/{} = {}", ", {} s left"))
"""How a wish or a formula is written, a rule's name before its reason, the end of one: no sentences."""
TABLE = read("reasons.zh.toml")


def sentences() -> Iterator[str]:
    """Every f-string with words in it, and every plain reason that is given to the gate."""
    for place in SPEAKERS:
        found = SOURCE / place
        for file in sorted(found.rglob("*.py")) if found.is_dir() else [found]:
            yield from said(ast.parse(file.read_text("utf-8")))


def said(tree: ast.Module) -> Iterator[str]:
    """The sentences of one file; a reason that has a name (``WITHHELD``) is looked up there."""
    names = {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    raised = {id(n) for r in ast.walk(tree) if isinstance(r, ast.Raise) for n in ast.walk(r)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in raised:
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("block", "trim"):
            plain = node.args[-1]
            plain = names.get(plain.id, plain) if isinstance(plain, ast.Name) else plain
            yield str(plain.value) if isinstance(plain, ast.Constant) else ""


SAID = sorted({s for s in sentences() if " " in s.strip() and re.search("[a-z]", s)} - OTHER)


@pytest.mark.parametrize("sentence", SAID)
def test_every_reason_has_its_chinese(sentence: str) -> None:
    spoken = re.sub(r"\{\}", "7", sentence).strip()
    assert because(spoken) == spoken
    assert re.search("[一-鿿]", because(spoken, "zh")), f"reasons.zh.toml does not know {sentence!r}"


def test_a_table_uses_every_number_of_its_sentence_once() -> None:
    for sentence, translated in TABLE.items():
        holes = [str(number + 1) for number in range(sentence.count("{}"))]
        assert sorted(re.findall(r"\{(\d)\}", translated)) == holes, sentence


def test_reasons_within_reasons() -> None:
    assert (
        because("3 losses in a row, pause of 300 s, 40 s left", "zh") == "连亏 3 次，暂停 300 秒，还剩 40 秒"
    )
    assert (
        because("net limit 2x equity, the others are +5,000 USDT", "zh")
        == "净敞口上限 2 倍权益，其他合计 +5,000 USDT"
    )
    two = "volatility 0.32 a year (ewma, 48 bars), 1 x 5/0.32 = 15.4; at most 3"
    assert because(two, "zh") == "年化波动率 0.32（ewma，48 根K线），1 x 5/0.32 = 15.4；最多 3"


def test_words_that_are_not_the_machines_stay_as_they_were_said() -> None:
    assert because("51008 余额不足 [bold]", "zh") == "51008 余额不足 [bold]"
    assert because("Order failed", "zh") == "Order failed"
    assert because("evil\x1b[31m", "zh") == because("evil\x1b[31m", "en")


def test_the_news_of_a_rule_is_whole_in_every_language() -> None:
    args = {"rule": "order_rate", "reason": "122 orders in the last minute"}
    assert say("rule.blocked", args, "zh") == "下单频率 否决：最近一分钟已有 122 个订单"
    assert set(LANGUAGES) == {"en", "zh"}
