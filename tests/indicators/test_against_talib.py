"""TA-Lib is the second hand: batch and stream, on a trending, a choppy and a plainly stupid market."""

from collections.abc import Callable
from math import isnan
from typing import Any, NamedTuple

import numpy as np
import pytest
import talib
from talib import stream

from cockpit.indicators.adx import Adx
from cockpit.indicators.aroon import Aroon
from cockpit.indicators.atr import Atr
from cockpit.indicators.batch import lines
from cockpit.indicators.bollinger import Bollinger
from cockpit.indicators.cci import Cci
from cockpit.indicators.cmf import Cmf
from cockpit.indicators.dema import Dema
from cockpit.indicators.donchian import Donchian
from cockpit.indicators.efficiency_ratio import EfficiencyRatio
from cockpit.indicators.ema import Ema
from cockpit.indicators.heikin_ashi import HeikinAshi
from cockpit.indicators.hull import Hull
from cockpit.indicators.kama import Kama
from cockpit.indicators.keltner import Keltner
from cockpit.indicators.linreg import Linreg
from cockpit.indicators.macd import Macd
from cockpit.indicators.mfi import Mfi
from cockpit.indicators.momentum import Momentum
from cockpit.indicators.obv import Obv
from cockpit.indicators.psar import Psar
from cockpit.indicators.rma import Rma
from cockpit.indicators.roc import Roc
from cockpit.indicators.rsi import Rsi
from cockpit.indicators.sma import Sma
from cockpit.indicators.stddev import Stddev
from cockpit.indicators.stochastic import Stochastic
from cockpit.indicators.supertrend import Supertrend
from cockpit.indicators.tema import Tema
from cockpit.indicators.true_range import TrueRange
from cockpit.indicators.vwap import Vwap
from cockpit.indicators.williams_r import WilliamsR
from cockpit.indicators.wma import Wma

SIZE = 400
HLC = "high low close"
Market = dict[str, Any]


class Case(NamedTuple):
    ours: Callable[[], Any]
    inputs: str
    lines: str
    """Our lines, in the order of theirs."""
    theirs: str
    params: tuple[Any, ...] = ()


CASES = [
    Case(lambda: Sma(7), "close", "value", "SMA", (7,)),
    Case(lambda: Ema(7), "close", "value", "EMA", (7,)),
    Case(lambda: Rma(7), "close", "value", "RMA", (7,)),
    Case(lambda: Wma(7), "close", "value", "WMA", (7,)),
    Case(lambda: Wma(100), "close", "value", "WMA", (100,)),
    Case(lambda: Hull(20), "close", "value", "HMA", (20,)),
    Case(lambda: Hull(9), "close", "value", "HMA", (9,)),
    Case(lambda: Dema(8), "close", "value", "DEMA", (8,)),
    Case(lambda: Tema(8), "close", "value", "TEMA", (8,)),
    Case(lambda: Kama(10), "close", "value", "KAMA", (10,)),
    Case(lambda: Rsi(14), "close", "value", "RSI", (14,)),
    Case(lambda: Macd(5, 13, 4), "close", "macd signal hist", "MACD", (5, 13, 4)),
    Case(lambda: Bollinger(20, 2.0), "close", "upper mid lower", "BBANDS", (20, 2.0, 2.0)),
    Case(lambda: Stddev(20), "close", "value", "STDDEV", (20,)),
    Case(lambda: Roc(10), "close", "value", "ROC", (10,)),
    Case(lambda: Momentum(10), "close", "value", "MOM", (10,)),
    Case(lambda: Linreg(14), "close", "value", "LINEARREG", (14,)),
    Case(lambda: Linreg(14), "close", "slope", "LINEARREG_SLOPE", (14,)),
    Case(lambda: EfficiencyRatio(10), "close", "value", "ER", (10,)),
    Case(lambda: TrueRange(), HLC, "value", "TRANGE"),
    Case(lambda: Atr(14), HLC, "value", "ATR", (14,)),
    Case(lambda: Adx(14), HLC, "adx", "ADX", (14,)),
    Case(lambda: Adx(14), HLC, "plus_di", "PLUS_DI", (14,)),
    Case(lambda: Psar(), "high low", "value", "SAR", (0.02, 0.2)),
    Case(lambda: Stochastic(14, 3, 3), HLC, "k d", "STOCH", (14, 3, 0, 3, 0)),
    Case(lambda: Stochastic(9, 1, 4), HLC, "k d", "STOCHF", (9, 4, 0)),
    Case(lambda: WilliamsR(14), HLC, "value", "WILLR", (14,)),
    Case(lambda: Cci(20), HLC, "value", "CCI", (20,)),
    Case(lambda: Aroon(14), "high low", "down up", "AROON", (14,)),
    Case(lambda: Aroon(14), "high low", "oscillator", "AROONOSC", (14,)),
    Case(lambda: Donchian(20), "high low", "upper mid lower", "DONCHIAN", (20,)),
    Case(lambda: Keltner(20, 10, 2.0), HLC, "upper mid lower", "KC", (20, 10, 2.0)),
    Case(lambda: Keltner(5, 14, 1.5), HLC, "upper mid lower", "KC", (5, 14, 1.5)),
    Case(lambda: Supertrend(10, 3.0), HLC, "value direction", "SUPERTREND", (10, 3.0)),
    Case(lambda: Supertrend(3, 1.0), HLC, "value direction", "SUPERTREND", (3, 1.0)),
    Case(lambda: HeikinAshi(), "open high low close", "open high low close", "HA"),
    Case(lambda: Obv(), "close volume", "value", "OBV"),
    Case(lambda: Vwap(session=0), "ts high low close volume", "value", "VWAP"),
    Case(lambda: Mfi(14), "high low close volume", "value", "MFI", (14,)),
    Case(lambda: Cmf(20), "high low close volume", "value", "CMF", (20,)),
]
NAMES = [f"{case.theirs}{case.params or ''}" for case in CASES]


