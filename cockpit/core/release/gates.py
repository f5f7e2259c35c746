"""The conditions of each stage: a number, its bound, a verdict. Quant reference, section 16.

paper   the passport: a ledger-wide deflated Sharpe ratio, overfitting, plateau, bias checks, length
shadow  what the twin did in paper: return, fall, distribution, trades a day, dearer fills
canary  the same in shadow; what a canary may hold is a rule of the gate (``stage_limit``)
prod    the same of the account's own fills, slippage in its band, nothing refuted, better than the champion;
        and by itself significant: a chance of 90 % that its mean is above 0

What is live goes back by itself, at whatever instant it is seen, for one of:

fall    deeper below its peak than release.max_drawdown, or than the passport's band for a stage so long
decay   the mean is below 0: since the stage began (e-value, release.alpha), or since any instant of it
        (e-detector: a version that earns exactly nothing stays release.decay_days on average, at least)
drift   fills cost more than the band of slippage allows; in a canary also: worse than the champion

How often that is wrong, and how late it is right. Daily observations of 1 % standard deviation with fat tails
(Student's t, 4 degrees of freedom), passports over two years, max_drawdown set aside, 2,000 years each:

annual Sharpe ratio                                             2        3        5
taken back within a year though all is as proven                3 %      3 %      4 %
    before the band knew its own uncertainty                    19 %     19 %     23 %
days until one is, whose edge turns round after 180 good days   172      129      67
    nine in ten within                                          289      216      118
days until one is, whose edge has simply gone                   357      367      309

Where calm and wild months follow each other for long, 6 to 14 % are taken back wrongly: a record of two years
has not seen enough of either.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

import msgspec

from cockpit.core.config import ReleaseConfig
from cockpit.core.release import samples
from cockpit.core.release.records import DAY, LADDER, LIVE, Release, Version
from cockpit.core.release.track import Slips, Track
from cockpit.core.types import Stage

LEAST_DSR, MOST_PBO = 0.95, 0.2
LEAST_P, MOST_D = 0.05, 0.2
LEAST_CHANCE = 0.9
"""That a canary's mean is above 0, before it has all of the capital: as a passport's forward stretch."""
LEAST_BAND_BP, BAND = 1.0, 0.25
NEWEST = 200
"""Observations of a sample that the distribution test takes: its work grows with them."""


class Condition(msgspec.Struct, frozen=True):
    """One line of a gate. ``name`` is a word of the catalogue (``gate.dsr``)."""

    name: str
    value: float
    bound: float
    sense: str
    """>= or <=: how the value must stand to the bound."""
    ok: bool
    note: str = ""


def at_least(name: str, value: float, bound: float, note: str = "") -> Condition:
    return Condition(name, value, bound, ">=", value >= bound, note)


def at_most(name: str, value: float, bound: float, note: str = "") -> Condition:
    return Condition(name, value, bound, "<=", value <= bound, note)


def conditions(release: Release, version: Version, to: Stage, now: int) -> list[Condition]:
    """Everything that must hold before the version may be in stage ``to``."""
    settings = release.settings
    found = list(_passport(version))
    if to is Stage.PAPER:
        if version.until:
            found.append(at_least("rested", float(now), float(version.until)))
        found += _beforehand(settings, version)
    elif to is Stage.SHADOW:
        found += _sample(settings, version, version.twin, version.modelled)
    elif to is Stage.CANARY:
        found += _sample(settings, version, version.twin, version.modelled)
        found += _against_champion(release, version, proven=False)
    elif to is Stage.PROD:
        found += _sample(settings, version, version.live, version.realised)
        found += _slippage(settings, version)
        found.append(at_least("chance", version.live.chance, LEAST_CHANCE, f"n={len(version.live.values)}"))
        found.append(at_most("decay", version.decay.value, 1.0 / settings.alpha))
        found += _against_champion(release, version, proven=True)
    return found


def next_stage(stage: Stage) -> Stage | None:
    """The stage that follows; None at the end, and for what is retired the first one again."""
    if stage is Stage.RETIRED:
        return Stage.PAPER
    at = LADDER.index(stage)
    return LADDER[at + 1] if at + 1 < len(LADDER) else None


def _passport(version: Version) -> Iterator[Condition]:
    passport = version.passport
    yield at_least("passport", float(passport is not None and passport.valid), 1.0, _faults(version))
    if passport is None:
        return
    yield at_least("dsr", passport.dsr, LEAST_DSR)
    yield at_most("pbo", passport.pbo, MOST_PBO)
    yield at_least("plateau", float(passport.plateau), 1.0)
    yield at_least("clean", float(passport.clean), 1.0)
    yield at_least("length", passport.length, passport.min_trl)


def _faults(version: Version) -> str:
    passport = version.passport
    return "" if passport is None else "; ".join(passport.faults)


def _beforehand(settings: ReleaseConfig, version: Version) -> Iterator[Condition]:
    """CV-06, what can be known before the first trade."""
    params = version.make.params
    given = [float(params[name]) for name in ("max_leverage", "max_position") if params.get(name)]
    yield at_most("leverage", min(given, default=1.0), settings.max_leverage)


def _sample(settings: ReleaseConfig, version: Version, track: Track, slips: Slips) -> Iterator[Condition]:
    """What a stage has shown, against the settings and against what was proven."""
    n = track.n
    yield at_least("samples", float(n), float(settings.min_samples))
    yield at_least("annual", track.annual, settings.min_annual)
    yield at_most("drawdown", track.drawdown, _deepest(settings, version, n))
    days = n * track.span / DAY
    yield at_most("trades_day", track.trades / days if days else 0.0, settings.max_trades_day)
    values, passport = track.values[-NEWEST:], version.passport
    if passport is not None and values and passport.returns:
        d, p = samples.two_samples(values, passport.returns)
        note = f"n={len(values)} power={samples.power(len(values)):.2f}"
        yield at_least("ks_p", p, LEAST_P, note)
        yield at_most("ks_d", d, MOST_D, note)
    else:
        yield at_least("ks_p", 0.0, LEAST_P, "n=0")
    yield at_least("dear_fills", track.annual - _twice(track, slips, version, days), 0.0)


def _twice(track: Track, slips: Slips, version: Version, days: float) -> float:
    """What a year would lose if every fill slipped by as much again as it was assumed to (CV-06)."""
    assumed = max(slips.mean, version.passport.slippage_bp if version.passport is not None else 0.0, 0.0)
    turnover = 2.0 * track.trades * _size(version)
    return turnover * assumed / 1e4 * (365.0 / days if days else 0.0)


def _size(version: Version) -> float:
    """Usual size of a position over its capital: what its parameters allow it."""
    return float(version.make.params.get("max_position") or 1.0)


def _deepest(settings: ReleaseConfig, version: Version, n: int, *, always: bool = False) -> float:
    """How far it may fall: the settings' bound, or what one stretch in twenty as its own past is worse than.

    ``always``: for whoever looks all the time (so within the span that has only begun, too), and not once
    after ``n`` observations. Both come from the same paths, which know how short that past is.
    """
    passport, spans = version.passport, n + 1 if always else max(1, n)
    proven = 0.0 if passport is None else passport.fall(spans) if always else passport.drawdown(spans)
    return min(settings.max_drawdown, proven) if proven > 0 else settings.max_drawdown


def modelled(version: Version, least: int) -> float:
    """What a fill was assumed to slip: as the twin's do, else as the backtest assumed (basis points)."""
    if version.modelled.n >= least:
        return version.modelled.mean
    return version.passport.slippage_bp if version.passport is not None else 0.0


