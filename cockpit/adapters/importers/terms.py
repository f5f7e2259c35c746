"""Contract terms of the markets that occur often in recordings, as the venues publish them today.

Recordings carry prices but no terms, so these stand in: tick, lot, contract value, the fees of the lowest
account tier, and the public notional brackets of margin.
"""

from __future__ import annotations

from decimal import Decimal

FEES: dict[str, tuple[str, str]] = {
    "binance": ("0.0002", "0.0005"),
    "binance-spot": ("0.001", "0.001"),
    "okx": ("0.0002", "0.0005"),
    "okx-spot": ("0.0008", "0.001"),
    "bybit": ("0.0002", "0.00055"),
    "bybit-spot": ("0.001", "0.001"),
    "coinbase": ("0.004", "0.006"),
    "bitfinex": ("0.001", "0.002"),
    "hyperliquid": ("0.00015", "0.00045"),
}
"""(maker, taker) of the lowest account tier."""

BANDS = {"binance": Decimal("0.05"), "okx": Decimal("0.02"), "bybit": Decimal("0.05")}
"""Limit prices further than this from the reference are refused (perpetuals)."""

# (quote notional up to, maintenance margin, highest leverage)
Bracket = tuple[int, str, int]
MAJOR: tuple[Bracket, ...] = (
    (300_000, "0.004", 125),
    (800_000, "0.005", 100),
    (3_000_000, "0.0065", 75),
    (12_000_000, "0.01", 50),
    (70_000_000, "0.02", 25),
    (100_000_000, "0.025", 20),
    (230_000_000, "0.05", 10),
    (480_000_000, "0.1", 5),
    (600_000_000, "0.125", 4),
    (1_200_000_000, "0.25", 2),
    (1_800_000_000, "0.5", 1),
)
MINOR: tuple[Bracket, ...] = (
    (25_000, "0.0065", 75),
    (100_000, "0.01", 50),
    (500_000, "0.02", 25),
    (1_000_000, "0.025", 20),
    (5_000_000, "0.05", 10),
    (10_000_000, "0.1", 5),
    (12_500_000, "0.125", 4),
    (25_000_000, "0.25", 2),
    (50_000_000, "0.5", 1),
)
MAJORS = frozenset(("BTC", "ETH"))

REFERENCE = {
    "BTC": 50_000,
    "ETH": 2_500,
    "SOL": 100,
    "LTC": 80,
    "BCH": 400,
    "AAVE": 150,
    "XMR": 150,
    "LINK": 12,
    "AVAX": 20,
    "UNI": 7,
    "DOT": 4,
    "NEAR": 2,
    "SUI": 2,
}
"""Rounded prices for the brackets; a base that is not named trades near one quote unit or below."""

# base: (tick, lot, smallest notional)
BINANCE_PERPS: dict[str, tuple[str, str, str]] = {
    "BTC": ("0.1", "0.001", "100"),
    "ETH": ("0.01", "0.001", "20"),
    "BCH": ("0.01", "0.001", "20"),
    "LTC": ("0.01", "0.001", "20"),
    "XRP": ("0.0001", "0.1", "5"),
    "ADA": ("0.0001", "1", "5"),
    "SOL": ("0.01", "0.01", "5"),
    "DOGE": ("0.00001", "1", "5"),
    "LINK": ("0.001", "0.01", "20"),
    "AVAX": ("0.001", "1", "5"),
    "SUI": ("0.0001", "0.1", "5"),
    "1000PEPE": ("0.0000001", "1", "5"),
    "NEAR": ("0.001", "1", "5"),
    "DOT": ("0.001", "0.1", "5"),
    "ARB": ("0.0001", "0.1", "5"),
    "AAVE": ("0.01", "0.1", "5"),
    "TRX": ("0.00001", "1", "5"),
    "XLM": ("0.00001", "1", "5"),
    "HBAR": ("0.00001", "1", "5"),
    "ENA": ("0.0001", "1", "5"),
}
BINANCE_SPOT: dict[str, tuple[str, str, str]] = {
    "BTC": ("0.01", "0.00001", "5"),
    "ETH": ("0.01", "0.0001", "5"),
    "XRP": ("0.0001", "0.1", "5"),
    "LTC": ("0.01", "0.001", "5"),
    "ADA": ("0.0001", "0.1", "5"),
    "SOL": ("0.01", "0.001", "5"),
    "DOGE": ("0.00001", "1", "1"),
    "LINK": ("0.01", "0.01", "5"),
}
# base: (tick, lot in contracts, base units per contract)
OKX_SWAPS: dict[str, tuple[str, str, str]] = {
    "BTC": ("0.1", "0.01", "0.01"),
    "ETH": ("0.01", "0.01", "0.1"),
    "SOL": ("0.01", "0.01", "1"),
    "DOGE": ("0.00001", "0.01", "1000"),
    "XRP": ("0.0001", "0.01", "100"),
    "LTC": ("0.01", "0.1", "1"),
    "LINK": ("0.001", "0.1", "1"),
    "XMR": ("0.01", "0.1", "0.1"),
}
# native id: (base, quote, tick, lot, smallest quantity)
SPOTS: dict[str, tuple[str, str, str, str, str]] = {
    "okx:BTC-USDT": ("BTC", "USDT", "0.1", "0.00000001", "0.00001"),
    "okx:ETH-USDT": ("ETH", "USDT", "0.01", "0.000001", "0.001"),
    "coinbase:BTC-USD": ("BTC", "USD", "0.01", "0.00000001", "0.00001"),
    "coinbase:ETH-USD": ("ETH", "USD", "0.01", "0.00000001", "0.0001"),
    "bitfinex:tBTCUSD": ("BTC", "USD", "0.1", "0.00000001", "0.0002"),
    "bitfinex:tETHUSD": ("ETH", "USD", "0.01", "0.00000001", "0.004"),
    "bybit-spot:BTCUSDT": ("BTC", "USDT", "0.1", "0.000001", "0.000011"),
    "bybit-spot:ETHUSDT": ("ETH", "USDT", "0.01", "0.00001", "0.00038"),
}
BYBIT_PERPS: dict[str, tuple[str, str, str]] = {
    "BTC": ("0.1", "0.001", "5"),
    "ETH": ("0.01", "0.01", "5"),
    "SOL": ("0.01", "0.1", "5"),
    "DOGE": ("0.00001", "1", "5"),
}
HOUR = 3_600_000
