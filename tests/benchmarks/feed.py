"""d: market messages from a socket to a strategy, beside ccxt.pro, a raw socket and nautilus's own client.

Every client gets the same frames from the same stub, one after the other, each in a process of its own; stub
and client have cores of their own. Goals D1-D5 are ratios within this run. nautilus runs where
COCKPIT_NAUTILUS_PYTHON names a Python that has it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cockpit.adapters.okx import frames
from tests.benchmarks.cores import held, kept_to, parted, states
from tests.benchmarks.okx_stub import books, packed
from tests.benchmarks.rows import Row, row

FLOOD = 6_000
TURNS = 3
PACED = 3_000
RATE = 500
FAST = 20_000
BURST = 50
NAUTILUS = os.environ.get("COCKPIT_NAUTILUS_PYTHON", "")
PEERS = {"raw": "raw socket, generic JSON, no book", "nautilus": "nautilus (Rust client)"}
HERE = Path(__file__).parent


@contextmanager
def stub(channel: str, rate: float, count: int, burst: int) -> Iterator[tuple[int, Path]]:
    """A stub in its own process: (port, file of send times). What is started meanwhile has other cores."""
    server, clients = parted()
    with tempfile.TemporaryDirectory(prefix="bench-okx-") as folder:
        file = Path(folder) / "sent"
        command = [
            sys.executable,
            "-m",
            "tests.benchmarks.okx_stub",
            channel,
            str(rate),
            str(count),
            str(burst),
        ]
        with kept_to(server):
            process = subprocess.Popen([*command, str(file)], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            with kept_to(clients):
                yield int(process.stdout.readline()), file
        finally:
            process.kill()
            process.communicate()


def client(name: str, channel: str, rate: float, count: int, burst: int = 1) -> dict[str, Any]:
    """What one client saw and cost. Raises RuntimeError with its words when it did not get there."""
    with stub(channel, rate, count, burst) as (port, file):
        if name == "nautilus":
            command = [NAUTILUS, str(HERE / "nautilus_feed.py")]
        else:
            command = [sys.executable, "-m", "tests.benchmarks.okx_clients", name]
        done = subprocess.run(
            [*command, channel, str(port), str(count), str(file)],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{name} on {channel}: {done.stderr.strip()[-600:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def run() -> list[Row]:
    """CPU first, then latency, then what is lost."""
    return [*_cpu(), *_paced(), *_rates(), *_garbage()]


def _cpu() -> list[Row]:
    """As fast as the socket takes it: what a message costs. The least of several turns each, in turns: what a
    neighbour on the machine takes from one of them is nobody's cost."""
    rows = []
    peers = ("raw", "ccxt", *(("nautilus",) if NAUTILUS else ()))
    for channel, share in (("books", 0.40), ("books5", 0.40), ("trades", 0.15), ("tickers", 0.15)):
        names = ("cockpit", *(name for name in peers if _can(name, channel)))
        turns = [{name: client(name, channel, 0, FLOOD) for name in names} for _ in range(TURNS)]
        found = {name: min((turn[name] for turn in turns), key=lambda one: one["cpu_us"]) for name in names}
        ours = found.pop("cockpit")
        goal = "D1" if channel == "books" else "D2" if share < 0.2 else ""
        text = f"{goal}: <= {share:g} x ccxt, <= 10 us" if goal == "D1" else f"{goal}: <= {share:g} x ccxt"
        met = ours["cpu_us"] <= share * found["ccxt"]["cpu_us"] if goal else None
        rows.append(
            row(
                f"{channel}: CPU a message, ours, book and strategy included",
                ours["cpu_us"],
                "us",
                floor=found["ccxt"]["cpu_us"],
                goal=text if goal else "",
                met=met,
                note=f"floor = ccxt.pro, of which its user saw {found['ccxt']['seen']:,} of {FLOOD:,}",
            )
        )
        for name in found:
            if name != "ccxt":
                words = PEERS[name]
                rows.append(row(f"{channel}: {words}", found[name]["cpu_us"], "us"))
        if "nautilus" in found:
            ratio = ours["cpu_us"] / found["nautilus"]["cpu_us"]
            rows.append(row("books: ours / nautilus", ratio, "x", goal="D1: <= 0.35 x", met=ratio <= 0.35))
    return rows


def _can(name: str, channel: str) -> bool:
    return name != "nautilus" or channel == "books"


def _paced() -> list[Row]:
    """Send to hand, at a real market's pace: even, and in bursts."""
    rows = []
    for state, judged in states():
        with held(state):
            for burst, share, words in ((1, 0.45, "even"), (BURST, 0.25, f"bursts of {BURST}")):
                rows += _pace(burst, share, words + state, judged=judged)
    return rows


def _pace(burst: int, share: float, words: str, *, judged: bool) -> list[Row]:
    ours = client("cockpit", "books", RATE, PACED, burst)
    theirs = client("ccxt", "books", RATE, PACED, burst)
    plain = client("raw", "books", RATE, PACED, burst)
    rows = [
        row(
            f"books {RATE}/s, {words}: send to strategy, p50",
            ours["p50_us"],
            "us",
            floor=theirs["p50_us"],
            goal=f"D3: <= {share:g} x ccxt" if judged else "",
            met=ours["p50_us"] <= share * theirs["p50_us"] if judged else None,
            note=f"floor = ccxt.pro; p99 {ours['p99_us']:,.0f} (ccxt {theirs['p99_us']:,.0f})",
        ),
        row("  the same, raw socket without a book, p50", plain["p50_us"], "us"),
        row(
            f"  updates that the strategy saw, {words}",
            ours["seen"],
            "messages",
            goal=f"D4: {PACED:,} of {PACED:,}",
            met=ours["seen"] == PACED,
            note=f"ccxt.pro's user saw {theirs['seen']:,}",
        ),
    ]
    if NAUTILUS:
        rust = client("nautilus", "books", RATE, PACED, burst)
        rows.append(row("  nautilus (Rust client), p50", rust["p50_us"], "us"))
    return rows


def _rates() -> list[Row]:
    """The stretch: 20,000 messages a second, none lost, none merged."""
    ours = client("cockpit", "books", FAST, 20_000, 20)
    return [
        row(
            f"books at {FAST:,}/s: seen by the strategy",
            ours["seen"],
            "messages",
            goal="stretch: 20,000",
            met=ours["seen"] == 20_000,
            note=f"{ours['rate']:,.0f} messages/s handled, p50 {ours['p50_us']:,.0f} us behind",
        ),
        row(
            f"books at {FAST:,}/s: CPU a message",
            ours["cpu_us"],
            "us",
            goal="stretch: <= 10 us",
            met=ours["cpu_us"] <= 10,
        ),
    ]


def _garbage() -> list[Row]:
    """Every frame cut, doubled, or with a bit turned: a fact each time, never an exception."""
    draw = random.Random(5)
    whole = [packed(one) for one in books(400)]
    facts = broken = 0
    for _ in range(20_000):
        raw = bytearray(draw.choice(whole))
        kind = draw.randrange(3)
        if kind == 0:
            del raw[draw.randrange(len(raw)) :]
        elif kind == 1:
            raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        else:
            at = draw.randrange(len(raw))
            raw[at:at] = raw[at : at + draw.randrange(40)]
        try:
            facts += bool(frames.parse(bytes(raw), 1) is not None)
        except Exception:  # noqa: BLE001  counted: it must not happen
            broken += 1
    note = "the sockets' own faults are tested in tests/okx and in the fault matrix"
    return [row("20,000 broken frames: exceptions", broken, "", goal="D5: 0", met=broken == 0, note=note)]
