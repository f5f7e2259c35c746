"""Instrument and configuration → a machine before its first bar, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_CEILING, Context, Decimal
from math import nan
from typing import Any

from cockpit.core.config import Config
from cockpit.core.matching import Rules
from cockpit.core.matching.margin import liquidation_fee
from cockpit.core.registry import RULES
from cockpit.core.types import ONE, ZERO, Instrument, InstrumentState, Kind
from cockpit.core.worth import alike
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.compiled.records import Machine
from cockpit.lab.compiled.rows import RING, TIERS
from cockpit.lab.compiled.tape import Tape, split

SCALAR = frozenset((
    "latency", "margin_use", "max_leverage", "max_notional", "min_confidence", "min_depth", "order_rate",
    "price_band", "repeated_entries", "stale_data", "strangers", "strategy_limit", "tradable",
))  # fmt: skip
"""Every rule that has its form in ``gate``."""
SILENT = frozenset(("stage_limit",))
"""It asks canaries only, and a backtest has none."""
SLOWEST_ANSWER_MS = 5_000
"""From here on the kernel would ask what became of each request."""
EXACT = Context(prec=80)
GRAINS = Decimal("1e18")


def check(instrument: Instrument, tape: Tape, config: Config, hooks: Sequence[str]) -> None:
    """Raise Unsupported for what can be told before the first bar."""
    venue, spot = config.venue, instrument.kind is Kind.SPOT
    money = instrument.quote if spot else instrument.settle
    converts = instrument.base if instrument.kind is Kind.INVERSE else instrument.quote
    strangers = sorted(name for name in set(RULES) - SCALAR - SILENT if _needed(name, config))
    reasons = {
        "a strategy without on_bar": "on_bar" not in hooks,
        f"rules without a scalar form: {', '.join(strangers)}": bool(strangers),
        "rules that are not loaded": not set(RULES) >= SCALAR,
        "trading is switched off": not config.run.trading_enabled,
        "long/short position mode": venue.position_mode != "net" and not spot,
        "isolated margin": venue.margin_mode != "cross" and not spot,
        "latency that varies": bool(venue.latency_jitter_ms or venue.latency_file),
        "cancels that may be refused": bool(venue.cancel_failure),
        "stop layers": bool(config.risk.stops),
        "position sizing": bool(config.sizing.default) and config.sizing.default.get("method") != "own",
        "circuit breakers": bool(config.breakers.ladder or config.breakers.protections),
        "answers that take seconds": venue.order_latency_ms + venue.report_latency_ms >= SLOWEST_ANSWER_MS,
        "a feed slower than its bars": len(tape) > 0 and venue.feed_latency_ms >= tape.tf,
        f"bars of {tape.symbol}": tape.symbol not in ("", instrument.symbol),
        f"an account in {config.run.currency} where {money} is needed": money != config.run.currency,
        f"{converts} told in {money}": not alike(converts, money),
        f"an instrument that is {instrument.state}": instrument.state is not InstrumentState.LIVE,
    }
    for reason, holds in reasons.items():
        if holds:
            raise Unsupported(reason)


def _needed(name: str, config: Config) -> bool:
    """Has a rule anything to ask under these limits? As ``app.compose.rules``."""
    asleep: Callable[[Any], bool] | None = RULES[name].options.get("asleep")
    params = getattr(config, RULES[name].options.get("section", "risk"))
    return asleep is None or not asleep(params)


def limit_of(params: Any) -> float:
    """What a strategy's own parameters allow it, over its capital; 0 = nothing. As ``app.compose``."""
    given = (float(getattr(params, "max_position", 0.0)), float(getattr(params, "max_leverage", 0.0)))
    return min(filter(None, given), default=0.0)


