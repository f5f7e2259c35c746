"""Work beside the trading gives way: the process, and where the system shares by sessions its session."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.app import priority

HERE = Path("/proc/self/autogroup")


@contextmanager
def waiting(*, own: bool) -> Iterator[int]:
    """A process that only waits, in a session of its ``own`` or in ours."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=own)
    try:
        yield child.pid
    finally:
        child.kill()
        child.communicate()


def patiently(pid: int) -> bool:
    """Somebody else on this machine may have asked a moment ago."""
    for _ in range(100):
        if priority.give_way(pid):
            return True
        time.sleep(priority.AGAIN_S)
    return False


def test_a_process_gives_way() -> None:
    with waiting(own=True) as pid:
        assert patiently(pid)
        assert os.getpriority(os.PRIO_PROCESS, pid) == max(priority.NICE, os.getpriority(os.PRIO_PROCESS, 0))


@pytest.mark.skipif(not HERE.exists(), reason="this system does not share by sessions")
def test_its_session_gives_way_too_and_ours_does_not() -> None:
    before = HERE.read_text()
    with waiting(own=True) as pid:
        place = Path(f"/proc/{pid}/autogroup")
        if not os.access(place, os.W_OK):
            pytest.skip("this system does not let us")
        assert patiently(pid)
        assert place.read_text().split()[-1] == str(priority.NICE)
    with waiting(own=False) as pid:
        assert patiently(pid)
    assert HERE.read_text() == before


@pytest.mark.skipif(not priority.turn_ns(), reason="this system has one turn for all")
def test_who_trades_has_short_turns_and_what_it_starts_has_not(tmp_path: Path) -> None:
    async def trade() -> None:
        store = await SqliteStore.open(tmp_path / "cockpit.db", mode="practice")
        await priority.go_first(store)
        if not priority.short_turns():
            await store.close()
            pytest.skip("this system does not let us")
        assert priority.turn_ns() == priority.TURN_NS
        assert await store.ask(lambda _: priority.turn_ns()) == priority.TURN_NS
        with waiting(own=True) as pid:
            assert priority.turn_ns(pid) > priority.TURN_NS
        await store.close()

    # On a thread of its own: that of the tests keeps the turns it has.
    before = priority.turn_ns()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(trade())).result()
    assert priority.turn_ns() == before


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process cannot be kept off a core")
def test_work_beside_the_trading_leaves_it_a_core() -> None:
    ours = os.sched_getaffinity(0)
    if len(ours) < 2:
        pytest.skip("there is one core")
    with waiting(own=True) as pid:
        assert patiently(pid)
        assert os.sched_getaffinity(pid) == ours - {max(ours)}
    assert os.sched_getaffinity(0) == ours


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process cannot be kept off a core")
def test_a_thread_that_keeps_off_a_core_keeps_nobody_else_off_it() -> None:
    ours = os.sched_getaffinity(0)

    def paints() -> set[int]:
        priority.leave_a_core()
        return os.sched_getaffinity(0)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(paints).result() == (ours - {max(ours)} if len(ours) > 1 else ours)
    assert os.sched_getaffinity(0) == ours
    assert priority.cores() == len(ours)


def test_what_is_over_or_refused_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting(own=True) as pid:
        pass
    assert priority.give_way(pid), "it is gone: there is nobody to ask for"

    def full(*_: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(os, "setpriority", full)
    assert not priority.give_way(os.getpid()), "the system asks for patience"
