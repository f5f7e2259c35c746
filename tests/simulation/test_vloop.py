"""The loop under the simulator: virtual time, asyncio's own order, and no way out."""

import asyncio
import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable

import pytest

from tests.simulation.vloop import Deadlock, Escape, Livelock, VLoop


async def chatter(rounds: int, seed: int) -> str:
    """Six tasks that sleep, meet in a queue and race for timeouts; the log is the schedule."""
    rng = random.Random(seed)
    queue: asyncio.Queue[tuple[int, int]] = asyncio.Queue(maxsize=3)
    log: list[str] = []
    loop = asyncio.get_running_loop()

    async def speaker(name: int) -> None:
        for turn in range(rounds):
            await asyncio.sleep(rng.choice((0.0, 0.1, 0.25, 1.0)))
            await queue.put((name, turn))

    async def listener() -> None:
        for _ in range(rounds * 5):
            name, turn = await queue.get()
            log.append(f"{loop.time():.3f} {name}/{turn}")
            try:
                async with asyncio.timeout(0.05):
                    await asyncio.sleep(rng.choice((0.01, 0.05, 0.2)))
            except TimeoutError:
                log.append(f"{loop.time():.3f} late")

    async with asyncio.TaskGroup() as group:
        for name in range(5):
            group.create_task(speaker(name))
        group.create_task(listener())
    return hashlib.sha256("\n".join(log).encode()).hexdigest()


def test_an_hour_passes_at_once() -> None:
    async def main() -> float:
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    assert VLoop().run(main()) == 3600.0


def test_same_seed_same_schedule() -> None:
    assert VLoop(1).run(chatter(40, 7)) == VLoop(1).run(chatter(40, 7))
    assert VLoop(1, shuffle=True).run(chatter(40, 7)) == VLoop(1, shuffle=True).run(chatter(40, 7))


def test_ready_callbacks_keep_their_order_unless_shuffled() -> None:
    async def main() -> list[int]:
        order: list[int] = []
        for number in range(20):
            asyncio.get_running_loop().call_soon(order.append, number)
        await asyncio.sleep(0.001)
        return order

    assert VLoop(3).run(main()) == list(range(20))
    shuffled = VLoop(3, shuffle=True).run(main())
    assert sorted(shuffled) == list(range(20))
    assert shuffled != list(range(20))


@pytest.mark.parametrize(
    "reach",
    [
        lambda: time.time(),
        lambda: time.monotonic(),
        lambda: time.sleep(0.01),
        lambda: threading.Thread(target=print).start(),
        lambda: socket.socket(),
        lambda: random.random(),
    ],
)
def test_reaching_for_the_real_world_is_an_escape(reach: Callable[[], object]) -> None:
    async def main() -> None:
        try:
            reach()
        except Exception:  # noqa: BLE001
            return  # a worker that swallows everything must not swallow this

    loop = VLoop()
    with pytest.raises(Escape):
        loop.run(main())
    assert loop.escapes


@pytest.mark.parametrize("door", ["to_thread", "connect", "subprocess"])
def test_threads_sockets_and_processes_are_escapes(door: str) -> None:
    async def main() -> None:
        if door == "to_thread":
            await asyncio.to_thread(print)
        elif door == "connect":
            await asyncio.open_connection("127.0.0.1", 9)
        else:
            await asyncio.create_subprocess_exec("true")

    with pytest.raises(Escape):
        VLoop().run(main())


def test_doors_open_again_after_the_run() -> None:
    async def main() -> None:
        await asyncio.sleep(1)

    VLoop().run(main())
    assert time.time() > 0
    assert 0 <= random.random() < 1


def test_waiting_for_nothing_is_a_deadlock() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock):
        VLoop().run(main())


def test_spinning_is_a_livelock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulation.vloop.STEPS_PER_INSTANT", 1_000)

    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Livelock):
        VLoop().run(main())
