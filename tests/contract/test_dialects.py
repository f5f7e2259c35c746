"""What each dialect says and understands: verdicts, requests, messages as the exchanges document them."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.adapters.ccxt_venue import values
from cockpit.adapters.ccxt_venue.binance import Binance
from cockpit.adapters.ccxt_venue.bybit import Bybit
from cockpit.adapters.ccxt_venue.dialect import Child, Dialect, Hint, Now, Restart
from cockpit.adapters.ccxt_venue.door import Address, Verdict
from cockpit.adapters.ccxt_venue.keeper import Keeper
from cockpit.app.exchanges import offered
from cockpit.core import events as ev
from cockpit.core.book import Book
from cockpit.core.config import Config, RiskConfig, SleeveConfig
from cockpit.core.errors import ConfigError, Transient, VenueError
from cockpit.core.intents import Amend, Cancel, Place
from cockpit.core.orders import OrderKind, Role
from cockpit.core.types import Instrument, Kind, PosSide, Side

D = Decimal
ALL: tuple[Dialect, ...] = (Binance(), Bybit())
BINANCE, BYBIT = ALL


def market(name: str) -> Instrument:
    return Instrument(f"{name}:BTCUSDT", Kind.LINEAR, "BTC", "USDT", "USDT", D("0.1"), D("0.001"), D("0.001"))


def wish(kind: OrderKind = OrderKind.LIMIT, **changes: Any) -> Place:
    fields: dict[str, Any] = {
        "cid": "ckd001000000001", "sleeve": "s", "symbol": "binance:BTCUSDT", "side": Side.BUY, "kind": kind,
        "qty": D("0.010"), "price": D("60000.0"), "trigger": None, "take": None, "callback": None,
        "reduce_only": False, "pos_side": PosSide.NET, "role": Role.ENTRY, "tag": "",
    }  # fmt: skip
    return Place(**{**fields, **changes})


# --- verdicts -------------------------------------------------------------------------------------

TIMEOUT = {"code": -1007, "msg": "Timeout waiting for response from backend server."}
UNKNOWN = {"code": -1000, "msg": "Unknown error, please check your request or try again later."}


@pytest.mark.parametrize(
    ("status", "body", "verdict", "code"),
    [
        (200, {"orderId": 22542179, "clientOrderId": "ck1"}, Verdict.DONE, "0"),
        (200, {"algoId": 2146760, "clientAlgoId": "ck1"}, Verdict.DONE, "0"),
        (200, [], Verdict.DONE, "0"),
        (200, {"code": 200, "msg": "success"}, Verdict.DONE, "0"),
        (400, {"code": -2019, "msg": "Margin is insufficient."}, Verdict.REFUSED, "-2019"),
        (400, {"code": -4120, "msg": "use algo"}, Verdict.REFUSED, "-4120"),
        (400, {"code": -4116, "msg": "clientOrderId is duplicated"}, Verdict.AMBIGUOUS, "-4116"),
        (400, TIMEOUT, Verdict.AMBIGUOUS, "-1007"),
        (503, UNKNOWN, Verdict.AMBIGUOUS, "-1000"),
        (503, {"code": -1, "msg": "Service Unavailable."}, Verdict.TRANSIENT, "-1"),
        (502, None, Verdict.AMBIGUOUS, ""),
        (200, None, Verdict.AMBIGUOUS, ""),
        (400, {"code": -1008, "msg": "Request throttled"}, Verdict.TRANSIENT, "-1008"),
        (400, {"code": -1021, "msg": "outside of the recvWindow"}, Verdict.TRANSIENT, "-1021"),
        (429, {"code": -1003, "msg": "Too many requests"}, Verdict.TRANSIENT, "rate"),
        (400, {"code": -1015, "msg": "Too many new orders"}, Verdict.TRANSIENT, "rate"),
        (418, {"code": -1003, "msg": "IP banned"}, Verdict.TRANSIENT, "banned"),
    ],
)
def test_binance_answers(status: int, body: Any, verdict: Verdict, code: str) -> None:
    answer = BINANCE.judge(status, body)
    assert (answer.verdict, answer.code) == (verdict, code)


@pytest.mark.parametrize(
    ("status", "body", "verdict", "code"),
    [
        (200, {"retCode": 0, "retMsg": "OK", "result": {"orderId": "c6f0"}}, Verdict.DONE, "0"),
        (200, {"retCode": 110007, "retMsg": "Insufficient available balance"}, Verdict.REFUSED, "110007"),
        (200, {"retCode": 110072, "retMsg": "OrderLinkedID is duplicate"}, Verdict.AMBIGUOUS, "110072"),
        (200, {"retCode": 10000, "retMsg": "Server Timeout"}, Verdict.AMBIGUOUS, "10000"),
        (200, {"retCode": 10016, "retMsg": "Server error."}, Verdict.AMBIGUOUS, "10016"),
        (500, None, Verdict.AMBIGUOUS, ""),
        (200, {}, Verdict.AMBIGUOUS, ""),
        (200, {"retCode": 10002, "retMsg": "recv_window"}, Verdict.TRANSIENT, "10002"),
        (200, {"retCode": 10006, "retMsg": "Too many visits."}, Verdict.TRANSIENT, "rate"),
        (403, None, Verdict.TRANSIENT, "banned"),
        (200, {"retCode": 10003, "retMsg": "API key is invalid."}, Verdict.REFUSED, "10003"),
    ],
)
def test_bybit_answers(status: int, body: Any, verdict: Verdict, code: str) -> None:
    answer = BYBIT.judge(status, body)
    assert (answer.verdict, answer.code) == (verdict, code)


@given(st.integers(100, 599), st.one_of(st.none(), st.text(), st.lists(st.integers()), st.integers()))
def test_what_is_no_envelope_is_never_a_refusal(status: int, body: Any) -> None:
    """Only the venue's own word buries an order."""
    for dialect in ALL:
        assert dialect.judge(status, body).verdict is not Verdict.REFUSED


