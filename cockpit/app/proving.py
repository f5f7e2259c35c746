"""Everything that a passport says of one strategy version, found out over a tape.

Every configuration that is run on the way (neighbours, other markets, walk-forward trials) is counted in the
trial ledger before it is looked at, like any other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cached_property
from math import ceil
from pathlib import Path as File
from typing import Any

import msgspec
import numpy as np

from cockpit.app import ledgers
from cockpit.app.searching import Stage, Task, impact_of
from cockpit.app.trial import Request, Result, data_hash, perform
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig, timeframe_ms
from cockpit.core.errors import ConfigError, PluginError
from cockpit.core.registry import STRATEGIES
from cockpit.lab.curve import DAY, YEAR
from cockpit.lab.proof import gate, passport, robustness
from cockpit.lab.proof.deflated import chance_of_edge
from cockpit.lab.proof.resampling import resampled
from cockpit.lab.search.measure import Path, measure, net_equity, returns
from cockpit.lab.search.ranges import space_of
from cockpit.lab.search.space import Axis, Space
from cockpit.lab.trial_ledger.crowd import Stretch, pool_of

MOST_ELSEWHERE = 20
LEAST_ROWS = 40
"""Returns below which nothing is worth a certificate."""
Told = Callable[[str, float], None]


class Terms(msgspec.Struct, frozen=True):
    """What was asked for."""

    tape: str
    sleeve: SleeveConfig
    start_ms: int = 0
    end_ms: int = 0
    """End of what was searched; a tape that goes on is the forward stretch. 0 = all of the tape."""
    said: tuple[str, ...] = ()
    """Parameters that were searched (``--param``); empty = every one with a range."""
    study: str = ""
    seed: int = 0
    impact: float = 1.0
    bars: int = 3_000
    """For the bias checks; 0 = do not run them."""
    executor: str = "auto"
    space: Space | None = None
    """That of a study, instead of ``said``."""


class Bench:
    """One version on one tape, ready to be examined. Raises ConfigError, TapeError."""

    def __init__(self, config: Config, data_dir: File, terms: Terms, told: Told | None = None) -> None:
        from cockpit.adapters.store import tape as tapes
        from cockpit.app.discover import discover, params_of

        discover(config.run.plugins_dir)
        self.config, self.data_dir, self.terms = config, data_dir, terms
        self.told = told or (lambda _what, _share: None)
        self.info = tapes.read_info(File(terms.tape))
        plugin = STRATEGIES.get(terms.sleeve.strategy)
        if plugin is None:
            raise ConfigError(f"no strategy {terms.sleeve.strategy!r}; there are {', '.join(STRATEGIES)}")
        self.plugin = plugin
        missing = [symbol for symbol in terms.sleeve.legs if symbol not in self.info.symbols]
        if missing:
            has = ", ".join(self.info.symbols)
            raise ConfigError(f"{terms.tape} has no {', '.join(missing)}; it has {has}")
        built = params_of(plugin, terms.sleeve.params, strict=False)
        self.params: dict[str, Any] = {} if built is None else msgspec.to_builtins(built)
        self.sleeve = msgspec.structs.replace(terms.sleeve, params=self.params, timeframe=self._timeframe())
        self.data = data_hash(self.info)
        self.start, self.end = ledgers.stretch_of(terms.tape, terms.start_ms, terms.end_ms)
        self.lam = impact_of(terms.tape, self.sleeve.legs, terms.start_ms, terms.end_ms, terms.impact)
        self.ledger = ledgers.ledger_of(data_dir)

    def _timeframe(self) -> str:
        """As named, else the shortest bars that all its markets have; empty for order-book strategies."""
        from cockpit.core.config import timeframe_text

        named = self.terms.sleeve.timeframe
        if named or "bar" not in self.plugin.options.get("wakes", ()):
            return named
        offered = [set(self.info.bar_lengths.get(symbol, ())) for symbol in self.terms.sleeve.legs]
        common = set.intersection(*offered)
        return timeframe_text(min(common)) if common else ""

    @cached_property
    def space(self) -> Space:
        """What may vary: as in a search, around these parameters."""
        axes = self._axes()
        names = {axis.name for axis in axes}
        return Space(axes, {name: value for name, value in self.params.items() if name not in names})

    def _axes(self) -> tuple[Axis, ...]:
        if self.terms.space is not None:
            return self.terms.space.axes
        if not self.params:
            return ()
        try:
            return space_of(self.plugin, {}, self.terms.said).axes
        except ConfigError:
            if self.terms.said:
                raise
            return ()  # nothing has a range

    def task(self, sleeve: SleeveConfig) -> Task:
        """As a search would run it."""
        terms = self.terms
        return Task(
            terms.tape, self.data, self.config, sleeve, self.space, "sharpe", (), terms.start_ms,
            terms.end_ms, 0, self.lam, terms.executor,
        )  # fmt: skip

    @cached_property
    def stage(self) -> Stage:
        """The market, read once."""
        return Stage(self.task(self.sleeve))

    @property
    def ppy(self) -> float:
        """Periods a year."""
        return YEAR / self.stage.period

    @cached_property
    def run(self) -> Path:
        """The version itself. Raises ConfigError when its rules forbid it or there is too little of it."""
        found = self.stage.path(self.params)
        if found is None:
            raise ConfigError(f"{self.sleeve.strategy}: its own rules forbid these parameters")
        if found.rows < LEAST_ROWS:
            raise ConfigError(f"{found.rows} returns are too few for a passport: {LEAST_ROWS} at least")
        return found

    @cached_property
    def net(self) -> Any:
        """Its returns net of everything, impact too."""
        return self.returns_of(self.run)

    @cached_property
    def kernel(self) -> Result:
        """The same run by the kernel, with its trips."""
        self.told("trades", 0.0)
        terms = self.terms
        return perform(Request(terms.tape, self.config, (self.sleeve,), terms.start_ms, terms.end_ms))

    def returns_of(self, run: Path) -> Any:
        return returns(net_equity(run, self.lam, 0, run.rows))

    def trial(self, params: dict[str, Any], net: Any, source: str, sleeve: SleeveConfig | None = None) -> Any:
        """For the ledger."""
        found = ledgers.trial_of(
            self.config, sleeve or self.terms.sleeve, self.data, self.start, self.end, params, source=source,
            study=self.terms.study, period=self.stage.period, returns=net,
        )  # fmt: skip
        return msgspec.structs.replace(found, setting=ledgers.with_impact(found.setting, self.lam))

    # --- what is found out ------------------------------------------------------------------------------

    def plateau(self) -> robustness.Plateau:
        """Shake the parameters; every neighbour is counted."""
        axes = [axis for axis in self.space.axes if not axis.choices]
        names = tuple(axis.name for axis in axes)
        steps = {axis.name: axis.step for axis in axes}
        rows = robustness.neighbours(self.params, names, self.terms.seed, steps=steps)
        metrics: list[float | None] = []
        trials, barred = [], 0
        for number, params in enumerate(rows):
            self.told("plateau", number / len(rows))
            try:
                run = self.stage.path(params)
            except PluginError:
                metrics.append(None)
                trials.append(msgspec.structs.replace(self.trial(params, (), "robustness"), status="failed"))
                continue
            if run is None:
                barred += 1
                continue
            metrics.append(measure(run, self.lam).sharpe)
            trials.append(self.trial(params, self.returns_of(run), "robustness"))
        self.ledger.append(trials)
        own = measure(self.run, self.lam).sharpe
        return robustness.plateau("sharpe", own, metrics, barred, self.terms.seed)

    def elsewhere(self) -> robustness.Elsewhere:
        """The same parameters on the other markets of the tape that are of the same kind."""
        symbols = self._others() if len(self.sleeve.legs) == 1 else []
        rows, trials = [], []
        for number, symbol in enumerate(symbols):
            self.told("elsewhere", number / len(symbols))
            sleeve = msgspec.structs.replace(self.sleeve, symbol=symbol)
            try:
                run = Stage(self.task(sleeve)).path(self.params)
            except PluginError:
                run = None
            net = np.zeros(0)
            if run is not None:
                terms = self.terms
                lam = impact_of(terms.tape, (symbol,), terms.start_ms, terms.end_ms, terms.impact)
                net = returns(net_equity(run, lam, 0, run.rows))
            rows.append(net)
            trials.append(self.trial(self.params, net, "robustness", sleeve))
        self.ledger.append(trials)
        return robustness.elsewhere(symbols, rows, self.ppy)

    def _others(self) -> list[str]:
        known = {instrument.symbol: instrument for instrument in self.info.instruments}
        own = known[self.sleeve.legs[0]]
        tf = timeframe_ms(self.sleeve.timeframe) if self.sleeve.timeframe else 0
        return [
            symbol
            for symbol, instrument in known.items()
            if (instrument.kind, instrument.settle) == (own.kind, own.settle) and symbol != own.symbol
            and (not tf or tf in self.info.bar_lengths.get(symbol, ()))
        ][:MOST_ELSEWHERE]  # fmt: skip

    def trades(self) -> tuple[robustness.Signs, robustness.Entries, float]:
        """By the kernel's own trips: signs, random entries, and what takers were assumed to pay (bp)."""
        result = self.kernel
        traded = float(self.run.traded.sum())
        costs = result.report.costs
        rate = (costs.maker_fees + costs.taker_fees) / traded if traded else 0.0
        before = np.maximum(net_equity(self.run, self.lam, 0, self.run.rows)[:-1], 1e-9)
        gross = self.net + (self.run.traded * rate + self.run.strain * self.lam) / before
        signs = robustness.signs(self.net, gross, self.ppy, self.terms.seed)
        return signs, self._entries(result.trips), max(0.0, costs.slippage_bp)

    def _entries(self, trips: Sequence[Any]) -> robustness.Entries:
        from cockpit.adapters.store import tape as tapes

        rows: list[tuple[int, int, int]] = []
        times: list[int] = []
        closes: list[float] = []
        if len(self.sleeve.legs) == 1 and self.sleeve.timeframe:
            symbol, tf = self.sleeve.legs[0], timeframe_ms(self.sleeve.timeframe)
            heard = tapes.read(File(self.terms.tape), start_ms=self.start, end_ms=self.end, symbols=(symbol,))
            for event in heard:
                if isinstance(event, ev.Bar) and event.symbol == symbol and event.tf == tf:
                    times.append(event.ts)
                    closes.append(event.close)
            for trip in trips:
                if trip.closed:
                    first, last = (bisect_right(times, ts) - 1 for ts in (trip.opened, trip.closed))
                    rows.append((first, last, 1 if trip.side == "long" else -1))
        return robustness.random_entries(closes, rows, self.terms.seed)

    def held_rows(self) -> int:
        """The longest holding in rows: what must lie between what is learnt and what is tested."""
        longest = max((trip.held_ms for trip in self.kernel.trips), default=0)
        return max(1, ceil(longest / self.stage.period))

    def bias(self) -> passport.Bias | None:
        """``cockpit check``, all three; None when it was not asked for."""
        from cockpit.app import check

        if not self.terms.bars:
            return None
        self.told("bias", 0.0)
        length = timeframe_ms(self.sleeve.timeframe) if self.sleeve.timeframe else 60_000
        start = max(self.start, self.end - self.terms.bars * length)
        job = check.Job(
            self.terms.tape, self.config, self.sleeve, start, self.end,
            plugins_dir=self.config.run.plugins_dir,
        )  # fmt: skip
        findings, seen = check.look_ahead(job)
        self.told("bias", 0.6)
        needed = check.warm_up(job, seen.times)[1] if len(seen.times) >= 20 else None
        self.told("bias", 0.9)
        doubts, count = check.fills(job)
        said = [f"{one.kind} {one.ts} {one.detail}" for one in findings]
        said += [f"benched 0 {seen.benched}"] if seen.benched else []
        wrong = sum(1 for doubt in doubts if doubt.kind != "large")
        return passport.Bias(len(seen.decisions), tuple(said), needed, count, wrong)

    def forward(self) -> passport.Forward | None:
        """What the tape holds behind the searched stretch; looking at it is a trial too."""
        if self.info.end_ms - self.end < LEAST_ROWS * self.stage.period:
            return None
        self.told("forward", 0.0)
        stage = Stage(msgspec.structs.replace(self.task(self.sleeve), end_ms=0))
        run = stage.path(self.params)
        if run is None or stage.period != self.stage.period:
            return None
        later = self.returns_of(run)[self.run.rows :]
        found = self.trial(self.params, later, "robustness")
        self.ledger.append([msgspec.structs.replace(found, start=self.end, end=self.info.end_ms)])
        chance, ratio = chance_of_edge(later)
        yearly = None if ratio is None else ratio * self.ppy**0.5
        return passport.Forward(
            self.end, self.info.end_ms, tuple(later.tolist()), yearly, chance, gate.refuted(later)[0]
        )

    def judged(self) -> gate.Judged:
        """Against everything that the ledger knows by now: the last thing to be asked."""
        at = Stretch(self.data, self.start, self.end, self.stage.period, len(self.net))
        pool = pool_of(self.ledger, at, self.terms.study)
        return gate.judge(self.net, pool.matrix, pool.crowd, self.ppy)

    def count(self) -> None:
        """The version itself, before anything is said of it."""
        self.ledger.append([self.trial(self.params, self.net, "backtest")])

    def resampled(self) -> Any:
        """Figures with intervals, and drawdowns of made-up pasts."""
        return resampled(self.net, self.ppy, self.terms.seed)

    @property
    def rows_a_day(self) -> float:
        return DAY / self.stage.period
