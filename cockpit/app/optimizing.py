"""A study from what was asked for to its result: begun or taken up again, run, left able to go on."""

from __future__ import annotations

import hashlib
import re
import signal
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import ledgers, studies
from cockpit.app.searching import Order, Task, Work, impact_of, stage_of
from cockpit.app.studies import Plan, Progress, Status
from cockpit.app.trial import code_hash, data_hash
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.core.registry import STRATEGIES
from cockpit.lab.search import pools
from cockpit.lab.search.goal import goal_of
from cockpit.lab.search.halving import RUNGS, halving
from cockpit.lab.search.method import Brief, choose, made
from cockpit.lab.search.ranges import builder, space_of
from cockpit.lab.search.shared import Exchange
from cockpit.lab.search.store import SqliteStore
from cockpit.lab.search.study import Search
from cockpit.lab.search.trial import Trial

LEAST_MS, LEAST_BARS = 1_800_000, 48
"""Of a span to search on: half an hour, and so many bars where there is nothing finer."""
SAME = 1e-6
"""Two returns, kept in single precision, that are one."""
MACHINES = 1_000_003
"""Between the seeds of two machines that share a study."""


class Wish(msgspec.Struct, frozen=True):
    """What was asked for on the command line or a schedule."""

    tape: str
    sleeve: SleeveConfig
    params: tuple[str, ...] = ()
    start_ms: int = 0
    end_ms: int = 0
    validate: float = 0.25
    """Share of the span, at its end, that the search never sees."""
    method: str = "auto"
    objective: str = "sharpe"
    limits: tuple[str, ...] = ()
    trials: int = 200
    seed: int = 0
    impact: float = 1.0
    executor: str = "auto"
    prune: bool = False
    """Give up the worse part of each batch early."""


class Crew(msgspec.Struct, frozen=True):
    """Who runs the trials. Changes nothing in what is found."""

    workers: int = 1
    cluster: str = ""
    kind: str = "auto"
    """auto = threads where it is compiled, else processes."""
    storage: str = ""
    """Address of a database that several machines share; may hold a password, so it is kept nowhere."""
    machine: int = 0
    """Which of them this is."""


def planned(config: Config, wish: Wish) -> Plan:
    """A new study. Raises ConfigError, TapeError for what cannot be searched."""
    from cockpit.adapters.store import tape as tapes
    from cockpit.app.discover import discover
    from cockpit.lab.search.method import discover as discover_searches

    discover(config.run.plugins_dir)
    discover_searches()
    plugin = STRATEGIES.get(wish.sleeve.strategy)
    if plugin is None:
        raise ConfigError(f"no strategy {wish.sleeve.strategy!r}; there are {', '.join(STRATEGIES)}")
    info = tapes.read_info(Path(wish.tape))
    missing = [symbol for symbol in wish.sleeve.legs if symbol not in info.symbols]
    if missing:
        raise ConfigError(f"{wish.tape} has no {', '.join(missing)}; it has {', '.join(info.symbols)}")
    space = space_of(plugin, wish.sleeve.params, wish.params)
    goal = goal_of(wish.objective, wish.limits)
    start, end = max(info.start_ms, wish.start_ms), min(info.end_ms, wish.end_ms or info.end_ms)
    least = least_span(info, wish.sleeve.legs)
    if end - start < least:
        have, need = (ms / 3_600_000 for ms in (max(end - start, 0), least))
        raise ConfigError(f"{have:.1f} hours of {wish.tape} are too few to search on: {need:.1f} at least")
    if not 0 <= wish.validate < 0.9 or wish.trials < 1:
        raise ConfigError(f"validate {wish.validate} (0 to 0.9), trials {wish.trials} (1 or more)")
    if wish.prune and len(goal.names) > 1:
        raise ConfigError(
            f"{wish.objective} has {len(goal.names)} goals: nothing says which trial to give up"
        )
    lam = impact_of(wish.tape, wish.sleeve.legs, wish.start_ms, wish.end_ms, wish.impact)
    split = int(end - (end - start) * wish.validate) if wish.validate else 0
    task = Task(
        wish.tape, data_hash(info), config, wish.sleeve, space, wish.objective, wish.limits, wish.start_ms,
        wish.end_ms, split, lam, wish.executor, RUNGS if wish.prune else (),
    )  # fmt: skip
    method = choose(space, len(goal.names), wish.trials) if wish.method == "auto" else wish.method
    return Plan(task, method, wish.seed, wish.trials, goal.names, code_hash(), wish.impact)


def least_span(info: Any, symbols: Sequence[str]) -> int:
    """How long (ms) a search must be able to look at these markets of a tape."""
    finer = all(info.symbols[symbol].keys() & {"books", "touch", "trades"} for symbol in symbols)
    lengths = [min(info.bar_lengths.get(symbol) or (0,)) for symbol in symbols]
    return LEAST_MS if finer else max(LEAST_MS, LEAST_BARS * max(lengths))


def checked_name(name: str) -> str:
    """A name that is a folder's. Raises ConfigError."""
    if not re.match(studies.NAME, name):
        raise ConfigError(f"not a name for a study: {name!r} (letters, digits, . _ -)")
    return name


def unchanged(begun: Plan) -> Plan:
    """A study's plan, if the code still is what its trials were run with. Raises ConfigError."""
    if begun.code_hash != code_hash():
        raise ConfigError(
            "the code that decides and fills has changed since this study began: its trials and new ones "
            "cannot be compared; begin a new study"
        )
    return begun


