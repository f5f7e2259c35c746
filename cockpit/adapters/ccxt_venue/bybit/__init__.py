"""Bybit linear (USDT) perpetuals of a unified trading account."""

from __future__ import annotations

from cockpit.adapters.ccxt_venue.bybit.markets import Markets
from cockpit.adapters.ccxt_venue.bybit.records import Records
from cockpit.adapters.ccxt_venue.bybit.requests import Requests
from cockpit.adapters.ccxt_venue.bybit.words import Words


class Bybit(Words, Markets, Requests, Records):
    """The whole dialect."""

    name = "bybit"
    title = "Bybit"
    host = "api.bybit.com"
    ccxt_id = "bybit"
