"""Whoever approves through a door is told what the engine made of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from cockpit.app.rig import Handler
from cockpit.app.runtime import Runtime
from cockpit.core.frames import Answer
from cockpit.core.hotlist_frame import hotlist_frame
from tests.core.test_approving import SYMBOL, Desk


def test_a_refusal_is_an_answer_of_no_and_stands_in_the_log() -> None:
    desk = Desk(valid_minutes=60.0)
    handler = Handler(cast(Runtime, SimpleNamespace(engine=desk.stand.engine)))
    desk.say("approve", scan="1")
    refused = handler._decided(Answer("c1", True, "answer.taken"))
    assert (refused.ok, refused.message, refused.args) == (False, "hotlist.newer_scan", {"symbol": SYMBOL})
    desk.say("approve")
    taken = Answer("c2", True, "answer.taken")
    assert handler._decided(taken) is taken
    assert handler._decided(Answer("unheard", True, "answer.taken")).ok

    shown = hotlist_frame(desk.state.hotlist, desk.stand.now)
    assert shown is not None
    assert shown.standings[SYMBOL].word == "approved"
    assert [row.refused for row in shown.log] == ["", "hotlist.newer_scan"]
    assert not shown.expired
    later = hotlist_frame(desk.state.hotlist, desk.stand.now + 61 * 60_000)
    assert later is not None
    assert later.expired
    blank = Desk()
    blank.state.hotlist.scan = None
    assert hotlist_frame(blank.state.hotlist, 0) is None
