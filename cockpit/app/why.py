"""Why a market is not traded now: the first gate that said no to each sleeve, or that it wants nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.core.gate import describe
from cockpit.core.sized import in_force
from cockpit.core.state import Sleeve, State
from cockpit.text import because, tr


def matching(state: State, asked: str) -> list[Sleeve]:
    """Sleeves whose market or own name contains what was asked for; an exact market wins over parts."""
    wanted = asked.strip().lower()
    exact = [
        s for s in state.sleeves.values() if wanted in {s.symbol.lower(), s.symbol.lower().partition(":")[2]}
    ]
    return exact or [s for s in state.sleeves.values() if wanted in s.id.lower()]


def reasons(state: State, asked: str) -> dict[str, Any]:
    """Plain data for ``cockpit why``; :func:`text` draws it. ``sleeves`` is empty when nothing matches."""
    return {
        "asked": asked,
        "markets": sorted({sleeve.symbol for sleeve in state.sleeves.values()}),
        "posture": state.posture.name,
        "sleeves": [_row(state, sleeve) for sleeve in matching(state, asked)],
    }


def _row(state: State, sleeve: Sleeve) -> dict[str, Any]:
    lock = state.lock_on(sleeve)
    kind, args = verdict(state, sleeve)
    return {
        "sleeve": sleeve.id,
        "symbol": sleeve.symbol,
        "on": sleeve.on,
        "benched": sleeve.benched,
        "position": str(state.position(sleeve.id)),
        "wants": "" if sleeve.intent is None else describe(sleeve.intent),
        "tag": sleeve.tag,
        "allowed": "" if sleeve.approved is None else describe(sleeve.approved),
        "size": None if sleeve.size is None else msgspec.to_builtins(sleeve.size),
        "lock": None
        if lock is None
        else {"by": lock.by, "reason": lock.reason, "since": lock.since, "until": lock.until},
        "verdicts": [
            {"rule": v.rule, "action": v.action, "before": v.before, "after": v.after, "reason": v.reason}
            for v in sleeve.verdicts
        ],
        "answer": kind,
        "because": args,
    }


def verdict(state: State, sleeve: Sleeve) -> tuple[str, dict[str, str]]:
    """(message id, its arguments): the one sentence that answers why."""
    if sleeve.verdicts:
        first = sleeve.verdicts[0]
        return "why.rule", {
            "rule": first.rule,
            "reason": first.reason,
            "before": first.before,
            "after": first.after,
        }
    if sleeve.benched:
        return "why.benched", {"reason": sleeve.benched}
    if not sleeve.on:
        return "why.off", {}
    size = in_force(sleeve)
    if size is not None and not size.qty:
        return "why.no_size", {"method": size.method, "reason": size.why}
    if wants_nothing(sleeve):
        tag = sleeve.tag
        return ("why.nothing", {"tag": tag}) if tag else ("why.silent", {})
    waiting = [o for o in state.orders_of(sleeve.id) if o.price is None and not o.algo]
    if waiting:
        return "why.on_its_way", {"cid": waiting[0].cid, "state": waiting[0].state}
    if sleeve.retry_at > state.now:
        return "why.waits", {"seconds": f"{(sleeve.retry_at - state.now) / 1000:.1f}"}
    return "why.done", {"wish": describe(sleeve.intent) if sleeve.intent is not None else ""}


def wants_nothing(sleeve: Sleeve) -> bool:
    """No position and no quotes are wished for."""
    intent = sleeve.intent
    return intent is None or (not intent.target and not intent.quotes)


def _sentence(row: dict[str, Any], lang: str) -> str:
    """A rule keeps the name that it has in the settings; its reason is in the reader's language."""
    args = {
        name: because(value, lang) if name == "reason" else value for name, value in row["because"].items()
    }
    return tr(row["answer"], lang, **args)


def text(found: dict[str, Any], lang: str) -> str:
    """One line a sleeve, and below it every further rule that touched the wish."""
    lines = []
    for row in found["sleeves"]:
        lines.append(f"{row['sleeve']}: {_sentence(row, lang)}")
        size = row["size"]
        if size is not None and row["answer"] != "why.no_size":
            told = {"method": size["method"], "weight": f"{size['weight']:.3f}", "reason": size["why"]}
            lines.append(f"  {tr('why.sized', lang, **told)}")
        lines += [
            f"  {more['rule']} {more['action']}: {because(more['reason'], lang)}"
            for more in row["verdicts"][1:]
        ]
    return "\n".join(lines)
