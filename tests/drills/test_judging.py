"""The score of a drill: each demand fails when it should, and only then."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.app.drills.judging import PERSON, SYSTEM, Ending, Look, Rules, judge
from cockpit.app.drills.watching import naked

RULES = Rules(alarm_s=5.0, naked_s=5.0, limit_s=50.0, halt=True)
CALM = Look(0.2, False, "NORMAL", "green", 0, "", "", False, "WIF-USDT-SWAP 10", "", 1)
LOOKS = (
    CALM,
    msgspec.structs.replace(CALM, at=2.0, alarms=1, first="link.down", light="yellow"),
    msgspec.structs.replace(
        CALM, at=9.0, alarms=2, first="link.down", light="red", halt="confirmed", entries=0
    ),
)
END = Ending(
    alive=True, asked_s=6.0, by="tui:1", deed_s=6.0, deed="halt", confirmed_s=9.0, receipt="abc",
    after_halt=0, twice=0, books_equal=True, chain=100,
)  # fmt: skip


def test_everything_right_is_full_marks() -> None:
    score = judge(LOOKS, END, RULES)
    assert (score.passed, score.system, score.person, score.total) == (True, SYSTEM, PERSON, 100)
    assert (score.alarm_s, score.alarm, score.noticed_s, score.confirmed_s) == (2.0, "link.down", 4.0, 9.0)


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ({"alive": False}, "alive"),
        ({"receipt": ""}, "receipt"),
        ({"after_halt": 1}, "after_halt"),
        ({"twice": 1}, "twice"),
        ({"books_equal": False}, "books"),
        ({"chain": -1}, "journal"),
    ],
)
def test_each_demand_on_the_ending(change: dict[str, object], fails: str) -> None:
    score = judge(LOOKS, msgspec.structs.replace(END, **change), RULES)
    assert [check.name for check in score.checks if not check.ok] == [fails]
    assert score.system < SYSTEM
    assert not score.passed


def test_a_stretch_without_a_stop_is_measured_from_look_to_look() -> None:
    bare = [
        msgspec.structs.replace(CALM, at=float(at), naked="WIF-USDT-SWAP 10", alarms=1) for at in range(7)
    ]
    covered = msgspec.structs.replace(CALM, at=3.5)
    assert judge(bare, END, RULES).naked_s == 6.0
    mended = sorted([*bare, covered], key=lambda look: look.at)
    assert judge(mended, END, RULES).naked_s == 3.0
    assert "naked" in [check.name for check in judge(bare, END, RULES).checks if not check.ok]


def test_silence_is_a_failure_and_a_mute_screen_is_a_word() -> None:
    silent = judge((CALM,), END, RULES)
    assert (silent.alarm_s, [c.name for c in silent.checks if not c.ok][:1]) == (-1.0, ["alarm"])
    mute = msgspec.structs.replace(CALM, at=1.0, mute=True, light="")
    assert judge((CALM, mute), END, RULES).alarm == "mute"
    red_by_the_halt = msgspec.structs.replace(CALM, light="red", halt="asked")
    assert judge((red_by_the_halt,), END, RULES).alarm_s == -1.0


def test_the_person_is_scored_by_the_time_to_the_halt() -> None:
    at = [judge(LOOKS, msgspec.structs.replace(END, asked_s=s, deed_s=s), RULES).person for s in (12, 31, 50)]
    assert at == [PERSON, PERSON / 2, 0]
    nobody = msgspec.structs.replace(END, asked_s=-1.0, deed_s=-1.0, deed="")
    assert judge(LOOKS, nobody, RULES).person == 0
    assert judge(LOOKS, nobody, msgspec.structs.replace(RULES, halt=False)).person == PERSON


def test_entries_that_rest_after_a_halt_are_told() -> None:
    resting = (*LOOKS[:2], msgspec.structs.replace(LOOKS[2], entries=1))
    assert [c.name for c in judge(resting, END, RULES).checks if not c.ok] == ["entries_gone"]


def test_cover_is_counted_by_market_and_side() -> None:
    stop = {"instId": "WIF", "side": "sell", "sz": "6", "state": "live", "closes": True}
    held = {"instId": "WIF", "pos": "10"}
    truth = {"positions": [held], "algos": [stop, stop]}
    assert naked(truth, "WIF") == ""
    assert naked({"positions": [held], "algos": []}, "BTC") == "", "another market"
    assert naked({"positions": [held], "algos": [stop]}, "WIF") == "WIF 4"
    assert naked({"positions": [held], "algos": [stop, {**stop, "state": "canceled"}]}, "WIF") == "WIF 4"
    assert naked({"positions": [held], "algos": [stop, {**stop, "side": "buy"}]}, "WIF") == "WIF 4"
    assert naked({"positions": [{"instId": "WIF", "pos": "-10"}], "algos": [stop, stop]}, "WIF") == "WIF 10"
    assert naked({"positions": [held], "algos": [{**stop, "sz": ""}]}, "WIF") == ""
