"""A version's place in the machine: its sleeves in the account, its twin beside it."""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING

from cockpit.core import events as ev
from cockpit.core.errors import CockpitError
from cockpit.core.memory import TwinMemory
from cockpit.core.refusal import Refusal
from cockpit.core.release import gates, twin
from cockpit.core.release.records import LIVE, SETTINGS, TWINNED, Duel, Version
from cockpit.core.release.sequential import Bet, Detector
from cockpit.core.release.track import Track
from cockpit.core.sizing import fitted
from cockpit.core.stops import equipped
from cockpit.core.turn import Turn
from cockpit.core.types import Stage

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

FIRST_INDEX, LAST_INDEX = 100, 899
"""Client ids of their sleeves: behind those that the settings number, before those of a person's own."""
SIGMAS = 4.0
"""How far an observation may lie from 0, in standard deviations of what was proven, before it is cut."""
LEAST_SIGMA = 1e-6


def seat(
    engine: Engine, version: Version, turn: Turn, past: list[ev.Bar], before: Version | None = None
) -> None:
    """Give a version its sleeves in the account, or the ones that it has had before. Raises Refusal.

    ``before`` is whom it replaces: it takes no more than was applied to that one (``Applied.least``).
    """
    state = engine.state
    if not version.sleeves:
        _build(engine, version, past)
    share = state.release.settings.canary_share if version.stage is Stage.CANARY else 0.0
    size = min(version.make.share, share) if share else version.make.share
    places = before.sleeves if before is not None else ()
    for leg, name in enumerate(version.sleeves):
        sleeve = state.sleeves[name]
        sleeve.stage, sleeve.leaving = version.stage, ""
        sleeve.capital, sleeve.share = share, state.capital.least(size, name, *places[leg : leg + 1])
        if sleeve.share < size and not leg:
            told = {"version": version.id, "share": f"{sleeve.share:.1%}", "named": f"{size:.1%}"}
            turn.note("warn", "capital.kept", sleeve=name, **told)
        sleeve.retry_at = 0
        turn.touch(name)


def _build(engine: Engine, version: Version, past: list[ev.Bar]) -> None:
    state, foundry = engine.state, engine.foundry
    if foundry is None:
        raise Refusal("release.no_foundry")
    try:
        cast = foundry.cast(version.make, state.instruments)
    except CockpitError as error:
        raise Refusal("release.cannot_be_made", why=str(error)) from error
    for sleeve, index in zip(cast.sleeves, room(engine, len(cast.sleeves)), strict=False):
        sleeve.index = index
        sleeve.release = version.id
    shadow = engine.twins.get(version.id)
    strategy = cast.strategy
    if shadow is not None:
        lead = next(iter(shadow.engine.slots.values())).lead
        strategy = twin.copy_of(lead.strategy, cast.kind)
    slots = engine.add_group(list(cast.sleeves), strategy)
    given = frozenset((bar.symbol, bar.tf) for bar in past)
    for slot in slots:
        guard = equipped(None, [*engine.usual, *cast.stops], slot.sleeve.stop_tf)
        engine.guard(slot, guard, fitted(None, cast.sizing))
    if shadow is None:
        for bar in sorted(past, key=lambda bar: (bar.ts, -bar.tf)):
            for slot in slots:
                if slot.sleeve.symbol == bar.symbol:
                    slot.warm(bar, given)
    for slot in slots:
        slot.want.forget()
    version.sleeves = tuple(sleeve.id for sleeve in cast.sleeves)


def room(engine: Engine, legs: int) -> list[int]:
    """Numbers for client ids that no sleeve has. Raises Refusal when there are too few."""
    taken = {sleeve.index for sleeve in engine.state.sleeves.values()}
    free = [n for n in range(FIRST_INDEX, LAST_INDEX + 1) if n not in taken]
    if len(free) < legs:
        raise Refusal("release.full")
    return free


def unseat(engine: Engine, version: Version, how: str, turn: Turn) -> None:
    """It enters nothing more, its resting entries are cancelled, what it holds leaves as ``how`` says."""
    for name in version.sleeves:
        sleeve = engine.state.sleeves[name]
        sleeve.leaving, sleeve.capital = how, 0.0
        sleeve.retry_at = sleeve.reduce_at = 0
        turn.touch(name)


def tidy(engine: Engine, moved: Version, past: list[ev.Bar]) -> None:
    """Twins for those that need one: who is between paper and production, and whom they would replace."""
    release = engine.state.release
    running = [
        v for v in release.versions.values() if v.stage in TWINNED and v.managed and v.origin != SETTINGS
    ]
    wanted = {v.id: v for v in running}
    for version in running:
        champion = release.champion(version)
        if champion is not None:
            wanted[champion.id] = champion
    for name in [name for name in engine.twins if name not in wanted]:
        del engine.twins[name]
    for version in wanted.values():
        if version.id not in engine.twins and not version.fault:
            _twin(engine, version, past if version is moved else [])
    for version in running:
        champion = release.champion(version)
        if champion is None:
            version.duel = None
        elif version.duel is None or version.duel.champion != champion.id:
            bound = 2.0**0.5 * _bound(version)
            tracks = Track(version.span), Track(version.span)
            version.duel = Duel(champion.id, Bet(bound), Bet(bound), *tracks)
    watch(engine)


def watch(engine: Engine) -> None:
    """Is there anybody to be looked at after each step?"""
    versions = engine.state.release.versions.values()
    engine.released = bool(engine.twins) or any(v.stage in LIVE and v.managed for v in versions)


def _twin(engine: Engine, version: Version, past: list[ev.Bar]) -> None:
    assert engine.foundry is not None
    try:
        cast = engine.foundry.cast(version.make, engine.state.instruments)
    except CockpitError as error:
        version.fault = str(error)
        return
    slot = engine.slots.get(version.sleeves[0]) if version.sleeves else None
    warm = None if slot is None else twin.copy_of(slot.lead.strategy, cast.kind)
    made = twin.build(engine, cast, engine.foundry, warm)
    if warm is None:
        twin.warmed(made, past)
    engine.twins[version.id] = made


def fresh_bets(version: Version) -> None:
    """The sequential tests of a stage begin anew."""
    version.decay, version.turn = Bet(_bound(version)), Detector(_bound(version))
    version.drift = Bet(10.0 * gates.band(version, 1))
    if version.stage is Stage.PAPER:
        version.duel = None


def _bound(version: Version) -> float:
    """The largest return that counts in full: what was proven says how far they scatter."""
    values = version.passport.returns if version.passport is not None else ()
    if len(values) < 2:
        return 1.0
    mean = fsum(values) / len(values)
    sigma = sqrt(fsum((x - mean) ** 2 for x in values) / (len(values) - 1))
    return SIGMAS * max(LEAST_SIGMA, sigma)


def recall(engine: Engine, version: Version, frozen: TwinMemory) -> None:
    """Give a version its twin back after a start; one that can no longer be made says why."""
    assert engine.foundry is not None
    try:
        cast = engine.foundry.cast(version.make, engine.state.instruments)
    except CockpitError as error:
        version.fault = str(error)
        return
    engine.twins[version.id] = twin.recalled(engine, frozen, cast, engine.foundry)
