"""State + what was lately observed → Frame. Runs at frame rate on the engine's side; decides nothing.

The observer keeps only tails: the last trades, candles, fills, events and 24 hourly PnL buckets a sleeve.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from math import nan
from typing import NamedTuple

from cockpit.core import events as ev
from cockpit.core.config import RiskConfig
from cockpit.core.dust import whole
from cockpit.core.ended import ENDED
from cockpit.core.engine import Engine
from cockpit.core.frames import (
    FILLS,
    BookFrame,
    CandleRow,
    EventRow,
    FillRow,
    Frame,
    Health,
    LimitRow,
    PositionRow,
    Record,
    SleeveRow,
    SourceRow,
    StopLayer,
    TradeRow,
)
from cockpit.core.fuse_frame import fuse_rows, unit_of
from cockpit.core.hotlist_frame import hotlist_frame
from cockpit.core.intents import Outcome
from cockpit.core.ladder import ladder
from cockpit.core.ledger import Position, foreign
from cockpit.core.light import light, refusal
from cockpit.core.limits import limit_rows
from cockpit.core.maker_frame import maker_rows, middle
from cockpit.core.past import Past
from cockpit.core.profit import equity_point, pnl, rate, sleeve_pnl
from cockpit.core.release import listing
from cockpit.core.state import Sleeve
from cockpit.core.tails import Candles, exit_pnl, halt_row, order_row, stranger_row
from cockpit.core.tighter import tightened
from cockpit.core.turn import NOTHING
from cockpit.core.types import Side

DEPTH = 40
TAPE = 80
EVENTS = 200
DAY = 86_400_000
STALE_MS = 1_000
ACCOUNTS = frozenset(("DEMO", "LIVE"))
"""Where a sleeve's orders reach an exchange: its stage is then never called paper."""
NONE = Record()
TWINS = "twin."  # what never left: the journal has it, the list of events would drown in it
BOOKED = frozenset(("order.filled", "liquidation", "delivered"))
"""Notes of fills that were new: the venue repeats old ones whenever it is read back."""


class Tails(NamedTuple):
    """What a projector has observed, apart from the engine itself."""

    trades: tuple[TradeRow, ...]
    events: tuple[EventRow, ...]
    fills: tuple[FillRow, ...]
    candles: dict[tuple[str, int], tuple[CandleRow, ...]]
    past: bytes
    heard: dict[tuple[str, str], int]
    day: tuple[int, float]
    peak: float


