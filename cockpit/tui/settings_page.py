"""The settings: what can be set, what it is now, where that comes from, and when a change takes effect.

What only concerns this screen is changed here, at once, and remembered. Limits of the gate can be tightened
while the engine runs: a deed like any other, with its plan and its line in the journal. Everything else
is shown: it is read at a start, from a file that is judged as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cockpit.core.refusal import Refusal
from cockpit.core.tighter import BY_HAND
from cockpit.core.typed import from_line
from cockpit.text import LANGUAGES, about, safe_text
from cockpit.tui import dialogs, overlays, theme
from cockpit.tui.by_hand import ask_plan
from cockpit.tui.cells import Row, Segment, clip_row, trim, width_of, wrapped
from cockpit.tui.glyphs import SETS
from cockpit.tui.picture import Column, Look, table, window
from cockpit.tui.settings import Setting
from cockpit.tui.widgets import Painted

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

LONGEST = 44
"""Cells of a value in the list; all of it stands at the foot."""
ROOMY = 18
"""Lines of the list from which its foot has more."""
HIDDEN = "screen.keymap"
"""Listed with the keys themselves, in the help."""


class Choices(NamedTuple):
    """A setting of this screen that is changed here."""

    key: str
    values: tuple[str, ...]
    said: str
    """What it is when no key has changed it."""
    now: Callable[[], str]
    take: Callable[[str], None]


class Line(NamedTuple):
    """One line of the page."""

    setting: Setting
    choices: Choices | None = None

    @property
    def limit(self) -> str:
        """The limit of the gate that it is, where a running engine can be told a tighter one."""
        table, _, name = self.setting.key.partition(".")
        return name if table == "risk" and name in BY_HAND else ""

    def about(self, look: Look) -> str:
        """What it is for, in the person's language."""
        key = self.setting.key
        return about(key, self.setting.about, look.lang) or (
            look.say(f"settings.about.{key}") if key in ONLY_HERE else ""
        )

    def words(self, look: Look) -> str:
        """What it is found by."""
        return f"{self.setting.key} {self.setting.about} {self.about(look)}".casefold()


