"""Who may decide about versions, and how they show that it is they.

A person has a role and a token. The token is drawn at random, shown once and kept by that person; here stands
its sha256, in the State and so in the journal. A deed carries the sha256 of the token that was shown at the
door: whoever cannot show one is nobody, whatever name they give. Where no person was ever entered, names are
taken as they are given (roles by ``release.people``), and nothing is promoted to prod unless the settings say
that one person decides alone (``release.solo``). Taking a version out of the account needs no token, as
stopping does not.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cockpit.core import events as ev
from cockpit.core.refusal import Refusal
from cockpit.core.release.records import MACHINE, MAY, SETTINGS, Person, Release
from cockpit.core.turn import Turn
from cockpit.core.types import Stage

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

ADMIN = "admin"
GUARDED = frozenset(("add", "promote", "approve", "rollback", "retire", "person", "unperson"))
FREE = frozenset(("rollback",))
"""Done without a token: going back is like stopping."""
DIGITS = 64


def key_of(token: str) -> str:
    """What is kept of a token, and what a deed carries of it."""
    return hashlib.sha256(token.encode()).hexdigest()


def allowed(release: Release, event: ev.Command, who: str, deed: str) -> None:
    """May this name do that, and is it theirs? Raises Refusal."""
    if who in (MACHINE, SETTINGS) or event.actor in (MACHINE, SETTINGS):
        if who != event.actor:
            raise Refusal("release.reserved", who=who)
        return
    person = release.persons.get(who)
    shown = event.args.get("key", "")
    if release.persons and deed not in FREE and (person is None or not shown or shown != person.key):
        raise Refusal("release.no_token", who=who)
    if deed in ("person", "unperson"):
        if release.persons and release.role(who) != ADMIN:
            raise Refusal("release.not_allowed", who=who, role=release.role(who), deed=deed)
    elif not (release.persons and deed in FREE) and not release.may(who, deed):
        raise Refusal("release.not_allowed", who=who, role=release.role(who), deed=deed)


def alone(release: Release, to: Stage) -> None:
    """Prod takes two people who can show that they are two, or the word of the settings. Raises Refusal."""
    if to is Stage.PROD and not release.persons and not release.settings.solo:
        raise Refusal("release.needs_people")


def enter(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    """A person, or another token or role for one. The first must be an admin."""
    release, args = engine.state.release, event.args
    name, role, key = args.get("name", "").strip(), args.get("role", ""), args.get("newkey", "")
    if not name or name in (MACHINE, SETTINGS) or role not in MAY or len(key) != DIGITS:
        raise Refusal("release.no_person", name=name or "?", role=role or "?")
    if any(other.key == key for known, other in release.persons.items() if known != name):
        raise Refusal("release.no_person", name=name, role=role)
    if role != ADMIN and not _admins(release, name):
        raise Refusal("release.first_admin")
    release.persons[name] = Person(role, key, event.ts)
    _disown(release, name)
    turn.note("warn", "release.person", name=name, role=role, who=who)


def leave(engine: Engine, event: ev.Command, who: str, turn: Turn) -> None:
    """A person who decides nothing any more."""
    release, name = engine.state.release, event.args.get("name", "").strip()
    if name not in release.persons:
        raise Refusal("release.unknown_person", name=name or "?")
    if not _admins(release, name):
        raise Refusal("release.first_admin")
    del release.persons[name]
    _disown(release, name)
    turn.note("warn", "release.unperson", name=name, who=who)


def _admins(release: Release, but: str) -> list[str]:
    return [name for name, person in release.persons.items() if person.role == ADMIN and name != but]


def _disown(release: Release, name: str) -> None:
    """What somebody has approved under an old token or role counts no more."""
    for version in release.versions.values():
        if version.ask is not None:
            version.ask.approvals.pop(name, None)
