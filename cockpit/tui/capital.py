"""Apply the plan of screen 9, or take the last change back: what was seen, after a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.text import safe_text
from cockpit.tui.dialogs import Ask
from cockpit.tui.panels.capital import name_of

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp


def apply(app: CockpitApp) -> None:
    """Shows every move and every rest; the engine refuses when the plan has changed since."""
    frame = app.frame
    capital = frame.capital if frame is not None else None
    if capital is None or not capital.seal:
        app.tell("capital.no_plan")
        return
    look, seal = app.look(), capital.seal
    lines = [
        look.say(
            "capital.move",
            sleeve=name_of(row.sleeve),
            share=f"{row.share:.1%}",
            step=f"{row.step:.1%}",
            word=look.say(f"capital.word.{row.word}"),
        )
        for row in capital.rows
        if row.step != row.share or row.word == "rest"
    ]
    app.controls.ask(
        Ask(look, look.say("capital.ask.apply"), lines), lambda _: _sent(app, {"to": "apply", "seal": seal})
    )


def undo(app: CockpitApp) -> None:
    """The shares from before."""
    frame = app.frame
    if frame is None or frame.capital is None or not frame.capital.can_undo:
        app.tell("capital.no_undo")
        return
    look = app.look()
    line = look.say("capital.undoable", by=safe_text(frame.capital.applied_by))
    app.controls.ask(Ask(look, look.say("capital.ask.undo"), [line]), lambda _: _sent(app, {"to": "undo"}))


def _sent(app: CockpitApp, args: dict[str, str]) -> None:
    app.controls.send("capital", args)
