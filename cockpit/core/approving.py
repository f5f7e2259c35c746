"""Approve, reject, snooze, undo: a person's word on a market, and how a market leaves the whitelist.

An approval is good for exactly what was seen: it names the scan and the seal of the candidate's card. A newer
scan, a changed card, a price that has moved, a line that is down: refused, with the reason in the log.
"""

from __future__ import annotations

from cockpit.core import events as ev
from cockpit.core.candidates import Candidate
from cockpit.core.hotlist import HOUR, MINUTE, Decision, Standing
from cockpit.core.state import Sleeve, State
from cockpit.core.turn import Turn
from cockpit.core.types import InstrumentState

VERBS = frozenset(("approve", "reject", "snooze", "undo"))
UNDO_MS = 10 * MINUTE
"""How long a decision can be taken back: later, what was seen is no longer true."""
MACHINE = "machine"


class Refused(Exception):
    """Nothing is done; the message goes to the log and to whoever asked."""

    def __init__(self, message: str, /, **args: object) -> None:
        super().__init__(message)
        self.message = message
        self.args_ = {name: str(value) for name, value in args.items()}


def obey(state: State, event: ev.Command, turn: Turn) -> None:
    """Do one of ``VERBS``, or refuse it; either way it is in the log."""
    args, hotlist = event.args, state.hotlist
    symbol = args.get("symbol", "")
    row = _candidate(state, symbol)
    decision = Decision(
        event.ts,
        event.verb,
        symbol,
        event.actor,
        event.command_id,
        reason=args.get("reason", "").strip(),
    )
    if row is not None and hotlist.scan is not None:
        decision.scan, decision.score, decision.place = hotlist.scan.ts, row.score, row.place
        decision.seal, decision.price = row.seal, row.price
    decision.before = hotlist.standing(symbol, state.now)
    try:
        after = {"approve": _approve, "reject": _reject, "snooze": _snooze, "undo": _undo}[event.verb](
            state, event, row, decision
        )
    except Refused as no:
        decision.refused, decision.args = no.message, {"symbol": symbol, **no.args_}
        hotlist.write(decision)
        turn.note("warn", no.message, **decision.args)
        return
    if after is None:
        hotlist.standings.pop(symbol, None)
    else:
        hotlist.standings[symbol] = after
    hotlist.write(decision)
    said = {"symbol": symbol, "actor": event.actor, "score": f"{decision.score:.3f}"}
    turn.note("info", f"hotlist.{event.verb}", **said, reason=decision.reason)
    _told(state, symbol, turn)


def _candidate(state: State, symbol: str) -> Candidate | None:
    scan = state.hotlist.scan
    return next((row for row in scan.candidates if row.symbol == symbol), None) if scan else None


