"""The screens that ask for more than pictures: what opens their other processes, and their turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from cockpit.tui import archived, laboratory, logged, past
from cockpit.tui.auditing import Auditing

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp


class Openers(NamedTuple):
    """What starts another process when it is first needed; None = this screen has none."""

    past: Callable[[], past.Port] | None = None
    """Rebuilds past moments."""
    lab: Callable[[], laboratory.Port] | None = None
    """Reads what was tried, and tries."""
    archive: Callable[[], archived.Port] | None = None
    """Looks into the archive, and mends it."""
    log: Callable[[], logged.Port] | None = None
    """Reads the log."""
    facts: logged.Facts | None = None
    """Memory of this process, versions of what runs."""
    only_past: bool = False
    """There is no present behind the link."""


class Asides:
    """Audit, past and lab of one screen."""

    def __init__(self, app: CockpitApp, openers: Openers) -> None:
        self.app = app
        self.audit = Auditing(app)
        self.past = past.Past(app, openers.past, only=openers.only_past)
        self.lab = laboratory.Laboratory(app, openers.lab)
        self.archive = archived.Archived(app, openers.archive)
        self.log = logged.Logged(app, openers.log, openers.facts)

    def ask(self, now: float) -> None:
        """Whatever the page that is shown wants to know."""
        if not self.app.desk.is_mounted:
            return
        panels = {*self.app.desk.desk.page.panels, *self.app.desk.desk.places}
        if "audit" in panels:
            self.audit.tick(now)
        if "runs" in panels:
            self.lab.tick(now)
        self.lab.listen()
        self.archive.tick(now, "archive" in panels)
        if "log" in panels:
            self.log.tick(now)

    def changed(self, **parts: object) -> None:
        """Something that was asked for has come: its panels are due."""
        self.app.aside = msgspec.structs.replace(self.app.aside, **parts)
        for view in self.app.desk.views.values():
            if view.aside:
                view.due = 0.0

    def close(self) -> None:
        """The screen ends, and the processes that read for it."""
        self.past.close()
        self.lab.close()
        self.archive.close()
