"""What a person (or the watchdog) may tell the machine. Idempotent by command id."""

from __future__ import annotations

import msgspec

from cockpit.core import approving, breaking, capital, halting, lifecycle, reckoning
from cockpit.core import events as ev
from cockpit.core.intents import Cancel
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import sleeve_key, symbol_key, version_key
from cockpit.core.turn import Turn

REMEMBERED = 1_000


def obey(state: State, event: ev.Command, turn: Turn) -> None:
    """Do what was asked, once; an unknown verb is said to be unknown."""
    if event.command_id in state.commands:
        return
    remember(state, event)
    verb, args = event.verb, event.args
    if verb == "halt":
        halting.halt(state, event, turn)
    elif verb == "flatten":
        halting.halt(state, msgspec.structs.replace(event, args={**args, "flatten": "1"}), turn)
    elif verb == "resume":
        if halting.resume(state, event, turn):
            breaking.lift(state)
    elif verb == "cancel":
        cancel(state, args.get("cid", ""), event.actor, turn)
    elif verb in {"sleeve_on", "sleeve_off"}:
        _switch(state, args.get("sleeve", ""), verb == "sleeve_on", event.actor, turn)
    elif verb in approving.VERBS:
        approving.obey(state, event, turn)
    elif verb in capital.VERBS:
        capital.obey(state, event, turn)
    elif verb == "read":
        lifecycle.read_account(state, f"read-{state.boot}-{state.seq}", event.actor, turn)
    elif verb == "live":
        turn.note("warn", "live.said", account=args.get("account", ""), how=args.get("how", ""))
    else:
        turn.note("warn", "command.unknown", verb=verb)


def remember(state: State, event: ev.Command) -> None:
    """Its id is known from now on: said twice, it is done once."""
    state.commands[event.command_id] = state.seq
    if len(state.commands) > REMEMBERED:
        del state.commands[next(iter(state.commands))]


def cancel(state: State, cid: str, actor: str, turn: Turn) -> None:
    """Ask the venue to take an order away: one of ours, or a stranger's."""
    order = state.orders.get(cid)
    stranger = state.strangers.get(cid)
    if order is None and stranger is not None:
        turn.actions.append(Cancel(cid, stranger.symbol, f"by {actor}"))
        state.dismissed[cid] = 0
        reckoning.read_soon(state)  # no stream tells us of a stranger's order
    elif order is None:
        turn.note("warn", "command.no_order", cid=cid)
    elif not order.cancelling:
        turn.actions.append(Cancel(order.cid, order.symbol, f"by {actor}"))


def _switch(state: State, sleeve_id: str, on: bool, actor: str, turn: Turn) -> None:
    sleeve = state.sleeves.get(sleeve_id)
    if sleeve is None:
        turn.note("warn", "command.no_sleeve", sleeve=sleeve_id)
        return
    for leg in state.group(sleeve):
        leg.on = on
        if on:
            leg.benched = ""
            leg.rejects = leg.faulted = 0
            leg.retry_at = 0
            leg.reduce_at = 0
            leg.unprotected = 0
            leg.entries.clear()
            _unlock(state, leg, actor, turn)
        turn.touch(leg.id)
    turn.note("info", "sleeve.on" if on else "sleeve.off", sleeve_id, sleeve=sleeve_id, actor=actor)


def _unlock(state: State, sleeve: Sleeve, actor: str, turn: Turn) -> None:
    """Who switches a sleeve on again lifts its locks, those of its strategy version too."""
    version = version_key(sleeve.strategy, sleeve.version)
    # What protections counted is forgotten too, or they would lock it again at their next look.
    state.pulse.done = [row for row in state.pulse.done if row.version != version]
    for key in (sleeve_key(sleeve.id), symbol_key(sleeve.symbol), version):
        if state.locks.pop(key, None) is not None:
            turn.note("info", "lock.lifted", sleeve.id, what=key, actor=actor)
    for other in state.sleeves.values():
        if (other.strategy, other.version) == (sleeve.strategy, sleeve.version):
            turn.touch(other.id)
