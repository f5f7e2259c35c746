"""Every page in three sizes, both languages and two themes: one run of the screen a size, pictures as text.

A file a size and language: the ten pages as they stand, and for each theme a mark a line of how it is drawn.
Accept a wanted change with ``pytest tests/snapshots --snapshot-update``.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from zlib import crc32

import pytest
from textual.pilot import Pilot

from cockpit.text import LANGUAGES
from cockpit.tui.app import CockpitApp
from cockpit.tui.layout import PAGES
from tests.snapshots.test_screen import SIZES, colour_is_ours, still

__all__ = ["colour_is_ours"]

THEMES = ("harbour", "paper")
KEPT = Path(__file__).with_name("pages")
BESIDE = {"audit": ("j", "j", "enter", "enter"), "lab": ("j", "j", "m", "k")}
"""Keys that fill what stands beside a list."""


def drawn(app: CockpitApp) -> tuple[list[str], list[str]]:
    """The rows of the terminal in words, and a mark of each one's colours and weights."""
    strips = app.screen._compositor.render_strips()
    marks = [f"{crc32(repr([(s.text, str(s.style)) for s in strip]).encode()):08x}" for strip in strips]
    return [strip.text.rstrip() for strip in strips], marks


async def shown(
    app: CockpitApp, pilot: Pilot[str], theme: str, lang: str
) -> list[tuple[list[str], list[str]]]:
    """All pages, one after the other."""
    app.use_theme(theme)
    app.lang = lang
    app.controls.changed()
    out = []
    for page in PAGES:
        await pilot.press(page.key)
        app.desk.forget()
        app.tick()
        app.paint_bars()
        await pilot.pause()
        out.append(drawn(app))
    return out


async def pictures(size: tuple[int, int]) -> dict[str, str]:
    """Language → the file of that size and language."""
    app = still()
    found: dict[str, str] = {}
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for page in PAGES:
            if page.name in BESIDE:
                await pilot.press(page.key, *BESIDE[page.name])
        for lang in LANGUAGES:
            by_theme = {theme: await shown(app, pilot, theme, lang) for theme in THEMES}
            lines: list[str] = []
            for place, page in enumerate(PAGES):
                text = by_theme[THEMES[0]][place][0]
                assert all(rows[place][0] == text for rows in by_theme.values()), "a theme changes no word"
                lines += [f"== {page.key} {page.name}", *text]
                lines += [f"-- {theme} {' '.join(rows[place][1])}" for theme, rows in by_theme.items()]
            found[lang] = "\n".join(lines) + "\n"
    return found


@pytest.mark.parametrize("size", sorted(SIZES))
def test_every_page(size: str, request: pytest.FixtureRequest) -> None:
    found = asyncio.run(pictures(SIZES[size]))
    for lang, text in found.items():
        file = KEPT / f"{size}-{lang}.txt"
        if request.config.getoption("--snapshot-update"):
            KEPT.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
        assert text == file.read_text("utf-8"), file.name
