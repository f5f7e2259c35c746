"""One key says yes to a promotion that waits, or takes a version out of the account. Both ask back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.core.frames import Frame
from cockpit.core.release.row import VersionRow
from cockpit.tui import figures, freshness
from cockpit.tui.approval import Brief
from cockpit.tui.picture import Look

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

LIVE = frozenset(("canary", "prod"))


def under(frame: Frame | None, cursor: str) -> VersionRow | None:
    """The version of that id; without a cursor the first that waits."""
    rows = frame.versions if frame is not None else ()
    found = next((row for row in rows if row.id == cursor), None)
    return found or next((row for row in rows if row.asked), None)


def approve(app: CockpitApp) -> None:
    """The promotion under the cursor gets one more yes: exactly the one that was seen."""
    look, row = app.look(), under(app.frame, app.desk.views["versions"].cursor)
    if row is None or app.frame is None or not row.asked:
        app.tell("versions.choose")
        return
    age = freshness.account_age(app.frame, app.lag)
    if age:
        app.warn(look.say("versions.stale", age=figures.span(age)))
        return
    title = look.say("versions.ask", version=row.id, to=look.word(row.asked))
    args = {"version": row.id, "at": str(row.asked_at), "reason": look.say("versions.on_screen")}
    app.controls.ask(Brief(look, title, lines(row, look)), lambda _: _send(app, "version_approve", args))


def rollback(app: CockpitApp) -> None:
    """The version under the cursor leaves the account now."""
    look, row = app.look(), under(app.frame, app.desk.views["versions"].cursor)
    if row is None or row.stage not in LIVE:
        app.tell("versions.choose_live")
        return
    title = look.say("versions.ask_back", version=row.id, stage=look.word(row.stage))
    args = {"version": row.id, "reason": look.say("versions.on_screen")}
    app.controls.ask(Brief(look, title, lines(row, look)), lambda _: _send(app, "version_rollback", args))


def _send(app: CockpitApp, verb: str, args: dict[str, str]) -> None:
    app.controls.send(verb, args)


def lines(row: VersionRow, look: Look) -> list[str]:
    """What was seen of it, and who has said yes."""
    say = look.say
    found = []
    if row.asked:
        people = ", ".join(row.approvals) or "-"
        count = f"{len(row.approvals)}/{row.needed}"
        found.append(say("versions.ask.people", who=row.asked_by, people=people, count=count))
        if row.asked == "prod" and row.needed == 1:
            found.append(say("versions.ask.solo"))
    numbers = {"n": row.samples, "annual": f"{row.annual:+.1%}", "fall": f"{row.drawdown:.1%}"}
    found.append(say("versions.ask.shown", stage=look.word(row.stage), trades=row.trades, **numbers))
    if row.named >= 0:
        shares = {"share": f"{row.share:.1%}", "named": f"{row.named:.1%}"}
        found.append(say("versions.ask.kept" if row.share < row.named else "versions.ask.share", **shares))
    slips = {"slip": f"{row.slippage:+.1f}", "model": f"{row.modelled:+.1f}"}
    found.append(say("versions.ask.tests", against=f"{row.against:.2f}", better=f"{row.better:.2f}", **slips))
    return found
