"""One rule for units: amounts are in the quote currency of the market they are about, shares are of equity.

``max_notional``, ``max_position_value``, ``diff_threshold``, ``min_notional`` and the capital that a strategy
sees are money of the market; equity, profit and what is a share of them are the account's. Where both meet,
the account's money is told in the market's, and what other markets hold with it. A market whose base coin
is the account's currency (``BTC-USD-SWAP`` in an account kept in BTC) converts at its own price; any other
at what a followed market says, and where none does the rate is NaN: nothing is entered, and the screen and
``doctor`` say why. One US dollar counts as one USDT, USDC …
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan, nan
from typing import TYPE_CHECKING

from cockpit.core.ledger.valuation import DOLLARS, Instruments, coin_price
from cockpit.core.types import ONE, Instrument

if TYPE_CHECKING:
    from cockpit.core.state import State


def alike(one: str, other: str) -> bool:
    """Is one of the first worth one of the second, as limits and sizes count?"""
    return one == other or (one in DOLLARS and other in DOLLARS)


def quote_rate(state: State, instrument: Instrument) -> float:
    """How much of a market's quote currency one unit of the account's currency is; NaN = nobody says."""
    currency, quote = state.currency, instrument.quote
    if quote == currency or alike(quote, currency):
        return 1.0
    if instrument.base == currency:
        return state.price(instrument.symbol)
    found = coin_price(quote, currency, state.instruments, state.mark_prices())
    return 1.0 / float(found) if found else nan


def quote_unit(instrument: Instrument, price: float) -> float:
    """Worth of one contract (or base unit) at a price, quote currency of its market."""
    return float(instrument.contract_value) * (1.0 if instrument.kind == "inverse" else price)


def unit_value(state: State, symbol: str) -> float:
    """The same now, account's currency; NaN when a price is unknown."""
    instrument = state.instruments.get(symbol)
    if instrument is None:
        return 0.0
    return quote_unit(instrument, state.price(symbol)) / quote_rate(state, instrument)


def unconverted(state: State) -> list[tuple[str, str]]:
    """(market, why) of sleeves that may enter nothing, because nobody says now what their money is worth."""
    found = {}
    for sleeve in state.sleeves.values():
        instrument = state.instruments[sleeve.symbol]
        if isnan(quote_rate(state, instrument)):
            found[sleeve.symbol] = f"nobody says what one {instrument.quote} is worth in {state.currency}"
    return list(found.items())


def unpriced(instruments: Instruments, symbols: Iterable[str], currency: str) -> list[tuple[str, str]]:
    """(market, money) of those of ``symbols`` where no market says what its money is worth in ``currency``.

    Told by the listing alone: a market that is followed counts as priced before its first price comes.
    """
    marks = dict.fromkeys(instruments, ONE)
    found = []
    for symbol in symbols:
        instrument = instruments[symbol]
        own = instrument.base == currency
        for money in dict.fromkeys((instrument.quote, instrument.settle)):
            converts = alike(money, currency) or (own and money in (instrument.quote, instrument.base))
            if not converts and coin_price(money, currency, instruments, marks) is None:
                found.append((symbol, money))
    return found


def taken_for(instruments: Instruments, symbols: Iterable[str], currency: str) -> list[str]:
    """Dollars other than the account's own in which ``symbols`` are quoted: counted one for one."""
    quotes = {instruments[symbol].quote for symbol in symbols}
    return sorted(quote for quote in quotes if quote != currency and alike(quote, currency))