class SettingsPage(ModalScreen[None]):
    """Arrows choose a line, left and right change one of this screen's own; typing finds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("left", "change(-1)", show=False, priority=True),
        Binding("right,enter", "change(1)", show=False, priority=True),
    ]

    def __init__(self, app: CockpitApp) -> None:
        super().__init__()
        self.cockpit = app
        self.at = 0
        self.needle = ""
        self.tighter: dict[str, float] = {}
        """What the engine has been told, limit by limit."""
        self.every = own(app) + [
            Line(row) for row in (app.settings.listed() if app.settings.listed is not None else ())
            if not row.key.startswith(HIDDEN) and row.key not in OWN
        ]  # fmt: skip

    def compose(self) -> ComposeResult:
        look = self.cockpit.look()
        with Vertical(id="settings"):
            yield Static(look.say("settings.title"), markup=False, id="heading")
            yield Input(placeholder=look.say("settings.find"), id="typed", compact=True)
            yield Painted(id="entries")
            yield Static("", markup=False, id="hint")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.set_interval(1.0, self.repaint_changed)

    def on_resize(self) -> None:
        self.call_after_refresh(self.repaint)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.needle, self.at = event.value.strip().casefold(), 0
        self.repaint()

    @property
    def found(self) -> list[Line]:
        """The lines that contain what was typed."""
        look = self.cockpit.look()
        return [line for line in self.every if self.needle in line.words(look)]

    def action_move(self, step: int) -> None:
        self.at = max(0, min(len(self.found) - 1, self.at + step))
        self.repaint()

    def action_change(self, step: int) -> None:
        """The next value of a setting of this screen; of any other it is said why not."""
        if not self.found:
            return
        choices = self.found[self.at].choices
        look = self.cockpit.look()
        if self.found[self.at].limit:
            self._tighten(self.found[self.at])
            return
        if choices is None:
            self.query_one("#hint", Static).update(look.say("settings.not_here"))
            return
        values, now = choices.values, choices.now()
        choices.take(values[(values.index(now) + step) % len(values)] if now in values else values[0])
        self.repaint()

    def _tighten(self, line: Line) -> None:
        """Ask for a number, then show what the engine would do with it."""
        app, look, name = self.cockpit, self.cockpit.look(), line.limit
        if not app.link.driver:
            app.warn(look.say("refused.viewer"))
            return

        def wrong(typed: str) -> str:
            try:
                from_line(f"limit {name} {typed}")
            except Refusal as no:
                return look.news(no.message, no.numbers)
            return ""

        hint = look.say("settings.tighter_hint", most=safe_text(line.setting.value))
        asked = dialogs.Line(look, look.say("settings.tighter", key=line.setting.key), hint, "", wrong)
        app.push_screen(asked, lambda typed: ask_plan(app, f"limit {name} {typed}") if typed else None)

    def on_screen_resume(self) -> None:
        self.repaint()

    def action_close(self) -> None:
        self.dismiss(None)

    def repaint_changed(self) -> None:
        """The engine may have been told another limit since."""
        now = dict(self.cockpit.frame.tighter) if self.cockpit.frame is not None else {}
        if now != self.tighter:
            self.repaint()

    def repaint(self) -> None:
        """All of it: a change of colours or language is one of this page, too."""
        if not self.is_attached:
            return
        look, view = self.cockpit.look(), self.query_one("#entries", Painted)
        width, height = view.size
        rows = self.found
        self.tighter = dict(self.cockpit.frame.tighter) if self.cockpit.frame is not None else {}
        self.at = max(0, min(self.at, len(rows) - 1))
        below = 6 if height >= ROOMY else 4
        body = painted(rows, self.at, look, width, max(2, height - below - 1), self.tighter)
        foot = told(rows[self.at], look, width, below) if rows else []
        blank: list[Row] = [clip_row((), width)] * (height - below - len(body))
        view.forget()
        view.put([*body, *blank, *foot][:height])
        hint = "settings.hint" if self.cockpit.link.closing_stops_engine else "settings.hint_remote"
        self.query_one("#heading", Static).update(look.say("settings.title"))
        self.query_one("#hint", Static).update(look.say(hint))


OWN = ("screen.theme", "screen.language", "screen.scheme", "screen.glyphs")
ONLY_HERE = ("privacy", "indicators")
"""Of this screen, and in no file."""


def own(app: CockpitApp) -> list[Line]:
    """What this screen changes at once, with what it is now."""
    controls, said, themes = app.controls, app.said, tuple(sorted(app.themes()))

    def privacy(value: str) -> None:
        if (value == "on") is not app.private:
            controls.toggle_private()

    def scheme() -> str:
        return app.settings.scheme

    def drawn() -> str:
        return overlays.written(app.crosshair.overlays) or "-"

    def draw(value: str) -> None:
        app.crosshair.draw("" if value == "-" else value)

    choices = [
        Choices("screen.theme", themes, said["theme"], lambda: app.settings.theme, controls.set_theme),
        Choices("screen.language", tuple(LANGUAGES), said["lang"], lambda: app.lang, controls.set_language),
        Choices("screen.scheme", theme.SCHEMES, said["scheme"], scheme, controls.set_scheme),
        Choices("screen.glyphs", tuple(SETS), said["glyphs"], lambda: app.glyphs.name, controls.set_glyphs),
        Choices("privacy", ("off", "on"), "off", lambda: "on" if app.private else "off", privacy),
        Choices("indicators", ("-", *overlays.PRESETS), "-", drawn, draw),
    ]
    known = {row.key: row for row in (app.settings.listed() if app.settings.listed is not None else ())}
    return [Line(known.get(one.key, Setting(one.key, "", "", "", live=True)), one) for one in choices]


def painted(
    rows: Sequence[Line], at: int, look: Look, width: int, height: int, tighter: Mapping[str, float]
) -> list[Row]:
    """Header and the lines around the cursor. Pure."""
    say = look.say
    if not rows:
        return [clip_row(((f" {say('settings.nothing')}", "muted"),), width)]
    columns = [
        Column(say("settings.key"), 20, 0, grow=1),
        Column(say("settings.value"), 10, 1, grow=1),
        Column(say("settings.from"), 12, 2, grow=1),
        Column(say("settings.takes"), 8, 0),
    ]
    head, body = table(columns, [_cells(row, look, tighter) for row in rows], width, look.glyphs.more)
    out = [head]
    for place in window(len(body), at, max(1, height - 1)):
        row = body[place]
        if place == at:
            row = tuple((text, f"{style} cursor".strip()) for text, style in row)
        out.append(row)
    return out


def _cells(line: Line, look: Look, tighter: Mapping[str, float]) -> list[Segment]:
    row, here = line.setting, line.choices is not None
    if line.limit:
        return _limit_cells(line, look, tighter.get(line.limit))
    value = line.choices.now() if line.choices is not None else row.value
    changed = bool(row.default) and row.value != row.default
    mark = f"{look.glyphs.cursor} " if here else "  "
    return [
        (f"{mark}{safe_text(row.key)}", "strong" if here else "text"),
        (
            trim(safe_text(value), LONGEST, look.glyphs.more),
            "accent bold" if here else "strong bold" if changed else "text",
        ),
        (safe_text(_from(line, look)), "own" if row.origin else "faint"),
        (look.say("settings.now" if here or row.live else "settings.start"), "good" if here else "muted"),
    ]


def _limit_cells(line: Line, look: Look, tighter: float | None) -> list[Segment]:
    """What holds now, and what the settings say where that is something else."""
    row = line.setting
    changed = bool(row.default) and row.value != row.default
    value = row.value if tighter is None else look.say("settings.instead", now=f"{tighter:g}", said=row.value)
    return [
        (f"{look.glyphs.cursor} {safe_text(row.key)}", "strong"),
        (safe_text(value), "accent bold" if tighter is not None else "strong bold" if changed else "text"),
        (safe_text(_from(line, look)) if tighter is None else look.say("settings.by_hand"), "own"),
        (look.say("settings.tighter_now"), "good"),
    ]


def _from(line: Line, look: Look) -> str:
    row, choices = line.setting, line.choices
    if choices is not None and choices.now() != choices.said:
        return look.say("settings.by_key")
    if not row.origin:
        return look.say("settings.default")
    return row.origin.rsplit("/", 1)[-1]


def told(line: Line, look: Look, width: int, height: int) -> list[Row]:
    """What it is for, all of a long value, its default, and how it is changed: ``height`` lines of it."""
    row, more = line.setting, look.glyphs.more
    ways = kept(wrapped("  ".join(_ways(line, look)), max(1, width)), 2, width, more)
    purpose = wrapped(safe_text(line.about(look)), max(1, width))
    value = [trim(safe_text(row.value), width, more)] if width_of(row.value) > LONGEST else []
    purpose = [*kept(purpose, height - len(ways) - len(value), width, more), *value]
    blank = [""] * (height - len(ways) - len(purpose))
    return [
        clip_row(((text, style),), width)
        for texts, style in ((purpose, "text"), (blank, ""), (ways, "muted"))
        for text in texts
    ]


def kept(lines: list[str], most: int, width: int, more: str) -> list[str]:
    """The first ``most`` of some lines; the last says so where there were others."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], trim(f"{lines[most - 1]} {lines[most]}", width, more)]


def _ways(line: Line, look: Look) -> list[str]:
    row = line.setting
    ways = []
    if row.default and width_of(row.default) <= LONGEST:
        ways.append(look.say("settings.usually", value=safe_text(row.default)))
    if row.origin:
        ways.append(look.say("settings.set_by", origin=safe_text(row.origin)))
    if line.limit:
        ways.append(look.say("settings.tighter_how"))
    if line.choices is None:
        ways.append(look.say("settings.how", key=row.key))
    return ways
