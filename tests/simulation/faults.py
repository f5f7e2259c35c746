"""What goes wrong, and when: drawn once from the seed, a budget per transition, each item switchable.

Uniform random faults starve rare transitions, so every named point (``request:place``, ``report:fill``,
``crash:commit.before/fill`` …) draws its own few faults by the number of the visit, and the draw depends on
nothing but (seed, point): adding a point elsewhere does not move it. Swarm: each class is on or off for a
whole seed, so that combinations which drown each other out also get seeds of their own.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

REQUEST = ("lose_request", "lose_response", "late", "refuse", "slow")
REPORT = ("duplicate", "drop", "delay")
WINDOW = ("stall", "cut", "maintenance", "silence")
OTHER = ("crash", "halt", "hand_trade")
FIRST = REQUEST + REPORT + WINDOW + OTHER
"""What every world may meet; the draw of these is older than the others and does not move."""
DISK = ("power", "disk_fail", "disk_full")
VENUE = ("adl", "liquidation", "suspend", "tick")
MACHINE = ("clock", "strategy_crash", "strategy_slow")
LATER = DISK + VENUE + MACHINE
NEWER = ("sent", "lot")
"""``sent``: the adapter says when a request leaves, as those for real venues do; over the same bad road.
``lot``: the venue makes the lot of the perpetual ten times as large, and as small as it was again."""
NEWEST = ("delist",)
"""``delist``: the venue ends the perpetual for good: its orders are off, what is held there is settled."""
LAST = ("delist_coins",)
"""``delist_coins``: the venue ends the spot market for good: its orders are off, coins stay."""
BEFORE = ("held",)
"""``held``: the account holds something when the journal begins; somebody trades on it, money comes and goes
and answers are held up while it is read for the first time (``before``)."""
THIRD = ("hand_cancel", "bad_data", "half_read", "press")
CLASSES = FIRST + LATER + THIRD + NEWER + NEWEST + LAST + BEFORE
"""Every class of fault the simulator knows."""
LATER_FROM, THIRD_FROM, NEWER_FROM = 3_000, 6_000, 4_000_000
"""From these seeds on the later classes are drawn too; seeds before are known for what they found."""
LAST_FROM = 14_000_000
HELD_FROM = 18_000_000
"""From this seed on the lines are down until they are up, as a real run says at its start; and ``BEFORE``."""
SIGNED_FROM = 20_000_000
"""From this seed on, in half of the worlds a stop's request is good for half a minute, as OKX's are: so long
one that nobody answered may still arrive. And in half of them one sleeve is alone on the perpetual."""
TRACES_FROM, RETELLS_EVERY = 9_000_000, 8
"""From this seed on the adapter remembers what it has told and a catch-up tells the rest, as the adapters for
real venues do; in every eighth world, and in all before, it tells two minutes of trades again each time."""
STEPS_S = (3_600.0, -3_600.0, 60.0, -60.0, 5.0, -5.0, 0.7, -0.7)
"""How far somebody sets the machine's clock."""

SIZES = {"late": (0.5, 9.0), "slow": (0.05, 25.0)}
"""Seconds: late requests straddle the client's patience and the venue's expiry on purpose."""
ACTS = ("close", "close", "halve", "add", "turn")
"""What people do with a position of theirs, by its first seconds."""
ONCE = ("crash:", "disk:")
"""What ends a process is drawn once for a whole life, however long."""
FIRST_S = 14.0
"""How long an account is at most read for the first time, about."""
MAX_CRASHES = 8
"""Crashes by named point in one seed; more would leave no time to trade between them."""


class Item(NamedTuple):
    """One planned fault: at the ``nth`` visit of ``point`` do ``kind`` with ``size`` (seconds, or a rank)."""

    point: str
    nth: int
    kind: str
    size: float

    def __str__(self) -> str:
        return f"{self.point}#{self.nth} {self.kind} {self.size:.3f}"


class Window(NamedTuple):
    """A span of simulated seconds during which a whole channel misbehaves."""

    kind: str
    start: float
    end: float

    def __str__(self) -> str:
        return f"{self.kind} {self.start:.3f}-{self.end:.3f} s"


