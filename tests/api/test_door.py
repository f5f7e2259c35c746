"""The door over real sockets: frames, commands, the lease, and who may not come in."""

import asyncio
import os
import random
import socket
import stat
import struct
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cockpit.api import door as door_module
from cockpit.api import place, wire
from cockpit.api.client import DoorClient
from cockpit.api.door import Door
from cockpit.core.errors import DoorError, NotRunning
from tests.api.served import INFO, Engine, eventually


def session(path: Path, story: Callable[[Door, Engine], Awaitable[None]], **options: object) -> None:
    async def run() -> None:
        engine = Engine()
        door = engine.door(path, **options)
        await door.serve()
        try:
            await story(door, engine)
        finally:
            await door.close()
        assert not path.exists()

    asyncio.run(run())


def test_a_viewer_sees_frames_and_who_is_behind_the_door(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        client = await DoorClient.connect(path, name="tui", rate=60.0)
        assert (client.welcome.pid, client.welcome.mode, client.welcome.version) == (
            4711,
            "PRACTICE",
            INFO.version,
        )
        assert not client.driver
        seen: list[int] = []
        client.on_frame = lambda frame: seen.append(frame.seq)
        await eventually(lambda: len(seen) > 5, "frames")
        assert seen == sorted(set(seen))
        (info,) = door.clients()
        assert (info.name, info.pid, info.driver) == ("tui", os.getpid(), False)
        await client.close()
        await eventually(lambda: not door.clients(), "the client is forgotten")

    session(path, story)


def test_no_frames_for_who_wants_none(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        client = await DoorClient.connect(path, name="cli", rate=0.0)
        other = await DoorClient.connect(path, name="tui", rate=60.0)
        await eventually(lambda: other.frame is not None, "a frame")
        answer = await client.ask("status")
        assert answer.payload == {"verb": "status", "n": 1}
        assert answer.ms > 0
        assert client.frame is None

    session(path, story)


def test_commands_need_the_wheel_but_a_halt_does_not(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        driver = await DoorClient.connect(path, name="driver", wants_drive=True, rate=0)
        viewer = await DoorClient.connect(path, name="viewer", wants_drive=True, rate=0)
        assert driver.driver
        assert not viewer.driver
        assert viewer.driver_name == door.driver == "driver"
        refused = await viewer.ask("sleeve_off", {"sleeve": "a"})
        assert (refused.ok, refused.message, refused.args["driver"]) == (False, "door.not_driver", "driver")
        assert (await driver.ask("sleeve_off", {"sleeve": "a"})).ok
        assert (await viewer.ask("halt", {"flatten": "1"})).ok
        assert [(verb, actor.partition(":")[0]) for verb, _, actor, _ in engine.told] == [
            ("sleeve_off", "driver"),
            ("halt", "viewer"),
        ]

    session(path, story)


def test_a_command_id_is_obeyed_once(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        client = await DoorClient.connect(path, name="a", wants_drive=True, rate=0)
        engine.hold = asyncio.Event()
        first = asyncio.create_task(client.ask("resume", command_id="same"))
        await eventually(lambda: engine.told, "the command")
        await client.close()  # it is lost before the answer comes; the command goes on
        with pytest.raises(DoorError, match="lost"):
            await first
        again = await DoorClient.connect(path, name="a", wants_drive=True, rate=0)
        second = asyncio.create_task(again.ask("resume", command_id="same"))
        await asyncio.sleep(0.01)
        engine.hold.set()
        assert (await second).ok
        assert (await again.ask("resume", command_id="same")).payload == (await second).payload
        assert len(engine.told) == 1
        other = await again.ask("flatten", command_id="same")
        assert (other.ok, other.message) == (False, "door.id_reused")
        assert len(engine.told) == 1

    session(path, story)


def test_what_breaks_behind_the_door_is_an_answer(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        client = await DoorClient.connect(path, name="a", wants_drive=True, rate=60.0)
        broken = await client.ask("break")
        assert (broken.ok, broken.message) == (False, "door.failed")
        assert broken.args["reason"] == "ZeroDivisionError: toy"
        refused = await client.ask("refuse")
        assert refused.args["reason"] == "the disk is full"
        assert (await client.ask("huge")).message == "door.too_large"
        assert (await client.ask("note")).ok

    session(path, story)


def test_too_many_commands_at_once_are_refused(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        client = await DoorClient.connect(path, name="a", wants_drive=True, rate=0)
        engine.hold = asyncio.Event()
        asks = [asyncio.create_task(client.ask("note")) for _ in range(door_module.MOST_RUNNING + 3)]
        await eventually(lambda: sum(ask.done() for ask in asks) == 3, "three refusals")
        assert {ask.result().message for ask in asks if ask.done()} == {"door.busy"}
        engine.hold.set()
        assert sum(answer.ok for answer in await asyncio.gather(*asks)) == door_module.MOST_RUNNING

    session(path, story)


# --- the lease ------------------------------------------------------------------------------------


def test_the_wheel_changes_hands(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        one = await DoorClient.connect(path, name="one", wants_drive=True, rate=0)
        two = await DoorClient.connect(path, name="two", rate=0)
        news: list[wire.LeaseNews] = []
        one.on_lease = news.append
        held = await two.ask("drive")
        assert (held.ok, held.message, held.args) == (False, "door.drive.held", {"driver": "one"})
        assert one.driver
        taken = await two.ask("drive", {"force": "1"})
        assert (taken.ok, taken.args) == (True, {"before": "one"})
        assert two.driver
        await eventually(lambda: news, "the old driver is told")
        assert (news[0].driver, news[0].yours, one.driver) == ("two", False, False)
        assert not (await one.ask("resume")).ok
        assert (await two.ask("release")).ok
        await eventually(lambda: one.driver_name == "", "nobody drives")
        assert not (await two.ask("resume")).ok
        assert (await one.ask("drive")).ok
        await one.close()
        await eventually(lambda: door.driver == "", "a driver that leaves lets go")
        assert (await two.ask("drive")).ok
        assert not (await two.ask("release")).args
        assert (await two.ask("release")).message == "door.not_driver"

    session(path, story)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def mute(path: Path, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A driver that never says that it is alive."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(wire.packed(wire.Hello(wire.PROTOCOL, name, True, 0.0)))
    welcome = wire.from_server(await wire.body_from(reader))
    assert isinstance(welcome, wire.Welcome)
    assert welcome.yours
    return reader, writer


def test_a_silent_driver_loses_the_wheel_and_then_the_line(path: Path) -> None:
    clock = Clock()

    async def story(door: Door, engine: Engine) -> None:
        _, writer = await mute(path, "mute")
        viewer = await DoorClient.connect(path, name="viewer", rate=0)
        for _ in range(5):
            clock.now += 1.0
            door._round()
        assert door.driver == "mute"
        clock.now += 1.0
        door._round()
        assert door.driver == ""
        assert (await viewer.ask("drive")).ok
        # What the old driver still had to say comes too late.
        writer.write(wire.packed(wire.Ask("late", "resume", {})))
        for _ in range(25):
            clock.now += 1.0
            await viewer.ask("status")
            door._round()
        assert len(door.clients()) == 2
        assert [verb for verb, *_ in engine.told if verb != "status"] == []
        for _ in range(door_module.SILENCE_S.__trunc__() + 1):
            clock.now += 1.0
            await viewer.ask("status")
            door._round()
        await eventually(lambda: len(door.clients()) == 1, "the mute one is hung up on")
        assert viewer.driver
        writer.close()

    session(path, story, clock=clock)


def test_a_server_that_stood_still_blames_nobody(path: Path) -> None:
    clock = Clock()

    async def story(door: Door, engine: Engine) -> None:
        _, writer = await mute(path, "mute")
        clock.now += 1.0
        door._round()
        clock.now += 600.0
        door._round()
        assert door.driver == "mute"
        assert len(door.clients()) == 1
        clock.now += 1.0
        door._round()
        assert door.driver == "mute"
        writer.close()

    session(path, story, clock=clock)


# --- who may come in ------------------------------------------------------------------------------


async def say(path: Path, raw: bytes) -> wire.FromServer | None:
    """Throw bytes at the door; what it answers, None when it just hangs up."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(raw)
        writer.write_eof()
        return wire.from_server(await wire.body_from(reader))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    finally:
        writer.close()


HELLO = wire.packed(wire.Hello(wire.PROTOCOL, "x"))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (wire.packed(wire.Hello(2, "future")), "door.refused.protocol"),
        (struct.pack(">I", wire.LIMIT + 1), "door.refused.size"),
        (struct.pack(">I", 0), "door.refused.size"),
        (b"GET / HTTP/1.1\r\n\r\n", "door.refused.size"),
        (wire.framed(b"\xc1"), "door.refused.garbage"),
        (wire.framed(b"\x91" * 100_000), "door.refused.garbage"),
        (wire.packed(wire.Beat()), "door.refused.hello"),
        (wire.framed(b""), None),
    ],
    ids=["newer", "too long", "nothing", "http", "no msgpack", "deep", "no hello", "cut off"],
)
def test_strangers_are_told_why(path: Path, raw: bytes, reason: str | None) -> None:
    async def story(door: Door, engine: Engine) -> None:
        said = await say(path, raw[: len(raw) - 1] if reason is None else raw)
        if reason is None:
            assert said is None
        else:
            assert isinstance(said, wire.Refused)
            assert said.reason == reason
        assert not door.clients()

    session(path, story)


def test_noise_harms_nobody(path: Path) -> None:
    """Random bytes, broken copies of real messages, hang-ups in the middle, beside a client that works."""
    draw = random.Random(5)
    real = [
        HELLO,
        HELLO + wire.packed(wire.Ask("i", "halt", {"a": "b"})),
        HELLO + wire.packed(wire.Beat()) + wire.packed(wire.Seen()),
        HELLO + HELLO,
    ]

    def noise() -> bytes:
        if draw.random() < 0.4:
            body = draw.randbytes(draw.randrange(1, 200))
            return wire.framed(body) if draw.random() < 0.5 else body
        raw = bytearray(draw.choice(real))
        for _ in range(draw.randrange(4)):
            raw[draw.randrange(len(raw))] = draw.randrange(256)
        return bytes(raw[: draw.randrange(1, len(raw) + 1)])

    async def story(door: Door, engine: Engine) -> None:
        loop = asyncio.get_running_loop()
        unhandled: list[dict[str, object]] = []
        loop.set_exception_handler(lambda _, context: unhandled.append(context))
        good = await DoorClient.connect(path, name="good", wants_drive=True, rate=60.0)
        for number in range(300):
            await say(path, noise())
            if number % 30 == 0:
                assert (await good.ask("note")).ok
        await eventually(lambda: len(door.clients()) == 1, "only the good one is left")
        assert good.driver
        assert unhandled == []

    session(path, story)


def test_the_house_can_be_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MOST_GUESTS", 2)

    async def story(door: Door, engine: Engine) -> None:
        for name in ("a", "b"):
            await DoorClient.connect(path, name=name, rate=0)
        with pytest.raises(DoorError, match=r"hung up: door\.refused\.full \(most 2\)"):
            await DoorClient.connect(path, name="c", rate=0)

    session(path, story)


def test_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "peer", lambda _: (1, 54_321))

    async def story(door: Door, engine: Engine) -> None:
        with pytest.raises(DoorError, match=r"door\.refused\.user"):
            await DoorClient.connect(path, name="mallory")

    session(path, story)


def test_names_cannot_speak_to_the_terminal(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        await DoorClient.connect(path, name="\x1b[2J evil" + "x" * 100, rate=float("nan"))
        (info,) = door.clients()
        assert info.name.startswith("?[2J evil")
        assert len(info.name) == 40

    session(path, story)


# --- the socket file ------------------------------------------------------------------------------


def test_the_socket_is_its_users_alone(path: Path) -> None:
    async def story(door: Door, engine: Engine) -> None:
        found = path.lstat().st_mode
        assert stat.S_ISSOCK(found)
        assert stat.S_IMODE(found) == 0o600

    session(path, story)


def test_a_dead_cockpits_socket_is_replaced_and_a_living_one_is_not(path: Path) -> None:
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(str(path))
    dead.close()
    assert path.exists()

    async def story(door: Door, engine: Engine) -> None:
        client = await DoorClient.connect(path, name="a", rate=0)
        second = engine.door(path)
        with pytest.raises(DoorError, match="another cockpit answers"):
            await second.serve()
        await second.close()
        assert (await client.ask("status")).ok, "the first is not disturbed"
        assert path.exists()

    session(path, story)


def test_what_is_no_socket_is_not_removed(path: Path) -> None:
    path.write_text("mine")

    async def story() -> None:
        with pytest.raises(DoorError, match="no socket, and not ours to remove"):
            await Engine().door(path).serve()

    asyncio.run(story())
    assert path.read_text() == "mine"


def test_a_deep_data_directory_gets_a_short_socket(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = place.door_path(tmp_path / ("d" * 60) / ("e" * 60))
    runtime = path.parent / "run"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))

    async def story(door: Door, engine: Engine) -> None:
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        client = await DoorClient.connect(deep, name="a", rate=0)
        assert (await client.ask("status")).ok
        (made,) = runtime.iterdir()
        assert stat.S_IMODE(made.lstat().st_mode) == 0o600
        assert stat.S_IMODE(runtime.stat().st_mode) == 0o700

    session(deep, story)
    assert list(runtime.iterdir()) == []
    with pytest.raises(NotRunning):
        asyncio.run(DoorClient.connect(deep, name="a"))


def test_a_runtime_directory_too_deep_itself_is_passed_over(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = place.door_path(tmp_path / ("d" * 60) / ("e" * 60))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep.parent))
    monkeypatch.setattr(tempfile, "tempdir", str(path.parent))
    assert place.socket_to_make(deep).parent.parent == path.parent
    monkeypatch.setattr(tempfile, "tempdir", str(deep.parent))
    with pytest.raises(DoorError, match="no path is short enough"):
        place.socket_to_make(deep)


def test_a_runtime_directory_that_others_can_write_is_refused(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = place.door_path(tmp_path / ("d" * 60) / ("e" * 60))
    runtime = path.parent / "run"
    runtime.mkdir()
    runtime.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    with pytest.raises(DoorError, match="not ours alone"):
        place.socket_to_make(deep)
