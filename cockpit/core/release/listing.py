"""Versions as others see them: allocators, schedulers, the screen, ``cockpit versions``."""

from __future__ import annotations

from typing import Any

from cockpit.core.profit import sleeve_pnl
from cockpit.core.release import gates
from cockpit.core.release.records import LIVE, Version
from cockpit.core.release.row import VersionRow
from cockpit.core.release.track import Track
from cockpit.core.state import State
from cockpit.core.types import Stage


def rows(state: State) -> tuple[VersionRow, ...]:
    """Every version with its stage and what it has shown there; those that trade first, retired ones last."""
    order = [Stage.PROD, Stage.CANARY, Stage.SHADOW, Stage.PAPER, Stage.BACKTEST, Stage.RETIRED]
    known = sorted(state.release.versions.values(), key=lambda v: (order.index(v.stage), v.created, v.id))
    return tuple(row(state, version) for version in known)


def on_screen(state: State) -> tuple[VersionRow, ...]:
    """As ``rows``, but nothing where all there is simply stands in the settings."""
    release = state.release
    if not any(version.managed for version in release.versions.values()):
        return ()
    return rows(state)


def row(state: State, version: Version) -> VersionRow:
    """One of them."""
    track, ask, duel = seen(version), version.ask, version.duel
    return VersionRow(
        version.id,
        version.make.strategy,
        version.make.symbols,
        version.make.timeframe,
        version.stage,
        version.since,
        version.origin,
        version.parent,
        track.n,
        track.annual,
        track.total,
        track.drawdown,
        track.trades,
        version.realised.mean,
        version.modelled.mean,
        gates.against(state.release.settings, version),
        duel.better.value if duel is not None else 1.0,
        ask.to if ask is not None else "",
        ask.at if ask is not None else 0,
        ask.by if ask is not None else "",
        tuple(ask.approvals) if ask is not None else (),
        state.release.needed(ask.to) if ask is not None else 0,
        version.fault,
        version.until,
        version.sleeves,
        float(sum(sleeve_pnl(state, name) for name in version.sleeves)),
        version.make.share,
        share(state, version),
    )


def share(state: State, version: Version) -> float:
    """What it may use, or would in production: no more than was applied to it or to what it would replace."""
    if version.stage in LIVE and version.sleeves:
        return state.sleeves[version.sleeves[0]].share
    champion = state.release.champion(version)
    places = champion.sleeves[:1] if champion is not None else ()
    return state.capital.least(version.make.share, *version.sleeves[:1], *places)


def seen(version: Version) -> Track:
    """What counts in its stage: the account's own fills where it trades, else its twin's."""
    return version.live if version.stage in LIVE else version.twin


def shown(state: State, version: Version) -> dict[str, Any]:
    """One version in full: what it is, its history, every condition of the next stage as it stands now."""
    to = version.ask.to if version.ask is not None else gates.next_stage(version.stage)
    found = gates.conditions(state.release, version, to, state.now) if to is not None else []
    return {
        **plain(row(state, version)),
        "make": version.make,
        "passport": None if version.passport is None else _brief(version),
        "next": to or "",
        "open": bool(found) and all(condition.ok for condition in found),
        "conditions": found,
        "history": version.history,
        "values": {"twin": version.twin.values[-100:], "live": version.live.values[-100:]},
        "hit": gates.hit(state.release, version),
    }


def plain(line: VersionRow) -> dict[str, Any]:
    """As a table with names."""
    return {name: getattr(line, name) for name in line.__struct_fields__}


def _brief(version: Version) -> dict[str, Any]:
    """The passport without its long columns."""
    passport = version.passport
    assert passport is not None
    hidden = ("returns", "drawdowns", "band")
    rest = {name: getattr(passport, name) for name in passport.__struct_fields__ if name not in hidden}
    return {**rest, "observations": len(passport.returns)}
