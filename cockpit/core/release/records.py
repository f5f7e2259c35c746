"""A strategy version and all that is known of it: part of the State, so restarts and replays have it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from cockpit.core.config import ReleaseConfig
from cockpit.core.release.sequential import Bet, Detector
from cockpit.core.release.track import Slips, Track
from cockpit.core.types import SleeveId, Stage

HOUR, DAY = 3_600_000, 86_400_000
LADDER = (Stage.BACKTEST, Stage.PAPER, Stage.SHADOW, Stage.CANARY, Stage.PROD)
LIVE = frozenset((Stage.CANARY, Stage.PROD))
"""Stages in which its orders reach the account's venue."""
TWINNED = frozenset((Stage.PAPER, Stage.SHADOW, Stage.CANARY, Stage.PROD))
MACHINE = "machine"
SETTINGS = "settings"
"""Origin of a version that the settings name: a person wrote it there, and nobody else need approve."""
NEEDED = {Stage.CANARY: 1, Stage.PROD: 2}
"""People who must approve, none of them twice; one where the settings say that there is only one."""
MADE = "release.made"
"""Note of a version that is new."""
CHANGES = {
    "added": False,
    "asked": False,
    "approved": False,
    "promoted": True,
    "superseded": True,
    "restored": True,
    "rolled_back": True,
    "retired": True,
    "settings": True,
}
"""Words of a history (``release.WORD`` is the note), and whether the stage is another one afterwards."""
MAY = {
    "viewer": frozenset[str](),
    "trader": frozenset(("add", "promote", "rollback", "retire")),
    "approver": frozenset(("approve", "rollback", "retire")),
    "admin": frozenset(("add", "promote", "approve", "rollback", "retire")),
}
"""Role → what it may do. Going back is open to everyone who may do anything."""


class Make(msgspec.Struct, frozen=True):
    """What a version is made of: another code, parameter, stop or size is another version."""

    strategy: str
    symbols: tuple[str, ...]
    timeframe: str = ""
    timeframes: tuple[str, ...] = ()
    params: dict[str, Any] = {}
    """All of them, defaults included: a default that changes is another version."""
    stops: tuple[dict[str, Any], ...] | None = None
    stop_price: str = ""
    sizing: dict[str, Any] | None = None
    share: float = 1.0
    pool: str = ""
    bars: str = ""
    """Length of the bars that its stop layers look at; empty = none."""
    code: str = ""
    """sha256 of the strategy's source."""

    @property
    def id(self) -> str:
        """``ema_trend-1a2b3c4d5e``: name and content hash."""
        raw = msgspec.json.encode(self, order="deterministic")
        return f"{self.strategy}-{hashlib.sha256(raw).hexdigest()[:10]}"

    @property
    def seat(self) -> str:
        """The job it does: versions of one seat replace each other."""
        return f"{self.strategy}@{'+'.join(self.symbols)}/{self.timeframe}"


class Passport(msgspec.Struct, frozen=True):
    """What the proof said (``lab.proof``), as far as release asks. The file itself is named by ``digest``."""

    digest: str
    valid: bool
    issued: int = 0
    dsr: float = 0.0
    pbo: float = 1.0
    min_trl: float = 0.0
    """Years of record that its Sharpe ratio needs to be believed after so many tries."""
    length: float = 0.0
    """Years there are."""
    plateau: bool = False
    clean: bool = False
    """The bias checks found nothing."""
    span_ms: int = DAY
    returns: tuple[float, ...] = ()
    """Out-of-sample net returns, one a span, newest last; fractions of capital."""
    slippage_bp: float = 0.0
    """What the backtest assumed, basis points of the price."""
    drawdowns: tuple[tuple[int, float], ...] = ()
    """(spans, 95 % bootstrap drawdown over so many of them), rising; it knows how short the record is."""
    faults: tuple[str, ...] = ()
    """Why it is not valid."""
    band: tuple[tuple[int, float], ...] = ()
    """(spans, fall), rising: beyond it a fall is not normal for it, however often one looks in a year."""

    def drawdown(self, spans: int) -> float:
        """The drawdown that a stretch of ``spans`` exceeds with 5 % by chance; 0 = nobody worked it out."""
        return _at(self.drawdowns, spans)

    def fall(self, spans: int) -> float:
        """How deep it may lie below its peak within the first ``spans``, looked at all the time."""
        return _at(self.band or self.drawdowns, spans)


def _at(bounds: tuple[tuple[int, float], ...], spans: int) -> float:
    found = [bound for length, bound in bounds if length >= spans]
    return found[0] if found else (bounds[-1][1] if bounds else 0.0)


