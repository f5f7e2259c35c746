"""The peers' market maker, and their stream of order-book events as ours.

It joins the best bid and ask with one order a side and looks every 100 ms: a quote that the touch has left is
cancelled, what was cancelled or filled is shown anew at the next look. At most one unit is held either way.
The stream is ``l2`` of the peers' own generator.
"""

from __future__ import annotations

import importlib.util
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cockpit.core import events as ev
from cockpit.core.config import Config, RiskConfig, RunConfig, VenueConfig
from cockpit.core.events import Fill
from cockpit.core.registry import Plugin
from cockpit.core.types import Instrument, Kind, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from tests.conftest import SHARED

SYMBOL = "bench:BTC-USDT-SWAP"
SWAP = Instrument(
    SYMBOL, Kind.LINEAR, "BTC", "USDT", "USDT", Decimal("0.1"), Decimal("0.001"), Decimal("0.001"),
    maker_fee=Decimal("0.0002"), taker_fee=Decimal("0.0005"),
)  # fmt: skip
CONFIG = Config(
    run=RunConfig(equity=1e6),
    risk=RiskConfig(
        max_notional=1e9, max_latency_ms=0, min_depth=0.0, max_entries=0, max_orders_per_second=10_000,
        max_orders_per_minute=1_000_000, max_changes_per_second=10_000, max_changes_per_minute=1_000_000,
    ),
    venue=VenueConfig(feed_latency_ms=10, order_latency_ms=20, report_latency_ms=20),
)  # fmt: skip
SNAPSHOT_ROWS = 800


class Size(msgspec.Struct, frozen=True):
    """Contracts of a quote, the most that is held (less a hair), and how often it looks (ms)."""

    qty: float = 0.1
    most: float = 0.95
    step: int = 100


class Joiner(msgspec.Struct):
    """See above."""

    params: Size
    bid: float = 0.0
    bid_qty: float = 0.0
    ask: float = 0.0
    ask_qty: float = 0.0

    @classmethod
    def create(cls, params: Size) -> Joiner:
        """A fresh one."""
        return cls(params)

    @property
    def timer_ms(self) -> int:
        """How often it looks."""
        return self.params.step

    def on_timer(self, view: View, want: Want) -> None:
        """Cancel what no longer stands at the touch; show anew what was cancelled or filled before."""
        if not view.book_ok:
            return
        if self.bid_qty:
            if self.bid != view.bid:
                self.bid_qty = 0.0
        elif view.position < self.params.most:
            self.bid, self.bid_qty = view.bid, self.params.qty
        if self.ask_qty:
            if self.ask != view.ask:
                self.ask_qty = 0.0
        elif view.position > -self.params.most:
            self.ask, self.ask_qty = view.ask, self.params.qty
        want.quote(self.bid, self.bid_qty, self.ask, self.ask_qty, "join")

    def on_fill(self, fill: Fill, view: View, want: Want) -> None:
        """That side is shown again at the next look."""
        if fill.side is Side.BUY:
            self.bid_qty = 0.0
        else:
            self.ask_qty = 0.0
        want.quote(self.bid, self.bid_qty, self.ask, self.ask_qty, "join")


PLUGIN = Plugin("strategy", "joiner", Joiner, Size, Joiner.__module__, "", {"wakes": ("timer", "fill")})


def generated(rows: int) -> dict[str, Any] | None:
    """The peers' stream (kind, ts, px, qty), made by their own script; None where it is not at hand."""
    script = SHARED / "bench" / "peers" / "gen_data.py"
    if not script.is_file():
        return None
    sys.path.insert(0, str(script.parent))
    try:
        spec = importlib.util.spec_from_file_location("peers_gen_data", script)
        if spec is None or spec.loader is None:
            return None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(script.parent))
    kind, ts, px, qty = module.l2(rows, 9)
    return {"kind": kind, "ts": ts, "px": px, "qty": qty}


def save(stream: dict[str, Any], folder: Path) -> None:
    """For the peers' scripts (``PERF_DATA``)."""
    np.savez(folder / "l2.npz", **stream)


def events(stream: dict[str, Any], *, together: bool) -> list[ev.AnyEvent]:
    """The same as events of ours. ``together``: the changes of one instant in one message, as OKX sends them;
    otherwise a message a level, which is how hftbacktest plays them: a level that empties and fills again
    within an instant lets those behind it move up.
    """
    kinds, times = stream["kind"].tolist(), (stream["ts"] // 1_000_000).tolist()
    prices, sizes = np.round(stream["px"] / 10, 1).tolist(), stream["qty"].tolist()
    found: list[ev.AnyEvent] = [ev.Listing(times[0], SWAP)]
    seq = 1
    at = 0
    while at < len(kinds):
        kind, ts = kinds[at], times[at]
        if kind in (2, 3):
            side = Side.BUY if kind == 2 else Side.SELL
            found.append(ev.Trade(ts, SYMBOL, ts, prices[at], sizes[at], side, ""))
            at += 1
            continue
        end = at + 1
        while end < len(kinds) and _joined(kinds[end], kind, times[end] == ts, together):
            end += 1
        bids = tuple((prices[i], sizes[i]) for i in range(at, end) if kinds[i] % 2 == 0)
        asks = tuple((prices[i], sizes[i]) for i in range(at, end) if kinds[i] % 2 == 1)
        if kind >= 4:
            found.append(ev.BookSnapshot(ts, SYMBOL, ts, bids, asks, seq))
        else:
            seq += 1
            found.append(ev.BookDelta(ts, SYMBOL, ts, bids, asks, seq, seq - 1))
        at = end
    return found


def _joined(kind: int, first: int, now: bool, together: bool) -> bool:
    """Does a row belong to the message that ``first`` began?"""
    if kind >= 4:
        return now and first >= 4
    return together and now and kind < 2 and first < 2
