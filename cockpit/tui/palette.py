"""The command line: everything the keys can do and what has no key, found by typing a part of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from cockpit.tui.cells import Row, clip_row, fit, width_of
from cockpit.tui.picture import Look, window
from cockpit.tui.widgets import Painted


class Entry(msgspec.Struct, frozen=True):
    """One line of the palette."""

    label: str
    run: Callable[[], None]
    key: str = ""
    """How its key is written, empty when it has none."""
    words: str = ""
    """What else it is found by: its id, a symbol."""


def score(entry: Entry, typed: str) -> int:
    """How well an entry answers what was typed; 0 = not at all. Pure."""
    wanted = typed.strip().lstrip(":").casefold()
    if not wanted:
        return 1
    words, label = entry.words.casefold(), entry.label.casefold()
    for points, hit in (
        (100, wanted == words),
        (80, words.startswith(wanted)),
        (60, label.startswith(wanted)),
        (50, f" {wanted}" in label or f".{wanted}" in words or f"-{wanted}" in words),
        (40, wanted in label or wanted in words),
    ):
        if hit:
            return points
    rest = iter(words)
    return 10 if all(character in rest for character in wanted) else 0


def ranked(entries: Sequence[Entry], typed: str) -> list[Entry]:
    """The entries that answer, the best first, else in their own order. Pure."""
    hits = [(score(entry, typed), entry) for entry in entries]
    return [entry for points, entry in sorted(hits, key=lambda hit: -hit[0]) if points]


class CommandLine(ModalScreen[Entry | None]):
    """Type, choose, Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "close", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
    ]

    def __init__(
        self,
        look: Look,
        entries: Sequence[Entry],
        made: Callable[[str], Entry | None] = lambda _: None,
        hint: str = "palette.hint",
    ) -> None:
        """``made`` turns what was typed into an entry of its own, where it is a whole sentence.

        ``hint`` is the message id of what stands in the empty field.
        """
        super().__init__()
        self.made = made
        self.hint = hint
        self.look = look
        self.entries = entries
        self.found = list(entries)
        self.at = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="palette"):
            yield Input(placeholder=self.look.say(self.hint), id="typed", compact=True)
            yield Painted(id="entries")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._paint)

    def on_input_changed(self, event: Input.Changed) -> None:
        sentence = self.made(event.value.strip().lstrip(":"))
        self.found = ranked(self.entries, event.value) if sentence is None else [sentence]
        self.at = 0
        self._paint()

    def on_input_submitted(self) -> None:
        """What nothing answers stays to be corrected: closing would look as if it had been done."""
        if self.found:
            self.dismiss(self.found[self.at])

    def action_move(self, step: int) -> None:
        self.at = max(0, min(len(self.found) - 1, self.at + step))
        self._paint()

    def action_close(self) -> None:
        self.dismiss(None)

    def _paint(self) -> None:
        view = self.query_one("#entries", Painted)
        width, height = view.size
        if not self.found:
            view.put([clip_row(((f" {self.look.say('palette.nothing')}", "muted"),), width)])
            return
        rows = [
            self._row(self.found[place], width, place == self.at)
            for place in window(len(self.found), self.at, height)
        ]
        view.put(rows + [clip_row((), width)] * (height - len(rows)))

    def _row(self, entry: Entry, width: int, chosen: bool) -> Row:
        key = fit(entry.key, max(8, width_of(entry.key) + 1), right=True)
        mark = self.look.glyphs.cursor if chosen else " "
        row: Row = (
            (f" {mark} ", "accent bold"),
            (fit(entry.label, max(1, width - 4 - width_of(key))), "strong" if chosen else "text"),
            (f"{key} ", "muted"),
        )
        return tuple((text, f"{style} cursor" if chosen else style) for text, style in clip_row(row, width))
