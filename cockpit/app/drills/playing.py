"""One drill from its first order to its kept result."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.app.drills import FOLDER, RESULT
from cockpit.app.drills.judging import FLIGHT_MS, Ending, Look, Rules, Score, judge
from cockpit.app.drills.scenarios import Scenario
from cockpit.app.drills.stage import Stage
from cockpit.app.drills.watching import ENTRY, Watcher
from cockpit.core import events as ev
from cockpit.core.config import Config
from cockpit.core.errors import CockpitError, DoorError, StoreError
from cockpit.core.unreadable import UNREADABLE

DEEDS = frozenset(("halt", "flatten", "cancel", "sleeve_off", "apply"))
"""Verbs by which a person does something about it."""
SELF = frozenset(("watchdog", "halt file", "drill"))
HEAL_S = 45.0
"""After it has healed, the machine has so long to get back to order."""
STEP_S = 0.2
CALM_S, LOOK_S, LATE_S = 4.0, 15.0, 30.0
"""After the healing: all is well and nobody looks; all is well, and a person may look at it; not yet well."""
REACTS_S = 1.5
"""How long ``--auto`` lets pass after the first alarm, as a person would."""
BEFORE_S = (4.0, 12.0)
"""The disaster comes so long after the screen, drawn by the seed: nobody shall know when."""


class Result(msgspec.Struct, frozen=True):
    """What is kept of a drill."""

    name: str
    at: int
    """UTC ms of the disaster."""
    cockpit: str
    auto: bool
    seed: int
    rules: Rules
    ending: Ending
    score: Score
    looks: tuple[Look, ...]


def refuse_live(config: Config) -> None:
    """Raises DoorError where the settings mean real money: no drill runs beside them."""
    live = config.run.live or config.run.execution == "live"
    named = [row.strategy for row in config.sleeves if row.execution == "live"]
    if live or named:
        which = f" ({', '.join(named)})" if named else ""
        raise DoorError(
            f"these settings trade real money{which}: a drill is not played with them; "
            "name others with --config, or --set run.execution=paper --set run.live=false"
        )


def place(data_dir: Path, name: str) -> Path:
    """A fresh folder for this drill."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = data_dir / FOLDER / f"{stamp}-{name}"
    twin = 1
    while folder.exists():
        twin += 1
        folder = folder.with_name(f"{stamp}-{name}-{twin}")
    folder.mkdir(parents=True, mode=0o700)
    return folder


