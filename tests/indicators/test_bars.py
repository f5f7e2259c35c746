"""What TA-Lib does not have, or says differently on purpose: sessions, clouds, dead markets, ratchets."""

from math import isnan, nan, sqrt

import pytest

from cockpit.indicators.aroon import Aroon
from cockpit.indicators.batch import batch, lines
from cockpit.indicators.cci import Cci
from cockpit.indicators.chandelier import Chandelier
from cockpit.indicators.cmf import Cmf
from cockpit.indicators.hull import Hull
from cockpit.indicators.ichimoku import LINES, Ichimoku
from cockpit.indicators.kama import Kama
from cockpit.indicators.linreg import Linreg
from cockpit.indicators.mfi import Mfi
from cockpit.indicators.roc import Roc
from cockpit.indicators.stddev import Stddev
from cockpit.indicators.stochastic import Stochastic
from cockpit.indicators.trailing_stop import TrailingStop
from cockpit.indicators.vwap import Vwap
from cockpit.indicators.vwap_rolling import VwapRolling
from cockpit.indicators.williams_r import WilliamsR

DAY = 86_400_000
HIGH = [12.0, 13.0, 14.0, 13.5, 15.0, 16.0, 15.5, 14.0, 13.0, 17.0]
LOW = [10.0, 11.0, 12.5, 12.0, 13.0, 14.0, 13.0, 12.0, 11.0, 12.0]
CLOSE = [11.0, 12.5, 13.0, 12.5, 14.5, 15.0, 13.5, 12.5, 12.0, 16.0]


def test_a_session_begins_at_midnight_and_a_silent_one_has_no_price() -> None:
    vwap = Vwap()
    assert vwap.update(0, 12.0, 10.0, 11.0, 2.0) == 11.0
    assert vwap.sigma == 0.0
    assert vwap.update(DAY - 1, 22.0, 20.0, 21.0, 6.0) == pytest.approx(18.5)
    assert vwap.sigma == pytest.approx(sqrt((2 * 7.5**2 + 6 * 2.5**2) / 8))
    assert isnan(vwap.update(DAY, 30.0, 30.0, 30.0, 0.0))
    assert vwap.update(DAY + 1, 31.0, 29.0, 30.0, 5.0) == 30.0


def test_rolling_average_price_forgets_what_left() -> None:
    rolling = VwapRolling(2)
    assert isnan(rolling.update(10.0, 10.0, 10.0, 100.0))
    assert rolling.update(20.0, 20.0, 20.0, 300.0) == pytest.approx(17.5)
    assert rolling.update(40.0, 40.0, 40.0, 0.0) == pytest.approx(20.0)
    assert isnan(rolling.update(40.0, 40.0, 40.0, 0.0)), "nothing traded: no price"


def test_the_cloud_is_the_one_of_shift_bars_ago() -> None:
    fast, medium, slow, shift = 2, 3, 5, 4
    found = lines(Ichimoku(fast, medium, slow, shift), LINES, HIGH, LOW, CLOSE)

    def mid(n: int, i: int) -> float:
        if i + 1 < n:
            return nan
        return (max(HIGH[i + 1 - n : i + 1]) + min(LOW[i + 1 - n : i + 1])) / 2

    for i in range(len(CLOSE)):
        lead_a = (mid(fast, i) + mid(medium, i)) / 2
        expected = {"conversion": mid(fast, i), "base": mid(medium, i), "lead_a": lead_a}
        expected["lead_b"] = mid(slow, i)
        j = i - shift
        expected["span_a"] = (mid(fast, j) + mid(medium, j)) / 2 if j >= 0 else nan
        expected["span_b"] = mid(slow, j) if j >= 0 else nan
        expected["past"] = CLOSE[j] if j >= 0 else nan
        for name, want in expected.items():
            assert found[name][i] == pytest.approx(want, nan_ok=True), (name, i)


