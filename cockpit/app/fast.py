"""A backtest by the compiled executor, with the report that the kernel's run would have, or a refusal.

The machine says what was filled and when it was heard. The State is then told these facts again, by the real
ledger, and the curve and the round trips are taken from it as in any other run.
"""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import compose, deep, sizings
from cockpit.app import market as markets
from cockpit.app.deep import COMPILED, PYTHON
from cockpit.app.summary import summary
from cockpit.app.trial import Request, Result, code_hash, data_hash, entered_in
from cockpit.core import events as ev
from cockpit.core.config import Config
from cockpit.core.orders import Order, OrderKind, OrderState, Role
from cockpit.core.trips import Trips
from cockpit.core.types import Instrument
from cockpit.lab.compiled import fold, handed, tape
from cockpit.lab.compiled import run as compiled
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.compiled.result import Result as Run
from cockpit.lab.curve import Sampler, period_for
from cockpit.lab.regimes import Regimes
from cockpit.lab.report import report

WORTH_COMPILING = 20_000
"""Bars from which ``auto`` compiles. With the machine code on disk it pays from 14,000 on; making that costs
1.5 s the first time, a tenth of which a later run of 40,000 bars gains.
"""
QUIET = (ev.OpenInterest, ev.DataFault)
"""Facts that change nothing here."""
ROLES = (Role.ENTRY, Role.EXIT, Role.PROTECT)
Progress = Callable[[str, float], None]


class Ready(msgspec.Struct, frozen=True):
    """What many runs over one tape have in common; only parameters differ."""

    source: markets.MarketSource
    casts: list[compose.Cast]
    info: Any
    instrument: Instrument
    columns: tape.Tape
    play: compiled.Compiled | handed.Handed

    def run(self, params: Any, config: Config) -> Run:
        """One run. Raises Unsupported."""
        return self.play.run(params, self.instrument, self.columns, config, *self._names())

    def sweep(self, many: Sequence[Any], config: Config) -> Iterator[Run | Unsupported]:
        """A run for each of many parameters, or why the kernel must be asked; without Python between them."""
        assert isinstance(self.play, compiled.Compiled)
        return compiled.sweep(
            self.play, many, self.instrument, self.columns, config, 1, *self._names()
        )  # fmt: skip

    def _names(self) -> tuple[float, str, str]:
        sleeve = self.casts[0].sleeve
        return sleeve.share, sleeve.id, f"ckr{sleeve.index:03d}"

    def until(self, ts: int) -> Ready:
        """The same market, ended at an instant (UTC ms)."""
        columns, count = self.columns, bisect_right(self.columns.ts, ts)
        rates = bisect_right([row.ts for row in columns.rates], ts)
        names = ("ts", "open", "high", "low", "close", "volume")
        cut = {name: getattr(columns, name)[:count] for name in names}
        cut |= {n: getattr(columns, n)[:rates] for n in ("rates", "rate_rank", "rate_hi", "rate_lo")}
        return msgspec.structs.replace(self, columns=msgspec.structs.replace(columns, **cut))


def prepare(
    request: Request, progress: Progress | None = None, least: int = 0, how: str = COMPILED,
    *, many: bool = False,
) -> Ready:  # fmt: skip
    """Read the tape and make the strategy ready. Raises Unsupported, TapeError, ConfigError.

    ``many``: for many runs with other parameters.
    """
    from cockpit.adapters.store import tape as tapes

    path, config = Path(request.tape), request.config
    source = markets.from_tape(config, path, request.start_ms, request.end_ms, request.sleeves, alone=True)
    info = tapes.read_info(path)
    casts = compose.cast(source.sleeves, source.instruments, source.frames)
    if len(casts) != 1 or len(source.instruments) != 1:
        raise Unsupported("more than one strategy or market")
    part = casts[0]
    if part.sleeve.stop_tf and (source.sleeves[0].stops or part.plugin.options.get("stops")):
        raise Unsupported("stop layers")
    if source.sleeves[0].sizing is not None and source.sleeves[0].sizing.get("method") != sizings.OWN:
        raise Unsupported("position sizing")
    if part.sleeve.frames or not part.sleeve.on:
        raise Unsupported("longer bars, or a strategy that is switched off")
    if tuple(source.frames.get(part.sleeve.symbol, ())) != (part.sleeve.tf,):
        raise Unsupported("a tape without bars, or with bars of several lengths")
    if info.rows < least:
        raise Unsupported(f"fewer than {least:,} bars")
    recorded = tapes.read(
        path, start_ms=request.start_ms, end_ms=request.end_ms, symbols=source.instruments.keys()
    )
    columns = _columns(recorded, {i.symbol: i for i in info.instruments})
    if len(columns) < max(1, least):
        raise Unsupported(f"fewer than {max(1, least):,} bars")
    play: compiled.Compiled | handed.Handed
    if how == PYTHON:
        play = handed.hand(part.plugin, progress)
    else:
        play = compiled.compile_strategy(part.plugin, progress, shared=many)
    return Ready(source, casts, info, source.instruments[part.sleeve.symbol], columns, play)


