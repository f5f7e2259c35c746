"""The venue as a whole: its markets, its accounts, and one clock that drives both."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from cockpit.adapters.okx_exchange import algos
from cockpit.adapters.okx_exchange.account import Account
from cockpit.adapters.okx_exchange.changing import expire
from cockpit.adapters.okx_exchange.clock import Clock
from cockpit.adapters.okx_exchange.endpoints import Call
from cockpit.adapters.okx_exchange.faults import Faults
from cockpit.adapters.okx_exchange.feed import Feed
from cockpit.adapters.okx_exchange.figures import plain, text
from cockpit.adapters.okx_exchange.floor import Floor
from cockpit.adapters.okx_exchange.keys import Key, KeyRing
from cockpit.adapters.okx_exchange.limits import Budget
from cockpit.adapters.okx_exchange.listed import listing
from cockpit.adapters.okx_exchange.orders import Fill, Order
from cockpit.adapters.okx_exchange.positions import Spot
from cockpit.adapters.okx_exchange.refusals import Refusal
from cockpit.core import events as ev
from cockpit.core.types import Instrument, InstrumentState, Side

PERMISSIONS = {
    "trade": ("read_only", "trade"),
    "read": ("read_only",),
    "withdraw": ("read_only", "trade", "withdraw"),
}
KEPT_LOG = 100_000


class OkxVenue:
    """Everything but the sockets. Synchronous: whoever calls decides when."""

    def __init__(
        self, feed: Feed, *, accounts: int = 1, cash: dict[str, Decimal], seed: int = 7, limits: bool = True,
        history: int = 1_441, clock: Clock | None = None,
    ) -> None:  # fmt: skip
        """``accounts`` live ones and as many demo ones, each with ``cash``."""
        self.clock = clock or Clock()
        self.seed = seed
        self.feed = feed
        self.trade_ids = count(1_000_001)
        self._numbers = count(self.clock.now() * 1_000)
        self.floors = {
            inst_id: Floor(listed, self.trade_ids)
            for inst_id, listed in listing(feed.instruments.values()).items()
        }
        self.by_symbol = {floor.listed.instrument.symbol: floor for floor in self.floors.values()}
        self.by_code = {str(floor.listed.code): floor for floor in self.floors.values()}
        self.keys = KeyRing()
        self.budget = Budget(limits)
        self.faults = Faults(seed)
        self.settling: set[str] = set()
        """Markets that take no orders while funding is settled."""
        self.maintenance: list[dict[str, str]] = []
        self.log: list[dict[str, Any]] = []
        """Every order request that was looked at, oldest first: who, which, and what it became."""
        self.seized: list[tuple[Floor, Fill, bool]] = []
        """Liquidations that no channel has told yet."""
        self.relisted: list[Floor] = []
        self._later: list[tuple[int, int, Callable[[], None]]] = []
        self._position_ids: dict[tuple[str, Spot], int] = {}
        self.awake: list[Account] = []
        for floor in self.floors.values():
            rows = feed.history(floor.listed.instrument.symbol, history) if history else []
            for candles in (floor.last_prices, floor.marks, floor.indices):
                candles.fill(rows)
        self.advance()
        self.accounts = [
            Account(self, f"{9_001 + index}{'7' if demo else '0'}", demo, dict(cash))
            for index in range(accounts)
            for demo in (False, True)
        ]
        self.secrets = {account.uid: self._issue(account) for account in self.accounts}

    def _issue(self, account: Account) -> dict[str, Key]:
        """Three keys per account: trade, read only, and one that may withdraw (a client should refuse it)."""
        made = {}
        for name, permissions in PERMISSIONS.items():
            key = Key(
                str(secrets.token_hex(16)),
                secrets.token_hex(16).upper(),
                secrets.token_urlsafe(12),
                permissions,
                account,
            )
            self.keys.add(key)
            made[name] = key
        return made

    # --- numbers ----------------------------------------------------------------------------------

    def number(self) -> int:
        """A fresh id for an order, a bill, an algo order; growing."""
        return next(self._numbers)

    def position_id(self, uid: str, where: Spot) -> int:
        """One id per account, market, margin mode and side, for ever."""
        return self._position_ids.setdefault((uid, where), self.number())

    # --- time -------------------------------------------------------------------------------------

    def advance(self) -> None:
        """Everything that has happened by now happens."""
        now = self.clock.now()
        for event in self.feed.due(now):
            self.apply(event)
        if self._later:
            for row in sorted(row for row in self._later if row[0] <= now):
                self._later.remove(row)
                row[2]()
        for account in self.awake:
            account.advance(now)
            if account.timers:
                expire(account, now)
            if account.live_algos:
                algos.orphans(account, now)

    def later(self, delay_ms: int, work: Callable[[], None]) -> None:
        """Do ``work`` in ``delay_ms``."""
        self._later.append((self.clock.now() + delay_ms, self.number(), work))

    def apply(self, event: ev.AnyEvent) -> None:
        """The market moves; the event's prices are the feed's own."""
        if isinstance(event, ev.Listing):
            return
        floor = self.by_symbol.get(getattr(event, "symbol", ""))
        if floor is None:
            return
        if floor.shift:
            event = shifted(event, float(floor.listed.instrument.price_of(floor.shift)))
        self._happen(floor, event)

    def _happen(self, floor: Floor, event: ev.AnyEvent) -> None:
        floor.apply(event)
        for account in self.awake:
            account.market(event, event.ts)
        kinds: tuple[str, ...] = ("last",) if isinstance(event, ev.Trade | ev.Bar) else ()
        if isinstance(event, ev.Mark):
            kinds = ("mark", "index")
        for account in self.awake if kinds else ():
            if account.live_algos:
                for kind in kinds:
                    price = {"last": floor.last, "mark": floor.mark_price, "index": floor.index_price}[kind]
                    algos.watch(account, floor, kind, price, event.ts)

    def wake(self, account: Account) -> None:
        """From its first visit on an account's desks see the market."""
        if account in self.awake:
            return
        now = self.clock.now()
        for floor in self.floors.values():
            for event in standing(floor, now):
                account.market(event, now)
        self.awake.append(account)

    # --- what tests and fault scripts do ----------------------------------------------------------

    def move(self, inst_id: str, ticks: int) -> None:
        """Every price of a market jumps by ``ticks``, and stays there while the feed goes on."""
        floor, now = self.floors[inst_id], self.clock.now()
        step = float(floor.listed.instrument.price_of(ticks))
        before = standing(floor, now)
        floor.shift += ticks
        for event in before:
            self._happen(floor, shifted(event, step))

    def move_to(self, inst_id: str, price: Decimal) -> None:
        """As :meth:`move`, so that the mark stands at ``price``."""
        floor = self.floors[inst_id]
        self.move(inst_id, floor.ticks(float(price)) - floor.ticks(floor.mark_price))

    def fund(self, inst_id: str, rate: float) -> None:
        """Funding is settled now, at ``rate``."""
        floor, now = self.floors[inst_id], self.clock.now()
        event = ev.FundingRate(now, floor.listed.instrument.symbol, rate, now - 1, False)
        running = (floor.rate, floor.settle_ts)
        self._happen(floor, event)
        floor.apply(msgspec.structs.replace(event, settled=True))
        floor.rate, floor.settle_ts = running

    def relist(self, inst_id: str, **changes: Any) -> None:
        """An instrument changes its state, tick, lot or minimum."""
        floor = self.floors[inst_id]
        fresh: Instrument = msgspec.structs.replace(floor.listed.instrument, **changes)
        event = ev.Listing(self.clock.now(), fresh)
        floor.regrid(fresh)
        for account in self.awake:
            account.market(event, event.ts)
            if fresh.state is InstrumentState.EXPIRED:
                algos.ended(account, inst_id, event.ts)
        self.relisted.append(floor)

    def liquidated(self, floor: Floor, fill: Fill, long: bool) -> None:
        """A position was taken away; the public hears of it."""
        self.seized.append((floor, fill, long))

    def item_fault(self, call: Call, index: int) -> None:
        """Raises Refusal where a fault script wants one item of a batch to fail."""
        if self.faults.rules:
            name = "trade/batch-orders" if call.listed else "trade/order"
            rule = self.faults.pick(f"item {name}", call.now, call.account.uid, index)
            if rule is not None:
                raise Refusal(rule.code, rule.message)

    def cancel_delay(self) -> int:
        """How long a cancel takes from its answer to its effect (ms)."""
        rule = self.faults.pick("cancel", self.clock.now()) if self.faults.rules else None
        return rule.ms if rule is not None else 0

    def log_order(self, call: Call, item: dict[str, Any], order: Order | None) -> None:
        """Remember that this order request was looked at."""
        if len(self.log) < KEPT_LOG:
            self.log.append(
                {
                    "ts": call.now,
                    "uid": call.account.uid,
                    "clOrdId": text(item, "clOrdId"),
                    "ordId": str(order.ord_id) if order else "",
                    "sz": text(item, "sz"),
                    "px": text(item, "px"),
                    "tag": text(item, "tag"),
                }
            )