def test_chandelier_hangs_from_the_extremes() -> None:
    found = lines(Chandelier(3, 2.0), ("long", "short"), HIGH, LOW, CLOSE)
    assert all(isnan(v) for v in found["long"][:3])
    true = [0.0] + [
        max(HIGH[i] - LOW[i], abs(HIGH[i] - CLOSE[i - 1]), abs(LOW[i] - CLOSE[i - 1])) for i in range(1, 10)
    ]
    atr = sum(true[1:4]) / 3
    for i in range(3, 10):
        if i > 3:
            atr = (atr * 2 + true[i]) / 3
        assert found["long"][i] == pytest.approx(max(HIGH[i - 2 : i + 1]) - 2 * atr)
        assert found["short"][i] == pytest.approx(min(LOW[i - 2 : i + 1]) + 2 * atr)


def test_a_trailing_stop_never_steps_back_on_either_side() -> None:
    closes = [100.0, 104.0, 101.0, 108.0, 90.0]
    assert batch(TrailingStop(1, 2.0), closes, [1.0] * 5) == [98.0, 102.0, 102.0, 106.0, 106.0]
    assert batch(TrailingStop(-1, 2.0), closes, [1.0] * 5) == [102.0, 102.0, 102.0, 102.0, 92.0]
    started = batch(TrailingStop(1, 2.0), closes, [nan, 1.0, nan, 1.0, 1.0])
    assert isnan(started[0])
    assert started[1:] == [102.0, 102.0, 106.0, 106.0]


def test_a_dead_market_is_undefined_not_oversold() -> None:
    flat = [5.0] * 8
    assert all(isnan(v) for v in batch(Stochastic(3, 2, 2), flat, flat, flat))
    assert all(isnan(v) for v in batch(WilliamsR(3), flat, flat, flat))
    assert all(isnan(v) for v in batch(Cci(3), flat, flat, flat))
    thirds = [0.1] * 8
    assert all(isnan(v) for v in batch(Cci(7), thirds, thirds, thirds)), "a rounding is no spread"
    assert all(isnan(v) for v in batch(Mfi(3), flat, flat, flat, [9.0] * 8))
    assert all(isnan(v) for v in batch(Cmf(3), flat, flat, flat, [0.0] * 8))
    assert batch(Cmf(3), flat, flat, flat, [1.0] * 8)[2:] == [0.0] * 6
    assert isnan(batch(Roc(1), [0.0, 1.0])[1])


def test_stochastic_is_right_again_once_the_flat_stretch_has_left() -> None:
    high, low, close = HIGH + [16.0] * 6 + HIGH, LOW + [16.0] * 6 + LOW, CLOSE + [16.0] * 6 + CLOSE
    values = batch(Stochastic(3, 2, 2), high, low, close)
    assert isnan(values[14])
    assert values[-5:] == batch(Stochastic(3, 2, 2), HIGH, LOW, CLOSE)[-5:]


def test_money_flow_in_a_market_of_pennies() -> None:
    """TA-Lib answers 0 here, because less than one unit of money moved."""
    small = [0.0011, 0.0012, 0.0011, 0.0013]
    assert batch(Mfi(3), small, small, small, [1.0] * 4)[3] == pytest.approx(100 * 25 / 36)


def test_refusals_name_the_number() -> None:
    for wrong in (
        lambda: Vwap(-1),
        lambda: VwapRolling(0),
        lambda: Ichimoku(shift=0),
        lambda: Chandelier(0),
        lambda: TrailingStop(0),
        lambda: TrailingStop(1, -2.0),
        lambda: Stochastic(0),
        lambda: Stochastic(3, 0),
        lambda: Stddev(1, ddof=1),
        lambda: Kama(10, 30, 30),
        lambda: Hull(1),
        lambda: Linreg(1),
        lambda: Aroon(0),
    ):
        with pytest.raises(ValueError, match=r"\d"):
            wrong()