# --- requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "force"),
    [(OrderKind.LIMIT, "GTC"), (OrderKind.POST_ONLY, "GTX"), (OrderKind.IOC, "IOC"), (OrderKind.FOK, "FOK")],
)
def test_binance_plain_orders(kind: OrderKind, force: str) -> None:
    call = BINANCE.place(wish(kind, reduce_only=True), market("binance"), hedge=False)
    assert call.method == "fapiPrivatePostOrder"
    assert dict(call.params) == {
        "symbol": "BTCUSDT", "side": "BUY", "quantity": "0.010", "reduceOnly": "true",
        "newClientOrderId": "ckd001000000001", "newOrderRespType": "ACK", "type": "LIMIT",
        "timeInForce": force, "price": "60000.0",
    }  # fmt: skip


def test_binance_protection_rests_on_the_mark_and_has_a_name() -> None:
    stop = wish(OrderKind.STOP, side=Side.SELL, price=None, trigger=D("59000"), reduce_only=True)
    call = BINANCE.place(stop, market("binance"), hedge=False)
    assert call.method == "fapiPrivatePostAlgoOrder"
    assert dict(call.params) == {
        "symbol": "BTCUSDT", "side": "SELL", "quantity": "0.010", "reduceOnly": "true",
        "algoType": "CONDITIONAL", "clientAlgoId": "ckd001000000001", "workingType": "MARK_PRICE",
        "type": "STOP_MARKET", "triggerPrice": "59000",
    }  # fmt: skip
    take = wish(OrderKind.TRIGGER, role=Role.PROTECT, price=None, trigger=D(61000))
    assert BINANCE.place(take, market("binance"), hedge=False).params["type"] == "TAKE_PROFIT_MARKET"
    trail = wish(OrderKind.TRAIL, price=None, callback=D("0.015"), trigger=D(61000))
    call = BINANCE.place(trail, market("binance"), hedge=False)
    assert (call.params["callbackRate"], call.params["activatePrice"]) == ("1.5", "61000")


