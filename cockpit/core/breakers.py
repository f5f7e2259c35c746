"""Circuit breakers: what they read, and the ladder they move (RK-08, RK-09).

    NORMAL ─► DELEVER ─► REDUCE_ONLY ─► HALT ─► FLATTEN        up: at once, any number of rungs
       ▲─────────┴───────────┘  down: to NORMAL only, after a whole cool-down below the lowest rung
       ▲───────────────────────────────┴───────────┘  only by a person (``resume`` with word and reason)

A breaker (``risk/breakers``, one file each) is a pure function of ``Facts``: it reads a number, larger is
worse, about the account or about one market, strategy version or sleeve. Its ``Rungs`` say from which number
on which step holds. An episode begins with the first rung and only climbs until it ends. Protections are the
same kind of function, but answer with locks: entries of something are closed until an instant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cockpit.core.posture import Posture

Positive = Annotated[float, Meta(gt=0)]
Rung = Annotated[float, Meta(ge=0)]
ACCOUNT = ""
"""What an account breaker is about."""
EVERY_MS = 1_000
"""Breakers look at most once a second of engine time."""


class Rungs(msgspec.Struct, frozen=True):
    """From which reading on each step holds; 0 = that rung is not there. They must rise."""

    delever: Rung = 0.0
    reduce_only: Rung = 0.0
    halt: Rung = 0.0
    flatten: Rung = 0.0
    cool_down_min: Positive = 30.0
    """How long the reading must stay below the lowest rung before the step is taken back."""

    def __post_init__(self) -> None:
        limits = [limit for _, limit in self.rungs()]
        if not limits:
            raise ValueError("it has no rung: give delever, reduce_only, halt or flatten")
        if limits != sorted(set(limits)):
            raise ValueError("the rungs must rise: delever < reduce_only < halt < flatten")

    def rungs(self) -> list[tuple[Posture, float]]:
        """The rungs there are, lowest first."""
        rows = (
            (Posture.DELEVER, self.delever),
            (Posture.REDUCE_ONLY, self.reduce_only),
            (Posture.HALT, self.halt),
            (Posture.FLATTEN, self.flatten),
        )
        return [(step, limit) for step, limit in rows if limit]

    def wanted(self, value: float) -> Posture:
        """The highest rung that a reading has reached; a reading that is no number reaches none."""
        return max((step for step, limit in self.rungs() if value >= limit), default=Posture.NORMAL)

    def next_limit(self, value: float) -> float:
        """The rung that comes next, or the last one."""
        limits = [limit for _, limit in self.rungs()]
        return next((limit for limit in limits if value < limit), limits[-1])

    @property
    def cool_ms(self) -> int:
        return int(self.cool_down_min * 60_000)


class Reading(msgspec.Struct, frozen=True):
    """One number of one breaker; larger is worse."""

    value: float
    words: str
    """The number and what it is measured against, for people."""
    about: str = ACCOUNT
    """``version:ema_trend@1``, ``symbol:okx:BTC-USDT-SWAP`` or ``sleeve:…``; empty = the whole account."""


class Done(msgspec.Struct, frozen=True):
    """A trade that is over: from flat to flat, of one sleeve."""

    ts: int
    sleeve: str
    version: str
    symbol: str
    profit: float
    """Quote currency, fees and funding in; coin of an inverse contract at the price of the exit."""
    worth: float
    """Largest notional it had, quote currency."""
    stopped: bool
    """A stop ended it."""


class Request(msgspec.Struct, frozen=True):
    """A request that the venue answered."""

    ts: int
    version: str
    word: str
    """ok | refused | throttled"""
    ms: int
    """How long the answer took; -1 = not known."""


class Facts(msgspec.Struct, frozen=True):
    """What breakers and protections look at. Money in the account's currency, times UTC ms."""

    now: int
    equity: float
    pnl: float
    """Everything that trading has brought."""
    day_base: float
    """What it was when the UTC day began, or at the last resume; the same for the week (Monday)."""
    day_top: float
    """The best it has been in the day."""
    week_base: float
    margin_use: float
    """What the venue requires over (cash + unrealised); at 1 it liquidates. 0 = nothing needs any."""
    down: dict[str, int]
    """Channel → since when it has been down."""
    silence: dict[str, tuple[int, int]]
    """Sleeve → (ms since its market was heard, ms between its bars; 0 = none)."""
    unrest: dict[str, float]
    """Symbol → volatility of the last half minute of looks over its long mean."""
    requests: tuple[Request, ...]
    """Of the last ten minutes."""
    slips: dict[str, tuple[float, ...]]
    """Version → slippage of its last taker fills: basis points against us, from the price at sending."""
    returns: dict[str, float]
    """Version → what it has brought today, fraction of equity."""
    done: tuple[Done, ...]
    """The last trades that are over, oldest first."""

    def lost(self, base: float) -> float:
        """Fraction of equity lost since ``base`` (a profit); transfers do not count. Below 0 = won."""
        gone = base - self.pnl
        whole = self.equity + gone
        return gone / whole if whole > 0 else (1.0 if gone > 0 else 0.0)


