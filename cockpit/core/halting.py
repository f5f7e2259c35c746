"""The kill switch: stop entries at once, cancel, then flatten or protect, and report success only after
the venue has been read back. Until then it says what is still open.

    asked ─► cancelling ─► (flattening) ─► reading back ─► confirmed
                  ▲────────── something is still there ──────┘
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core import events as ev
from cockpit.core import strangers, watch
from cockpit.core.attribution import OURS
from cockpit.core.dust import dust
from cockpit.core.intents import Cancel
from cockpit.core.ledger import Position
from cockpit.core.lifecycle import read_account
from cockpit.core.orders import OrderState, Role
from cockpit.core.posture import Posture
from cockpit.core.state import HaltState, State
from cockpit.core.turn import Turn

KILL = "kill"
READ_MS = 1_000
"""How long to wait for an answer before the venue is read again."""


def halt(state: State, event: ev.Command, turn: Turn) -> None:
    """Begin a halt, or turn one into a flatten. Never lowers anything."""
    flatten = event.args.get("flatten", "") in {"1", "true", "yes"}
    if state.halt is None:
        state.halt = HaltState(since=event.ts, by=event.actor, flatten=flatten)
    elif flatten and not state.halt.flatten:
        state.halt.flatten = True
        state.halt.phase = "asked"
        state.halt.confirmed = 0
    state.voices[KILL] = Posture.FLATTEN if state.halt.flatten else Posture.HALT
    turn.note("alarm", "halt.asked", actor=event.actor, flatten=state.halt.flatten)
    for sleeve in state.sleeves:
        turn.touch(sleeve)


def resume(state: State, event: ev.Command, turn: Turn) -> bool:
    """Lift a halt: needs the typed word and a reason. False = refused."""
    reason = event.args.get("reason", "").strip()
    if event.args.get("word") != "RESUME" or not reason:
        turn.note("warn", "resume.refused")
        return False
    state.halt = None
    state.voices.pop(KILL, None)
    watch.lift(state)
    turn.note("warn", "resume.done", actor=event.actor, reason=reason)
    for sleeve in state.sleeves:
        turn.touch(sleeve)
    return True


def progress(state: State, turn: Turn) -> None:
    """Push a running halt on: cancel what still rests, then read the venue back."""
    halted = state.halt
    if halted is None or halted.confirmed:
        return
    entries = state.entries_open()
    for order in entries:
        resting = order.state in {OrderState.LIVE, OrderState.PARTIAL}
        if resting and not order.cancelling and order.cid not in state.holds:
            order.cancelling = True
            turn.actions.append(Cancel(order.cid, order.symbol, "halt"))
    held = [p.symbol for p in state.ledger.held() if not _dust(state, p.symbol, _ours(state, p))]
    positions = len(held)
    halted.entries_open = len(entries)
    halted.positions_open = positions
    if entries:
        halted.phase = "cancelling"
        return
    if halted.flatten and (positions or _still_closing(state)):
        halted.phase = "flattening"
        halted.detail = ", ".join(dict.fromkeys(held))
        return
    if state.now >= halted.read_at + READ_MS:
        halted.phase = "reading"
        halted.reads += 1
        halted.read_at = state.now
        read_account(state, f"halt-{halted.since}-{halted.reads}", "halt", turn)


def _still_closing(state: State) -> bool:
    """Sleeves can cancel each other out to an account that is flat for a moment: it is not over then."""
    if any(order.role is not Role.PROTECT for order in state.orders.values()):
        return True
    return any(not _dust(state, s.symbol, state.position(s.id)) for s in state.sleeves.values())


def _ours(state: State, position: Position | ev.VenuePosition) -> Decimal:
    """Without what a stranger holds: that is not ours to close (I21)."""
    return position.qty - strangers.held(state, position.symbol, position.pos_side)


def _dust(state: State, symbol: str, qty: Decimal) -> bool:
    """Nothing, or too little for the venue to take: no halt waits for it."""
    instrument = state.instruments.get(symbol)
    return not qty or (instrument is not None and dust(instrument, qty, state.price(symbol)))


def deadline(state: State) -> int:
    """When a running halt wants to look again; 0 = not at all."""
    halted = state.halt
    if halted is None or halted.confirmed:
        return 0
    return max(halted.read_at + READ_MS, state.now + 1) if halted.phase == "reading" else 0


def on_account(state: State, event: ev.AccountReport, turn: Turn) -> None:
    """Compare the read-back with what was promised; only this makes a halt ``confirmed``."""
    halted = state.halt
    if halted is None or halted.confirmed or not event.complete:
        return
    if not event.request_id.startswith(f"halt-{halted.since}-"):
        return
    resting = []
    for row in event.orders:
        order = state.order(row.cid)
        if order is None and not row.cid.startswith(OURS):
            continue  # a person's own order: not ours to cancel (I21)
        if order is None or order.role is Role.ENTRY:
            resting.append(row)
    positions = [p for p in event.positions if not _dust(state, p.symbol, _ours(state, p))]
    halted.entries_open = len(resting)
    halted.positions_open = len(positions)
    if resting or (halted.flatten and positions):
        halted.phase = "failed"
        halted.detail = ", ".join([r.symbol for r in resting] + [p.symbol for p in positions])
        turn.note("alarm", "halt.failed", count=len(resting), positions=len(positions))
        for row in resting:
            turn.actions.append(Cancel(row.cid, row.symbol, "halt"))
        halted.phase = "reading"
        return
    if halted.flatten and _still_closing(state):
        halted.phase = "flattening"
        return
    halted.phase = "confirmed"
    halted.confirmed = event.ts
    halted.detail = ""
    turn.note("good", "halt.confirmed", positions=len(positions), ms=event.ts - halted.since)
