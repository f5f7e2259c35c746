"""What people (and the machine) may do with a version. Each deed is a command: a fact, with who and why.

    add ─► backtest ─► paper ─► shadow ─► canary ─► prod     promote: one stage, its gate open
                                             │        │      canary: one person, prod: two (people)
                    retired ◄────────────────┴────────┘      rollback: at once, and the one before returns

Every version has sleeves of its own. What one holds stays its own through every change: position, stop and
orders never change hands, so the ledger needs no correction and no order is left without an owner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.core import commands, hand
from cockpit.core import events as ev
from cockpit.core.errors import CockpitError
from cockpit.core.refusal import Refusal
from cockpit.core.release import gates, people, seating
from cockpit.core.release.leaving import CLOSING, RUNNING_OUT
from cockpit.core.release.records import (
    HOUR,
    LIVE,
    MADE,
    NEEDED,
    SETTINGS,
    Ask,
    Change,
    Make,
    Passport,
    Release,
    Version,
)
from cockpit.core.release.track import Slips, Track
from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import Stage
from cockpit.core.unreadable import UNREADABLE

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

LEAST_REASON = 3
REMEMBERED = 100
CANDIDATE = "candidate"
Deed = Callable[["Engine", ev.Command, str, Turn], None]


def commanded(engine: Engine, state: State, event: ev.Command, turn: Turn) -> None:
    """A command: about a version, by hand, or any other."""
    (obey if event.verb in DEEDS else hand.obey)(engine, state, event, turn)


def obey(engine: Engine, state: State, event: ev.Command, turn: Turn) -> None:
    """Do one of ``DEEDS``, once, or refuse it in words."""
    if event.command_id in state.commands:
        return
    commands.remember(state, event)
    who = event.args.get("who", "") or event.actor
    deed = event.verb.partition(".")[2]
    try:
        if deed in people.GUARDED:
            people.allowed(state.release, event, who, deed)
        DEEDS[event.verb](engine, event, who, turn)
    except Refusal as no:
        state.refusals[event.command_id] = (no.message, no.numbers)
        if len(state.refusals) > REMEMBERED:
            del state.refusals[next(iter(state.refusals))]
        turn.note("warn", no.message, **no.numbers)


def find(release: Release, text: str) -> Version:
    """By id or an unmistakable beginning of one. Raises Refusal."""
    found = [v for name, v in release.versions.items() if text and name.startswith(text)]
    exact = [v for v in found if v.id == text]
    if exact or len(found) == 1:
        return (exact or found)[0]
    raise Refusal("release.several" if found else "release.unknown", version=text or "?")


def _reason(args: dict[str, str]) -> str:
    why = args.get("reason", "").strip()
    if len(why) < LEAST_REASON:
        raise Refusal("release.needs_reason")
    return why


def _decoded(text: str, kind: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=kind)
    except UNREADABLE as error:
        raise Refusal("release.unreadable", what=str(error)) from error


# --- up -------------------------------------------------------------------------------------------------


def _add(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    release, args = engine.state.release, event.args
    make: Make = _decoded(args.get("make", ""), Make)
    if make.id in release.versions:
        raise Refusal("release.known", version=make.id)
    _castable(engine, make)
    parent = find(release, args["parent"]).id if args.get("parent") else ""
    version = Version(make.id, make, CANDIDATE, event.ts, who, since=event.ts, parent=parent)
    release.versions[version.id] = version
    _stamp(version, args)
    _write(version, "added", Stage.BACKTEST, who, args.get("reason", "").strip(), event.ts, turn)


def _castable(engine: Engine, make: Make) -> None:
    if engine.foundry is None:
        raise Refusal("release.no_foundry")
    try:
        engine.foundry.cast(make, engine.state.instruments)
    except CockpitError as error:
        raise Refusal("release.cannot_be_made", why=str(error)) from error


def _stamp(version: Version, args: dict[str, str]) -> None:
    """A passport that came with the command; whoever sent it has looked at the file."""
    if args.get("passport"):
        version.passport = _decoded(args["passport"], Passport)


def _promote(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    release, args = engine.state.release, event.args
    version = find(release, args.get("version", ""))
    why = _reason(args)
    to = _stage(args.get("to", ""))
    if gates.next_stage(version.stage) is not to:
        following = gates.next_stage(version.stage)
        raise Refusal("release.not_next", stage=version.stage, to=to, next=following or "-")
    _stamp(version, args)
    _open(engine, version, to)
    if to in NEEDED:
        if version.ask is not None and event.ts - version.ask.at < release.settings.ask_hours * HOUR:
            raise Refusal("release.asked_already", version=version.id, who=version.ask.by)
        version.ask = Ask(to, who, why, event.ts)
        _write(version, "asked", version.stage, who, why, event.ts, turn, to)
        return
    move(engine, version, to, "promoted", who, why, turn, args.get("bars", ""))


def _stage(text: str) -> Stage:
    try:
        return Stage(text)
    except ValueError:
        raise Refusal("release.no_stage", to=text or "?") from None


def _open(engine: Engine, version: Version, to: Stage) -> None:
    """Raises Refusal naming every condition that does not hold, or why it could not take its place."""
    state = engine.state
    if not version.sleeves:
        _castable(engine, version.make)
        seating.room(engine, len(version.make.symbols))
    shut = [c for c in gates.conditions(state.release, version, to, state.now) if not c.ok]
    if shut:
        said = ", ".join(f"{c.name} {c.value:g} (must be {c.sense} {c.bound:g})" for c in shut)
        raise Refusal("release.gate", version=version.id, to=to, conditions=said)


def _approve(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    release, args = engine.state.release, event.args
    version = find(release, args.get("version", ""))
    why, ask = _reason(args), version.ask
    if ask is None:
        raise Refusal("release.nothing_asked", version=version.id)
    people.alone(release, ask.to)
    if event.ts - ask.at > release.settings.ask_hours * HOUR:
        version.ask = None
        raise Refusal("release.ask_expired", version=version.id)
    if args.get("at") and args["at"] != str(ask.at):
        raise Refusal("release.another_ask", version=version.id)
    if who in ask.approvals:
        raise Refusal("release.twice", who=who)
    needed = release.needed(ask.to)
    if len(ask.approvals) + 1 >= needed:
        _open(engine, version, ask.to)
    ask.approvals[who] = why
    _write(version, "approved", version.stage, who, why, event.ts, turn, ask.to)
    if len(ask.approvals) >= needed:
        by = ", ".join(ask.approvals)
        move(engine, version, ask.to, "promoted", by, ask.why, turn)


# --- down -----------------------------------------------------------------------------------------------


def _rollback(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    version = find(engine.state.release, event.args.get("version", ""))
    why = _reason(event.args)
    if version.stage not in LIVE:
        raise Refusal("release.not_live", version=version.id, stage=version.stage)
    back(engine, version, who, why, turn)


def _retire(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    version = find(engine.state.release, event.args.get("version", ""))
    why = _reason(event.args)
    if version.stage is Stage.RETIRED:
        raise Refusal("release.retired_already", version=version.id)
    move(engine, version, Stage.RETIRED, "retired", who, why, turn)


def back(engine: Engine, version: Version, who: str, why: str, turn: Turn) -> None:
    """Out of the account now; what it took production from returns, if that can still be trusted."""
    produced = version.stage is Stage.PROD
    move(engine, version, Stage.RETIRED, "rolled_back", who, why, turn)
    if produced:
        stable = _last_stable(engine.state.release, version)
        if stable is not None:
            move(engine, stable, Stage.PROD, "restored", who, f"{version.id}: {why}", turn, instead=version)


def _last_stable(release: Release, version: Version) -> Version | None:
    seen = {version.id}
    before = release.versions.get(version.replaced)
    while before is not None and before.id not in seen:
        if before.stage is Stage.SHADOW and not before.fault:
            return before
        seen.add(before.id)
        before = release.versions.get(before.replaced)
    return None


def _settings(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    """The settings name other numbers for a sleeve than those that trade it: a person wrote that."""
    release, args = engine.state.release, event.args
    make: Make = _decoded(args.get("make", ""), Make)
    _castable(engine, make)
    old = release.versions.get(args.get("old", ""))
    version = release.versions.get(make.id)
    if version is None:
        version = Version(make.id, make, SETTINGS, event.ts, who, parent=args.get("old", ""))
        release.versions[version.id] = version
    if version.stage is Stage.PROD:
        return
    same = old if old is not None and old.make.share == make.share else None
    if old is not None and same is None:  # whoever writes another share there has said how much it may use
        engine.state.capital = engine.state.capital.without(version.sleeves)
    reason, bars = args.get("reason", ""), args.get("bars", "")
    move(engine, version, Stage.PROD, "settings", who, reason, turn, bars, instead=same)
    if old is not None and old.id != version.id and old.stage in LIVE:
        move(engine, old, Stage.RETIRED, "superseded", who, args.get("reason", ""), turn, keeps=True)
        old.until = 0


def _tell(engine: Engine, _event: ev.Command, _who: str, turn: Turn) -> None:
    """Versions that the settings made enter the journal."""
    for version in engine.state.release.versions.values():
        made(version, turn)


DEEDS: dict[str, Deed] = {
    "release.add": _add,
    "release.promote": _promote,
    "release.approve": _approve,
    "release.rollback": _rollback,
    "release.retire": _retire,
    "release.person": people.enter,
    "release.unperson": people.leave,
    "release.settings": _settings,
    "release.tell": _tell,
}

# --- moving -----------------------------------------------------------------------------------------------


def move(
    engine: Engine,
    version: Version,
    to: Stage,
    word: str,
    who: str,
    why: str,
    turn: Turn,
    bars: str = "",
    *,
    keeps: bool = False,
    instead: Version | None = None,
) -> None:
    """From one stage to another, with all that follows.

    ``keeps``: what it holds runs out by itself. ``instead``: whose place in production it takes.
    """
    state, release = engine.state, engine.state.release
    before, champion = version.stage, release.champion(version)
    past: list[ev.Bar] = _decoded(bars, list[ev.Bar]) if bars else []
    replaces = champion if to is Stage.PROD and word == "promoted" else None
    version.stage, version.since, version.ask = to, state.now, None
    if to is Stage.RETIRED:
        version.until = state.now + int(release.settings.cool_hours * HOUR)
    _fresh(version)
    if to in LIVE:
        seating.seat(engine, version, turn, past, instead or replaces)
    elif before in LIVE:
        seating.unseat(engine, version, RUNNING_OUT if keeps or to is Stage.SHADOW else CLOSING, turn)
    if replaces is not None:
        version.replaced = replaces.id
        move(engine, replaces, Stage.SHADOW, "superseded", who, f"{version.id}: {why}", turn)
    _write(version, word, before, who, why, state.now, turn, to)
    seating.tidy(engine, version, past)


def _fresh(version: Version) -> None:
    """A stage counts what is seen in it."""
    version.twin, version.live = Track(version.span), Track(version.span)
    version.modelled, version.realised = Slips(), Slips()
    seating.fresh_bets(version)


def _write(
    version: Version,
    word: str,
    before: Stage,
    who: str,
    why: str,
    ts: int,
    turn: Turn,
    after: Stage | None = None,
) -> None:
    """A line of the history, and the same as a note: the journal's table is made from that."""
    wanted = after or version.stage
    version.history.append(Change(ts, word, before, wanted, who, why))
    level = {"asked": "warn", "rolled_back": "alarm", "restored": "warn"}.get(word, "info")
    told = {"version": version.id, "before": before, "after": wanted, "who": who, "why": why}
    made(version, turn)
    passport = version.passport.digest if version.passport is not None else ""
    turn.note(level, f"release.{word}", **told, passport=passport)


def made(version: Version, turn: Turn) -> None:
    """What a version is made of goes into the journal, once."""
    if version.told:
        return
    version.told = True
    make = version.make
    turn.note(
        "info",
        MADE,
        version=version.id,
        stage=version.stage,
        origin=version.origin,
        who=version.by,
        parent=version.parent,
        make=msgspec.json.encode(make).decode(),
        passport=version.passport.digest if version.passport is not None else "",
    )
