"""Public channels other than the books: what each tells, how often, and first of all."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import Any

from cockpit.adapters.okx_exchange.candles import BARS, Candles
from cockpit.adapters.okx_exchange.depth import DEPTHS, PICTURES, Depth
from cockpit.adapters.okx_exchange.figures import amount
from cockpit.adapters.okx_exchange.floor import Floor, Print
from cockpit.adapters.okx_exchange.hub import Hub, Subscription, payload
from cockpit.adapters.okx_exchange.listed import record

Record = Callable[[Floor, int], dict[str, Any]]

RECORDS: dict[str, tuple[int, int, Record]] = {
    "tickers": (100, 0, lambda floor, now: floor.ticker(now)),
    "mark-price": (200, 10_000, lambda floor, now: dict(floor.mark_record())),
    "index-tickers": (100, 60_000, lambda floor, now: dict(floor.index_ticker(now))),
    "funding-rate": (60_000, 60_000, lambda floor, now: dict(floor.funding_record(now))),
    "open-interest": (3_000, 0, lambda floor, now: dict(floor.interest_record(now))),
    "price-limit": (200, 0, lambda floor, now: dict(floor.limit_record(now))),
}
"""Channel: (ms between two looks, ms after which it is told though nothing changed (0 = never), record)."""
PRINTS = frozenset(("trades", "trades-all"))
WITHOUT_INSTRUMENT = frozenset(
    ("status", "liquidation-orders", "instruments", "estimated-price", "adl-warning")
)
BUSINESS_CANDLES = ("mark-price-candle", "index-candle", "candle")
LOGIN_NEEDED = frozenset(("books-l2-tbt", "books50-l2-tbt"))


def candle_of(channel: str) -> tuple[str, str]:
    """(prefix, bar) of a candle channel; empty texts for any other."""
    for prefix in BUSINESS_CANDLES:
        bar = channel.removeprefix(prefix)
        if bar != channel and bar in BARS:
            return prefix, bar
    return "", ""


def is_public(channel: str) -> bool:
    """Does it live on the public door?"""
    return (
        channel in RECORDS or channel == "trades" or channel in WITHOUT_INSTRUMENT or channel in DEPTHS
        or channel in PICTURES
    )  # fmt: skip


class Public:
    """Tells the market to whoever listens."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.depth = Depth(hub)
        self._told: dict[tuple[str, str], tuple[object, int]] = {}
        self._looked: dict[str, int] = {}
        self._maintenance: list[dict[str, str]] = []

    def find(self, arg: dict[str, Any]) -> Floor | None:
        """The market of an argument; for the index channels any market on that index."""
        inst_id, channel = str(arg.get("instId", "")), str(arg.get("channel", ""))
        if channel == "index-tickers" or channel.startswith("index-candle"):
            floors = self.hub.venue.floors.values()
            return next((floor for floor in floors if floor.listed.index_id == inst_id), None)
        return self.hub.venue.floors.get(inst_id)

    def begin(self, sub: Subscription, now: int) -> None:
        """First push to a new listener, where the channel has one."""
        channel = sub.channel
        floor = self.find(sub.arg)
        rows: list[Any] = []
        if channel == "instruments":
            floors = self.hub.venue.floors.values()
            rows = [record(f.listed) for f in floors if f.listed.inst_type == sub.arg.get("instType")]
        elif channel == "status":
            rows = [*self.hub.venue.maintenance]
        elif floor is None:
            return
        elif channel in DEPTHS or channel in PICTURES:
            self.depth.begin(floor, sub, now)
            return
        elif channel in RECORDS:
            rows = [RECORDS[channel][2](floor, now)]
        elif candle_of(channel)[1]:
            rows = self._candle(floor, channel, now)
        if rows:
            sub.socket.push(channel, sub.prefix + payload(rows))

    def tick(self, now: int) -> None:
        """Everything that is due. Called every 10 ms or so."""
        self.depth.tick(now, self._due("slow books", now, 100))
        self._prints()
        for channel, (every, silence, make) in RECORDS.items():
            if self._due(channel, now, every):
                self._records(channel, silence, make, now)
        if self._due("candles", now, 1_000):
            self._candles(now)
        self._rare(now)

    def _due(self, what: str, now: int, every: int) -> bool:
        if now - self._looked.get(what, 0) < every:
            return False
        self._looked[what] = now
        return True

    def _records(self, channel: str, silence: int, make: Record, now: int) -> None:
        for inst_id, floor in self.hub.venue.floors.items():
            key = floor.listed.index_id if channel == "index-tickers" else inst_id
            if not self.hub.listening(channel, key):
                continue
            row = make(floor, now)
            what = {name: value for name, value in row.items() if name != "ts"}
            before, at = self._told.get((channel, inst_id), (None, 0))
            if what == before and (not silence or now - at < silence):
                continue
            self._told[(channel, inst_id)] = (what, now)
            self.hub.publish(channel, key, [row])

    def _prints(self) -> None:
        for inst_id, floor in self.hub.venue.floors.items():
            if not floor.fresh:
                continue
            fresh, floor.fresh = floor.fresh, []
            if self.hub.listening("trades-all", inst_id):
                for row in fresh:
                    self.hub.publish("trades-all", inst_id, [floor.trade_record(row)])
            if self.hub.listening("trades", inst_id):
                for _, group in groupby(fresh, key=lambda row: (row.ts, row.side, row.ticks)):
                    self.hub.publish("trades", inst_id, [together(floor, [*group])])

    def _candles(self, now: int) -> None:
        seen: set[tuple[str, str]] = set()
        for socket in self.hub.sockets:
            for sub in socket.subscriptions.values():
                where = (sub.channel, sub.key)
                if where in seen or not candle_of(sub.channel)[1]:
                    continue
                seen.add(where)
                floor = self.find(sub.arg)
                rows = self._candle(floor, sub.channel, now) if floor else []
                if not rows:
                    continue
                before, _ = self._told.get(where, (None, 0))
                self._told[where] = (rows, now)
                if isinstance(before, list) and before[-1][0] != rows[-1][0]:
                    # The bar that has just closed is told once more, as closed.
                    closed = self._candle(floor, sub.channel, now, -2) if floor else []
                    self.hub.publish(sub.channel, sub.key, closed)
                if rows != before:
                    self.hub.publish(sub.channel, sub.key, rows)

    def _candle(self, floor: Floor, channel: str, now: int, index: int = -1) -> list[Any]:
        prefix, bar = candle_of(channel)
        sources: dict[str, Candles] = {
            "candle": floor.last_prices, "mark-price-candle": floor.marks, "index-candle": floor.indices,
        }  # fmt: skip
        rows = sources[prefix].rows(bar, now)
        if len(rows) < abs(index):
            return []
        row, closed = rows[index]
        numbers = row[1:] if prefix == "candle" else row[1:5]
        return [[str(row[0]), *(amount(value) for value in numbers), "1" if closed else "0"]]

    def _rare(self, now: int) -> None:
        venue = self.hub.venue
        for floor in venue.relisted:
            self.hub.publish("instruments", floor.listed.inst_type, [record(floor.listed)])
        venue.relisted.clear()
        for floor, fill, long in venue.seized:
            detail = {
                "side": str(fill.side),
                "posSide": "long" if long else "short",
                "bkPx": floor.px(floor.ticks(float(fill.px))),
                "sz": floor.size(floor.listed.instrument.lots(float(fill.sz))),
                "bkLoss": "0",
                "ccy": "",
                "ts": str(fill.ts),
            }
            row = {
                "instType": floor.listed.inst_type,
                "instId": floor.listed.inst_id,
                "instFamily": floor.listed.family,
                "uly": floor.listed.family,
                "details": [detail],
            }
            self.hub.publish("liquidation-orders", floor.listed.inst_type, [row])
        venue.seized.clear()
        if venue.maintenance != self._maintenance:
            self._maintenance = [dict(row) for row in venue.maintenance]
            self.hub.publish("status", "", self._maintenance)


def together(floor: Floor, rows: list[Print]) -> dict[str, Any]:
    """Several matches of one taker at one price as one trade; the id is the last one's."""
    last = rows[-1]
    total = Print(last.trade_id, last.ticks, sum(row.lots for row in rows), last.side, last.ts, last.seq)
    return {**floor.trade_record(total), "count": str(len(rows)), "seqId": last.seq}
