"""Private pushes and records → facts: every recorded one, and the meaning of each field that moves money."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.adapters.okx import frames, private, records
from cockpit.adapters.okx.private import Child, Hint, Holdings, Wallet
from cockpit.adapters.okx.rows import BillRow, FillRow, number
from cockpit.core import events as ev
from cockpit.core.types import PosSide, Side

NOW = 1_772_600_770_500
ORDER = {
    "instType": "SWAP",
    "instId": "BTC-USDT-SWAP",
    "ordId": "3001",
    "clOrdId": "ckd001000000001",
    "px": "61200",
    "sz": "3",
    "ordType": "limit",
    "side": "buy",
    "posSide": "net",
    "fillPx": "",
    "fillSz": "0",
    "tradeId": "",
    "fillFee": "0",
    "fillFeeCcy": "",
    "execType": "",
    "accFillSz": "0",
    "avgPx": "",
    "state": "live",
    "fee": "0",
    "feeCcy": "USDT",
    "category": "normal",
    "cancelSource": "",
    "amendResult": "",
    "reqId": "",
    "algoId": "",
    "algoClOrdId": "",
    "code": "0",
    "msg": "",
}
FILLED = {
    "fillPx": "61200.1",
    "fillSz": "1.2",
    "tradeId": "88",
    "fillFee": "-0.14688",
    "fillFeeCcy": "USDT",
    "execType": "M",
    "accFillSz": "1.2",
    "avgPx": "61200.1",
    "state": "partially_filled",
}


def push(channel: str, *rows: dict[str, Any]) -> list[private.News]:
    arg = {"channel": channel, "instType": "ANY", "uid": "9001"}
    return private.parse(frames.decode(json.dumps({"arg": arg, "data": rows})), NOW)


def test_an_order_that_rests_is_acknowledged() -> None:
    assert push("orders", ORDER) == [ev.Ack(NOW, "ckd001000000001", "3001")]


def test_a_fill_is_told_with_its_exact_numbers_and_our_sign_of_the_fee() -> None:
    (fill,) = push("orders", {**ORDER, **FILLED})
    assert fill == ev.Fill(
        NOW, "ckd001000000001", "3001", "88", "okx:BTC-USDT-SWAP", Side.BUY,
        Decimal("61200.1"), Decimal("1.2"), Decimal("0.14688"), "USDT", True, PosSide.NET,
    )  # fmt: skip


def test_a_maker_rebate_is_a_negative_fee() -> None:
    (fill,) = push("orders", {**ORDER, **FILLED, "fillFee": "0.02"})
    assert isinstance(fill, ev.Fill)
    assert fill.fee == Decimal("-0.02")


def test_filled_says_how_much_there_must_be() -> None:
    news = push("orders", {**ORDER, **FILLED, "state": "filled", "accFillSz": "3"})
    assert isinstance(news[0], ev.Fill)
    assert news[1] == ev.OrderReport(
        NOW, "ckd001000000001", True, True, "filled", Decimal(3), Decimal(61200), Decimal(3), "3001"
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [("1", "user"), ("31", "post_only"), ("14", "ioc"), ("20", "dead man"), ("99", "source 99")],
)
def test_the_reason_of_a_cancel_is_the_venues(source: str, reason: str) -> None:
    row = {**ORDER, "state": "canceled", "cancelSource": source, "accFillSz": "0.4"}
    assert push("orders", row) == [ev.Cancelled(NOW, "ckd001000000001", Decimal("0.4"), reason)]


def test_amends_succeed_or_fail_by_the_push() -> None:
    done = {**ORDER, "amendResult": "0", "px": "61150", "sz": "2", "reqId": "r1"}
    assert push("orders", done)[0] == ev.Amended(NOW, "ckd001000000001", Decimal(61150), Decimal(2))
    failed = {**ORDER, "amendResult": "-1", "code": "51503", "msg": "filled already"}
    assert push("orders", failed)[0] == ev.AmendReject(NOW, "ckd001000000001", "51503", "filled already")


def test_what_is_not_ours_is_told_by_its_fills_only() -> None:
    hand = {**ORDER, **FILLED, "clOrdId": ""}
    (fill,) = push("orders", hand)
    assert isinstance(fill, ev.Fill)
    assert (fill.cid, fill.kind) == ("", ev.FillKind.EXTERNAL)
    assert push("orders", {**ORDER, "clOrdId": "x1"}) == []
    (taken,) = push("orders", {**hand, "category": "full_liquidation"})
    assert isinstance(taken, ev.Fill)
    assert taken.kind is ev.FillKind.LIQUIDATION


def test_a_fill_without_an_identity_is_read_not_booked() -> None:
    """System orders carry trade id 0 for each of their fills: booked by it, the second would be lost."""
    row = {**ORDER, **FILLED, "tradeId": "0", "clOrdId": "", "category": "adl"}
    (hint,) = push("orders", row)
    assert isinstance(hint, Hint)
    assert hint.what == "fills"


def test_the_working_order_of_a_stop_belongs_to_the_stop() -> None:
    row = {**ORDER, **FILLED, "clOrdId": "", "algoClOrdId": "ckd001000000007", "ordId": "3009"}
    child, fill = push("orders", row)
    assert child == Child("ckd001000000007", "3009")
    assert isinstance(fill, ev.Fill)
    assert fill.cid == "ckd001000000007"


ALGO = {
    "instId": "BTC-USDT-SWAP",
    "algoId": "7001",
    "algoClOrdId": "ckd001000000007",
    "ordType": "conditional",
    "state": "live",
    "side": "sell",
    "sz": "1.2",
    "slTriggerPx": "59000",
    "tpTriggerPx": "",
    "triggerPx": "",
    "actualPx": "",
    "actualSide": "",
    "failCode": "",
    "ordId": "",
}


def test_the_life_of_a_stop() -> None:
    ack, now = push("orders-algo", ALGO)
    assert ack == ev.Ack(NOW, "ckd001000000007", "7001")
    assert now == private.Resting("ckd001000000007", Decimal(59000), Decimal("1.2"), None, "conditional")
    fired = {**ALGO, "state": "effective", "actualPx": "58990", "actualSide": "sl", "ordId": "3009"}
    assert push("orders-algo", fired) == [
        Child("ckd001000000007", "3009"),
        ev.Triggered(NOW, "ckd001000000007", "stop", Decimal(58990)),
    ]
    assert push("orders-algo", {**ALGO, "state": "canceled"}) == [
        ev.Cancelled(NOW, "ckd001000000007", Decimal(0), "user")
    ]
    assert push("orders-algo", {**ALGO, "state": "order_failed", "failCode": "51008"}) == [
        ev.Cancelled(NOW, "ckd001000000007", Decimal(0), "failed 51008")
    ]
    fault, ack, _ = push("orders-algo", {**ALGO, "state": "dreaming"}, ALGO)
    assert isinstance(fault, ev.DataFault)  # one strange record does not hide its neighbour
    assert isinstance(ack, ev.Ack)
    (fault,) = push("orders", {**ORDER, "state": "dreaming"})
    assert isinstance(fault, ev.DataFault)


@pytest.mark.parametrize(
    ("row", "leg"),
    [
        ({"ordType": "oco", "actualSide": "tp"}, "take"),
        ({"ordType": "trigger", "triggerPx": "1", "slTriggerPx": ""}, "trigger"),
        ({"ordType": "move_order_stop", "slTriggerPx": ""}, "trail"),
        ({"ordType": "conditional", "slTriggerPx": "", "tpTriggerPx": "70000"}, "take"),
    ],
)
def test_which_leg_went_off(row: dict[str, str], leg: str) -> None:
    news = push("orders-algo", {**ALGO, "state": "effective", **row})
    assert isinstance(news[-1], ev.Triggered)
    assert news[-1].leg == leg


def test_money_that_moves_without_a_fill_causes_a_read() -> None:
    assert push("balance_and_position", {"eventType": "filled"}) == []
    assert push("balance_and_position", {"eventType": "snapshot"}) == []
    assert push("balance_and_position", {"eventType": "funding_fee"}) == [Hint("bills", "funding_fee")]
    assert push("fills", {"instId": "BTC-USDT-SWAP"}) == [Hint("fills", "fills channel")]


def test_positions_and_balances() -> None:
    long_side = {"instId": "BTC-USDT-SWAP", "pos": "2", "posSide": "long", "avgPx": "60000.5"}
    short_side = {**long_side, "posSide": "short"}
    net = {**long_side, "posSide": "net", "pos": "-3"}
    flat = {**long_side, "pos": "0"}
    (held,) = push("positions", long_side, short_side, net, flat)
    assert isinstance(held, Holdings)
    assert [(p.qty, p.pos_side) for p in held.positions] == [
        (Decimal(2), PosSide.LONG),
        (Decimal(-2), PosSide.SHORT),
        (Decimal(-3), PosSide.NET),
    ]
    (wallet,) = push(
        "account", {"details": [{"ccy": "USDT", "cashBal": "10.5"}, {"ccy": "BTC", "cashBal": "0"}]}
    )
    assert wallet == Wallet({"USDT": Decimal("10.5")})


def test_fills_of_rest() -> None:
    row = msgspec.convert(
        {
            "instId": "BTC-USDT", "tradeId": "5", "ordId": "9", "fillPx": "42000.5", "fillSz": "0.001",
            "side": "buy", "execType": "T", "feeCcy": "BTC", "fee": "-0.000001", "subType": "1",
        },
        FillRow,
    )  # fmt: skip
    fill = records.fill(row, "ckd1", NOW)
    assert (fill.fee, fill.fee_ccy, fill.maker, fill.kind) == (
        Decimal("0.000001"),
        "BTC",
        False,
        ev.FillKind.TRADE,
    )
    system = msgspec.structs.replace(row, sub_type="103", trade_id="-8")
    assert records.fill(system, "", NOW).kind is ev.FillKind.LIQUIDATION
    assert records.fill(msgspec.structs.replace(row, sub_type="125"), "", NOW).kind is ev.FillKind.ADL


def bill(kind: str, amount: str) -> list[ev.AnyEvent]:
    row = BillRow(bill_id="77", type=kind, ccy="USDT", bal_chg=amount, inst_id="BTC-USDT-SWAP")
    return records.bill(row, NOW, Decimal("0.0001"))


def test_bills() -> None:
    assert bill("8", "-1.5") == [
        ev.FundingPaid(NOW, "okx:BTC-USDT-SWAP", Decimal("-1.5"), "USDT", Decimal("0.0001"), "77")
    ]
    assert bill("1", "250") == [ev.Transfer(NOW, "USDT", Decimal(250), "77")]
    assert bill("2", "-3") == []  # told by the fills
    interest = bill("7", "-0.01")
    assert interest[0] == ev.Transfer(NOW, "USDT", Decimal("-0.01"), "77")
    assert isinstance(interest[1], ev.DataFault)  # counted, and shown


@given(st.text(max_size=12))
def test_a_number_is_exact_or_refused(text: str) -> None:
    try:
        value = number(text)
    except ValueError:
        return
    assert value.is_finite()


QUIET = ("ws/doc_algo_order.json", "ws/doc_balance_and_position.json")
"""An algo order without a client id is seen in the account's read-back; a snapshot is no news."""
PRIVATE = ("orders", "orders-algo", "account", "positions", "balance_and_position", "fills")


