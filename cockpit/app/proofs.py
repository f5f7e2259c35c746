"""The proof of a version, as far as release asks for it: without a valid passport nothing is promoted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from math import ceil, prod
from pathlib import Path
from typing import Any

import msgspec

from cockpit.core.config import SleeveConfig
from cockpit.core.errors import CockpitError, ConfigError
from cockpit.core.release.records import Passport
from cockpit.core.unreadable import UNREADABLE

LIMIT_S = 60.0
ENOUGH = 50
"""Observations of a distribution that another one can be held against (quant reference 16)."""
NEVER = 1e9
"""Years of record that are enough for nobody."""
MINUTE = 60_000


class Question(msgspec.Struct, frozen=True):
    """Which version's passport, where."""

    home: str
    row: SleeveConfig
    span_minutes: float
    plugins_dir: str = ""


class Reply(msgspec.Struct, frozen=True):
    """The passport, or why it could not be looked at."""

    passport: Passport | None
    error: str = ""


async def asked(question: Question) -> Passport | None:
    """The same in a process of its own: what reads certificates has no place in one that trades.

    Raises ConfigError in the words of the other process.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from cockpit.app.proofs import main; main()",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        out, _ = await asyncio.wait_for(process.communicate(msgspec.json.encode(question)), LIMIT_S)
        reply = msgspec.json.decode(out, type=Reply)
    except (TimeoutError, *UNREADABLE) as error:
        if process.returncode is None:
            process.kill()
        raise ConfigError("the passport could not be looked at: cockpit passport list says why") from error
    if reply.error:
        raise ConfigError(reply.error)
    return reply.passport


def main() -> None:
    """The other process: a question on stdin, a reply on stdout."""
    from cockpit.app.discover import discover

    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    try:
        discover(question.plugins_dir)
        reply = Reply(passport_of(Path(question.home), question.row, question.span_minutes))
    except CockpitError as error:
        reply = Reply(None, str(error))
    sys.stdout.buffer.write(msgspec.json.encode(reply))


def passport_of(home: Path, row: SleeveConfig, span_minutes: float) -> Passport | None:
    """The newest passport of exactly this version under the data directory ``home``; None = there is none.

    Its returns are put together to observations of at least ``span_minutes``. Raises ConfigError.
    """
    from cockpit.app import passports

    found, faults = passports.passport_for(home, row)
    if found is None:
        return None
    evidence, period = found.evidence, found.subject.period
    judged = evidence.judged
    times = max(1, ceil(span_minutes * MINUTE / period))
    return Passport(
        found.seal,
        valid=not faults,
        issued=found.made,
        dsr=judged.dsr.value or 0.0,
        pbo=judged.pbo.value or 0.0,
        min_trl=NEVER if judged.trl_years is None else judged.trl_years,
        length=judged.years,
        plateau=bool(evidence.plateau.flat),
        clean=evidence.bias is not None and not evidence.bias.findings,
        span_ms=period * times,
        returns=together(_unseen(evidence, times), times),
        slippage_bp=evidence.slippage_bp,
        drawdowns=_spans(evidence.figures.drawdowns, times),
        band=_spans(evidence.figures.band, times),
        faults=faults,
    )


def _unseen(evidence: Any, times: int) -> Sequence[float]:
    """What the version itself returned where nobody had searched: the forward stretch.

    Too short a one (under ``ENOUGH`` observations) is no distribution: then the walk's test rows, in which a
    step may have taken other parameters than the version has, and so other hours; else all there is.
    """
    forward, walk = evidence.forward, evidence.walk
    if forward is not None and len(forward.returns) >= ENOUGH * times:
        return tuple(forward.returns)
    if walk is not None and walk.returns:
        return tuple(walk.returns)
    if forward is not None and forward.returns:
        return tuple(forward.returns)
    return tuple(evidence.returns)


def _spans(falls: Sequence[tuple[int, float]], times: int) -> tuple[tuple[int, float], ...]:
    return tuple((length // times, fall) for length, fall in falls if length >= times)


def together(returns: Sequence[float], times: int) -> tuple[float, ...]:
    """Each ``times`` returns as one; what is left over at the beginning is no whole observation."""
    rest = len(returns) % times
    return tuple(
        prod(1.0 + value for value in returns[at : at + times]) - 1.0
        for at in range(rest, len(returns), times)
    )
