"""Where trials run: threads, processes or a Dask cluster, each a ``concurrent.futures.Executor``.

Threads pay for compiled backtests, which run outside Python's lock; processes for interpreted ones.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from cockpit.core.errors import CockpitError, ConfigError

A = TypeVar("A")
B = TypeVar("B")
TIMEOUT_S = 5
MISSING = "a cluster needs distributed: pip install 'cockpit[cluster]'"
PIECES = 4
"""Tasks a worker and batch: enough to even out slow trials, few enough to cost nothing."""


@contextmanager
def threads(workers: int) -> Iterator[Executor]:
    """Threads of this process."""
    with ThreadPoolExecutor(workers, thread_name_prefix="trial") as pool:
        yield pool


@contextmanager
def processes(workers: int) -> Iterator[Executor]:
    """Processes that share nothing with this one."""
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """A running Dask cluster. Raises ConfigError when it is not there or Dask is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise ConfigError(MISSING) from error
    try:
        make: Any = distributed.Client
        client: Any = make(address, timeout=TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"no Dask scheduler answers at {address}: {error}") from error
    try:
        if not client.scheduler_info()["workers"]:
            raise ConfigError(f"the Dask scheduler at {address} has no workers")
        with client.get_executor(pure=False) as pool:
            yield pool
    finally:
        client.close()


def spread(
    pool: Executor, work: Callable[[Sequence[A]], list[B]], rows: Sequence[A], workers: int
) -> list[B]:
    """``work`` over pieces of ``rows``, the results in the order of ``rows``. Raises what ``work`` raises."""
    size = max(1, -(-len(rows) // max(1, workers * PIECES)))
    futures: list[Future[Any]] = [pool.submit(work, rows[at : at + size]) for at in range(0, len(rows), size)]
    found: list[B] = []
    try:
        for future in futures:
            found += future.result()
    except BrokenExecutor as error:
        raise CockpitError(f"a worker died: {error}; take the study up again with --resume") from error
    finally:
        for future in futures:
            future.cancel()
    return found
