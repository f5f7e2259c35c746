"""What the practice market trades: six symbols of one invented venue, and how each behaves."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.errors import ConfigError
from cockpit.core.types import Instrument, Kind, MarginTier

VENUE = "practice"
START_MS = 1_767_614_395_000
"""2026-01-05T11:59:55Z: five seconds before a minute, an hour and a funding end, so that all show soon."""

BTC_SWAP = "practice:BTC-USDT-SWAP"
ETH_SWAP = "practice:ETH-USDT-SWAP"
SOL_SWAP = "practice:SOL-USDT-SWAP"
BTC_COIN = "practice:BTC-USD-SWAP"
WIF_SWAP = "practice:WIF-USDT-SWAP"
BTC_SPOT = "practice:BTC-USDT"
DEFAULT = (BTC_SWAP, ETH_SWAP, SOL_SWAP, BTC_COIN, WIF_SWAP, BTC_SPOT)


class Coin(msgspec.Struct, frozen=True):
    """The price that all markets of one coin follow."""

    name: str
    price: float
    """Where it starts, quote currency."""
    sigma: float
    """Standard deviation of the return over one second in a normal mood."""
    beta: float
    """Share of its shocks that the whole market has in common, 0…1."""


class Profile(msgspec.Struct, frozen=True):
    """One market: what the venue says about it, and how thick, wide and busy it is."""

    instrument: Instrument
    coin: Coin
    interval_us: int
    """Mean time between two steps of the book at rate 1."""
    spread: float
    """Usual spread, fraction; below one tick it is one tick."""
    patience: float
    """How far the coin moves (fraction) before the quotes follow."""
    touch_lots: int
    """Usual size of a level at the touch."""
    trade_lots: int
    """Usual size of a small trade."""
    sweep: int
    """Trades in 256 that take the whole level at the touch."""
    gap: int
    """Ticks between two levels, 1…gap."""
    history_lots: int
    """Lots traded in five seconds, on average, at rate 1 (measured on the stream)."""
    open_interest: int
    """Contracts, or base units."""


class PracticeSpec(msgspec.Struct, frozen=True):
    """A practice session. Equal specs give equal tapes, to the byte.

    The price path depends on ``seed`` alone: not on which symbols are shown nor on how busy they are.
    Raises ConfigError for an unknown symbol, a rate outside 0.05…200, or a start or a bar that is no whole
    multiple of five seconds.
    """

    seed: int = 7
    start_ms: int = START_MS
    """UTC ms, a whole multiple of five seconds."""
    symbols: tuple[str, ...] = DEFAULT
    rate: float = 1.0
    """How busy: 1 is about 180 market messages per second over all symbols, 30 about 5,000."""
    bar_ms: tuple[int, ...] = (5_000, 60_000)

    def __post_init__(self) -> None:
        unknown = [symbol for symbol in self.symbols if symbol not in PROFILES]
        if unknown or not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise ConfigError(f"practice symbols {self.symbols}: choose each once from {', '.join(PROFILES)}")
        if not 0.05 <= self.rate <= 200:
            raise ConfigError(f"practice rate {self.rate}: must be between 0.05 and 200")
        if any(tf <= 0 or tf % 5_000 for tf in self.bar_ms):
            raise ConfigError(f"practice bars {self.bar_ms}: must be whole multiples of 5,000 ms")
        if self.start_ms % 5_000 or self.start_ms < 0:
            raise ConfigError(f"practice start {self.start_ms}: must be a whole multiple of 5,000 ms")


def _tiers(*rows: tuple[str, str, str]) -> tuple[MarginTier, ...]:
    return tuple(MarginTier(Decimal(qty), Decimal(rate), Decimal(lever)) for qty, rate, lever in rows)


def _swap(
    name: str, contract: str, tick: str, lot: str, hours: int, tiers: tuple[MarginTier, ...]
) -> Instrument:
    base, quote, _ = name.split("-")
    inverse = quote == "USD"
    return Instrument(
        symbol=f"{VENUE}:{name}",
        kind=Kind.INVERSE if inverse else Kind.LINEAR,
        base=base,
        quote=quote,
        settle=base if inverse else quote,
        tick=Decimal(tick),
        lot=Decimal(lot),
        min_qty=Decimal(lot),
        contract_value=Decimal(contract),
        max_qty=Decimal(1_000_000),
        funding_interval_ms=hours * 3_600_000,
        price_band=Decimal("0.05"),
        tiers=tiers,
    )


MAJOR_TIERS = _tiers(("50000", "0.004", "100"), ("200000", "0.01", "50"), ("1000000", "0.025", "20"))
MINOR_TIERS = _tiers(("20000", "0.01", "50"), ("200000", "0.025", "20"), ("1000000", "0.05", "10"))

BTC = Coin("BTC", 64_000.0, 0.00008, 0.90)
ETH = Coin("ETH", 3_200.0, 0.00011, 0.80)
SOL = Coin("SOL", 150.0, 0.00015, 0.65)
WIF = Coin("WIF", 2.0, 0.00022, 0.35)

PROFILES: dict[str, Profile] = {
    BTC_SWAP: Profile(
        instrument=_swap("BTC-USDT-SWAP", "0.01", "0.1", "0.01", 8, MAJOR_TIERS),
        coin=BTC,
        interval_us=33_000,
        spread=0.0000016,
        patience=0.00001,
        touch_lots=24_000,
        trade_lots=900,
        sweep=6,
        gap=4,
        history_lots=360_000,
        open_interest=2_800_000,
    ),
    ETH_SWAP: Profile(
        instrument=_swap("ETH-USDT-SWAP", "0.1", "0.01", "0.01", 8, MAJOR_TIERS),
        coin=ETH,
        interval_us=40_000,
        spread=0.000004,
        patience=0.000015,
        touch_lots=40_000,
        trade_lots=1_500,
        sweep=6,
        gap=3,
        history_lots=570_000,
        open_interest=5_100_000,
    ),
    SOL_SWAP: Profile(
        instrument=_swap("SOL-USDT-SWAP", "1", "0.01", "0.01", 8, MINOR_TIERS),
        coin=SOL,
        interval_us=50_000,
        spread=0.00008,
        patience=0.00005,
        touch_lots=30_000,
        trade_lots=1_800,
        sweep=12,
        gap=1,
        history_lots=420_000,
        open_interest=4_000_000,
    ),
    BTC_COIN: Profile(
        instrument=_swap("BTC-USD-SWAP", "100", "0.1", "0.1", 8, MAJOR_TIERS),
        coin=BTC,
        interval_us=80_000,
        spread=0.000012,
        patience=0.00003,
        touch_lots=9_000,
        trade_lots=500,
        sweep=12,
        gap=8,
        history_lots=90_000,
        open_interest=6_400_000,
    ),
    WIF_SWAP: Profile(
        instrument=_swap("WIF-USDT-SWAP", "1", "0.0001", "0.1", 1, MINOR_TIERS),
        coin=WIF,
        interval_us=140000,
        spread=0.0014,
        patience=0.0004,
        touch_lots=2_500,
        trade_lots=200,
        sweep=40,
        gap=6,
        history_lots=11_000,
        open_interest=31_000_000,
    ),
    BTC_SPOT: Profile(
        instrument=Instrument(
            symbol=BTC_SPOT,
            kind=Kind.SPOT,
            base="BTC",
            quote="USDT",
            settle="USDT",
            tick=Decimal("0.1"),
            lot=Decimal("0.00001"),
            min_qty=Decimal("0.00001"),
            min_notional=Decimal(1),
            max_qty=Decimal(1_000),
            price_band=Decimal("0.05"),
            maker_fee=Decimal("0.0008"),
            taker_fee=Decimal("0.001"),
        ),
        coin=BTC,
        interval_us=45_000,
        spread=0.0000032,
        patience=0.00002,
        touch_lots=120_000,
        trade_lots=4_000,
        sweep=8,
        gap=6,
        history_lots=1_270_000,
        open_interest=0,
    ),
}
"""Fees of the swaps are the venue's first level (0.02 % maker, 0.05 % taker), of spot 0.08 % and 0.10 %."""


def instruments(spec: PracticeSpec) -> dict[str, Instrument]:
    """The instruments of a session, by symbol, in the session's order."""
    return {symbol: PROFILES[symbol].instrument for symbol in spec.symbols}
