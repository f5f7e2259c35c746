"""The faces' ends of the door: the blocking client, the screen's link, and processes that die or freeze."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.api import sync as sync_module
from cockpit.api import wire
from cockpit.api.attach import AttachLink
from cockpit.api.sync import SyncDoor
from cockpit.core.errors import DoorError, NotRunning
from cockpit.core.frames import Answer
from tests.api.served import Engine, Served, until


@pytest.fixture
def served(path: Path) -> Iterator[Served]:
    with Served(path) as running:
        yield running


# --- the blocking client --------------------------------------------------------------------------


def test_a_verb_from_the_shell(served: Served, path: Path) -> None:
    with SyncDoor(path) as door:
        assert door.welcome.mode == "PRACTICE"
        assert not door.driver
        answer = door.ask("status")
        assert answer.payload == {"verb": "status", "n": 1}
        assert door.ask("halt").ok
        assert door.ask("stop").message == "door.not_driver"
        assert door.ask("drive").ok
        assert door.driver
        assert door.ask("stop").ok


def test_a_frame_from_the_shell(served: Served, path: Path) -> None:
    with SyncDoor(path, rate=60.0) as door:
        seqs = [door.frame().seq for _ in range(3)]
        assert seqs == sorted(set(seqs))
        assert door.ask("status").ok, "frames on the way are passed over"


def test_nobody_there_is_exit_code_seven(path: Path) -> None:
    with pytest.raises(NotRunning, match="no cockpit is running here") as refused:
        SyncDoor(path)
    assert refused.value.exit_code == 7
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    with pytest.raises(NotRunning):
        SyncDoor(path)
    with pytest.raises(NotRunning):
        AttachLink(path)


def test_a_mute_server_is_not_waited_for(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        with pytest.raises(DoorError, match="not answer in time") as refused:
            SyncDoor(path, timeout=0.05)
        assert refused.value.exit_code == 8
        with pytest.raises(DoorError, match="does not answer"):
            AttachLink(path, timeout=0.05)


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n", wire.packed(wire.Beat()), wire.framed(b"\xc1"), b""]
)
def test_another_program_behind_the_socket(path: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()

        def answer() -> None:
            for _ in range(2):
                connection, _ = other.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        for face in (SyncDoor, AttachLink):
            with pytest.raises(DoorError, match=r"no cockpit of this version|hung up"):
                face(path)
        thread.join()


def test_an_answer_that_is_long_in_coming_keeps_the_line(
    served: Served, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BEAT_S", 0.01)
    monkeypatch.setattr(sync_module, "WAIT_S", 30.0)
    beats = 0
    real = wire.from_client

    def counting(body: bytes) -> wire.FromClient:
        nonlocal beats
        message = real(body)
        beats += isinstance(message, wire.Beat)
        return message

    monkeypatch.setattr(wire, "from_client", counting)
    served.call(lambda: setattr(served.engine, "hold", __import__("asyncio").Event()))
    answers: list[Answer] = []

    def ask() -> None:
        with SyncDoor(path) as door:
            answers.append(door.ask("halt", timeout=30.0))

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: beats > 3, "beats while it waits")
    served.call(lambda: served.engine.hold.set())
    asking.join()
    assert answers[0].ok


# --- the screen's link ----------------------------------------------------------------------------


def answered(link: AttachLink, command_id: str) -> Answer:
    found: dict[str, Answer] = {}

    def look() -> bool:
        found.update({answer.command_id: answer for answer in link.answers()})
        return command_id in found

    until(look, f"an answer to {command_id}")
    return found[command_id]


def test_the_screens_link(served: Served, path: Path) -> None:
    link = AttachLink(path, rate=60.0)
    try:
        until(lambda: link.latest() is not None, "a frame")
        assert link.driver
        assert link.lost == 0.0
        assert link.closing_stops_engine is False
        answer = answered(link, link.send("sleeve_off", {"sleeve": "a"}))
        assert answer.ok
        assert answer.message_id == answer.message == "toy.done"
        assert answer.ms > 0
        assert served.engine.told[0][:2] == ("sleeve_off", {"sleeve": "a"})
        second = AttachLink(path, name="second")
        assert not second.driver
        assert second.driver_name == "tui"
        assert answered(second, second.send("drive", {"force": "1"})).ok
        until(lambda: second.driver and not link.driver, "the wheel changes hands")
        second.close()
        until(
            lambda: link.driver_name == "",
            "nobody drives: it was taken on purpose, so it is not grabbed back",
        )
        assert not link.driver
        assert answered(link, link.send("drive", {})).ok
        assert link.driver
    finally:
        link.close()
    until(lambda: not served.door.clients(), "it is gone")
    late = link.send("halt", {})
    assert [(answer.command_id, answer.message) for answer in link.answers()] == [(late, "door.lost")]
    link.close()


def test_a_link_outlives_its_engine(path: Path) -> None:
    with Served(path):
        link = AttachLink(path, rate=60.0)
        until(lambda: link.latest() is not None, "a frame")
    try:
        until(lambda: link.lost > 0, "the loss is seen")
        assert not link.driver
        order = link.send("sleeve_on", {})
        halt = link.send("halt", {})
        assert answered(link, order).message == "door.lost"
        before = link.latest()
        with Served(path, Engine()) as again:
            answer = answered(link, halt)
            assert answer.ok
            assert [verb for verb, *_ in again.engine.told] == ["halt"], "a halt is kept, an order never"
            until(lambda: link.lost == 0.0 and link.driver, "attached again, and at the wheel")
            until(lambda: link.latest() is not before, "new frames")
    finally:
        link.close()


def test_a_wheel_lost_by_silence_is_asked_for_again(served: Served, path: Path) -> None:
    link = AttachLink(path, rate=0)
    try:
        assert link.driver

        def lapse() -> None:
            served.door._lease.forgive(-100.0)
            served.door._last_round = served.door._clock() - 1.0
            served.door._round()

        served.call(lapse)
        until(lambda: link.driver and served.call(lambda: served.door.driver) == "tui", "driving again")
    finally:
        link.close()


# --- other processes ------------------------------------------------------------------------------

VIEWER = """
import asyncio, sys
from pathlib import Path
from cockpit.api.client import DoorClient