def perform(
    request: Request, progress: Progress | None = None, least: int = 0, how: str = COMPILED
) -> Result:  # fmt: skip
    """Run compiled. Raises Unsupported (why the kernel must do it), TapeError, ConfigError.

    ``least``: with fewer bars than this it is not worth it. ``how``: all of it, or all but the strategy.
    """
    if deep.on_books(request):
        return deep.trial(request, progress, deep.WORTH_SLEEPING if least else 0, how=how)
    ready, config = prepare(request, progress, least, how), request.config
    started = time.monotonic()
    done = ready.run(ready.casts[0].params, config)
    seconds = time.monotonic() - started
    source, info, columns = ready.source, ready.info, ready.columns
    told = _Telling(compose.fresh(config, "replay", source.instruments, ready.casts), ready.play, done)
    span = (request.end_ms or info.end_ms) - (request.start_ms or info.start_ms)
    curve, trips = told.run(period_for(span))
    count = len(columns) + len(columns.rates)
    did = summary(told.engine, source, "backtest", count, 0, seconds, done.filled)
    did["executor"], did["digest"] = how, told.digest()
    regimes, rows = _regimes(told, ready), tuple(trips.finish())
    return Result(
        report(curve, trips, config.run.currency, regimes), curve, rows, did, tuple(source.sleeves),
        data_hash(info), code_hash(), regimes=entered_in(rows, regimes),
    )  # fmt: skip


def _regimes(told: _Telling, ready: Ready) -> Regimes:
    """From the bars that the strategy heard, when it heard them."""
    columns, regimes = ready.columns, Regimes(told.state, ready.source.frames)
    rows = zip(columns.ts, columns.high, columns.low, columns.close, columns.volume, strict=True)
    bars = ((int(ts) + told.lag, float(top), float(low), float(c), float(v)) for ts, top, low, c, v in rows)
    for market in regimes.markets:
        regimes.learn(market, bars)
    return regimes


def _columns(recorded: Iterator[ev.AnyEvent], known: Mapping[str, Instrument]) -> tape.Tape:
    """The stream as columns. Listings that say nothing new, and facts that change nothing, are left out."""
    first: list[int] = []

    def heard() -> Iterator[ev.AnyEvent]:
        for event in recorded:
            if not first:
                first.append(event.ts)
            news = not isinstance(event, ev.Listing) or known.get(event.instrument.symbol) != event.instrument
            if news and not isinstance(event, QUIET):
                yield event

    columns = tape.from_events(heard())
    return msgspec.structs.replace(columns, start=first[0]) if first else columns


class _Telling:
    """The State, told what happened."""

    def __init__(self, engine: Any, play: Any, done: Run) -> None:
        self.engine = engine
        self.state = engine.state
        self.done = done
        self.words = {number: word for word, number in play.tags.items()}
        self.lag = done.config.venue.feed_latency_ms
        self._facts = hashlib.sha256()
        self.sleeve = self.state.sleeves[done.sleeve]

    def run(self, period: int) -> tuple[Any, Trips]:
        """All of it, in the order in which it was heard."""
        state, done, columns = self.state, self.done, self.done.tape
        starts = [columns.ts[0], *(row.ts for row in columns.rates[:1]), *filter(None, [columns.start])]
        sampler = Sampler(state, period, int(min(starts)) + self.lag)
        trips = Trips(state)
        for row in done.lines:
            heard = int(row["heard"])
            self._until(sampler, heard)
            state.now = heard
            self._tell(row, trips)
        end = done.end
        self._until(sampler, end)
        self._close(end)
        state.now = end
        state.next_order = done.orders + 1
        state.reconciled = True
        self.sleeve.trades = done.trades
        self.sleeve.tag = self.words[done.tag]
        return sampler.done(end), trips

    def digest(self) -> str:
        """sha256 over every fill and payment, exact, with when it was heard and why it was wanted."""
        self._facts.update(str(self.done.orders).encode())
        return self._facts.hexdigest()

    def _until(self, sampler: Sampler, ts: int) -> None:
        """Take the points before ``ts``, each with the price that was known."""
        while ts > sampler.due:
            self._close(sampler.due)
            sampler.before(sampler.due + 1)

    def _close(self, at: int) -> None:
        index = bisect_right(self.done.tape.ts, at - self.lag)
        if index:
            self.state.last[self.done.instrument.symbol] = float(self.done.tape.close[index - 1])

    def _tell(self, row: Any, trips: Trips) -> None:
        state, done, instrument = self.state, self.done, self.done.instrument
        event = fold.event_of(row, instrument, done.tape, done.prefix)
        self._facts.update(msgspec.json.encode(event))
        event = msgspec.structs.replace(event, ts=state.now)
        if isinstance(event, ev.FundingPaid):
            state.ledger.apply_funding(event, instrument)
            return
        state.ledger.apply_fill(event, instrument, done.sleeve)
        state.fills += 1
        order = self._order(row, event)
        self._facts.update(f"{state.now} {order.role} {order.tag}".encode())
        state.recent[order.cid] = order
        last = float(row["last"])
        if last == last:
            state.last[instrument.symbol] = last
        leg = fold.leg_of(row)
        if leg:
            trips.observe(ev.Triggered(event.ts, event.cid, leg, event.price))
        trips.observe(event)

    def _order(self, row: Any, fill: ev.Fill) -> Order:
        return Order(
            cid=fill.cid, sleeve=self.sleeve.id, symbol=fill.symbol, side=fill.side, kind=OrderKind.MARKET,
            qty=fill.qty, role=ROLES[int(row["role"])], tag=self.words[int(row["tag"])],
            state=OrderState.FILLED, filled=fill.qty,
        )  # fmt: skip
