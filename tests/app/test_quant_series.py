"""Series and samples through the window: names and shapes of the reference, nulls, refusals."""

import json
from math import log
from typing import Any

import pytest

from cockpit.app.quant import catalogue, evaluate
from cockpit.core.registry import INDICATORS

OPEN = [10.0, 11.0, 12.0, 11.5, 12.5, 13.0, 12.0]
HIGH = [11.5, 12.5, 12.8, 12.6, 13.5, 13.2, 12.4]
LOW = [9.5, 10.8, 11.2, 11.0, 12.1, 11.9, 11.0]
CLOSE = [11.0, 12.0, 11.5, 12.5, 13.0, 12.0, 11.2]
BARS = {"open": OPEN, "high": HIGH, "low": LOW, "close": CLOSE}


def answer(name: str, **args: Any) -> dict[str, Any]:
    return evaluate(json.dumps({"id": 7, "fn": name, "args": args}).encode())


def ask(name: str, **args: Any) -> Any:
    found = answer(name, **args)
    assert found["ok"], found
    return found["value"]


def test_series_have_the_length_of_their_input_and_begin_where_they_should() -> None:
    hlc = {key: BARS[key] for key in ("high", "low", "close")}
    assert ask("true_range", **hlc)[:2] == [None, pytest.approx(1.7)]
    hung = ask("chandelier", **hlc, n=3, k=2)
    assert [v is None for v in hung["long"]] == [True] * 3 + [False] * 4
    assert set(hung) == {"long", "short"}
    for name, first in (("garman_klass_var", 2), ("rogers_satchell_var", 2), ("yang_zhang_var", 3)):
        series = ask(name, **BARS, n=3)
        assert [v is None for v in series] == [i < first for i in range(7)], name
    assert ask("ewma_var_recursive", r=[0.1, 0.2], lam=0.5, v0=0.02) == pytest.approx([0.015, 0.0275])
    assert ask("zscore_rolling", x=[1, 2, 3], window=3, ddof=0)[2] == pytest.approx(1.5**0.5)
    assert ask("annualise_vol", sigma_bar=0.01, bar_seconds=86400) == pytest.approx(0.01 * 365**0.5)


def test_a_stop_waits_for_its_first_yardstick() -> None:
    args = {"close": [100, 104, 101], "atr": [None, 1, 1], "k": 2}
    assert ask("trailing_stop", side="long", **args) == [None, 102, 102]
    assert ask("trailing_stop", side="short", **args) == [None, 106, 103]
    assert not answer("trailing_stop", side="up", **args)["ok"]


def test_samples() -> None:
    path = [0.9**i for i in range(40)]
    assert ask("half_life", x=path)["half_life"] == pytest.approx(6.578813, abs=1e-5)
    assert ask("half_life", x=[1.1**i for i in range(40)])["half_life"] == "inf"
    assert ask("hurst_dfa", x=[1.0] * 64, sizes=[8, 16], order=1) is None
    wave = [log(100 + (i * 7) % 13) for i in range(80)]
    assert set(ask("variance_ratio", logprice=wave, q=4)) == {"vr", "z_robust"}
    assert set(ask("engle_granger", y=wave, x=path * 2, lags=1)) == {"beta", "alpha", "t_stat", "p"}
    pair = [[a, b] for a, b in zip(wave, path * 2, strict=True)]
    assert set(ask("johansen_trace", matrix=pair, k_ar_diff=1)) == {"eig", "trace", "max_eig"}
    assert ask("adf_tstat", x=wave, lags=1, trend="c") < 0


def test_every_indicator_of_series_answers_under_its_own_name() -> None:
    names = set(catalogue())
    inside = {name for name, plugin in INDICATORS.items() if "book" in plugin.options["inputs"]}
    renamed = {"parkinson": "parkinson_var"}
    for name in set(INDICATORS) - inside:
        assert name in names or renamed[name] in names
    assert not inside & names
    assert ask("roc", x=[1, 2, 3], n=1) == [None, 100, 50]
    assert ask("roc", x=[1, 2, 3]) == [None] * 3
    assert set(ask("donchian", high=HIGH, low=LOW, n=2)) == {"mid", "upper", "lower"}


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("roc", {"x": [1, 2], "n": 0}, "0 bars"),
        ("roc", {"x": [1, 2], "m": 1}, "m"),
        ("roc", {"x": [1, 2], "n": "two"}, "Expected `int`"),
        ("yang_zhang_var", {**BARS, "n": 1}, "1 bars"),
        ("garman_klass_var", {**BARS, "low": [0.0] * 7, "n": 2}, "rror"),
        ("adf_tstat", {"x": [1, 2, 3], "lags": 5}, "too few"),
    ],
)
def test_wrong_requests_are_answered_in_words(name: str, args: dict[str, Any], said: str) -> None:
    found = answer(name, **args)
    assert found["ok"] is False
    assert said in found["error"]
    assert found["id"] == 7
