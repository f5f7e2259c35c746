"""What the keys do to this screen. What they do to the engine is in ``commands``."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from cockpit.core.past import SPANS
from cockpit.core.typed import WORDS
from cockpit.text import LANGUAGES, safe_text
from cockpit.tui import approval, capital, figures, promoting, theme
from cockpit.tui.actions import MANY, aside_actions, chart_actions, layout_actions
from cockpit.tui.box import STRUCTURE
from cockpit.tui.commands import Commands
from cockpit.tui.dialogs import Help
from cockpit.tui.glyphs import SETS
from cockpit.tui.keymap import Danger
from cockpit.tui.layout import PAGES
from cockpit.tui.layouts import saved
from cockpit.tui.panels.heatmap import columns
from cockpit.tui.series import lengths
from cockpit.tui.widgets import repaint

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.desk import DeskScreen
    from cockpit.tui.palette import Entry
    from cockpit.tui.widgets import PanelView

UNITS = ("bp", "money", "r")
"""Of the heat map."""
TIMEFRAMES = (60_000, 300_000, 900_000, 3_600_000, 14_400_000, 86_400_000)
PACES = {"tape.faster": 1, "tape.slower": -1}
"""What changes the speed of a past that is played, as of a tape."""
OF_NOW = frozenset(("trades",))
"""What asks the engine about now."""


class Controls(Commands):
    """One method per action; ``run`` is the only door."""

    def __init__(self, app: CockpitApp) -> None:
        super().__init__(app)
        self._table: dict[str, Callable[[], None]] = {
            "halt": self.halt,
            "order.cancel": self.cancel_order,
            "sleeve.switch": self.switch_sleeve,
            "capital.apply": lambda: capital.apply(app),
            "capital.undo": lambda: capital.undo(app),
            "hotlist.approve": lambda: approval.approve(app),
            "hotlist.reject": lambda: approval.reject(app),
            "hotlist.snooze": lambda: approval.plain(app, "snooze"),
            "hotlist.undo": lambda: approval.plain(app, "undo"),
            "version.approve": lambda: promoting.approve(app),
            "version.rollback": lambda: promoting.rollback(app),
            **aside_actions(app),
            **{f"page.{page.name}": partial(app.desk_turn, page.name) for page in PAGES},
            "symbol.previous": lambda: self.step_symbol(-1),
            "symbol.next": lambda: self.step_symbol(1),
            "focus.next": lambda: app.desk.step_focus(1),
            "focus.previous": lambda: app.desk.step_focus(-1),
            "zoom": lambda: app.desk.zoom(),
            "heat.unit": self.next_unit,
            "heat.span": self.next_span,
            "heat.older": lambda: self.step_back(1),
            "heat.newer": lambda: self.step_back(-1),
            "trades": self.open_trades,
            "filter": lambda: app.desk.open_needle(),
            "palette": self.open_palette,
            "help": self.open_help,
            "settings": self.open_settings,
            **layout_actions(app),
            "guide": lambda: app.tour.start(),
            "back": self.back,
            "row.up": lambda: self.panel.move(-1),
            "row.down": lambda: self.panel.move(1),
            "row.first": lambda: self.panel.move(-MANY),
            "row.last": lambda: self.panel.move(MANY),
            "row.page_up": lambda: self.panel.move(-max(1, self.panel.size.height - 4)),
            "row.page_down": lambda: self.panel.move(max(1, self.panel.size.height - 4)),
            "copy": self.copy,
            "timeframe.shorter": lambda: self.step_timeframe(-1),
            "timeframe.longer": lambda: self.step_timeframe(1),
            "chart.closer": lambda: self.set_step(app.step + 1),
            "chart.wider": lambda: self.set_step(app.step - 1),
            "tape.faster": lambda: self.step_speed(1),
            "tape.slower": lambda: self.step_speed(-1),
            **chart_actions(app),
            "theme": self.next_theme,
            "scheme": self.next_scheme,
            "private": self.toggle_private,
            "screenshot": self.screenshot,
            "repaint": lambda: repaint(app),
            "quit": self.leave,
            "flatten": self.flatten,
            "resume": self.resume,
            **{f"hand.{verb}": partial(self.ask_words, verb) for verb in WORDS},
            "drive": self.drive,
            "language": self.next_language,
            "glyphs": self.next_glyphs,
        }

    def run(self, action_id: str) -> None:
        """Do one action; refused with words where this face may only watch."""
        action = self.app.keymap[action_id]
        if self.app.past.on and action_id in PACES:
            self.app.past.pace(PACES[action_id])
            return
        if self.app.past.on and action_id in OF_NOW:
            self.app.tell("past.only_now", key=self.app.keymap.key("past.leave"))
            return
        if self.app.past.on and action.danger is Danger.DRIVE:
            self.no_commands()
            return
        if action.danger is Danger.DRIVE and not self.app.link.driver:
            self.app.warn(self.app.look().say("refused.viewer"))
            return
        self._table[action_id]()

    # --- looking --------------------------------------------------------------------------------------

    def changed(self) -> None:
        """The person changed how things look: paint all of it now."""
        self.app.desk.forget()
        self.app.tick()
        self.app.paint_bars()

    def select(self, symbol: str) -> None:
        """Show another market in book, tape and chart."""
        self.app.symbol = symbol
        self.changed()

    def step_symbol(self, step: int) -> None:
        symbols = self.app.frame.symbols if self.app.frame else ()
        if symbols:
            at = symbols.index(self.app.symbol) if self.app.symbol in symbols else 0
            self.select(symbols[(at + step) % len(symbols)])

    def next_unit(self) -> None:
        """The heat map in basis points of equity, in money, or in what was risked."""
        units = UNITS
        self.app.unit = units[(units.index(self.app.unit) + 1) % len(units)]
        self.changed()

    def next_span(self) -> None:
        """Its columns are hours, days or weeks."""
        spans = list(SPANS)
        self.app.span = spans[(spans.index(self.app.span) + 1) % len(spans)]
        self.app.back = 0
        self.changed()

    def step_back(self, step: int) -> None:
        """The cell left or right."""
        if self.app.frame is None:
            return
        most = columns(self.panel.size.width - STRUCTURE, self.app.span, self.app.frame) - 1
        self.app.back = max(0, min(most, self.app.back + step))
        self.changed()

    def open_trades(self) -> None:
        """What is behind the number under the cursor."""
        from cockpit.tui.trades import open_trades

        open_trades(self.app)

    def step_timeframe(self, step: int) -> None:
        """Longer or shorter candles, never shorter than what the engine delivers."""
        known = lengths(self.app.frame, self.app.symbol) if self.app.frame else {}
        if not known:
            return
        base = next(iter(known))
        choice = sorted({*known, *(size for size in TIMEFRAMES if size > base and base and size % base == 0)})
        now = self.app.timeframe if self.app.timeframe in choice else base
        self.app.timeframe = choice[max(0, min(len(choice) - 1, choice.index(now) + step))]
        self.changed()

    def set_step(self, step: int) -> None:
        self.app.step = max(1, min(4, step))
        self.changed()

    def next_theme(self) -> None:
        names = sorted(self.app.themes())
        at = names.index(self.app.settings.theme) if self.app.settings.theme in names else -1
        self.set_theme(names[(at + 1) % len(names)])

    def set_theme(self, name: str) -> None:
        if self.app.use_theme(name):
            self.app.choose("theme", name)
            self.app.tell("theme.now", name=name)
            self.changed()

    def next_scheme(self) -> None:
        at = theme.SCHEMES.index(self.app.settings.scheme)
        self.set_scheme(theme.SCHEMES[(at + 1) % len(theme.SCHEMES)])

    def set_scheme(self, scheme: str) -> None:
        self.app.settings.scheme = scheme
        if self.app.use_theme(self.app.settings.theme):
            self.app.choose("scheme", scheme)
            self.app.tell("scheme.now", name=self.app.look().say(f"scheme.{scheme}"))
            self.changed()

    def toggle_private(self) -> None:
        self.app.private = not self.app.private
        self.app.tell("private.on" if self.app.private else "private.off")
        self.changed()

    def next_language(self) -> None:
        codes = list(LANGUAGES)
        self.set_language(
            codes[(codes.index(self.app.lang) + 1) % len(codes) if self.app.lang in codes else 0]
        )

    def set_language(self, code: str) -> None:
        self.app.lang = code
        self.app.choose("lang", code)
        self.changed()

    def next_glyphs(self) -> None:
        names = list(SETS)
        self.set_glyphs(names[(names.index(self.app.glyphs.name) + 1) % len(names)])

    def set_glyphs(self, name: str) -> None:
        self.app.glyphs = SETS[name]
        self.app.choose("glyphs", name)
        self.changed()

    def copy(self) -> None:
        """The row under the cursor, through the terminal (OSC 52). It may not arrive: "sent" is said."""
        text = self.panel.row_copy()
        if text:
            self.app.copy_to_clipboard(text)
            self.app.tell("copy.sent", text=text)

    def screenshot(self) -> None:
        folder = self.app.settings.screenshots_dir
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
            path = self.app.save_screenshot(path=str(folder) if folder else os.curdir)
        except OSError as error:
            self.app.warn(self.app.look().say("screenshot.failed", reason=error))
        else:
            self.app.tell("screenshot.saved", path=path)

    def back(self) -> None:
        """Close what is open: the filter's line, the filter, the zoom."""
        desk = self.app.desk
        if desk.needle.display:
            desk.close_needle(clear=True)
        elif self.panel.panel == "chart" and self.app.crosshair.ts:
            self.app.crosshair.leave()
        elif self.panel.needle:
            self.panel.needle = ""
            desk.repaint(self.panel)
        elif desk.desk.zoomed:
            desk.zoom()
        elif self.app.past.on:
            self.app.past.leave()
        else:
            self.app.tour.leave()

    def open_settings(self) -> None:
        """What can be set, and where it comes from."""
        from cockpit.tui.settings_page import SettingsPage

        self.app.push_screen(SettingsPage(self.app))

    def open_help(self) -> None:
        self.app.push_screen(Help(self.app.look(), self.app.keymap, self.panel.panel))

    # --- palette --------------------------------------------------------------------------------------

    def open_palette(self) -> None:
        # The first picture needs neither this nor what a person types: both wait for the key.
        from cockpit.tui import by_hand
        from cockpit.tui.palette import CommandLine

        def chosen(entry: Entry | None) -> None:
            if entry is not None:
                entry.run()

        made = partial(by_hand.entry, self.app)
        self.app.push_screen(CommandLine(self.app.look(), self.entries(), made), chosen)

    def ask_words(self, verb: str) -> None:
        """Ask for the words of an order by hand."""
        from cockpit.tui import by_hand

        by_hand.ask_words(self.app, verb)

    def entries(self) -> list[Entry]:
        """Everything that can be done now."""
        from cockpit.tui.palette import Entry

        look = self.app.look()
        symbols = self.app.frame.symbols if self.app.frame else ()
        out = []
        for symbol in symbols:
            name = figures.short(symbol)
            out.append(Entry(look.say("palette.symbol", symbol=name), _later(self.select, symbol), "", name))
        desk = self.app.desk
        for name, view in desk.views.items():
            label = look.say("palette.panel", panel=look.say(f"panel.{name}"))
            out.append(Entry(label, _go(desk, view), "", name))
        for action in self.app.keymap.active(self.panel.panel):
            if action.id in ("palette", "back") or action.id.startswith("row."):
                continue
            # Enter on a half-typed word must not stop the trading: the gesture is the fast way.
            run = self.ask_halt if action.id == "halt" else _later(self.run, action.id)
            out.append(Entry(look.say(action.help), run, self.app.keymap.key(action.id), action.id))
        out.extend(self._jobs())
        out.extend(
            Entry(look.say("palette.theme", name=name), _later(self.set_theme, name), "", f"theme {name}")
            for name in sorted(self.app.themes())
        )
        for scheme in theme.SCHEMES:
            label = look.say("palette.scheme", name=look.say(f"scheme.{scheme}"))
            out.append(Entry(label, _later(self.set_scheme, scheme), "", f"scheme {scheme}"))
        out.extend(self._layouts())
        for code, name in LANGUAGES.items():
            label = look.say("palette.language", name=name)
            out.append(Entry(label, _later(self.set_language, code), "", f"lang {code}"))
        out.extend(
            Entry(look.say("palette.glyphs", name=name), _later(self.set_glyphs, name), "", f"glyphs {name}")
            for name in SETS
        )
        return out

    def _layouts(self) -> Iterator[Entry]:
        """Arrangements of the panels, without the mode in which they are made."""
        from cockpit.tui.palette import Entry

        look = self.app.look()
        for word in ("save", "open", "reset", "undo"):
            action = self.app.keymap[f"layout.{word}"]
            yield Entry(look.say(action.help), _later(self.run, action.id), "", f"layout {word}")
        for name in saved(self.app.settings.layouts_dir):
            label = look.say("palette.layout", name=safe_text(name))
            yield Entry(label, _later(self.app.arranging.load, name), "", f"layout {name}")

    def _jobs(self) -> Iterator[Entry]:
        """Run a job now, or switch it off and on."""
        from cockpit.tui.palette import Entry

        look, frame = self.app.look(), self.app.frame
        for row in frame.jobs if frame else ():
            for to in ("run", "on" if row.state == "off" else "off"):
                label = look.say(f"palette.job.{to}", job=safe_text(row.name))
                yield Entry(label, partial(self._job, row.name, to), "", f"job {to} {row.name}")

    def _job(self, job: str, to: str) -> None:
        self.send("job", {"job": job, "to": to})


def _later(call: Callable[[str], None], argument: str) -> Callable[[], None]:
    return lambda: call(argument)


def _go(desk: DeskScreen, view: PanelView) -> Callable[[], None]:
    return lambda: desk.reach(view)
