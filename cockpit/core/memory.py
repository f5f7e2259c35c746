"""An engine as bytes, and back: the snapshot that makes a restart short.

It holds everything the next step depends on: the State, each strategy's own state and pen, and the books.
A snapshot is only read by the build that wrote it; any other starts the fold from the first fact.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.core.book import BookMemory
from cockpit.core.events import AnyEvent
from cockpit.core.intents import Action
from cockpit.core.resample import Resampler
from cockpit.core.sizing import SizerMemory, kept, recalled_sizer
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Guard, LayerMemory, recalled
from cockpit.core.want import PEN

if TYPE_CHECKING:
    from cockpit.core.engine import Engine


class MarketMemory(msgspec.Struct, frozen=True):
    """One market's live data."""

    book: BookMemory
    heard: int


class SlotMemory(msgspec.Struct, frozen=True):
    """One sleeve's strategy object, pen and the numbers only its window keeps."""

    kind: str
    """Name of the strategy's class: another class does not inherit this state."""
    strategy: msgspec.Raw
    """Of the first leg of a group only: the others share it."""
    pen: dict[str, Any]
    last: float
    mark: float
    index: float
    funding_rate: float
    open_interest: float
    touch_ts: int
    now: int
    equity_at: int
    equity_now: float
    position: float
    entry: float
    resting: int
    news: int
    longer: list[Resampler]
    layers: tuple[LayerMemory, ...] = ()
    """Its stop layers, each with its own memory."""
    sizer: SizerMemory | None = None
    """Its sizing, with its memory."""


WINDOW = SlotMemory.__struct_fields__[3:-3]
"""What a window keeps between events; the rest of it is worked out from the State."""


class TwinMemory(msgspec.Struct, frozen=True):
    """A version's twin: its machine, its exchange, and what is on its way between them."""

    engine: bytes
    exchange: bytes
    out: list[tuple[int, Action]]
    back: list[tuple[int, AnyEvent]]
    asked: dict[str, float]
    deadline: int
    """When it wants to be woken: nobody else keeps its clock."""


class Memory(msgspec.Struct, frozen=True):
    state: State
    markets: dict[str, MarketMemory]
    slots: dict[str, SlotMemory]
    watchers: tuple[LayerMemory, ...] = ()
    """Stops of the whole account."""
    twins: dict[str, TwinMemory] = {}
    """By the id of their version."""


_ENCODER = msgspec.msgpack.Encoder()


@cache
def _decoder() -> msgspec.msgpack.Decoder[Memory]:
    """Made when the first snapshot is read: all types of the engine are gone through for it."""
    return msgspec.msgpack.Decoder(Memory)


def freeze(engine: Engine) -> bytes:
    """Everything the engine knows."""
    markets = {symbol: MarketMemory(m.book.kept(), m.heard) for symbol, m in engine.markets.items()}
    slots = {
        name: SlotMemory(
            type(slot.strategy).__name__,
            msgspec.Raw(_ENCODER.encode(slot.strategy if slot.lead is slot else None)),
            {field: getattr(slot.want, field) for field in PEN},
            longer=slot.longer,
            layers=() if slot.guard is None else slot.guard.kept(),
            sizer=kept(slot.sizer),
            **{field: getattr(slot.view, field) for field in WINDOW},
        )
        for name, slot in engine.slots.items()
    }
    watchers = Guard(engine.watchers, 0).kept()
    twins = {
        name: TwinMemory(
            freeze(twin.engine),
            twin.exchange.export(),
            list(twin.out),
            list(twin.back),
            twin.asked,
            twin.engine.deadline,
        )
        for name, twin in engine.twins.items()
    }
    return _ENCODER.encode(Memory(engine.state, markets, slots, watchers, twins))


def read(raw: bytes) -> Memory:
    """Raises ``msgspec.ValidationError`` when the bytes are not a snapshot of this build."""
    return _decoder().decode(raw)


def thaw(engine: Engine, memory: Memory, strategies: dict[str, type]) -> None:
    """Give a freshly built engine (on ``memory.state``) its strategies, pens and books back.

    Call before any event; ``strategies`` are the classes by sleeve id. Raises ``msgspec.ValidationError``
    when a strategy's state no longer fits its class.
    """
    for symbol, market in memory.markets.items():
        known = engine.markets.get(symbol)
        if known is None:
            continue
        known.book.recall(market.book)
        known.heard = market.heard
    account = recalled(memory.watchers, 0)
    engine.watchers = [] if account is None else account.layers
    for name, frozen in memory.slots.items():
        sleeve = memory.state.sleeves.get(name)
        if sleeve is None or name not in strategies or strategies[name].__name__ != frozen.kind:
            continue
        if sleeve.group in {"", name}:
            _seat(engine, memory, memory.state.group(sleeve), strategies[name])


def _seat(engine: Engine, memory: Memory, legs: list[Sleeve], kind: type) -> None:
    strategy: Any = msgspec.msgpack.decode(memory.slots[legs[0].id].strategy, type=kind)
    for slot in engine.add_group(legs, strategy):
        frozen = memory.slots[slot.sleeve.id]
        slot.longer = frozen.longer
        for field, value in frozen.pen.items():
            setattr(slot.want, field, value)
        for field in WINDOW:
            setattr(slot.view, field, getattr(frozen, field))
        engine.guard(slot, recalled(frozen.layers, slot.sleeve.stop_tf), recalled_sizer(frozen.sizer))
