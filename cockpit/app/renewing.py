"""Look for something better, unattended: search, examine the best out of sample, hand over what passes.

    tape or archive ─► search ─► passport over a stretch that the search never saw ─► offer ─► steward

Nothing of it lowers a bar: the search is counted in the trial ledger like any other, and what is offered must
have a passport that passes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import offers, optimizing, passports
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import CockpitError

DAY = 86_400_000
Told = Callable[[str, float], None]


class Order(msgspec.Struct, frozen=True):
    """What was asked for."""

    wish: Any
    """``optimizing.Wish`` of one sleeve: the end of the searched stretch in it."""
    course: Any
    """``walking.Course``: how the passport walks forward."""
    bars: int = 3_000
    """Of the bias checks."""
    offer: bool = False
    """Hand what passes to the cockpit that trades here."""
    workers: int = 1
    lang: str = "en"


class Found(msgspec.Struct, frozen=True):
    """What came of one sleeve."""

    sleeve: str
    study: str = ""
    trials: int = 0
    params: dict[str, Any] = {}
    sharpe: float | None = None
    """Annual, of the searched stretch."""
    dsr: float | None = None
    pbo: float | None = None
    needed: float | None = None
    """Years of such a record that would be needed; None = never."""
    years: float = 0.0
    walk: float | None = None
    """Chance of an edge out of sample."""
    forward: float | None = None
    """Chance of an edge in the stretch that nobody had seen."""
    passed: bool = False
    reasons: tuple[str, ...] = ()
    """Checks that do not hold."""
    file: str = ""
    offered: str = ""
    error: str = ""
    """Why there is no passport at all."""


def rows_of(config: Config, asked: Sequence[SleeveConfig], info: Any) -> tuple[SleeveConfig, ...]:
    """The sleeves that patterns stand for, with stops and size as the settings say. Raises ConfigError."""
    from cockpit.app.wildcards import spelled_out

    barred = [symbol for symbol in info.symbols if info.bar_lengths.get(symbol)]
    return tuple(_as_set(config, row) for row in spelled_out(asked, tuple(info.symbols), barred))


def _as_set(config: Config, row: SleeveConfig) -> SleeveConfig:
    """What the settings say of the same strategy on the same market holds for its next version too."""
    for known in config.sleeves:
        same = (known.strategy, known.legs, known.timeframe) == (row.strategy, row.legs, row.timeframe)
        if same:
            return msgspec.structs.replace(known, params={**known.params, **row.params})
    return row


def renewed(config: Config, data_dir: Path, order: Order, told: Told | None = None) -> Found:
    """One sleeve, from the search to the offer. What the market cannot give is in ``error``."""
    row = order.wish.sleeve
    label = f"{row.strategy}@{'+'.join(row.legs)}/{row.timeframe}".rstrip("/")
    try:
        return _renewed(config, data_dir, order, label, told)
    except CockpitError as error:
        return Found(label, error=str(error))


def _renewed(config: Config, data_dir: Path, order: Order, label: str, told: Told | None) -> Found:
    from cockpit.app.proving import Terms

    wish = order.wish
    plan = optimizing.planned(config, wish)
    name = optimizing.checked_name(_name(wish.sleeve))
    crew = optimizing.Crew(order.workers)
    if told is not None:
        told("search", 0.0)
    status = optimizing.search(data_dir, name, plan, wish.trials, crew)
    if status.state == "stopped":
        raise KeyboardInterrupt
    if status.best is None:
        return Found(label, name, status.trials, error="nothing that was tried counts")
    task = plan.task
    sleeve = msgspec.structs.replace(task.sleeve, params=status.best.params)
    terms = Terms(
        task.tape, sleeve, task.start_ms, task.end_ms, (), name, wish.seed, wish.impact, order.bars,
        wish.executor, task.space,
    )  # fmt: skip
    course = msgspec.structs.replace(order.course, objective=task.objective, limits=task.limits)
    made, file = passports.make(config, data_dir, terms, course, told, order.lang)
    found = _said(label, name, status.trials, made, str(file))
    if not (order.offer and made.passed):
        return found
    about = made.subject
    exact = msgspec.structs.replace(sleeve, params=about.params, timeframe=about.timeframe)
    offer = offers.Offer(about.version, exact, made.made, name, made.seal)
    return msgspec.structs.replace(found, offered=str(offers.make(data_dir, offer)))


def _said(label: str, name: str, trials: int, made: Any, file: str) -> Found:
    """A passport in a line."""
    evidence, judged = made.evidence, made.evidence.judged
    walk, forward = evidence.walk, evidence.forward
    return Found(
        label, name, trials, made.subject.params, judged.sharpe.value, judged.dsr.value, judged.pbo.value,
        judged.trl_years, judged.years, None if walk is None else walk.chance,
        None if forward is None else forward.chance, made.passed,
        tuple(check.name for check in made.reasons), file,
    )  # fmt: skip


def _name(row: SleeveConfig) -> str:
    market = row.legs[0].partition(":")[2] or row.legs[0]
    kept = "".join(c if c.isalnum() or c in "._-" else "-" for c in f"{row.strategy}-{market}")
    now = time.time_ns() // 1_000_000
    return f"{kept[:36]}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now // 1_000))}-{now % 1_000:03d}"
