"""Which deed by hand undoes another, and how a deed is written: the words that are typed for it."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.core.meant import HAND, MANUAL, find, holders, sleeve_name
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import sleeve_key


def words(args: Mapping[str, str]) -> str:
    """A deed in the words that are typed for it."""
    plain = [args[name] for name in ("verb", "symbol", "what", "to", "side", "qty", "cid") if args.get(name)]
    named = [f"--{n} {args[n]}" for n in ("stop", "take", "sleeve", "minutes", "reason") if args.get(n)]
    return " ".join((*plain, *named, *(("--no-stop",) if args.get("bare") else ())))


def inverse(state: State, args: Mapping[str, str]) -> dict[str, str]:
    """The deed that would undo this one, as things stand before it; empty = nothing would."""
    verb = args.get("verb", "")
    if verb == "entries":
        lock = state.locks.get(HAND)
        back = {"to": "off", "reason": lock.reason if lock else HAND}
        return {"verb": "entries", **({"to": "on"} if args.get("to") == "off" else back)}
    if verb == "limit":
        what = args.get("what", "")
        before = state.tighter.get(what)
        return {"verb": "limit", "what": what, "to": "off" if before is None else f"{before:g}"}
    if verb == "lock":
        return {"verb": "unlock", "what": args.get("what", "")}
    if verb == "unlock":
        return {"verb": "lock", "what": args.get("what", ""), "reason": args.get("reason", "") or HAND}
    if verb == "enter":
        symbol = find(state, args.get("symbol", ""))
        return {"verb": "exit", "sleeve": sleeve_name(symbol), "qty": args.get("size") or args.get("qty", "")}
    if verb == "take":
        return {"verb": "release", "symbol": args.get("symbol", "")}
    if verb == "release":
        return {"verb": "take", "symbol": args.get("symbol", ""), **_stops(state, args.get("symbol", ""))}
    return _back_in(state, args) if verb == "exit" else {}


def _back_in(state: State, args: Mapping[str, str]) -> dict[str, str]:
    """After an exit: a manual position is entered again, a strategy may do so by itself."""
    found = holders(state, args)
    if len(found) > 1 or found[0].strategy != MANUAL:
        locked = [s.id for s in found if s.strategy != MANUAL and _may_unlock(state, s)]
        return {"verb": "unlock", "what": locked[0]} if len(locked) == 1 else {}
    sleeve, have = found[0], state.position(found[0].id)
    qty = args.get("qty") or f"{abs(have):f}"
    side = "long" if have > 0 else "short"
    return {
        "verb": "enter",
        "symbol": sleeve.symbol,
        "side": side,
        "qty": qty,
        **_stops(state, sleeve.symbol),
    }


def _may_unlock(state: State, sleeve: Sleeve) -> bool:
    """Is it, or will it be, the hand's own lock? What a rule has locked is not undone on the way."""
    lock = state.locks.get(sleeve_key(sleeve.id))
    return lock is None or lock.by == HAND


def _stops(state: State, symbol: str) -> dict[str, str]:
    sleeve = state.sleeves.get(sleeve_name(find(state, symbol)))
    intent = sleeve.intent if sleeve is not None else None
    if intent is None or intent.stop is None:
        return {"bare": "1"}
    return {"stop": f"{intent.stop:f}"} | ({"take": f"{intent.take:f}"} if intent.take is not None else {})
