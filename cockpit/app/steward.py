"""Who moves strategy versions while nobody is there: as far as their gates are open, and no further.

On with ``release.automatic``. It takes what ``cockpit renew --offer`` has left, begins it on paper,
promotes it when a gate is open, and asks people where the stage needs them. One challenger a seat: the next
one waits until that one is in production or retired. Going back is not its work: that happens in the step.

A gate that is shut is asked again with a fifth more observations, not every minute: its two-sample test is
made to be asked once, and whoever asks it often enough is let through by chance.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.app import offers, releasing
from cockpit.core.errors import ConfigError, StoreError
from cockpit.core.frames import Answer
from cockpit.core.release import gates, listing
from cockpit.core.release.records import HOUR, MACHINE, Release, Version
from cockpit.core.types import Stage

if TYPE_CHECKING:
    from cockpit.app.runtime import Runtime

LOOK_S = 20.0
MORE = 1.2
"""Times as many observations before a shut gate is asked again."""
CLIMBING = (Stage.PAPER, Stage.SHADOW, Stage.CANARY)


class Steward:
    """Of one run."""

    def __init__(self, runtime: Runtime, data_dir: Path) -> None:
        self._runtime = runtime
        self._data_dir = data_dir
        self._next: dict[tuple[str, Stage, int], int] = {}
        """(version, stage, since) → observations at which its gate is asked again."""
        self._told: set[str] = set()
        """Offers that wait for their turn, said once."""
        self._count = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """One round: versions first, so that a seat that has become free is taken in the same one."""
        for version in self._release.in_stage(*CLIMBING):
            if version.managed and version.passport is not None and not version.fault:
                await self._forward(version)
        for file, offer in offers.waiting(self._data_dir):
            await self._take(file, offer)

    @property
    def _release(self) -> Release:
        return self._runtime.engine.state.release

    async def _forward(self, version: Version) -> None:
        """Promote, or ask, when there is enough to be seen and the gate is open."""
        release, now = self._release, self._runtime.engine.state.now
        to = gates.next_stage(version.stage)
        ask = version.ask
        if to is None or (ask is not None and now - ask.at < release.settings.ask_hours * HOUR):
            return
        n, at = listing.seen(version).n, (version.id, version.stage, version.since)
        if n < self._next.get(at, release.settings.min_samples):
            return
        shut = [c.name for c in gates.conditions(release, version, to, now) if not c.ok]
        answer = None
        if not shut:
            answer = await self._say("version_promote", version=version.id, to=to, reason=f"n={n}")
        if answer is None or not answer.ok:
            self._next[at] = max(n + 1, int(n * MORE))
            words = {"version": version.id, "to": to, "conditions": ", ".join(shut) or _words(answer)}
            self._runtime.tell("info", "steward.shut", {**words, "n": str(n)})

    async def _take(self, file: Path, offer: offers.Offer) -> None:
        """Enter a candidate and begin it on paper; what is refused is said, and not tried again."""
        try:
            make = releasing.made_of(self._runtime, offer.sleeve)
        except ConfigError as error:
            self._done(file, offer, str(error))
            return
        known = self._release.versions.get(make.id)
        rivals = [v.id for v in self._release.in_stage(*CLIMBING) if v.make.seat == make.seat]
        if rivals or (known is not None and known.until > self._runtime.engine.state.now):
            if file.name not in self._told:
                self._told.add(file.name)
                words = {"version": make.id, "rival": rivals[0] if rivals else make.id}
                self._runtime.tell("info", "steward.waits", words)
            return
        if known is not None and known.stage not in (Stage.BACKTEST, Stage.RETIRED):
            self._done(file, offer, f"{make.id} is in {known.stage}")
            return
        reason = f"study {offer.study}, passport {offer.seal[:12]}"
        if known is None:
            parent = next((v.id for v in self._release.in_stage(Stage.PROD) if v.make.seat == make.seat), "")
            raw = msgspec.json.encode(offer.sleeve).decode()
            answer = await self._say("version_add", row=raw, parent=parent, reason=reason)
            if not answer.ok:
                self._done(file, offer, _words(answer))
                return
        answer = await self._say("version_promote", version=make.id, to=Stage.PAPER, reason=reason)
        self._done(file, offer, "" if answer.ok else _words(answer))

    def _done(self, file: Path, offer: offers.Offer, why: str) -> None:
        self._told.discard(file.name)
        with contextlib.suppress(OSError, StoreError):
            offers.taken(file)
        if why:
            self._runtime.tell("warn", "steward.refused", {"version": offer.version, "why": why})

    async def _say(self, verb: str, **args: str) -> Answer:
        self._count += 1
        name = f"steward-{self._runtime.engine.state.boot}-{self._runtime.engine.state.now}-{self._count}"
        given = {key: value for key, value in args.items() if value}
        return await releasing.obey(self._runtime, verb, given, MACHINE, name)


def _words(answer: Any) -> str:
    """Why it was not done."""
    return "" if answer is None else answer.args.get("conditions") or answer.args.get("why") or answer.message
