"""The allocator beside a running machine: it watches, proposes on schedule, and applies what it is told to.

What is applied enters the engine as a command with the whole plan in it, so that a replay needs none of this.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app.jobs.watching import Watching
from cockpit.core.capital_config import CapitalConfig
from cockpit.core.desk_frames import CapitalFrame, CapitalRow
from cockpit.core.hand import MANUAL
from cockpit.core.ports import Clock
from cockpit.core.profit import sleeve_pnl
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import sleeve_key
from cockpit.core.unreadable import UNREADABLE
from cockpit.core.worth import unit_value
from cockpit.portfolio import allocating
from cockpit.portfolio.allocating import Arm, Evidence, Plan
from cockpit.portfolio.rewards import Rewards
from cockpit.workers.scheduler import Scheduler

MINUTE = 60_000
Give = Callable[[str, dict[str, str], str], object]
"""(verb, args, actor): puts a command into the engine."""


class Word(msgspec.Struct, frozen=True):
    """A command for the engine, or why there is none."""

    verb: str = ""
    args: dict[str, str] = {}
    refused: str = ""
    """Message id; empty = it may be given."""
    words: dict[str, str] = {}


class Kept(msgspec.Struct):
    """What outlives the process."""

    rewards: dict[str, Rewards] = {}
    suspects: dict[str, int] = {}
    """At how many evaluations in a row a sleeve looked like a loser."""
    back: dict[str, int] = {}
    """When a sleeve's last rest ends or ended (UTC ms): what came before is not held against it again."""
    alone: dict[str, float] = {}
    """Sum of hourly returns that all the capital would have had in this sleeve alone."""
    actual: float = 0.0
    equal: float = 0.0
    since: int = 0


