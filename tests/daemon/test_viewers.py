"""Screens come, are killed, frozen, sent to the background, left: what is traded is the same to the byte."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from itertools import takewhile
from pathlib import Path

import msgspec
import pytest

from cockpit.adapters import practice
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.tape_writer import TapeWriter
from tests.daemon.process import Daemon
from tests.daemon.terminals import COCKPIT, Screen

pytestmark = pytest.mark.daemon


def tape(file: Path, seconds: int) -> Path:
    """So much of the practice market, busy enough that there is always something to trade."""
    spec = practice.PracticeSpec(seed=3)
    end = spec.start_ms + seconds * 1_000
    with TapeWriter(file, source="test") as writer:
        for instrument in practice.instruments(spec).values():
            writer.instrument(instrument)
        for event in takewhile(lambda event: event.ts < end, practice.stream(spec)):
            writer.add(event)
        writer.close()
    return file


def decisions(folder: Path) -> bytes:
    """Every order, fill and outcome of a run, as bytes."""
    with JournalFile(folder / "cockpit.db") as journal:
        assert journal.verify() > 0
        return msgspec.msgpack.encode([journal.orders(), journal.fills(), list(journal.outcomes())])


def leave(screen: Screen, way: int) -> None:
    """Five ways in which a screen is lost or left."""
    if way == 0:
        screen.send(signal.SIGKILL)
    elif way == 1:  # frozen, and back
        screen.stop(signal.SIGSTOP)
        screen.send(signal.SIGCONT)
        quit_(screen)
    elif way == 2:  # to the background and to the front, as ^z and fg do it
        screen.stop(signal.SIGTSTP)
        screen.send(signal.SIGCONT)
        quit_(screen)
    elif way == 3:  # frozen for good
        screen.stop(signal.SIGSTOP)
        screen.send(signal.SIGKILL)
    else:
        screen.hang_up()
    screen.ended()


def quit_(screen: Screen) -> None:
    """Pressed again until it ends, as a person does: a key typed just as a program wakes is lost at times."""
    for _ in range(5):
        screen.press(b"q")
        with contextlib.suppress(subprocess.TimeoutExpired):
            screen.process.wait(10)
            return


def compare(folder: Path, cycles: int, seconds: int) -> None:
    file = tape(folder / "market.tape", seconds)
    alone, watched = folder / "alone", folder / "watched"
    with Daemon(watched, "--tape", str(file), "--speed", "1") as daemon:
        for cycle in range(cycles):
            attach = [*COCKPIT, "attach", "--lang", "en", "--data-dir", str(watched)]
            size = ((80, 24), (120, 40), (200, 60))[cycle % 3]
            with Screen(attach, folder, *size) as screen:
                screen.until(b"REPLAY")
                screen.press(b"5\t2z")
                leave(screen, cycle % 5)
        daemon.ask("speed", {"speed": "max"}, drive=True)
        assert daemon.ended() == 0
    with Daemon(alone, "--tape", str(file), "--speed", "max") as daemon:
        assert daemon.ended() == 0
    assert decisions(watched) == decisions(alone)
    with JournalFile(alone / "cockpit.db") as journal:
        assert len(journal.orders()) > seconds // 10


def test_five_lost_screens_change_no_order(tmp_path: Path) -> None:
    compare(tmp_path, 5, 240)


@pytest.mark.soak
def test_a_hundred_lost_screens_change_no_order(tmp_path: Path) -> None:
    compare(tmp_path, 100, 1_800)


def test_a_screen_that_is_told_to_end_gives_the_terminal_back(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon:
        attach = [*COCKPIT, "attach", "--lang", "en", "--data-dir", str(tmp_path)]
        with Screen(attach, tmp_path) as screen:
            screen.until(b"PRACTICE")
            screen.send(signal.SIGTERM)
            screen.ended()
            screen.read_out()
            assert b"Detached" in screen.seen
            assert screen.process.returncode == 0
            assert b"\x1b[?1049l" in screen.seen
        assert daemon.status()["pid"] == daemon.pid
