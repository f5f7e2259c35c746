"""Positions as the venue tells them: what is held, what it is worth, what it has earned so far."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.okx_exchange.figures import amount, money, plain
from cockpit.adapters.okx_exchange.listed import Listed
from cockpit.core.matching import margin
from cockpit.core.matching.account import EXACT, Holding, entry, unrealised, worth
from cockpit.core.types import ZERO, Kind, MarginMode, PosSide, exact

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account

Spot = tuple[str, MarginMode, PosSide]
"""(instrument id, margin mode, position side): where a position stands."""


EMPTY = (
    "posCcy", "nonSettleAvgPx", "liab", "liabCcy", "interest", "optVal", "settledPnl",
    "pendingCloseOrdLiabVal", "baseBal", "quoteBal", "baseBorrowed", "baseInterest", "quoteBorrowed",
    "quoteInterest", "deltaBS", "deltaPA", "gammaBS", "gammaPA", "thetaBS", "thetaPA", "vegaBS", "vegaPA",
    "spotInUseAmt", "spotInUseCcy", "clSpotInUseAmt", "maxSpotInUseAmt", "bizRefId", "bizRefType",
    "hedgedPos",
)  # fmt: skip
"""What margin trading and options would say."""


class Position(msgspec.Struct):
    """The life of one position, from opening to full close."""

    pos_id: int
    listed: Listed
    mode: MarginMode
    pos_side: PosSide
    c_time: int
    u_time: int
    holding: Holding
    """The mirror's own; flat once closed."""
    direction: str = "long"
    pnl: Decimal = ZERO
    fee: Decimal = ZERO
    funding: Decimal = ZERO
    penalty: Decimal = ZERO
    trade_id: str = ""
    opened: Decimal = ZERO
    open_cost: Decimal = ZERO
    closed: Decimal = ZERO
    close_cost: Decimal = ZERO
    largest: Decimal = ZERO
    lever: str = ""
    ending: str = "2"
    """How it closed: 1 partly, 2 fully, 3 liquidated."""
    trigger: str = ""

    @property
    def realized(self) -> Decimal:
        return self.pnl + self.fee + self.funding + self.penalty


def mark_of(account: Account, position: Position) -> Decimal:
    """Price the position is valued at; its entry before the market has shown one."""
    floor = account.venue.floors[position.listed.inst_id]
    return exact(floor.mark_price) or entry(position.listed.instrument, position.holding)


def position_record(account: Account, position: Position, now: int) -> dict[str, Any]:
    """The REST and ``positions`` record; every documented key."""
    listed, holding, mode = position.listed, position.holding, position.mode
    instrument, rules = listed.instrument, account.desk(mode).rules
    floor = account.venue.floors[listed.inst_id]
    held = bool(holding.qty)
    mark = mark_of(account, position) if held else ZERO
    value = abs(worth(instrument, holding.qty, mark)) if held else ZERO
    profit = unrealised(instrument, holding, mark) if held else ZERO
    last = exact(floor.last) if held else ZERO
    profit_last = unrealised(instrument, holding, last) if held and last else ZERO
    lever = Decimal(position.lever)
    in_force = margin.max_leverage(instrument, holding.qty, rules) or lever
    cost = abs(holding.cost)
    rate = margin.maintenance(instrument, holding.qty, rules)
    isolated = mode is MarginMode.ISOLATED
    liq = account.desk(mode).liquidation_price(instrument.symbol, position.pos_side) if held else None
    net = position.pos_side is PosSide.NET
    qty = holding.qty if net else abs(holding.qty)
    return {
        **dict.fromkeys(EMPTY, ""),
        "instType": listed.inst_type,
        "instId": listed.inst_id,
        "mgnMode": str(mode),
        "posId": str(position.pos_id),
        "posSide": str(position.pos_side),
        "pos": plain(qty),
        "availPos": "" if net else plain(abs(holding.qty)),
        "avgPx": money(entry(instrument, holding)) if held else "",
        "markPx": amount(floor.mark_price),
        "upl": money(profit) if held else "",
        "uplRatio": money(profit * lever / cost) if cost else "",
        "uplLastPx": money(profit_last) if held else "",
        "uplRatioLastPx": money(profit_last * lever / cost) if cost else "",
        "lever": position.lever,
        "liqPx": money(liq) if liq is not None else "",
        "imr": money(value / in_force) if held and not isolated else "",
        "margin": money(holding.margin) if held and isolated else "",
        "mgnRatio": ratio(account, position, mark, profit) if held else "",
        "mmr": money(value * rate) if held else "",
        "tradeId": position.trade_id,
        "notionalUsd": money(usd(instrument.kind, value, mark)) if held else "",
        "adl": "1" if held else "",
        "ccy": instrument.settle,
        "last": floor.px(floor.ticks(floor.last)),
        "idxPx": amount(floor.index_price),
        "usdPx": "1",
        "bePx": money(break_even(position, exact(float(instrument.taker_fee)))) if held else "",
        "realizedPnl": money(position.realized),
        "pnl": money(position.pnl),
        "fee": money(position.fee),
        "fundingFee": money(position.funding),
        "liqPenalty": money(position.penalty),
        "closeOrderAlgo": account.close_algos(listed.inst_id, position.pos_side) if held else [],
        "cTime": str(position.c_time),
        "uTime": str(position.u_time),
    }