def shifted(event: ev.AnyEvent, by: float) -> ev.AnyEvent:
    """The event with all its prices moved by ``by``."""

    def moved(price: float) -> float:
        return round(price + by, 10)

    replace = msgspec.structs.replace
    if isinstance(event, ev.BookDelta | ev.BookSnapshot):
        bids, asks = (tuple((moved(price), n) for price, n in side) for side in (event.bids, event.asks))
        return replace(event, bids=bids, asks=asks)
    if isinstance(event, ev.Trade):
        return replace(event, price=moved(event.price))
    if isinstance(event, ev.Mark):
        return replace(event, mark=moved(event.mark), index=moved(event.index) if event.index else 0.0)
    if isinstance(event, ev.Touch):
        return replace(event, bid=moved(event.bid), ask=moved(event.ask))
    if isinstance(event, ev.Bar):
        return replace(event, **{n: moved(getattr(event, n)) for n in ("open", "high", "low", "close")})
    return event


def standing(floor: Floor, now: int) -> list[ev.AnyEvent]:
    """The market as it stands, as the events that would lead there."""
    instrument = floor.listed.instrument
    symbol = instrument.symbol

    def levels(side: dict[int, int]) -> tuple[tuple[float, float], ...]:
        return tuple((t / instrument.ticks_per_unit, n / instrument.lots_per_unit) for t, n in side.items())

    events: list[ev.AnyEvent] = []
    if floor.bids or floor.asks:
        events.append(ev.BookSnapshot(now, symbol, now, levels(floor.bids), levels(floor.asks), floor.seq))
    last = floor.ticks(floor.last)
    if last:
        size = 1 / instrument.lots_per_unit
        events.append(ev.Trade(now, symbol, now, last / instrument.ticks_per_unit, size, Side.BUY))
    if floor.mark:
        events.append(ev.Mark(now, symbol, floor.mark, floor.index))
    if floor.settle_ts > now:
        events.append(ev.FundingRate(now, symbol, floor.rate, floor.settle_ts))
    return events


def announced(venue: OkxVenue) -> list[dict[str, Any]]:
    """The accounts with their keys, as the ready line tells them."""
    return [
        {
            "uid": account.uid,
            "demo": account.demo,
            **{name: getattr(keys["trade"], name) for name in ("key", "secret", "passphrase")},
            "keys": {
                kind: {
                    "key": k.key,
                    "secret": k.secret,
                    "passphrase": k.passphrase,
                    "permissions": k.permissions,
                }
                for kind, k in keys.items()
            },
            "balances": {ccy: plain(amount) for ccy, amount in account.desk_cash().items()},
        }
        for account in venue.accounts
        for keys in [venue.secrets[account.uid]]
    ]
