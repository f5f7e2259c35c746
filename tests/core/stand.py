"""A test stand: the engine with strategies on strings, alone or before the real simulated venue."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

import cockpit.risk.rules
from cockpit.core import events as ev
from cockpit.core.config import RiskConfig
from cockpit.core.engine import Engine
from cockpit.core.gate import Rule
from cockpit.core.intents import Action, Outcome, Place
from cockpit.core.ledger import Ledger
from cockpit.core.matching import Exchange, Latency, LatencyModel, Rules, World
from cockpit.core.orders import Order, OrderState
from cockpit.core.registry import RULES
from cockpit.core.state import Sleeve, State, new_state
from cockpit.core.types import Instrument, MarginMode, PositionMode, PosSide, Side
from cockpit.core.view import View
from cockpit.core.want import Want
from tests.core.matching.build import INVERSE, LINEAR, SPOT

__all__ = ["INVERSE", "LINEAR", "SPOT", "D", "Puppet", "Stand", "Table", "loose_rules", "tape"]

for _module in pkgutil.iter_modules(cockpit.risk.rules.__path__):
    importlib.import_module(f"cockpit.risk.rules.{_module.name}")

D = Decimal
T0 = 1_000_000
Wish = Callable[[View, Want], None]
LOOSE = RiskConfig(
    max_notional=1e12,
    max_leverage=1e6,
    max_position=1.0,
    min_confidence=0.0,
    price_band=1.0,
    max_orders_per_second=10_000,
    max_orders_per_minute=100_000,
    stale_ms=60_000,
    max_net_leverage=1e6,
    max_margin_use=1e6,
    max_deviation=1.0,
    max_changes_per_second=10_000,
    max_changes_per_minute=100_000,
    max_entries=0,
    min_depth=0.0,
    max_latency_ms=0,
)


def loose_rules(config: RiskConfig = LOOSE) -> tuple[Rule, ...]:
    """Every built-in rule, with limits that are far away."""
    rows = sorted(RULES.values(), key=lambda plugin: (plugin.options.get("order", 100), plugin.name))
    return tuple(Rule(row.name, row.target, config) for row in rows)


class Puppet(msgspec.Struct):
    """Wants what the test says, at the next public trade; remembers what it was told."""

    wishes: list[Any] = []
    fills: int = 0
    timers: int = 0

    def on_trade(self, _trade: ev.Trade, view: View, want: Want) -> None:
        if self.wishes:
            self.wishes.pop(0)(view, want)

    def on_fill(self, _fill: ev.Fill, _view: View, _want: Want) -> None:
        self.fills += 1


class Stand:
    """One engine, spoken to by hand: ``tell`` facts, read what it decided."""

    def __init__(
        self,
        *instruments: Instrument,
        sleeves: int = 1,
        rules: tuple[Rule, ...] = (),
        mode: PositionMode = PositionMode.NET,
        margin: MarginMode = MarginMode.CROSS,
        cash: str = "100000",
        currency: str = "USDT",
        reconciled: bool = True,
    ) -> None:
        self.instruments = {i.symbol: i for i in instruments or (LINEAR,)}
        ledger = Ledger(mode=mode, margin_mode=margin)
        self.state: State = new_state(currency, "test", D(cash), ledger)
        self.state.instruments.update(self.instruments)
        self.state.reconciled = reconciled
        self.engine = Engine(self.state, rules)
        self.symbol = next(iter(self.instruments))
        self.instrument = self.instruments[self.symbol]
        self.puppets: list[Puppet] = []
        for number in range(1, sleeves + 1):
            puppet = Puppet([])
            self.puppets.append(puppet)
            self.engine.add_sleeve(Sleeve(f"p{number}", number, "puppet", 1, self.symbol), puppet)
        self.now = T0
        self.trades = 0
        self.outcome: Outcome = self.see(100.0)

    # --- telling -----------------------------------------------------------------------------------

    def tell(self, event: ev.AnyEvent) -> tuple[Action, ...]:
        """One fact; the actions that follow."""
        self.now = max(self.now, event.ts)
        self.outcome = self.engine.step(event)
        return self.outcome.actions

    def see(self, price: float) -> Outcome:
        """The market stands at ``price``."""
        self.tell(ev.Mark(self.now, self.symbol, price, price))
        self.tell(ev.Touch(self.now, self.symbol, self.now, price - 0.1, 50.0, price + 0.1, 50.0))
        return self.outcome

    def wish(self, wish: Wish, sleeve: int = 1) -> tuple[Action, ...]:
        """The strategy writes ``wish`` now."""
        self.puppets[sleeve - 1].wishes.append(wish)
        trade = ev.Trade(self.now, self.symbol, self.now, self.state.price(self.symbol), 1.0, Side.BUY)
        return self.tell(trade)

    def want(self, qty: float, stop: float | None = None, take: float | None = None, sleeve: int = 1) -> Any:
        """Want a position; the actions."""
        nan = float("nan")
        return self.wish(
            lambda _view, want: want.position(
                qty, nan if stop is None else stop, nan if take is None else take, f"want{qty}"
            ),
            sleeve,
        )

    def quote(self, bid: float, bid_qty: float, ask: float, ask_qty: float, sleeve: int = 1) -> Any:
        """Show quotes; the actions."""
        return self.wish(lambda _view, want: want.quote(bid, bid_qty, ask, ask_qty, "q"), sleeve)

    def wait(self, ms: int) -> tuple[Action, ...]:
        """Time passes; the engine is woken as often as it asked for."""
        end = self.now + ms
        found: list[Action] = []
        for _ in range(1_000):
            due = self.engine.deadline
            if not due or due > end:
                break
            found += self.tell(ev.Timer(max(due, self.now)))
        else:
            raise AssertionError("the engine wants to be woken without end")
        self.now = end
        return tuple(found)

    def ack(self, cid: str) -> tuple[Action, ...]:
        return self.tell(ev.Ack(self.now, cid, f"v{cid}"))

    def reject(self, cid: str, code: str = "51000") -> tuple[Action, ...]:
        return self.tell(ev.Reject(self.now, cid, code, "no"))

    def cancelled(self, cid: str, reason: str = "user", filled: Any = None) -> tuple[Action, ...]:
        order = self.order(cid)
        done = order.filled if filled is None else D(str(filled))
        return self.tell(ev.Cancelled(self.now, cid, done, reason))

    def fill(self, cid: str, qty: Any = None, price: Any = 100, **more: Any) -> tuple[Action, ...]:
        """(Part of) an order trades; all that is left of it unless said."""
        order = self.state.order(cid)
        amount = D(str(qty)) if qty is not None else self.order(cid).remaining
        self.trades += 1
        fields: dict[str, Any] = {
            "symbol": self.symbol if order is None else order.symbol,
            "side": Side.BUY if order is None else order.side,
            "pos_side": PosSide.NET if order is None else order.pos_side,
            "fee": D("0.01") * amount,
            "fee_ccy": self.instrument.settle,
            "maker": False,
            "trade_id": f"t{self.trades}",
            **more,
        }
        return self.tell(ev.Fill(self.now, cid, "v", price=D(str(price)), qty=amount, **fields))

    def place_and_fill(self, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        """Every Place among ``actions`` is taken and filled."""
        found: tuple[Action, ...] = ()
        for place in places(actions):
            self.ack(place.cid)
            found = self.fill(place.cid)
        return found

    def holding(self, qty: float, **wish: Any) -> tuple[Action, ...]:
        """Get to a position the honest way."""
        return self.place_and_fill(self.want(qty, **wish))

    # --- reading -----------------------------------------------------------------------------------

    def order(self, cid: str) -> Order:
        order = self.state.order(cid)
        assert order is not None, cid
        return order

    @property
    def sleeve(self) -> Sleeve:
        return self.state.sleeves["p1"]

    @property
    def have(self) -> Decimal:
        return self.state.position("p1")

    def notes(self) -> list[str]:
        return [note.message for note in self.outcome.notes]

    def alive(self, state: OrderState | None = None) -> list[Order]:
        return [o for o in self.state.orders.values() if state is None or o.state is state]


def places(actions: tuple[Action, ...]) -> list[Place]:
    return [a for a in actions if isinstance(a, Place)]


def kinds(actions: tuple[Action, ...]) -> list[str]:
    return [type(a).__name__ for a in actions]


def tape(
    instrument: Instrument, moves: list[int], *, size: float = 3.0, step_ms: int = 200, start: int = T0
) -> Iterator[ev.AnyEvent]:
    """A small deep market: each move shifts the mid by so many ticks; thin levels, so fills come in parts."""
    symbol, tick = instrument.symbol, float(instrument.tick)
    middle = 1_000
    for number, move in enumerate(moves):
        ts = start + number * step_ms
        middle = max(200, middle + move)
        bids = tuple((round((middle - 1 - i) * tick, 8), size + i) for i in range(8))
        asks = tuple((round((middle + 1 + i) * tick, 8), size + i) for i in range(8))
        price = round(middle * tick, 8)
        yield ev.BookSnapshot(ts, symbol, ts, bids, asks, number)
        yield ev.Mark(ts, symbol, price, price)
        side = Side.BUY if (number + move) % 2 else Side.SELL
        yield ev.Trade(
            ts, symbol, ts, round((middle + (1 if side is Side.BUY else -1)) * tick, 8), size, side
        )


class Table:
    """A Stand's engine before the real matching engine, with a way in between; checked as it runs."""

    def __init__(
        self,
        moves: list[int],
        *,
        instrument: Instrument = LINEAR,
        sleeves: int = 1,
        latency: tuple[int, int] = (10, 0),
        mode: PositionMode = PositionMode.NET,
        margin: MarginMode = MarginMode.CROSS,
        rules: tuple[Rule, ...] = (),
        cancel_failure: float = 0.0,
        cash: str = "100000",
        seed: int = 1,
        size: float = 3.0,
    ) -> None:
        self.stand = Stand(
            instrument, sleeves=sleeves, mode=mode, margin=margin, rules=rules, cash=cash, reconciled=False
        )
        self.engine, self.state = self.stand.engine, self.stand.state
        if instrument.derivative:
            self.state.ledger.set_leverage(instrument, D(10))
        self.exchange = Exchange(
            {instrument.symbol: instrument},
            {"USDT": D(cash)},
            Rules(
                queue="front",
                leverage=D(10),
                position_mode=mode,
                margin_mode=margin,
                cancel_failure=cancel_failure,
            ),
            seed,
        )
        way = LatencyModel.jittered(*latency)
        self.world = World(tape(instrument, moves, size=size), self.exchange, Latency(way, way, way), seed)
        self.actions: list[tuple[int, Action]] = []
        self.outcomes: list[Outcome] = []

    def run(
        self,
        wishes: dict[int, tuple[int, Wish]],
        watch: Callable[[ev.AnyEvent, Outcome], None],
        commands: dict[int, ev.Command] | None = None,
    ) -> None:
        """Play the tape; keys are numbers of public trades: (sleeve, wish), and what a person says then."""
        self._step(ev.Boot(T0, 1, "test", "0", ""), watch)
        trades = 0
        while (event := self.world.next(self.engine.deadline)) is not None:
            if isinstance(event, ev.Trade):
                if trades in wishes:
                    sleeve, wish = wishes[trades]
                    self.stand.puppets[sleeve - 1].wishes.append(wish)
                if commands and trades in commands:
                    self._step(msgspec.structs.replace(commands[trades], ts=event.ts), watch)
                trades += 1
            self._step(event, watch)

    def _step(self, event: ev.AnyEvent, watch: Callable[[ev.AnyEvent, Outcome], None]) -> None:
        outcome = self.engine.step(event)
        if outcome.seq:
            self.outcomes.append(outcome)
        for action in outcome.actions:
            self.actions.append((self.state.now, action))
            self.world.submit(action, self.state.now)
        watch(event, outcome)