class Lockout(msgspec.Struct, frozen=True):
    """A protection's answer: entries of ``about`` are closed until ``until`` (UTC ms)."""

    about: str
    reason: str
    until: int


class Breaker(msgspec.Struct, frozen=True):
    """A configured breaker or protection."""

    name: str
    read: Callable[[Facts, Any], Iterable[Any]]
    params: Any
    kind: str
    """ladder | lock"""
    unit: str = ""


class Trip(msgspec.Struct, frozen=True):
    """A running episode of one breaker about one thing."""

    breaker: str
    about: str
    step: Posture
    reason: str
    since: int
    raised: int
    """When it last climbed."""
    until: int
    """Not taken back before; 0 = only a person takes it back."""


class Level(msgspec.Struct, frozen=True):
    """The last reading of a breaker, for the screen."""

    breaker: str
    about: str
    value: float
    limit: float
    unit: str


def advance(trip: Trip | None, breaker: str, reading: Reading, rungs: Rungs, now: int) -> Trip | None:
    """The episode after one more reading. The only way up and the only way down without a person."""
    want = rungs.wanted(reading.value)
    if trip is None and want is Posture.NORMAL:
        return None
    if trip is None or want > trip.step:
        since = now if trip is None else trip.since
        until = 0 if want >= Posture.HALT else now + rungs.cool_ms
        return Trip(breaker, reading.about, want, reading.words, since, now, until)
    if trip.step >= Posture.HALT:
        return trip
    if want is not Posture.NORMAL:  # calm is counted from the last bad reading
        return msgspec.structs.replace(trip, until=now + rungs.cool_ms)
    return None if now >= trip.until else trip


class Pulse(msgspec.Struct):
    """What breakers remember. In the State, so a snapshot keeps it and a replay makes the same one."""

    checked: int = 0
    due: int = 0
    day: int = -1
    day_base: float = 0.0
    day_top: float = 0.0
    week: int = -1
    week_base: float = 0.0
    down: dict[str, int] = {}
    prices: dict[str, float] = {}
    fast: dict[str, float] = {}
    slow: dict[str, float] = {}
    looks: dict[str, int] = {}
    requests: list[Request] = []
    asked: dict[str, tuple[int, float]] = {}
    """Client id → when it was sent, and the price then."""
    slips: dict[str, list[float]] = {}
    versions: dict[str, float] = {}
    """Version → its profit when the day began."""
    banked: dict[str, float] = {}
    worth: dict[str, float] = {}
    done: list[Done] = []
    levels: list[Level] = []
    broken: dict[str, str] = {}
    """Breakers that failed: they stop entries, and are asked again after a resume."""