class Change(msgspec.Struct, frozen=True):
    """One line of a version's history. Lines are added, never changed."""

    ts: int
    word: str
    """One of ``CHANGES``."""
    before: Stage
    after: Stage
    who: str
    why: str


class Ask(msgspec.Struct):
    """A promotion that waits for people."""

    to: Stage
    by: str
    why: str
    at: int
    approvals: dict[str, str] = {}
    """Who → why."""


class Duel(msgspec.Struct):
    """A candidate's twin against the twin of what is in production, on the same feed."""

    champion: str
    better: Bet
    """Evidence that the candidate earns more."""
    worse: Bet
    """Evidence that it earns less."""
    mine: Track
    theirs: Track
    """Both twins in the candidate's spans."""


class Person(msgspec.Struct, frozen=True):
    """Somebody who may decide (``core.release.people``)."""

    role: str
    """One of ``MAY``."""
    key: str
    """sha256 of their token."""
    since: int


class Version(msgspec.Struct):
    """One version, from its first day to its last."""

    id: str
    make: Make
    origin: str
    created: int
    by: str
    stage: Stage = Stage.BACKTEST
    since: int = 0
    parent: str = ""
    """The version it was made from."""
    passport: Passport | None = None
    history: list[Change] = []
    ask: Ask | None = None
    sleeves: tuple[SleeveId, ...] = ()
    """Its sleeves in the account, one a leg; they outlive the stage for as long as something is held."""
    replaced: str = ""
    """What it took production from."""
    until: int = 0
    """Retired: not before then may it begin again."""
    twin: Track = msgspec.field(default_factory=Track)
    live: Track = msgspec.field(default_factory=Track)
    modelled: Slips = msgspec.field(default_factory=Slips)
    """Slippage of the twin's fills."""
    realised: Slips = msgspec.field(default_factory=Slips)
    """Slippage of the account's fills."""
    decay: Bet = msgspec.field(default_factory=Bet)
    """Evidence that the live mean has been below 0 since the stage began."""
    turn: Detector = msgspec.field(default_factory=Detector)
    """Evidence that it has been below 0 since some instant of the stage."""
    drift: Bet = msgspec.field(default_factory=Bet)
    """Evidence that live fills cost more than the band allows."""
    duel: Duel | None = None
    fault: str = ""
    """Why it cannot be made any more; empty = it can."""
    told: bool = False
    """Is it in the journal's table?"""

    @property
    def running(self) -> bool:
        """Is it anywhere between paper and production?"""
        return self.stage in TWINNED

    @property
    def managed(self) -> bool:
        """Did it come by the stages, or has it been moved since it stood in the settings?"""
        return self.origin != SETTINGS or bool(self.history)

    @property
    def span(self) -> int:
        """Length of one observation (ms)."""
        return self.passport.span_ms if self.passport is not None else DAY


class Release(msgspec.Struct):
    """Part of the State: every version, and the settings of their life."""

    settings: ReleaseConfig = ReleaseConfig()
    versions: dict[str, Version] = {}
    persons: dict[str, Person] = {}
    """Who has a token, by name."""
    due: int = 0
    """When the live ones are looked at again at the latest."""
    asked: dict[str, float] = {}
    """Client id → price when the order was decided, while versions are watched."""

    def in_stage(self, *stages: Stage) -> list[Version]:
        """Those in one of these stages, oldest first."""
        return [version for version in self.versions.values() if version.stage in stages]

    def of(self, sleeve: SleeveId) -> Version | None:
        """Whose sleeve that is."""
        return next((v for v in self.versions.values() if sleeve in v.sleeves), None)

    def champion(self, version: Version) -> Version | None:
        """What it would replace in production: its parent there, else the only one of its seat.

        None: nothing, or several to choose from (then it must have been made from one of them).
        """
        rivals = [
            other
            for other in self.in_stage(Stage.PROD)
            if other.make.seat == version.make.seat and other.id != version.id
        ]
        parent = [other for other in rivals if other.id == version.parent]
        return parent[0] if parent else rivals[0] if len(rivals) == 1 else None

    def role(self, who: str) -> str:
        """What a person is; anybody may do everything where the settings name nobody."""
        if self.persons:
            person = self.persons.get(who)
            return "viewer" if person is None else person.role
        people = self.settings.people
        return people.get(who, "viewer") if people else "admin"

    def needed(self, stage: Stage) -> int:
        """How many people must approve a promotion to ``stage``."""
        return min(NEEDED.get(stage, 0), 1 if self.settings.solo else 2)

    def may(self, who: str, deed: str) -> bool:
        """Is that within their role?"""
        return deed in MAY[self.role(who)]
