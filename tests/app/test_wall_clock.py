"""The process's clock: it never goes back, and never lags behind what the engine has heard."""

from __future__ import annotations

from cockpit.app.wiring import BEHIND, WallClock

HOUR = 3_600_000


class Machine:
    """A clock that people set, a steady one that they cannot, and what the engine knows."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000_000
        self.steady = 5_000
        self.known = 0
        self.clock = WallClock(
            lambda: self.known,
            wall_ns=lambda: self.wall * 1_000_000,
            steady_ns=lambda: self.steady * 1_000_000,
        )

    def wait(self, ms: int) -> int:
        """Time passes; how much of it the process sees."""
        before = self.clock.now_ms()
        self.wall += ms
        self.steady += ms
        return self.clock.now_ms() - before


def test_while_nobody_sets_it_it_is_the_machines_clock() -> None:
    machine = Machine()
    for ms in (1, 17, 1_000, HOUR):
        machine.wait(ms)
        assert machine.clock.now_ms() == machine.wall


def test_set_back_it_goes_on_a_little_slower_until_the_machine_has_caught_up() -> None:
    machine = Machine()
    before = machine.clock.now_ms()
    machine.wall -= HOUR
    assert machine.clock.now_ms() == before
    assert machine.wait(10_000) == 10_000 * BEHIND // 100
    for _ in range(60):
        machine.wait(HOUR)
    assert machine.clock.now_ms() == machine.wall


def test_set_forward_or_woken_from_sleep_it_follows_at_once() -> None:
    machine = Machine()
    machine.wall += HOUR
    assert machine.clock.now_ms() == machine.wall


def test_it_is_never_behind_what_the_engine_has_heard() -> None:
    """A venue whose clock is ahead, or a journal written before the clock was set back: retries go on."""
    machine = Machine()
    machine.known = machine.wall + HOUR
    assert machine.clock.now_ms() == machine.known
    assert machine.wait(10_000) == 10_000 * BEHIND // 100
