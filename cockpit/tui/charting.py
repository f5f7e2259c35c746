"""What a person does with the chart: the crosshair, and which indicators are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.tui import crosshair, overlays
from cockpit.tui.box import STRUCTURE
from cockpit.tui.dialogs import Choice, Line
from cockpit.tui.series import series

if TYPE_CHECKING:
    from cockpit.core.frames import CandleRow
    from cockpit.tui.app import CockpitApp

TYPED = "typed"
NONE = "none"
STEPS = 40
"""Heights of the crosshair from the lowest to the highest candle that can be shown."""


class Crosshair:
    """Where it is, on which candle of which market."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        self._symbol = ""
        self._ts = 0
        self._level = 0.0
        try:
            self.overlays = overlays.parsed(app.memory.overlays)
        except ValueError:  # from another version of the cockpit
            self.overlays = ()

    @property
    def ts(self) -> int:
        """Open time of its candle; 0 = it is not shown. Another market has none until a key is pressed."""
        return self._ts if self._symbol == self.app.symbol else 0

    @property
    def level(self) -> float:
        """Its price; 0 = the close of its candle."""
        return self._level if self.ts else 0.0

    @property
    def page(self) -> int:
        """Candles a picture holds."""
        return max(1, (self.app.desk.views["chart"].size.width - STRUCTURE) // max(1, self.app.step) * 3 // 4)

    def _candles(self) -> list[CandleRow]:
        app = self.app
        return series(app.frame, app.symbol, app.timeframe)[1] if app.frame is not None else []

    def move(self, step: int) -> None:
        """Candles to the right; the first press puts it on the newest."""
        self._ts, self._symbol = crosshair.moved(self._candles(), self.ts, step), self.app.symbol
        self._show()

    def climb(self, step: int) -> None:
        """Up or down by a part of what the candles span."""
        rows = self._candles()
        if not rows:
            return
        if not self.ts:
            self.move(0)
        near = rows[-min(len(rows), 120) :]
        span = max(row.high for row in near) - min(row.low for row in near)
        level = self.level or rows[crosshair.place(rows, self.ts)].close
        self._level = max(0.0, level + step * (span or level * 0.001) / STEPS)
        self._show()

    def leave(self) -> None:
        """No crosshair any more."""
        self._ts, self._level = 0, 0.0
        self._show()

    def _show(self) -> None:
        self.app.desk.repaint(self.app.desk.views["chart"])

    # --- indicators -----------------------------------------------------------------------------------

    def ask(self) -> None:
        """Which indicators: one key for the usual ones, or typed."""
        look = self.app.look()
        options = [(text, text) for text in overlays.PRESETS]
        options += [(TYPED, look.say("indicators.typed")), (NONE, look.say("indicators.none"))]
        self.app.controls.ask(Choice(look, look.say("indicators.ask"), options), self._chosen)

    def _chosen(self, text: str) -> None:
        if text != TYPED:
            self.draw("" if text == NONE else text)
            return
        look = self.app.look()
        names = ", ".join((*overlays.PRICE, *overlays.BELOW))
        hint = look.say("indicators.hint", names=names)
        begun = overlays.written(self.overlays)
        self.app.controls.ask(Line(look, look.say("indicators.ask"), hint, begun, self._wrong), self.draw)

    def _wrong(self, text: str) -> str:
        try:
            overlays.parsed(text)
        except ValueError as error:
            return self.app.look().say("indicators.wrong", reason=error)
        return ""

    def draw(self, text: str) -> None:
        """Draw these from now on."""
        self.overlays = overlays.parsed(text)
        self.app.memory.overlays = overlays.written(self.overlays)
        self._show()
        self.app.remember()
