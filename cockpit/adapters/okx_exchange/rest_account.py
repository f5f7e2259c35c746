"""Private REST of the account: money, positions, modes, leverage, fees, bills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cockpit.adapters.okx_exchange.balances import balance_record, currencies, detail
from cockpit.adapters.okx_exchange.bills import bill_record
from cockpit.adapters.okx_exchange.changing import margin_balance, relever
from cockpit.adapters.okx_exchange.endpoints import Call, Limit, Rows, endpoint, page
from cockpit.adapters.okx_exchange.figures import amount, money, number, plain
from cockpit.adapters.okx_exchange.floor import Floor
from cockpit.adapters.okx_exchange.placing import choice, floor_of, largest
from cockpit.adapters.okx_exchange.positions import history_record, position_record
from cockpit.adapters.okx_exchange.refusals import Refusal, missing, unknown_instrument, wrong
from cockpit.adapters.okx_exchange.rest_public import instruments
from cockpit.core.types import MarginMode, PosSide, exact

READ, TRADE = "read_only", "trade"
WEEK, QUARTER = 604_800_000, 7_776_000_000
MODES = frozenset(("cross", "isolated"))


@endpoint("GET", "account/config", Limit(5, scope="uid"), permission=READ)
def config(call: Call) -> Rows:
    account, key = call.account, call.key
    assert key is not None
    empty = (
        "levelTmp",
        "settleCcy",
        "stgyType",
        "spotOffsetType",
        "feeType",
        "ip",
        "label",
        "opAuth",
        "uid",
        "mainUid",
    )
    row: dict[str, Any] = dict.fromkeys(empty, "")
    row |= {
        "uid": account.uid,
        "mainUid": account.uid,
        "acctLv": "2",
        "acctStpMode": account.stp_mode,
        "posMode": "long_short_mode" if account.hedged else "net_mode",
        "autoLoan": False,
        "greeksType": "PA",
        "feeType": "0",
        "level": "Lv1",
        "ctIsoMode": "automatic",
        "mgnIsoMode": "automatic",
        "liquidationGear": "-1",
        "label": "cockpit",
        "roleType": "0",
        "spotRoleType": "0",
        "traderInsts": [],
        "spotTraderInsts": [],
        "opAuth": "0",
        "kycLv": "3",
        "perm": ",".join(key.permissions),
        "type": "0",
        "settleCcyList": [],
        "enableSpotBorrow": False,
        "spotBorrowAutoRepay": False,
        "stgyType": "0",
    }
    return [row | account.told]


@endpoint("GET", "account/balance", Limit(10, scope="uid"), permission=READ)
def balance(call: Call) -> Rows:
    return [balance_record(call.account, call.now, frozenset(filter(None, call.get("ccy").split(","))))]


@endpoint("GET", "account/positions", Limit(10, scope="uid"), permission=READ)
def positions(call: Call) -> Rows:
    ids, pos_ids, kind = (call.get(name) for name in ("instId", "posId", "instType"))
    rows = [position_record(call.account, p, call.now) for p in call.account.positions.values()]
    return [
        row
        for row in rows
        if (not ids or row["instId"] in ids.split(","))
        and (not pos_ids or row["posId"] in pos_ids.split(","))
        and kind in ("", row["instType"])
    ]


@endpoint("GET", "account/positions-history", Limit(10, scope="uid"), permission=READ)
def positions_history(call: Call) -> Rows:
    wanted = {name: call.get(name) for name in ("instType", "instId", "mgnMode", "type", "posId")}
    rows = [history_record(position) for position in reversed(call.account.closed)]
    rows = [row for row in rows if all(not value or row[name] == value for name, value in wanted.items())]
    return page(rows, call, "uTime", stamp="uTime")


@endpoint("GET", "account/account-position-risk", Limit(10, scope="uid"), permission=READ)
def risk(call: Call) -> Rows:
    account = call.account
    money_rows = [
        {"ccy": ccy, "eq": row["eq"], "disEq": row["disEq"]}
        for ccy in currencies(account)
        for row in [detail(account, ccy, call.now)]
    ]
    held = [
        {**position_record(account, p, call.now), "notionalCcy": amount(coins)}
        for p in account.positions.values()
        for floor in [call.venue.floors[p.listed.inst_id]]
        for coins in [floor.worth(float(abs(p.holding.qty)), floor.mark_price)[0]]
    ]
    return [{"adjEq": "", "balData": money_rows, "posData": held, "ts": str(call.now)}]


@endpoint("GET", "account/instruments", Limit(20, scope="uid type"), permission=READ)
def own_instruments(call: Call) -> Rows:
    return instruments(call)  # type: ignore[return-value]


@endpoint("POST", "account/set-position-mode", Limit(5, scope="uid"), permission=TRADE)
def position_mode(call: Call) -> Rows:
    account = call.account
    word = choice(call.params, "posMode", frozenset(("net_mode", "long_short_mode")))
    hedged = word == "long_short_mode"
    if hedged != account.hedged:
        if account.live or account.positions or account.live_algos:
            raise Refusal(
                "59000",
                "Setting failed. Cancel any open orders, close positions, and stop trading bots first.",
            )
        account.set_hedged(hedged)
    return [{"posMode": word}]


@endpoint("POST", "account/set-leverage", Limit(20, scope="uid"), permission=TRADE)
def set_leverage(call: Call) -> Rows:
    account = call.account
    mode = MarginMode(choice(call.params, "mgnMode", MODES))
    if not call.get("instId"):
        raise missing("instId")
    floor = floor_of(account, call.params)
    lever = number(call.params, "lever")
    if lever is None:
        raise missing("lever")
    if not floor.listed.swap:
        raise Refusal("51010", "You can't complete this request under your current account mode.")
    if lever < 1 or lever > floor.listed.max_leverage:
        raise Refusal("59102", "Leverage exceeds the maximum leverage. Please lower the leverage.")
    word = call.get("posSide") or "net"
    if word not in ("net", "long", "short"):
        raise wrong("posSide")
    sides = [PosSide(word)]
    if account.hedged and word == "net":
        sides = [PosSide.LONG, PosSide.SHORT]
    for position in account.positions.values():
        if position.listed is floor.listed and position.mode is mode is MarginMode.ISOLATED:
            relever(account, position, lever)
    for side in sides:
        account.set_lever(floor, mode, side, lever)
    return [
        {"lever": plain(lever), "mgnMode": str(mode), "instId": floor.listed.inst_id, "posSide": str(side)}
        for side in sides
    ]


@endpoint("GET", "account/leverage-info", Limit(20, scope="uid"), permission=READ)
def leverage_info(call: Call) -> Rows:
    account = call.account
    mode = MarginMode(choice(call.params, "mgnMode", MODES))
    sides = (PosSide.LONG, PosSide.SHORT) if account.hedged else (PosSide.NET,)
    return [
        {"instId": floor.listed.inst_id, "ccy": "", "mgnMode": str(mode), "posSide": str(side),
         "lever": account.lever(floor.listed.inst_id, mode, side)}
        for floor in several(call)
        for side in sides
    ]  # fmt: skip


def several(call: Call) -> list[Floor]:
    """Markets of a comma list. Raises Refusal 50014, 51001."""
    found = []
    for inst_id in call.need("instId").split(","):
        floor = call.venue.floors.get(inst_id)
        if floor is None:
            raise unknown_instrument()
        found.append(floor)
    return found


@endpoint("GET", "account/max-size", Limit(20, scope="uid"), permission=READ)
def max_size(call: Call) -> Rows:
    mode = MarginMode(choice(call.params, "tdMode", MODES | {"cash"}))
    rows = []
    for floor in several(call):
        px = number(call.params, "px") or exact(floor.mark_price)
        lever = number(call.params, "leverage") or Decimal(call.account.lever(floor.listed.inst_id, mode))
        buy, sell = largest(call.account, floor, mode, px, lever)
        rows.append(
            {"instId": floor.listed.inst_id, "ccy": floor.listed.instrument.settle, "maxBuy": plain(buy),
             "maxSell": plain(sell)}
        )  # fmt: skip
    return rows


@endpoint("GET", "account/max-avail-size", Limit(20, scope="uid"), permission=READ)
def max_avail(call: Call) -> Rows:
    choice(call.params, "tdMode", MODES | {"cash"})
    rows = []
    for floor in several(call):
        instrument = floor.listed.instrument
        buy = call.account.free(instrument.settle if floor.listed.swap else instrument.quote)
        sell = call.account.free(instrument.settle if floor.listed.swap else instrument.base)
        rows.append({"instId": floor.listed.inst_id, "availBuy": money(buy), "availSell": money(sell)})
    return rows


@endpoint("POST", "account/position/margin-balance", Limit(20, scope="uid"), permission=TRADE)
def move_margin(call: Call) -> Rows:
    return [margin_balance(call.account, call.params)]


@endpoint("GET", "account/trade-fee", Limit(5, scope="uid"), permission=READ)
def trade_fee(call: Call) -> Rows:
    kind = call.need("instType")
    family, inst_id = call.get("instFamily") or call.get("uly"), call.get("instId")
    floor = next(
        (
            f
            for f in call.venue.floors.values()
            if f.listed.inst_type == kind
            and inst_id in ("", f.listed.inst_id)
            and family in ("", f.listed.family)
        ),
        None,
    )
    if floor is None:
        raise unknown_instrument()
    maker, taker = (
        plain(-fee) for fee in (floor.listed.instrument.maker_fee, floor.listed.instrument.taker_fee)
    )
    by_coin = not floor.listed.swap or floor.listed.inverse
    return [
        {
            "category": "1", "delivery": "", "exercise": "", "feeGroup": [
                {"groupId": "1" if not floor.listed.swap else "2", "maker": maker, "taker": taker}],
            "fiat": [], "instType": kind, "level": "Lv1", "maker": maker if by_coin else "",
            "taker": taker if by_coin else "", "makerU": "" if by_coin else maker,
            "takerU": "" if by_coin else taker, "makerUSDC": "", "takerUSDC": "", "ruleType": "normal",
            "settle": "", "ts": str(call.now),
        }
    ]  # fmt: skip


def bill_rows(call: Call, reach: int) -> Rows:
    wanted = {name: call.get(name) for name in ("instType", "instId", "ccy", "mgnMode", "type", "subType")}
    wanted = {name: value for name, value in wanted.items() if value}
    contract = call.get("ctType")
    inverse = {f.listed.inst_id for f in call.venue.floors.values() if f.listed.inverse}
    records = (bill_record(bill) for bill in reversed(call.account.bills) if bill.ts >= call.now - reach)
    rows = (
        row
        for row in records
        if all(row[name] == value for name, value in wanted.items())
        and (not contract or (row["instId"] in inverse) == (contract == "inverse"))
    )
    return page(rows, call, "billId")


@endpoint("GET", "account/bills", Limit(5, 1_000, "uid"), permission=READ)
def bills(call: Call) -> Rows:
    return bill_rows(call, WEEK)


@endpoint("GET", "account/bills-archive", Limit(5, 2_000, "uid"), permission=READ)
def bills_archive(call: Call) -> Rows:
    return bill_rows(call, QUARTER)


@endpoint("GET", "account/interest-accrued", Limit(5, scope="uid"), permission=READ)
def interest(call: Call) -> Rows:
    """Nobody borrows here."""
    return []


@endpoint("GET", "asset/currencies", Limit(6, 1_000, "uid"), permission=READ)
def asset_currencies(call: Call) -> Rows:
    names: dict[str, None] = {}
    for floor in call.venue.floors.values():
        names |= dict.fromkeys((floor.listed.instrument.base, floor.listed.instrument.quote))
    blank = (
        "logoLink", "mainNet", "minDep", "minDepArrivalConfirm", "minWdUnlockConfirm", "depQuotaFixed",
        "usedDepQuotaFixed", "wdQuota", "usedWdQuota", "depQuoteDailyLayer2", "maxFeeForCtAddr",
        "minFeeForCtAddr", "burningFeeRate", "ctAddr",
    )  # fmt: skip
    return [
        {
            **dict.fromkeys(blank, ""),
            "ccy": ccy,
            "chain": f"{ccy}-Cockpit",
            "name": ccy,
            "canDep": False,
            "canWd": False,
            "canInternal": False,
            "needTag": False,
            "mainNet": True,
            "fee": "0",
            "minFee": "0",
            "maxFee": "0",
            "minWd": "1",
            "maxWd": "1000000",
            "wdTickSz": "8",
        }
        for ccy in names
    ]


@endpoint("GET", "asset/balances", Limit(6, 1_000, "uid"), permission=READ)
def funding_balance(call: Call) -> Rows:
    """The funding account is empty: all money is in the trading account."""
    wanted = frozenset(filter(None, call.get("ccy").split(",")))
    ours = currencies(call.account)
    return [
        {"ccy": ccy, "bal": "0", "frozenBal": "0", "availBal": "0"}
        for ccy in ours
        if not wanted or ccy in wanted
    ]
