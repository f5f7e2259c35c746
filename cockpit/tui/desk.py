"""The trading screen: status, markets, alarms, the panels, and the keys that matter here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual._styles_cache import StylesCache
from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from cockpit.core.frames import Frame
from cockpit.core.registry import PANELS
from cockpit.text import safe_text
from cockpit.tui import bars, freshness
from cockpit.tui.grid import Grid
from cockpit.tui.halt import Banner
from cockpit.tui.keymap import CONTEXTS, DESK, Keymap
from cockpit.tui.layout import PAGE, PAGES, Page, Rect, arrange, size_class
from cockpit.tui.layouts import Layouts
from cockpit.tui.panels import load
from cockpit.tui.picture import Look
from cockpit.tui.widgets import Painted, PanelView, bindings

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from cockpit.tui.app import CockpitApp


AROUND = 4
"""Rows of a screen that are not the panels': status, pages, markets, keys."""
LEAST_FOR_PAGES = 12
"""Rows of the terminal below which the row of pages gives its place to the panel."""


LETTERS = "asdfghjklqwertyuiop"
"""Of the panels in jump mode: those under the fingers first."""


class DeskLayout(Layout):
    """Places panels where :func:`cockpit.tui.layout.arrange` says; the others are not drawn at all."""

    name = "desk"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        desk = cast(Desk, parent)
        desk.room = size
        desk.places = desk.shown(desk.own)
        return [
            WidgetPlacement(Region(*desk.places[view.panel]), NULL_OFFSET, NULL_SPACING, view)
            for view in children
            if isinstance(view, PanelView) and view.panel in desk.places
        ]


class Desk(Container):
    """The part of the screen that belongs to the panels."""

    DEFAULT_CSS = "Desk { height: 1fr; }"

    def __init__(self, layouts: Layouts) -> None:
        super().__init__(id="desk")
        self.page: Page = PAGES[0]
        self.focused_panel = "book"
        self.zoomed = False
        self.places: dict[str, Rect] = {}
        self.room = Size(0, 0)
        self.layouts = layouts
        self._desk_layout = DeskLayout()

    @property
    def layout(self) -> Layout:
        return self._desk_layout

    @property
    def own(self) -> Grid | None:
        """What a person has made of this page at this size."""
        return self.layouts.get(self.page.name, size_class(*self.room))

    @property
    def order(self) -> tuple[str, ...]:
        """The panels of this page in the order in which the focus travels."""
        own = self.own
        return self.page.panels if own is None else (*own.panels, *own.waiting)

    def shown(self, grid: Grid | None) -> dict[str, Rect]:
        """Where panels stand with such a grid in the room there is."""
        width, height = self.room
        return arrange(width, height, self.focused_panel, self.zoomed, self.page.name, grid)

    def rearrange(self) -> None:
        """Work the places out again."""
        self._clear_arrangement_cache()
        self.refresh(layout=True)


