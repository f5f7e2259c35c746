"""The account's money as the venue tells it (futures mode: every settle currency stands for itself)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from cockpit.adapters.okx_exchange.figures import money
from cockpit.adapters.okx_exchange.positions import mark_of
from cockpit.core.matching import margin
from cockpit.core.matching.account import EXACT, unrealised, worth
from cockpit.core.types import ONE, ZERO, MarginMode, exact

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account

EMPTY = (
    "fixedBal",
    "liab",
    "uplLiab",
    "crossLiab",
    "isoLiab",
    "interest",
    "twap",
    "frpType",
    "maxLoan",
    "borrowFroz",
    "stgyEq",
    "spotInUseAmt",
    "clSpotInUseAmt",
    "maxSpotInUseAmt",
    "spotIsoBal",
    "smtSyncEq",
    "spotCopyTradingEq",
    "openAvgPx",
    "accAvgPx",
    "spotUpl",
    "spotUplRatio",
    "totalPnl",
    "totalPnlRatio",
    "rewardBal",
    "colRes",
    "colBorrAutoConversion",
    "autoLendStatus",
    "autoLendMtAmt",
)
ZEROED = frozenset(
    ("fixedBal", "twap", "frpType", "stgyEq", "spotIsoBal", "smtSyncEq", "spotCopyTradingEq", "rewardBal",
     "colRes", "autoLendMtAmt")
)  # fmt: skip
"""Keys of a currency that say nothing here: "" or "0" as the venue writes them."""


def usd_price(account: Account, ccy: str) -> Decimal:
    """What one unit of a currency is worth in quote currency, by any market's index; 0 = unknown."""
    floors = account.venue.floors.values()
    if any(floor.listed.instrument.quote == ccy for floor in floors):
        return ONE
    for floor in floors:
        if floor.listed.instrument.base == ccy:
            return exact(floor.index_price)
    return ZERO


def currencies(account: Account) -> list[str]:
    """Every currency the account has money or a position in."""
    cash = account.mirrors[MarginMode.CROSS].cash
    held = {position.listed.instrument.settle for position in account.positions.values()}
    return [ccy for ccy in dict.fromkeys((*cash, *sorted(held))) if cash.get(ccy) or ccy in held]


def balance_record(account: Account, now: int, only: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The record of ``account/balance`` and of the ``account`` channel."""
    details = [detail(account, ccy, now) for ccy in currencies(account) if not only or ccy in only]
    total = sum((Decimal(row["eqUsd"]) for row in details), ZERO)
    isolated = sum((Decimal(row["isoEq"]) * usd_price(account, row["ccy"]) for row in details), ZERO)
    row: dict[str, Any] = {"uTime": str(now), "totalEq": money(total), "isoEq": money(isolated)}
    for name in (
        "adjEq", "availEq", "ordFroz", "imr", "mmr", "borrowFroz", "mgnRatio", "notionalUsd",
        "notionalUsdForBorrow", "notionalUsdForSwap", "notionalUsdForFutures", "notionalUsdForOption", "upl",
        "delta", "deltaLever", "deltaNeutralStatus",
    ):  # fmt: skip
        row[name] = ""
    row["details"] = details
    return row


def detail(account: Account, ccy: str, now: int) -> dict[str, Any]:
    """One currency of the balance record."""
    cash = account.mirrors[MarginMode.CROSS].cash.get(ccy, ZERO)
    cross, isolated = account.desk(MarginMode.CROSS), account.desk(MarginMode.ISOLATED)
    pool = cross.pool(ccy)
    locked = cross.locked(ccy) + isolated.locked(ccy)
    iso_equity, iso_profit, notional, maintenance = _positions(account, ccy)
    equity = pool.equity + iso_equity
    free = max(ZERO, pool.equity - pool.initial - locked)
    price = usd_price(account, ccy)
    with localcontext(EXACT):
        ratio = round((pool.equity - locked) / pool.required, 10) if pool.required else None
        lever = round(notional / equity, 10) if equity else ZERO
    return {
        **{name: "0" if name in ZEROED else "" for name in EMPTY},
        "ccy": ccy,
        "eq": money(equity),
        "cashBal": money(cash),
        "spotBal": money(cash),
        "uTime": str(now),
        "isoEq": money(iso_equity),
        "isoUpl": money(iso_profit),
        "availEq": money(free),
        "availBal": money(max(ZERO, min(cash, cash - pool.initial - locked))),
        "frozenBal": money(pool.initial + locked + iso_equity),
        "ordFrozen": money(locked),
        "disEq": money(equity * price),
        "eqUsd": money(equity * price),
        "coinUsdPrice": money(price),
        "upl": money(pool.equity - cash + iso_profit),
        "imr": money(pool.initial),
        "mmr": money(maintenance),
        "mgnRatio": "" if ratio is None else money(ratio),
        "notionalLever": money(lever),
        "collateralRestrict": False,
        "collateralEnabled": False,
    }


def _positions(account: Account, ccy: str) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """(isolated equity, isolated profit, value of all positions, maintenance of cross ones)."""
    equity = profit = notional = maintenance = ZERO
    for position in account.positions.values():
        instrument = position.listed.instrument
        if instrument.settle != ccy:
            continue
        mark = mark_of(account, position)
        value = abs(worth(instrument, position.holding.qty, mark))
        notional += value
        if position.mode is MarginMode.ISOLATED:
            upl = unrealised(instrument, position.holding, mark)
            profit += upl
            equity += position.holding.margin + upl
        else:
            rate = margin.maintenance(instrument, position.holding.qty, account.desk(position.mode).rules)
            maintenance += value * rate
    return equity, profit, notional, maintenance
