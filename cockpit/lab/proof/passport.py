"""The certificate of a strategy version: what was found out about it, a verdict, and a seal over all of it.

The seal is sha256 over every other byte: data, code, parameters, the trials counted, the newest seal of the
trial ledger, each number and each reason. It is written into the ledger too, so a passport that was made
elsewhere, or altered and sealed anew, is none.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from cockpit.core.unreadable import UNREADABLE
from cockpit.lab.proof.gate import DSR_LEAST, PBO_MOST, REFUTED, Judged
from cockpit.lab.proof.resampling import Resampled
from cockpit.lab.proof.robustness import FLAT_POSITIVE, FLAT_RATIO, Elsewhere, Entries, Plateau, Signs
from cockpit.lab.proof.walkforward import Walk

FORMAT = 1
USUAL = 0.05
"""p above which a test has shown nothing."""


class Subject(msgspec.Struct, frozen=True):
    """What it is about. Equal versions have equal ``version``."""

    version: str
    """16 hex digits over family, parameters, markets, bars, stops and size."""
    strategy: str
    """``name@number``"""
    family: str
    params: dict[str, Any]
    symbols: tuple[str, ...]
    timeframe: str
    setting: str
    data: str
    tape: str
    """Name of the data, without its place."""
    start: int
    end: int
    period: int
    """ms between returns."""
    code: str
    """Hash of everything that decides and fills."""
    study: str = ""


class Bias(msgspec.Struct, frozen=True):
    """What the bias checks found (``cockpit check``)."""

    decisions: int
    findings: tuple[str, ...]
    """Look-ahead, outside data, chance, memory: each one sentence."""
    warm_up: int | None
    """Bars of history that it needs; None = more than were tried, or not looked at."""
    fills: int
    doubts: int
    """Fills that the record does not support."""


class Forward(msgspec.Struct, frozen=True):
    """A stretch behind the searched data."""

    start: int
    end: int
    returns: tuple[float, ...]
    sharpe: float | None
    """Annual."""
    chance: float | None
    """Of an edge, from this stretch alone."""
    refuted: bool


class Check(msgspec.Struct, frozen=True):
    """One line of the verdict.

    ``name``: ledger, dsr, pbo, record, plateau, lookahead, walk, forward, …; texts: ``passport.check.NAME``.
    """

    name: str
    state: str
    """pass | fail | note (worth reading, does not decide) | none (nothing to judge)"""
    required: bool
    value: float | None = None
    bound: float | None = None


class Evidence(msgspec.Struct, frozen=True):
    """All that was found out."""

    returns: tuple[float, ...]
    """Net, one a period, of the whole stretch that was searched."""
    judged: Judged
    figures: Resampled
    plateau: Plateau
    signs: Signs
    entries: Entries
    elsewhere: Elsewhere
    bias: Bias | None = None
    walk: Walk | None = None
    forward: Forward | None = None
    slippage_bp: float = 0.0
    """What the backtest assumed that takers pay, basis points of the price."""


class Passport(msgspec.Struct, frozen=True):
    """The whole certificate."""

    format: int
    made: int
    """UTC ms."""
    cockpit: str
    subject: Subject
    ledger: str
    """Where the trial ledger stood: ``rows:weight:seal``."""
    whole: bool
    """Was every byte of the ledger as it was written?"""
    evidence: Evidence
    checks: tuple[Check, ...]
    passed: bool
    seal: str = ""

    @property
    def reasons(self) -> tuple[Check, ...]:
        """Why it does not pass."""
        return tuple(check for check in self.checks if check.required and check.state != "pass")


def verdict(evidence: Evidence, whole: bool) -> tuple[Check, ...]:
    """Every check, the required ones first.

    What could not be judged does not pass, but for PBO of a single trial. Without a forward stretch there is
    no line for it.
    """
    judged, flat, bias = evidence.judged, evidence.plateau, evidence.bias
    wrong = None if bias is None else float(len(bias.findings))
    looked = bias is not None and bias.decisions > 0
    chosen = judged.pbo.value is None or judged.pbo.value <= PBO_MOST
    found = [
        _required("ledger", whole),
        _required("dsr", _least(judged.dsr.value, DSR_LEAST), judged.dsr.value, DSR_LEAST),
        _required("pbo", chosen, judged.pbo.value, PBO_MOST),
        _required("record", judged.long_enough, judged.years, judged.trl_years),
        _required("plateau", flat.flat, flat.ratio.value, FLAT_RATIO),
        _required("lookahead", looked and wrong == 0.0, wrong, 0.0),
        *_later(evidence),
    ]  # fmt: skip
    return (*found, *_advice(evidence))


def _later(evidence: Evidence) -> list[Check]:
    """Out of sample, and forward."""
    walk, forward = evidence.walk, evidence.forward
    chance = None if walk is None else walk.chance
    found = [_required("walk", _least(chance, REFUTED), chance, REFUTED)]
    if forward is not None:
        found.append(_required("forward", not forward.refuted, forward.chance, REFUTED))
    return found


def _advice(evidence: Evidence) -> list[Check]:
    """What does not decide, and should be read."""
    signs, entries, other, bias, walk = (
        evidence.signs, evidence.entries, evidence.elsewhere, evidence.bias, evidence.walk,
    )  # fmt: skip
    share = evidence.plateau.positive.value
    efficiency = None if walk is None else walk.efficiency.value
    doubts = None if bias is None else float(bias.doubts)
    return [
        _note("positive", _least(share, FLAT_POSITIVE), share, FLAT_POSITIVE),
        _note("efficiency", _least(efficiency, 0.5), efficiency, 0.5),
        _note("signs", signs.p <= USUAL, signs.p, USUAL),
        _note("twin", signs.p_gross is not None and signs.p_gross <= USUAL, signs.p_gross, USUAL),
        _note("entries", entries.p is not None and entries.p <= USUAL, entries.p, USUAL),
        _note("elsewhere", other.p is not None and other.p <= USUAL, other.p, USUAL),
        _note("warm_up", bias is not None and bias.warm_up is not None, _number(bias)),
        _note("fills", doubts == 0.0, doubts, 0.0),
    ]


def _number(bias: Bias | None) -> float | None:
    return None if bias is None or bias.warm_up is None else float(bias.warm_up)


def _least(value: float | None, bound: float) -> bool:
    return value is not None and value >= bound


def _required(name: str, holds: bool, value: float | None = None, bound: float | None = None) -> Check:
    return Check(name, "pass" if holds else "fail", True, value, bound)


def _note(name: str, holds: bool, value: float | None, bound: float | None = None) -> Check:
    state = "pass" if holds else "none" if value is None else "note"
    return Check(name, state, False, value, bound)


def issued(
    made: int, version: str, subject: Subject, ledger: str, whole: bool, evidence: Evidence
) -> Passport:
    """A passport with its verdict and its seal."""
    checks = verdict(evidence, whole)
    passed = all(check.state == "pass" for check in checks if check.required)
    blank = Passport(FORMAT, made, version, subject, ledger, whole, evidence, checks, passed)
    return msgspec.structs.replace(blank, seal=seal_of(blank))


def seal_of(passport: Passport) -> str:
    """sha256 over everything but the seal."""
    blank = msgspec.structs.replace(passport, seal="")
    return hashlib.sha256(msgspec.json.encode(blank, order="deterministic")).hexdigest()


def encoded(passport: Passport) -> bytes:
    """The file."""
    return msgspec.json.format(msgspec.json.encode(passport, order="deterministic"), indent=1) + b"\n"


def decoded(raw: bytes) -> Passport:
    """From the file. Raises ValueError when it is none, or of another format."""
    try:
        found = msgspec.json.decode(raw, type=Passport)
    except UNREADABLE as error:
        raise ValueError(f"no passport: {error}") from error
    if found.format != FORMAT:
        raise ValueError(f"a passport of format {found.format}; this cockpit reads {FORMAT}")
    return found


def altered(passport: Passport) -> list[str]:
    """What of a passport does not follow from the rest of it: ``seal``, ``verdict``."""
    found = [] if seal_of(passport) == passport.seal else ["seal"]
    checks = verdict(passport.evidence, passport.whole)
    passed = all(check.state == "pass" for check in checks if check.required)
    if (checks, passed) != (passport.checks, passport.passed):
        found.append("verdict")
    return found
