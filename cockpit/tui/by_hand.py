"""Deeds by hand on the screen: words, then the plan, and only then Enter sends anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cockpit.core.frames import Answer
from cockpit.core.plan_words import plan_lines
from cockpit.core.refusal import Refusal
from cockpit.core.typed import WORDS, from_line
from cockpit.tui import figures
from cockpit.tui.keymap import Danger
from cockpit.tui.palette import Entry
from cockpit.tui.picture import Look

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

BEGUN = {
    "enter": "enter {symbol} long 1 --stop ",
    "exit": "exit {symbol}",
    "take": "take {symbol} --stop ",
    "release": "release {symbol}",
    "cancel": "cancel ",
    "lock": "lock {symbol} --reason ",
    "unlock": "unlock {symbol}",
    "entries": "entries off --reason ",
    "limit": "limit max_leverage ",
}
"""What stands in the line when a verb is chosen; the person changes and ends it."""


class Typed(ModalScreen[str | None]):
    """One line to complete."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", show=False)]

    def __init__(self, look: Look, title: str, begun: str) -> None:
        super().__init__()
        self.look = look
        self.heading = title
        self.begun = begun

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self.heading, markup=False, id="heading")
            yield Input(self.begun, id="word", compact=True, select_on_focus=False)
            yield Static(self.look.say("plan.keys_typed"), markup=False, id="hint")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            from_line(event.value)
        except Refusal as no:
            self.query_one("#hint", Static).update(self.look.news(no.message, no.numbers))
        else:
            self.dismiss(event.value)

    def action_no(self) -> None:
        self.dismiss(None)


class Shown(ModalScreen[bool]):
    """A plan. Enter applies it; one that cannot be applied can only be left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close(False)", show=False),
        Binding("enter", "close(True)", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, look: Look, plan: dict[str, Any]) -> None:
        super().__init__()
        self.look = look
        self.plan = plan

    def compose(self) -> ComposeResult:
        refused = bool(self.plan["refused"])
        with Vertical(id="dialog"):
            yield Static(self.look.say("plan.title", words=self.plan["words"]), markup=False, id="heading")
            with VerticalScroll(id="plan", can_focus=False):
                lines = plan_lines(self.plan, self.look.lang)
                yield Static("\n".join(lines), markup=False, id="lines")
            yield Static(
                self.look.say("plan.keys_refused" if refused else "plan.keys"), markup=False, id="hint"
            )

    def action_scroll(self, step: int) -> None:
        self.query_one("#plan", VerticalScroll).scroll_relative(y=step, animate=False)

    def action_close(self, yes: bool) -> None:
        self.dismiss(yes and not self.plan["refused"])


def ask_words(app: CockpitApp, verb: str) -> None:
    """A verb was chosen in the palette: let the person end the line, then show its plan."""
    if verb not in BEGUN:
        ask_plan(app, verb)
        return
    look = app.look()
    begun = BEGUN[verb].format(symbol=figures.short(app.symbol))

    def ended(line: str | None) -> None:
        if line is not None:
            ask_plan(app, line)

    app.push_screen(Typed(look, look.say(f"action.hand.{verb}"), begun), ended)


def ask_plan(app: CockpitApp, line: str) -> None:
    """Ask the engine what the line would do. Nothing is done by it, and nothing is planned in the past."""
    if app.past.on:
        app.controls.no_commands()
        return
    command_id = app.link.send("plan", from_line(line))
    app.controls.planned[command_id] = lambda answer: show(app, answer)


def show(app: CockpitApp, answer: Answer) -> None:
    """The engine's plan; Enter applies exactly that one."""
    plan, look = answer.payload, app.look()
    if plan is None:
        app.warn(look.news(answer.message_id, answer.args))
        return

    def decided(yes: bool | None) -> None:
        if yes:
            app.controls.send("apply", {"plan": plan["id"]})

    app.push_screen(Shown(look, plan), decided)


def entry(app: CockpitApp, typed: str) -> Entry | None:
    """What was typed in the palette as a deed, once it is a whole one; None = it is something else."""
    verb, _, rest = typed.partition(" ")
    if verb not in WORDS or not rest.strip():
        return None
    try:
        from_line(typed)
    except Refusal as no:
        words = app.look().news(no.message, no.numbers)
        return Entry(words, lambda: app.warn(words), "", typed)
    action = app.keymap[f"hand.{verb}"] if verb != "cancel" else None
    if not app.link.driver and (action is None or action.danger is Danger.DRIVE):
        return Entry(app.look().say("refused.viewer"), lambda: None, "", typed)
    return Entry(app.look().say("plan.title", words=typed), lambda: ask_plan(app, typed), "", typed)
