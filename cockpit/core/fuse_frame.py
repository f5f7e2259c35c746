"""What holds trading back now, as rows of a frame: the one place that says all of it, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.core.breaking import VOICE
from cockpit.core.desk_frames import FuseRow
from cockpit.core.posture import Posture
from cockpit.core.state import State
from cockpit.core.types import Instrument
from cockpit.core.worth import unconverted


def fuse_rows(state: State) -> tuple[FuseRow, ...]:
    """Stops of the account, voices for a lower step, breakers, locks, benches, money without a price."""
    unknown = (FuseRow("price", "", symbol, "", why) for symbol, why in unconverted(state))
    return (*_stopped(state), *_breakers(state), *_locks(state), *_benches(state), *unknown)


def _stopped(state: State) -> Iterator[FuseRow]:
    for name in sorted(state.voices, key=lambda name: -state.voices[name]):
        if state.voices[name] > Posture.NORMAL and not name.startswith(VOICE):
            yield FuseRow("stopped", name, "", state.voices[name].name.lower(), state.said(name))


def _breakers(state: State) -> Iterator[FuseRow]:
    for trip in sorted(state.trips.values(), key=lambda t: (-t.step, t.breaker, t.about)):
        yield FuseRow("breaker", trip.breaker, trip.about, trip.step.name.lower(), trip.reason, trip.until)


def _locks(state: State) -> Iterator[FuseRow]:
    for what, lock in state.locks.items():
        if what not in state.voices and not 0 < lock.until <= state.now:
            yield FuseRow("lock", lock.by, what, "", lock.reason, lock.until)


def _benches(state: State) -> Iterator[FuseRow]:
    for sleeve in state.sleeves.values():
        if sleeve.benched:
            yield FuseRow("bench", "", sleeve.id, "", sleeve.benched)


def unit_of(instrument: Instrument) -> tuple[float, str]:
    """What one unit of its quantities is: a contract of so much base (inverse: quote), or the coin itself."""
    inverse = instrument.kind.value == "inverse"
    return float(instrument.contract_value), instrument.quote if inverse else instrument.base