def search(
    data_dir: Path, name: str, plan: Plan, total: int, crew: Crew, *, resume: bool = False,
    told: Callable[[Status], None] | None = None,
) -> Status:  # fmt: skip
    """Run a study to its end, or until it is interrupted; its last status. Raises CockpitError.

    Ctrl-C ends it after the batch that runs: what is kept is complete, and ``resume`` goes on from there.
    """
    place = studies.folder(data_dir, name)
    store = SqliteStore(place / studies.TRIALS)
    try:
        _begun(store, place, plan, resume)
        stage = stage_of(msgspec.msgpack.encode(plan.task))
        build = builder(stage.plugin, plan.task.space)
        goals = len(plan.goals)
        count = ledgers.Counting(data_dir, name, plan.task, stage.period)
        seed = plan.seed + MACHINES * crew.machine
        brief = Brief(plan.task.space, seed, plan.budget, goals, lambda point: build(point) is not None)
        with pool_of(crew, stage.ready is not None) as (pool, where):
            work = Work(plan.task)

            def run(orders: Sequence[Order], share: float) -> list[Trial]:
                return pools.spread(pool, partial(work, share=share), orders, crew.workers)

            loop = Search(
                plan.task.space, made(plan.method, brief), store,
                lambda orders: halving(run, orders, plan.task.rungs), goals,
                lambda point: _key(build(point)), count, _exchange(crew, name, plan),
            )  # fmt: skip
            if loop.resume():
                count.again(store.trials())  # it may have been begun elsewhere, and copied here
            status = _first(name, plan, total, crew, where, stage.why, len(loop.trials))
            return _run(loop, Progress(place, status, told), total)
    finally:
        store.close()


def _exchange(crew: Crew, name: str, plan: Plan) -> Exchange | None:
    if not crew.storage:
        return None
    task = msgspec.structs.replace(plan.task, tape="")  # each machine has its own copy of the tape
    head = hashlib.sha256(msgspec.json.encode((task, plan.code_hash), order="deterministic")).hexdigest()
    return Exchange(crew.storage, name, plan.task.space, len(plan.goals), crew.machine, head)


def repeat(plan: Plan, trial: Trial) -> tuple[bool, Trial]:
    """A trial once more, by the kernel itself: (the same?, what it is now). Raises ConfigError, TapeError.

    The kernel is asked whoever ran it first, so this also holds the compiled executor to it.
    """
    task = msgspec.structs.replace(plan.task, executor="interpreted")
    order = trial.number, trial.batch, trial.point
    (again,) = stage_of(msgspec.msgpack.encode(task)).run([order], trial.share)
    before, now = (array("f", one.returns) for one in (trial, again))
    near = len(before) == len(now) and all(abs(a - b) <= SAME for a, b in zip(before, now, strict=True))
    scores = len(trial.scores) == len(again.scores) and all(
        (a is None) == (b is None) and abs((a or 0.0) - (b or 0.0)) <= SAME
        for a, b in zip(trial.scores, again.scores, strict=True)
    )
    return near and scores, again


def _run(loop: Search, progress: Progress, total: int) -> Status:
    progress.write("running", loop)
    with interruptible() as stop:
        try:
            state = loop.run(total, progress, stop)
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            progress.write("stopped" if interrupted else "failed", loop, "" if interrupted else str(error))
            raise
    return progress.write(state, loop)


def _begun(store: SqliteStore, place: Path, plan: Plan, resume: bool) -> None:
    head = store.head()
    if head is not None and not resume and next(store.trials(), None) is None:
        head = None  # begun and never got anywhere: nothing is lost by beginning anew
    if head is not None and not resume:
        raise ConfigError(
            f"there is a study {place.name!r} already: --resume goes on with it, --study names another"
        )
    if head is None:
        studies.write(place / studies.TASK, plan)
        store.begin({"method": plan.method, "seed": plan.seed, "budget": plan.budget, "goals": plan.goals})


def _key(params: Any) -> Any:
    return None if params is None else msgspec.json.encode(params)


def _first(
    name: str, plan: Plan, total: int, crew: Crew, where: str, why: str, done: int
) -> Status:  # fmt: skip
    task, now = plan.task, time.time_ns() // 1_000_000
    executor = f"interpreted: {why}" if why else task.executor.replace("auto", "compiled")
    return Status(
        name, "running", task.sleeve.strategy, task.sleeve.legs, task.sleeve.timeframe, task.tape,
        plan.method, task.objective, plan.goals, tuple(limit.text() for limit in goal_of(task.objective,
        task.limits).limits), tuple(axis.name for axis in task.space.axes), now, now, done, total,
        workers=crew.workers, where=where, executor=executor,
    )  # fmt: skip


@contextmanager
def pool_of(crew: Crew, compiled: bool) -> Iterator[tuple[Any, str]]:
    """The executor, and what it is called."""
    kind = crew.kind if crew.kind != "auto" else "threads" if compiled or crew.workers == 1 else "processes"
    if crew.cluster:
        with pools.cluster(crew.cluster) as pool:
            yield pool, crew.cluster
    elif kind == "threads":
        with pools.threads(crew.workers) as threads:
            yield threads, kind
    else:
        with pools.processes(crew.workers) as pool:
            yield pool, kind


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Ctrl-C once asks to stop after the batch; twice stops now. Only the main thread hears signals."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return

    def hear(_number: int, _frame: Any) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