@pytest.mark.shared
def test_every_recorded_message_is_understood_or_refused_with_a_reason(shared: Path) -> None:
    folder = shared / "market" / "okx_messages"
    seen: dict[str, int] = {}
    for entry in json.loads((folder / "INDEX.json").read_text()):
        if not entry["file"].startswith("ws/"):
            continue
        raw = (folder / entry["file"]).read_bytes()
        frame = frames.decode(raw)
        channel = frame.arg.channel
        if channel in PRIVATE:
            news = private.parse(frame, NOW, own="")
            assert news or entry["file"] in QUIET, entry["file"]
            seen[channel] = seen.get(channel, 0) + len(news)
        else:
            for event in frames.parse(raw, NOW):
                if isinstance(event, ev.DataFault):
                    # The documentation's own examples are not all consistent: then the reason is named.
                    assert event.detail, entry["file"]
    assert set(seen) == set(PRIVATE)
    assert seen["balance_and_position"] == 0


@pytest.mark.shared
def test_recorded_orders_mean_what_they_say(shared: Path) -> None:
    folder = shared / "market" / "okx_messages" / "ws"
    news = private.parse(frames.decode((folder / "orders.json").read_bytes()), NOW, own="")
    fill = next(n for n in news if isinstance(n, ev.Fill))
    assert (fill.price, fill.qty, fill.fee, fill.pos_side) == (
        Decimal("103698.9"), Decimal("0.03"), Decimal("0.021776769"), PosSide.LONG,
    )  # fmt: skip
    (fired, *_) = [
        n
        for n in private.parse(frames.decode((folder / "orders_trigger.json").read_bytes()), NOW, own="")
        if isinstance(n, ev.Fill)
    ]
    assert fired.venue_id == "706620792746729999"
