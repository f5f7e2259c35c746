"""What a screen knows besides the pictures an engine sends: what it asked for, and has been answered."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.core.audit import AuditRow, Wanted


class AuditSheet(msgspec.Struct, frozen=True, eq=False):
    """Decisions, as far as they have been read."""

    rows: tuple[AuditRow, ...] = ()
    """The newest first."""
    wanted: Wanted = Wanted()
    reading: bool = False
    """More is being asked for now."""
    done: bool = False
    """Read to the beginning of the journal, or of the time that was asked for."""
    fault: str = ""
    """Why nothing can be read, in words; also what is wrong with the filter."""
    chain: dict[str, Any] | None = None
    """Everything about the row under the cursor."""
    exporting: int = 0
    """Rows written so far; 0 = no export is under way."""


class PastSheet(msgspec.Struct, frozen=True, eq=False):
    """The past moment that is shown instead of now, or how far the way to it is done."""

    on: bool = False
    ts: int = 0
    """The moment, UTC ms."""
    seq: int = 0
    first_ts: int = 0
    last_ts: int = 0
    """Of the journal."""
    progress: float = 0.0
    """Share of the way; 0 = nothing is being rebuilt."""
    fault: str = ""
    """Why it cannot be shown: words, or a message id."""
    speed: int = 0
    """Playing at this multiple of time; 0 = standing."""
    now: str = ""
    """What the present does meanwhile, in words; empty where there is none."""


class LabRow(msgspec.Struct, frozen=True):
    """A backtest or a study, as the list shows it. Fractions are fractions."""

    key: str
    """``going:NAME``, ``run:NAME`` or ``study:NAME``."""
    state: str
    """running | done | failed | stopped | exhausted"""
    what: str
    """Its strategies."""
    tape: str
    when: int
    done: float = 1.0
    left_s: float | None = None
    total: float | None = None
    sharpe: float | None = None
    error: float | None = None
    """Standard error of the Sharpe ratio."""
    mdd: float | None = None
    trades: int | None = None
    """Round trips of a run; trials of a study."""
    why: str = ""

    @property
    def kind(self) -> str:
        return self.key.partition(":")[0]

    @property
    def name(self) -> str:
        return self.key.partition(":")[2]


class Strip(msgspec.Struct, frozen=True):
    """One parameter of a study: how much it matters, and where the good trials are."""

    name: str
    influence: float | None
    low: str
    high: str
    means: tuple[float | None, ...]
    """Mean score by stretch of its range."""


class LabHeat(msgspec.Struct, frozen=True):
    """The two parameters that matter most against each other: mean score by field."""

    x: str
    y: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[float | None, ...], ...]


class LabDetail(msgspec.Struct, frozen=True):
    """Everything about one of them."""

    key: str
    ts: tuple[int, ...] = ()
    """UTC ms; of a study the number of the trial."""
    curve: tuple[float, ...] = ()
    """Equity; of a study the best score so far."""
    held: tuple[float, ...] = ()
    """Buying and holding instead."""
    numbers: tuple[tuple[str, str], ...] = ()
    """(name, value with its uncertainty), in words."""
    warnings: tuple[str, ...] = ()
    strips: tuple[Strip, ...] = ()
    heat: LabHeat | None = None


class LabTape(msgspec.Struct, frozen=True):
    """A recorded market that a backtest could use."""

    path: str
    symbols: tuple[str, ...]


class LabSheet(msgspec.Struct, frozen=True, eq=False):
    """What was tried here, and what is being tried."""

    rows: tuple[LabRow, ...] = ()
    details: dict[str, LabDetail] = {}
    tapes: tuple[LabTape, ...] = ()
    read: bool = False
    """Anything has been read yet."""
    marked: str = ""
    """Key of the row that others are compared with."""
    cursor: str = ""
    """Key of the row that is looked at."""
    fault: str = ""


class ArchiveRow(msgspec.Struct, frozen=True):
    """One series of the archive."""

    symbol: str
    kind: str
    tf: int
    """Length of candles, ms; 0 for everything else."""
    rows: int
    first: int
    last: int
    """UTC ms."""
    coverage: float | None = None
    """Share of the rows that should be there; None = nobody knows how many."""
    gaps: int | None = None
    """None = it has not been read for them."""
    missing: int = 0
    findings: int = 0
    """Rows or files that cannot be right."""


class ArchiveSheet(msgspec.Struct, frozen=True, eq=False):
    """What the archive holds, and what is being done about it."""

    rows: tuple[ArchiveRow, ...] = ()
    read: bool = False
    checked: bool = False
    """The rows come from a check, which has looked for holes."""
    busy: str = ""
    """status | check | repair; empty = nothing is under way."""
    fault: str = ""


class LogLine(msgspec.Struct, frozen=True, array_like=True):
    """A line of the log, secrets masked."""

    number: int
    """Counted from the first that was read."""
    time: str
    """``12:00:00.123`` UTC; empty where the line has none."""
    level: str
    words: str


class LogSheet(msgspec.Struct, frozen=True, eq=False):
    """The end of the log, as far as it has been read."""

    lines: tuple[LogLine, ...] = ()
    """The newest first."""
    fault: str = ""


class ScreenSheet(msgspec.Struct, frozen=True):
    """What this screen costs."""

    paint_ms: float = 0.0
    """A round of painting, moving average."""
    worst_ms: float = 0.0
    """The dearest round of the last second."""
    late_ms: float = 0.0
    """How late the timer of painting fires: somebody else holds the loop."""
    slow: bool = False
    dropped: int = 0
    """Pictures that a terminal which does not read was spared."""
    memory_mb: float = 0.0
    versions: tuple[tuple[str, str], ...] = ()


class Aside(msgspec.Struct, frozen=True, eq=False):
    """All of it. Compared by identity: a new one is made whenever something in it has changed."""

    audit: AuditSheet = AuditSheet()
    past: PastSheet = PastSheet()
    lab: LabSheet = LabSheet()
    archive: ArchiveSheet = ArchiveSheet()
    log: LogSheet = LogSheet()
    screen: ScreenSheet | None = None
    """None = not measured yet."""
    keys: dict[str, str] = {}
    """Action → how its first key is written: what a panel says of keys is what they are."""


NOTHING_ASIDE = Aside()