class Plan:
    """All faults of one seed. ``off`` names items (by their text) that a replay leaves out."""

    def __init__(
        self,
        seed: int,
        seconds: float,
        *,
        rate: float = 1.0,
        off: Iterable[str] = (),
        focus: Iterable[str] = (),
        only: Iterable[str] | None = None,
        again: int = 0,
    ) -> None:
        """``focus``: classes that are on in any case, to aim at one kind of bug; ``only``: no others.

        ``again``: after so many visits of a transition its budget is drawn anew; 0 = once for the whole life.
        """
        self.seed = seed
        self.again = again
        self.seconds = seconds
        self.rate = rate
        self.off = frozenset(off)
        self.retells = seed < TRACES_FROM or seed % RETELLS_EVERY == 0
        self.torn = seed >= TRACES_FROM
        """An account is read as adapters do it: balances first, then fills and bills, all told in order."""
        self.connecting = seed >= HELD_FROM
        """A line takes a while to come up, and is known to be down until then."""
        signed = random.Random(f"{seed}/signed")
        self.signed, self.lonely = (seed >= SIGNED_FROM and signed.random() < 0.5 for _ in range(2))
        rng = random.Random(f"{seed}/plan")
        self.classes = frozenset(name for name in FIRST if rng.random() < 0.5) | frozenset(focus)
        late = random.Random(f"{seed}/later")
        self.classes |= frozenset(name for name in LATER if late.random() < 0.3 and seed >= LATER_FROM)
        newer = random.Random(f"{seed}/newer")
        self.classes |= frozenset(name for name in NEWER if newer.random() < 0.5 and seed >= NEWER_FROM)
        newest = random.Random(f"{seed}/newest")
        self.classes |= frozenset(name for name in NEWEST if newest.random() < 0.2 and seed >= TRACES_FROM)
        last = random.Random(f"{seed}/last")
        self.classes |= frozenset(name for name in LAST if last.random() < 0.3 and seed >= LAST_FROM)
        before = random.Random(f"{seed}/held")
        self.classes |= frozenset(name for name in BEFORE if before.random() < 0.5 and seed >= HELD_FROM)
        third = random.Random(f"{seed}/third")
        self.classes |= frozenset(name for name in THIRD if third.random() < 0.3 and seed >= THIRD_FROM)
        if only is not None:
            self.classes = frozenset(only)
        drawn = self._draw_windows(rng), self._draw_moments(rng)
        windows = [*drawn[0], *self._later_windows(late)]
        moments = [*drawn[1], *self._later_moments(late), *self._third_moments(third, windows)]
        moments += self._newer_moments(newer)
        if self.on("delist"):
            moments.append(Item("at", 1, "delist", round(newest.uniform(0.2, 0.95) * seconds, 3)))
        if self.on("delist_coins"):
            moments.append(Item("at", 1, "delist_coins", round(last.uniform(0.1, 0.95) * seconds, 3)))
        moments += self._held_moments(before)
        self.schedule(sorted((w for w in windows if str(w) not in self.off), key=lambda w: (w.start, w.kind)))
        self.moments = sorted((m for m in moments if str(m) not in self.off), key=lambda m: m.size)
        """(point, …, size = instant in seconds): halts, crashes between points, hand trades, clock steps …"""
        self.opening = "money" if any(m.point == "at:money" for m in self.moments) else "account"
        """What kind of account is found: ``before``."""
        self.fired: list[str] = []
        """Texts of the items that really happened, in order."""
        self.visits: dict[str, int] = {}
        self._budget: dict[str, dict[int, Item]] = {}
        self._crashes = 0
        self.healed = False

    def on(self, name: str) -> bool:
        return name in self.classes

    def schedule(self, windows: list[Window]) -> None:
        """The spans of time in which something misbehaves: these and no others."""
        self.windows = windows
        self._timed: dict[str, list[Window]] = {}
        for window in windows:
            self._timed.setdefault(window.kind, []).append(window)

    def of(self, kind: str) -> Sequence[Window]:
        """Its windows of one kind, in time."""
        return self._timed.get(kind, ())

    def heal(self) -> None:
        """Faults end here; what follows must converge."""
        self.healed = True

    def visit(self, point: str) -> Item | None:
        """Count a visit of ``point`` before the world is healed; the fault planned for it, if any."""
        if self.healed:
            return None
        nth = self.visits[point] = self.visits.get(point, 0) + 1
        if nth == 1:
            self._budget[point] = self._draw_point(point)
        elif self.again and nth % self.again == 1 and not point.startswith(ONCE):
            drawn = self._draw_point(point, nth // self.again).values()
            moved = (one._replace(nth=one.nth + nth - 1) for one in drawn)
            self._budget[point] = {one.nth: one for one in moved}
        item = self._budget[point].get(nth)
        if item is None or str(item) in self.off:
            return None
        if item.kind in ("crash", "power"):
            if self._crashes >= MAX_CRASHES:
                return None
            self._crashes += 1
        self.fired.append(str(item))
        return item

    def during(self, kind: str, now: float) -> bool:
        """Whether a window of this kind covers ``now`` (seconds)."""
        if self.healed:
            return False
        for window in self._timed.get(kind, ()):
            if window.start <= now < window.end:
                if str(window) not in self.fired:
                    self.fired.append(str(window))
                return True
        return False

    def crash_of(self, strategy: str, reach: int) -> int:
        """At which of its decisions this strategy breaks: by its own count, so that a replay breaks too."""
        rng = random.Random(f"{self.seed}/breaks/{strategy}")
        item = Item(f"strategy:{strategy}", int(reach ** rng.random()), "strategy_crash", 0.0)
        if not self.on("strategy_crash") or rng.random() > 0.5 * self.rate or str(item) in self.off:
            return 0
        self.fired.append(str(item))
        return item.nth

    def items(self) -> list[str]:
        """Everything that happened or was scheduled by time: what a shrinker may switch off."""
        timed = [str(item) for item in (*self.windows, *self.moments)]
        return list(dict.fromkeys([*self.fired, *timed]))

    def _draw_windows(self, rng: random.Random) -> list[Window]:
        windows = []
        for kind in WINDOW:
            for _ in range(rng.randrange(1, 4)):
                start = rng.uniform(0, self.seconds)
                length = rng.choice((0.5, 3.0, 12.0)) * rng.uniform(0.5, 1.5)
                if self.on(kind):
                    windows.append(Window(kind, round(start, 3), round(start + length, 3)))
        return sorted(windows, key=lambda w: (w.start, w.kind))

    def _later_windows(self, rng: random.Random) -> list[Window]:
        windows = []
        for kind in ("disk_full", "suspend"):
            for _ in range(rng.randrange(1, 3)):
                start = round(rng.uniform(0, self.seconds * 0.9), 3)
                length = rng.choice((2.0, 8.0, 20.0)) * rng.uniform(0.5, 1.5)
                if self.on(kind):
                    windows.append(Window(kind, start, round(min(self.seconds, start + length), 3)))
        return windows

    def _later_moments(self, rng: random.Random) -> list[Item]:
        moments = []
        for kind, most in (("adl", 3), ("liquidation", 2), ("tick", 2), ("clock", 3)):
            for nth in range(1, rng.randrange(1, most + 1) + 1):
                at = round(rng.uniform(5.0, self.seconds), 3)
                step = rng.choice(STEPS_S)
                if self.on(kind):
                    moments.append(Item(f"at:{step:+g}" if kind == "clock" else "at", nth, kind, at))
        return moments

    def _third_moments(self, rng: random.Random, windows: list[Window]) -> list[Item]:
        """Orders cancelled by hand; and somebody wants out while the market is closed."""
        drawn = [round(rng.uniform(5.0, self.seconds), 3) for _ in range(rng.randrange(1, 6))]
        found = [Item("at", n, "hand_cancel", at) for n, at in enumerate(drawn, 1) if self.on("hand_cancel")]
        closed = next((w for w in windows if w.kind == "suspend"), None)
        if closed is not None and self.on("halt") and self.seed >= THIRD_FROM:
            found.append(Item("at:closed", 1, "halt", round(closed.start + 1.0, 3)))
        return found

    def _newer_moments(self, rng: random.Random) -> list[Item]:
        at = sorted(round(rng.uniform(5.0, self.seconds), 3) for _ in range(rng.randrange(1, 4)))
        return [Item("at", nth, "lot", when) for nth, when in enumerate(at, 1)] if self.on("lot") else []

    def _held_moments(self, rng: random.Random) -> list[Item]:
        """Who trades on what was held before, and what comes in and goes out meanwhile."""
        money = rng.random() < 0.4  # in some worlds nothing but money comes and goes
        found = [Item("at:money" if money else "at", 1, "held", 1.0)]
        for nth in range(1, 1 if money else rng.randrange(0, 4) + 1):
            at = round(1.0 + 0.05 * (FIRST_S / 0.05) ** rng.random(), 3)
            found.append(Item(f"at:{rng.choice(ACTS)}", nth, "held_trade", at))
        if rng.random() < 0.7:
            at = round(rng.uniform(min(FIRST_S, self.seconds / 4), self.seconds), 3)
            found.append(Item("at:leave", 9, "held_trade", at))
        amount = rng.choice(("+1", "-1", "+250"))  # equal ones: an error and its opposite look like none
        for nth in range(1, rng.randrange(2, 9) + 1 if money else rng.randrange(0, 4) + 1):
            at = round(rng.uniform(1.0, 1.0 + FIRST_S), 3)
            found.append(Item(f"at:{amount}", nth, "transfer", at))
        return found if self.on("held") else []

    def handshake(self, boot: int) -> float:
        """How long the lines of a process take to come up (seconds)."""
        if not self.connecting:
            return 0.0
        drawn: float = random.Random(f"{self.seed}/handshake/{boot}").choice((0.05, 0.2, 0.2, 1.0, 3.0))
        return 0.2 if self.healed else drawn

    def _draw_moments(self, rng: random.Random) -> list[Item]:
        moments = []
        for kind, most in (("crash", 3), ("halt", 3), ("hand_trade", 3)):
            for nth in range(1, rng.randrange(0, most + 1) + 1):
                at = round(rng.uniform(1.0, self.seconds), 3)
                if self.on(kind):
                    moments.append(Item("at", nth, kind, at))
        return moments

    def _draw_point(self, point: str, time: int = 0) -> dict[int, Item]:
        """``time``: how often it was drawn before."""
        family = point.partition(":")[0]
        rng = random.Random(f"{self.seed}/{point}/{time}" if time else f"{self.seed}/{point}")
        if family == "crash":
            return self._spread(rng, point, "crash", 0.4, 1, 200, (0.05, 30.0))
        if family == "disk":
            cuts = self._spread(rng, point, "power", 0.7, 3, 4_000, (0.05, 30.0))
            return self._spread(rng, point, "disk_fail", 0.7, 8, 4_000, (0.01, 1.0)) | cuts
        if family == "press":
            return self._spread(rng, point, "press", 0.9, 3, 120, (0.1, 1.0))
        if family == "market":
            return self._spread(rng, point, "bad_data", 0.8, 8, 150, (0.1, 10.0))
        if family == "answer":
            most, sizes = (16, (1.0, 6.0)) if point.endswith("money") else (8, (0.3, 12.0))
            return self._spread(rng, point, "held", 0.9, most, 8, sizes)
        if family == "account":
            return self._spread(rng, point, "half_read", 0.8, 5, 20, (0.1, 1.0))
        if family == "strategy":
            return self._spread(rng, point, "strategy_slow", 0.7, 4, 120, (0.05, 5.0))
        budget: dict[int, Item] = {}
        kinds = REQUEST if family == "request" else REPORT
        for kind in kinds:
            sizes = SIZES.get(kind, (0.01, 8.0))
            budget = self._spread(rng, point, kind, 0.7, 4, 60, sizes) | budget
        return budget

    def _spread(
        self,
        rng: random.Random,
        point: str,
        kind: str,
        chance: float,
        most: int,
        reach: int,
        sizes: tuple[float, float],
    ) -> dict[int, Item]:
        """A few visits, log-uniform so that the first ones are hit as often as the hundredth."""
        drawn: dict[int, Item] = {}
        for _ in range(rng.randrange(1, most + 1)):
            hit = rng.random() < chance * self.rate
            nth = int(reach ** rng.random())
            size = round(sizes[0] * (sizes[1] / sizes[0]) ** rng.random(), 3)
            if hit and self.on(kind):
                drawn[nth] = Item(point, nth, kind, size)
        return drawn