async def main():
    client = await DoorClient.connect(Path(sys.argv[1]), name=sys.argv[2], wants_drive=True, rate=60.0)
    client.on_frame = lambda frame: print(frame.seq, flush=True)
    loop = asyncio.get_running_loop()
    while verb := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        await client.ask(verb)

asyncio.run(main())
"""


class Viewer:
    """A client in a process of its own that prints the number of every frame it sees."""

    def __init__(self, path: Path, name: str, repo: Path) -> None:
        self.name = name
        self.seen: list[int] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", VIEWER, str(path), name],
            cwd=repo, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.seen.append(int(line))

    def say(self, verb: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(verb + "\n")
        self.process.stdin.flush()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:
                pass  # a command that was never read


@pytest.mark.daemon
def test_dead_and_frozen_viewers_are_nobodys_concern(path: Path, repo: Path) -> None:
    # 300 kB a frame: far more than a socket holds, so a server that waited for a reader would show it.
    with Served(path, Engine(padding=33_000)) as served:
        viewers = {name: Viewer(path, name, repo) for name in ("well", "dead", "frozen")}
        well, dead, frozen = viewers.values()
        try:
            until(
                lambda: all(len(viewer.seen) > 3 for viewer in viewers.values()), "three viewers see frames"
            )
            frozen.signal(signal.SIGSTOP)
            dead.signal(signal.SIGKILL)
            until(lambda: len(served.door.clients()) == 2, "the dead one is forgotten")
            sent = {client.name: client.frames for client in served.door.clients()}
            frozen.say("halt")
            mark = len(well.seen)
            until(lambda: len(well.seen) > mark + 60, "the well one goes on seeing")
            now = {client.name: client.frames for client in served.door.clients()}
            assert now["well"] >= sent["well"] + 60
            assert now["frozen"] <= sent["frozen"] + 1, "at most the one frame that was on its way"
            assert well.seen == sorted(set(well.seen))
            assert served.engine.told == []

            frozen.signal(signal.SIGCONT)
            until(lambda: [verb for verb, *_ in served.engine.told] == ["halt"], "its halt arrives")
            mark, newest = len(frozen.seen), served.engine.seq
            until(lambda: frozen.seen[-1] >= newest, "it sees the present, not what it missed")
            assert len(frozen.seen) <= mark + 60
        finally:
            for viewer in viewers.values():
                viewer.end()
        until(lambda: not served.door.clients(), "all are gone")


@pytest.mark.daemon
def test_a_killed_driver_leaves_the_wheel_free(path: Path, repo: Path) -> None:
    with Served(path) as served:
        viewer = Viewer(path, "first", repo)
        until(lambda: served.door.clients() and served.door.driver == "first", "the first drives")
        with SyncDoor(path, wants_drive=True) as door:
            assert not door.driver
            viewer.end()
            until(lambda: served.call(lambda: served.door.driver) == "", "the wheel is free")
            assert door.ask("drive").ok
            assert door.ask("resume").ok


def test_a_locked_screen_is_refused_the_wheel_by_itself(served: Served, path: Path) -> None:
    link = AttachLink(path, wants_drive=True, may_drive=False)
    try:
        assert not link.driver
        command = link.send("drive", {})
        assert [(a.command_id, a.ok, a.message) for a in link.answers()] == [(command, False, "door.locked")]
    finally:
        link.close()
