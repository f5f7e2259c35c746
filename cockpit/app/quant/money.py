"""Sizes, lots, costs, funding, liquidation, ledgers, fills."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import inf, nan
from typing import Any

from cockpit.app.quant import fn
from cockpit.core import lots
from cockpit.core import margin as margins
from cockpit.core.events import Fill, FundingPaid
from cockpit.core.ledger import Ledger
from cockpit.core.matching import queues
from cockpit.core.matching.books import Working
from cockpit.core.matching.exits import bar_exit
from cockpit.core.matching.rules import Rules
from cockpit.core.orders import OrderKind
from cockpit.core.types import ONE, ZERO, Instrument, Kind, MarginTier, PosSide, Side, exact
from cockpit.portfolio import impact, sizing

fn("target_vol_weights")(sizing.target_vol_weights)
fn("contracts_from_risk")(sizing.contracts_from_risk)
fn("funding_cashflow")(impact.funding_cashflow)
fn("basis_annualised")(impact.basis_annualised)

Number = float | int | str


def dec(value: Number) -> Decimal:
    """A number as a person would write it."""
    return Decimal(value) if isinstance(value, str) else exact(value)


@fn("round_contracts")
def round_contracts(qty: Number, lot_sz: Number, min_sz: Number, mode: str = "down") -> Decimal:
    """Whole lots, toward zero or to the nearest."""
    return lots.round_contracts(dec(qty), dec(lot_sz), dec(min_sz), mode)


@fn("contracts_linear")
def contracts_linear(
    weight: Number,
    equity: Number,
    price: Number,
    ct_val: Number,
    ct_mult: Number,
    lot_sz: Number,
    min_sz: Number,
) -> Decimal:
    """Contracts of a USDT-margined market for a weight."""
    numbers = (dec(v) for v in (weight, equity, price, ct_val, ct_mult, lot_sz, min_sz))
    return sizing.contracts_linear(*numbers)


@fn("contracts_inverse")
def contracts_inverse(
    weight: Number, equity_usd: Number, ct_val: Number, lot_sz: Number, min_sz: Number
) -> Decimal:
    """Contracts of a coin-margined market for a weight."""
    return sizing.contracts_inverse(*(dec(v) for v in (weight, equity_usd, ct_val, lot_sz, min_sz)))


@fn("round_price")
def round_price(price: Number, tick: Number, side: str) -> Decimal:
    """Buys down, sells up."""
    return sizing.round_price(dec(price), dec(tick), side)


@fn("liq_price_linear")
def liq_price_linear(
    side: str, qty: Number, entry: Number, margin: Number, mmr: Number, fee: Number
) -> float:
    """Mark at which an isolated linear position is taken away; 0 = at none."""
    size = _signed(side, dec(qty))
    return float(margins.liquidation_linear(size, abs(size) * dec(entry), dec(margin), dec(mmr), dec(fee)))


@fn("liq_price_inverse")
def liq_price_inverse(
    side: str, notional_usd: Number, entry: Number, margin_coin: Number, mmr: Number, fee: Number
) -> float:
    """The same, coin-margined; inf = never."""
    face = _signed(side, dec(notional_usd))
    found = margins.liquidation_inverse(face, abs(face) / dec(entry), dec(margin_coin), dec(mmr), dec(fee))
    return inf if found == margins.NEVER else float(found)


@fn("tiered_mmr")
def tiered_mmr(size: Number, tiers: Sequence[dict[str, Number]]) -> dict[str, float | None]:
    """Maintenance rate and largest leverage of the whole position's tier; nulls above the last."""
    rows = tuple(MarginTier(dec(t["max_size"]), dec(t["mmr"]), dec(t["max_leverage"])) for t in tiers)
    found = margins.tier_of(_instrument(Kind.LINEAR, ONE, rows), dec(size)) if rows else None
    if found is None:
        return {"mmr": None, "max_leverage": None}
    return {"mmr": float(found.maintenance), "max_leverage": float(found.max_leverage)}


@fn("sqrt_impact")
def sqrt_impact(notional: float, adv: float, sigma_daily: float, y: float = 1.0) -> dict[str, float]:
    """lambda, share of price, money."""
    found = impact.sqrt_impact(notional, adv, sigma_daily, y)
    return {"lambda": found.coefficient, "impact_frac": found.impact_frac, "cost": found.cost}


@fn("bar_exit")
def exit_of_bar(
    side: str, stop: float | None, target: float | None, open: float, high: float, low: float, close: float
) -> dict[str, Any]:
    """What a bar does to a position with a stop and a target."""
    long = _signed(side, ONE) > 0
    levels = (nan if stop is None else stop, nan if target is None else target)
    reason, price = bar_exit(long, *levels, open, high, low)
    return {"reason": reason or None, "price": price}


# --- ledgers -----------------------------------------------------------------------------------------


