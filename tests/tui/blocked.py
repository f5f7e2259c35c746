"""A cockpit in a terminal that may stop reading; says on a pipe that its loop still turns."""

from __future__ import annotations

import os
import sys

from cockpit.core.frames import Frame
from cockpit.tui.app import CockpitApp
from cockpit.tui.link import ScriptedLink
from tests.tui import frames_for_tests as made


def main() -> None:
    pipe = int(sys.argv[1])
    frames = [made.frame(at * 7) for at in range(12)]

    def turn(call: int) -> Frame:
        os.write(pipe, b".")
        return frames[call % len(frames)]

    CockpitApp(ScriptedLink(turn, closing_stops_engine=False)).run()
    os.write(pipe, b"!")


if __name__ == "__main__":
    main()
