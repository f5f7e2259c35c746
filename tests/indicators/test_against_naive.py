"""Streaming equals the definition at every bar, on any finite series; and it never says inf."""

from math import isfinite, isnan
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core.registry import INDICATORS
from cockpit.indicators.adx import Adx
from cockpit.indicators.atr import Atr
from cockpit.indicators.batch import batch, lines
from cockpit.indicators.bollinger import Bollinger
from cockpit.indicators.donchian_prior import DonchianPrior
from cockpit.indicators.efficiency_ratio import EfficiencyRatio
from cockpit.indicators.ema import Ema
from cockpit.indicators.ewma_var import EwmaVar
from cockpit.indicators.macd import Macd
from cockpit.indicators.parkinson import Parkinson
from cockpit.indicators.percentile_rank_prior import PercentileRankPrior
from cockpit.indicators.psar import Psar
from cockpit.indicators.rma import Rma
from cockpit.indicators.rsi import Rsi
from cockpit.indicators.sma import Sma
from cockpit.indicators.zscore_prior import ZscorePrior
from tests.indicators import naive
from tests.indicators.samples import fresh, rows

prices = st.floats(0.01, 1e5)
closes = st.lists(prices | st.sampled_from([100.0, 100.1]), max_size=60)
small = st.integers(1, 12)


@st.composite
def candles(draw: st.DrawFn) -> tuple[list[float], list[float], list[float]]:
    rows = draw(st.lists(st.tuples(prices, prices, prices) | st.just((7.0, 7.0, 7.0)), max_size=60))
    ordered = [sorted(row) for row in rows]
    return [r[2] for r in ordered], [r[0] for r in ordered], [r[1] for r in ordered]


def same(got: list[float], expected: list[float | None], scale: float = 1.0) -> None:
    assert len(got) == len(expected)
    for index, (g, want) in enumerate(zip(got, expected, strict=True)):
        if want is None:
            assert isnan(g), index
        else:
            assert g == pytest.approx(want, rel=1e-9, abs=1e-10 * scale), index


@given(closes, small)
def test_averages(x: list[float], n: int) -> None:
    scale = max(x, default=1.0)
    same(batch(Sma(n), x), naive.sma(x, n), scale)
    same(batch(Ema(n), x), naive.ema(x, n), scale)
    same(batch(Rma(n), x), naive.rma(x, n), scale)


@given(closes, small)
def test_rsi(x: list[float], n: int) -> None:
    got = batch(Rsi(n), x)
    same(got, naive.rsi(x, n), 100)
    assert all(isnan(v) or 0 <= v <= 100 for v in got)


def test_rsi_at_its_edges() -> None:
    assert batch(Rsi(2), [5.0, 5.0, 5.0, 5.0])[2:] == [50.0, 50.0]
    assert batch(Rsi(2), [1.0, 2.0, 3.0, 4.0])[2:] == [100.0, 100.0]
    assert batch(Rsi(2), [4.0, 3.0, 2.0, 1.0])[2:] == [0.0, 0.0]


@given(candles(), small)
def test_ranges_and_trends(bars: tuple[list[float], list[float], list[float]], n: int) -> None:
    high, low, close = bars
    scale = max(high, default=1.0)
    same(batch(Atr(n), high, low, close), naive.atr(high, low, close, n), scale)
    same(batch(Parkinson(n), high, low), naive.parkinson(high, low, n))
    upper, lower = naive.donchian_prior(high, low, n)
    got = lines(DonchianPrior(n), ("upper", "lower"), high, low)
    same(got["upper"], upper)
    same(got["lower"], lower)
    found = lines(Adx(n), ("adx", "plus_di", "minus_di"), high, low, close)
    for name, line in zip(found, naive.adx(high, low, close, n), strict=True):
        same(found[name], line, 1e4)


@given(candles(), st.sampled_from([(0.02, 0.2), (0.2, 0.5), (0.5, 0.9)]))
def test_parabolic_stop(
    bars: tuple[list[float], list[float], list[float]], pace: tuple[float, float]
) -> None:
    high, low, _ = bars
    same(batch(Psar(*pace), high, low), naive.psar(high, low, *pace), max(high, default=1.0))


@given(closes, st.integers(1, 5), st.integers(1, 6), small)
def test_macd(x: list[float], fast: int, more: int, smooth: int) -> None:
    got = lines(Macd(fast, fast + more, smooth), ("macd", "signal", "hist"), x)
    for name, line in zip(got, naive.macd(x, fast, fast + more, smooth), strict=True):
        same(got[name], line, max(x, default=1.0))
    returned = batch(Macd(fast, fast + more, smooth), x)
    assert msgspec.msgpack.encode(returned) == msgspec.msgpack.encode(got["macd"])


@given(closes, small)
def test_bands(x: list[float], n: int) -> None:
    got = lines(Bollinger(n, 2.0), ("mid", "upper", "lower", "bandwidth", "pct_b"), x)
    expected = naive.bollinger(x, n, 2.0)
    scale = max(x, default=1.0)
    for name in ("mid", "upper", "lower"):
        same(got[name], expected[name], scale)
    for index, (share, want) in enumerate(zip(got["pct_b"], expected["pct_b"], strict=True)):
        width = expected["bandwidth"][index]
        if want is not None and width is not None and width > 1e-7:
            assert share == pytest.approx(want, abs=1e-6)
        if want is None:
            assert isnan(share), "no band, no place in it"


