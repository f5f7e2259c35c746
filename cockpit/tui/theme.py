"""Colours by meaning. A theme is a TOML file of names; painters use the names and never a colour.

The market scheme (which colour rises) is chosen apart from the theme, and cannot touch the alarms.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.style import Style

import cockpit
from cockpit.core.errors import ConfigError

if TYPE_CHECKING:
    from cockpit.tui.settings import TuiSettings

SCHEMES = ("green_up", "red_up", "colour_blind", "mono")
MARKET = ("up", "down", "up_bar", "down_bar")
MODES = ("practice", "replay", "paper", "demo", "live")
INKS = ("text", "strong", "muted", "faint", "accent", "own", "stale", "good", "warn", "danger")
COLOURS = (
    *INKS,
    *("background", "raised", "frame", "frame_on"),
    *("danger_ground", "on_danger", "warn_ground", "on_warn", "on_mode"),
    *MODES,
)
HEX = re.compile(r"#[0-9a-fA-F]{6}")


class Theme(msgspec.Struct, frozen=True):
    """One palette, checked."""

    name: str
    dark: bool
    colours: dict[str, str]
    market: dict[str, str]
    colour_blind: dict[str, str]
    scheme: str = ""
    """The scheme this theme insists on; empty = the person's."""


def shipped() -> Path:
    """The folder of the themes that come with the cockpit: in a wheel inside the package, else beside it."""
    package = Path(cockpit.__file__).parent
    inside = package / "_shipped" / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def available(*folders: Path | None) -> dict[str, Path]:
    """Theme name (= file name) → file; a later folder's theme replaces an earlier one of the same name."""
    found: dict[str, Path] = {}
    for folder in (shipped(), *folders):
        if folder is not None and folder.is_dir():
            found.update({file.stem: file for file in sorted(folder.glob("*.toml"))})
    return found


def read(file: Path) -> Theme:
    """The theme in ``file``. Raises ConfigError naming the file and the key that is wrong."""
    try:
        raw = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{file.name}: {error}") from error
    expected = {"name", "dark", "scheme", "colours", "market", "colour_blind"}
    if unknown := sorted(set(raw) - expected):
        raise ConfigError(f"{file.name}: unknown key {unknown[0]!r}")
    scheme = raw.get("scheme", "")
    if scheme not in ("", *SCHEMES):
        raise ConfigError(f"{file.name}: scheme: {scheme!r} is not one of {', '.join(SCHEMES)}")
    market = _colours(file, raw, "market", MARKET)
    return Theme(
        name=str(raw.get("name", file.stem)),
        dark=bool(raw.get("dark", True)),
        colours=_colours(file, raw, "colours", COLOURS),
        market=market,
        colour_blind=_colours(file, raw, "colour_blind", MARKET) if "colour_blind" in raw else market,
        scheme=scheme,
    )


def _colours(file: Path, raw: dict[str, object], name: str, keys: tuple[str, ...]) -> dict[str, str]:
    section = raw.get(name)
    if not isinstance(section, dict):
        raise ConfigError(f"{file.name}: [{name}] is missing")
    if unknown := sorted(set(section) - set(keys)):
        raise ConfigError(f"{file.name}: [{name}] unknown key {unknown[0]!r}")
    for key in keys:
        value = section.get(key)
        if not isinstance(value, str) or not HEX.fullmatch(value):
            raise ConfigError(f"{file.name}: [{name}] {key}: expected a colour like #3fb950, found {value!r}")
    return dict(section)


class Palette:
    """Style keys (``"up bold"``) → terminal styles, for one theme, scheme and kind of terminal."""

    def __init__(self, theme: Theme, scheme: str, no_color: bool = False) -> None:
        self.theme = theme
        self.scheme = theme.scheme or scheme
        self.no_color = no_color
        self._styles: dict[str, Style] = {}
        words = _attributes() if no_color else _inks(theme, self.scheme)
        self._words = {name: Style.parse(style) for name, style in words.items()}
        ground = theme.colours["background"]
        self._base = Style() if no_color else Style.parse(f"{theme.colours['text']} on {ground}")

    @property
    def mono(self) -> bool:
        """Must shapes alone tell up from down?"""
        return self.no_color or self.scheme == "mono"

    def style(self, key: str) -> Style:
        """The style for a key: the words of the key, one laid over the other."""
        found = self._styles.get(key)
        if found is None:
            found = self._base
            for word in key.split():
                found += self._words[word]
            self._styles[key] = found
        return found

    def words(self) -> frozenset[str]:
        """Every word a key may be made of."""
        return frozenset(self._words)


