"""Which exchange a symbol's past is asked of, where the settings say that it is. No key is needed or used."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from cockpit.adapters.connectivity.history import History
from cockpit.core.config import Config
from cockpit.core.errors import ConfigError
from cockpit.core.types import MarginMode


def by_venue(symbols: Sequence[str]) -> dict[str, list[str]]:
    """Venue → its symbols. Raises ConfigError for a name without a venue, or of one that has no past here."""
    from cockpit.app.exchanges import DIALECTS

    found: dict[str, list[str]] = {}
    for symbol in dict.fromkeys(symbols):
        venue, colon, native = symbol.partition(":")
        if not (colon and native):
            raise ConfigError(f"not a symbol: {symbol!r} (write okx:BTC-USDT-SWAP)")
        if venue != "okx" and venue not in DIALECTS:
            known = ", ".join(("okx", *DIALECTS))
            raise ConfigError(f"{symbol}: history is asked of {known}; other data comes by cockpit data import")
        found.setdefault(venue, []).append(symbol)
    return found


def askable(symbol: str) -> bool:
    """Is there an exchange whose past can be asked for it?"""
    try:
        by_venue([symbol])
    except ConfigError:
        return False
    return True


async def open_history(config: Config, venue: str, symbols: Sequence[str]) -> History:
    """Read the markets' terms. Raises ConfigError for one that is not listed, VenueError."""
    return await (_okx(config, symbols) if venue == "okx" else _ccxt(config, venue, symbols))


async def _okx(config: Config, symbols: Sequence[str]) -> History:
    from cockpit.adapters.okx import instruments
    from cockpit.adapters.okx.budget import Budget
    from cockpit.adapters.okx.endpoints import endpoints
    from cockpit.adapters.okx.history import OkxHistory
    from cockpit.adapters.okx.rest import Rest
    from cockpit.app.okx_keys import patient

    okx = config.okx
    where = endpoints(okx.region, demo=False, rest=okx.rest, socket=okx.socket, ca_file=okx.ca_file)
    rest = Rest(where, None, Budget(asyncio.get_running_loop().time))
    margin = MarginMode(config.venue.margin_mode)
    try:
        markets = await patient(lambda: instruments.load(rest, symbols, margin, private=False))
    except BaseException:
        await rest.close()
        raise
    return OkxHistory(rest, markets)


async def _ccxt(config: Config, venue: str, symbols: Sequence[str]) -> History:
    from cockpit.adapters.ccxt_venue.history import CcxtHistory
    from cockpit.app.exchanges import door_of
    from cockpit.app.okx_keys import patient

    door = door_of(config, venue, None, demo=False)
    natives = [symbol.partition(":")[2] for symbol in symbols]
    try:
        found = await patient(lambda: door.dialect.load(door, natives, private=False))
        missing = [symbol for symbol in symbols if symbol not in found]
        if missing:
            raise ConfigError(f"{door.dialect.title} lists no perpetual {', '.join(missing)}")
    except BaseException:
        await door.close()
        raise
    return CcxtHistory(door, {symbol: found[symbol] for symbol in symbols})