class Drill:
    """``screen`` None: nobody sits there, and the commands are given as a person would give them."""

    def __init__(
        self,
        scenario: Scenario,
        config: Config,
        data_dir: Path,
        seed: int,
        *,
        screen: Callable[[Stage], subprocess.Popen[bytes]] | None,
        say: Callable[[str], None],
        pace: float = 1.0,
    ) -> None:
        """``pace`` scales how long the disaster lasts (tests)."""
        refuse_live(config)
        self.scenario = scenario
        self.seed = seed
        self.folder = place(data_dir, scenario.name)
        self.stage = Stage(self.folder, seed, config.screen)
        self.screen = screen
        self.say = say
        self.lasts_s = scenario.lasts_s * pace
        self.helper: subprocess.Popen[bytes] | None = None
        self.healed_s = -1.0

    def play(self) -> Result:
        """Raises VenueError when the stage does not come up, StoreError when nothing can be kept."""
        self.say("drill.opening")
        with self.stage, Watcher(self.stage) as watcher:
            self.stage.until(self._holding)
            shown = None if self.screen is None else self.screen(self.stage)
            try:
                self._disaster(watcher, shown)
            finally:
                self._leave(shown)
            ending = self._ending(watcher)
        looks = tuple(watcher.looks)
        rules = Rules(self.scenario.alarm_s, self.scenario.naked_s, self.lasts_s + LATE_S, self.scenario.halt)
        result = Result(
            name=self.scenario.name,
            at=int(watcher.begin * 1_000),
            cockpit=cockpit.__version__,
            auto=self.screen is None,
            seed=self.seed,
            rules=rules,
            ending=ending,
            score=judge(looks, ending, rules),
            looks=looks,
        )
        self._keep(result)
        return result

    # --- what happens -----------------------------------------------------------------------------

    def _holding(self) -> bool:
        """A position under its stop, and an order that rests: something can be lost."""
        truth = self.stage.truth()
        covered = any(row["state"] == "live" and row["closes"] for row in truth["algos"])
        rests = any(row["state"] == "live" and row["tag"] == ENTRY for row in truth["orders"])
        return covered and rests and bool(self.stage.status()["reconciled"])

    def _disaster(self, watcher: Watcher, shown: subprocess.Popen[bytes] | None) -> None:
        before = random.Random(self.seed).uniform(*BEFORE_S) if shown is not None else 1.0
        time.sleep(before)
        watcher.strike()
        self.scenario.strike(self.stage)
        person = Auto(self) if shown is None else None
        while not self._over(watcher, shown):
            if self.healed_s < 0 and watcher.now >= self.lasts_s:
                self.scenario.heal(self.stage)
                self.healed_s = watcher.now
            if person is not None:
                person.look(watcher)
            time.sleep(STEP_S)
        if self.healed_s < 0:
            self.scenario.heal(self.stage)
            self.healed_s = watcher.now
        self._settle()

    def _over(self, watcher: Watcher, shown: subprocess.Popen[bytes] | None) -> bool:
        if shown is not None and shown.poll() is not None:
            return True  # the person has left
        if self.healed_s < 0:
            return False
        last = watcher.last
        calm = last is not None and not last.naked and not last.mute
        done = calm and (not self.scenario.halt or (last is not None and last.halt == "confirmed"))
        rest = LATE_S if not done else CALM_S if shown is None else LOOK_S
        return watcher.now > self.healed_s + rest

    def _settle(self) -> None:
        """The machine may take a moment to agree with the exchange again."""
        with contextlib.suppress(CockpitError):
            self.stage.until(self._equal, HEAL_S)

    def _equal(self) -> bool:
        status = self.stage.status()
        ours = {row["symbol"].removeprefix("okx:"): Decimal(row["qty"]) for row in status["positions"]}
        theirs = {row["instId"]: Decimal(row["pos"]) for row in self.stage.truth()["positions"]}
        mine = {symbol: qty for symbol, qty in ours.items() if qty}
        halt = status["halt"]
        proven = halt is None or halt["phase"] == "confirmed"
        return proven and mine == {name: qty for name, qty in theirs.items() if qty}

    def _leave(self, shown: subprocess.Popen[bytes] | None) -> None:
        if shown is not None:
            if shown.poll() is None:
                shown.terminate()
            shown.wait()
        if self.helper is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.helper.wait(HEAL_S)
            if self.helper.poll() is None:
                self.helper.kill()
                self.helper.wait()

    # --- what is found ----------------------------------------------------------------------------

    def _ending(self, watcher: Watcher) -> Ending:
        alive, equal, receipt, by = self.stage.alive, False, "", ""
        with contextlib.suppress(CockpitError, OSError):
            equal = self._equal()
            halt = self.stage.status()["halt"]
            if halt is not None:
                by = halt["by"]
                receipt = (halt["receipt"] or {}).get("digest", "")
        log = [row for row in self.stage.admin("log") if row["uid"] == self.stage.uid]
        self.stage.stop_daemon()
        told = facts(self.folder)
        begin = int(watcher.begin * 1_000)
        halts = [c for c in told if c.verb in {"halt", "flatten"}]
        file = next((look.at for look in watcher.looks if look.file), -1.0)
        # Who has halted before it even came has lost nothing by it.
        asked = max(0, halts[0].ts - begin) / 1_000 if halts else -1.0
        deed, deed_s = self._deed(told, begin, file)
        if deed_s >= 0 and (asked < 0 or 0 <= file < asked) and deed == "kill":
            asked = deed_s
        confirmed = next((look.at for look in watcher.looks if look.halt == "confirmed"), -1.0)
        sent = Counter(row["clOrdId"] for row in log if row["ordId"])
        closed = begin + asked * 1_000 + FLIGHT_MS
        late = [row for row in log if asked >= 0 and row["tag"] == ENTRY and row["ts"] > closed]
        return Ending(
            alive=alive,
            asked_s=round(asked, 2),
            by=by or (halts[0].actor if halts else ""),
            deed_s=round(deed_s, 2),
            deed=deed,
            confirmed_s=confirmed,
            receipt=receipt,
            after_halt=len([row for row in late if row["ordId"]]),
            twice=sum(count > 1 for cid, count in sent.items() if cid),
            books_equal=equal,
            chain=chain(self.folder),
        )

    def _deed(self, told: Sequence[ev.Command], begin: int, file: float) -> tuple[str, float]:
        """The first thing that a person did about it, and when (s); ("", -1) when nothing."""
        found = [
            (c.verb, max(0, c.ts - begin) / 1_000) for c in told if c.verb in DEEDS and c.actor not in SELF
        ]
        by_itself = "no heartbeat" in said(self.folder / "guardian.log")
        if file >= 0 and not by_itself:
            found.append(("kill", file))
        return min(found, key=lambda row: row[1], default=("", -1.0))

    def _keep(self, result: Result) -> None:
        path = self.folder / RESULT
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(result)) + b"\n")


class Auto:
    """Does what a practised person would do, with the commands that a person has."""

    def __init__(self, drill: Drill) -> None:
        self._drill = drill
        self._seen = -1.0

    def look(self, watcher: Watcher) -> None:
        """Kill, once something has been wrong on the screen for a moment."""
        drill, last = self._drill, watcher.last
        if drill.helper is not None or not drill.scenario.halt or last is None:
            return
        wrong = last.mute or last.alarms > 0 or last.light in {"yellow", "red"}
        if wrong and self._seen < 0:
            self._seen = watcher.now
        if self._seen >= 0 and watcher.now >= self._seen + REACTS_S:
            drill.helper = subprocess.Popen(
                [
                    sys.executable, "-m", "cockpit", "kill", "--keep", "--wait", "60", "--json",
                    *drill.stage.words(),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=drill.stage.env,
            )  # fmt: skip


def facts(folder: Path) -> list[ev.Command]:
    """Every command that the journal holds."""
    try:
        with JournalFile(folder / "cockpit.db") as journal:
            return [event for _, event in journal.events() if isinstance(event, ev.Command)]
    except StoreError:
        return []


def chain(folder: Path) -> int:
    """Rows whose hashes hold; -1 when they do not."""
    try:
        with JournalFile(folder / "cockpit.db") as journal:
            return journal.verify()
    except StoreError:
        return -1


def said(path: Path) -> str:
    """A log, as far as there is one."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def kept(data_dir: Path) -> list[tuple[str, Result]]:
    """(folder, result) of every drill that was played here, the newest first."""
    found = []
    for path in sorted((data_dir / FOLDER).glob(f"*/{RESULT}"), reverse=True):
        with contextlib.suppress(OSError, *UNREADABLE):
            found.append((path.parent.name, msgspec.json.decode(path.read_bytes(), type=Result)))
    return found


def plain(result: Result) -> dict[str, Any]:
    """As ``--json`` prints it: without the looks, which the file keeps."""
    row: dict[str, Any] = msgspec.to_builtins(result)
    row.pop("looks")
    row["score"] |= {"total": result.score.total, "passed": result.score.passed}
    return row
