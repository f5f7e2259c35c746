"""What happens by itself after each step: twins hear the fact, tracks count, a refuted version goes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.core import events as ev
from cockpit.core.gate import describe
from cockpit.core.intents import Outcome, Place
from cockpit.core.orders import Role
from cockpit.core.posture import Posture
from cockpit.core.profit import sleeve_pnl
from cockpit.core.release import acting, gates
from cockpit.core.release.records import LIVE, MACHINE, Duel, Version
from cockpit.core.release.twin import Twin
from cockpit.core.state import State
from cockpit.core.stops import sleeve_key, version_key
from cockpit.core.turn import NOTHING, Turn
from cockpit.core.types import ZERO

if TYPE_CHECKING:
    from cockpit.core.engine import Engine

LOOK_MS = 1_000
"""How often profit is marked while nothing is filled."""
KEPT = 1_000


def after(engine: Engine, event: ev.Event, outcome: Outcome) -> Outcome:
    """The outcome with what the twins did, and with what a rollback sends."""
    state, release, turn = engine.state, engine.state.release, Turn()
    _asked(state, release.asked, outcome)
    if isinstance(event, ev.Fill):
        _account_fill(engine, event)
    for name, twin in engine.twins.items():
        _hear(release.versions[name], twin, event, turn)
    if state.now >= release.due or event.__class__ is ev.Fill:
        release.due = state.now + LOOK_MS
        _mark(engine)
        _judge(engine, turn)
    return joined(state, outcome, turn, event) if not turn.empty else outcome


def joined(state: State, outcome: Outcome, turn: Turn, event: ev.Event) -> Outcome:
    """One step, one record: cancels and questions of both first."""
    if outcome is not NOTHING:
        turn.intents[:0] = outcome.intents
        turn.verdicts[:0] = outcome.verdicts
        turn.actions[:0] = outcome.actions
        turn.notes[:0] = outcome.notes
    return turn.outcome(state.seq, state.now, str(event.__struct_config__.tag))


# --- twins ------------------------------------------------------------------------------------------------


def _hear(version: Version, twin: Twin, event: ev.Event, turn: Turn) -> None:
    """Recorded, never sent: what the twin newly wants of its position, and what it was filled at."""
    for fact, outcome in twin.hear(event):
        _asked(twin.engine.state, twin.asked, outcome)
        if isinstance(fact, ev.Fill):
            _slip(twin.engine.state, twin.asked, fact, version.modelled.add)
            told = {"side": fact.side, "qty": fact.qty, "price": fact.price}
            turn.note("info", "twin.filled", version=version.id, **told)
        for intent in outcome.intents:
            if intent.target is not None:
                said = {"wish": describe(intent), "tag": intent.tag}
                turn.note("info", "twin.wants", version=version.id, **said)
        for verdict in outcome.verdicts:
            if verdict.action in ("block", "trim"):
                told = {"rule": verdict.rule, "reason": verdict.reason}
                turn.note("info", "twin.held_back", version=version.id, **told)


def _asked(state: State, asked: dict[str, float], outcome: Outcome) -> None:
    """What the market was when an order was decided."""
    for action in outcome.actions:
        if isinstance(action, Place):
            asked[action.cid] = state.price(action.symbol)
            if len(asked) > KEPT:
                del asked[next(iter(asked))]


def _slip(state: State, asked: dict[str, float], fill: ev.Fill, add: Callable[[float], None]) -> None:
    """What a taker paid beyond the price at its decision (basis points); not stops, not makers."""
    order, price = state.order(fill.cid), asked.get(fill.cid, 0.0)
    if order is None or fill.maker or not price > 0 or order.role is Role.PROTECT:
        return
    add((float(fill.price) / price - 1.0) * fill.side.sign * 1e4)


def _account_fill(engine: Engine, fill: ev.Fill) -> None:
    state = engine.state
    order = state.order(fill.cid)
    version = state.release.versions.get(order.version) if order is not None else None
    if version is None or version.stage not in LIVE:
        return
    seen = version.realised.n
    _slip(state, state.release.asked, fill, version.realised.add)
    if version.realised.n > seen and version.passport is not None:
        least = state.release.settings.min_fills
        slipped = version.realised.values[-1] - gates.modelled(version, least)
        version.drift.hear(slipped - gates.band(version, least))


# --- tracks -----------------------------------------------------------------------------------------------


def _mark(engine: Engine) -> None:
    state, release = engine.state, engine.state.release
    for name, twin in engine.twins.items():
        version = release.versions[name]
        version.twin.count(sum(s.trades for s in twin.engine.state.sleeves.values()))
        version.twin.mark(state.now, twin.profit, twin.capital)
    for version in release.versions.values():
        if version.stage in LIVE:
            legs = [state.sleeves[name] for name in version.sleeves]
            version.live.count(sum(leg.trades for leg in legs))
            profit = float(sum((sleeve_pnl(state, leg.id) for leg in legs), ZERO))
            for _, value in version.live.mark(state.now, profit, state.equity() * legs[0].share):
                version.decay.hear(-value)
                version.turn.hear(-value)
        if version.duel is not None:
            _fight(engine, version, version.duel)


def _fight(engine: Engine, version: Version, duel: Duel) -> None:
    """Spans that both were there for."""
    now, twins = engine.state.now, engine.twins
    one, other = twins.get(version.id), twins.get(duel.champion)
    if one is None or other is None:
        return
    mine = duel.mine.mark(now, one.profit, one.capital)
    theirs = dict(duel.theirs.mark(now, other.profit, other.capital))
    for span, value in mine:
        if span in theirs:
            duel.better.hear(value - theirs[span])
            duel.worse.hear(theirs[span] - value)


# --- judging ----------------------------------------------------------------------------------------------


def _judge(engine: Engine, turn: Turn) -> None:
    """Instantly and without anybody: what is refuted or broken leaves the account."""
    release = engine.state.release
    for version in [v for v in release.in_stage(*LIVE) if v.managed and v.passport is not None]:
        why = broken(engine.state, version) or gates.hit(release, version)
        if why:
            acting.back(engine, version, MACHINE, why, turn)
    if turn.touched:
        engine.settle(turn)


def broken(state: State, version: Version) -> str:
    """A risk hit on one of its sleeves, in words."""
    for name in version.sleeves:
        sleeve = state.sleeves[name]
        if sleeve.benched:
            return f"benched: {sleeve.benched}"
        for key in (sleeve_key(name), version_key(sleeve.strategy, sleeve.version)):
            lock = state.locks.get(key)
            if lock is not None and not lock.until and lock.by != "hand":
                return f"locked by {lock.by}: {lock.reason}"
        for trip in state.trips.values():
            about = (name, version_key(sleeve.strategy, sleeve.version))
            if trip.about in about and trip.step >= Posture.HALT:
                return f"breaker {trip.breaker}"
    return ""
