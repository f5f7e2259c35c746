"""What triggers are shown of a running machine: it hears what the engine hears, and looks once a minute."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from math import isfinite, nan, sqrt
from pathlib import Path

import msgspec

from cockpit.core import events as ev
from cockpit.core.config import timeframe_text
from cockpit.core.guarding import version_pnl
from cockpit.core.intents import Outcome
from cockpit.core.pulse import FAST, SETTLED, SLOW
from cockpit.core.release.records import MACHINE
from cockpit.core.state import State
from cockpit.core.stops import version_key
from cockpit.core.triggers import Curve, Facts
from cockpit.core.types import Stage
from cockpit.core.unreadable import UNREADABLE
from cockpit.indicators.regime import Regime, name_of

ROLLED_BACK = "rolled_back"
Observe = Callable[[ev.AnyEvent, Outcome], None]


class Unrest(msgspec.Struct):
    """How much a market moves now and usually."""

    price: float
    fast: float = 0.0
    slow: float = 0.0
    looks: int = 0

    def look(self, price: float) -> None:
        """One more price."""
        if not (isfinite(price) and price > 0):
            return
        square = (price / self.price - 1.0) ** 2
        self.price = price
        if self.looks == 0:
            self.fast = self.slow = square
        else:
            self.fast = FAST * self.fast + (1.0 - FAST) * square
            self.slow = SLOW * self.slow + (1.0 - SLOW) * square
        self.looks += 1

    @property
    def ratio(self) -> float:
        """NaN before there is something to compare with."""
        return sqrt(self.fast / self.slow) if self.looks >= SETTLED and self.slow > 0 else nan


class Watching:
    """Curves, regimes and unrest of one machine. Curves outlive the process."""

    def __init__(self, state: State, kept: Path | None = None, warm: Iterable[ev.Bar] = ()) -> None:
        self._state = state
        self._kept = kept
        self.curves: dict[str, Curve] = self._recalled()
        self._unrest: dict[str, Unrest] = {}
        self._meters = {(s.symbol, s.tf): Regime() for s in state.sleeves.values() if s.tf}
        self._known: dict[tuple[str, int], str] = {}
        self._changed: dict[str, str] = {}
        for bar in warm:
            self.hear(bar)
        self._changed.clear()

    def watched(self, observe: Observe) -> Observe:
        """``observe``, with this listening."""

        def both(event: ev.AnyEvent, outcome: Outcome) -> None:
            if type(event) is ev.Bar:
                self.hear(event)
            observe(event, outcome)

        return both

    def hear(self, bar: ev.Bar) -> None:
        """A closed bar may publish another regime."""
        at = (bar.symbol, bar.tf)
        meter = self._meters.get(at)
        if meter is None:
            return
        now = name_of(meter.update(bar.high, bar.low, bar.close, bar.volume))
        before = self._known.get(at, "")
        if now and before and now != before:
            self._changed[f"{bar.symbol}/{timeframe_text(bar.tf)}"] = f"{before} -> {now}"
        if now:
            self._known[at] = now

    def regime(self, symbol: str, tf: int) -> str:
        """The published regime of a market on these bars; empty while none is known."""
        return self._known.get((symbol, tf), "")

    def look(self, now: int) -> Facts:
        """The facts of this minute."""
        state = self._state
        equity = state.equity()
        for sleeve in state.sleeves.values():
            name = version_key(sleeve.strategy, sleeve.version).removeprefix("version:")
            self.curves.setdefault(name, Curve()).look(now, version_pnl(state, sleeve), equity)
        for symbol in {sleeve.symbol for sleeve in state.sleeves.values()}:
            price = state.price(symbol)
            if symbol in self._unrest:
                self._unrest[symbol].look(price)
            elif isfinite(price) and price > 0:
                self._unrest[symbol] = Unrest(price)
        changed, self._changed = self._changed, {}
        unrest = {s: ratio for s, row in self._unrest.items() if isfinite(ratio := row.ratio)}
        trips = {f"{trip.breaker} {trip.about}".strip(): trip.reason for trip in state.trips.values()}
        halted = state.halt.by if state.halt else ""
        return Facts(now, self.curves, changed, unrest, trips, halted, _fallen(state))

    def keep(self) -> str:
        """Remember the curves; what went wrong, in words. Without the file only the days before are lost."""
        if self._kept is None:
            return ""
        draft = self._kept.with_suffix(".new")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.msgpack.encode(self.curves))
            draft.replace(self._kept)
        except OSError as error:
            return str(error)
        return ""

    def _recalled(self) -> dict[str, Curve]:
        if self._kept is None:
            return {}
        try:
            return msgspec.msgpack.decode(self._kept.read_bytes(), type=dict[str, Curve])
        except (OSError, *UNREADABLE):
            return {}


def _fallen(state: State) -> dict[str, str]:
    """Versions that rest because they went back by themselves."""
    resting = state.release.in_stage(Stage.RETIRED)
    last = [(version.id, version.history[-1]) for version in resting if version.history]
    return {name: line.why for name, line in last if line.word == ROLLED_BACK and line.who == MACHINE}