def band(version: Version, least: int) -> float:
    """How far realised slippage may be from the modelled one."""
    return max(LEAST_BAND_BP, BAND * abs(modelled(version, least)))


def _slippage(settings: ReleaseConfig, version: Version) -> Iterator[Condition]:
    """Equivalence, not "no difference found": the whole 90 % interval lies in the band."""
    least, real = settings.min_fills, version.realised
    yield at_least("fills", float(real.n), float(least))
    width = band(version, least)
    if real.n < 2:
        yield at_most("slippage", inf, width, "n=0")
        return
    low, high = (edge - modelled(version, least) for edge in real.interval())
    yield at_most("slippage", max(abs(low), abs(high)), width, f"{low:+.2f}..{high:+.2f} bp")
    yield at_most("drift", version.drift.value, 1.0 / settings.alpha)


def _against_champion(release: Release, version: Version, *, proven: bool) -> Iterator[Condition]:
    """``proven``: it must have been shown to be better; else it must not have been shown to be worse."""
    champion, duel = release.champion(version), version.duel
    if champion is None:
        return
    fought = duel if duel is not None and duel.champion == champion.id else None
    n = f"n={fought.better.n if fought else 0} {champion.id}"
    bound = 1.0 / release.settings.alpha
    if proven:
        yield at_least("better", fought.better.value if fought else 1.0, bound, n)
    yield at_most("worse", fought.worse.value if fought else 1.0, bound, n)


def calm(settings: ReleaseConfig, version: Version) -> float:
    """Observations to a false alarm of decay, on average and at least: ``decay_days`` in its spans."""
    return settings.decay_days * DAY / version.span


def against(settings: ReleaseConfig, version: Version) -> float:
    """The strongest evidence against it, as an e-value: at 1/alpha it goes back by itself."""
    duel = version.duel
    turned = version.turn.best / calm(settings, version) / settings.alpha
    return max(version.decay.value, turned, duel.worse.value if duel is not None else 1.0)


def hit(release: Release, version: Version) -> str:
    """Why a live version must go back now, in words; empty = it need not. Looked at all the time."""
    settings, live = release.settings, version.live
    if version.stage not in LIVE or version.passport is None:
        return ""
    deepest = _deepest(settings, version, live.n, always=True)
    if live.drawdown > deepest:
        return f"drawdown {live.drawdown:.2%} > {deepest:.2%}"
    if version.decay.refutes(settings.alpha):
        return (
            f"decay: e-value {version.decay.value:.1f} >= {1 / settings.alpha:.0f} after n={version.decay.n}"
        )
    run = calm(settings, version)
    if version.turn.alarms(run):
        return f"decay: e-detector {version.turn.best:.0f} >= {run:.0f} after n={version.turn.n}"
    if version.drift.refutes(settings.alpha):
        width = band(version, settings.min_fills)
        return f"slippage {version.realised.mean:+.2f} bp left the band of {width:.2f} bp"
    duel = version.duel
    if version.stage is Stage.CANARY and duel is not None and duel.worse.refutes(settings.alpha):
        return f"worse than {duel.champion}: e-value {duel.worse.value:.1f}"
    return ""
