"""Indicators over whole series, from their streaming form."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

from cockpit.app.quant import fn
from cockpit.indicators.adx import Adx
from cockpit.indicators.annualise import annualise_vol
from cockpit.indicators.atr import Atr
from cockpit.indicators.batch import batch, lines
from cockpit.indicators.bollinger import Bollinger
from cockpit.indicators.chandelier import Chandelier
from cockpit.indicators.donchian_prior import DonchianPrior
from cockpit.indicators.efficiency_ratio import EfficiencyRatio
from cockpit.indicators.ema import Ema
from cockpit.indicators.ewma_var import EwmaVar
from cockpit.indicators.ewma_var_recursive import EwmaVarRecursive
from cockpit.indicators.garman_klass import GarmanKlass
from cockpit.indicators.macd import Macd
from cockpit.indicators.parkinson import Parkinson
from cockpit.indicators.percentile_rank_prior import PercentileRankPrior
from cockpit.indicators.psar import Psar
from cockpit.indicators.rma import Rma
from cockpit.indicators.rogers_satchell import RogersSatchell
from cockpit.indicators.rsi import Rsi
from cockpit.indicators.sma import Sma
from cockpit.indicators.trailing_stop import TrailingStop
from cockpit.indicators.true_range import TrueRange
from cockpit.indicators.yang_zhang import YangZhang
from cockpit.indicators.zscore import Zscore
from cockpit.indicators.zscore_prior import ZscorePrior

Series = Sequence[float]


@fn("sma")
def sma(x: Series, n: int) -> Any:
    """Simple mean."""
    return batch(Sma(n), x)


@fn("ema")
def ema(x: Series, n: int) -> Any:
    """Exponential mean."""
    return batch(Ema(n), x)


@fn("rma")
def rma(x: Series, n: int) -> Any:
    """Wilder's mean."""
    return batch(Rma(n), x)


@fn("rsi")
def rsi(close: Series, n: int) -> Any:
    """Relative strength."""
    return batch(Rsi(n), close)


@fn("macd")
def macd(close: Series, fast: int, slow: int, signal: int) -> Any:
    """Three lines."""
    return lines(Macd(fast, slow, signal), ("macd", "signal", "hist"), close)


@fn("bollinger")
def bollinger(close: Series, n: int, k: float) -> Any:
    """Bands, position in them, width."""
    return lines(Bollinger(n, k), ("upper", "mid", "lower", "pct_b", "bandwidth"), close)


@fn("atr")
def atr(high: Series, low: Series, close: Series, n: int) -> Any:
    """Average true range."""
    return batch(Atr(n), high, low, close)


@fn("adx")
def adx(high: Series, low: Series, close: Series, n: int) -> Any:
    """Directional movement."""
    return lines(Adx(n), ("plus_di", "minus_di", "adx"), high, low, close)


@fn("psar")
def psar(high: Series, low: Series, af: float, af_max: float) -> Any:
    """Parabolic stop and reverse."""
    return batch(Psar(af, af_max), high, low)


@fn("donchian_prior")
def donchian_prior(high: Series, low: Series, n: int) -> Any:
    """Extremes of the bars before."""
    return lines(DonchianPrior(n), ("upper", "lower"), high, low)


@fn("efficiency_ratio")
def efficiency_ratio(close: Series, n: int) -> Any:
    """Kaufman's efficiency."""
    return batch(EfficiencyRatio(n), close)


@fn("percentile_rank_prior")
def percentile_rank_prior(x: Series, window: int) -> Any:
    """Rank among the values before."""
    return batch(PercentileRankPrior(window), x)


@fn("zscore_prior")
def zscore_prior(x: Series, window: int) -> Any:
    """Distance from the mean of the values before."""
    return batch(ZscorePrior(window), x)


@fn("ewma_var")
def ewma_var(r: Series, lam: float) -> Any:
    """Variance that forgets."""
    return batch(EwmaVar(lam), r)


@fn("parkinson_var")
def parkinson_var(high: Series, low: Series, n: int) -> Any:
    """Variance from ranges."""
    return batch(Parkinson(n), high, low)


@fn("true_range")
def true_range(high: Series, low: Series, close: Series) -> Any:
    """Range with the gap from the last close."""
    return batch(TrueRange(), high, low, close)


@fn("chandelier")
def chandelier(high: Series, low: Series, close: Series, n: int, k: float) -> Any:
    """Stops hung from the extremes, not ratcheted."""
    return lines(Chandelier(n, k), ("long", "short"), high, low, close)


@fn("trailing_stop")
def trailing_stop(side: str, close: Series, atr: Sequence[float | None], k: float) -> Any:
    """The ratchet; an ATR of null is one that is not known yet."""
    signs = {"long": 1, "buy": 1, "short": -1, "sell": -1}
    if side not in signs:
        raise ValueError(f"side {side!r}: long or short")
    return batch(TrailingStop(signs[side], k), close, [nan if v is None else v for v in atr])


@fn("zscore_rolling")
def zscore_rolling(x: Series, window: int, ddof: int = 1) -> Any:
    """Distance from the mean of the window that ends here."""
    return batch(Zscore(window, ddof), x)


@fn("ewma_var_recursive")
def ewma_var_recursive(r: Series, lam: float, v0: float) -> Any:
    """Variance that forgets, from a given start."""
    return batch(EwmaVarRecursive(lam, v0), r)


@fn("garman_klass_var")
def garman_klass_var(open: Series, high: Series, low: Series, close: Series, n: int) -> Any:
    """Variance from range and body."""
    return batch(GarmanKlass(n), open, high, low, close)


@fn("rogers_satchell_var")
def rogers_satchell_var(open: Series, high: Series, low: Series, close: Series, n: int) -> Any:
    """Variance that drift does not disturb."""
    return batch(RogersSatchell(n), open, high, low, close)


@fn("yang_zhang_var")
def yang_zhang_var(open: Series, high: Series, low: Series, close: Series, n: int) -> Any:
    """Variance that counts the gaps too."""
    return batch(YangZhang(n), open, high, low, close)


fn("annualise_vol")(annualise_vol)
