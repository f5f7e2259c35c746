"""What single parts of the screen do when their keys are pressed: action id → call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cockpit.tui import export, grid
from cockpit.tui.past import MINUTE

if TYPE_CHECKING:
    from cockpit.tui.app import CockpitApp

MANY = 10**6
"""Rows: further than any list is long."""


def chart_actions(app: CockpitApp) -> dict[str, Callable[[], None]]:
    """The crosshair and the indicators of the chart."""
    cross = app.crosshair
    return {
        "cross.left": lambda: cross.move(-1),
        "cross.right": lambda: cross.move(1),
        "cross.up": lambda: cross.climb(1),
        "cross.down": lambda: cross.climb(-1),
        "cross.page_left": lambda: cross.move(-cross.page),
        "cross.page_right": lambda: cross.move(cross.page),
        "cross.first": lambda: cross.move(-MANY),
        "cross.last": lambda: cross.move(MANY),
        "indicators": cross.ask,
    }


def layout_actions(app: CockpitApp) -> dict[str, Callable[[], None]]:
    """Jumping to panels; moving, sizing, hiding and saving them."""
    mode = app.arranging
    return {
        "jump": lambda: app.desk.jump(),
        "layout": mode.begin,
        **{f"layout.{way}": partial(mode.move, way) for way in ("left", "right", "up", "down")},
        "layout.narrower": lambda: mode.resize(grid.wider, -1),
        "layout.wider": lambda: mode.resize(grid.wider, 1),
        "layout.shorter": lambda: mode.resize(grid.taller, -1),
        "layout.taller": lambda: mode.resize(grid.taller, 1),
        "layout.stack": mode.stack,
        "layout.hide": mode.hide,
        "layout.add": mode.add,
        "layout.undo": mode.undo,
        "layout.reset": mode.reset,
        "layout.save": mode.save,
        "layout.open": mode.open,
        "layout.done": mode.leave,
    }


def aside_actions(app: CockpitApp) -> dict[str, Callable[[], None]]:
    """What is done with the screens that ask for more than pictures: the audit, the past."""
    return {
        "archive.check": lambda: app.asides.archive.check(),
        "archive.repair": lambda: app.asides.archive.repair(),
        "lab.mark": lambda: app.lab.mark(),
        "lab.backtest": lambda: app.lab.backtest(),
        "audit.open": lambda: app.auditing.enter(),
        "audit.kind": lambda: app.auditing.next_kind(),
        "audit.export": lambda: export.ask(app),
        "past.here": lambda: app.past.here(),
        "past.time": lambda: app.past.ask(),
        "past.back": lambda: app.past.step(-1),
        "past.forward": lambda: app.past.step(1),
        "past.minute_back": lambda: app.past.shift(-MINUTE),
        "past.minute_forward": lambda: app.past.shift(MINUTE),
        "past.play": lambda: app.past.play(),
        "past.leave": lambda: app.past.leave(),
    }