@fn("ledger_linear")
def ledger_linear(
    fills: Sequence[dict[str, Any]], fundings: Sequence[dict[str, Any]], mark: Number, cash0: Number
) -> dict[str, float]:
    """The real ledger over linear fills (base quantity) and funding; fills before fundings of one instant."""
    instrument = _instrument(Kind.LINEAR, ONE)
    ledger = Ledger(balances={"USDT": dec(cash0)})
    facts: list[tuple[int, int, int, dict[str, Any]]] = []
    facts += [(int(f["ts"]), 0, i, f) for i, f in enumerate(fills)]
    facts += [(int(f["ts"]), 1, i, f) for i, f in enumerate(fundings)]
    for ts, kind, number, fact in sorted(facts, key=lambda row: row[:3]):
        if kind == 0:
            ledger.apply_fill(
                _fill(fact, number, instrument, dec(fact["qty"]) * dec(fact["price"])), instrument
            )
            continue
        held = ledger.net_qty(instrument.symbol)
        if held:
            amount = -held * dec(fact["mark"]) * dec(fact["rate"])
            paid = FundingPaid(ts, instrument.symbol, amount, "USDT", dec(fact["rate"]), f"f{number}")
            ledger.apply_funding(paid, instrument)
    return _told(ledger, instrument, dec(mark), "USDT") | {"funding": _funding(ledger, instrument)}


@fn("ledger_inverse")
def ledger_inverse(
    fills: Sequence[dict[str, Any]], mark: Number, ct_val: Number, coin0: Number
) -> dict[str, float]:
    """The real ledger over coin-margined fills (contracts); everything in coin."""
    instrument = _instrument(Kind.INVERSE, dec(ct_val))
    ledger = Ledger(balances={"COIN": dec(coin0)})
    ordered = sorted(enumerate(fills), key=lambda row: (int(row[1].get("ts", 0)), row[0]))
    for number, fact in ordered:
        worth = dec(fact["qty"]) * dec(ct_val) / dec(fact["price"])
        ledger.apply_fill(_fill(fact, number, instrument, worth), instrument)
    return _told(ledger, instrument, dec(mark), "COIN")


def _fill(fact: dict[str, Any], number: int, instrument: Instrument, worth: Decimal) -> Fill:
    fee = abs(worth) * dec(fact.get("fee_rate", 0))
    side, qty, price = Side(fact["side"]), dec(fact["qty"]), dec(fact["price"])
    known = ("", "", f"t{number}", instrument.symbol, side, price, qty, fee, instrument.settle)
    return Fill(int(fact.get("ts", 0)), *known, maker=False)


def _told(ledger: Ledger, instrument: Instrument, mark: Decimal, currency: str) -> dict[str, float]:
    book = ledger.position(instrument.symbol)
    marks = {instrument.symbol: mark}
    equity = ledger.equity({instrument.symbol: instrument}, marks, currency)
    if book is None:
        zeros = dict.fromkeys(("position", "realised", "fees", "unrealised"), 0.0)
        return {**zeros, "avg_entry": nan, "equity": float(equity)}
    return {
        "position": float(book.qty),
        "avg_entry": float(book.entry) if book.qty else nan,
        "realised": float(book.realised),
        "fees": float(book.fees),
        "unrealised": float(book.unrealised(instrument, mark)),
        "equity": float(equity),
    }


def _funding(ledger: Ledger, instrument: Instrument) -> float:
    book = ledger.position(instrument.symbol)
    return 0.0 if book is None else float(book.funding)


def _instrument(kind: Kind, ct_val: Decimal, tiers: tuple[MarginTier, ...] = ()) -> Instrument:
    grain = Decimal("1e-12")
    settle = "COIN" if kind is Kind.INVERSE else "USDT"
    return Instrument(
        "quant:COIN", kind, "COIN", "USDT", settle, grain, grain, ZERO, contract_value=ct_val, tiers=tiers
    )


def _signed(side: str, size: Decimal) -> Decimal:
    if side not in {"long", "short", "buy", "sell"}:
        raise ValueError(f"side {side!r}: long or short")
    return size if side in {"long", "buy"} else -size


# --- queues ------------------------------------------------------------------------------------------


@fn("queue_risk_averse")
def queue_risk_averse(front: float, lot: float, events: Sequence[dict[str, Any]]) -> list[dict[str, float]]:
    """Only trades and a shrinking level bring a resting order forward."""
    return _queue(front, lot, events, Rules(queue="risk_averse"))


@fn("queue_power")
def queue_power(
    front: float, lot: float, power: float, events: Sequence[dict[str, Any]]
) -> list[dict[str, float]]:
    """Cancels are before or behind us with odds of quantity^power."""
    return _queue(front, lot, events, Rules(queue="power", queue_power=power))


def _queue(
    front: float, lot: float, events: Sequence[dict[str, Any]], rules: Rules
) -> list[dict[str, float]]:
    order = Working(
        "q",
        "q",
        "quant:COIN",
        Side.BUY,
        OrderKind.LIMIT,
        1 << 40,
        1,
        False,
        PosSide.NET,
        0,
        front=front / lot,
    )
    found = []
    for event in events:
        filled = 0
        if event["type"] == "trade":
            filled = queues.traded(order, event["qty"] / lot)
            if filled:
                order.front = 0.0
        elif event["type"] == "depth":
            order.shown = event["prev"] / lot
            queues.resized(order, event["new"] / lot, rules)
        else:
            raise ValueError(f"an event of type {event['type']!r}: trade or depth")
        found.append({"front": order.front * lot, "filled": filled * lot})
    return found
