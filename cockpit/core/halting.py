"""The kill switch: stop entries at once, cancel, then flatten or protect, and report success only after
the venue has been read back. Until then it says what is still open, again and again. It ends in a receipt.

    asked ─► cancelling ─► (flattening) ─► reading back ─► confirmed, with a receipt
                  ▲────────── something is still there ──────┘
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core import events as ev
from cockpit.core import proof, strangers, watch
from cockpit.core.attribution import OURS
from cockpit.core.dust import dust
from cockpit.core.intents import Cancel
from cockpit.core.ledger import Position
from cockpit.core.lifecycle import read_account
from cockpit.core.orders import OrderState, Role
from cockpit.core.posture import Posture
from cockpit.core.receipt import Kept
from cockpit.core.state import HaltState, State
from cockpit.core.turn import Turn

KILL = "kill"
READ_MS = 1_000
"""How long to wait for an answer before the venue is read again."""
PROOF_MS = 5_000
"""An answer that comes later than so long after it was asked for says nothing of now: the next one must."""
ALARM_MS = 5_000
"""A halt that takes longer is an alarm; said again after twice as long each time, at most a minute."""
SAID = frozenset((1, 2, 5, 10, 30))
"""Failed read-backs in a row that are said; afterwards every sixtieth."""


def halt(state: State, event: ev.Command, turn: Turn) -> None:
    """Begin a halt, or turn one into a flatten. Never lowers anything."""
    flatten = event.args.get("flatten", "") in {"1", "true", "yes"}
    halted = state.halt
    if halted is None:
        halted = state.halt = HaltState(since=event.ts, by=event.actor, flatten=flatten)
        _asked(state, halted, event)
    elif flatten and not halted.flatten:
        halted.flatten = True
        halted.phase = "asked"
        halted.confirmed = 0
        _asked(state, halted, event)
    state.voices[KILL] = Posture.FLATTEN if halted.flatten else Posture.HALT
    turn.note("alarm", "halt.asked", actor=event.actor, flatten=halted.flatten)
    for sleeve in state.sleeves:
        turn.touch(sleeve)


def _asked(state: State, halted: HaltState, event: ev.Command) -> None:
    """Remember what the receipt will be asked for: who, when, and what there was."""
    closed = event.args.get("closed", "")
    if closed.isdigit() and not halted.closed:
        halted.closed = int(closed)
    halted.asked, halted.asker = event.ts, event.actor
    if halted.receipt is not None:
        halted.entries = []  # those are on the receipt that was given before
    halted.held = proof.books(state)
    halted.clean_at = halted.flat_at = halted.alarms = halted.failed = 0
    halted.alarm_at = state.now + ALARM_MS
    halted.receipt = None


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
    _escalate(state, halted, turn)
    entries = state.entries_open()
    for order in entries:
        if order.cid not in halted.entries:
            halted.entries.append(order.cid)
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
        halted.clean_at = halted.flat_at = 0
        return
    halted.clean_at = halted.clean_at or state.now
    if halted.flatten and (positions or _still_closing(state)):
        halted.phase = "flattening"
        halted.detail = ", ".join(dict.fromkeys(held))
        halted.flat_at = 0
        return
    halted.flat_at = halted.flat_at or state.now
    if state.now >= halted.read_at + READ_MS:
        halted.phase = "reading"
        halted.reads += 1
        halted.read_at = state.now
        name = f"halt-{halted.since}-{halted.reads}"
        recent = {key: at for key, at in halted.asking.items() if state.now - at <= PROOF_MS}
        halted.asking = {**recent, name: state.now}
        read_account(state, name, "halt", turn)


def _escalate(state: State, halted: HaltState, turn: Turn) -> None:
    """It takes too long: an alarm with what remains, and again, ever more rarely, until it is done."""
    if state.now < halted.alarm_at:
        return
    halted.alarms += 1
    halted.alarm_at = state.now + min(60_000, ALARM_MS << halted.alarms)
    cids = [order.cid for order in state.entries_open()]
    turn.note(
        "alarm",
        "halt.remains",
        seconds=(state.now - halted.asked) // 1_000,
        phase=halted.phase,
        count=halted.entries_open,
        positions=halted.positions_open,
        what=", ".join(cids[:5]) or halted.detail or "the venue has not answered",
    )


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
    if halted.phase != "reading":
        return max(halted.alarm_at, state.now + 1)
    return max(min(halted.read_at + READ_MS, halted.alarm_at), state.now + 1)


def on_account(state: State, event: ev.AccountReport, turn: Turn) -> None:
    """Compare the read-back with what was promised; only this makes a halt ``confirmed``."""
    halted = state.halt
    if halted is None or halted.confirmed or not event.complete:
        return
    asked = halted.asking.get(event.request_id)
    if asked is None or state.now - asked > PROOF_MS:
        return
    resting = [row for row in event.orders if _entry_of_ours(state, row)]
    positions = [p for p in event.positions if not _dust(state, p.symbol, _ours(state, p))]
    halted.entries_open = len(resting)
    halted.positions_open = len(positions)
    if resting or (halted.flatten and positions):
        _failed(halted, [r.symbol for r in resting] + [p.symbol for p in positions], turn)
        for row in resting:
            if row.cid not in halted.entries:
                halted.entries.append(row.cid)
            turn.actions.append(Cancel(row.cid, row.symbol, "halt"))
        return
    if halted.flatten and _still_closing(state):
        halted.phase = "flattening"
        return
    kept = proof.keeping(state, event)
    unproven = proof.disagree(state, event) or proof.uncovered(state, kept) or proof.unsettled(state)
    if state.entries_open() or unproven:
        _failed(halted, unproven, turn)
        return
    _confirm(state, halted, event, kept, turn)


def _entry_of_ours(state: State, row: ev.VenueOrder) -> bool:
    """Is it an entry, and ours? A person's own order is not ours to cancel (I21)."""
    order = state.order(row.cid)
    return row.cid.startswith(OURS) if order is None else order.role is Role.ENTRY


def _failed(halted: HaltState, what: list[str], turn: Turn) -> None:
    """The venue says that it is not done: say what remains, and read again in a second."""
    halted.failed += 1
    halted.phase = "reading"
    halted.detail = ", ".join(dict.fromkeys(what))
    if halted.failed in SAID or halted.failed % 60 == 0:
        counts = {"count": halted.entries_open, "positions": halted.positions_open}
        turn.note("alarm", "halt.failed", **counts)


def _confirm(
    state: State, halted: HaltState, event: ev.AccountReport, kept: tuple[Kept, ...], turn: Turn
) -> None:
    """The venue has proven it: the halt is done, and here is its receipt."""
    halted.phase = "confirmed"
    halted.confirmed = event.ts
    halted.detail = ""
    halted.receipt = receipt = proof.issue(state, halted, event, kept)
    positions = halted.positions_open
    turn.note("good", "halt.confirmed", positions=positions, ms=event.ts - halted.since)
    turn.note(
        "alarm" if receipt.naked else "good",
        "halt.receipt",
        cancelled=len(receipt.cancelled) + len(receipt.orphans),
        flattened=len(receipt.flattened),
        kept=len(receipt.kept),
        naked=len(receipt.naked),
        reads=receipt.reads,
        digest=receipt.digest,
    )
