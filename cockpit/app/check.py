"""``cockpit check``: runs of one strategy in processes of their own, compared by ``lab.bias``.

Every run begins in a fresh process, the shortest first: what one run has seen is gone before the next begins.
Opening a file, a socket or a program from inside a hook is seen by an audit hook and told.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import compose, market
from cockpit.app.discover import discover
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.intents import Outcome
from cockpit.core.matching import World
from cockpit.lab import backtest, bias
from cockpit.lab.bias import Decision, Finding, Warmth
from cockpit.lab.fills_audit import Doubt, FillsAudit

OUTSIDE = ("open", "socket.connect", "subprocess.Popen", "os.system", "sqlite3.connect", "urllib.Request")
"""What a strategy has no business to do while it decides."""
CUTS = 24
WARMTHS = (0, 50, 100, 200, 400, 800, 1_600)
RISK_OFF = {"max_orders_per_second": 1_000, "max_orders_per_minute": 10_000}


class Job(msgspec.Struct, frozen=True):
    """One run in a process of its own."""

    tape: str
    config: Config
    sleeve: SleeveConfig
    start_ms: int
    end_ms: int
    cut_ms: int = 0
    """From here on the future is another one than recorded; 0 = the record."""
    twice: bool = False
    """Run it again in the same process and answer with the second run."""
    plugins_dir: str = ""


class Told(msgspec.Struct, frozen=True):
    """What a run decided."""

    decisions: tuple[Decision, ...]
    outside: tuple[str, ...]
    """Files, sockets and programs that a hook touched."""
    times: tuple[int, ...]
    """Instants of the bars it heard."""
    benched: str


def look_ahead(job: Job, most: int = CUTS) -> tuple[list[Finding], Told]:
    """Cut the future off, or change it, at decisions and between; run twice; watch what is touched."""
    with _pool() as pool:
        whole = pool.submit(_decide, job).result()
        spots = bias.cuts(whole.times, [d.ts for d in whole.decisions], most)
        jobs = {ts: msgspec.structs.replace(job, cut_ms=ts) for ts in spots}
        runs = {ts: pool.submit(_decide, one) for ts, one in jobs.items()}
        again = pool.submit(_decide, job).result()
        second = pool.submit(_decide, msgspec.structs.replace(job, twice=True)).result()
        cut = {ts: future.result().decisions for ts, future in runs.items()}
    found = bias.steady(whole.decisions, again.decisions, "unsteady")
    if not found:  # a run that is not repeatable differs everywhere: that is said once
        found += bias.look_ahead(whole.decisions, cut)
        found += bias.steady(whole.decisions, second.decisions, "memory")
    found += [Finding("outside", 0, what) for what in dict.fromkeys(whole.outside)]
    return found, whole


def warm_up(job: Job, times: Sequence[int]) -> tuple[list[Warmth], int | None, int]:
    """How much history the last half of the stretch needs to be decided the same; (rows, bars, since)."""
    half = len(times) // 2
    since = times[half]
    starts = {n: times[half - n] for n in WARMTHS if n <= half - 1}
    with _pool() as pool:
        whole = pool.submit(_decide, job)
        runs = {
            n: pool.submit(_decide, msgspec.structs.replace(job, start_ms=ts)) for n, ts in starts.items()
        }
        shorter = {n: run.result().decisions for n, run in runs.items()}
        rows, needed = bias.warm_up(whole.result().decisions, shorter, since + 1)
    return rows, needed, since


def fills(job: Job) -> tuple[list[Doubt], int]:
    """(doubtful fills, all fills) of one run, against the tape itself."""
    engine, world = _build(job)
    audit = FillsAudit(dict(engine.state.instruments), job.config.venue.slippage_ticks)
    first = backtest.boot(world, "check", "", "")
    backtest.run(engine, world, first, lambda event, _outcome: audit.observe(event))
    audit.done()
    return audit.doubts, audit.fills


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"), max_tasks_per_child=1)


def _decide(job: Job) -> Told:
    """Runs in the child."""
    discover(job.plugins_dir)
    told = _run(job)
    return _run(job) if job.twice else told


def _run(job: Job) -> Told:
    engine, world = _build(job)
    found: list[Decision] = []
    times: list[int] = []
    inside = _watch(engine)

    def see(event: ev.AnyEvent, outcome: Outcome) -> None:
        if isinstance(event, ev.Bar | ev.BookDelta | ev.BookSnapshot | ev.Touch):
            times.append(event.ts)
        found.extend(Decision(outcome.ts, wish.sleeve, _words(wish)) for wish in outcome.intents)

    backtest.run(engine, world, backtest.boot(world, "check", "", ""), see)
    benched = next((s.benched for s in engine.state.sleeves.values() if s.benched), "")
    return Told(tuple(found), tuple(inside), tuple(dict.fromkeys(times)), benched)


def _words(wish: Any) -> str:
    """A wish without sizes: those depend on money won before."""
    side = (
        "" if wish.target is None else "flat" if not wish.target else "long" if wish.target > 0 else "short"
    )
    quotes = " ".join(f"{q.side} {q.price}" for q in wish.quotes)
    stops = f"stop {wish.stop} take {wish.take}" if wish.stop or wish.take else ""
    return " ".join(part for part in (side, quotes, stops, wish.tag) if part)


def _build(job: Job) -> tuple[Engine, World]:
    risk = msgspec.structs.replace(job.config.risk, **RISK_OFF)
    config = msgspec.structs.replace(job.config, risk=risk)

    def story(facts: Iterator[ev.AnyEvent]) -> Iterator[ev.AnyEvent]:
        return changed(facts, job.cut_ms) if job.cut_ms else facts

    source = market.from_tape(
        config, Path(job.tape), job.start_ms, job.end_ms, (job.sleeve,), story, alone=True
    )
    casts = compose.cast(source.sleeves, source.instruments, source.frames)
    return compose.fresh(config, "check", source.instruments, casts), source.world


def changed(facts: Iterator[ev.AnyEvent], cut_ms: int) -> Iterator[ev.AnyEvent]:
    """The same market up to ``cut_ms``; afterwards its moves go the other way, twice as far."""
    anchors: dict[str, float] = {}

    def turned(symbol: str, price: float) -> float:
        anchor = anchors.setdefault(symbol, price)
        return max(anchor * 0.05, anchor - 2.0 * (price - anchor))

    for event in facts:
        if isinstance(event, ev.Bar):
            if event.ts <= cut_ms:
                anchors[event.symbol] = event.close
            else:
                prices = [turned(event.symbol, p) for p in (event.open, event.high, event.low, event.close)]
                event = msgspec.structs.replace(
                    event,
                    open=prices[0],
                    high=max(prices),
                    low=min(prices),
                    close=prices[3],
                    volume=event.volume * 3.0 + 1.0,
                )
        elif event.ts > cut_ms:
            continue
        yield event


def _watch(engine: Any) -> list[str]:
    """Note what hooks touch; the audit hook stays for the life of the process and looks only inside hooks."""
    seen: list[str] = []
    deep = [0]

    def hook(name: str, args: tuple[Any, ...]) -> None:
        if deep[0] and name in OUTSIDE:
            what = str(args[0])[:120] if args else ""
            if not what.endswith((".py", ".pyc")):
                seen.append(f"{name} {what}")

    sys.addaudithook(hook)
    for slot in engine.slots.values():
        for name in ("on_bar", "on_book", "on_trade", "on_fill", "on_funding", "on_timer"):
            original = getattr(slot, name, None)
            if original is not None:
                setattr(slot, name, _counted(original, deep))
    return seen


def _counted(original: Any, deep: list[int]) -> Any:
    def inside(*args: Any) -> None:
        deep[0] += 1
        try:
            original(*args)
        finally:
            deep[0] -= 1

    return inside
