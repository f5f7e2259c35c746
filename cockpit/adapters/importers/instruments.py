"""Which market a recorded name means, and how that market trades.

Recordings carry prices but no contract terms. The table gives today's terms of the markets that occur
often (tick, lot, contract value, base fee tier); an answer of OKX's or Bybit's instruments endpoint gives
the terms of its own day. For anything else :func:`infer` reads the grid off the data and says so.

Margin tiers are the venues' public notional brackets, turned into quantities at a round reference price.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from cockpit.adapters.importers.terms import (
    BANDS,
    BINANCE_PERPS,
    BINANCE_SPOT,
    BYBIT_PERPS,
    FEES,
    HOUR,
    MAJOR,
    MAJORS,
    MINOR,
    OKX_SWAPS,
    REFERENCE,
    SPOTS,
)
from cockpit.core.errors import TapeError
from cockpit.core.types import ONE, ZERO, Instrument, InstrumentState, Kind, MarginTier, exact

QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "BTC", "ETH")


def tiers(base: str, per_contract: Decimal, lot: Decimal) -> tuple[MarginTier, ...]:
    """The brackets of a perpetual as quantities; ``per_contract`` is quote value per contract at 1."""
    brackets = MAJOR if base in MAJORS else MINOR
    worth = per_contract * REFERENCE.get(base, 1)
    rows = []
    for notional, maintenance, leverage in brackets:
        lots = max(ONE, (Decimal(notional) / worth / lot).to_integral_value())
        rows.append(MarginTier(lots * lot, Decimal(maintenance), Decimal(leverage)))
    return tuple(rows)


def _perp(symbol: str, base: str, quote: str, grid: tuple[str, str], **more: Any) -> Instrument:
    tick, lot = Decimal(grid[0]), Decimal(grid[1])
    venue = symbol.partition(":")[0]
    value = more.get("contract_value", ONE)
    maker, taker = FEES.get(venue, FEES["okx"])
    terms: dict[str, Any] = {
        "kind": Kind.LINEAR,
        "settle": quote,
        "min_qty": lot,
        "maker_fee": Decimal(maker),
        "taker_fee": Decimal(taker),
        "price_band": BANDS.get(venue, ZERO),
        "tiers": tiers(base, value, lot),
        **more,
    }
    return Instrument(symbol=symbol, base=base, quote=quote, tick=tick, lot=lot, **terms)


def _spot(symbol: str, base: str, quote: str, grid: tuple[str, str, str], notional: str = "0") -> Instrument:
    tick, lot, smallest = (Decimal(text) for text in grid)
    venue = symbol.partition(":")[0]
    maker, taker = FEES["okx-spot"] if venue == "okx" else FEES.get(venue, ("0.001", "0.001"))
    return Instrument(
        symbol=symbol,
        kind=Kind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        tick=tick,
        lot=lot,
        min_qty=smallest,
        min_notional=Decimal(notional),
        maker_fee=Decimal(maker),
        taker_fee=Decimal(taker),
    )


def _inverse(symbol: str, base: str, tick: str, value: int) -> Instrument:
    lot = ONE
    brackets = MAJOR if base in MAJORS else MINOR
    rows = tuple(MarginTier(Decimal(n // value), Decimal(m), Decimal(x)) for n, m, x in brackets)
    return _perp(
        symbol,
        base,
        "USD",
        (tick, str(lot)),
        kind=Kind.INVERSE,
        settle=base,
        contract_value=Decimal(value),
        tiers=rows,
    )


def _table() -> dict[str, Instrument]:
    rows: list[Instrument] = []
    for base, (tick, lot, least) in BINANCE_PERPS.items():
        symbol = f"binance:{base}USDT"
        hours = 4 if base == "ENA" else 8
        more = {"min_notional": Decimal(least), "funding_interval_ms": hours * HOUR}
        rows.append(_perp(symbol, base, "USDT", (tick, lot), **more))
    for base, (tick, lot, least) in BINANCE_SPOT.items():
        rows.append(_spot(f"binance-spot:{base}USDT", base, "USDT", (tick, lot, lot), least))
    for base, (tick, lot, value) in OKX_SWAPS.items():
        symbol = f"okx:{base}-USDT-SWAP"
        rows.append(_perp(symbol, base, "USDT", (tick, lot), contract_value=Decimal(value)))
    for base, (tick, lot, least) in BYBIT_PERPS.items():
        rows.append(_perp(f"bybit:{base}USDT", base, "USDT", (tick, lot), min_notional=Decimal(least)))
    rows += [_spot(symbol, row[0], row[1], row[2:]) for symbol, row in SPOTS.items()]
    rows += [
        _inverse("okx:BTC-USD-SWAP", "BTC", "0.1", 100),
        _inverse("okx:ETH-USD-SWAP", "ETH", "0.01", 10),
        _inverse("okx:UNI-USD-SWAP", "UNI", "0.001", 10),
        _perp("hyperliquid:BTC", "BTC", "USD", ("1", "0.00001"), funding_interval_ms=HOUR, settle="USDC"),
    ]
    return {row.symbol: row for row in rows}


TABLE: Mapping[str, Instrument] = _table()


def symbol_of(native: str, venue: str = "") -> str:
    """``BTC-USDT-SWAP`` → ``okx:BTC-USDT-SWAP``: the venue by the spelling, unless it is given.

    Raises TapeError when the spelling fits no venue.
    """
    if ":" in native:
        return native
    if venue:
        return f"{venue}:{native}"
    if re.fullmatch(r"t[A-Z0-9]+:?[A-Z]+", native):
        return f"bitfinex:{native}"
    if re.fullmatch(r"[A-Z0-9]+-USD[TC]?-SWAP|[A-Z0-9]+-[A-Z]+-\d{6}(-\d+-[CP])?", native):
        return f"okx:{native}"
    if re.fullmatch(r"[A-Z0-9]+-(USD|EUR|GBP)", native):
        return f"coinbase:{native}"
    if re.fullmatch(r"[A-Z0-9]+-[A-Z]+", native):
        return f"okx:{native}"
    if re.fullmatch(r"[A-Z0-9]+", native):
        return f"binance:{native}"
    raise TapeError(f"which venue is {native!r} of? Name it as venue:symbol")


def _pair(native: str) -> tuple[str, str]:
    """(base, quote) of any spelling."""
    text = native.removeprefix("t") if re.match(r"t[A-Z]", native) else native
    parts = re.split(r"[-_/:]", text)
    if len(parts) > 1:
        return parts[0], parts[1]
    for quote in QUOTES:
        if text.endswith(quote) and len(text) > len(quote):
            return text[: -len(quote)], quote
    return text, "USD"


def decimals(value: float) -> int:
    """Digits after the point that a price needs."""
    try:
        exponent = exact(value).normalize().as_tuple().exponent
    except InvalidOperation:
        return 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def infer(symbol: str, prices: Iterable[float], sizes: Iterable[float]) -> Instrument:
    """A market nobody described: its grid as fine as the data, contract value 1, usual fees."""
    base, quote = _pair(symbol.partition(":")[2])
    places = [min(8, max(map(decimals, values), default=8)) for values in (prices, sizes)]
    tick, lot = (str(Decimal(1).scaleb(-count)) for count in places)
    venue, _, native = symbol.partition(":")
    dated = re.search(r"-(SWAP|\d{6})$", native)
    if dated and quote == "USD":
        return _inverse(symbol, base, tick, 100 if base == "BTC" else 10)
    if dated or venue in ("binance", "bybit", "hyperliquid"):
        return _perp(symbol, base, quote, (tick, lot))
    return _spot(symbol, base, quote, (tick, lot, lot))


def refine(instrument: Instrument, prices: list[float]) -> Instrument:
    """A finer tick where the recording is of a time when the market had one.

    At most two digits finer, and only when at least 2 % of the prices need it: single odd prices
    (averages, block trades) are no grid.
    """
    now = decimals(float(instrument.tick))
    finer = [d for d in map(decimals, prices) if now < d <= now + 2]
    if len(finer) < 0.02 * len(prices) or not finer:
        return instrument
    return msgspec.structs.replace(instrument, tick=Decimal(1).scaleb(-max(finer)))


STATES = {
    "live": InstrumentState.LIVE,
    "suspend": InstrumentState.SUSPENDED,
    "preopen": InstrumentState.PREOPEN,
    "expired": InstrumentState.EXPIRED,
}


def from_okx(row: Mapping[str, Any]) -> Instrument | None:
    """One row of OKX's GET /public/instruments; None for what is not traded here (options).

    Source: OKX API v5, "Get instruments". Raises TapeError when a number of it is missing.
    """
    what = row.get("instType")
    if what not in ("SPOT", "MARGIN", "SWAP", "FUTURES"):
        return None
    symbol = f"okx:{row.get('instId', '')}"
    try:
        tick, lot, least = (str(Decimal(row[key])) for key in ("tickSz", "lotSz", "minSz"))
        state = STATES.get(str(row.get("state")), InstrumentState.SUSPENDED)
        if what in ("SPOT", "MARGIN"):
            found = _spot(symbol, row["baseCcy"], row["quoteCcy"], (tick, lot, least))
        else:
            base, quote = _pair(str(row["instId"]))
            value = Decimal(row["ctVal"]) * Decimal(row.get("ctMult") or 1)
            inverse = row.get("ctType") == "inverse"
            more: dict[str, Any] = {"contract_value": value, "settle": row["settleCcy"]}
            more["min_qty"] = Decimal(least)
            more["max_qty"] = Decimal(row.get("maxLmtSz") or 0)
            if inverse:
                more |= {"kind": Kind.INVERSE, "tiers": _inverse(symbol, base, tick, int(value)).tiers}
            found = _perp(symbol, base, quote, (tick, lot), **more)
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise TapeError(f"{symbol}: the instrument's definition is incomplete ({error!r})") from error
    return msgspec.structs.replace(found, state=state)


def from_bybit(row: Mapping[str, Any], category: str) -> Instrument | None:
    """One row of Bybit's GET /v5/market/instruments-info; None for what is not traded here."""
    if category not in ("linear", "spot") or row.get("contractType", "LinearPerpetual") != "LinearPerpetual":
        return None
    native, base, quote = row["symbol"], row["baseCoin"], row["quoteCoin"]
    tick = str(row["priceFilter"]["tickSize"])
    sizes = row["lotSizeFilter"]
    if category == "spot":
        lot = str(sizes["basePrecision"])
        return _spot(f"bybit-spot:{native}", base, quote, (tick, lot, str(sizes["minOrderQty"])))
    return _perp(
        f"bybit:{native}",
        base,
        quote,
        (tick, str(sizes["qtyStep"])),
        min_qty=Decimal(sizes["minOrderQty"]),
        min_notional=Decimal(sizes.get("minNotionalValue") or 0),
        funding_interval_ms=int(row.get("fundingInterval", 480)) * 60_000,
        settle=row.get("settleCoin", quote),
    )
