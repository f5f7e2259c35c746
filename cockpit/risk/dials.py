"""A stop's number that follows the market: f(ATR, realised volatility, slope of equity, regime) (RK-07).

Wherever a layer takes a number, the settings may give a table instead:

    k = { base = 3.0, atr = 0.3, rv = 0.2, slope = 0.2, regime = { trend = 1.2 }, low = 1.5, high = 5.0 }

    value = base x (1 + atr·a + rv·v + slope·s) x regime[name], held within low..high, in steps of ``step``

``a`` is where ATR/close stands among its last 100 values (-1 lowest, +1 highest), ``v`` the EWMA volatility
over its slow mean less 1 (-1..+1), ``s`` the strategy version's profit over the last 50 bars against its
range (-1..+1). Each change is a version: a line in the journal and a number in the State. A stop that has
been set never gets looser in a trade, whatever the dial says later.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import nan, sqrt
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.events import Bar
from cockpit.indicators.atr import Atr
from cockpit.indicators.efficiency_ratio import EfficiencyRatio
from cockpit.indicators.ewma_var import EwmaVar
from cockpit.indicators.percentile_rank_prior import PercentileRankPrior

Positive = Annotated[float, Meta(gt=0)]
REGIMES = ("high_volatility", "trend", "low_volatility", "range")
"""ATR rank >= 0.9; else efficiency(10) >= 0.4; else ATR rank <= 0.1; else range."""
LOOK = 50


class Dial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a number follows the market. Raises ValueError on a regime nobody knows or low above high."""

    base: Positive
    atr: float = 0.0
    rv: float = 0.0
    slope: float = 0.0
    regime: dict[str, Positive] = {}
    low: Positive = 1e-6
    high: Positive = 1e6
    step: Positive = 0.1

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")
        unknown = set(self.regime) - set(REGIMES)
        if unknown:
            raise ValueError(f"no regime {min(unknown)!r}; there are {', '.join(REGIMES)}")


Number = Positive | Dial


class Sight(msgspec.Struct):
    """What dials look at: one market's bars and the version's profit."""

    atr: Atr = msgspec.field(default_factory=lambda: Atr(14))
    rank: PercentileRankPrior = msgspec.field(default_factory=lambda: PercentileRankPrior(100))
    fast: EwmaVar = msgspec.field(default_factory=lambda: EwmaVar(0.94))
    slow: EwmaVar = msgspec.field(default_factory=lambda: EwmaVar(0.995))
    straight: EfficiencyRatio = msgspec.field(default_factory=lambda: EfficiencyRatio(10))
    profits: list[float] = []
    close: float = nan

    def on_bar(self, bar: Bar) -> None:
        """Take in a closed bar."""
        atr = self.atr.update(bar.high, bar.low, bar.close)
        if atr == atr:
            self.rank.update(atr / bar.close)
        if self.close > 0:
            change = bar.close / self.close - 1.0
            self.fast.update(change)
            self.slow.update(change)
        self.straight.update(bar.close)
        self.close = bar.close

    def hear(self, pnl: float) -> None:
        """The version's profit so far."""
        self.profits.append(pnl)
        del self.profits[:-LOOK]

    @property
    def stretch(self) -> float:
        rank = self.rank.value
        return 2.0 * rank - 1.0 if rank == rank else 0.0

    @property
    def unrest(self) -> float:
        slow = self.slow.value
        return max(-1.0, min(1.0, sqrt(self.fast.value / slow) - 1.0)) if slow > 0 else 0.0

    @property
    def slope(self) -> float:
        profits = self.profits
        span = max(profits) - min(profits) if profits else 0.0
        return (profits[-1] - profits[0]) / span if span > 0 else 0.0

    @property
    def regime(self) -> str:
        rank, straight = self.rank.value, self.straight.value
        if rank >= 0.9:
            return REGIMES[0]
        if straight >= 0.4:
            return REGIMES[1]
        return REGIMES[2] if rank <= 0.1 else REGIMES[3]


class Tuner(msgspec.Struct):
    """The numbers of one layer as they stand now, and what has just changed."""

    dials: dict[str, Dial]
    values: dict[str, float]
    versions: dict[str, int]
    sight: Sight | None = None
    pending: list[tuple[str, float, float, int]] = []

    def on_bar(self, bar: Bar) -> None:
        """Turn every dial to where the market stands."""
        sight = self.sight
        if sight is None:
            return
        sight.on_bar(bar)
        for name, dial in self.dials.items():
            value = turned(dial, sight)
            before = self.values[name]
            if value != before:
                self.values[name] = value
                self.versions[name] = version = self.versions[name] + 1
                self.pending.append((name, before, value, version))

    def moves(self) -> list[tuple[str, float, float, int]]:
        """(parameter, before, after, version) since the last call."""
        found, self.pending = self.pending, []
        return found


def turned(dial: Dial, sight: Sight) -> float:
    """The dial's value now."""
    factor = 1.0 + dial.atr * sight.stretch + dial.rv * sight.unrest + dial.slope * sight.slope
    value = dial.base * factor * dial.regime.get(sight.regime, 1.0)
    steps = round(value / dial.step)
    return max(dial.low, min(dial.high, round(steps * dial.step, 10)))


def tuner(params: msgspec.Struct, names: Iterable[str]) -> Tuner:
    """For the parameters ``names`` of a layer: fixed numbers stay, dials begin at their base."""
    given = {name: getattr(params, name) for name in names}
    dials = {name: value for name, value in given.items() if isinstance(value, Dial)}
    values = {n: float(v.base if isinstance(v, Dial) else v) for n, v in given.items()}
    return Tuner(dials, values, dict.fromkeys(dials, 1), Sight() if dials else None)


class Tunable(msgspec.Struct):
    """Mix-in of layers whose numbers may be dials: ``tune`` holds them."""

    tune: Tuner

    def hear(self, pnl: float) -> None:
        """The strategy version's profit, for slopes."""
        if self.tune.sight is not None:
            self.tune.sight.hear(pnl)

    def moves(self) -> list[tuple[str, float, float, int]]:
        """Adaptive parameters that have just changed."""
        return self.tune.moves()