def prepare(m: Machine, instrument: Instrument, tape: Tape, config: Config, share: float) -> None:
    """Write the settings into a blank machine; ``limit`` belongs to the parameters and comes later."""
    venue, run = config.venue, config.run
    rules = Rules(leverage=Decimal(repr(venue.leverage)), slippage_ticks=venue.slippage_ticks)
    _grid(m, instrument)
    _worth(m, instrument)
    _tiers(m, instrument, rules)
    m.leverage = float(rules.lever(instrument.symbol))
    m.buffer = float(1 + rules.market_buffer)
    m.lag, m.order_ms, m.report_ms = venue.feed_latency_ms, venue.order_latency_ms, venue.report_latency_ms
    m.slippage, m.grace, m.tf = rules.slippage_ticks, rules.bar_grace_ms, tape.tf
    risk = config.risk
    m.max_notional, m.max_position = risk.max_notional, risk.max_position
    m.max_leverage, m.min_confidence = risk.max_leverage, risk.min_confidence
    m.per_second = min(RING, risk.max_orders_per_second)
    m.per_minute = min(RING, risk.max_orders_per_minute)
    m.changes_second = min(RING, risk.max_changes_per_second)
    m.changes_minute = min(RING, risk.max_changes_per_minute)
    m.max_margin_use, m.max_entries = risk.max_margin_use, min(RING, risk.max_entries)
    m.max_latency, m.latency_pause = risk.max_latency_ms, int(risk.latency_pause_s * 1000)
    m.entries_window = int(risk.entries_window_s * 1000)
    m.start = tape.start
    m.fresh = risk.stale_ms + tape.tf
    m.share = share
    m.confidence = 1.0
    cash = Decimal(repr(run.equity))
    m.cash_hi, m.cash_lo = split(cash * GRAINS if m.inverse else cash)
    m.money = float(cash)
    m.entry = m.priced = nan
    m.opening = m.met = -1


def _grid(m: Machine, instrument: Instrument) -> None:
    spot = instrument.kind is Kind.SPOT
    fee = instrument.taker_fee
    digits = max(0, -int(fee.as_tuple().exponent)) if spot else 0
    m.spot = int(spot)
    m.inverse = int(instrument.kind is Kind.INVERSE)
    m.atoms = 10**digits
    m.fee_atoms = int(fee.scaleb(digits)) if spot else 0
    m.tick_m, m.tick_k = _digits(instrument.tick)
    m.lot_m, m.lot_k = _digits(instrument.lot)
    m.atom_m, m.atom_k = m.lot_m, m.lot_k + digits
    m.per_tick, m.per_lot = instrument.ticks_per_unit, instrument.lots_per_unit
    m.least = least_lots(instrument)
    m.most = int(instrument.max_qty / instrument.lot)
    if m.most * instrument.lot != instrument.max_qty:
        raise Unsupported(f"the largest order {instrument.max_qty} is no whole number of lots")
    if digits > 8 or max(m.tick_k, m.atom_k) > 18:
        raise Unsupported("steps finer than whole numbers hold")


def least_lots(instrument: Instrument) -> int:
    """The smallest order in lots; a venue's minimum may lie between two of them."""
    return int((instrument.min_qty / instrument.lot).quantize(ONE, rounding=ROUND_CEILING))


def _digits(step: Decimal) -> tuple[int, int]:
    """(m, k): step = m / 10 ** k."""
    _, digits, exponent = step.normalize().as_tuple()
    number = int("".join(map(str, digits)))
    power = int(exponent)
    return (number * 10**power, 0) if power > 0 else (number, -power)


def _worth(m: Machine, instrument: Instrument) -> None:
    atom = EXACT.divide(instrument.lot, Decimal(m.atoms))
    face = EXACT.multiply(instrument.contract_value, atom)
    m.face_hi, m.face_lo = split(face)
    if m.inverse:
        m.unit_hi, m.unit_lo = split(EXACT.divide(EXACT.multiply(face, GRAINS), instrument.tick))
    else:
        m.unit_hi, m.unit_lo = split(EXACT.multiply(face, instrument.tick))
    m.min_hi, m.min_lo = split(instrument.min_notional)
    m.taker_hi, m.taker_lo = split(instrument.taker_fee)
    m.taker = float(max(instrument.taker_fee, ZERO))
    m.price_hi, m.price_lo = split(instrument.tick)
    m.contract_value = float(instrument.contract_value)
    m.base_per_lot = float(instrument.lot * instrument.contract_value)


def _tiers(m: Machine, instrument: Instrument, rules: Rules) -> None:
    """The margin table, smallest positions first."""
    cost = liquidation_fee(instrument, rules)
    chosen = rules.lever(instrument.symbol)
    table = [
        (int(t.max_qty / instrument.lot), float(t.maintenance + cost), float(min(chosen, t.max_leverage)))
        for t in instrument.tiers
    ] or [(1 << 60, float(rules.maintenance + cost), float(chosen))]
    if len(table) > TIERS:
        raise Unsupported(f"more than {TIERS} margin tiers")
    m.tiers = len(table)
    for at, (lots, rate, lever) in enumerate(table):
        row = m.tier[at]
        row.lots, row.rate, row.lever = lots, rate, lever
