"""Keys are data. Bindings, footer, help, palette and the README's table all come from this one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from enum import IntEnum

import msgspec

from cockpit.core.errors import ConfigError
from cockpit.core.typed import WORDS
from cockpit.tui.layout import PAGES

ANYWHERE = "anywhere"
"""Works in inputs, dialogues and the palette too."""
DESK = "desk"
LIST = "list"
LAYOUT = "layout"
"""While panels are moved; the keys of panels do nothing then."""
CONTEXTS: dict[str, tuple[str, ...]] = {
    "positions": (LIST, "positions"),
    "orders": (LIST, "orders"),
    "sleeves": (LIST, "sleeves", "trades"),
    "events": (LIST,),
    "chart": ("chart",),
    "fills": (LIST,),
    "ladder": (LIST,),
    "why": (LIST, "sleeves", "trades"),
    "heatmap": (LIST, "heatmap", "trades"),
    "hotlist": (LIST, "hotlist"),
    "versions": (LIST, "versions"),
    "decisions": (LIST,),
    "archive": (LIST, "archive"),
    "audit": (LIST, "audit"),
    "runs": (LIST, "lab"),
    "numbers": (LIST, "lab"),
    "curve": ("lab",),
    "chain": (LIST, "audit"),
    "capital": (LIST, "capital"),
    "jobs": (LIST,),
    "log": (LIST,),
}
"""Panel → contexts that hold while it has the focus, besides ANYWHERE and DESK."""


class Danger(IntEnum):
    """What pressing it may do to money."""

    LOOK = 0
    """Changes only this screen."""
    DRIVE = 1
    """Changes what the engine does: only for the driver, and only after a confirmation."""
    STOP = 2
    """Makes the engine safer: anybody may, at once."""


class Action(msgspec.Struct, frozen=True):
    """One thing a person can do."""

    id: str
    keys: tuple[str, ...]
    context: str
    danger: Danger = Danger.LOOK
    footer: int = 0
    """Importance in the footer; 0 = not shown there."""
    past: bool = False
    """In the footer only while a past moment is shown; its keys may do something else in the present."""

    @property
    def help(self) -> str:
        """Message id of its description."""
        return f"action.{self.id}"

    @property
    def short(self) -> str:
        """Message id of its name in the footer."""
        return f"footer.{self.id}"


ACTIONS: tuple[Action, ...] = (
    Action("halt", ("ctrl+g",), ANYWHERE, Danger.STOP, footer=100),
    Action("order.cancel", ("x",), "orders", Danger.DRIVE, footer=60),
    Action("sleeve.switch", ("s",), "sleeves", Danger.DRIVE, footer=60),
    Action("hotlist.approve", ("a",), "hotlist", Danger.DRIVE, footer=65),
    Action("hotlist.reject", ("r",), "hotlist", Danger.DRIVE, footer=64),
    Action("hotlist.snooze", ("s",), "hotlist", Danger.DRIVE, footer=63),
    Action("hotlist.undo", ("u",), "hotlist", Danger.DRIVE, footer=62),
    Action("lab.mark", ("m",), "lab", footer=62),
    Action("lab.backtest", ("b",), "trades", footer=58),
    Action("capital.apply", ("a",), "capital", Danger.DRIVE, footer=65),
    Action("capital.undo", ("u",), "capital", Danger.DRIVE, footer=64),
    Action("audit.open", ("enter",), "audit", footer=62),
    Action("audit.kind", ("f",), "audit", footer=58),
    Action("audit.export", ("e",), "audit", footer=59),
    Action("past.here", ("v",), "audit", footer=61),
    Action("version.approve", ("a",), "versions", Danger.DRIVE, footer=65),
    Action("version.rollback", ("r",), "versions", Danger.DRIVE, footer=64),
    *(Action(f"page.{page.name}", (page.key,), DESK) for page in PAGES),
    Action("symbol.previous", ("[",), DESK),
    Action("symbol.next", ("]",), DESK, footer=41),
    Action("focus.next", ("tab",), DESK, footer=45),
    Action("focus.previous", ("shift+tab",), DESK),
    Action("zoom", ("z",), DESK, footer=50),
    Action("archive.check", ("c",), "archive", footer=60),
    Action("archive.repair", ("R",), "archive", Danger.DRIVE, footer=61),
    Action("trades", ("enter",), "trades", footer=61),
    Action("heat.unit", ("u",), "heatmap", footer=60),
    Action("heat.span", ("d",), "heatmap", footer=59),
    Action("heat.older", ("h", "left"), "heatmap"),
    Action("heat.newer", ("l", "right"), "heatmap"),
    Action("cross.left", ("left", "h"), "chart", footer=61),
    Action("cross.right", ("right", "l"), "chart"),
    Action("cross.up", ("up", "k"), "chart"),
    Action("cross.down", ("down", "j"), "chart"),
    Action("cross.page_left", ("pageup", "ctrl+u"), "chart"),
    Action("cross.page_right", ("pagedown", "ctrl+d"), "chart"),
    Action("cross.first", ("home", "g"), "chart"),
    Action("cross.last", ("end", "G"), "chart"),
    Action("indicators", ("i",), "chart", footer=60),
    Action("filter", ("/",), LIST, footer=30),
    Action("palette", (":", "ctrl+p"), DESK, footer=80),
    Action("help", ("?", "f1"), DESK, footer=90),
    Action("settings", (",",), DESK),
    Action("jump", ("o",), DESK),
    Action("layout", ("w",), DESK, footer=8),
    Action("layout.left", ("left", "h"), LAYOUT, footer=90),
    Action("layout.right", ("right", "l"), LAYOUT),
    Action("layout.up", ("up", "k"), LAYOUT),
    Action("layout.down", ("down", "j"), LAYOUT),
    Action("layout.narrower", ("<",), LAYOUT),
    Action("layout.wider", (">",), LAYOUT, footer=80),
    Action("layout.shorter", ("-",), LAYOUT),
    Action("layout.taller", ("+", "="), LAYOUT, footer=79),
    Action("layout.stack", ("s",), LAYOUT, footer=60),
    Action("layout.hide", ("x",), LAYOUT, footer=75),
    Action("layout.add", ("a",), LAYOUT, footer=74),
    Action("layout.undo", ("u",), LAYOUT, footer=70),
    Action("layout.reset", ("r",), LAYOUT, footer=65),
    Action("layout.save", ("w", "enter"), LAYOUT, footer=85),
    Action("layout.open", ("o",), LAYOUT, footer=72),
    Action("layout.done", ("escape",), LAYOUT, footer=95),
    Action("back", ("escape",), DESK),
    Action("past.time", ("@",), DESK),
    Action("past.back", (",",), DESK, footer=86, past=True),
    Action("past.forward", (".",), DESK, footer=85, past=True),
    Action("past.minute_back", ("(",), DESK, footer=84, past=True),
    Action("past.minute_forward", (")",), DESK, footer=83, past=True),
    Action("past.play", ("space",), DESK, footer=82, past=True),
    Action("past.leave", ("N",), DESK, footer=88, past=True),
    Action("row.up", ("k", "up"), LIST),
    Action("row.down", ("j", "down"), LIST),
    Action("row.first", ("g", "home"), LIST),
    Action("row.last", ("G", "end"), LIST),
    Action("row.page_up", ("pageup", "ctrl+u"), LIST),
    Action("row.page_down", ("pagedown", "ctrl+d"), LIST),
    Action("copy", ("y",), LIST, footer=10),
    Action("timeframe.shorter", ("{",), DESK),
    Action("timeframe.longer", ("}",), DESK),
    Action("chart.closer", ("+", "="), DESK),
    Action("chart.wider", ("-",), DESK),
    Action("tape.faster", (">",), DESK, Danger.DRIVE),
    Action("tape.slower", ("<",), DESK, Danger.DRIVE),
    Action("theme", ("t",), DESK),
    Action("scheme", ("T",), DESK),
    Action("private", ("p",), DESK),
    Action("screenshot", ("ctrl+s",), DESK),
    Action("repaint", ("ctrl+l",), DESK),
    Action("quit", ("q", "ctrl+q"), DESK, footer=70),
    # Only in the palette: what is slow on purpose has no key.
    Action("flatten", (), DESK, Danger.DRIVE),
    Action("resume", (), DESK, Danger.DRIVE),
    *(Action(f"hand.{verb}", (), DESK, Danger.DRIVE) for verb in WORDS if verb != "cancel"),
    Action("guide", (), DESK),
    Action("drive", (), DESK),
    Action("language", (), DESK),
    Action("glyphs", (), DESK),
)

PRINTABLE = frozenset(chr(code) for code in range(0x20, 0x7F))
ARRIVES = (
    PRINTABLE
    | frozenset(f"ctrl+{letter}" for letter in "cdfgklnopqrstuvwxyz")
    | frozenset(f"f{number}" for number in range(1, 13))
    | frozenset(("tab", "shift+tab", "enter", "escape", "space", "backspace", "delete"))
    | frozenset(("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert"))
    | frozenset(f"{mod}+{arrow}" for mod in ("ctrl", "shift") for arrow in ("up", "down", "left", "right"))
)
"""Keys that a VT terminal sends as themselves, also inside tmux."""
NOT_BY_DEFAULT = frozenset(("ctrl+c", "ctrl+z", "ctrl+k", "f10", "f11", "f12"))
"""They arrive, but terminals, desktops and tmux navigators like to keep them."""


class Keymap:
    """The table with a person's changes in it."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        """Raises ConfigError naming the action and the key that cannot be."""
        keys = {action.id: action.keys for action in ACTIONS}
        for action_id, text in (overrides or {}).items():
            if action_id not in keys:
                near = get_close_matches(action_id, keys, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ConfigError(f"keymap: there is no action {action_id!r}{hint}")
            keys[action_id] = _parsed(action_id, text, keys[action_id])
        self.actions = tuple(msgspec.structs.replace(action, keys=keys[action.id]) for action in ACTIONS)
        self._by_id = {action.id: action for action in self.actions}
        self._refuse_clashes()

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def within(self, *contexts: str) -> tuple[Action, ...]:
        """The actions of some contexts, in the order of the table."""
        return tuple(action for action in self.actions if action.context in contexts)

    def active(self, panel: str) -> tuple[Action, ...]:
        """What can be done while a panel has the focus."""
        return self.within(ANYWHERE, DESK, *CONTEXTS.get(panel, ()))

    def meant(self, action_id: str, key: str) -> str:
        """What a key does while a past moment is shown: it may be that of an action of the past, too."""
        taken = (action.id for action in self.actions if action.past and key in action.keys)
        return next(taken, action_id)

    def key(self, action_id: str) -> str:
        """How the first key of an action is written: ``^g``, ``?``, ``tab``; empty when it has none."""
        keys = self._by_id[action_id].keys
        return written(keys[0]) if keys else ""

    def _refuse_clashes(self) -> None:
        for index, one in enumerate(self.actions):
            for other in self.actions[index + 1 :]:
                shared = set(one.keys) & set(other.keys)
                if shared and one.past is other.past and _together(one.context, other.context):
                    raise ConfigError(f"keymap: {written(min(shared))!r} is both {one.id!r} and {other.id!r}")


def personal(overrides: Mapping[str, str]) -> tuple[Keymap, str]:
    """A person's keys, or the shipped ones and what is wrong with the person's."""
    try:
        return Keymap(overrides), ""
    except ConfigError as error:
        return Keymap(), str(error)


def _parsed(action_id: str, text: str, before: tuple[str, ...]) -> tuple[str, ...]:
    parts = [","] if text.strip() == "," else [part.strip() for part in text.split(",") if part.strip()]
    for key in parts:
        if key not in ARRIVES:
            raise ConfigError(f"keymap: {action_id}: a terminal does not send {key!r} as itself")
    if action_id == "halt":
        # A kill switch that can be configured away is not one: it may gain keys, not lose any.
        if printable := [key for key in parts if key in PRINTABLE]:
            raise ConfigError(
                f"keymap: halt: {printable[0]!r} would fire while typing; use ctrl or a function key"
            )
        return (*before, *(key for key in parts if key not in before))
    return tuple(parts)


def _together(one: str, other: str) -> bool:
    """Can both contexts hold at the same time?"""
    everywhere = (ANYWHERE, DESK)
    if LAYOUT in (one, other):
        return one == other or ANYWHERE in (one, other)
    if one == other or one in everywhere or other in everywhere:
        return True
    return any(one in held and other in held for held in CONTEXTS.values())


def written(key: str) -> str:
    """A key as the footer and the help write it."""
    if key.startswith("ctrl+"):
        return f"^{key[5:]}"
    return key.replace("shift+", "s-").replace("escape", "esc")


def bound(keys: Iterable[str]) -> str:
    """Keys as the terminal library wants them bound: separated by commas, so the comma itself by name."""
    return ",".join("comma" if key == "," else key for key in keys)


def markdown(lang: str) -> str:
    """The README's table of keys."""
    from cockpit.text import tr

    lines = [f"| {tr('help.keys', lang)} | {tr('help.action', lang)} |", "|---|---|"]
    for action in Keymap().actions:
        keys = " ".join(f"`{written(key)}`".replace("|", "\\|") for key in action.keys) or f"`:{action.id}`"
        lines.append(f"| {keys} | {tr(action.help, lang)} |")
    return "\n".join(lines)