def _approve(state: State, event: ev.Command, row: Candidate | None, decision: Decision) -> Standing:
    scan, settings, args = state.hotlist.scan, state.hotlist.settings, event.args
    if scan is None:
        raise Refused("hotlist.no_scan")
    if row is None:
        raise Refused("hotlist.no_candidate")
    if decision.before is not None and decision.before.word == "approved":
        raise Refused("hotlist.already")
    if args.get("scan") != str(scan.ts):
        raise Refused("hotlist.newer_scan")
    if args.get("seal") != row.seal:
        raise Refused("hotlist.changed")
    age = state.now - scan.ts
    if age > settings.valid_minutes * MINUTE:
        raise Refused("hotlist.expired", minutes=age // MINUTE)
    _tradable(state, row.symbol)
    price = state.price(row.symbol)
    if not price > 0:
        raise Refused("hotlist.no_price")
    moved = abs(price / row.price - 1.0) if row.price > 0 else 1.0
    if moved > settings.max_move:
        raise Refused("hotlist.moved", moved=f"{moved:.2%}", limit=f"{settings.max_move:.2%}")
    return Standing("approved", event.ts, event.actor, 0, row.score, scan.ts)


def _tradable(state: State, symbol: str) -> None:
    instrument = state.instruments.get(symbol)
    if instrument is None or instrument.state is not InstrumentState.LIVE:
        raise Refused("hotlist.not_listed")
    down = sorted(channel for channel, up in state.links.items() if not up)
    if down:
        raise Refused("hotlist.link_down", channel=", ".join(down))


def _known(state: State, row: Candidate | None, decision: Decision) -> None:
    if row is None and decision.before is None:
        raise Refused("hotlist.no_candidate")


def _reject(state: State, event: ev.Command, row: Candidate | None, decision: Decision) -> Standing:
    if len(decision.reason) < 3:
        raise Refused("hotlist.needs_reason")
    _known(state, row, decision)
    return Standing(
        "rejected", event.ts, event.actor, 0, decision.score, decision.scan, reason=decision.reason
    )


def _snooze(state: State, event: ev.Command, row: Candidate | None, decision: Decision) -> Standing:
    _known(state, row, decision)
    if decision.before is not None and decision.before.word == "approved":
        raise Refused("hotlist.approved_not_snoozed")
    until = event.ts + int(state.hotlist.settings.snooze_hours * HOUR)
    return Standing("snoozed", event.ts, event.actor, until, decision.score, decision.scan)


def _undo(state: State, event: ev.Command, _row: Candidate | None, decision: Decision) -> Standing | None:
    done = [x for x in state.hotlist.log if x.symbol == decision.symbol and not (x.refused or x.undone)]
    last = next((x for x in reversed(done) if x.verb != "undo"), None)
    if last is None:
        raise Refused("hotlist.nothing_to_undo")
    if last.verb == "left":
        raise Refused("hotlist.left_not_undone")
    if event.ts - last.ts > UNDO_MS:
        raise Refused("hotlist.too_late", minutes=UNDO_MS // MINUTE)
    if last.before is not None and last.before.word == "approved":
        _tradable(state, decision.symbol)
    last.undone = True
    decision.reason = last.verb
    return last.before


def _told(state: State, symbol: str, turn: Turn) -> None:
    """Sleeves of a market that is closed let go at once; those of one that opens wish at the next bar."""
    if not state.hotlist.settings.enforce:
        return
    closed = state.hotlist.bars(symbol)
    for sleeve in state.sleeves.values():
        if sleeve.symbol != symbol:
            continue
        if closed:
            turn.touch(sleeve.id)
        else:
            sleeve.retry_at = _next_bar(sleeve, state.now)


def _next_bar(sleeve: Sleeve, now: int) -> int:
    return (now // sleeve.tf + 1) * sleeve.tf if sleeve.tf else now + 1


# --- scans ----------------------------------------------------------------------------------------


def on_scan(state: State, event: ev.Scan, turn: Turn) -> None:
    """A new ranking. What is approved and no longer there, or failing, leaves the whitelist."""
    state.hotlist.scan = event
    best = event.candidates[0] if event.candidates else None
    turn.note(
        "info",
        "hotlist.scanned" if best is not None else "hotlist.scanned_nothing",
        count=len(event.universe),
        symbol="" if best is None else best.symbol,
        score="" if best is None else f"{best.score:.3f}",
    )
    for symbol in state.hotlist.approved():
        if symbol not in event.universe:
            leave(state, symbol, "hotlist.left.gone", turn)
        elif failing(state, symbol):
            leave(state, symbol, "hotlist.left.failing", turn)


def on_listing(state: State, event: ev.Listing, turn: Turn) -> None:
    """A market that the venue has closed is approved no longer; one that is only paused stays."""
    symbol = event.instrument.symbol
    found = state.hotlist.standings.get(symbol)
    if found is not None and found.word == "approved" and event.instrument.state is InstrumentState.EXPIRED:
        leave(state, symbol, "hotlist.left.delisted", turn)


def failing(state: State, symbol: str) -> bool:
    """Has every sleeve there been benched, or one lost ``max_losses`` times in a row since the approval?"""
    sleeves = [sleeve for sleeve in state.sleeves.values() if sleeve.symbol == symbol]
    if sleeves and all(sleeve.benched for sleeve in sleeves):
        return True
    most, since = state.hotlist.settings.max_losses, state.hotlist.standings[symbol].since
    return bool(most) and any(s.losses >= most and s.lost_at >= since for s in sleeves)


def leave(state: State, symbol: str, why: str, turn: Turn) -> None:
    """Off the whitelist, by the machine: only a new approval brings it back."""
    before = state.hotlist.standings.pop(symbol)
    state.hotlist.write(
        Decision(state.now, "left", symbol, MACHINE, "", before.scan, before.score, reason=why, before=before)
    )
    turn.note("warn", why, symbol=symbol)
    _told(state, symbol, turn)
