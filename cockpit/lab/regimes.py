"""In which kind of market was it entered? Read off the bars heard until then, never off later ones."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from cockpit.core.events import Bar
from cockpit.core.state import State
from cockpit.indicators.regime import Regime, name_of

UNKNOWN = "UNKNOWN"
"""No bars of that market, or too few of them yet."""
Market = tuple[str, int]
"""Symbol and bar length (ms)."""


class Regimes:
    """The published regime (``indicators.regime``, its defaults) of each traded market at any
    instant of a run.

    A market is judged on the bars that its sleeve decides on; for one that decides on order books, on the
    shortest bars that there are of it.
    """

    def __init__(self, state: State, frames: Mapping[str, Sequence[int]]) -> None:
        self._of = {
            (sleeve.id, sleeve.symbol): (
                sleeve.symbol,
                sleeve.tf or min(frames.get(sleeve.symbol, ()), default=0),
            )
            for sleeve in state.sleeves.values()
        }
        self._meters: dict[Market, Regime] = {market: Regime() for market in self._of.values() if market[1]}
        self._turns: dict[Market, tuple[list[int], list[str]]] = {m: ([], []) for m in self._meters}
        self._bars: dict[str, int] = {}

    def hear(self, bar: Bar) -> None:
        """One more closed bar; ``bar.ts`` is when it was heard."""
        if (bar.symbol, bar.tf) in self._meters:
            self.learn((bar.symbol, bar.tf), ((bar.ts, bar.high, bar.low, bar.close, bar.volume),))

    def learn(self, market: Market, bars: Iterable[tuple[int, float, float, float, float]]) -> None:
        """Closed bars in order: when heard, high, low, close, volume."""
        meter, (times, names) = self._meters[market], self._turns[market]
        known = names[-1] if names else UNKNOWN
        for ts, high, low, close, volume in bars:
            name = name_of(meter.update(high, low, close, volume)) or UNKNOWN
            self._bars[name] = self._bars.get(name, 0) + 1
            if name != known:
                known = name
                times.append(ts)
                names.append(name)

    def at(self, sleeve: str, symbol: str, ts: int) -> str:
        """What was published by ``ts`` of the market that the sleeve trades."""
        times, names = self._turns.get(self._of.get((sleeve, symbol), ("", 0)), ([], []))
        place = bisect_right(times, ts)
        return names[place - 1] if place else UNKNOWN

    @property
    def markets(self) -> tuple[Market, ...]:
        """Those that are judged."""
        return tuple(self._meters)

    def shares(self) -> dict[str, float]:
        """Share of all bars that closed in each regime: how much there was of it to trade in."""
        whole = sum(self._bars.values())
        return {name: count / whole for name, count in self._bars.items()} if whole else {}
