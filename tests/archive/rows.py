"""Markets to put into an archive."""

from decimal import Decimal
from math import sin

from cockpit.core.events import Bar, FundingRate, Mark, OpenInterest, Touch, Trade
from cockpit.core.types import Instrument, Kind, Side

SYMBOL = "okx:BTC-USDT-SWAP"
HOUR = 3_600_000
START = 1_706_652_000_000
"""2024-01-30 22:00 UTC: two days before a month ends."""
TERMS = Instrument(
    SYMBOL,
    Kind.LINEAR,
    "BTC",
    "USDT",
    "USDT",
    Decimal("0.1"),
    Decimal("0.01"),
    Decimal("0.01"),
    Decimal("0.01"),
)


def bar(hour: int, close: float = 0.0, symbol: str = SYMBOL) -> Bar:
    """The candle that opens ``hour`` hours after START; told when it closes."""
    last = close or 100.0 + sin(hour)
    return Bar(START + (hour + 1) * HOUR, symbol, HOUR, last, last + 1, last - 1, last, 10.0)


def bars(*hours: int) -> list[Bar]:
    return [bar(hour) for hour in hours]


def others(hour: int) -> list[FundingRate | Mark | OpenInterest | Touch | Trade]:
    """One fact of each other kind."""
    ts = START + hour * HOUR
    return [
        FundingRate(ts, SYMBOL, 0.0001 * hour, ts, settled=True),
        Mark(ts, SYMBOL, 100.0 + hour, 99.0 + hour),
        OpenInterest(ts, SYMBOL, 1000.0 + hour),
        Touch(ts, SYMBOL, ts, 99.5, 1.0, 100.5, 2.0),
        Trade(ts, SYMBOL, ts, 100.0 + hour, 1.5, Side.SELL, str(hour)),
    ]
