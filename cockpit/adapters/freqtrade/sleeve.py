"""The sleeve: a window of closed bars, the file's signals on it, freqtrade's exits as wishes."""

from __future__ import annotations

from math import nan
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.adapters.freqtrade import source
from cockpit.core.errors import PluginError
from cockpit.core.events import Bar
from cockpit.core.registry import strategy
from cockpit.core.view import View
from cockpit.core.want import Want

LEAST = 60
"""Bars a frame holds at least."""


class Params(msgspec.Struct, frozen=True):
    """What freqtrade would take from its own configuration."""

    max_position: Annotated[
        float,
        Meta(gt=0, le=1, description="Notional wanted", extra_json_schema={"unit": "fraction of equity"}),
    ] = 0.2
    window: Annotated[
        int,
        Meta(ge=LEAST, le=5_000, description="Bars a frame holds", extra_json_schema={"unit": "bars"}),
    ] = 400
    """Signals are worked out anew on these at every bar; indicators that remember longer will differ."""


class FreqtradeSleeve(msgspec.Struct):
    """Runs the signals of a freqtrade strategy. The entry's tag is the file's; exits: roi, signal, stop."""

    params: Params
    path: str
    rows: list[tuple[int, float, float, float, float, float]] = []
    side: int = 0
    """+1 or -1 while a wish is in force."""
    entry: float = 0.0
    since: int = 0
    best: float = 0.0
    stop: float = 0.0

    def on_bar(self, bar: Bar, view: View, want: Want) -> None:
        """One closed bar: what the file says about it, and what freqtrade would do then."""
        kind = source.load(Path(self.path))
        told = source.facts(kind)
        self.rows.append((bar.end - bar.tf, bar.open, bar.high, bar.low, bar.close, bar.volume))
        keep = max(self.params.window, told.startup + 1)
        del self.rows[:-keep]
        if len(self.rows) < max(LEAST, told.startup):
            return
        said = source.last(source.signals(kind, self.rows, view.symbol.partition(":")[2]))
        if self.side and self.since and view.position * self.side <= 0:
            self.side = 0  # the stop, the target or a person has closed it
            want.flat("spent")
        if self.side:
            self._hold(bar, view, want, told, said)
        if not self.side:
            self._enter(bar, view, want, told, said)

    def _enter(self, bar: Bar, view: View, want: Want, told: source.Facts, said: source.Signals) -> None:
        short = said.short and told.can_short and view.can_short
        if said.long == short or (said.long and said.exit_long) or (short and said.exit_short):
            return  # nothing, or a contradiction: freqtrade enters on neither
        self.side = 1 if said.long else -1
        self.entry, self.since, self.best = bar.close, 0, bar.close
        self.stop = bar.close * (1 - self.side * told.stoploss) if told.stoploss else nan
        self._wish(bar.ts, view, want, told, said.tag or "signal")

    def _hold(self, bar: Bar, view: View, want: Want, told: source.Facts, said: source.Signals) -> None:
        if not self.since:
            self.since = bar.end - bar.tf
            if view.entry == view.entry:
                self.entry = view.entry
                self.stop = self.entry * (1 - self.side * told.stoploss) if told.stoploss else nan
        profit = self._profit(bar.close, view)
        leave = said.exit_long if self.side > 0 else said.exit_short
        if leave and told.exit_signal and not (told.exit_profit_only and profit <= told.exit_profit_offset):
            self.side = 0
            want.flat("exit-signal")
            return
        self._trail(bar, view, told)
        self._wish(bar.ts, view, want, told, want.tag)

    def _wish(self, now: int, view: View, want: Want, told: source.Facts, tag: str) -> None:
        """The wish with today's stop and the profit that the ROI table asks for at this age."""
        minutes = (now - self.since) / 60_000 if self.since else 0.0
        asked = [share for age, share in told.roi if minutes >= age]
        take = nan
        if asked:
            fee = view.taker_fee
            take = self.entry * (1 + self.side * (asked[-1] + 2 * fee))
            if (self._last - take) * self.side >= 0 and self.since:
                self.side = 0
                want.flat("roi")
                return
        if self.since:  # held: the size stays what it is, only its stop and target move
            want.position(view.position, self.stop, take, tag)
        elif self.side > 0:
            want.long(self.params.max_position, self.stop, take, tag)
        else:
            want.short(self.params.max_position, self.stop, take, tag)

    @property
    def _last(self) -> float:
        return self.rows[-1][4]

    def _trail(self, bar: Bar, view: View, told: source.Facts) -> None:
        """Ratchet: the stop follows the best price since the entry, never back."""
        best = bar.high if self.side > 0 else bar.low
        self.best = max(self.best, best) if self.side > 0 else min(self.best, best)
        if not told.trailing:
            return
        reached = self._profit(self.best, view) >= told.trailing_offset
        if told.trailing_only_offset and not reached:
            return
        distance = told.trailing_positive if reached else told.stoploss
        level = self.best * (1 - self.side * distance)
        if self.stop != self.stop or (level - self.stop) * self.side > 0:
            self.stop = level

    def _profit(self, price: float, view: View) -> float:
        """Net of both fees, as freqtrade counts it."""
        return (price / self.entry - 1) * self.side - 2 * view.taker_fee


def register(name: str, path: str | Path) -> type:
    """Register ``name`` as a strategy that runs the file. Raises PluginError when it cannot be run."""
    file = Path(path)
    told = source.facts(source.load(file))
    if told.stoploss and told.stoploss >= 1:
        raise PluginError(f"{file}: a stoploss of {told.stoploss}")

    def create(kind: type[FreqtradeSleeve], params: Params) -> FreqtradeSleeve:
        return kind(params, str(file))

    space = {
        "create": classmethod(create),
        "__module__": f"freqtrade:{file}",
        "__doc__": FreqtradeSleeve.__doc__,
    }
    made = type(f"Freqtrade_{name}", (FreqtradeSleeve,), space)
    return strategy(name, Params, version=1, wakes=("bar",))(made)
