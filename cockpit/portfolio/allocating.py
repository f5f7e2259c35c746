"""From rewards to shares: scores, target weights, slow steps, who rests. Quant reference 15; PF-03 to PF-06.

Pure: the same arms at the same time give the same plan. Where Thompson sampling would draw, the chance of
being the best arm is integrated over the posteriors: what many draws come to, without the luck of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum, inf, isinf, sqrt

import msgspec

from cockpit.core.capital_config import CapitalConfig
from cockpit.core.returns import correlation
from cockpit.portfolio.bandit import Nig, corr_trigger, ucb1
from cockpit.portfolio.rewards import Rewards

PRIOR = Nig(0.0, 24.0, 2.0, 1.0)
"""No edge, worth a day of hours; an hour's R has a variance of about one."""
GRID = 256
WIDE = 9.0
FACTOR, HALVINGS = 1e12, 100
CORRELATED_DAYS = 60
HOUR = 3_600_000


class Arm(msgspec.Struct, frozen=True):
    """A sleeve that capital may go to."""

    sleeve: str
    share: float
    """What it may use now."""
    rewards: Rewards
    on: bool = True
    resting: int = 0
    """Until when it is in the cool-down pool (UTC ms); 0 = it is not."""
    suits: float | None = None
    """1 when its kind of strategy is made for the market's regime now, 0 when not; None = not known."""
    suspect: int = 0
    """At how many evaluations in a row it looked like a loser, this one not counted."""
    back: int = 0
    """When its last rest ended (UTC ms); 0 = it never rested."""


class Row(msgspec.Struct, frozen=True):
    """What the plan says of one arm."""

    sleeve: str
    share: float
    target: float
    """Where its share would go in the end."""
    step: float
    """Its share if this plan is applied now."""
    score: float
    """Performance score and regime score together; NaN is never said: an arm without data has the mean."""
    mean: float
    """Mean R an hour."""
    hours: int
    trades: int
    losing: float
    """P(its true mean is below 0)."""
    word: str
    """hold | more | less | rest | resting | off | young"""


class Plan(msgspec.Struct, frozen=True):
    """A whole proposal."""

    at: int
    method: str
    rows: tuple[Row, ...]
    rest: tuple[str, ...]
    """Sleeves that go to the cool-down pool."""

    @property
    def moves(self) -> dict[str, float]:
        """Sleeve → its new share, where it changes."""
        return {row.sleeve: row.step for row in self.rows if row.step != row.share}

    @property
    def empty(self) -> bool:
        return not self.moves and not self.rest


def best_chances(beliefs: Sequence[Nig]) -> list[float]:
    """P(arm i has the highest true mean), by integrating over a common grid. They sum to 1."""
    if len(beliefs) == 1:
        return [1.0]
    low = min(b.m - WIDE * b.scale for b in beliefs)
    high = max(b.m + WIDE * b.scale for b in beliefs)
    edges = [low + (high - low) * i / GRID for i in range(GRID + 1)]
    below = [[b.below(x) for x in edges] for b in beliefs]
    chances = []
    for own in range(len(beliefs)):
        total = 0.0
        for i in range(GRID):
            others = 1.0
            for other, row in enumerate(below):
                if other != own:
                    others *= (row[i] + row[i + 1]) / 2.0
            total += (below[own][i + 1] - below[own][i]) * others
        chances.append(total)
    whole = fsum(chances)
    return [chance / whole for chance in chances] if whole > 0 else [1.0 / len(beliefs)] * len(beliefs)


def _equal(windows: Sequence[Sequence[float]], _c: float) -> list[float]:
    return [1.0] * len(windows)


def _ucb(windows: Sequence[Sequence[float]], c: float) -> list[float]:
    """UCB1 of R scaled from [-3, 3] to [0, 1]; an arm that was never played gets the best score there is."""
    means = [(fsum(w) / len(w) + 3.0) / 6.0 if w else 0.5 for w in windows]
    scores = ucb1(means, [len(w) for w in windows], c)
    top = max((s for s in scores if not isinf(s)), default=1.0)
    return [top if s == inf else s for s in scores]


def _thompson(windows: Sequence[Sequence[float]], _c: float) -> list[float]:
    return best_chances([PRIOR.updated(window) for window in windows])


METHODS: dict[str, Callable[[Sequence[Sequence[float]], float], list[float]]] = {
    "equal": _equal,
    "ucb": _ucb,
    "thompson": _thompson,
}


