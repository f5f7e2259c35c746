"""The question before real money: a screen of its own, before the machine is started."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.tui.app import CockpitApp
from cockpit.tui.dialogs import Ask
from cockpit.tui.link import FixedLink
from cockpit.tui.picture import Look
from cockpit.tui.settings import TuiSettings


class AskWord(Ask):
    """One of several words must be typed; the answer is the word. Escape is no."""

    def __init__(self, look: Look, title: str, lines: list[str], words: Sequence[str]) -> None:
        super().__init__(look, title, lines, word=words[0])
        self.words = tuple(words)

    def _typed(self, value: str) -> None:
        if value.strip() in self.words:
            self.dismiss(value.strip())
        else:
            self._refuse(self.look.say("ask.wrong_word", word=self.word))


class Confirm(CockpitApp):
    """Nothing behind it is alive: no engine, no frame. Returns the word, or None."""

    def __init__(self, settings: TuiSettings, title: str, lines: list[str], words: Sequence[str]) -> None:
        super().__init__(FixedLink(None, driver=False, closing_stops_engine=False), settings)
        self.heading = title
        self.lines = lines
        self.words = words
        self.answer: str | None = None

    def on_mount(self) -> None:
        self.push_screen(AskWord(self.look(), self.heading, self.lines, self.words), self._answered)

    def _answered(self, word: str | None) -> None:
        self.answer = word
        self.exit()
