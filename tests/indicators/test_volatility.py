"""Volatility and co-movement against pandas and statsmodels, and on bars whose answer is known."""

from math import e, inf, isnan, log, nan, sqrt

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import talib

from cockpit.indicators.annualise import annualise_vol, decay_of
from cockpit.indicators.atr_percentile import AtrPercentile
from cockpit.indicators.batch import batch, lines
from cockpit.indicators.beta import Beta
from cockpit.indicators.correlation import Correlation
from cockpit.indicators.ewma_var import EwmaVar
from cockpit.indicators.ewma_var_recursive import EwmaVarRecursive
from cockpit.indicators.garman_klass import GarmanKlass
from cockpit.indicators.half_life import HalfLife
from cockpit.indicators.hedge import Hedge
from cockpit.indicators.log_return import LogReturn
from cockpit.indicators.realised_vol import RealisedVol
from cockpit.indicators.rogers_satchell import RogersSatchell
from cockpit.indicators.volume_trend import VolumeTrend
from cockpit.indicators.yang_zhang import YangZhang

N = 10
dice = np.random.default_rng(3)
C = pd.Series(100 * np.exp(np.cumsum(dice.normal(0, 0.02, 300))))
O = (C.shift().fillna(100.0) * np.exp(dice.normal(0, 0.002, 300))).rename("open")  # noqa: E741
H = pd.concat([O, C], axis=1).max(axis=1) * (1 + dice.random(300) * 0.01)
L = pd.concat([O, C], axis=1).min(axis=1) * (1 - dice.random(300) * 0.01)
X = pd.Series(dice.normal(0, 1, 300)).cumsum()
Y = 2 + 1.5 * X + dice.normal(0, 1, 300)
OHLC = [series.tolist() for series in (O, H, L, C)]
RS = np.log(H / C) * np.log(H / O) + np.log(L / C) * np.log(L / O)


def same(got: list[float], want: pd.Series, rel: float = 1e-9) -> None:
    assert got == pytest.approx(want.tolist(), rel=rel, nan_ok=True)


def test_range_estimators_are_their_formulas() -> None:
    gk = 0.5 * np.log(H / L) ** 2 - (2 * log(2) - 1) * np.log(C / O) ** 2
    same(batch(GarmanKlass(N), *OHLC), gk.rolling(N).mean())
    same(batch(RogersSatchell(N), *OHLC), RS.rolling(N).mean())
    k = 0.34 / (1.34 + (N + 1) / (N - 1))
    gaps, bodies = np.log(O / C.shift()), np.log(C / O)
    whole = gaps.rolling(N).var() + k * bodies.rolling(N).var() + (1 - k) * RS.rolling(N).mean()
    whole[:N] = nan
    same(batch(YangZhang(N), *OHLC), whole)


def test_a_bar_of_one_unit_of_log() -> None:
    assert GarmanKlass(1).update(1.0, e, 1.0, 1.0) == pytest.approx(0.5)
    assert RogersSatchell(1).update(1.0, e, 1.0, 1.0) == pytest.approx(1.0)
    assert batch(YangZhang(2), *[[7.0] * 4] * 4)[2:] == [0.0, 0.0]


def test_realised_and_exponential_are_those_of_pandas() -> None:
    r = np.log(C / C.shift())
    same(batch(LogReturn(1), C.tolist()), r)
    same(batch(RealisedVol(N), C.tolist()), r.rolling(N).std())
    returns = r[1:].reset_index(drop=True)
    same(batch(EwmaVar(0.94), returns.tolist()), (returns**2).ewm(alpha=0.06, adjust=True).mean())
    seeded = pd.concat([pd.Series([0.0004]), returns**2]).ewm(alpha=0.06, adjust=False).mean()[1:]
    same(batch(EwmaVarRecursive(0.94, 0.0004), returns.tolist()), seeded)


def test_a_year_has_365_days() -> None:
    assert annualise_vol(0.01, 3600) == pytest.approx(0.01 * sqrt(8760))
    assert annualise_vol(0.02, 86_400) == pytest.approx(0.02 * sqrt(365))
    assert decay_of(1) == 0.5
    assert decay_of(log(0.5) / log(0.94)) == pytest.approx(0.94)
    for wrong in (lambda: annualise_vol(0.1, 0), lambda: decay_of(-1), lambda: decay_of(nan)):
        with pytest.raises(ValueError, match=r"bar"):
            wrong()