def test_stops_rest_on_the_price_that_the_settings_name_or_the_start_is_refused() -> None:
    stop = wish(OrderKind.STOP, side=Side.SELL, price=None, trigger=D("59000"), reduce_only=True)
    last, index = (msgspec.structs.replace(stop, watch=watch) for watch in ("last", "index"))
    assert BINANCE.place(last, market("binance"), hedge=False).params["workingType"] == "CONTRACT_PRICE"
    assert BYBIT.place(last, market("bybit"), hedge=False).params["triggerBy"] == "LastPrice"
    assert BYBIT.place(index, market("bybit"), hedge=False).params["triggerBy"] == "IndexPrice"
    sleeve = SleeveConfig("ema_trend", "binance:BTCUSDT", stop_price="index")
    for config in (Config(risk=RiskConfig(stop_price="index")), Config(sleeves=(sleeve,))):
        with pytest.raises(ConfigError, match="no stops on the index price"):
            offered(config, BINANCE)
        offered(config, BYBIT)


def test_two_positions_side_by_side_are_named() -> None:
    close = wish(OrderKind.MARKET, side=Side.SELL, price=None, pos_side=PosSide.LONG, reduce_only=True)
    params = BINANCE.place(close, market("binance"), hedge=True).params
    assert params["positionSide"] == "LONG"
    assert "reduceOnly" not in params  # Binance refuses both together
    body = BYBIT.place(close, market("bybit"), hedge=True).params
    assert (body["positionIdx"], body["reduceOnly"]) == (1, True)


@pytest.mark.parametrize(
    ("side", "kind", "direction"),
    [
        (Side.SELL, OrderKind.STOP, 2), (Side.BUY, OrderKind.STOP, 1),
        (Side.SELL, OrderKind.TRIGGER, 1), (Side.BUY, OrderKind.TRIGGER, 2),
    ],
)  # fmt: skip
def test_bybit_waits_for_the_right_direction(side: Side, kind: OrderKind, direction: int) -> None:
    """A stop sells on a fall and buys on a rise, a take-profit the other way round."""
    action = wish(kind, side=side, price=None, trigger=D(59000), role=Role.PROTECT)
    body = BYBIT.place(action, market("bybit"), hedge=False).params
    assert (body["triggerDirection"], body["triggerBy"], body["orderType"]) == (
        direction,
        "MarkPrice",
        "Market",
    )
    assert body["positionIdx"] == 0


def test_what_is_not_offered_is_said_before_anything_is_sent() -> None:
    for dialect in ALL:
        one = market(dialect.name)
        for action in (
            wish(OrderKind.TRIGGER, price=None, trigger=D(61000)),
            wish(OrderKind.STOP, price=None),
            wish(OrderKind.LIMIT, price=None),
        ):
            with pytest.raises(VenueError):
                dialect.place(action, one, hedge=False)
    with pytest.raises(VenueError, match="does not change"):
        BINANCE.amend(Amend("ck1", "binance:BTCUSDT", D(1), D(1)), Side.BUY, waits=True)
    with pytest.raises(VenueError, match="trails a position"):
        BYBIT.place(wish(OrderKind.TRAIL, price=None, callback=D("0.01")), market("bybit"), hedge=False)


def test_changes_and_cancels_name_the_order_as_the_venue_knows_it() -> None:
    amend = Amend("ck1", "binance:BTCUSDT", D("60001.5"), D("0.020"))
    assert dict(BINANCE.amend(amend, Side.SELL, waits=False).params) == {
        "symbol": "BTCUSDT", "origClientOrderId": "ck1", "side": "SELL", "quantity": "0.020",
        "price": "60001.5",
    }  # fmt: skip
    cancel = Cancel("ck1", "binance:BTCUSDT", "")
    assert BINANCE.cancel(cancel, waits=True, child="").method == "fapiPrivateDeleteAlgoOrder"
    assert BINANCE.cancel(cancel, waits=False, child="77").params["orderId"] == "77"
    assert BYBIT.amend(amend, Side.SELL, waits=True).params["triggerPrice"] == "60001.5"
    assert BYBIT.cancel(cancel, waits=True, child="77").params["orderLinkId"] == "ck1"


