"""Versions behind the door: what is asked is resolved here (plug-in, passport, past), decided in the step.

version_add      STRATEGY:k=v,…@SYMBOL/TF   a candidate, with the passport that its like has earned
version_promote  version, to, reason         the gate is asked in the step; people where the stage needs them
version_approve  version, reason             by one more person
version_rollback, version_retire             out of the account
versions, version                            what there is; one in full
people, person_add, person_remove            who may decide; of tokens only what is kept of them
"""

from __future__ import annotations

import getpass
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.app import by_hand, compose, proofs, versions
from cockpit.core import events as ev
from cockpit.core.config import SleeveConfig, timeframe_text
from cockpit.core.errors import CockpitError, ConfigError
from cockpit.core.frames import Answer
from cockpit.core.refusal import Refusal
from cockpit.core.release import acting, listing
from cockpit.core.release.people import key_of
from cockpit.core.release.records import MACHINE, Make

if TYPE_CHECKING:
    from cockpit.app.runtime import Runtime

DEEDS = {
    "version_add": "release.add",
    "version_promote": "release.promote",
    "version_approve": "release.approve",
    "version_rollback": "release.rollback",
    "version_retire": "release.retire",
    "person_add": "release.person",
    "person_remove": "release.unperson",
}
VERBS = frozenset((*DEEDS, "versions", "version", "people"))


async def obey(runtime: Runtime, verb: str, args: dict[str, str], actor: str, command_id: str) -> Answer:
    """Answer a question, or do a deed; what the step refuses comes back in its words."""
    try:
        if verb == "versions":
            return Answer(command_id, True, "answer.versions", payload={"versions": _rows(runtime)})
        if verb == "version":
            return Answer(command_id, True, "answer.versions", payload=_one(runtime, args))
        if verb == "people":
            return Answer(command_id, True, "answer.versions", payload=_people(runtime))
        said = await _prepared(runtime, verb, args, actor)
    except Refusal as no:
        return Answer(command_id, False, no.message, no.numbers)
    except CockpitError as error:
        return Answer(command_id, False, "release.cannot_be_made", {"why": str(error)})
    if args.get("token"):
        said["key"] = key_of(args["token"])
    named = args.get("who", "").strip() or _owner(runtime, said.get("key", "")) or me(runtime)
    said["who"] = actor if actor == MACHINE else named
    taken = runtime.crew.command(DEEDS[verb], said, actor, command_id)
    answer = await by_hand.kept(taken, command_id, "answer.taken")
    refused = runtime.engine.state.refusals.get(command_id)
    if refused is not None:
        return Answer(command_id, False, *refused)
    if verb.startswith("person_"):
        return Answer(command_id, answer.ok, answer.message, answer.args, _people(runtime))
    name = said.get("version", "") or _id(said)
    known = runtime.engine.state.release.versions
    found = next((v for v in known.values() if v.id.startswith(name)), None)
    payload = None if found is None else _plain(listing.plain(listing.row(runtime.engine.state, found)))
    return Answer(command_id, answer.ok, answer.message, answer.args, payload)


def _owner(runtime: Runtime, key: str) -> str:
    """Whose token that is: several people may sit at screens of one cockpit. Empty = nobody's."""
    persons = runtime.engine.state.release.persons
    return next((name for name, person in persons.items() if key and person.key == key), "")


def me(runtime: Runtime) -> str:
    """Who sits here: as the settings say, else the login name."""
    named = runtime.plan.config.release.me
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def _rows(runtime: Runtime) -> list[dict[str, Any]]:
    return [_plain(listing.plain(row)) for row in listing.rows(runtime.engine.state)]


def _one(runtime: Runtime, args: dict[str, str]) -> dict[str, Any]:
    state = runtime.engine.state
    found = _plain(listing.shown(state, acting.find(state.release, args.get("version", ""))))
    for condition in found["conditions"]:
        if not isfinite(condition["value"]):
            condition["value"] = None  # nothing was measured yet, and JSON knows no infinity
    return found


def _people(runtime: Runtime) -> dict[str, Any]:
    """Names, roles and since when; never what is kept of a token."""
    release = runtime.engine.state.release
    rows = [{"name": name, "role": p.role, "since": p.since} for name, p in release.persons.items()]
    return {"people": rows, "solo": release.settings.solo}


