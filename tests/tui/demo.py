"""The screen on a synthetic market: ``python -m tests.tui.demo [--lang zh] [--scheme red_up] …``."""

from __future__ import annotations

import argparse
import os

from cockpit.tui.app import CockpitApp
from cockpit.tui.link import ScriptedLink
from cockpit.tui.settings import TuiSettings
from tests.tui import frames_for_tests as made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--theme", default="harbour")
    parser.add_argument("--scheme", default="green_up")
    parser.add_argument("--glyphs", default="unicode")
    parser.add_argument("--viewer", action="store_true")
    args = parser.parse_args()
    link = ScriptedLink(made.frame, driver=not args.viewer, closing_stops_engine=False)
    settings = TuiSettings(
        theme=args.theme,
        lang=args.lang,
        scheme=args.scheme,
        glyphs=args.glyphs,
        no_color=bool(os.environ.get("NO_COLOR")),
    )
    CockpitApp(link, settings).run()


if __name__ == "__main__":
    main()
