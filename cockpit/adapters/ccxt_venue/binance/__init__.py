"""Binance USDⓈ-M perpetuals."""

from __future__ import annotations

from cockpit.adapters.ccxt_venue.binance.markets import Markets
from cockpit.adapters.ccxt_venue.binance.records import Records
from cockpit.adapters.ccxt_venue.binance.requests import Requests
from cockpit.adapters.ccxt_venue.binance.streams import Streams
from cockpit.adapters.ccxt_venue.binance.words import Words


class Binance(Words, Markets, Streams, Requests, Records):
    """The whole dialect."""

    name = "binance"
    title = "Binance"
    host = "fapi.binance.com"
    ccxt_id = "binanceusdm"