# --- private messages -----------------------------------------------------------------------------


def order_push(**changes: Any) -> dict[str, Any]:
    row = {
        "s": "BTCUSDT", "c": "ckd001000000001", "S": "SELL", "o": "MARKET", "f": "GTC", "q": "0.001",
        "p": "0", "ap": "0", "sp": "7103.04", "x": "NEW", "X": "NEW", "i": 8886774, "l": "0", "z": "0",
        "L": "0", "N": "USDT", "n": "0", "T": 1568879465651, "t": 0, "b": "0", "a": "9.91", "m": False,
        "R": False, "wt": "CONTRACT_PRICE", "ot": "MARKET", "ps": "BOTH", "cp": False, "rp": "0",
    }  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "E": 1568879465651, "T": 1568879465650, "o": {**row, **changes}}


def test_a_fill_of_binance_in_full() -> None:
    message = order_push(x="TRADE", X="PARTIALLY_FILLED", l="0.0004", z="0.0004", L="77290.7", n="0.01236651",
                         t=259, m=True)  # fmt: skip
    (fill,) = BINANCE.news(message, 5)
    assert fill == ev.Fill(
        5, "ckd001000000001", "8886774", "259", "binance:BTCUSDT", Side.SELL, D("77290.7"), D("0.0004"),
        D("0.01236651"), "USDT", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"c": "autoclose-1568879465651"}, ev.FillKind.LIQUIDATION),
        ({"c": "adl_autoclose"}, ev.FillKind.ADL),
        ({"c": "web_abc"}, ev.FillKind.TRADE),
    ],
)
def test_what_the_venue_trades_for_us(changes: dict[str, Any], kind: ev.FillKind) -> None:
    news = BINANCE.news(order_push(x="TRADE", X="FILLED", l="1", z="1", L="100", t=1, **changes), 5)
    (fill,) = news  # and nothing about an order of ours
    assert isinstance(fill, ev.Fill)
    assert (fill.cid, fill.kind) == ("", kind)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"x": "CANCELED", "X": "CANCELED"}, "user"),
        ({"x": "EXPIRED", "X": "EXPIRED", "f": "IOC"}, "ioc"),
        ({"x": "EXPIRED", "X": "EXPIRED", "f": "GTX"}, "post_only"),
        ({"x": "EXPIRED", "X": "EXPIRED"}, "expired"),
        ({"x": "EXPIRED", "X": "EXPIRED_IN_MATCH"}, "self_trade"),
    ],
)
def test_why_an_order_of_binance_ended(changes: dict[str, Any], reason: str) -> None:
    (gone,) = BINANCE.news(order_push(z="0.0004", **changes), 5)
    assert gone == ev.Cancelled(5, "ckd001000000001", D("0.0004"), reason)


def algo_push(state: str, **changes: Any) -> dict[str, Any]:
    row = {
        "caid": "ckd001000000001", "aid": 2148719, "at": "CONDITIONAL", "o": "STOP_MARKET", "s": "BNBUSDT",
        "S": "SELL", "ps": "BOTH", "f": "GTC", "q": "0.01", "X": state, "ai": "", "ap": "0.00000",
        "aq": "0.00000", "act": "0", "tp": "750", "p": "0", "V": "EXPIRE_MAKER", "wt": "MARK_PRICE",
        "pm": "NONE", "cp": False, "pP": False, "R": True, "tt": 0, "gtd": 0, "rm": "",
    }  # fmt: skip
    return {"e": "ALGO_UPDATE", "T": 1750515742297, "E": 1750515742303, "o": {**row, **changes}}


