"""One backtest from request to verdict: what was run on what, what it did, and what that is worth."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from cockpit.app import compose
from cockpit.app import market as markets
from cockpit.app.data.cut import Cut
from cockpit.app.going import Telling
from cockpit.app.settings import digest
from cockpit.app.summary import summary
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.events import AnyEvent, Bar
from cockpit.core.intents import Outcome
from cockpit.core.state import State
from cockpit.core.trips import Trip, Trips
from cockpit.lab import backtest
from cockpit.lab.curve import Curve, Sampler, period_for
from cockpit.lab.regimes import Regimes
from cockpit.lab.report import Report, report
from cockpit.text import tr

FIRED = 40
FIRING = frozenset(("account.stopped", "breaker.up"))
"""Notes of what a report lists."""
CODE = ("core", "indicators", "strategies", "risk", "portfolio", "lab")
"""What decides and fills: a change there is another experiment."""


class Request(msgspec.Struct, frozen=True):
    """Everything that a run depends on; the same request gives the same decisions."""

    tape: str
    config: Config
    sleeves: tuple[SleeveConfig, ...] = ()
    """Empty = those of the settings, or of the tape."""
    start_ms: int = 0
    end_ms: int = 0
    archive: Cut | None = None
    """What of the archive ``tape`` was made of; None = it is a tape of its own."""


def source_of(request: Request, lang: str) -> str:
    """Where the market comes from, for a title."""
    return Path(request.tape).name if request.archive is None else tr("report.archive", lang)


class Fired(msgspec.Struct, frozen=True):
    """A stop of the account, or a step of a breaker."""

    ts: int
    by: str
    did: str
    """close | reduce | pause, or the step it climbed to."""
    reason: str
    equity: float


class Beside(msgspec.Struct, frozen=True):
    """The same run under other settings."""

    settings: tuple[str, ...]
    """What is other, as it was written."""
    report: Report
    curve: Curve
    fired: tuple[Fired, ...]
    digest: str


class Result(msgspec.Struct, frozen=True):
    """A finished run."""

    report: Report
    curve: Curve
    trips: tuple[Trip, ...]
    summary: dict[str, Any]
    sleeves: tuple[SleeveConfig, ...]
    """Those that really ran."""
    data_hash: str
    code_hash: str
    fired: tuple[Fired, ...] = ()
    """Stops of the account and steps of breakers, the first ``FIRED`` of them."""
    beside: Beside | None = None
    regimes: tuple[str, ...] = ()
    """Of each trip, the market's regime when it was entered."""


Drive = Callable[..., backtest.Run]
"""(engine, source, config, observe, clock) → what ran: who plays the market to the engine."""


def awake(engine: Engine, source: Any, config: Config, observe: Any, clock: Any) -> backtest.Run:
    """The kernel hears of every event."""
    first = backtest.boot(source.world, "replay", cockpit.__version__, digest(config))
    return backtest.run(engine, source.world, first, observe, clock)


def perform(
    request: Request,
    heard: Callable[[State, AnyEvent], None] | None = None,
    drive: Drive = awake,
    telling: Telling | None = None,
) -> Result:
    """Run to the end of the tape. Raises TapeError, ConfigError; plug-ins must have been discovered.

    ``heard`` is told every fact after its step; ``telling`` tells other screens how far it is.
    """
    from cockpit.adapters.store import tape

    config = request.config
    source = markets.from_tape(
        config, Path(request.tape), request.start_ms, request.end_ms, request.sleeves, alone=True
    )
    info = tape.read_info(Path(request.tape))
    casts = compose.cast(source.sleeves, source.instruments, source.frames)
    engine = compose.fresh(config, "replay", source.instruments, casts)
    begins = source.world.peek_ts() or 0
    span = (request.end_ms or info.end_ms) - (request.start_ms or info.start_ms)
    if telling is not None:
        telling.spans(begins, request.end_ms or info.end_ms)
    sampler = Sampler(engine.state, period_for(span), begins, None if telling is None else telling.point)
    trips, regimes = Trips(engine.state), Regimes(engine.state, source.frames)

    fired: list[Fired] = []

    def see(event: AnyEvent, outcome: Outcome) -> None:
        trips.observe(event)
        if event.__class__ is Bar:
            regimes.hear(event)
        if outcome.notes and len(fired) < FIRED:
            fired.extend(fired_in(outcome, engine.state))
        if heard is not None:
            heard(engine.state, event)

    started = time.monotonic()
    ran = drive(engine, source, config, see, sampler)
    seconds = time.monotonic() - started
    curve = sampler.done(engine.state.now)
    told = report(curve, trips, engine.state.currency, regimes)
    did = summary(engine, source, "backtest", ran.events, ran.outcomes, seconds, len(source.exchange.fills))
    done = tuple(trips.finish())
    sleeves = tuple(source.sleeves)
    return Result(
        told, curve, done, did, sleeves, data_hash(info), code_hash(), tuple(fired[:FIRED]),
        regimes=entered_in(done, regimes),
    )  # fmt: skip


def entered_in(trips: Sequence[Trip], regimes: Regimes) -> tuple[str, ...]:
    """Of each trip, the market's regime when it was entered."""
    return tuple(regimes.at(trip.sleeve, trip.symbol, trip.opened) for trip in trips)


def fired_in(outcome: Outcome, state: State) -> Iterator[Fired]:
    """What an outcome says of the account's stops and breakers."""
    for note in outcome.notes:
        if note.message in FIRING:
            did = note.args.get("action") or note.args.get("posture", "")
            yield Fired(outcome.ts, note.args["by"], did, note.args["reason"], state.equity())


def beside(result: Result, other: Result, settings: Sequence[str]) -> Result:
    """``result`` with another run's beside it."""
    digest_ = str(other.summary.get("digest", ""))
    row = Beside(tuple(settings), other.report, other.curve, other.fired, digest_)
    return msgspec.structs.replace(result, beside=row)


def data_hash(info: Any) -> str:
    """sha256 over the hashes of a tape's parts: the same facts, wherever the folder lies."""
    found = hashlib.sha256()
    for kind in sorted(info.parts):
        found.update(f"{kind} {info.parts[kind].sha256}\n".encode())
    return found.hexdigest()


@cache
def code_hash() -> str:
    """sha256 over the source of everything that decides and fills."""
    found, root = hashlib.sha256(cockpit.__version__.encode()), Path(cockpit.__file__).parent
    for part in CODE:
        for file in sorted((root / part).rglob("*.py")):
            found.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()