def test_bands_of_a_cent_at_a_hundred_million() -> None:
    x = [1e8 + 0.01 * ((i * 7) % 5) for i in range(5_000)]
    x[2_500] = 1e12  # a wild tick must leave no trace once it has left the window
    got = lines(Bollinger(20, 2.0), ("upper", "mid", "pct_b"), x)
    expected = naive.bollinger(x[-60:], 20, 2.0)
    for index in range(-41, 0):
        band = expected["upper"][index]
        mid = expected["mid"][index]
        assert band is not None
        assert mid is not None
        assert got["upper"][index] - got["mid"][index] == pytest.approx(band - mid, abs=2e-7)
        assert got["pct_b"][index] == pytest.approx(expected["pct_b"][index], abs=1e-4)


@given(closes, small)
def test_efficiency(x: list[float], n: int) -> None:
    got = batch(EfficiencyRatio(n), x)
    same(got, naive.efficiency_ratio(x, n))
    assert all(isnan(v) or 0 <= v <= 1 for v in got)


@given(closes, st.integers(2, 12))
def test_standing_among_the_ones_before(x: list[float], n: int) -> None:
    for got, want in zip(batch(ZscorePrior(n), x), naive.zscore_prior(x, n), strict=True):
        if want is None:
            assert isnan(got)
        elif abs(want) < 1e6:
            assert got == pytest.approx(want, rel=1e-6, abs=1e-6)
    same(batch(PercentileRankPrior(n), x), naive.percentile_rank_prior(x, n))


@given(st.lists(st.floats(-0.5, 0.5), max_size=60), st.floats(0, 0.99))
def test_ewma(r: list[float], lam: float) -> None:
    same(batch(EwmaVar(lam), r), naive.ewma_var(r, lam))


def test_every_indicator_says_what_it_needs_and_gives() -> None:
    for name, plugin in INDICATORS.items():
        made = fresh(name)
        fields = [field.name for field in msgspec.structs.fields(plugin.target)]
        assert len(plugin.doc) > 80, name
        assert set(plugin.options["lines"]) <= set(fields), name
        assert len(rows(name, ([2.0], [1.0], [1.5]))) == 1, name
        assert isinstance(made.update(*rows(name, ([2.0], [1.0], [1.5]))[0]), float), name


MAY_BE_ENDLESS = {"half_life"}
"""Never is an answer: what does not revert has an infinite half-life."""


@pytest.mark.parametrize("name", sorted(INDICATORS))
@given(bars=candles(), cut=st.integers(0, 60))
@settings(max_examples=40)
def test_a_snapshot_continues_as_if_nothing_had_happened(
    name: str, bars: tuple[list[float], list[float], list[float]], cut: int
) -> None:
    whole, part = fresh(name), fresh(name)
    for index, row in enumerate(rows(name, bars)):
        if index == cut:
            part = msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=type(part))
        a, b = whole.update(*row), part.update(*row)
        assert a == b or (isnan(a) and isnan(b))
        for line in INDICATORS[name].options["lines"]:
            said = getattr(whole, line)
            assert isnan(said) or isfinite(said) or line in MAY_BE_ENDLESS
    assert msgspec.msgpack.encode(whole) == msgspec.msgpack.encode(part)


UNITLESS = (
    "rsi adx efficiency_ratio zscore_prior percentile_rank_prior parkinson stochastic williams_r aroon \
zscore minmax_prior log_return atr_percentile garman_klass rogers_satchell realised_vol spread"
)
PRICES = "sma ema atr bollinger psar macd wma hull dema tema kama linreg momentum stddev donchian true_range"


@given(bars=candles(), power=st.integers(-8, 8))
def test_a_change_of_unit_changes_only_what_has_a_unit(
    bars: tuple[list[float], list[float], list[float]], power: int
) -> None:
    factor = 2.0**power
    scaled = tuple([v * factor for v in line] for line in bars)
    for names, by in ((UNITLESS, 1.0), (PRICES, factor)):
        for name in names.split():
            one, other = fresh(name), fresh(name)
            for row, wide in zip(rows(name, bars), rows(name, scaled), strict=True):  # type: ignore[arg-type]
                a, b = one.update(*row), other.update(*wide)
                assert a * by == b or (isnan(a) and isnan(b)), name


@pytest.mark.parametrize(
    "kind", [Sma, Ema, Rma, Rsi, Atr, Bollinger, DonchianPrior, Adx, PercentileRankPrior]
)
def test_no_bars_is_no_window(kind: Any) -> None:
    with pytest.raises(ValueError, match="0"):
        kind(0)


def test_other_refusals() -> None:
    for wrong in (
        lambda: ZscorePrior(1),
        lambda: EwmaVar(1.0),
        lambda: EwmaVar(-0.1),
        lambda: Macd(5, 5, 3),
        lambda: Psar(0.3, 0.2),
        lambda: EfficiencyRatio(0),
        lambda: Parkinson(0),
    ):
        with pytest.raises(ValueError, match=r"\d"):
            wrong()