class DeskScreen(Screen[None], inherit_bindings=False):
    """Everything a trader looks at while trading."""

    AUTO_FOCUS = ""  # the focus is where it was left

    def __init__(self, app: CockpitApp) -> None:
        super().__init__(id="trading")
        load()
        self.controls = app
        self.status = Painted(id="status")
        self.pages = Painted(id="pages")
        self.markets = Painted(id="markets")
        self.alarms = Painted(id="alarms")
        self.guide = Painted(id="guide")
        self.keys = Painted(id="keys")
        self.desk = Desk(app.layouts)
        names = dict.fromkeys(name for page in PAGES for name in page.panels if name in PANELS)
        self.views = {name: PanelView(name, app.keymap) for name in names}
        self.needle = Input(id="needle", compact=True, select_on_focus=False)
        self.jumps: dict[str, str] = {}
        """Letter → panel, while somebody wants to jump."""
        self._aged = False
        self._placed = False
        self.focus_by_page = {page.name: _known(page, app.memory.focus) for page in PAGES}
        """Where the focus was on each page."""
        self.desk.page = PAGE.get(app.memory.page, PAGES[0])
        self.desk.focused_panel = self.focus_by_page[self.desk.page.name]
        self._bindings = bindings(app.keymap.within(DESK))

    def bind_keys(self, keymap: Keymap) -> None:
        """Take all keys from the table."""
        self._bindings = bindings(keymap.within(DESK))
        for view in self.views.values():
            view.bind_keys(keymap)

    def compose(self) -> ComposeResult:
        yield self.status
        yield self.pages
        yield self.markets
        yield self.alarms
        with self.desk:
            yield from self.views.values()
        yield self.guide
        yield self.keys
        yield self.needle

    def on_screen_resume(self) -> None:
        # A dialogue is closed: a cache of the library would keep it alive, 300 kB each, up to 1,024 widgets.
        StylesCache.get_inner_outer.cache_clear()

    def on_mount(self) -> None:
        self.alarms.display = False
        self.needle.display = False
        self.guide.display = False
        self.focused_view.focus()

    @property
    def size_class(self) -> str:
        """Of the room that the panels have."""
        return size_class(*self.desk.room)

    def on_resize(self, event: events.Resize) -> None:
        if not self._placed:
            # What was left zoomed in a terminal of this size comes back so.
            self._placed = True
            size = size_class(event.size.width, event.size.height - AROUND)
            self._return_to(self.controls.memory.pages.get(size, ""))
            self.desk.zoomed = self.controls.memory.zoomed.get(size) == self.desk.page.name
        self.pages.display = event.size.height >= LEAST_FOR_PAGES
        self.controls.paint_bars()

    def _return_to(self, name: str) -> None:
        """The page that was shown last in a terminal of this size."""
        if name in PAGE and name != self.desk.page.name:
            self.desk.page = PAGE[name]
            self.desk.focused_panel = self.focus_by_page[name]
            self.set_focus(self.focused_view, scroll_visible=False)

    def arranged(self) -> None:
        """The places of panels have changed; the focus is on one that has a place."""
        self.desk.rearrange()
        if self.desk.focused_panel not in self.desk.order:
            self.go(self.views[self.desk.order[0]])

    @property
    def focused_view(self) -> PanelView:
        """The panel that has the focus, or had it last."""
        return self.views[self.desk.focused_panel]

    def chosen_sleeve(self) -> str:
        """The strategy under the cursor of a panel that lists them; empty while the focus is elsewhere."""
        view = self.focused_view
        return view.cursor if "trades" in CONTEXTS.get(view.panel, ()) and view.cursors else ""

    # --- painting -------------------------------------------------------------------------------------

    def paint(self, frame: Frame | None, look: Look, now: float, patience: float = 1.0) -> None:
        """Paint every panel that is due. ``patience`` stretches the periods of all but the book.

        The moment in which the picture becomes old, or new again, is one that no panel sleeps through.
        """
        aged = frame is not None and freshness.account_age(frame, look.lag) > 0
        if aged != self._aged:
            self._aged = aged
            for view in self.views.values():
                view.due = 0.0
        for name in self.desk.places:
            view = self.views[name]
            if now >= view.due:
                slack = 1.0 if name == "book" else patience
                # On a common beat: panels of one rate show the same moment, so that their numbers agree.
                beat = slack / view.rate
                view.due = (now // beat + 1) * beat - 0.01
                view.paint(frame, look)

    def paint_bars(
        self, frame: Frame | None, look: Look, banners: list[Banner], armed: Banner | None, slow: bool
    ) -> None:
        """Paint the rows around the panels. An armed kill switch takes the whole status row."""
        link = self.controls.link
        while self.desk.layouts.faults:
            self.controls.warn(
                look.say("layout.unreadable", reason=safe_text(self.desk.layouts.faults.pop()))
            )
        top = bars.banner(armed, look) if armed else bars.status(frame, look, link.driver, slow)
        self.status.put([top])
        self.pages.put([bars.pages(frame, look, self.desk.page.name)])
        self.markets.put([bars.symbols(frame, look)])
        if len(banners) != (self.alarms.size.height if self.alarms.display else 0):
            self.alarms.display = bool(banners)
            self.alarms.styles.height = max(1, len(banners))
        self.alarms.put([bars.banner(banner, look) for banner in banners])
        keymap = self.controls.keymap
        if self.jumps:
            keys = bars.jumps(self.jumps, keymap, look)
        elif self.controls.arranging.on:
            keys = bars.arranging(keymap, look)
        else:
            keys = bars.footer(keymap, self.desk.focused_panel, look, link.driver, link.closing_stops_engine)
        self.keys.put([keys])

    def repaint(self, view: PanelView) -> None:
        """One panel now: the person touched it."""
        view.repaint()
        if self.is_mounted:
            view.paint(self.controls.frame, self.controls.look())

    def forget(self) -> None:
        """Everything again: colours, language or shapes have changed."""
        for view in self.views.values():
            view.repaint()
        own = (self.status, self.pages, self.markets, self.alarms, self.guide, self.keys)
        for painted in (*own, *self.views.values()):
            painted.forget()

    # --- focus ----------------------------------------------------------------------------------------

    def focus_changed(self, view: PanelView) -> None:
        """A panel got the focus; word of one that has lost it since is late."""
        if self.focused is not view:
            return
        self._make_room(view)
        self.repaint(view)
        self.controls.paint_bars()

    def go(self, view: PanelView) -> None:
        """Give a panel the focus. Known at once: the next key may come before the panel hears of it."""
        self._make_room(view)
        self.set_focus(view, scroll_visible=False)

    def reach(self, view: PanelView) -> None:
        """A panel by its name, wherever it is: on this page, else on the first that has it."""
        panel, size = view.panel, self.size_class
        if panel not in self.desk.order:
            for page in PAGES:
                own = self.desk.layouts.get(page.name, size)
                if panel in (page.panels if own is None else (*own.panels, *own.waiting)):
                    self.controls.desk_turn(page.name)
                    break
            else:
                keys = {name: self.controls.keymap.key(f"layout{name}") for name in ("", ".add")}
                title = self.controls.look().say(f"panel.{panel}")
                self.controls.tell("desk.not_here", panel=title, key=keys[""], add=keys[".add"])
                return
        self.go(view)

    def step_focus(self, step: int) -> None:
        """To the next panel in the order of the page, shown or not."""
        names = self._order()
        at = names.index(self.desk.focused_panel) if self.desk.focused_panel in names else -1
        self.go(self.views[names[(at + step) % len(names)]])

    def _order(self) -> list[str]:
        return [name for name in self.desk.order if name in self.views]

    def jump(self) -> None:
        """A letter on every panel; the next key goes there."""
        names = self._order()
        self.jumps = dict(zip(LETTERS, names, strict=False))
        self._show_letters()

    def jumped(self, key: str) -> bool:
        """The key after that. Another one ends it, and does what it does."""
        name = self.jumps.get(key)
        self.jumps = {}
        if name is not None:
            self.go(self.views[name])
        self._show_letters()
        return name is not None or key == "escape"

    def letter_of(self, panel: str) -> str:
        """What jumps there now; empty while nobody wants to jump."""
        return next((letter for letter, name in self.jumps.items() if name == panel), "")

    def _show_letters(self) -> None:
        for name in self.desk.places:
            self.repaint(self.views[name])
        self.controls.paint_bars()

    def _make_room(self, view: PanelView) -> None:
        """Where room is short the focused panel may take another one's place."""
        if view.panel != self.desk.focused_panel:
            self.desk.focused_panel = view.panel
            self.focus_by_page[self.desk.page.name] = view.panel
            if self.desk.zoomed or len(self.desk.places) < len(self.desk.order):
                self.desk.rearrange()

    def turn_to(self, name: str) -> None:
        """Show another page, with the focus where it was there."""
        page = PAGE[name]
        if page is self.desk.page:
            return
        self.desk.page = page
        self.desk.zoomed = False
        self.controls.memory.zoomed.pop(self.size_class, None)
        focus = self.focus_by_page[name]
        view = self.views[focus if focus in self.desk.order else self.desk.order[0]]
        self.desk.focused_panel = view.panel
        self.desk.rearrange()
        self.set_focus(view, scroll_visible=False)
        self.forget()
        self.controls.paint_bars()

    def zoom(self) -> None:
        """The focused panel over the whole desk, or back."""
        self.desk.zoomed = not self.desk.zoomed
        self.controls.memory.zoomed.pop(self.size_class, None)
        if self.desk.zoomed:
            self.controls.memory.zoomed[self.size_class] = self.desk.page.name
        self.desk.rearrange()

    # --- filter ---------------------------------------------------------------------------------------

    def open_needle(self) -> None:
        """Type what the rows of the focused panel must contain."""
        self.needle.value = self.focused_view.needle
        self.needle.placeholder = self.controls.look().say("filter.hint")
        self.needle.display = True
        self.keys.display = False
        self.needle.focus()

    def close_needle(self, clear: bool) -> None:
        """Done typing; ``clear`` shows all rows again."""
        view = self.focused_view
        if clear:
            view.needle = ""
        self.needle.display = False
        self.keys.display = True
        self.set_focus(view, scroll_visible=False)
        self.repaint(view)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self.needle.display:
            self.focused_view.needle = event.value
            self.repaint(self.focused_view)

    def on_input_submitted(self) -> None:
        self.close_needle(clear=False)


def _known(page: Page, focus: dict[str, str]) -> str:
    """The panel that had the focus on a page, or its first."""
    name = focus.get(page.name, "")
    return name if name in page.panels else page.panels[0]