class Allocator:
    """Of one run. Raises ConfigError when the schedule is no cron line."""

    def __init__(
        self,
        state: State,
        config: CapitalConfig,
        give: Give,
        clock: Clock,
        *,
        watching: Watching | None = None,
        kept: Path | None = None,
    ) -> None:
        self.config = config
        self.plan: Plan | None = None
        self.fault = ""
        self._state = state
        self._give = give
        self._clock = clock
        self._watching = watching
        self._path = kept
        self._kept = self._recalled()
        self._minute = -1
        self._hour = -1
        self._before: dict[str, tuple[float, float]] = {}
        self.scheduler = Scheduler(config.schedule, self.evaluate, clock)

    async def run(self) -> None:
        """For ever."""
        while True:
            now = self._clock.now_ms()
            if now // MINUTE != self._minute:
                self._minute = now // MINUTE
                self.look(now)
            if self.plan is not None and not self.stands:
                await self.evaluate()
            await self.scheduler.look()
            await asyncio.sleep(1.0)

    def leaders(self) -> list[Sleeve]:
        """One sleeve a strategy: its first leg, where it has several. What a person holds by hand has no
        share, and the share of a canary is its stage's.
        """
        return [
            s
            for s in self._state.sleeves.values()
            if not s.leg and s.strategy != MANUAL and not s.capital and not s.leaving
        ]

    def look(self, now: int) -> None:
        """Once a minute: what each sleeve has brought so far."""
        equity = self._state.equity()
        for sleeve in self.leaders():
            rewards = self._kept.rewards.setdefault(sleeve.id, Rewards())
            rewards.look(now, self._pnl(sleeve), sleeve.share * equity, sleeve.trades, self.config.target_vol)
        if now // allocating.HOUR != self._hour:
            self._hour = now // allocating.HOUR
            self._regret(now, equity)
            self._keep()

    def _pnl(self, sleeve: Sleeve) -> float:
        return float(sum(sleeve_pnl(self._state, leg.id) for leg in self._state.group(sleeve)))

    def _regret(self, now: int, equity: float) -> None:
        """One more hour of what other shares would have brought. A sleeve without capital says nothing."""
        kept, rates = self._kept, dict[str, float]()
        kept.since = kept.since or now
        for sleeve in self.leaders():
            pnl = self._pnl(sleeve)
            was, capital = self._before.get(sleeve.id, (pnl, 0.0))
            if capital > 0:
                rates[sleeve.id] = (pnl - was) / capital
            self._before[sleeve.id] = (pnl, sleeve.share * equity)
        if not rates:
            return
        shares = {s.id: s.share for s in self.leaders()}
        whole = sum(shares[name] for name in rates)
        kept.actual += sum(shares[name] * rate for name, rate in rates.items())
        kept.equal += whole / len(rates) * sum(rates.values())
        for name, rate in rates.items():
            kept.alone[name] = kept.alone.get(name, 0.0) + whole * rate

    @property
    def stands(self) -> bool:
        """Is the plan about those that trade now, with the shares that they have? A promotion moves both."""
        planned = {row.sleeve: row.share for row in self.plan.rows} if self.plan is not None else {}
        return planned == {sleeve.id: sleeve.share for sleeve in self.leaders()}

    async def evaluate(self, _due: int = 0) -> None:
        """A new plan; with ``apply = "auto"`` it is applied at once."""
        now = self._clock.now_ms()
        arms = [self._arm(sleeve, now) for sleeve in self.leaders()]
        if not arms or not self.config.method:
            return
        evidence = Evidence.of(arms, self.config, now)
        self.plan = allocating.plan(evidence, self._state.capital.at, self._state.equity())
        before = self._kept.suspects
        self._kept.suspects = {name: before.get(name, 0) + 1 for name in evidence.suspects()}
        if self.config.apply == "auto" and not self.plan.empty:
            word = self.meant("apply", self.seal)
            self._give(word.verb, word.args, "allocator")

    def _arm(self, sleeve: Sleeve, now: int) -> Arm:
        lock = self._state.locks.get(sleeve_key(sleeve.id))
        resting = lock.until if lock is not None and lock.by == "capital" and lock.until > now else 0
        regime = self._watching.regime(sleeve.symbol, sleeve.tf) if self._watching is not None else ""
        made_for = self.config.suits.get(sleeve.strategy)
        suits = None if not regime or made_for is None else float(regime in made_for)
        rewards = self._kept.rewards.setdefault(sleeve.id, Rewards())
        on = sleeve.on and not sleeve.benched
        if resting:
            self._kept.back[sleeve.id] = resting
        suspect, back = self._kept.suspects.get(sleeve.id, 0), self._kept.back.get(sleeve.id, 0)
        return Arm(sleeve.id, sleeve.share, rewards, on, resting, suits, suspect, back)

    @property
    def seal(self) -> str:
        """Names exactly what the plan would do; empty when that is nothing."""
        if self.plan is None or self.plan.empty or not self.stands:
            return ""
        raw = msgspec.json.encode((self.plan.moves, self.plan.rest))
        return hashlib.sha256(raw).hexdigest()[:12]

    def meant(self, to: str, seal: str = "") -> Word:
        """What a person's word comes to: ``apply`` (the plan of that seal, as it was seen) or ``undo``."""
        if to == "undo":
            done = self._state.capital
            return Word("capital_undo") if done.at and not done.undone else Word(refused="capital.no_undo")
        if to != "apply":
            return Word(refused="capital.verb", words={"to": to})
        plan = self.plan
        if plan is None or plan.empty:
            return Word(refused="capital.no_plan")
        if seal != self.seal:
            return Word(refused="capital.changed")
        args = {
            "shares": msgspec.json.encode(plan.moves).decode(),
            "rest": msgspec.json.encode(dict.fromkeys(plan.rest, self.config.rest_hours)).decode(),
            "why": f"{plan.method}: " + ", ".join(f"{row.sleeve} {row.word}" for row in plan.rows),
        }
        self.plan = None
        return Word("capital", args)

    def frame(self) -> CapitalFrame:
        """What screen 9 shows."""
        state, kept, plan = self._state, self._kept, self.plan
        planned = {row.sleeve: row for row in plan.rows} if plan is not None and self.stands else {}
        done = state.capital
        best = max(kept.alone, key=lambda name: kept.alone[name], default="")
        return CapitalFrame(
            self.config.method,
            self.config.apply,
            0 if plan is None else plan.at,
            self.scheduler.due if self.config.method else 0,
            self.seal,
            tuple(self._row(sleeve, planned.get(sleeve.id)) for sleeve in self.leaders()),
            done.at if not done.undone else 0,
            done.by if not done.undone else "",
            bool(done.at and not done.undone),
            kept.actual,
            kept.equal,
            kept.alone.get(best, 0.0),
            best,
            kept.since,
        )

    def _row(self, sleeve: Sleeve, row: allocating.Row | None) -> CapitalRow:
        state, now = self._state, self._clock.now_ms()
        equity = state.equity()
        held = 0.0
        for leg in state.group(sleeve):
            qty, unit = abs(state.position(leg.id)), unit_value(state, leg.symbol)
            if qty and unit == unit:
                held += float(qty) * unit
        lock = state.locks.get(sleeve_key(sleeve.id))
        until = lock.until if lock is not None and lock.by == "capital" and lock.until > now else 0
        used = held / equity if equity > 0 else 0.0
        version = state.release.versions.get(sleeve.release)
        named = version.make.share if version is not None else -1.0
        if row is None:
            word = "off" if not sleeve.on else "resting" if until else "hold"
            share = sleeve.share
            return CapitalRow(sleeve.id, share, share, share, used, 0.0, 0.0, 0, 0, 0.5, word, until, named)
        return CapitalRow(
            sleeve.id,
            sleeve.share,
            row.target,
            row.step,
            used,
            row.score,
            row.mean,
            row.hours,
            row.trades,
            row.losing,
            row.word,
            until,
            named,
        )

    def _keep(self) -> None:
        """Without the file only the evidence so far is lost."""
        if self._path is None:
            return
        draft = self._path.with_suffix(".new")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.msgpack.encode(self._kept))
            draft.replace(self._path)
            self.fault = ""
        except OSError as error:
            self.fault = str(error)

    def _recalled(self) -> Kept:
        if self._path is None:
            return Kept()
        try:
            return msgspec.msgpack.decode(self._path.read_bytes(), type=Kept)
        except (OSError, *UNREADABLE):
            return Kept()


def plain(frame: CapitalFrame) -> dict[str, Any]:
    """For JSON."""
    return {**msgspec.structs.asdict(frame), "rows": [msgspec.structs.asdict(row) for row in frame.rows]}