def market(kind: str) -> Market:
    dice = np.random.default_rng(5)
    size = {"trend": 0.004, "chop": 0.02, "steps": 0.01}[kind]
    moves = dice.normal(0.003 if kind == "trend" else 0.0, size, SIZE)
    if kind == "chop":
        moves -= 0.5 * np.roll(moves, 1)
    close = 100 * np.exp(np.cumsum(moves))
    if kind == "steps":  # coarse ticks: ties, equal highs, bars without range
        close = np.round(close)
    opens = np.r_[close[0], close[:-1]]
    reach = dice.random((2, SIZE)) * (0.0 if kind == "steps" else 0.01)
    return {
        "ts": np.arange(SIZE) * 3_600_000,
        "open": opens,
        "high": np.maximum(opens, close) * (1 + reach[0]),
        "low": np.minimum(opens, close) * (1 - reach[1]),
        "close": close,
        "volume": dice.integers(100, 900, SIZE).astype(float),
    }


def ours(case: Case, bars: Market) -> list[list[float]]:
    names = case.lines.split()
    found = lines(case.ours(), names, *(bars[name].tolist() for name in case.inputs.split()))
    return [found[name] for name in names]


def theirs(case: Case, bars: Market) -> list[Any]:
    found = getattr(talib, case.theirs)(*arrays(case, bars), *case.params)
    return list(found) if isinstance(found, tuple) else [found]


def arrays(case: Case, bars: Market) -> list[Any]:
    return [bars[name] for name in case.inputs.split() if name != "ts"]


def agree(got: list[float], want: Any, scale: float) -> None:
    begun = False
    for index, (g, w) in enumerate(zip(got, want, strict=True)):
        begun = begun or not isnan(g)
        if isnan(w) or not begun:
            # An integer line (a direction) has no NaN: theirs says 0 where nothing is known.
            assert isnan(g), index
            assert isnan(w) or w == 0, index
        else:
            assert g == pytest.approx(w, rel=1e-9, abs=1e-10 * scale), index


@pytest.mark.parametrize("kind", ["trend", "chop", "steps"])
@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_every_bar_agrees(case: Case, kind: str) -> None:
    bars = market(kind)
    for got, want in zip(ours(case, bars), theirs(case, bars), strict=True):
        assert len(got) == SIZE
        agree(got, want, float(bars["close"].max()))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_their_stream_says_the_same_after_every_bar(case: Case) -> None:
    bars = market("chop")
    inputs = arrays(case, bars)
    start = 250
    running = getattr(stream, case.theirs)(*(line[:start] for line in inputs), *case.params)
    expected = ours(case, bars)
    for index in range(start, SIZE):
        said = running.update(*(float(line[index]) for line in inputs))
        for got, want in zip(expected, said if isinstance(said, tuple) else (said,), strict=True):
            assert got[index] == pytest.approx(want, rel=1e-9, abs=1e-8), index
