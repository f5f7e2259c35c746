"""The terms on which the machine drives a maker alone: instrument and limits, written where it reads them."""

from __future__ import annotations

from typing import Any

from cockpit.core.state import Sleeve, State
from cockpit.core.types import ONE, Instrument
from cockpit.lab.compiled.setting import least_lots
from cockpit.lab.depth.limits import Limits
from cockpit.lab.depth.memory import Cells
from cockpit.lab.depth.records import FAR
from cockpit.lab.depth.tickets import SENT
from cockpit.lab.depth.wishes import WIDER


def instrument_of(cells: Cells, instrument: Instrument) -> None:
    """What an instrument allows and costs."""
    v, w, at = cells.whole, cells.floats, cells.at
    w[at.per_lot] = instrument.lots_per_unit
    v[at.tick_m], v[at.tick_k] = _decimal(instrument.tick)
    v[at.lot_m], v[at.lot_k] = _decimal(instrument.lot)
    v[at.least] = least_lots(instrument)
    v[at.most] = int(instrument.max_qty / instrument.lot)
    w[at.unit] = float(instrument.lot * instrument.tick * instrument.contract_value)
    w[at.fee], w[at.min_worth] = float(instrument.maker_fee), float(instrument.min_notional)
    w[at.venue_band] = float(instrument.price_band)
    v[at.largest] = int(instrument.tiers[-1].max_qty / instrument.lot) if instrument.tiers else FAR


def limits_of(arrays: Any, limits: Limits, state: State, sleeve: Sleeve) -> None:
    """The limits of the gate, and how fast orders have been sent until now."""
    v, w, at = arrays.cells.whole, arrays.cells.floats, arrays.cells.at
    risk = limits.risk
    v[at.fresh], v[at.mark_fresh] = risk.stale_ms, limits.marks_age()
    v[at.slowest], w[at.band] = risk.max_latency_ms, risk.price_band
    w[at.apart], w[at.beyond] = risk.max_deviation / WIDER, risk.price_band / WIDER
    w[at.min_confidence] = risk.min_confidence
    w[at.depth_over] = risk.min_depth
    w[at.room_worth] = risk.max_notional
    lever = float(state.ledger.leverages.get(sleeve.symbol, ONE))
    rooms = [risk.max_position, risk.max_leverage, risk.max_margin_use * lever]
    if sleeve.limit:
        rooms.append(sleeve.limit * sleeve.share)
    w[at.room_equity] = min(rooms) / WIDER
    v[at.second_orders], v[at.minute_orders] = risk.max_orders_per_second, risk.max_orders_per_minute
    v[at.second_changes], v[at.minute_changes] = risk.max_changes_per_second, risk.max_changes_per_minute
    for name in ("second_orders", "minute_orders", "second_changes", "minute_changes"):
        where = getattr(at, name)
        v[where] = min(v[where], SENT)
    for times, ring, count in (
        (state.placed, arrays.placed, at.placed), (state.changed, arrays.changed, at.changed),
    ):  # fmt: skip
        ring[: len(times)] = times
        v[count] = len(times)


def _decimal(value: Any) -> tuple[int, int]:
    """(digits, k) of digits / 10 ** k."""
    _, digits, exponent = value.as_tuple()
    number = int("".join(map(str, digits)))
    return (number, -exponent) if exponent <= 0 else (number * 10**exponent, 0)