def test_beta_and_correlation() -> None:
    y, x = Y.tolist(), X.tolist()
    found = lines(Beta(N), ("value", "alpha"), y, x)
    same(found["value"], Y.rolling(N).cov(X) / X.rolling(N).var())
    same(found["alpha"], Y.rolling(N).mean() - Y.rolling(N).cov(X) / X.rolling(N).var() * X.rolling(N).mean())
    same(batch(Correlation(N), x, y), X.rolling(N).corr(Y))
    same(batch(Correlation(N), x, y), pd.Series(talib.CORREL(X.to_numpy(), Y.to_numpy(), N)), 1e-7)
    assert isnan(batch(Correlation(3), [1.0] * 4, [1.0, 2.0, 3.0, 4.0])[-1])
    assert isnan(batch(Beta(3), [1.0, 2.0, 3.0], [5.0] * 3)[-1])
    tiny = [1e-120, 2e-120, 3e-120]
    assert batch(Correlation(3), tiny, tiny)[-1] == pytest.approx(1.0)


def test_a_pair_is_judged_by_what_was_known_before() -> None:
    found = lines(Hedge(N), ("spread", "beta", "alpha"), Y.tolist(), X.tolist())
    assert all(isnan(v) for v in found["spread"][:N])
    for t in (N, 57, 299):
        fit = sm.OLS(Y[t - N : t], sm.add_constant(X[t - N : t])).fit()
        alpha, beta = fit.params
        assert found["beta"][t] == pytest.approx(beta, rel=1e-9)
        assert found["spread"][t] == pytest.approx(Y[t] - alpha - beta * X[t], rel=1e-8)


def test_half_life_is_the_regression_of_the_change() -> None:
    x = [0.0]
    for shock in dice.normal(0, 1, 400):
        x.append(0.9 * x[-1] + shock)
    n = 120
    found = lines(HalfLife(n), ("half_life", "b", "phi", "t_stat"), x)
    assert all(isnan(v) for v in found["b"][:n])
    for t in (n, 250, 400):
        before, change = np.array(x[t - n : t]), np.diff(x[t - n : t + 1])
        fit = sm.OLS(change, sm.add_constant(before)).fit()
        assert found["b"][t] == pytest.approx(fit.params[1], rel=1e-9)
        assert found["t_stat"][t] == pytest.approx(fit.tvalues[1], rel=1e-9)
        assert found["half_life"][t] == pytest.approx(-log(2) / log(1 + fit.params[1]), rel=1e-9)


def test_half_life_at_its_edges() -> None:
    exact = [0.9**i for i in range(60)]
    assert batch(HalfLife(20), exact)[-1] == pytest.approx(6.578813, abs=1e-5)
    runaway = [1.1**i for i in range(30)]
    assert batch(HalfLife(20), runaway)[-1] == inf
    overshoots = [(-1.5) ** i for i in range(30)]
    assert isnan(batch(HalfLife(20), overshoots)[-1])
    assert isnan(batch(HalfLife(5), [3.0] * 10)[-1])


def test_regime_inputs() -> None:
    atr = pd.Series(talib.ATR(H.to_numpy(), L.to_numpy(), C.to_numpy(), 14)) / C
    got = batch(AtrPercentile(14, 50), *[s.tolist() for s in (H, L, C)])
    assert all(isnan(v) for v in got[:64])
    for t in (64, 150, 299):
        before = atr[t - 50 : t]
        assert got[t] == pytest.approx(((before < atr[t]).sum() + (before == atr[t]).sum() / 2) / 50)
    volume = pd.Series(dice.random(300))
    same(batch(VolumeTrend(5, 20), volume.tolist()), volume.rolling(5).mean() / volume.rolling(20).mean() - 1)
    assert isnan(batch(VolumeTrend(1, 2), [0.0, 0.0])[-1])


def test_refusals_name_the_number() -> None:
    for wrong in (
        lambda: GarmanKlass(0),
        lambda: YangZhang(1),
        lambda: RealisedVol(1),
        lambda: EwmaVarRecursive(1.0),
        lambda: EwmaVarRecursive(0.9, -1.0),
        lambda: Beta(1),
        lambda: Correlation(1),
        lambda: Hedge(1),
        lambda: HalfLife(2),
        lambda: VolumeTrend(5, 5),
    ):
        with pytest.raises(ValueError, match=r"\d"):
            wrong()