class Projector:
    """Watches the stream beside the engine and draws frames of both."""

    def __init__(self, engine: Engine, *, mode: str, venue: str, limits: RiskConfig | None = None) -> None:
        self.engine = engine
        self.mode = mode
        self.venue = venue
        self.limits = limits
        self.speed = ""
        self.ended = False
        self._trades: deque[TradeRow] = deque(maxlen=TAPE)
        self._candles: dict[tuple[str, int], Candles] = {}
        self._shortest: dict[str, int] = {}
        self._events: deque[EventRow] = deque(maxlen=EVENTS)
        self._fills: deque[FillRow] = deque(maxlen=FILLS)
        self._heard: dict[tuple[str, str], int] = {}
        self._day: tuple[int, float] = (-1, nan)
        self._peak = 0.0
        self._quoting: set[str] = set()
        """Sleeves that have shown quotes, or would."""
        self.past = Past(engine.state, partial(middle, engine))

    # --- observing --------------------------------------------------------------------------------

    def tell(self, row: EventRow) -> None:
        """News that no decision brought: a line of the event list."""
        self._events.append(row)

    def observe(self, event: ev.AnyEvent, outcome: Outcome) -> None:
        """Called after each step, on the engine's thread; O(1)."""
        kind = event.__class__
        if kind in ev.MARKET:
            self._market(event, kind)
        elif isinstance(event, ev.Fill) and any(note.message in BOOKED for note in outcome.notes):
            order = self.engine.state.order(event.cid)
            self.past.hear(event)
            self._fills.append(
                FillRow(
                    event.ts,
                    event.cid,
                    order.sleeve if order is not None else "",
                    event.symbol,
                    event.side,
                    float(event.price),
                    float(event.qty),
                    float(event.fee),
                    event.maker,
                    event.note,
                    order.tag if order is not None else "",
                    event.fee_ccy,
                )
            )
        if outcome is not NOTHING:
            for note in outcome.notes:
                row = EventRow(outcome.ts, note.level, note.message, note.args, note.sleeve)
                if not note.message.startswith(TWINS):
                    self._events.append(row)
            for verdict in outcome.verdicts:
                message = "rule.blocked" if verdict.action == "block" else "rule.trimmed"
                args = {
                    "rule": verdict.rule,
                    "reason": verdict.reason,
                    "before": verdict.before,
                    "after": verdict.after,
                    "sleeve": verdict.sleeve,
                }
                self._events.append(EventRow(outcome.ts, "warn", message, args, verdict.sleeve))

    def _market(self, event: ev.AnyEvent, kind: type) -> None:
        if kind is ev.Bar:
            assert isinstance(event, ev.Bar)
            self._series(event.symbol, event.tf).bar(event)
            self.past.roll(event.ts)
            self._heard[("bars", event.symbol)] = event.ts
        elif kind is ev.Trade:
            assert isinstance(event, ev.Trade)
            self._trades.append(TradeRow(event.ts, event.symbol, event.side, event.price, event.qty))
            tf = self._shortest.get(event.symbol)
            if tf is not None:
                volume = self.engine.state.instruments[event.symbol].base_units(event.qty, event.price)
                self._series(event.symbol, tf).trade(event.venue_ts, event.price, volume)
            self._heard[("trades", event.symbol)] = event.ts
        elif kind is ev.Mark:
            assert isinstance(event, ev.Mark)
            self._heard[("mark", event.symbol)] = event.ts
        elif kind is not ev.FundingRate and kind is not ev.OpenInterest:
            assert isinstance(event, ev.BookDelta | ev.BookSnapshot | ev.Touch)
            self._heard[("book", event.symbol)] = event.ts
        if event.ts >= self.past.makers.due:
            self.past.makers.look(event.ts)

    def closed(self, symbols: Sequence[str]) -> Iterator[tuple[str, int, CandleRow]]:
        """The last closed candles of these markets: (symbol, length, candle), oldest first of each."""
        for (symbol, tf), series in self._candles.items():
            if symbol in symbols:
                yield from ((symbol, tf, row) for row in series.rows if row.closed)

    def _series(self, symbol: str, tf: int) -> Candles:
        found = self._candles.get((symbol, tf))
        if found is None:
            found = self._candles[(symbol, tf)] = Candles(tf)
            self._shortest[symbol] = min(tf, self._shortest.get(symbol, tf))
        return found

    def recall(self, now: int, day_pnl: list[float], peak: float) -> None:
        """What a screen that watches from elsewhere cannot know by itself: the day's first PnL, the peak."""
        if day_pnl and self._day[0] != now // DAY:
            self._day = (now // DAY, day_pnl[0])
        self._peak = max(self._peak, peak)

    def kept(self) -> Tails:
        """Everything observed so far, to come back to."""
        candles = {key: tuple(series.rows) for key, series in self._candles.items()}
        rows = (tuple(self._trades), tuple(self._events), tuple(self._fills))
        return Tails(*rows, candles, self.past.save(), dict(self._heard), self._day, self._peak)

    def recalled(self, tails: Tails) -> None:
        """Back to what :meth:`kept` remembers."""
        self._trades = deque(tails.trades, TAPE)
        self._events = deque(tails.events, EVENTS)
        self._fills = deque(tails.fills, FILLS)
        self._candles, self._shortest = {}, {}
        for (symbol, tf), rows in tails.candles.items():
            self._series(symbol, tf).rows.extend(rows)
        self.past = Past(self.engine.state, partial(middle, self.engine))
        self.past.restore(tails.past)
        self._heard, self._day, self._peak = dict(tails.heard), tails.day, tails.peak

    # --- projecting -------------------------------------------------------------------------------

    def frame(self, now: int, wall: int, health: Health) -> Frame:
        """One picture as of engine time ``now``."""
        state = self.engine.state
        point = equity_point(state)
        equity = float(point.equity)
        brought = float(pnl(state))
        self._peak = max(self._peak, brought)
        lost = self._peak - brought  # transfers do not count, as for the stops of the account
        day = now // DAY
        if self._day[0] != day:
            self._day = (day, brought)
        positions = self._positions(now)
        limits = self._limits(equity)
        colour, why = light(state, limits)
        return Frame(
            seq=state.seq,
            ts=now,
            wall=wall,
            mode=self.mode,
            venue=self.venue,
            posture=state.posture.name,
            currency=state.currency,
            equity=equity,
            cash=float(point.cash),
            day_pnl=brought - self._day[1],
            drawdown=lost / (equity + lost) if equity + lost > 0 else 0.0,
            realised=float(point.realised),
            unrealised=float(point.unrealised),
            fees=float(point.fees),
            funding=float(point.funding),
            symbols=tuple(self.engine.markets),
            books=self._books(now),
            trades=tuple(self._trades),
            candles={f"{s}|{tf}": tuple(c.rows) for (s, tf), c in self._candles.items()},
            positions=positions,
            orders=(
                *(order_row(o) for o in state.orders.values()),
                *(stranger_row(o) for o in state.strangers.values()),
            ),
            fills=tuple(self._fills),
            sleeves=tuple(self._sleeve(s, now) for s in state.sleeves.values()),
            events=tuple(self._events),
            sources=self._sources(now),
            limits=limits,
            health=health,
            halt=halt_row(state.halt),
            links=dict(state.links),
            speed=self.speed,
            ended=self.ended,
            reconciled=state.reconciled,
            hotlist=hotlist_frame(state.hotlist, now),
            light=colour,
            light_why=why,
            versions=listing.on_screen(state),
            makers=maker_rows(self.engine, self._quoting, self.past.makers),
            tighter=dict(state.tighter),
            contracts={symbol: unit_of(state.instruments[symbol]) for symbol in self.engine.markets},
            fuses=fuse_rows(state),
        )

    def _books(self, now: int) -> tuple[BookFrame, ...]:
        own: dict[str, list[tuple[str, float, float]]] = {}
        for order in self.engine.state.orders.values():
            if order.price is not None and not order.algo:
                row = (str(order.side), float(order.price), float(order.remaining))
                own.setdefault(order.symbol, []).append(row)
        frames = []
        for symbol, market in self.engine.markets.items():
            book = market.book
            if not book.ts:
                continue
            frames.append(
                BookFrame(
                    symbol,
                    tuple(book.levels(_BUY, DEPTH)),
                    tuple(book.levels(_SELL, DEPTH)),
                    tuple(own.get(symbol, ())),
                    float(market.instrument.tick),
                    book.ok,
                    max(0, now - book.ts),
                )
            )
        return tuple(frames)

    def _positions(self, now: int) -> tuple[PositionRow, ...]:
        state = self.engine.state
        ours = [(s, book) for s in state.sleeves.values() for book in state.ledger.sleeve_books(s.id)]
        rows = [self._position(book, now, sleeve) for sleeve, book in ours if book.qty]
        for symbol, instrument in state.instruments.items():
            if instrument.derivative or instrument.state is ENDED:
                books = state.ledger.sleeve_books(foreign(symbol))
                rows += [self._position(book, now, None) for book in books if book.qty]
        return tuple(rows)

    def _position(self, book: Position, now: int, sleeve: Sleeve | None) -> PositionRow:
        """One open book; without a sleeve it is a stranger's, which no stop of ours protects."""
        state = self.engine.state
        instrument = state.instruments[book.symbol]
        price = state.price(book.symbol)
        mark = Decimal(repr(price)) if price == price else None
        heard = self.engine.markets[book.symbol].heard
        worth = float(rate(state, book.settle)) or nan
        layers: tuple[StopLayer, ...] = ()
        if sleeve is not None:
            layers = ladder(
                state,
                self.engine.slots.get(sleeve.id),
                self.engine.watchers,
                book,
                whole(instrument, abs(book.qty)),
                price,
            )
        return PositionRow(
            sleeve.id if sleeve is not None else "",
            book.symbol,
            float(book.qty),
            float(book.entry),
            price,
            float(book.unrealised(instrument, mark)) * worth if mark is not None else nan,
            exit_pnl(self.engine.markets[book.symbol], book, price) * worth,
            float(book.realised) * worth,
            float(book.fees) * worth,
            float(book.funding) * worth,
            layers,
            sleeve.tag if sleeve is not None else "",
            book.opened or now,
            max(0, now - heard) if heard else -1,
            next((row.price for row in layers if row.letter == "L"), 0.0),
        )

    def _sleeve(self, sleeve: Sleeve, now: int) -> SleeveRow:
        state = self.engine.state
        brought = float(sleeve_pnl(state, sleeve.id))
        word = "off" if not sleeve.on else "benched" if sleeve.benched else "on"
        if word == "on" and sleeve.intent is None:
            word = "waiting"
        return SleeveRow(
            sleeve.id,
            sleeve.strategy,
            sleeve.version,
            sleeve.symbol,
            self._stage(sleeve),
            word,
            float(state.position(sleeve.id)),
            brought,
            sleeve.trades,
            sleeve.tag,
            refusal(sleeve),
            self.past.rows(sleeve.id, brought, now),
            sleeve.intent is None or (not sleeve.intent.target and not sleeve.intent.quotes),
            self.past.records.get(sleeve.id, NONE),
            sleeve.tf,
        )

    def _stage(self, sleeve: Sleeve) -> str:
        """How far its version is trusted; without stages on an account, the account's word."""
        version = self.engine.state.release.versions.get(sleeve.release)
        if version is not None and version.managed:
            return version.stage
        return self.mode.lower() if self.mode in ACCOUNTS else sleeve.stage

    def _sources(self, now: int) -> tuple[SourceRow, ...]:
        links = self.engine.state.links
        up = all(links.values())
        rows = []
        for (name, symbol), ts in sorted(self._heard.items()):
            limit = STALE_MS
            if name == "bars":
                limit += self._shortest.get(symbol, 0)
            age = max(0, now - ts)
            rows.append(SourceRow(name, symbol, age, age > limit, up))
        return tuple(rows)

    def limit_rows(self) -> tuple[LimitRow, ...]:
        """Every limit and breaker as it stands now."""
        return self._limits(self.engine.state.equity())

    def _limits(self, equity: float) -> tuple[LimitRow, ...]:
        return (
            ()
            if self.limits is None
            else limit_rows(self.engine.state, tightened(self.limits, self.engine.state.tighter), equity)
        )


_BUY = Side.BUY
_SELL = Side.SELL
