"""The rows of sleeves that show quotes: what they may hold, and what their quotes have brought."""

from __future__ import annotations

from math import nan

import msgspec

from cockpit.core.desk_frames import MakerRow
from cockpit.core.engine import Engine
from cockpit.core.making import HORIZONS, Makers, Tally
from cockpit.core.state import Sleeve, State
from cockpit.core.worth import unit_value


def middle(engine: Engine, symbol: str) -> float:
    """Of a market's book; NaN when it cannot be trusted."""
    book = engine.markets[symbol].book
    return (book.best_bid + book.best_ask) / 2 if book.ok else nan


def maker_rows(engine: Engine, seen: set[str], makers: Makers) -> tuple[MakerRow, ...]:
    """Sleeves whose wish is quotes: only they wish nothing else, or show some. ``seen`` remembers them."""
    state = engine.state
    sleeves = state.sleeves.values()
    seen |= {s.id for s in sleeves if s.intent and (s.intent.quotes or s.intent.target is None)}
    return tuple(_row(state, s, makers.tallies.get(s.id)) for s in sleeves if s.id in seen)


def _row(state: State, sleeve: Sleeve, tally: Tally | None) -> MakerRow:
    """What a quoting sleeve may hold and holds, and what its quotes have brought."""
    instrument = state.instruments[sleeve.symbol]
    equity = state.equity()
    mates = [s for s in state.sleeves.values() if sleeve.pool and s.pool == sleeve.pool]
    row = MakerRow(
        sleeve.id,
        sleeve.symbol,
        sleeve.limit * max(0.0, equity) * sleeve.share,
        _held(state, sleeve),
        sleeve.pool,
        sum(abs(_held(state, mate)) for mate in mates),
        float(instrument.maker_fee),
        float(instrument.taker_fee),
    )
    if tally is None:
        return row
    return msgspec.structs.replace(
        row,
        since=tally.since,
        buys=tally.buys,
        sells=tally.sells,
        bought=tally.bought,
        sold=tally.sold,
        makers=tally.makers,
        turnover=tally.turnover,
        fees=tally.fees,
        edge=tally.edge,
        edged=tally.edged,
        marks=tuple(
            (ms, sum_ / value if value else nan, count)
            for ms, sum_, value, count in zip(HORIZONS, tally.marks, tally.marked, tally.counts, strict=True)
        ),
    )


def _held(state: State, sleeve: Sleeve) -> float:
    """Signed value of what a sleeve holds, account's currency; NaN without a price."""
    qty = state.position(sleeve.id)
    return float(qty) * unit_value(state, sleeve.symbol) if qty else 0.0