PLAIN = {"bold": "bold", "underline": "underline", "reverse": "reverse"}


def _inks(theme: Theme, scheme: str) -> dict[str, str]:
    colours = theme.colours
    market = dict(theme.colour_blind if scheme == "colour_blind" else theme.market)
    if scheme == "red_up":
        market = {key: theme.market[_other(key)] for key in MARKET}
    words = PLAIN | {name: colours[name] for name in INKS} | market
    if scheme == "mono":
        words |= {"up": f"bold {colours['strong']}", "down": f"underline {colours['muted']}"}
        words |= {"up_bar": colours["muted"], "down_bar": colours["faint"]}
    words |= {"candle_up": market["up"], "candle_down": market["down"]}
    grounds = ((f"{way}_ground", words[f"{way}_bar"]) for way in ("up", "down"))
    words |= {name: f"bold {_readable(colours, ground)} on {ground}" for name, ground in grounds}
    words |= {f"mode_{mode}": f"bold {colours['on_mode']} on {colours[mode]}" for mode in MODES}
    return words | {
        "frame": colours["frame"],
        "frame_on": colours["frame_on"],
        "title": f"bold {colours['muted']}",
        "title_on": f"bold {colours['frame_on']}",
        "cursor": f"on {colours['raised']}",
        "footer": f"{colours['muted']} on {colours['raised']}",
        "footer_key": f"bold {colours['own']} on {colours['raised']}",
        "banner_danger": f"bold {colours['on_danger']} on {colours['danger_ground']}",
        "banner_past": f"bold reverse {colours['accent']}",
        "banner_warn": f"bold {colours['on_warn']} on {colours['warn_ground']}",
        "last": f"bold {colours['background']} on {colours['text']}",
        "tab": colours["muted"],
        "tab_on": f"bold {colours['background']} on {colours['text']}",
    }


def _readable(colours: dict[str, str], ground: str) -> str:
    """The theme's strongest ink or its ground, whichever stands out more on ``ground`` (WCAG luminance)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(ink: str) -> float:
        low, high = sorted((luminance(ink), luminance(ground)))
        return (high + 0.05) / (low + 0.05)

    return max((colours["strong"], colours["background"]), key=contrast)


def _other(key: str) -> str:
    """``up_bar`` ↔ ``down_bar``."""
    return key.replace("up", "\0").replace("down", "up").replace("\0", "down")


def _attributes() -> dict[str, str]:
    """NO_COLOR: weight, underline and reverse carry the meaning; greys would all look alike."""
    bars = ("up_bar", "down_bar", "candle_up", "candle_down")
    quiet = (*bars, "text", "muted", "faint", "good", "frame", "title", "tab")
    words = PLAIN | dict.fromkeys(quiet, "none")
    words |= dict.fromkeys(("strong", "accent", "warn", "up", "own", "frame_on"), "bold")
    words |= {"down": "underline", "danger": "bold reverse", "stale": "dim", "title_on": "bold"}
    words |= {"up_ground": "bold", "down_ground": "underline"}
    words |= dict.fromkeys(
        ("banner_danger", "banner_warn", "banner_past", *(f"mode_{mode}" for mode in MODES)), "bold reverse"
    )
    return words | {
        "cursor": "reverse",
        "footer": "none",
        "footer_key": "bold underline",
        "last": "reverse",
        "tab_on": "reverse",
    }


def wished(settings: TuiSettings, no_color: bool) -> tuple[Palette, str]:
    """The person's theme; or the shipped one, and what is wrong with the person's."""
    found = available(settings.themes_dir)
    try:
        if settings.theme not in found:
            raise ConfigError(f"theme: there is no {settings.theme!r}; there are {', '.join(sorted(found))}")
        return Palette(read(found[settings.theme]), settings.scheme, no_color), ""
    except ConfigError as error:
        settings.theme = "harbour"
        return Palette(read(shipped() / "harbour.toml"), settings.scheme, no_color), str(error)
