"""Statistics of whole samples: memory, unit roots, cointegration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cockpit.app.quant import fn
from cockpit.indicators.half_life import HalfLife
from cockpit.indicators.statistics import cointegration, memory, unit_root, variance_ratio

fn("adf_tstat")(unit_root.adf_tstat)
fn("adf_p")(unit_root.unit_root_p)
fn("engle_granger")(cointegration.engle_granger)
fn("johansen_trace")(cointegration.johansen_trace)
fn("variance_ratio")(variance_ratio.variance_ratio)
fn("hurst_rs")(memory.hurst_rs)
fn("hurst_rs_al")(memory.hurst_rs_al)
fn("hurst_dfa")(memory.hurst_dfa)
fn("hurst_ghe")(memory.hurst_ghe)
fn("hurst_aggvar")(memory.hurst_aggvar)


@fn("half_life")
def half_life(x: Sequence[float]) -> dict[str, Any]:
    """The streaming one over the whole sample."""
    made = HalfLife(len(x) - 1)
    for value in x:
        made.update(value)
    return {"b": made.b, "phi": made.phi, "t_stat": made.t_stat, "half_life": made.half_life}
