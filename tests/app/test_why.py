"""``cockpit why``: one true sentence for each state a sleeve can be in."""

from __future__ import annotations

from typing import Any

from cockpit.app.why import reasons, text
from cockpit.core.stops import Lock
from tests.core.stand import Stand, loose_rules, places
from tests.risk.test_more_rules import one


def said(stand: Stand, asked: str = "") -> dict[str, Any]:
    row: dict[str, Any] = reasons(stand.state, asked or stand.symbol)["sleeves"][0]
    return row


def answer(stand: Stand) -> str:
    return text(reasons(stand.state, stand.symbol), "en").splitlines()[0]


def test_the_first_gate_that_said_no_with_its_numbers() -> None:
    stand = Stand(rules=one("max_notional", max_notional=3.0))
    stand.want(5)
    row = said(stand)
    assert (row["answer"], row["because"]["rule"]) == ("why.rule", "max_notional")
    assert answer(stand) == "p1: max_notional said no: 5 > 3 USDT (wanted target 5, allowed target 3)"
    assert (row["wants"], row["allowed"]) == ("target 5", "target 3")


def test_the_strategy_wants_nothing_because_of_its_tag() -> None:
    stand = Stand()
    assert answer(stand) == "p1: the strategy has not wanted anything yet"
    stand.wish(lambda _view, want: want.flat("trend-down"))
    assert answer(stand) == "p1: the strategy wants nothing, because trend-down"


def test_nothing_said_no() -> None:
    stand = Stand(rules=loose_rules())
    (place,) = places(stand.want(5))
    assert "is on its way (pending)" in answer(stand)
    stand.reject(place.cid)
    assert "waits 1.0 s after a refusal" in answer(stand)
    (place,) = places(stand.wait(1_000))
    stand.ack(place.cid)
    stand.fill(place.cid)
    assert answer(stand) == "p1: nothing said no: it has what it wants (target 5)"


def test_off_benched_and_locked() -> None:
    stand = Stand()
    stand.state.locks["sleeve:p1"] = Lock("loss_guard", "three in a row", 0)
    stand.want(5)
    assert answer(stand).startswith("p1: loss_guard said no: three in a row, off until")
    assert said(stand)["lock"]["by"] == "loss_guard"
    stand.state.locks.clear()
    stand.sleeve.verdicts = ()
    stand.sleeve.on = False
    assert answer(stand) == "p1: switched off"
    stand.sleeve.benched = "broke"
    assert "taken off by the machine: broke" in answer(stand)
    assert "已被机器停用" in text(reasons(stand.state, stand.symbol), "zh")


def test_a_market_by_its_native_name_or_a_part_and_nothing_else() -> None:
    stand = Stand(sleeves=2)
    assert len(reasons(stand.state, "btc-usdt-swap")["sleeves"]) == 2
    assert [row["sleeve"] for row in reasons(stand.state, "p2")["sleeves"]] == ["p2"]
    none = reasons(stand.state, "DOGE")
    assert (none["sleeves"], none["markets"]) == ([], [stand.symbol])
