"""The settings file, watched: what concerns the screen shows as soon as it is written.

Newer than a choice made by a key is what was written after it. What cannot be is named, and the old stays.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.core.errors import CockpitError, ConfigError
from cockpit.tui.glyphs import SETS
from cockpit.tui.keymap import Keymap

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.settings import TuiSettings


class Reread:
    """Looks at the file's time stamp, and reads it anew when that has changed."""

    def __init__(self, app: CockpitApp) -> None:
        self.app = app
        self._stamp = stamp(app.settings.file)
        self._keys = dict(app.settings.keymap)

    def look(self) -> None:
        """Call now and then; it costs one ``stat``."""
        settings = self.app.settings
        now = stamp(settings.file)
        if now == self._stamp or settings.again is None:
            return
        self._stamp = now
        if not now:  # being replaced, or gone: what is in force stays in force
            return
        look = self.app.look()
        try:
            fresh = settings.again()
            keymap = Keymap(fresh.keymap)
        except (CockpitError, ConfigError, OSError) as error:
            self.app.warn(look.say("settings.bad", reason=error))
            return
        settings.listed = fresh.listed
        if fresh.keymap != self._keys:
            self._keys = dict(fresh.keymap)
            self.app.use_keymap(keymap)
        self._colours(fresh)
        self.app.tell("settings.reread")

    def _colours(self, fresh: TuiSettings) -> None:
        app = self.app
        controls = app.controls
        for name, take in (
            ("theme", controls.set_theme),
            ("scheme", controls.set_scheme),
            ("lang", controls.set_language),
            ("glyphs", controls.set_glyphs),
        ):
            wanted = str(getattr(fresh, name))
            if wanted != app.said[name] and (name != "glyphs" or wanted in SETS):
                app.said[name] = wanted
                take(wanted)


def stamp(file: Path | None) -> int:
    """When a file was last written, ns; 0 when it is not there."""
    try:
        return file.stat().st_mtime_ns if file is not None else 0
    except OSError:
        return 0
