"""Shows the guide of the first five minutes to whom it belongs, and never again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.core.frames import Frame
from cockpit.tui.guide import LEAST_HEIGHT, MODE, Guide, Sight

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

DONE, SKIPPED = "done", "skipped"


class Tour:
    """The guide on one screen. It comes by itself once, on the practice market, to whoever drives it."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        self.guide: Guide | None = None
        self._offered = not app.settings.guide or bool(app.memory.guide)
        """True: it has come, or must not come by itself."""

    def tick(self, frame: Frame | None, now: float) -> None:
        """One round: offer it to a newcomer, look how far they are, paint the strip."""
        if frame is None:
            return
        if not self._offered:
            self._offered = True
            if frame.mode == MODE and self.app.link.driver:
                self.guide = Guide()
        if self.guide is not None and (frame.mode != MODE or self.guide.look(self.sight, frame, now)):
            self._end(DONE)
        self._paint(frame)

    @property
    def sight(self) -> Sight:
        """Where the person is."""
        desk = self.app.desk.desk
        return Sight(desk.page.name, desk.focused_panel)

    def start(self) -> None:
        """From the beginning, asked for by hand."""
        frame = self.app.frame
        if frame is None or frame.mode != MODE:
            self.app.tell("guide.only_practice")
        elif not self.app.link.driver:
            self.app.warn(self.app.look().say("refused.viewer"))
        else:
            self.guide = Guide()
            self.app.tick()

    def leave(self) -> bool:
        """The person has seen enough; False when there was nothing to leave."""
        if self.guide is None:
            return False
        self._end(DONE if self.guide.finished else SKIPPED)
        if self.app.frame is not None:
            self._paint(self.app.frame)
        return True

    def _end(self, how: str) -> None:
        self.guide = None
        self.app.memory.guide = how
        self.app.remember()
        self.app.tell(f"guide.{how}")

    def _paint(self, frame: Frame) -> None:
        strip = self.app.desk.guide
        rows = []
        if self.guide is not None and self.app.size.height >= LEAST_HEIGHT:
            rows = self.guide.rows(self.sight, frame, self.app.keymap, self.app.look())
        if strip.display is not bool(rows):
            strip.display = bool(rows)
            self.app.desk.set_class(bool(rows), "-guided")  # passing news then comes above the strip
        strip.put(rows)
