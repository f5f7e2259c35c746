"""Numbers, money and times as a trader reads them. Pure; never a locale's comma in place of the point."""

from __future__ import annotations

from math import floor, isfinite, log10

from cockpit.core.ledger.valuation import DOLLARS

UNKNOWN = "-"
CENTS, COIN = 2, 6
"""Decimals: 0.000001 BTC is worth some cents."""
FIAT = frozenset(("EUR", "GBP", "CHF", "JPY", "AUD", "SGD", "AED", "BRL", "TRY"))
DAY_MS = 86_400_000


def decimals_of(tick: float) -> int:
    """Decimals that show every tick: 2 for 0.05, 0 for 1 and more."""
    if not isfinite(tick) or tick <= 0:
        return 2
    places = 0
    while places < 10 and abs(tick * 10**places - round(tick * 10**places)) > 1e-6:
        places += 1
    return places


def decimals_for(value: float) -> int:
    """Decimals that give about six significant figures, when the tick is not known."""
    if not isfinite(value) or value == 0:
        return 2
    return min(10, max(0, 5 - floor(log10(abs(value)))))


def price(value: float, tick: float = 0.0) -> str:
    """``64,123.10``: as many decimals as the tick has; ``-`` for no price."""
    if not isfinite(value) or value == 0:
        return UNKNOWN
    places = decimals_of(tick) if tick > 0 else min(decimals_for(value), 8)
    return f"{value:,.{places}f}"


def first_price(*prices: float) -> float:
    """The first that is a price: an order shows its limit, else its trigger; 0 when it has neither."""
    return next((value for value in prices if isfinite(value) and value > 0), 0.0)


def quantity(value: float) -> str:
    """A size in at most about seven characters: ``0.0125``, ``12.5``, ``1,204``, ``1.20M``."""
    if not isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size >= 1e9:
        return f"{value / 1e9:.2f}B"
    if size >= 1e6:
        return f"{value / 1e6:.2f}M"
    if size >= 1000:
        return f"{value:,.0f}" if value == round(value) or size >= 100_000 else f"{value:,.1f}"
    if value == round(value):
        return f"{value:.0f}"
    places = 2 if size >= 100 else 3 if size >= 1 else 4 if size >= 0.001 else 8
    text = f"{value:.{places}f}".rstrip("0").rstrip(".")
    return text if text not in ("-0", "") else "0"


def depth(value: float, places: int) -> str:
    """A size in a column of sizes: the same decimals in every row, so that the points line up."""
    return quantity(value) if abs(value) >= 100_000 else f"{value:,.{places}f}"


def depth_places(sizes: list[float]) -> int:
    """Decimals a column of sizes needs: none for whole contracts, at most four."""
    largest = max((abs(size) for size in sizes), default=0.0)
    if all(size == round(size) for size in sizes) or largest >= 10_000:
        return 0
    return 1 if largest >= 1000 else 2 if largest >= 100 else 3 if largest >= 1 else 4


def places_of(currency: str) -> int:
    """Decimals of amounts in a currency: two of one that is spent by the hundred, six of a coin."""
    return CENTS if not currency or currency in DOLLARS | FIAT else COIN


def money(value: float, places: int = CENTS) -> str:
    """``10,203.44``, in coin ``1.004300``; four decimals where two would show nothing; ``-`` for NaN."""
    if not isfinite(value):
        return UNKNOWN
    if abs(value) >= 1e8:
        return f"{value / 1e6:,.1f}M"
    finest = max(places, 4)
    if abs(value) < 0.5 / 10**finest:
        return f"{0:.{places}f}"
    return f"{value:,.{places if abs(value) >= 0.01 else finest}f}"


def signed(value: float, places: int = CENTS) -> str:
    """Money with its sign always shown, because a gain and a loss must differ without colour."""
    text = money(value, places)
    return text if text.startswith("-") or not text.strip("0.") else f"+{text}"


def percent(fraction: float, places: int = 2) -> str:
    """``+1.25%``, signed."""
    return f"{fraction * 100:+.{places}f}%" if isfinite(fraction) else UNKNOWN


def away(fraction: float) -> str:
    """``1.20%`` to go; a price further than ten times the market's is no distance any more: ``>999%``."""
    return f"{fraction * 100:.2f}%" if fraction < 10 else ">999%"


def clock(ts: int) -> str:
    """``08:04:09`` UTC of a time in ms."""
    seconds = ts // 1000 % 86_400
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def date(ts: int) -> str:
    """``2024-03-01`` UTC of a time in ms (civil-from-days, so that painters need no clock module)."""
    days = ts // DAY_MS + 719_468
    era = days // 146_097
    day_of_era = days - era * 146_097
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return (
        f"{year + era * 400 + (month <= 2):04d}-{month:02d}-{day_of_year - (153 * shifted + 2) // 5 + 1:02d}"
    )


def span(ms: int) -> str:
    """How long ago or for how long: ``80 ms``, ``4 s``, ``12m``, ``3h12m``, ``4d``."""
    if ms < 1000:
        return f"{max(ms, 0)} ms"
    seconds = ms // 1000
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds // 60 % 60:02d}m"
    return f"{seconds // 86_400}d"


def timeframe(ms: int) -> str:
    """``1m``, ``4h``, ``1d``."""
    for size, unit in ((DAY_MS, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")):
        if ms >= size and ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"


def tail(text: str, most: int) -> str:
    """The end of a path, which says more than its beginning."""
    return text if len(text) <= most else f"...{text[-(most - 3) :]}"


def short(symbol: str) -> str:
    """The venue's own id without the venue: ``BTC-USDT-SWAP``."""
    return symbol.partition(":")[2] or symbol