def _plain(found: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _id(said: dict[str, str]) -> str:
    return msgspec.json.decode(said["make"], type=Make).id if "make" in said else ""


async def _prepared(runtime: Runtime, verb: str, args: dict[str, str], actor: str) -> dict[str, str]:
    """What the step needs besides what was typed: it knows no files. Raises Refusal, CockpitError."""
    kept = ("version", "to", "reason", "at", "parent", "name", "role", "newkey")
    said = {name: args[name] for name in kept if args.get(name)}
    if verb == "version_add":
        offered = actor == MACHINE and "row" in args
        make = _offered(runtime, args["row"]) if offered else _make(runtime, args.get("sleeve", ""), args)
        said["make"] = msgspec.json.encode(make).decode()
    elif verb == "version_promote":
        version = acting.find(runtime.engine.state.release, args.get("version", ""))
        make, said["version"] = version.make, version.id
    else:
        return said
    proof = await proofs.asked(_question(runtime, make))
    if proof is not None:
        said["passport"] = msgspec.json.encode(proof).decode()
    if verb == "version_promote":
        said["bars"] = msgspec.json.encode(past(runtime, make)).decode()
    return said


def _question(runtime: Runtime, make: Make) -> proofs.Question:
    plan = runtime.plan
    home = plan.folder if plan.home is None else plan.home.data_dir
    span, plugins = plan.config.release.span_minutes, plan.config.run.plugins_dir
    return proofs.Question(str(home), versions.row_of(make), span, plugins)


def _make(runtime: Runtime, text: str, args: dict[str, str]) -> Make:
    """From ``NAME:k=v@SYMBOL/TF``. Raises ConfigError."""
    from cockpit.app.session import parse_sleeve

    row = parse_sleeve(text)
    source = runtime.source
    symbols = tuple(_symbol(symbol, source.instruments) for symbol in row.legs)
    one = len(symbols) == 1
    row = msgspec.structs.replace(row, symbol=symbols[0] if one else "", symbols=() if one else symbols)
    if args.get("share"):
        try:
            share = float(args["share"])
        except ValueError:
            share = -1.0
        if not 0 < share <= 1:
            raise ConfigError(f"--share {args['share']}: above 0, at most 1")
        row = msgspec.structs.replace(row, share=share)
    return made_of(runtime, row)


def _offered(runtime: Runtime, raw: str) -> Make:
    """From a whole row, as the steward has it."""
    return made_of(runtime, msgspec.json.decode(raw, type=SleeveConfig))


def made_of(runtime: Runtime, row: SleeveConfig) -> Make:
    """What a row of the settings is made of on this market. Raises ConfigError."""
    source = runtime.source
    return versions.make_of(compose.cast([row], source.instruments, source.frames))


def _symbol(text: str, known: Any) -> str:
    """A market by its name, or by the venue's own id when that is unmistakable."""
    found = [symbol for symbol in known if symbol == text or symbol.partition(":")[2] == text]
    return found[0] if len(found) == 1 else text


def past(runtime: Runtime, make: Make) -> list[ev.Bar]:
    """Closed bars of its markets that were heard, or fetched before the start: what warms it up."""
    wanted = {make.timeframe, *make.timeframes}
    found = []
    for symbol, tf, row in runtime.projector.closed(make.symbols):
        if timeframe_text(tf) in wanted:
            numbers = (row.open, row.high, row.low, row.close, row.volume)
            found.append(ev.Bar(row.ts + tf, symbol, tf, *numbers))
    return found


def opening(runtime: Runtime) -> None:
    """After the start: versions of the settings enter the journal, and changed numbers are new versions."""
    source, state = runtime.source, runtime.engine.state
    parts = compose.cast(source.sleeves, source.instruments, source.frames)
    if any(not version.told for version in state.release.versions.values()):
        runtime.crew.command("release.tell", {}, "settings")
    for old, make in versions.changed(runtime.engine, parts):
        args = {
            "make": msgspec.json.encode(make).decode(),
            "old": old,
            "reason": "the settings were changed",
            "bars": msgspec.json.encode(past(runtime, make)).decode(),
        }
        runtime.crew.command("release.settings", args, "settings")
