"""The cockpit in a terminal: pulls frames, paints them, sends commands. It decides nothing about trading."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar
from zlib import crc32

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.filter import Monochrome, NoColor
from textual.screen import Screen
from textual.theme import Theme as TextualTheme

from cockpit.core.errors import ConfigError
from cockpit.core.frames import Frame
from cockpit.core.past import SPANS
from cockpit.tui import approval, ending, figures, halt, theme
from cockpit.tui.arranging import Arranging
from cockpit.tui.aside import Aside
from cockpit.tui.asides import Asides, Openers
from cockpit.tui.charting import Crosshair
from cockpit.tui.controls import UNITS, Controls
from cockpit.tui.courtesy import Courtesy
from cockpit.tui.desk import DeskScreen
from cockpit.tui.glyphs import SETS
from cockpit.tui.governor import Governor
from cockpit.tui.keydoor import KeyDoor
from cockpit.tui.keymap import Keymap, personal, written
from cockpit.tui.layouts import Layouts
from cockpit.tui.link import Link
from cockpit.tui.memory import CHOICES, keep, recall
from cockpit.tui.past import banner as past_banner
from cockpit.tui.picture import Look
from cockpit.tui.reread import Reread, stamp
from cockpit.tui.settings import TuiSettings
from cockpit.tui.tour import Tour

LAG_STEP = 100
"""ms: ages on the screen move in steps of this, so that a quiet screen stays quiet."""


class CockpitApp(App[str]):
    """One screen on one engine. Returns the words to print after it has closed."""

    CSS_PATH = Path(__file__).with_name("cockpit.tcss")
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    TITLE = "cockpit"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "help_quit", show=False, system=True)]

    def __init__(
        self,
        link: Link,
        settings: TuiSettings | None = None,
        clock: Callable[[], float] = monotonic,
        openers: Openers = Openers(),  # noqa: B008  it cannot be changed
    ) -> None:
        self.settings = settings or TuiSettings()
        self.memory = recall(self.settings.memory_file, faults := list[str]())
        self.said = {name: str(getattr(self.settings, name)) for name in CHOICES}
        self.memory.apply(self.settings)
        self.no_color = self.settings.no_color or bool(os.environ.get("NO_COLOR"))
        colourless = self.no_color
        super().__init__(driver_class=_driver_class(), ansi_color=True if colourless else None)
        self.link = link
        self.clock = clock
        self.keymap, keymap_fault = personal(self.settings.keymap)
        self.palette, theme_fault = theme.wished(self.settings, colourless)
        self.faults = [fault for fault in (*faults, keymap_fault, theme_fault) if fault]
        if colourless:
            self._without_colour()
        self.farewell = ""
        """Printed by the driver after the screen: a print of our own could block on a stalled terminal."""
        self.frame: Frame | None = None
        """What is shown: now, or a past moment."""
        self.present: Frame | None = None
        self.symbol = self.memory.symbol
        self.lang = self.settings.lang
        self.glyphs = SETS.get(self.settings.glyphs, SETS["unicode"])
        self.private = self.memory.private
        self.timeframe = self.memory.timeframe
        self.step = max(1, min(4, self.memory.step))
        self.unit = self.memory.unit if self.memory.unit in UNITS else UNITS[0]
        self.span = self.memory.span if self.memory.span in SPANS else next(iter(SPANS))
        self.back = 0
        self.crosshair = Crosshair(self)
        self.sleeve = ""
        """Whose card is shown: the strategy last under a cursor."""
        self.seen = approval.Seen()
        self.gesture = halt.Gesture()
        self.asked: halt.Asked | None = None
        self.layouts = Layouts(self.memory.layouts)
        self.arranging = Arranging(self)
        self.controls = Controls(self)
        self.door = KeyDoor(self)
        self.aside = Aside(keys={action.id: self.keymap.key(action.id) for action in self.keymap.actions})
        self.asides = Asides(self, openers)
        self.auditing, self.past, self.lab = self.asides.audit, self.asides.past, self.asides.lab
        self.governor = Governor(self.period)
        self.courtesy = Courtesy(lambda: link.hurried)
        self._frame_at = clock()
        self._bars_due = 0.0
        self._disobey: Callable[[], None] = lambda: None
        self._halt_keys = frozenset(self.keymap["halt"].keys)
        self._remember_file()
        self._show_theme()
        self.desk = DeskScreen(self)
        self.tour = Tour(self)
        self.reread = Reread(self)

    @property
    def period(self) -> float:
        """Seconds between two rounds of painting."""
        return 1 / max(1, min(30, self.settings.fps))

    def get_default_screen(self) -> Screen[Any]:
        return self.desk

    def on_mount(self) -> None:
        self.courtesy.listen()
        self.link.on_order(self.courtesy.knock)
        self.tick()
        self.call_after_refresh(self.tick)  # the first picture does not wait for its turn
        self.set_interval(self.period, self.tick)
        for fault in self.faults:
            self.warn(fault)
        if not self.is_headless:
            self.call_after_refresh(self._settle)
            self._disobey = ending.obey(self)

    def _settle(self) -> None:
        """Everything alive now stays: otherwise each full collection walks the screen, 20 ms a time.

        Without a collection first, which stops the machine's thread for 60 ms to find half a megabyte.
        """
        gc.freeze()
        gc.enable()

    # --- painting -------------------------------------------------------------------------------------

    def look(self) -> Look:
        """How the person wants to see things now."""
        return Look(
            width=max(1, self.size.width),
            height=1,
            symbol=self.symbol,
            lang=self.lang,
            glyphs=self.glyphs,
            private=self.private,
            timeframe=self.timeframe,
            step=self.step,
            lag=self.lag,
            mono=self.palette.mono,
            unit=self.unit,
            span=self.span,
            back=self.back,
            sleeve=self.sleeve,
            candidate=self.desk.views["hotlist"].cursor,
            cross=self.crosshair.ts,
            level=self.crosshair.level,
            overlays=self.crosshair.overlays,
            aside=self.aside,
            places=figures.places_of(self.frame.currency) if self.frame is not None else figures.CENTS,
        )

    @property
    def lag(self) -> int:
        """ms since the engine last sent a picture, in steps."""
        if self.past.on:
            return 0
        silent = int((self.clock() - self._frame_at) * 1000)
        return max(silent // LAG_STEP * LAG_STEP, int(self.link.lost * 1000))

    def tick(self) -> None:
        """One round: take the newest frame and the answers, paint what is due."""
        now = self.clock()
        self.governor.begin(now)
        self.courtesy.begin()
        frame = self.link.latest()
        if frame is not None and frame is not self.present:
            self._frame_at = now
            self.present = frame
            self._settle_halt(frame)
        self.past.tick(now)
        self.frame = self.past.frame if self.past.on else self.present
        if self.frame is not None and self.symbol not in self.frame.symbols:
            self.symbol = self.frame.symbols[0] if self.frame.symbols else ""
        self.asides.ask(now)
        self.controls.take_answers()
        if not getattr(self._driver, "behind", False) and self.desk.is_mounted:
            self.sleeve = self.desk.chosen_sleeve() or self.sleeve
            look = self.look()
            self.seen.look(self.frame, look.candidate, now)
            self.desk.paint(self.frame, look, now, 2.0 if self.governor.slow else 1.0)
            if now >= self._bars_due:
                self._bars_due = now + 0.24
                self.paint_bars()
                if not self.past.on:
                    self.tour.tick(self.frame, now)
                self._reread_theme()
                self.reread.look()
        self.governor.end(self.clock() - self.courtesy.stood)
        self.courtesy.end()

    def paint_bars(self) -> None:
        """Status, markets, alarms and footer."""
        if not self.desk.is_attached:
            return
        now = self.clock()
        look = self.look()
        frame_halt = self.present.halt if self.present else None
        found = (
            past_banner(self.aside.past, look, self.past.only) if self.past.on else None,
            halt.link_banner(self.link.lost, self.link.closing_stops_engine, look),
            halt.halt_banner(frame_halt, self.asked, now, look),
        )
        armed = None
        if self.gesture.armed(now):
            armed = halt.armed_banner(look, written(self.keymap["halt"].keys[0]))
        banners = [banner for banner in found if banner is not None]
        self.desk.paint_bars(self.frame, look, banners, armed, self.governor.slow)

    def _settle_halt(self, frame: Frame) -> None:
        """Once the engine itself reports the halt, its word replaces our waiting."""
        if frame.halt is not None:
            self.asked = None

    # --- keys -----------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """The kill switch comes before everything: inputs, dialogues, the palette, any other binding."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            if event.key in self._halt_keys:
                self.press_halt(event.time)
                return
            if self.gesture.armed(event.time):
                self.gesture.cancel()
                self.paint_bars()
            if await self.door.take(event):
                return
        await super().on_event(event)

    def press_halt(self, at: float) -> None:
        """One press of the kill switch; the command leaves before anything is painted."""
        press = self.gesture.press(at)
        if press is halt.Press.FIRED:
            self.controls.halt()
        elif press is halt.Press.ARMED:
            self.past.leave()  # the switch stops what trades now: one must see that
            self.bell()
        self.paint_bars()

    def action_do(self, action_id: str) -> None:
        """Every binding ends here."""
        if self.past.on and not self.keymap[action_id].past:
            action_id = self.keymap.meant(action_id, self.door.key)
        self.controls.run(action_id)

    def action_help_quit(self) -> None:
        self.tell("quit.how", key=self.keymap.key("quit"))

    def desk_turn(self, page: str) -> None:
        """Show one of the pages."""
        self.desk.turn_to(page)
        self.tick()
        self.remember()  # not only at the end: a terminal may be closed on us

    def use_keymap(self, keymap: Keymap) -> None:
        """Other keys from now on: bindings, footer, help and what panels say of keys."""
        self.keymap = keymap
        self._halt_keys = frozenset(keymap["halt"].keys)
        self.desk.bind_keys(keymap)
        self.asides.changed(keys={action.id: keymap.key(action.id) for action in keymap.actions})
        self.paint_bars()

    # --- memory ---------------------------------------------------------------------------------------

    def choose(self, name: str, value: str) -> None:
        """A key has changed a setting: next time it is still so."""
        self.memory.choose(name, self.said[name], value)

    def remember(self) -> None:
        """Write down where the person is. A screen that has shown nothing has nothing to say."""
        if self.frame is None:
            return
        memory = self.memory
        memory.pages[self.desk.size_class] = self.desk.desk.page.name
        memory.page, memory.focus = self.desk.desk.page.name, self.desk.focus_by_page
        memory.symbol, memory.timeframe, memory.step = self.symbol, self.timeframe, self.step
        memory.unit, memory.span, memory.private = self.unit, self.span, self.private
        keep(self.settings.memory_file, memory)

    def on_unmount(self) -> None:
        self.courtesy.leave()
        self._disobey()
        self.remember()
        self.asides.close()

    # --- words ----------------------------------------------------------------------------------------

    def tell(self, message_id: str, **args: object) -> None:
        """Passing news in a corner; what lasts goes to the rows above the panels."""
        self.notify(self.look().say(message_id, **args), markup=False, timeout=6)

    def warn(self, words: str) -> None:
        """Something the person did cannot be."""
        self.notify(words, severity="warning", markup=False, timeout=8)

    def say_goodbye(self, message_id: str) -> None:
        """Leave; the words stay in the terminal, and are the app's result."""
        self.farewell = self.look().say(message_id)
        self.exit(self.farewell)

    # --- colours --------------------------------------------------------------------------------------

    def themes(self) -> dict[str, Path]:
        """All themes by name."""
        return theme.available(self.settings.themes_dir)

    def use_theme(self, name: str) -> bool:
        """Change colours; a bad theme is named with its fault and the old colours stay."""
        try:
            palette = theme.Palette(theme.read(self.themes()[name]), self.settings.scheme, self.no_color)
        except (ConfigError, KeyError) as error:
            self.warn(self.look().say("theme.bad", reason=error if isinstance(error, ConfigError) else name))
            return False
        self.settings.theme = name
        self.palette = palette
        self._remember_file()
        self._show_theme()
        self.desk.forget()
        return True

    def _remember_file(self) -> None:
        self._theme_file = self.themes().get(self.settings.theme)
        self._theme_stamp = stamp(self._theme_file)

    def _reread_theme(self) -> None:
        """A theme file that is being edited shows at once what it does."""
        now = stamp(self._theme_file)
        if now != self._theme_stamp:
            self._theme_stamp = now
            if now:
                self.use_theme(self.settings.theme)

    def _show_theme(self) -> None:
        if self.no_color:
            self.theme = "ansi-dark"
            return
        chosen = self.palette.theme
        colours = chosen.colours
        # Other colours are a theme of its own to the library: it redraws only when the name changes.
        name = f"{chosen.name}-{crc32(repr(sorted(colours.items())).encode()):08x}"
        self.register_theme(
            TextualTheme(
                name=name,
                primary=colours["frame_on"],
                secondary=colours["muted"],
                accent=colours["accent"],
                warning=colours["warn"],
                error=colours["danger"],
                success=colours["good"],
                foreground=colours["text"],
                background=colours["background"],
                surface=colours["raised"],
                panel=colours["raised"],
                dark=chosen.dark,
                variables={"edge": colours["frame"], "ink-muted": colours["muted"]},
            )
        )
        self.theme = name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"edge": "ansi_default", "ink-muted": "ansi_default"}

    def _without_colour(self) -> None:
        """NO_COLOR means none: greys would make up and down alike."""
        self._filters = [one for one in self._filters if not isinstance(one, Monochrome | NoColor)]
        self._filters.append(NoColor())


def _driver_class() -> type[Driver] | None:
    if sys.platform == "win32" or "TEXTUAL_DRIVER" in os.environ:
        return None  # Windows has its own, and so has a browser page
    from cockpit.tui.driver import DropDriver

    return DropDriver
