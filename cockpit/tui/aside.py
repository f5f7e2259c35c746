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


class Aside(msgspec.Struct, frozen=True, eq=False):
    """All of it. Compared by identity: a new one is made whenever something in it has changed."""

    audit: AuditSheet = AuditSheet()
    past: PastSheet = PastSheet()


NOTHING_ASIDE = Aside()
