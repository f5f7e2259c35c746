"""What a worker of a study does: load the market once, then run parameters over it.

A ``Task`` is plain data, so the same function runs in a thread, in another process or on another machine. A
worker looks at the tape's hash before it believes it: a study is about one set of facts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path as File
from typing import Any

import msgspec

from cockpit.app.trial import Request, data_hash, perform
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import ConfigError, PluginError, TapeError
from cockpit.core.registry import STRATEGIES
from cockpit.core.state import State
from cockpit.core.types import Instrument
from cockpit.lab.curve import DAY, period_for
from cockpit.lab.search import goal, measure, path, ranges
from cockpit.lab.search.measure import Path
from cockpit.lab.search.space import Point, Space
from cockpit.lab.search.trial import Outcome, Trial

Order = tuple[int, int, Point]
"""Number, batch and point of a trial."""


class Task(msgspec.Struct, frozen=True):
    """Everything that the result of a trial depends on, besides its parameters (OP-02)."""

    tape: str
    data_hash: str
    config: Config
    sleeve: SleeveConfig
    space: Space
    objective: str
    limits: tuple[str, ...]
    start_ms: int
    end_ms: int
    split_ms: int = 0
    """Rows from here on are for validation: the search never sees them. 0 = none."""
    lam: float = 0.0
    """lambda of the square-root impact (``impact_of``); 0 = none."""
    executor: str = "auto"
    rungs: tuple[float, ...] = ()
    """Shares of the training rows at which the worse half of a batch is given up; empty = none."""

    def request(self, params: dict[str, Any]) -> Request:
        """The backtest of these parameters, as ``cockpit backtest`` would run it."""
        sleeve = msgspec.structs.replace(self.sleeve, params=params)
        return Request(self.tape, self.config, (sleeve,), self.start_ms, self.end_ms)


class Heard:
    """Fills that a run's kernel was told, each once: (when, fill, instrument)."""

    def __init__(self) -> None:
        self.fills: list[tuple[int, ev.Fill, Instrument]] = []
        self._seen: set[str] = set()

    def tell(self, state: State, event: ev.AnyEvent) -> None:
        """One fact."""
        if isinstance(event, ev.Fill) and (fact := f"{event.symbol}|{event.trade_id}") not in self._seen:
            self._seen.add(fact)
            self.fills.append((event.ts, event, state.instruments[event.symbol]))