def usd(kind: Kind, value: Decimal, mark: Decimal) -> Decimal:
    """A value in the settle currency as quote currency."""
    return value * mark if kind is Kind.INVERSE else value


def ratio(account: Account, position: Position, mark: Decimal, profit: Decimal) -> str:
    """Margin ratio: 1 is liquidation. Cross: of the whole currency."""
    instrument, desk = position.listed.instrument, account.desk(position.mode)
    with localcontext(EXACT):
        if position.mode is MarginMode.ISOLATED:
            need = margin.required(instrument, position.holding.qty, mark, desk.rules)
            return money(round((position.holding.margin + profit) / need, 10)) if need else ""
        pool = desk.pool(instrument.settle)
        return money(round(pool.equity / pool.required, 10)) if pool.required else ""


def break_even(position: Position, taker: Decimal) -> Decimal:
    """Price at which closing with a taker fee gives back everything the position has cost."""
    holding, instrument = position.holding, position.listed.instrument
    if instrument.kind is Kind.INVERSE:
        return entry(instrument, holding)
    sign = 1 if holding.qty > 0 else -1
    size = abs(holding.qty) * instrument.contract_value
    return (holding.cost - position.realized) * sign / (size * (1 - sign * taker))


def history_record(position: Position) -> dict[str, Any]:
    """The record of ``account/positions-history``."""
    listed = position.listed
    face = listed.instrument.contract_value

    def average(cost: Decimal, qty: Decimal) -> str:
        if not qty or not cost:
            return ""
        value = qty * face
        return money(value / cost) if listed.inverse else money(cost / value)

    base = position.open_cost / Decimal(position.lever) if position.open_cost else ZERO
    return {
        "instType": listed.inst_type,
        "instId": listed.inst_id,
        "mgnMode": str(position.mode),
        "type": position.ending,
        "posId": str(position.pos_id),
        "posSide": str(position.pos_side),
        "direction": position.direction,
        "openAvgPx": average(position.open_cost, position.opened),
        "nonSettleAvgPx": "",
        "closeAvgPx": average(position.close_cost, position.closed),
        "openMaxPos": plain(position.largest),
        "closeTotalPos": plain(position.closed),
        "realizedPnl": money(position.realized),
        "settledPnl": "",
        "pnl": money(position.pnl),
        "pnlRatio": money(round(position.realized / base, 16)) if base else "",
        "fee": money(position.fee),
        "fundingFee": money(position.funding),
        "liqPenalty": money(position.penalty),
        "lever": position.lever,
        "triggerPx": position.trigger,
        "uly": listed.family,
        "ccy": listed.instrument.settle,
        "cTime": str(position.c_time),
        "uTime": str(position.u_time),
    }
