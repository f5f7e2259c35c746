"""The nouns everything else is spelled with, and the one crossing from float to Decimal.

Units, once and for all: time is UTC in integer milliseconds; prices are quote currency per base unit;
quantities are *contracts* for derivatives and *base units* for spot; money names its currency.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from functools import cached_property

import msgspec

ZERO = Decimal(0)
ONE = Decimal(1)

SleeveId = str
"""A strategy version on one instrument: ``ema_trend@1/okx:BTC-USDT-SWAP``."""


class Word(StrEnum):
    """One of a few words. It hashes as the text that it is; an enum's own hash is a call in Python."""

    __hash__ = str.__hash__


class Side(Word):
    """What an order does to the account's inventory."""

    BUY = "buy"
    SELL = "sell"

    def __init__(self, word: str) -> None:
        self.sign = 1 if word == "buy" else -1
        """+1 for a buy, -1 for a sell."""

    @property
    def opposite(self) -> Side:
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Stage(Word):
    """How far a strategy version has been trusted. It belongs to a sleeve, never to the process."""

    BACKTEST = "backtest"
    PAPER = "paper"
    SHADOW = "shadow"
    CANARY = "canary"
    PROD = "prod"
    RETIRED = "retired"


class Kind(Word):
    """How an instrument pays: spot, USDT-margined (linear) or coin-margined (inverse) perpetual."""

    SPOT = "spot"
    LINEAR = "linear"
    INVERSE = "inverse"


class PosSide(Word):
    """Which of the account's positions an order touches; NET in one-way mode."""

    NET = "net"
    LONG = "long"
    SHORT = "short"


class PositionMode(Word):
    """One position per instrument (NET), or a long and a short side by side (HEDGE)."""

    NET = "net"
    HEDGE = "hedge"


class MarginMode(Word):
    """CASH for spot; CROSS shares the account's equity; ISOLATED risks only the position's own margin."""

    CASH = "cash"
    CROSS = "cross"
    ISOLATED = "isolated"


class InstrumentState(Word):
    """Whether the venue takes orders for it now."""

    LIVE = "live"
    SUSPENDED = "suspended"
    PREOPEN = "preopen"
    EXPIRED = "expired"


class MarginTier(msgspec.Struct, frozen=True):
    """One row of the venue's margin table; it applies to the WHOLE position once its size is in the tier."""

    max_qty: Decimal
    maintenance: Decimal
    """Maintenance margin as a fraction of position value."""
    max_leverage: Decimal


class Instrument(msgspec.Struct, frozen=True, dict=True):
    """What the venue says about one market. The only place where a float becomes a Decimal."""

    symbol: str
    """Venue and the venue's own id: ``okx:BTC-USDT-SWAP``."""
    kind: Kind
    base: str
    quote: str
    settle: str
    """Currency in which profit, fees and funding are paid."""
    tick: Decimal
    lot: Decimal
    min_qty: Decimal
    contract_value: Decimal = ONE
    """Base units per contract (linear), quote units per contract (inverse), 1 for spot."""
    min_notional: Decimal = ZERO
    max_qty: Decimal = ZERO
    """Largest quantity of one order; 0 = the venue names none."""
    maker_fee: Decimal = Decimal("0.0002")
    """Fraction of notional; negative is a rebate."""
    taker_fee: Decimal = Decimal("0.0005")
    funding_interval_ms: int = 28_800_000
    price_band: Decimal = ZERO
    """The venue refuses limit prices further than this fraction from the reference; 0 = no band."""
    tiers: tuple[MarginTier, ...] = ()
    state: InstrumentState = InstrumentState.LIVE

    @property
    def venue(self) -> str:
        return self.symbol.partition(":")[0]

    @property
    def native(self) -> str:
        """The venue's own id."""
        return self.symbol.partition(":")[2]

    @cached_property
    def derivative(self) -> bool:
        return self.kind is not Kind.SPOT

    @cached_property
    def ticks_per_unit(self) -> float:
        return float(1 / self.tick)

    @cached_property
    def lots_per_unit(self) -> float:
        return float(1 / self.lot)

    def ticks(self, price: float) -> int:
        """Nearest whole number of ticks: the integer the matching engine works in."""
        return round(price * self.ticks_per_unit)

    def lots(self, qty: float) -> int:
        """Nearest whole number of lots."""
        return round(qty * self.lots_per_unit)

    def price_of(self, ticks: int) -> Decimal:
        return self.tick * ticks

    def qty_of(self, lots: int) -> Decimal:
        return self.lot * lots

    def price(self, value: float | Decimal, side: Side | None = None) -> Decimal:
        """A price on the grid. Buys round down and sells up, so rounding never crosses the spread."""
        steps = exact(value) / self.tick
        rounding = ROUND_HALF_EVEN
        if side is not None:
            rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return steps.quantize(ONE, rounding=rounding) * self.tick

    def qty(self, value: float | Decimal) -> Decimal:
        """The compliant quantity nearest to zero (sign kept); below the minimum it is 0."""
        amount = exact(value)
        lots = (abs(amount) / self.lot).quantize(ONE, rounding=ROUND_FLOOR)
        result = lots * self.lot
        if result < self.min_qty:
            return ZERO
        return result if amount >= 0 else -result

    def notional(self, qty: Decimal, price: Decimal) -> Decimal:
        """Unsigned value in the *settle* currency (quote for spot and linear, coin for inverse)."""
        if self.kind is Kind.INVERSE:
            return abs(qty) * self.contract_value / price
        return abs(qty) * self.contract_value * price

    def quote_notional(self, qty: Decimal, price: Decimal) -> Decimal:
        """Unsigned value in the *quote* currency, for limits that speak one money for all kinds."""
        if self.kind is Kind.INVERSE:
            return abs(qty) * self.contract_value
        return abs(qty) * self.contract_value * price

    def base_units(self, qty: float, price: float) -> float:
        """What a quantity in the venue's own units is in the base currency, as a bar's volume is told."""
        size = qty * float(self.contract_value)
        return size / price if self.kind is Kind.INVERSE else size

    def qty_for(self, quote_notional: float, price: float) -> Decimal:
        """Contracts (or base units) worth ``quote_notional`` at ``price``, rounded toward zero."""
        per_unit = float(self.contract_value) * (1.0 if self.kind is Kind.INVERSE else price)
        return self.qty(quote_notional / per_unit) if per_unit > 0 else ZERO


def exact(value: float | int | Decimal) -> Decimal:
    """The Decimal a person would write for ``value`` (shortest repr of a float)."""
    return value if isinstance(value, Decimal) else Decimal(repr(value))
