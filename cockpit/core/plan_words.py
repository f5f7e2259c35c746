"""A plan in sentences: the same for the command line and for the screen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cockpit.text import say, tr

SHOWN = 8
"""Digits of what was worked out; what is sent is shorter, and whole."""


def plan_lines(plan: dict[str, Any], lang: str) -> list[str]:
    """What a plan (``planning.shown``) says, line by line."""
    lines = []
    if plan["refused"]:
        lines.append(say("plan.refused", {"reason": say(plan["refused"], plan["numbers"], lang)}, lang))
    for title, calls in (("plan.calls", plan["calls"]), ("plan.then", plan["then"])):
        if calls:
            lines.append(say(title, {"count": str(len(calls))}, lang))
            lines += [f"  {_call(call, lang)}" for call in calls[:12]]
        if len(calls) > 12:
            lines.append(say("plan.more", {"count": str(len(calls) - 12)}, lang))
    if not plan["calls"] and not plan["refused"]:
        lines.append(say("plan.no_calls", {}, lang))
    for verdict in plan["verdicts"]:
        _, rule, _, before, after, reason = verdict
        args = {"rule": rule, "reason": reason, "before": before, "after": after}
        lines.append(say("plan.verdict", args, lang))
    if plan["least"]:
        lines.append(say("plan.least", {"size": plain(plan["entry"]), "least": plain(plan["least"])}, lang))
    if plan["calls"] and plan["price"]:
        args = {"fee": plain(plan["fee"]), "ccy": plan["settle"], "price": f"{plan['price']:g}"}
        lines.append(say("plan.fee", args, lang))
    lines += _risk(plan, lang)
    lines.append(
        say("plan.undo", {"words": plan["undo"]}, lang) if plan["undo"] else say("plan.no_undo", {}, lang)
    )
    return lines


def _call(call: dict[str, Any], lang: str) -> str:
    """One request in words."""
    if call["do"] == "cancel":
        return say("plan.cancel", {"cid": call["cid"], "symbol": call["symbol"]}, lang)
    if call["do"] == "amend":
        args = {"cid": call["cid"], "qty": plain(call["qty"]), "price": plain(call["price"])}
        take = "" if call["take"] is None else say("plan.take", {"level": plain(call["take"])}, lang)
        return f"{say('plan.amend', args, lang)} {take}".rstrip()
    extra = [f"@ {plain(call['price'])}"] if call["price"] is not None else []
    levels = {name: call[name] for name in ("trigger", "take") if call[name] is not None}
    extra += [say(f"plan.{name}", {"level": plain(level)}, lang) for name, level in levels.items()]
    if call["watch"]:
        extra.append(say("plan.watch", {"what": tr(f"word.{call['watch']}", lang)}, lang))
    if call["reduce_only"]:
        extra.append(say("plan.reduce_only", {}, lang))
    args = {"side": call["side"], "kind": call["kind"], "qty": plain(call["qty"]), "symbol": call["symbol"]}
    return " ".join((say("plan.place", args, lang), *extra))


def _risk(plan: dict[str, Any], lang: str) -> list[str]:
    before, after = plan["before"], plan["after"]
    if before is None or after is None:
        return []
    lines = []
    if plan["symbol"]:
        for name in ("qty", "margin", "liquidation"):
            old, new = (plain(row[name]) for row in (before, after))
            lines.append(say(f"plan.{name}", {"before": old, "after": new, "ccy": plan["settle"]}, lang))
    for (rule, old, limit, unit), (_, new, then, _) in zip(before["limits"], after["limits"], strict=True):
        args = {"before": f"{old:,.2f}", "after": f"{new:,.2f}", "limit": f"{limit:,.6g}", "unit": unit}
        message = "plan.limit" if then == limit else "plan.limit_changed"
        lines.append(say(message, {"rule": rule, **args, "then": f"{then:,.6g}"}, lang))
    return lines


def plain(value: Any) -> str:
    """A number without its trailing zeros; a dash for none."""
    if value is None:
        return "-"
    text = f"{Decimal(str(value)):.{SHOWN}g}" if len(str(value)) > SHOWN + 4 else str(value)
    return text.rstrip("0").rstrip(".") if "." in text and "E" not in text else text
