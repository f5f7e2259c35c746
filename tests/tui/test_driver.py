"""A terminal that stops reading must not stop the loop, and leaving must not wait for it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cockpit.tui.driver import MOST_QUEUED, DropWriter

PATIENCE = 60.0
"""Seconds after which a machine, however busy, counts as stuck."""
FRAME = "x" * 20_000


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """(the terminal's end, the program's end) of a pseudo terminal."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    yield master, slave
    for fd in (master, slave):
        with suppress(OSError):
            os.close(fd)


@contextmanager
def writer_on(slave: int) -> Iterator[tuple[DropWriter, threading.Event]]:
    caught_up = threading.Event()
    with os.fdopen(os.dup(slave), "w") as file:
        writer = DropWriter(file, caught_up.set)
        writer.start()
        yield writer, caught_up
        writer.stop()


def read_for(master: int, wanted: bytes) -> bytes:
    """What the program writes, until ``wanted`` is in it."""
    seen = b""
    deadline = time.monotonic() + PATIENCE
    while wanted not in seen and time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            seen += os.read(master, 65_536)
    return seen


def within_patience(work: threading.Thread) -> bool:
    work.start()
    work.join(PATIENCE)
    return not work.is_alive()


def test_everything_arrives_in_order_when_the_terminal_reads(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    with writer_on(slave) as (writer, _):
        for number in range(MOST_QUEUED // 2):
            writer.write(f"<{number}>")
        writer.write("end")
        seen = read_for(master, b"end")
    assert seen == "".join(f"<{number}>" for number in range(MOST_QUEUED // 2)).encode() + b"end"
    assert writer.dropped == 0


def test_a_stalled_terminal_costs_frames_not_time(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    with writer_on(slave) as (writer, caught_up):
        flood = threading.Thread(target=lambda: [writer.write(FRAME) for _ in range(300)], daemon=True)
        assert within_patience(flood)
        assert writer.owes
        assert writer.dropped >= 300 - MOST_QUEUED - 2
        assert not caught_up.is_set()
        reading = threading.Event()

        def read() -> None:
            while not reading.is_set():
                ready, _, _ = select.select([master], [], [], 0.05)
                if ready:
                    os.read(master, 65_536)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert caught_up.wait(PATIENCE)
        assert not writer.owes
        reading.set()
        reader.join(PATIENCE)


def test_leaving_a_stalled_terminal_does_not_hang(terminal: tuple[int, int]) -> None:
    _, slave = terminal
    with os.fdopen(os.dup(slave), "w") as file:
        writer = DropWriter(file, lambda: None)
        writer.start()
        for _ in range(100):
            writer.write(FRAME)
        assert within_patience(threading.Thread(target=writer.stop, daemon=True))
        writer.join(PATIENCE)
        assert not writer.is_alive()


def test_the_last_words_displace_pictures(terminal: tuple[int, int]) -> None:
    """What gives the terminal back its normal screen must get through, even out of a full queue."""
    master, slave = terminal
    with writer_on(slave) as (writer, _):
        for _ in range(100):
            writer.write(FRAME)
        writer.leaving = True
        writer.write("\x1b[?1049l")
        assert b"\x1b[?1049l" in read_for(master, b"\x1b[?1049l")


def test_a_vanished_terminal_ends_the_writer(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    with writer_on(slave) as (writer, _):
        os.close(master)
        writer.write("nobody reads this")
        writer.join(PATIENCE)
        assert not writer.is_alive()


def test_a_vanished_terminal_is_told_once_and_leaving_is_not(terminal: tuple[int, int]) -> None:
    master, slave = terminal
    gone = threading.Event()
    with os.fdopen(os.dup(slave), "w") as file:
        writer = DropWriter(file, lambda: None, gone.set)
        writer.start()
        os.close(master)
        writer.write("nobody")
        assert gone.wait(PATIENCE)
        writer.stop()


def test_the_shells_terminal_keeps_blocking(terminal: tuple[int, int]) -> None:
    """O_NONBLOCK belongs to the open file: set on the inherited one, it would stay after we leave."""
    _, slave = terminal
    with writer_on(slave):
        assert os.get_blocking(slave)


@contextmanager
def running(repo: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """A real cockpit in a real pseudo terminal, and the pipe on which its loop beats."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    beats, beat = os.pipe()
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(repo)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tui.blocked", str(beat)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        pass_fds=(beat,),
        cwd=repo,
        env=environment,
        start_new_session=True,
    )
    os.close(slave)
    os.close(beat)
    try:
        yield process, master, beats
    finally:
        process.kill()
        process.wait()
        for fd in (master, beats):
            os.close(fd)


def beats_come(beats: int, count: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while count > 0 and time.monotonic() < deadline:
        ready, _, _ = select.select([beats], [], [], 0.1)
        if ready:
            count -= len(os.read(beats, 4096))
    return count <= 0


@pytest.mark.daemon
def test_the_cockpit_lives_on_while_its_terminal_is_stalled(repo: Path) -> None:
    with running(repo) as (process, master, beats):
        assert b"PRACTICE" in read_for(master, b"PRACTICE")
        # Nobody reads now. At ten a second these are eight seconds of a screen nobody takes.
        assert beats_come(beats, 80)
        assert process.poll() is None
        seen = read_for(master, b"PRACTICE")
        assert b"PRACTICE" in seen
        os.write(master, b"q")
        assert b"The engine goes on" in read_for(master, b"back.").split(b"\x1b[?1049l")[-1]
        assert process.wait(PATIENCE) == 0


@pytest.mark.daemon
def test_the_cockpit_can_be_left_while_its_terminal_is_stalled(repo: Path) -> None:
    with running(repo) as (process, master, beats):
        assert b"PRACTICE" in read_for(master, b"PRACTICE")
        assert beats_come(beats, 60)
        os.write(master, b"q")
        assert process.wait(PATIENCE) == 0
