"""Screen 8: pages of the journal as they are looked at, its filter, the tree of a row, a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.tui.auditing import understood
from cockpit.tui.export import free
from cockpit.tui.picture import Look
from cockpit.tui.spoken import spoken
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play

NOW = made.T0


async def open_page(screen: Cockpit) -> None:
    await screen.press("8")
    await settle(screen)


async def settle(screen: Cockpit) -> None:
    """Time for a filter or cursor to rest, for the question and for the answer."""
    for _ in range(5):
        await screen.show()


def asked(screen: Cockpit, verb: str) -> list[dict[str, str]]:
    return [args for name, args in screen.link.sent if name == verb]


def test_the_chain_of_decisions_is_listed_and_the_row_under_the_cursor_explained(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        table = screen.panel("audit")
        for word in ("wish", "rule", "order", "fill", "HALT", "193,440"):
            assert word in table
        await screen.press("j", "j", "enter")
        await settle(screen)
        tree = screen.panel("chain")
        assert asked(screen, "explain")[-1] == {"cid": "ckp001000000042"}
        places = [tree.index(word) for word in ("heard", "target 3", "max notional", "limit buy", "taker")]
        assert places == sorted(places)
        assert screen.app.desk.desk.focused_panel == "chain"
        await screen.press("enter")
        assert screen.app.desk.desk.focused_panel == "audit"

    play(cockpit, story)


@pytest.mark.parametrize(
    ("kind", "said", "zh"),
    [
        ("signal", "target 0; buy 2.4 @ 2.05 (mm.quote)", "目标 0; 买 2.4 @ 2.05 (mm.quote)"),
        ("signal", "nothing (mm.depth)", "无 (mm.depth)"),
        (
            "gate",
            "buy 2 @ 2.05; sell 2 @ 2.06 → nothing  121 orders in the last minute",
            "买 2 @ 2.05; 卖 2 @ 2.06 → 无  最近一分钟已有 121 个订单",
        ),
        ("order", "oco buy 1.26 at 3172.31 take 3162.51", "OCO 买 1.26 触发价 3172.31 止盈 3162.51"),
        (
            "fill",
            "2.4 @ 2.05 maker, fee 0.001 USDT traded through",
            "2.4 @ 2.05 挂单, 手续费 0.001 USDT 价格穿过",
        ),
        ("cancel", "quote withdrawn", "报价已撤"),
        ("command", "screen sleeve=ema stop", "screen sleeve=ema stop"),
    ],
)
def test_the_machines_words_are_said_in_the_persons_language(kind: str, said: str, zh: str) -> None:
    assert spoken(kind, said, Look(40, 10, lang="zh")) == zh
    english = spoken(kind, said, Look(40, 10)).casefold()
    assert english.replace("take profit", "take") == said.casefold()


def test_the_filter_is_asked_of_the_journal(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        await screen.press("/")
        await screen.type("kind:gate symbol:sol")
        await screen.press("enter")
        await settle(screen)
        assert asked(screen, "audit")[-1] | {"after": ""} == {"symbol": "sol", "kinds": "gate", "after": ""}
        assert "book is 4.2 s old" in screen.panel("audit")
        assert "193,440" not in screen.panel("audit")
        await screen.press("escape")
        await settle(screen)
        assert "193,440" in screen.panel("audit")
        await screen.press("/")
        await screen.type("since:yesterday")
        await screen.press("enter")
        await settle(screen)
        assert "not understood" in screen.panel("audit")

    play(cockpit, story)


def test_one_key_goes_through_the_kinds(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        await screen.press("f")
        await settle(screen)
        assert screen.app.aside.audit.wanted.kinds == {"signal"}
        assert {row.kind for row in screen.app.aside.audit.rows} == {"signal"}

    play(cockpit, story)


@pytest.mark.parametrize(("key", "name"), [("1", "csv"), ("2", "json")])
def test_what_the_filter_shows_becomes_a_file(cockpit: Opened, tmp_path: Path, key: str, name: str) -> None:
    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        await screen.press("e", key)
        await settle(screen)
        (path,) = (tmp_path / "out").iterdir()
        assert path.suffix == f".{name}"
        with path.open(encoding="utf-8", newline="") as file:
            rows: list[Any] = list(csv.DictReader(file)) if name == "csv" else json.load(file)
        assert [int(row["seq"]) for row in rows] == [row.seq for row in made.audit_rows()]
        assert rows[1]["text"] == "order.filled"
        assert any("11 rows" in words for words in screen.toasts)
        assert free(path) != path

    play(cockpit, story, exports_dir=tmp_path / "out")


def test_an_export_that_cannot_be_written_says_so_and_leaves_nothing(cockpit: Opened, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")

    async def story(screen: Cockpit) -> None:
        await open_page(screen)
        await screen.press("e", "1")
        await screen.show()
        assert any("not exported" in words for words in screen.toasts)

    play(cockpit, story, exports_dir=blocked / "out")


def test_a_refusal_is_shown_and_asked_again_later(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        del screen.link.answering["audit"]
        await screen.press("8")
        await screen.show()
        screen.link.answer(False, "door.busy", verb="audit")
        screen.app.tick()
        before = len(asked(screen, "audit"))
        await screen.show()
        assert "too many" in screen.panel("audit")
        assert len(asked(screen, "audit")) == before
        await screen.pass_time(3)
        assert len(asked(screen, "audit")) == before + 1

    play(cockpit, story)


def test_a_filter_is_words_and_names() -> None:
    found = understood("sleeve:ema kind:fill,gate since:-2h until:08:00 cid:ckp1 big loss", NOW)
    assert found.sleeve == "ema"
    assert found.kinds == {"fill", "gate"}
    assert (found.since, found.cid, found.words) == (NOW - 7_200_000, "ckp1", ("big", "loss"))
    assert found.until < NOW
    assert understood("http://x", NOW).words == ("http://x",)
    with pytest.raises(ValueError, match="signal"):
        understood("kind:nonsense", NOW)
