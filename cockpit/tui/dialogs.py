"""Questions and help. Nothing that moves money happens without one of these saying what will happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cockpit.tui.cells import fit, width_of, wrapped
from cockpit.tui.keymap import Danger, Keymap, written
from cockpit.tui.picture import Look

WIDTH = 92
"""Cells of the help, frame included."""
PADDING = 8
"""Cells of its frame, margins and scroll bar."""


class Ask(ModalScreen[str | None]):
    """One question. The answer is what was typed (``""`` where nothing must be), or None for no.

    With ``word`` the person must type it; with ``reason`` something must follow it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", show=False),
        Binding("enter", "yes", show=False),
    ]

    def __init__(
        self, look: Look, title: str, lines: list[str], *, word: str = "", reason: bool = False
    ) -> None:
        super().__init__()
        self.look = look
        self.heading = title
        self.lines = lines
        self.word = word
        self.reason = reason

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self.heading, markup=False, id="heading")
            yield Static("\n".join(self.lines), markup=False, id="lines")
            if self.word:
                hint = "ask.type_word_and_reason" if self.reason else "ask.type_word"
                yield Input(placeholder=self.look.say(hint, word=self.word), id="word", compact=True)
            yield Static(self._keys(), markup=False, id="hint")

    def _keys(self) -> str:
        return self.look.say("ask.type", word=self.word) if self.word else self.look.say("ask.keys")

    def on_mount(self) -> None:
        if self.word:
            self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._typed(event.value)

    def action_yes(self) -> None:
        if not self.word:
            self.dismiss("")

    def action_no(self) -> None:
        self.dismiss(None)

    def _typed(self, value: str) -> None:
        word, _, rest = value.strip().partition(" ")
        if word != self.word or (rest.strip() and not self.reason):
            self._refuse(self.look.say("ask.wrong_word", word=self.word))
        elif self.reason and len(rest.strip()) < 3:
            self._refuse(self.look.say("ask.needs_reason", word=self.word))
        else:
            self.dismiss(rest.strip())

    def _refuse(self, words: str) -> None:
        self.query_one("#hint", Static).update(words)


class Choice(ModalScreen[str | None]):
    """One key chooses one of a few; the answer is its value."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", show=False)]

    def __init__(self, look: Look, title: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.look = look
        self.heading = title
        self.options = options[:9]

    def compose(self) -> ComposeResult:
        lines = [f"{n}  {label}" for n, (_, label) in enumerate(self.options, start=1)]
        with Vertical(id="dialog"):
            yield Static(self.heading, markup=False, id="heading")
            yield Static("\n".join(lines), markup=False, id="lines")
            yield Static(self.look.say("ask.one_key"), markup=False, id="hint")

    def on_key(self, event: events.Key) -> None:
        if event.key.isdigit() and 1 <= int(event.key) <= len(self.options):
            event.stop()
            self.dismiss(self.options[int(event.key) - 1][0])

    def action_no(self) -> None:
        self.dismiss(None)


class Line(ModalScreen[str | None]):
    """One line to type; ``wrong`` says what is not right about it, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", show=False)]

    def __init__(self, look: Look, title: str, hint: str, begun: str, wrong: Callable[[str], str]) -> None:
        super().__init__()
        self.look = look
        self.heading = title
        self.hint = hint
        self.begun = begun
        self.wrong = wrong

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self.heading, markup=False, id="heading")
            yield Input(self.begun, id="word", compact=True, select_on_focus=False)
            yield Static(self.hint, markup=False, id="hint")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        fault = self.wrong(event.value.strip())
        if fault:
            self.query_one("#hint", Static).update(fault)
        else:
            self.dismiss(event.value.strip())

    def action_no(self) -> None:
        self.dismiss(None)


class Help(ModalScreen[None]):
    """What this panel is, and every key there is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("pagedown,space,ctrl+d", "scroll(10)", show=False),
        Binding("pageup,ctrl+u", "scroll(-10)", show=False),
    ]

    def __init__(self, look: Look, keymap: Keymap, panel: str) -> None:
        super().__init__()
        self.look = look
        self.words = help_text(look, keymap, panel, min(WIDTH, look.width * 96 // 100) - PADDING)
        self.panel = panel

    def compose(self) -> ComposeResult:
        with Vertical(id="help"):
            yield Static(self.look.say(f"panel.{self.panel}"), markup=False, id="heading")
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(self.words, markup=False, id="lines")
            yield Static(self.look.say("help.close"), markup=False, id="hint")

    def action_scroll(self, step: int) -> None:
        self.query_one("#scroll", VerticalScroll).scroll_relative(y=step, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)


def help_text(look: Look, keymap: Keymap, panel: str, width: int) -> str:
    """The panel in words, then the keys that work in it, then all the others. Pure."""
    here = {action.id for action in keymap.active(panel)}
    lines = [*wrapped(look.say(f"help.panel.{panel}"), width), ""]
    for heading, chosen in (("help.here", True), ("help.elsewhere", False)):
        rows = [action for action in keymap.actions if (action.id in here) is chosen]
        if rows:
            lines += [look.say(heading), ""]
        for action in rows:
            keys = " ".join(written(key) for key in action.keys) or f":{action.id}"
            if action.id == "halt":
                keys = f"{keys} {look.glyphs.times}2"
            mark = {Danger.DRIVE: "!", Danger.STOP: "!!"}.get(action.danger, "")
            head = f"  {fit(keys, max(13, width_of(keys)))} {fit(mark, 2)} "
            words = wrapped(look.say(action.help), max(10, width - width_of(head)))
            lines.append(head + words[0])
            lines.extend(" " * width_of(head) + more for more in words[1:])
        lines.append("")
    lines += [*wrapped(look.say("help.danger"), width), "", *wrapped(look.say("help.legend"), width)]
    return "\n".join(lines)
