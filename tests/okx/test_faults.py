"""The fault matrix over real sockets: while it trades something breaks; afterwards the books are the venue's.

Small version for the gate, one seed each; ``make soak`` runs every fault with several seeds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from inspect import signature
from pathlib import Path

import msgspec
import pytest

from cockpit.adapters.okx import adapter as adapter_module
from cockpit.adapters.okx import bounds
from cockpit.adapters.okx import market as market_module
from cockpit.adapters.okx import socket as socket_module
from cockpit.app import reference
from cockpit.core import events as ev
from cockpit.core.types import InstrumentState
from tests.okx.desks import OPTIONS, exchange
from tests.okx.machine import Machine, machine, trade
from tests.okx.scripted import until

FAULTS: dict[str, Callable[[Machine], None]] = {
    "pushes dropped": lambda m: m.fault("push orders*", "drop", times=0, chance=0.3),
    "pushes doubled": lambda m: m.fault("push *", "duplicate", times=0, chance=0.5),
    "pushes late": lambda m: m.fault("push orders", "delay", times=0, chance=0.5, ms=700),
    "pushes reordered": lambda m: m.fault("push *", "reorder", times=0, chance=0.3),
    "pushes malformed": lambda m: m.fault("push *", "malformed", times=0, chance=0.1),
    "book updates lost": lambda m: m.fault("push books", "drop", times=0, chance=0.2),
    "sequence begins anew": lambda m: m.fault("sequence books", "reset", times=3),
    "answers lost": lambda m: m.fault("op *", "lose", times=4, chance=0.3),
    "answers late": lambda m: m.fault("op *", "late", times=6, ms=3_500, chance=0.3),
    "requests late": lambda m: m.fault("op order", "delay", times=3, ms=6_000),
    "requests refused as busy": lambda m: m.fault("op *", "refuse", times=8, chance=0.5, code="50013"),
    "unknown outcomes": lambda m: m.fault("op *", "refuse", times=5, chance=0.5, code="51149"),
    "parts of batches refused": lambda m: m.fault("item trade/batch*", "refuse", times=6, items=(1,)),
    "parts of batches unknown": lambda m: m.fault(
        "item trade/batch*", "refuse", times=6, items=(0,), code="51149"
    ),
    "answers to batches lost": lambda m: m.fault("op batch*", "lose", times=3),
    "stops answered by nobody": lambda m: m.fault("rest POST trade/order-algo", "lose", times=3),
    "stops answered by a proxy": lambda m: m.fault("rest POST trade/order-algo", "html", times=3, status=502),
    "reads limited": lambda m: m.fault("rest GET *", "refuse", times=12, code="50011", chance=0.5),
    "reads cut": lambda m: m.fault("rest GET *", "reset", times=8, chance=0.5),
    "reads empty": lambda m: m.fault("rest GET *", "empty", times=8, chance=0.5),
    "sockets cut": lambda m: m.strike("sockets *", "abort"),
    "sockets closed": lambda m: m.strike("sockets *", "close"),
    "private half open": lambda m: m.strike("sockets private", "half_open"),
    "market stalls": lambda m: m.strike("sockets public", "stall"),
    "account streams stall": lambda m: m.strike("sockets private", "stall"),
    "logins refused": lambda m: (m.fault("login", "refuse", times=2), m.strike("sockets private", "abort"))[
        0
    ],
    "connects refused": lambda m: (
        m.fault("connect *", "refuse", times=4, status=503),
        m.strike("sockets *", "abort"),
    )[0],
    "maintenance notice": lambda m: m.strike("sockets *", "notice", ms=3_000),
    "cancels late": lambda m: m.fault("cancel", "defer", times=0, ms=400),
    "clock ahead": lambda m: m.strike("clock", "skew", ms=45_000),
    "clock behind": lambda m: m.strike("clock", "skew", ms=-45_000),
    "market suspended": lambda m: m.relisted(2.5, state=InstrumentState.SUSPENDED),
    "tick and lot change": lambda m: m.relisted(2.5, tick=Decimal("0.5"), lot=Decimal("0.1")),
    "funding is settled, no orders taken": lambda m: m.running.server.venue.settling.add("BTC-USDT-SWAP"),
    "price jumps": lambda m: m.running.server.venue.move("BTC-USDT-SWAP", 4_000),
}
GATE = (
    "account streams stall", "pushes reordered", "answers lost", "sockets cut", "market stalls",
    "stops answered by nobody", "parts of batches unknown",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter patience, so that a fault, its notice and its repair fit into seconds."""
    monkeypatch.setattr(adapter_module, "CATCH_UP_S", 2.0)
    monkeypatch.setattr(adapter_module, "PRIVATE_PING_S", 1.0)
    monkeypatch.setattr(market_module, "BOOK_S", 2.0)
    monkeypatch.setattr(socket_module, "PONG_S", 1.0)


async def story(name: str, folder: Path, seed: int) -> dict[str, float]:
    """Trade, break, trade on, heal, compare. Returns what was measured (seconds)."""
    options = msgspec.structs.replace(OPTIONS, seed=seed)
    async with exchange(options) as running, machine(running, folder) as made:
        await trade(made, 3)
        heard = len(made.when)
        begin = time.monotonic()
        FAULTS[name](made)
        await asyncio.sleep(3.0)
        made.heal()
        before = made.engine.state.fills
        await until(
            lambda: made.engine.state.links.get("private") and made.engine.state.links.get("market"), 20
        )
        await until(lambda: made.engine.state.fills > before, 30)
        healed = time.monotonic() - begin
        await made.quiet(40)
        made.assert_equal_books()
        noticed = [at - begin for at, e in made.when[heard:] if is_notice(e)]
        first = {"first noticed after": min(noticed)} if noticed else {}
        return {"noticed": float(len(noticed)), **first, "trades again after": healed}


def is_notice(event: ev.AnyEvent) -> bool:
    """Does it say that something is wrong?"""
    return isinstance(event, ev.DataFault | ev.Unknown) or (isinstance(event, ev.Link) and not event.up)


def printed(name: str, seed: int, measured: dict[str, float]) -> None:
    """What was measured, in seconds; the bounds are those of ``cockpit help bounds``."""
    print(f"{name}, seed {seed}: " + ", ".join(f"{key} {value:.2f}" for key, value in measured.items()))


def test_every_fault_has_a_stated_bound() -> None:
    """The page that a user reads is made from the constants that the code uses."""
    data, text = reference.bounds("en")
    assert len(text.splitlines()) == len(data) == len(bounds.BOUNDS)
    assert signature(socket_module.Socket).parameters["ping_s"].default == bounds.PING_S


@pytest.mark.parametrize("name", GATE)
def test_after_the_fault_the_books_are_the_venues(name: str, tmp_path: Path) -> None:
    printed(name, 7, asyncio.run(asyncio.wait_for(story(name, tmp_path, 7), 100)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_with_several_seeds(name: str, seed: int, tmp_path: Path) -> None:
    measured = asyncio.run(asyncio.wait_for(story(name, tmp_path, seed), 120))
    printed(name, seed, measured)
