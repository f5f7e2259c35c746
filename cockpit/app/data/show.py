"""``cockpit data show``: the one door as a user sees it: prices, funding, volatility, candles, as of any instant."""

from __future__ import annotations

import argparse
from math import isnan
from typing import Any

import msgspec

from cockpit.app import console
from cockpit.app.data.service import FOLDER, DataService, open_data
from cockpit.app.grammar import common
from cockpit.app.session import instant
from cockpit.app.settings import Loaded
from cockpit.core.events import Bar
from cockpit.text import tr

METHODS = ("ewma", "parkinson")
COLUMNS = ("opened", "open", "high", "low", "close", "volume")


def add(what: Any) -> None:
    show = what.add_parser("show", help="prices, funding, volatility and candles of a market, as of any instant")
    show.add_argument("symbol", metavar="SYMBOL", help="e.g. okx:BTC-USDT-SWAP")
    show.add_argument("--timeframe", metavar="TF", help="length of the candles (default: the shortest there is)")
    show.add_argument("--limit", type=int, default=12, metavar="N", help="so many candles (default 12)")
    show.add_argument("--as-of", metavar="TIME", help="what could be known at this instant (ISO, UTC)")
    common(show)


def run(args: argparse.Namespace, found: Loaded, lang: str) -> int:
    """Raises TapeError (exit 5) for a market that is not in the archive."""
    as_of = instant(args.as_of) or None
    with open_data(found.data_dir / FOLDER) as data:
        prices = data.get_latest_prices(args.symbol, as_of=as_of)
        rate = data.get_latest_funding(args.symbol, as_of=as_of)
        lengths = data.timeframes(args.symbol)
        tf = args.timeframe or (lengths[0] if lengths else "")
        bars = data.get_ohlcv(args.symbol, tf, args.limit, as_of=as_of) if tf else []
        moves = volatilities(data, args.symbol, tf, as_of) if tf else {}
    document = {
        **msgspec.structs.asdict(prices),
        "funding": msgspec.to_builtins(rate),
        "timeframe": tf,
        "volatility": moves,
        "candles": [msgspec.structs.asdict(bar) for bar in bars],
    }
    lines = [
        tr(f"cli.archive.show.{name}", lang, value=value, ts=console.utc(ts))
        for name, value, ts in (
            ("last", f"{prices.last:g}", prices.last_ts),
            ("touch", f"{prices.bid:g} / {prices.ask:g}", prices.touch_ts),
            ("mark", f"{prices.mark:g} / {prices.index:g}", prices.mark_ts),
            ("funding", f"{rate.rate:+.4%}" if rate else "", rate.ts if rate else 0),
        )
        if ts
    ]
    lines += [
        tr("cli.archive.show.volatility", lang, method=method, value=f"{value:.1%}", tf=tf)
        for method, value in moves.items()
        if value is not None
    ]
    console.answer(args, document, "\n".join([*lines, table(bars, lang)]))
    return 0


def volatilities(data: DataService, symbol: str, tf: str, as_of: int | None) -> dict[str, float | None]:
    """A year's volatility by each method over the newest 200 candles; None where there are too few."""
    found = {m: data.get_volatility(symbol, tf, 200, method=m, as_of=as_of) for m in METHODS}
    return {method: None if isnan(value) else value for method, value in found.items()}


def table(bars: list[Bar], lang: str) -> str:
    head = tuple(tr(f"cli.archive.show.{name}", lang) for name in COLUMNS)
    rows = [
        (console.utc(b.ts - b.tf), *(f"{v:g}" for v in (b.open, b.high, b.low, b.close, b.volume))) for b in bars
    ]
    return console.columns([head, *rows], frozenset(range(1, 6)))