class Stage:
    """A task with its market loaded. Raises ConfigError, TapeError when it cannot be run at all."""

    def __init__(self, task: Task) -> None:
        from cockpit.adapters.store import tape as tapes
        from cockpit.app.discover import discover
        from cockpit.lab.search.method import discover as discover_searches

        discover(task.config.run.plugins_dir)
        discover_searches()
        info = tapes.read_info(File(task.tape))
        if data_hash(info) != task.data_hash:
            raise TapeError(f"{task.tape} is not the tape that the study began with")
        self.task = task
        self.goal = goal.goal_of(task.objective, task.limits)
        self.plugin = STRATEGIES[task.sleeve.strategy]
        self.build = ranges.builder(self.plugin, task.space)
        self.lam = task.lam
        self.first = max(info.start_ms, task.start_ms)
        self.last = min(info.end_ms, task.end_ms or info.end_ms)
        self.why = ""
        """Why the compiled executor does not run it; empty = it does."""
        self.books: Any = None
        """Where it hears order books: who runs it with a kernel that sleeps, or without one."""
        self.ready: Any = self._compiled() if task.executor != "interpreted" else None
        span = (task.end_ms or info.end_ms) - (task.start_ms or info.start_ms)
        self.period = period_for(span)
        self._parts: dict[float, Any] = {1.0: self.ready}

    def _compiled(self) -> Any:
        from cockpit.app import deep, fast, quoting
        from cockpit.lab.compiled.reasons import Unsupported

        request = self.task.request(dict(self.task.space.fixed))
        try:
            if deep.on_books(request):
                self.books = quoting.Trials(request)
                return None
            ready = fast.prepare(request, many=True)
            ready.run(ready.casts[0].params, self.task.config)  # what it does not know may show only here
            return ready
        except Unsupported as refusal:
            self.why = str(refusal)
            if self.task.executor == "compiled":
                raise ConfigError(f"the compiled executor cannot run this: {refusal}") from refusal
            return None

    def run(self, orders: Sequence[Order], share: float = 1.0) -> list[Trial]:
        """Trials, on a share of the training rows or on everything.

        What the strategy does wrong is its outcome; what we do wrong is raised.
        """
        runs = self._runs([self.build(point) for *_, point in orders], share)
        return [self._trial(order, share, done) for order, done in zip(orders, runs, strict=True)]

    def _runs(self, many: Sequence[Any], share: float) -> Iterable[Any]:
        """What the compiled executor found with each of many parameters; none where it is not asked."""
        if self.ready is None:
            return [None] * len(many)
        runs: Iterable[Any] = self._part(share).sweep(many, self.task.config)
        return runs

    def _trial(self, order: Order, share: float, done: Any) -> Trial:
        number, batch, point = order
        params = self.task.space.params(point)
        try:
            found = self._path(params, share, done)
        except (PluginError, ArithmeticError) as error:
            none = (None,) * len(self.goal.names)
            return Trial(number, batch, point, params, Outcome.FAILED, none, why=str(error))
        return self._judged(number, batch, point, params, found)

    def _judged(self, number: int, batch: int, point: Point, params: dict[str, Any], run: Path) -> Trial:
        split = self.split(run)
        change = measure.returns(measure.net_equity(run, self.lam, 0, run.rows))
        train = measure.measure(run, self.lam, 0, split, change if split == run.rows else None)
        after = measure.measure(run, self.lam, split, run.rows) if split < run.rows else None
        outcome, scores, why = self.goal.judge(train)
        kept = change.astype("<f4").tobytes()
        return Trial(number, batch, point, params, outcome, scores, train, after, kept, why)

    def split(self, run: Path) -> int:
        """How many rows are for training."""
        if not self.task.split_ms:
            return run.rows
        first = run.start - run.start % run.period
        return max(1, min(run.rows, (self.task.split_ms - first) // run.period))

    def path(self, params: dict[str, Any]) -> Path | None:
        """A run with exactly these parameters; None where the strategy's own rules forbid them.

        Raises PluginError when the strategy breaks.
        """
        kind: Any = self.plugin.params
        try:
            built = None if kind is None else msgspec.convert(params, kind, strict=False)
        except msgspec.ValidationError:
            return None
        (done,) = self._runs([built], 1.0)
        return self._path(params, 1.0, done)

    def _path(self, params: dict[str, Any], share: float, done: Any) -> Path:
        """Of what was ``done``, or of what is done now: some parameters lead where only the kernel knows."""
        from cockpit.lab.compiled.reasons import Unsupported

        if done is not None and not isinstance(done, Unsupported):
            return path.of_compiled(done, self.period)
        request = self.task.request(params)
        if share < 1.0:
            request = msgspec.structs.replace(request, end_ms=self._until(share))
        if self.books is not None:
            try:
                found: Path = self.books.path(request, self.period)
                return found
            except Unsupported:
                pass
        heard = Heard()
        return path.of_curve(perform(request, heard.tell).curve, heard.fills)

    def _part(self, share: float) -> Any:
        """The market up to a share of the training rows; each is cut once."""
        if share not in self._parts:
            self._parts[share] = self.ready.until(self._until(share))
        return self._parts[share]

    def _until(self, share: float) -> int:
        last = self.task.split_ms or self.last
        return int(self.first + (last - self.first) * share)


_stages: dict[bytes, Stage] = {}
_loading = threading.Lock()


def stage_of(raw: bytes) -> Stage:
    """The stage of an encoded task in this process; the market is read once."""
    with _loading:
        if raw not in _stages:
            _stages.clear()  # one study at a time: a tape may be large
            _stages[raw] = Stage(msgspec.msgpack.decode(raw, type=Task))
        return _stages[raw]


class Work:
    """A picklable function: trials from orders."""

    def __init__(self, task: Task) -> None:
        self.raw = msgspec.msgpack.encode(task)

    def __call__(self, orders: Sequence[Order], share: float = 1.0) -> list[Trial]:
        stage = stage_of(self.raw)
        return stage.run(orders, share)


def impact_of(tape: str, symbols: Sequence[str], start_ms: int, end_ms: int, y: float) -> float:
    """lambda of the square-root impact on a tape: y sigma_daily / sqrt(daily volume in quote).

    0 where the tape does not tell. Of several markets the mean volume counts.
    """
    from cockpit.adapters.store import tape as tapes
    from cockpit.portfolio.impact import sqrt_impact
    from cockpit.portfolio.performance import spread

    closes: dict[tuple[str, int], float] = {}
    volume = dict.fromkeys(symbols, 0.0)
    lengths: dict[str, int] = {}
    heard = tapes.read(File(tape), start_ms=start_ms, end_ms=end_ms, symbols=symbols) if y > 0 else ()
    for event in heard:
        if not isinstance(event, ev.Bar) or event.symbol not in volume:
            continue
        if event.tf == lengths.setdefault(event.symbol, event.tf):
            closes[event.symbol, (event.ts - 1) // DAY] = event.close
            volume[event.symbol] += event.volume * event.close
    found = []
    for symbol in symbols:
        rows = [close for (whose, _), close in sorted(closes.items()) if whose == symbol]
        if len(rows) > 2 and volume[symbol] > 0:
            sigma = spread([after / before - 1 for before, after in pairwise(rows)], 1)
            found.append(sqrt_impact(0.0, volume[symbol] / len(rows), sigma, y).coefficient)
    return sum(found) / len(found) if found else 0.0
