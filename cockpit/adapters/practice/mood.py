"""The price of a coin: moods, clustered volatility and jumps, the same forwards as backwards.

Every 100 ms the price moves by sigma × mood × sqrt(variance) × shock, where part of the shock is shared by
all coins. Every second the variance follows GARCH(1,1) (Bollerslev 1986): big moves make big moves
likely. A mood (trend up, trend down, range, storm, calm) lasts half a minute to five minutes. Jumps come
about twice an hour. A very weak pull keeps a session of months within sight of its first price.
"""

from __future__ import annotations

from math import sqrt

from cockpit.adapters.practice.draws import Draws
from cockpit.adapters.practice.spec import Coin

STEP_MS = 100
TREND = 0.17
"""Drift of a trend per second, in standard deviations of a one-second return."""
JUMP_ODDS = 18_000
"""Steps between two jumps: half an hour."""
REACTION = 0.10
MEMORY = 0.87
HIGHEST_VARIANCE = 9.0

# name, drift sign, volatility, pull to the price at which the mood began (per second)
MOODS: tuple[tuple[str, int, float, float], ...] = (
    ("trend_up", 1, 1.0, 0.0),
    ("trend_down", -1, 1.0, 0.0),
    ("range", 0, 0.8, 0.02),
    ("calm", 0, 0.5, 0.005),
    ("storm", 0, 1.8, 0.0),
    ("surge", 1, 1.6, 0.0),
    ("slump", -1, 1.6, 0.0),
)


class Walk:
    """One coin's price through time, in steps of ``span_ms``.

    All walks of one seed begin at the same price, in the same mood; ``path`` names where one goes from
    there. ``direction`` -1 walks into the past: there a rising market is one that was lower before.
    """

    __slots__ = (
        "_anchor",
        "_coin",
        "_common",
        "_direction",
        "_left",
        "_mood",
        "_own",
        "_scale",
        "_second",
        "_since",
        "_steps",
        "jumped",
        "price",
        "variance",
    )

    def __init__(self, seed: int, coin: Coin, path: str, span_ms: int = STEP_MS, direction: int = 1) -> None:
        first = Draws(seed, f"mood/{coin.name}")
        self._coin = coin
        self._direction = direction
        self._own = Draws(seed, f"{path}/{coin.name}")
        self._common = Draws(seed, f"{path}/market")
        self._scale = sqrt(span_ms / 1_000.0)
        self._steps = max(1, 1_000 // span_ms)
        self._since = 0
        self._second = 0.0
        self.price = coin.price * (0.97 + 0.06 * first.uniform())
        self.variance = 0.5 + first.uniform()
        self.jumped = False
        self._mood = first.below(len(MOODS))
        self._left = self._duration(first)
        self._anchor = self.price

    @property
    def mood(self) -> str:
        """What the market feels like now."""
        return MOODS[self._mood][0]

    @property
    def volatility(self) -> float:
        """Standard deviation of the next one-second return, fraction."""
        return self._coin.sigma * self.heat

    @property
    def heat(self) -> float:
        """Volatility in units of the coin's normal one."""
        return MOODS[self._mood][2] * sqrt(self.variance)

    @property
    def drift(self) -> int:
        """Direction of the running trend."""
        return MOODS[self._mood][1]

    def step(self) -> float:
        """Move on by one step; returns the return (fraction)."""
        coin = self._coin
        _, drift, _, pull = MOODS[self._mood]
        span = self._scale * self._scale
        common, own = self._common.gauss(), self._own.gauss()
        shock = coin.beta * common + sqrt(1.0 - coin.beta * coin.beta) * own
        move = self.volatility * self._scale * shock
        move += drift * self._direction * TREND * coin.sigma * span
        # Capped, so that a long step cannot overshoot what it is pulled towards.
        move -= min(pull * span, 0.5) * (self.price / self._anchor - 1.0)
        move -= min(span / 86_400.0, 0.5) * (self.price / coin.price - 1.0)
        # A long step holds as many chances of a jump as the short ones it stands for.
        self.jumped = self._own.below(JUMP_ODDS) < max(1, int(span * 10.0))
        if self.jumped:
            size = (12.0 + 30.0 * self._own.uniform()) * coin.sigma
            move += size if self._own.bits() & 1 else -size
        move = max(-0.05, min(0.05, move))
        self.price *= 1.0 + move
        self._second += move
        self._since += 1
        if self._since >= self._steps:
            self._age(span * self._steps)
        return move

    def _age(self, seconds: float) -> None:
        """A second (or one longer step) is over: volatility remembers it, the mood may change."""
        surprise = self._second / (self._coin.sigma * MOODS[self._mood][2])
        surprise *= surprise / seconds
        variance = 1.0 - REACTION - MEMORY + REACTION * surprise + MEMORY * self.variance
        self.variance = min(HIGHEST_VARIANCE, variance)
        self._second = 0.0
        self._since = 0
        self._left -= seconds
        if self._left <= 0:
            # A step other than 0, so that the next mood is another one.
            self._mood = (self._mood + 1 + self._own.below(len(MOODS) - 1)) % len(MOODS)
            self._left = self._duration(self._own)
            self._anchor = self.price

    @staticmethod
    def _duration(draws: Draws) -> float:
        return 30.0 + 270.0 * draws.uniform()
