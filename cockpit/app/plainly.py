"""``cockpit backtest`` in plain options, as other programs have them, instead of the sleeve's one word.

    --strategy ema_trend --symbol okx:BTC-USDT-SWAP --timeframe 1h --limit 2000
    --initial-capital 10000 --fee-rate 0.0005

There is no signal window to choose: indicators go on from bar to bar and look back as far as they need.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from cockpit.core.config import SleeveConfig, timeframe_ms
from cockpit.core.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--symbol", metavar="SYMBOL", help="of a --strategy that names no market")
    parser.add_argument("--timeframe", metavar="TF", help="its candles, e.g. 1h")
    parser.add_argument("--limit", type=int, metavar="N", help="only the last N candles (before --to)")
    parser.add_argument("--initial-capital", type=float, metavar="X", help="as --set run.equity=X")
    parser.add_argument(
        "--fee-rate", type=float, metavar="X", help="maker and taker fee, as --set venue.fees=[X,X]"
    )


def settings(args: argparse.Namespace) -> None:
    """Capital and fee become settings, weaker than a ``--set`` of the same."""
    found = []
    if args.initial_capital is not None:
        found.append(f"run.equity={args.initial_capital!r}")
    if args.fee_rate is not None:
        found.append(f"venue.fees=[{args.fee_rate!r},{args.fee_rate!r}]")
    args.set = [*found, *args.set]


def sleeves(args: argparse.Namespace) -> list[str]:
    """What ``--strategy`` names, with market and candles. Raises ConfigError where they fit no strategy."""
    rows: Sequence[str] = args.strategy or ()
    if (args.symbol or args.timeframe) and all("@" in row for row in rows):
        raise ConfigError("--symbol and --timeframe are for a --strategy that names no market: ema_trend")
    if args.timeframe and not args.symbol:
        raise ConfigError(f"--timeframe {args.timeframe} needs --symbol, e.g. okx:BTC-USDT-SWAP")
    place = f"@{args.symbol}" + (f"/{args.timeframe}" if args.timeframe else "") if args.symbol else ""
    return [row if "@" in row else row + place for row in rows]


def begin(args: argparse.Namespace, rows: Sequence[SleeveConfig], tape: str, start: int, end: int) -> int:
    """Where the run starts (UTC ms; 0 = with the tape). Raises ConfigError, TapeError."""
    if args.limit is None:
        return start
    from cockpit.adapters.store.tape import read_info

    if args.limit < 1 or start:
        raise ConfigError(f"--limit {args.limit}: at least 1, and without --from")
    info = read_info(Path(tape))
    lengths = {timeframe_ms(row.timeframe) for row in rows if row.timeframe}
    lengths = lengths or {min(tfs) for tfs in info.bar_lengths.values() if tfs}
    if not lengths:
        raise ConfigError("--limit counts candles, and there are none")
    last = int(end or info.end_ms + 1)
    count: int = args.limit
    return last - count * max(lengths)