def test_the_life_of_a_conditional_order_of_binance() -> None:
    cid = "ckd001000000001"
    assert BINANCE.news(algo_push("NEW"), 5) == [ev.Ack(5, cid, "2148719")]
    assert BINANCE.news(algo_push("TRIGGERED", ai="77"), 5) == [
        Child(cid, "77"), ev.Triggered(5, cid, "stop", D(750)),
    ]  # fmt: skip
    assert BINANCE.news(algo_push("FINISHED", ai="77"), 5) == [Child(cid, "77")]
    assert BINANCE.news(algo_push("CANCELED"), 5) == [ev.Cancelled(5, cid, D(0), "user")]
    (rejected,) = BINANCE.news(algo_push("REJECTED", rm="Reduce Only reject"), 5)
    assert rejected == ev.Cancelled(5, cid, D(0), "rejected Reduce Only reject")
    (odd,) = BINANCE.news(algo_push("DREAMING"), 5)
    assert isinstance(odd, ev.DataFault)
    assert BINANCE.news(algo_push("NEW", caid="somebody"), 5) == []


def test_money_that_moves_beside_orders_is_a_reason_to_read() -> None:
    funding = {"e": "ACCOUNT_UPDATE", "E": 1, "T": 1, "a": {"m": "FUNDING_FEE", "B": [], "P": []}}
    assert BINANCE.news(funding, 5) == [Hint("FUNDING_FEE")]
    assert BINANCE.news({**funding, "a": {"m": "ORDER"}}, 5) == []
    assert isinstance(BINANCE.news({"e": "listenKeyExpired", "E": 1}, 5)[0], Restart)


def bybit_order(state: str, **changes: Any) -> dict[str, Any]:
    row = {
        "category": "linear", "symbol": "BTCUSDT", "orderId": "5cf98598", "side": "Sell",
        "orderType": "Market", "cancelType": "UNKNOWN", "price": "72.5", "qty": "1", "timeInForce": "IOC",
        "orderStatus": state, "orderLinkId": "ckd001000000001", "reduceOnly": False, "leavesQty": "",
        "cumExecQty": "0", "avgPrice": "75", "positionIdx": 0, "createdTime": "1672364262444",
        "rejectReason": "EC_NoError", "stopOrderType": "", "triggerPrice": "", "triggerDirection": 0,
    }  # fmt: skip
    return {"id": "5923", "topic": "order", "creationTime": 1672364262474, "data": [{**row, **changes}]}


def test_the_life_of_an_order_of_bybit() -> None:
    cid = "ckd001000000001"
    assert BYBIT.news(bybit_order("New"), 5) == [ev.Ack(5, cid, "5cf98598"), Now(cid, D("72.5"), D(1))]
    waits = bybit_order("Untriggered", triggerPrice="70", price="0", triggerDirection=2)
    assert BYBIT.news(waits, 5)[1] == Now(cid, D(70), D(1))
    assert BYBIT.news(bybit_order("PartiallyFilled"), 5) == [Now(cid, D("72.5"), D(1))]
    fired = BYBIT.news(bybit_order("Triggered", triggerPrice="70", triggerDirection=2), 5)
    assert fired == [Child(cid, "5cf98598"), ev.Triggered(5, cid, "stop", D(70))]
    fired = BYBIT.news(bybit_order("Triggered", triggerPrice="70", triggerDirection=1), 5)
    assert fired[1] == ev.Triggered(5, cid, "take", D(70))
    (filled,) = BYBIT.news(bybit_order("Filled", cumExecQty="1"), 5)
    assert (filled.state, filled.filled) == ("filled", D(1))  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"orderStatus": "Cancelled", "cancelType": "CancelByUser"}, "user"),
        ({"orderStatus": "Cancelled", "rejectReason": "EC_PostOnlyWillTakeLiquidity"}, "post_only"),
        ({"orderStatus": "Cancelled"}, "ioc"),
        ({"orderStatus": "Deactivated", "cancelType": "CancelByReduceOnly"}, "reduce_only"),
        ({"orderStatus": "Deactivated"}, "no reason given"),
        ({"orderStatus": "Rejected", "rejectReason": "EC_Others"}, "rejected EC_Others"),
    ],
)  # fmt: skip
def test_why_an_order_of_bybit_ended(changes: dict[str, Any], reason: str) -> None:
    """Their answer to a request comes before their decision, so a rejection is the end of a taken order."""
    (gone,) = BYBIT.news(bybit_order("", cumExecQty="0.4", **changes), 5)
    assert gone == ev.Cancelled(5, "ckd001000000001", D("0.4"), reason)