class Evidence(msgspec.Struct, frozen=True):
    """What is believed of every arm at one instant."""

    arms: Sequence[Arm]
    settings: CapitalConfig
    now: int
    windows: list[list[float]]
    beliefs: list[Nig]
    losing: list[float]
    """P(its true mean is below 0)."""
    playing: list[int]
    """Who is on and does not rest."""

    @classmethod
    def of(cls, arms: Sequence[Arm], settings: CapitalConfig, now: int) -> Evidence:
        windows = [arm.rewards.window(now, settings.window_days, settings.window_trades) for arm in arms]
        beliefs = [PRIOR.updated(window) for window in windows]
        playing = [i for i, arm in enumerate(arms) if arm.on and arm.resting <= now]
        return cls(arms, settings, now, windows, beliefs, [belief.below(0.0) for belief in beliefs], playing)

    def suspicious(self, i: int) -> bool:
        """P(mean < 0) >= 0.9, or P(mean < the median arm's) >= 0.95, on at least 30 trades and 7 days."""
        arm, settings = self.arms[i], self.settings
        known = self.now - max(arm.rewards.since, arm.back)
        if len(arm.rewards.trades) < settings.judge_trades or known < settings.window_days * 24 * HOUR:
            return False
        if self.losing[i] >= settings.losing:
            return True
        means = sorted(self.beliefs[j].m for j in self.playing)
        middle = (means[len(means) // 2] + means[~(len(means) // 2)]) / 2.0
        return len(self.playing) > 2 and self.beliefs[i].below(middle) >= settings.behind

    def suspects(self) -> list[str]:
        """Who looks like a loser now: an arm that is named twice in a row rests."""
        return [self.arms[i].sleeve for i in self.playing if self.suspicious(i)]

    def rest(self) -> tuple[str, ...]:
        """Who rests from now on (PF-04): suspect for the second time; one at a time, never the last one."""
        bad = [i for i in self.playing if self.arms[i].suspect >= 1 and self.suspicious(i)]
        if self.settings.rest_hours <= 0 or not bad or len(self.playing) < 2:
            return ()
        return (self.arms[min(bad, key=lambda i: self.beliefs[i].m)].sleeve,)


def plan(evidence: Evidence, since: int, worth: float) -> Plan:
    """What should be done now. ``since``: when shares last changed (UTC ms; 0 = never); ``worth``: equity."""
    arms, settings, now = evidence.arms, evidence.settings, evidence.now
    rest = evidence.rest()
    scored = [i for i in evidence.playing if arms[i].sleeve not in rest]
    found = _scores([arms[i] for i in scored], [evidence.windows[i] for i in scored], settings)
    scores = dict(zip(scored, found, strict=True))
    targets = dict(zip(scored, _weights([arms[i] for i in scored], found, settings), strict=True))
    hours = (now - since) / HOUR if since else 1.0
    rows = []
    for i, arm in enumerate(arms):
        resting, window = arm.sleeve in rest, evidence.windows[i]
        target = 0.0 if resting else targets.get(i, arm.share)
        step = target if resting else _step(arm.share, target, hours, settings, worth)
        word = _word(arm, step, now, rest, settings)
        mean = fsum(window) / len(window) if window else 0.0
        trades = arm.rewards.recent(now, settings.window_days)
        numbers = (scores.get(i, 0.0), mean, len(window), trades, evidence.losing[i])
        rows.append(Row(arm.sleeve, arm.share, target, step, *numbers, word))
    return Plan(now, settings.method, tuple(rows), rest)


def _scores(arms: Sequence[Arm], windows: Sequence[Sequence[float]], settings: CapitalConfig) -> list[float]:
    """DL-10: performance score (the method's, as a part of all) and regime score, weighted."""
    if not arms:
        return []
    raw = METHODS[settings.method](windows, settings.exploration)
    low = min(raw) if settings.method == "ucb" else 0.0
    lifted = [score - low / 2.0 for score in raw]  # UCB scores are close together: their differences count
    whole = fsum(lifted) or 1.0
    performance = [score / whole for score in lifted]
    suits = [0.5 if arm.suits is None else arm.suits for arm in arms]
    every = fsum(suits) or 1.0
    r = settings.regime_weight
    return [(1.0 - r) * p + r * s / every for p, s in zip(performance, suits, strict=True)]


def _weights(arms: Sequence[Arm], scores: Sequence[float], settings: CapitalConfig) -> list[float]:
    """Scores as shares of ``total``: alike ones share a weight, none above ``most`` or under ``least``."""
    if not arms:
        return []
    weights = corr_trigger(scores, _correlations(arms), settings.rho)
    whole = fsum(weights) or 1.0
    weights = [settings.total * weight / whole for weight in weights]
    return _bounded(weights, settings)


def _bounded(weights: list[float], settings: CapitalConfig) -> list[float]:
    """All weights times one factor, each then held within [least, most], so that they sum to ``total``, or as
    near as the bounds let them come.
    """
    least = min(settings.least, settings.total / len(weights))

    def held(factor: float) -> list[float]:
        return [min(settings.most, max(least, factor * weight)) for weight in weights]

    low, high = 0.0, 1.0
    while fsum(held(high)) < settings.total and high < FACTOR:
        high *= 2.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if fsum(held(middle)) < settings.total else (low, middle)
    return held(high)


def _correlations(arms: Sequence[Arm]) -> list[list[float]]:
    """Of daily returns over the days that two arms have in common; 0 where they are fewer than 60."""
    days = [dict(arm.rewards.days) for arm in arms]
    matrix = [[0.0] * len(arms) for _ in arms]
    for i, first in enumerate(days):
        for j in range(i):
            common = sorted({*first} & {*days[j]})
            if len(common) < CORRELATED_DAYS:
                continue
            rho = correlation([first[d] for d in common], [days[j][d] for d in common])
            shrunk = rho * (1.0 - 1.0 / sqrt(len(common)))
            matrix[i][j] = matrix[j][i] = shrunk if shrunk == shrunk else 0.0
    return matrix


def _step(share: float, target: float, hours: float, settings: CapitalConfig, worth: float) -> float:
    """Slow weights: at most ``damping`` an hour; a change that is not worth its cost is none."""
    most = settings.damping * max(0.0, min(hours, 24.0))
    step = share + min(most, max(-most, target - share))
    return share if abs(step - share) * worth < settings.least_move else round(step, 4)


def _word(arm: Arm, step: float, now: int, rest: Sequence[str], settings: CapitalConfig) -> str:
    if not arm.on:
        return "off"
    if arm.resting > now:
        return "resting"
    if arm.sleeve in rest:
        return "rest"
    if step != arm.share:
        return "more" if step > arm.share else "less"
    young = len(arm.rewards.trades) < settings.judge_trades
    return "young" if young else "hold"
