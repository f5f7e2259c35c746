"""What a person may set about the screen. The app fills it from ``cockpit.toml``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """One key of the settings, as it is listed."""

    key: str
    value: str
    default: str
    origin: str
    """The file, the variable or the option that set it; empty = the default."""
    live: bool = False
    """Does a running screen take a change over at once?"""
    about: str = ""


class TuiSettings(msgspec.Struct):
    """Look and keys of the screen; every field has a safe default."""

    theme: str = "harbour"
    """Name of a file in the themes folder, without ``.toml``."""
    lang: str = "en"
    """en | zh"""
    scheme: str = "green_up"
    """green_up | red_up | colour_blind | mono: which colour rises."""
    glyphs: str = "unicode"
    """unicode | safe | ascii: which shapes the terminal can draw."""
    no_color: bool = False
    """Attributes only; also switched on by the environment variable NO_COLOR."""
    fps: int = 10
    """Frames per second of the order book, the fastest panel; 1 to 30."""
    themes_dir: Path | None = None
    """A folder of your own themes; they join the shipped ones."""
    keymap: dict[str, str] = {}
    """Action id → keys, comma-separated: ``{"zoom": "z,f5"}``."""
    guide: bool = False
    """Offer the guide of the first five minutes to whoever starts the practice market for the first time."""
    memory_file: Path | None = None
    """Where the screen remembers from start to start; None = nowhere."""
    layouts_dir: Path | None = None
    """Where arrangements of panels are saved under a name; None = nowhere."""
    exports_dir: Path | None = None
    """Where exports go; the working directory by default."""
    screenshots_dir: Path | None = None
    """Where ctrl+s writes; the working directory by default."""
    file: Path | None = None
    """The settings file: what changes in it shows at once, as far as it concerns this screen."""
    again: Callable[[], TuiSettings] | None = None
    """Reads everything anew. Raises ConfigError."""
    listed: Callable[[], tuple[Setting, ...]] | None = None
    """Every setting there is; asked for when a person looks."""