def test_executions_of_bybit() -> None:
    row = {
        "category": "linear", "symbol": "XRPUSDT", "execFee": "0.005061", "execId": "7e2ae69c",
        "execPrice": "0.3374", "execQty": "25", "execType": "Trade", "execValue": "8.435", "isMaker": False,
        "feeRate": "0.0006", "leavesQty": "0", "orderId": "f6e324ff", "orderLinkId": "", "orderPrice": "0.32",
        "orderQty": "25", "orderType": "Market", "side": "Sell", "execTime": "1672364174443",
    }  # fmt: skip
    message: dict[str, Any] = {"topic": "execution", "creationTime": 1672364174455, "data": [row]}
    (fill,) = BYBIT.news(message, 5)
    assert fill == ev.Fill(
        5, "", "f6e324ff", "7e2ae69c", "bybit:XRPUSDT", Side.SELL, D("0.3374"), D(25), D("0.005061"), "USDT",
        False,
    )  # fmt: skip
    (fill,) = BYBIT.news({**message, "data": [{**row, "execType": "BustTrade"}]}, 5)
    assert fill.kind is ev.FillKind.LIQUIDATION  # type: ignore[union-attr]
    assert BYBIT.news({**message, "data": [{**row, "execType": "Funding"}]}, 5) == [Hint("Funding")]
    assert BYBIT.news({**message, "data": [{**row, "category": "spot"}]}, 5) == []


# --- records --------------------------------------------------------------------------------------


def test_bills_of_binance_are_funding_transfers_or_shown() -> None:
    from cockpit.adapters.ccxt_venue.binance.records import Income

    def told(kind: str, amount: str) -> list[Any]:
        return [row.fact for row in BINANCE._bill(Income(kind, amount, "USDT", 7, 9, "BTCUSDT"))]  # type: ignore[attr-defined]

    assert told("FUNDING_FEE", "-0.37500000") == [
        ev.FundingPaid(7, "binance:BTCUSDT", D("-0.37500000"), "USDT", D(0), "FUNDING_FEE-9-USDT")
    ]
    assert told("TRANSFER", "5") == [ev.Transfer(7, "USDT", D(5), "TRANSFER-9-USDT")]
    assert told("COMMISSION", "-1") == told("REALIZED_PNL", "3") == told("FUNDING_FEE", "0") == []
    moved, shown = told("INSURANCE_CLEAR", "-2")
    assert (moved.amount, shown.what) == (D(-2), "bill")


def test_funding_of_bybit_has_the_sign_of_the_wallet() -> None:
    """Their ``funding`` field has had both signs; what the wallet did is ``change``."""
    from cockpit.adapters.ccxt_venue.bybit.records import Log

    row = Log("592324", "SETTLEMENT", "USDT", "-0.003676", "1672128000000", "XRPUSDT", "534c", "0.0001")
    (paid,) = BYBIT._bill(row)  # type: ignore[attr-defined]
    assert (paid.fact.amount, paid.fact.rate) == (D("-0.003676"), D("0.0001"))
    assert not BYBIT._bill(Log("1", "TRADE", "USDT", "-1", "7"))  # type: ignore[attr-defined]
    coins = Log("1", "TRADE", "BTC", "0.1", "7", "BTCUSDT", category="spot")
    moved, shown = BYBIT._bill(coins)  # type: ignore[attr-defined]
    assert (moved.fact.amount, moved.fact.ccy, shown.fact.what) == (D("0.1"), "BTC", "bill")


