"""Panels: one file each; a frame in, text out."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Import every panel of this folder, so that the table of panels is complete."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
