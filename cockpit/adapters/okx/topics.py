"""What a socket is subscribed to, and how well each subscription keeps its promise.

    asked ──ack──► acknowledged ──data that advances──► heard ──nothing for ``within`` s──► stale ─► asked
      └─error─► refused (asked again after ``RETRY_S``)      └─ no ack within ``ACK_S``: forgotten

A market where nothing happens is quiet, not stalled: when a fresh subscription brings the very same data,
the silence was honest and the patience doubles, up to the bound that OKX's keep-alives guarantee.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import msgspec

ACK_S = 5.0
"""A subscription without an answer for this long is forgotten, and asked for again."""
DATA_S = 5.0
"""An acknowledged subscription that promised data brings some within this time, or the socket is bad."""
RETRY_S = 30.0
FORGOTTEN = 2
"""Times a subscription may be forgotten before the socket itself is given up."""


class Topic(msgspec.Struct, frozen=True):
    """One subscription: OKX's arg, and what it promises."""

    channel: str
    inst_id: str = ""
    inst_type: str = ""
    within: float = 0.0
    """Data older than this (seconds) is a stall; 0 = the channel speaks only when something happens."""
    at_most: float = 65.0
    """The longest honest silence: OKX repeats a quiet book after 60 s."""
    vital: bool = False
    """Without it the whole link counts as down (private channels)."""

    def arg(self) -> dict[str, str]:
        """As OKX wants it, and as it echoes it."""
        keys = {"channel": self.channel, "instId": self.inst_id, "instType": self.inst_type}
        return {key: value for key, value in keys.items() if value}


class Phase(Enum):
    """Where a subscription stands."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    HEARD = "heard"
    REFUSED = "refused"
    WAITING = "waiting"
    """Not asked for yet: no connection."""


HEARD = Phase.HEARD


class Watch:
    """The state of one subscription. Times are monotonic seconds."""

    __slots__ = ("forgotten", "heard", "phase", "since", "stalls", "stamp", "topic", "within")

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.phase = Phase.WAITING
        self.since = 0.0
        """When the phase began."""
        self.heard = 0.0
        """When data last advanced."""
        self.stamp = 0
        """The newest venue time seen (ms)."""
        self.within = topic.within
        self.forgotten = 0
        self.stalls = 0

    def move(self, phase: Phase, now: float) -> None:
        self.phase = phase
        self.since = now

    def take(self, stamp: int, now: float) -> bool:
        """Data has come; False when it is nothing new (the same venue time again)."""
        fresh = stamp == 0 or stamp > self.stamp
        if self.phase is not HEARD:
            if self.stalls:
                # The silence is over: honest if a new subscription shows what we knew already.
                self.within = min(self.within * 2, self.topic.at_most) if not fresh else self.topic.within
            self.move(Phase.HEARD, now)
            self.forgotten = 0
            self.heard = now
        if fresh:
            self.stalls = 0
            self.stamp = stamp or self.stamp
            self.heard = now
        return fresh

    def due(self, now: float) -> str:
        """What is wrong with it now: ``""``, ``forgotten``, ``stalled``, ``silent`` or ``retry``."""
        waited = now - self.since
        if self.phase is Phase.ASKED and waited > ACK_S:
            return "forgotten"
        if self.phase is Phase.REFUSED and waited > RETRY_S:
            return "retry"
        if not self.topic.within:
            return ""
        if self.phase is Phase.ACKNOWLEDGED and waited > DATA_S:
            return "silent"
        if self.phase is Phase.HEARD and now - self.heard > self.within:
            return "stalled"
        return ""

    def worse(self, problem: str) -> bool:
        """Count it; True when asking again has not helped and the socket itself must be given up."""
        if problem == "stalled":
            self.stalls += 1
        elif problem != "retry":
            self.forgotten += 1
        return self.forgotten >= FORGOTTEN or (problem == "silent" and self.stalls > 0)

    @property
    def good(self) -> bool:
        """It does what it promised."""
        if self.topic.within:
            return self.phase is Phase.HEARD
        return self.phase in {Phase.ACKNOWLEDGED, Phase.HEARD}


def befell(watches: Sequence[Watch], problem: str, now: float) -> tuple[str, Topic | None]:
    """``books, trades (4 subscriptions): 5.1 s`` and no topic, or what has befallen just one, and that."""
    silence = max(now - (watch.heard if problem == "stalled" else watch.since) for watch in watches)
    named = ", ".join(dict.fromkeys(watch.topic.channel for watch in watches))
    many = f" ({len(watches)} subscriptions)" if len(watches) > 1 else ""
    return f"{named}{many}: {silence:.1f} s", None if many else watches[0].topic