# --- small parts ----------------------------------------------------------------------------------


def test_numbers_are_exact_or_refused() -> None:
    assert values.number("0.000100000000000000001") == D("0.000100000000000000001")
    assert values.number("") == values.number(None) == 0
    for bad in ("nan", "inf", "1,000", "abc"):
        with pytest.raises(ValueError, match="not a"):
            values.number(bad)
    with pytest.raises(Transient, match="order"):
        values.read({"symbol": 1}, Place, "order")
    assert values.plain(D("1E-7")) == "0.0000001"


def test_brackets_in_money_become_quantities() -> None:
    rows = [(D(300_000), D("0.004"), D(125)), (D(800_000), D("0.005"), D(100))]
    first, second = values.tiers(rows, D(60_000), D("0.001"))
    assert (first.max_qty, first.maintenance, first.max_leverage) == (D("5.000"), D("0.004"), D(125))
    assert second.max_qty == D("13.333")
    assert values.tiers(rows, D(0), D("0.001")) == ()


@pytest.mark.parametrize(("rest", "socket"), [("http://a", ""), ("", "ws://a"), ("ftp://a", "ws://a")])
def test_half_an_address_is_refused(rest: str, socket: str) -> None:
    with pytest.raises(ConfigError, match="address"):
        Address(True, rest, socket)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(0, 40))
def test_a_chain_is_never_followed_past_a_hole(steps: list[int], known: int) -> None:
    """Whatever is lost or comes twice: what the keeper passes on leaves a book whole or shown as broken."""
    keeper, book, at = Keeper(keeps=True), Book(), 0
    told: list[int] = []
    for number, step in enumerate(steps):
        before, at = at, at + 3
        delta = ev.BookDelta(1, "x:Y", 1, ((100.0 - number, 1.0),), ((200.0 + number, 1.0),), at, before)
        times = {0: 0, 3: 2}.get(step, 1)  # lost, doubled, or once
        facts: list[Any] = [fact for _ in range(times) for fact in keeper.delta(delta)]
        if number == known % len(steps):
            whole = ev.BookSnapshot(1, "x:Y", 1, ((1.0, 1.0),), ((300.0, 1.0),), at)
            facts += keeper.snapshot(whole)
        for fact in facts:
            if isinstance(fact, ev.BookSnapshot):
                book.apply_snapshot(fact.bids, fact.asks, fact.seq, fact.ts)
                told.append(fact.seq)
            elif isinstance(fact, ev.BookDelta) and book.apply_delta(
                fact.bids, fact.asks, fact.seq, fact.prev_seq, fact.ts
            ):
                assert fact.prev_seq == told[-1]
                told.append(fact.seq)
        if keeper.whole:
            assert book.ok
            assert keeper.last == book.seq == told[-1]
        else:
            assert not book.ok


def test_every_door_that_is_named_exists_in_ccxt() -> None:
    """A misspelt endpoint would show on the day it is needed."""
    import re
    from pathlib import Path

    import ccxt.async_support

    for dialect in ALL:
        client = getattr(ccxt.async_support, dialect.ccxt_id)
        folder = Path(sys.modules[type(dialect).__module__].__file__ or "").parent
        text = "".join(file.read_text("utf-8") for file in sorted(folder.glob("*.py")))
        named = set(re.findall(r'"((?:fapi|sapi|private|public)\w*(?:Get|Post|Put|Delete)\w+)"', text))
        assert len(named) > 15
        assert [name for name in sorted(named) if not hasattr(client, name)] == []


def test_ccxt_is_loaded_only_when_an_exchange_is_asked() -> None:
    program = (
        "import sys; import cockpit.app.exchanges, cockpit.app.session; "
        "print([n for n in ('ccxt', 'aiohttp') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
