"""The disasters: how each begins and ends, what a person should do, and what the system must do by itself."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from cockpit.app.drills.stage import HELD, QUOTED, Stage

Deed = Callable[[Stage], None]
SMALL = 4_096
"""Bytes that a file may have on the disk that is "full": nothing can be added to a journal."""
MORE_PUBLIC = ("books", "bbo-tbt", "trades", "mark-price", "index-tickers", "tickers", "candle*")


class Scenario(msgspec.Struct, frozen=True):
    """One drill. Its sentences are ``drill.NAME.title`` and ``drill.NAME.brief`` of the catalogue."""

    name: str
    strike: Deed
    heal: Deed
    lasts_s: float
    """How long until it heals."""
    alarm_s: float
    """When the screen must have said something, at the latest."""
    halt: bool = True
    """A person should halt; False: the right deed is to watch, and halting is no mistake."""
    naked_s: float = 5.0
    """How long a position may stand without its stop."""
    elsewhere: bool = False
    """The cockpit itself may not answer: the way in is ``cockpit kill`` in another terminal."""
    linux: bool = False
    """Needs what only Linux has."""

    @property
    def here(self) -> bool:
        """Can it be played on this machine?"""
        return not self.linux or sys.platform.startswith("linux")


def faults(*rules: dict[str, Any]) -> Deed:
    """Add rules at the exchange's fault door, each biting until it heals."""

    def strike(stage: Stage) -> None:
        stage.admin("faults", [{"times": 0, **rule} for rule in rules])

    return strike


def healed(stage: Stage) -> None:
    stage.admin("heal")


def both(*deeds: Deed) -> Deed:
    def do(stage: Stage) -> None:
        for deed in deeds:
            deed(stage)

    return do


def struck(on: str, do: str, **more: Any) -> Deed:
    return lambda stage: stage.admin("strike", {"on": on, "do": do, **more}) and None


def moved(fraction: float) -> Deed:
    """Every price of both markets leaps by a part of itself."""

    def strike(stage: Stage) -> None:
        for name in (HELD, QUOTED):
            now = float(stage.price(name))
            stage.admin("move", {"instId": name, "px": f"{now * (1 + fraction):.4g}"})

    return strike


def signalled(number: signal.Signals) -> Deed:
    return lambda stage: os.kill(stage.pid, number)


def disk(full: bool) -> Deed:
    """Nothing can be added to any file of the daemon any more, and again."""

    def strike(stage: Stage) -> None:
        if sys.platform.startswith("linux"):
            import resource

            hard = resource.prlimit(stage.pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(stage.pid, resource.RLIMIT_FSIZE, (SMALL if full else hard, hard))

    return strike


def crashed(stage: Stage) -> None:
    assert stage.daemon is not None
    stage.daemon.kill()
    stage.daemon.wait()


def grown(stage: Stage) -> None:
    """The strategy wants twice as much: its stop must grow with it."""
    stage.more.touch()


NO_ROAD = (
    {"on": "connect *", "do": "refuse", "status": 503},
    {"on": "rest *", "do": "reset"},
)
CLOSED = (
    {"on": "connect *", "do": "refuse", "status": 503},
    {"on": "rest *", "do": "refuse", "code": "50001", "status": 503, "message": "Service temporarily down"},
)
BUSY = (
    {"on": "rest *", "do": "refuse", "code": "50011", "status": 429, "message": "Too Many Requests"},
    {"on": "op *", "do": "refuse", "code": "50011", "message": "Too Many Requests"},
)
NO_STOPS = (
    {"on": "rest POST trade/order-algo", "do": "refuse", "code": "51000", "message": "Trigger price error"},
    {"on": "rest POST trade/amend-algos", "do": "refuse", "code": "51000", "message": "Trigger price error"},
)
DEAF = (
    {"on": "op *", "do": "lose", "times": 4},
    {"on": "rest POST trade/order", "do": "lose", "times": 4},
    {"on": "rest POST trade/batch-orders", "do": "lose", "times": 4},
)

SCENARIOS: dict[str, Scenario] = {
    one.name: one
    for one in (
        Scenario("link_lost", both(struck("sockets *", "half_open"), faults(*NO_ROAD)), healed, 20, 5),
        Scenario(
            "maintenance",
            both(faults(*CLOSED), struck("sockets *", "notice", ms=500)),
            healed,
            20,
            10,
        ),
        Scenario("flash_crash", moved(-0.08), moved(0.06), 8, 5, halt=False),
        Scenario("refused_stops", both(faults(*NO_STOPS), grown), healed, 20, 5, halt=False),
        Scenario(
            "wedged_strategy",
            lambda stage: stage.wedge.touch(),
            lambda stage: stage.wedge.unlink(missing_ok=True),
            18,
            5,
            elsewhere=True,
        ),
        Scenario("lost_answer", faults(*DEAF), healed, 15, 12, halt=False),
        Scenario("disk_full", disk(full=True), disk(full=False), 20, 10, linux=True),
        Scenario(
            "data_stale",
            faults(*({"on": f"push {name}", "do": "drop"} for name in MORE_PUBLIC)),
            healed,
            25,
            20,
        ),
        Scenario(
            "frozen",
            signalled(signal.SIGSTOP),
            signalled(signal.SIGCONT),
            12,
            3,
            elsewhere=True,
        ),
        Scenario("crash", crashed, lambda stage: stage.start_daemon(), 5, 3, halt=False),
        Scenario("rate_limited", faults(*BUSY), healed, 20, 20),
        Scenario("clock_jump", struck("clock", "skew", ms=45_000), healed, 20, 20, halt=False),
    )
}
