"""Filling the archive from an exchange: what was never asked for is asked for, page by page, newest first.

A page's rows and the note that its span was told are one transaction, so an interrupted run goes on at the page
at which it stopped, and a run that finds nothing new asks for nothing old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from cockpit.adapters.archive.archive import Archive, Took
from cockpit.adapters.archive.index import Span, missing
from cockpit.adapters.archive.layout import Series
from cockpit.adapters.connectivity.history import History, Page
from cockpit.core.errors import Transient, VenueError

TRIES = 6
"""Times that one page is asked for; the pause doubles from one second."""
LAG = {"funding": 900_000}
LAG_MS = 60_000
"""An exchange tells its newest past late (a settlement, a candle that nobody traded in): the last minute, of
funding the last quarter of an hour, is asked for again by the next run."""
SETTLE_ROWS = 100_000
"""Hot rows of a run after which finished months move into Parquet."""
Say = Callable[[Series, float, int], None]
"""(series, share done, rows so far)"""


class Job(msgspec.Struct, frozen=True):
    """One series and the spans of it that are to be asked for; of candles by opening time."""

    series: Series
    spans: tuple[Span, ...]


class Done(msgspec.Struct):
    """What became of a job."""

    series: Series
    pages: int = 0
    took: Took = msgspec.field(default_factory=Took)


def plan(
    archive: Archive, wanted: Sequence[Series], since: int, now: int, *, incremental: bool
) -> list[Job]:
    """What is still unasked of [since, now]. ``incremental``: nothing older than what was asked first, so that
    the daily run stays short; a series that is new begins at ``since``."""
    jobs = []
    for series in wanted:
        asked = archive.index.asked(series)
        lo = asked[0][0] if incremental and asked else since
        # A candle is closed when its length is over: only those that opened early enough are asked for.
        hi = now - series.tf + 1
        jobs.append(Job(series, tuple(missing(asked, lo, hi))))
    return jobs


async def fill(
    archive: Archive,
    history: History,
    jobs: Sequence[Job],
    now: int,
    say: Say,
    pause: Callable[[float], object] = asyncio.sleep,
) -> list[Done]:
    """Do the jobs one after the other. Raises Transient when the exchange stays away, VenueError when it says
    no; everything that was told until then is kept."""
    done = []
    hot = 0
    for job in jobs:
        one = Done(job.series)
        done.append(one)
        total = sum(hi - lo for lo, hi in job.spans)
        left = total
        for lo, top in reversed(job.spans):
            hi = top
            while hi > lo:
                page = await patiently(history, job.series, lo, hi, pause)
                if page.lo >= hi:
                    raise VenueError(f"{job.series.label}: the exchange repeats itself at {hi}")
                told = min(page.hi, now - job.series.tf - LAG.get(job.series.kind, LAG_MS))
                took = archive.put(page.events, (job.series, (page.lo, told)))
                one.took.add(took)
                one.pages += 1
                hot += took.new
                left -= hi - page.lo
                hi = page.lo
                say(job.series, 1.0 - left / total, one.took.rows)
        if hot >= SETTLE_ROWS:
            archive.settle(now)
            hot = 0
    archive.settle(now)
    return done


async def patiently(
    history: History, series: Series, lo: int, hi: int, pause: Callable[[float], object]
) -> Page:
    """A page, asked for again with growing pauses while the exchange says "not now"."""
    for attempt in range(TRIES):
        try:
            return await history.page(series.kind, series.symbol, series.tf, lo, hi)
        except Transient:
            if attempt == TRIES - 1:
                raise
            waited = pause(2.0**attempt)
            if asyncio.iscoroutine(waited):
                await waited
    raise AssertionError("unreachable")


async def samples(archive: Archive, history: History, wanted: Sequence[Series]) -> list[Done]:
    """One look at everything of which the exchange tells only the present."""
    done = []
    for series in wanted:
        took = archive.put(await history.sample(series.kind, series.symbol))
        done.append(Done(series, 1, took))
    return done
