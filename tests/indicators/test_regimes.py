"""Both taxonomies against a slow one made of TA-Lib, on markets whose kind is known, and Hurst bar by bar."""

from math import exp, inf, isnan, nan, sin

import msgspec
import numpy as np
import pandas as pd
import pytest
import talib

from cockpit.indicators import regime, regime_factors
from cockpit.indicators.batch import batch
from cockpit.indicators.hurst import Hurst
from cockpit.indicators.regime import Regime
from cockpit.indicators.regime_factors import RegimeFactors
from cockpit.indicators.statistics.memory import dfa_band, hurst_dfa

SIZES = [8, 16, 32, 64, 128]


def market(seed: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Quiet, wild, trending and jumping stretches in turn: high, low, close, volume."""
    dice = np.random.default_rng(seed)
    kinds = dice.integers(0, 4, size // 40 + 1).repeat(40)[:size]
    spread = np.array([0.001, 0.02, 0.003, 0.006])[kinds]
    moves = dice.normal(0, spread) + np.where(kinds == 2, 0.004, 0) * dice.choice([-1, 1])
    close = 100 * np.exp(np.cumsum(moves))
    high, low = close * (1 + dice.random(size) * spread), close * (1 - dice.random(size) * spread)
    volume = dice.random(size) * 100 * np.where(dice.random(size) > 0.8, 4, 1)
    return high, low, close, volume


def rank_before(x: np.ndarray, n: int) -> np.ndarray:
    out = np.full(len(x), nan)
    for t in range(n, len(x)):
        before = x[t - n : t]
        if not np.isnan(before).any():
            out[t] = ((before < x[t]).sum() + (before == x[t]).sum() / 2) / n
    return out


def slow_regime(high: np.ndarray, low: np.ndarray, close: np.ndarray, volume: np.ndarray) -> list[str]:
    rank = rank_before(talib.ATR(high, low, close, 14) / close, 100)
    adx, straight = talib.ADX(high, low, close, 14), talib.ER(close, 10)
    upper = pd.Series(high).rolling(20).max().shift().to_numpy()
    lower = pd.Series(low).rolling(20).min().shift().to_numpy()
    usual = pd.Series(volume).rolling(20).mean().shift().to_numpy()
    said = []
    for t in range(len(close)):
        out = close[t] > upper[t] * 1.002 or close[t] < lower[t] * 0.998
        if isnan(rank[t]):
            said.append("")
        elif rank[t] >= 0.9:
            said.append("HIGH_VOLATILITY")
        elif out and volume[t] >= 1.5 * usual[t]:
            said.append("BREAKOUT")
        elif adx[t] >= 25 and straight[t] >= 0.4:
            said.append("STRONG_TREND")
        elif adx[t] >= 20:
            said.append("WEAK_TREND")
        else:
            said.append("LOW_VOLATILITY" if rank[t] <= 0.1 else "RANGE")
    return said


@pytest.mark.parametrize("seed", range(4))
def test_every_bar_is_the_first_rule_that_holds_and_is_told_after_three(seed: int) -> None:
    bars = market(seed, 900)
    want = slow_regime(*bars)
    kinds = Regime()
    published = ""
    seen: list[str] = []
    for t, row in enumerate(zip(*(line.tolist() for line in bars), strict=True)):
        kinds.update(*row)
        assert regime.name_of(kinds.candidate) == want[t], t
        if t >= 2 and want[t] and want[t] == want[t - 1] == want[t - 2]:
            if published != want[t]:
                seen.append(want[t])
            published = want[t]
        assert regime.name_of(kinds.value) == published, t
    assert want[113] == ""
    assert want[114] != ""
    assert kinds.turns == len(seen) > 5
    assert kinds.history() == seen[-5:]


def test_all_six_kinds_happen() -> None:
    found = {name for seed in range(4) for name in slow_regime(*market(seed, 900))}
    assert found == set(regime.NAMES)


def steady(kinds: Regime, bars: int, drift: float, reach: float, begin: float = 100.0) -> float:
    close = begin
    for t in range(bars):
        close *= 1 + drift + 0.2 * reach * sin(t * 1.9)
        kinds.update(close * (1 + reach), close * (1 - reach), close, 10.0)
    return close


def test_a_straight_rise_is_a_strong_trend_and_a_burst_is_high_volatility() -> None:
    kinds = Regime()
    close = steady(kinds, 200, 0.004, 0.002)
    assert regime.name_of(kinds.value) == "STRONG_TREND"
    steady(kinds, 8, 0.0, 0.03, close)
    assert regime.name_of(kinds.value) == "HIGH_VOLATILITY"


def test_tight_is_the_threshold_of_the_sources() -> None:
    narrow, wide = Regime(), Regime(bb_width_threshold=1e-4)
    steady(narrow, 150, 0.0, 0.002)
    steady(wide, 150, 0.0, 0.002)
    assert narrow.bandwidth == wide.bandwidth
    assert 1e-4 < narrow.bandwidth <= 0.04
    assert (narrow.tight, wide.tight) == (1.0, 0.0)


def test_thresholds_are_those_of_the_sources() -> None:
    assert (Regime().adx_threshold, Regime().bb_width_threshold) == (25.0, 0.04)
    assert Regime(low_volatility=0.0, high_volatility=1.0, weak_adx=25.0).weak_adx == 25.0
    factors = RegimeFactors()
    assert (factors.adx.n, factors.rank.atr.n, factors.rates.n, factors.persistence.n) == (14, 14, 90, 512)


def test_one_bar_of_another_kind_is_not_told() -> None:
    bars = [line.tolist() for line in market(1, 400)]
    slow, quick = Regime(hold=3), Regime(hold=1)
    for row in zip(*bars, strict=True):
        slow.update(*row)
        quick.update(*row)
        assert isnan(quick.value) or quick.value == quick.candidate
    assert quick.turns > slow.turns > 0


@pytest.mark.parametrize("cut", [50, 114, 300])
def test_a_snapshot_of_both_continues_as_if_nothing_had_happened(cut: int) -> None:
    high, low, close, volume = (line.tolist() for line in market(2, 700))
    a, b = Regime(), RegimeFactors()
    c, d = Regime(), RegimeFactors()
    for t in range(700):
        if t == cut:
            c = msgspec.msgpack.decode(msgspec.msgpack.encode(c), type=Regime)
            d = msgspec.msgpack.decode(msgspec.msgpack.encode(d), type=RegimeFactors)
        row = (high[t], low[t], close[t])
        more = (volume[t], 1 / (1 + volume[t]), 1e-4 * sin(t), 1e4 + volume[t])
        a.update(*row, volume[t])
        c.update(*row, volume[t])
        b.update(*row, *more)
        d.update(*row, *more)
    assert msgspec.msgpack.encode(a) == msgspec.msgpack.encode(c)
    assert msgspec.msgpack.encode(b) == msgspec.msgpack.encode(d)


def calm(factors: RegimeFactors, begin: int, bars: int, **changed: float) -> None:
    for t in range(begin, begin + bars):
        close = 100 * exp(0.01 * sin(t * 0.9))
        row = {"high": close * 1.003, "low": close * 0.997, "close": close}
        row |= {"depth": 50 + sin(t), "impact": 5 + sin(t * 1.3), "funding": 1e-4 * (1 + 0.1 * sin(t * 2.2))}
        row |= {"open_interest": 1e4, **changed}
        factors.update(**row)


def test_factors_make_the_kind() -> None:
    factors = RegimeFactors(high_volatility=1.0, hold=2)
    calm(factors, 0, 400)
    assert regime_factors.name_of(factors.value) == "CALM"
    assert 0.1 < factors.liquidity <= 1.0
    calm(factors, 400, 3, funding=9e-4)
    assert factors.funding_z > 2
    assert regime_factors.name_of(factors.value) == "CROWDED"
    calm(factors, 403, 3, depth=1.0, impact=90.0)
    assert factors.liquidity <= 0.02
    assert regime_factors.name_of(factors.value) == "STRESS", "stress comes before everything"


def test_a_crowd_that_leaves_is_no_crowd() -> None:
    factors = RegimeFactors(high_volatility=1.0, hold=1)
    calm(factors, 0, 400)
    calm(factors, 400, 1, funding=9e-4, open_interest=9e3)
    assert factors.oi_change == pytest.approx(-0.1)
    assert regime_factors.name_of(factors.value) == "CALM"


def test_trend_of_the_factors_is_adx_and_memory() -> None:
    factors = RegimeFactors()
    dice = np.random.default_rng(4)
    moves = np.convolve(dice.normal(0, 0.004, 760), np.ones(60) / 8, "valid")
    for close in 100 * np.exp(np.cumsum(moves)):
        factors.update(close * 1.001, close * 0.999, close, nan, nan, nan, nan)
        if factors.trend == factors.trend and isnan(factors.hurst):
            assert factors.trend == min(1.0, factors.adx.adx / 50)
    assert factors.persistence.memory() == 1.0
    assert factors.trend == pytest.approx(0.5 * min(1.0, factors.adx.adx / 50) + 0.5)
    assert isnan(factors.liquidity)
    assert isnan(factors.funding_z)
    assert regime_factors.name_of(factors.candidate) in ("TREND", "STRESS")


def test_liquidity_of_what_is_known() -> None:
    one, other = RegimeFactors(window=10), RegimeFactors(window=10)
    for t in range(30):
        one.update(101.0, 99.0, 100.0 + t % 2, 5.0 + t, nan, nan, nan)
        other.update(101.0, 99.0, 100.0 + t % 2, nan, 5.0 + t, nan, nan)
    assert (one.liquidity, other.liquidity) == (1.0, 0.0)


def test_hurst_bar_by_bar_is_the_sample_statistic() -> None:
    dice = np.random.default_rng(9)
    path = np.cumsum(np.r_[0.0, dice.normal(0, 0.01, 900)])
    returns = np.diff(path).tolist()
    got = batch(Hurst(512), np.exp(path).tolist())
    assert all(isnan(v) for v in got[:512])
    for t in (512, 513, 600, 777, 900):
        assert got[t] == pytest.approx(hurst_dfa(returns[t - 512 : t], SIZES, 1), rel=1e-9)
    wide = Hurst(1024)
    assert (wide.low, wide.high) == dfa_band(1024)


def test_memory_is_said_only_outside_the_band() -> None:
    dice = np.random.default_rng(9)
    noise, smooth = dice.normal(0, 0.01, 560), np.convolve(dice.normal(0, 0.01, 640), np.ones(60), "valid")
    back = np.diff(dice.normal(0, 0.01, 600))
    for moves, want in ((noise, 0.0), (smooth, 1.0), (back, -1.0)):
        hurst = Hurst()
        assert isnan(hurst.memory())
        for close in np.exp(np.cumsum(moves)):
            hurst.update(float(close))
        assert hurst.memory() == want


def test_hurst_of_a_market_that_stands_still_is_unknown_and_comes_back() -> None:
    hurst = Hurst()
    for _ in range(600):
        hurst.update(50.0)
    assert isnan(hurst.value)
    for move in np.random.default_rng(1).normal(0, 0.01, 700):
        hurst.update(50.0 * exp(move))
    assert -inf < hurst.value < inf


def test_refusals_name_the_number() -> None:
    for wrong in (
        lambda: Hurst(256),
        lambda: Hurst(600),
        lambda: Regime(adx_threshold=15.0),
        lambda: Regime(low_volatility=0.95),
        lambda: Regime(hold=0),
        lambda: RegimeFactors(crowded=0.0),
        lambda: RegimeFactors(thin=1.0),
        lambda: RegimeFactors(straight=0.0),
        lambda: RegimeFactors(high_volatility=0.0),
        lambda: RegimeFactors(window=0),
        lambda: Hurst().update(-1.0),
    ):
        with pytest.raises(ValueError, match=r"."):
            wrong()
    assert regime.name_of(nan) == regime_factors.name_of(nan) == ""
