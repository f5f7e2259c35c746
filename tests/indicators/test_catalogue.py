"""By name: parameters, warm-up and lines are what the class itself does."""

from math import isnan

import pytest

from cockpit.app.discover import discover_indicators
from cockpit.core.registry import INDICATORS
from cockpit.indicators.batch import lines
from cockpit.indicators.catalogue import example, first_index, make, parameters, sample, table
from cockpit.indicators.macd import Macd

discover_indicators()
CLOSE = [1.5, 2.0, 3.0] * 9


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_parameters_are_settings_and_the_warm_up_ends(name: str) -> None:
    plugin = INDICATORS[name]
    chosen, made = example(plugin)
    fields = parameters(plugin)
    assert {field.type for field in fields} <= {int, float}
    assert not {field.name for field in fields} & set(plugin.options["inputs"]), "one name, two meanings"
    assert set(chosen) == {field.name for field in fields if field.required}
    first = first_index(plugin, made)
    assert first >= 0
    again = plugin.target(**chosen)
    got = [again.update(*(sample(w, i) for w in plugin.options["inputs"])) for i in range(first + 1)]
    assert all(isnan(v) for v in got[:first])
    assert not isnan(got[first])


@pytest.mark.parametrize(
    ("name", "first"), [("rsi", 14), ("macd", 33), ("atr_percentile", 114), ("yang_zhang", 20), ("ema", 13)]
)
def test_first_values_stand_where_the_reference_says(name: str, first: int) -> None:
    plugin = INDICATORS[name]
    assert first_index(plugin, example(plugin)[1]) == first


CUSTOMARY = {
    "adx": {"n": 14},
    "aroon": {"n": 14},
    "atr_percentile": {"n": 14, "window": 100},
    "bollinger": {"n": 20, "k": 2.0},
    "candle_quality": {"most": 1.5},
    "cci": {"n": 20},
    "chandelier": {"n": 22, "k": 3.0},
    "cmf": {"n": 20},
    "confirm": {"n": 3},
    "donchian": {"n": 20},
    "hurst": {"n": 512},
    "ichimoku": {"fast": 9, "medium": 26, "slow": 52, "shift": 26},
    "kama": {"n": 10, "fast": 2, "slow": 30},
    "keltner": {"n": 20, "atr_n": 10, "k": 2.0},
    "macd": {"fast": 12, "slow": 26, "smooth": 9},
    "mfi": {"n": 14},
    "psar": {"step": 0.02, "most": 0.2},
    "stochastic": {"n": 14, "smooth": 3, "signal": 3},
    "supertrend": {"n": 10, "k": 3.0},
    "volume_trend": {"fast": 5, "slow": 20},
    "vwap": {"session": 1440},
    "williams_r": {"n": 14},
}
"""What a trader, or the quant reference, takes a name without numbers to mean."""


@pytest.mark.parametrize("name", sorted(CUSTOMARY))
def test_without_numbers_a_name_means_what_it_means_everywhere(name: str) -> None:
    assert {field.name: field.default for field in parameters(INDICATORS[name])} == CUSTOMARY[name]


def test_a_table_is_the_streaming_form_in_a_loop() -> None:
    want = lines(Macd(3, 6, 4), ("macd", "signal", "hist"), CLOSE)
    assert repr(table("macd", CLOSE, fast=3, slow=6, smooth=4)) == repr(want)


@pytest.mark.parametrize(
    ("name", "params", "said"),
    [
        ("rsy", {}, "no indicator 'rsy'"),
        ("rsi", {}, "rsi needs n"),
        ("rsi", {"m": 3}, "no parameter 'm', it has n"),
        ("obv", {"n": 3}, "it has none"),
        ("rsi", {"n": "3"}, "rsi, n: Expected `int`"),
        ("rsi", {"n": 0}, "an RSI of 0 bars"),
        ("rsi", {"n": 3, "last": 1.0}, "no parameter 'last'"),
    ],
)
def test_wrong_requests_are_refused_in_words(name: str, params: dict[str, object], said: str) -> None:
    with pytest.raises((LookupError, ValueError), match=said):
        make(name, params)


def test_a_table_wants_all_inputs_of_one_length() -> None:
    with pytest.raises(ValueError, match="takes high, low, close: 1 series given"):
        table("atr", CLOSE, n=3)
    with pytest.raises(ValueError, match="zip"):
        table("atr", CLOSE, CLOSE, CLOSE[1:], n=3)
