"""``cockpit exchange``: an OKX-compatible exchange on loopback, until it is interrupted."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from typing import TYPE_CHECKING

from cockpit.app import console
from cockpit.core.errors import ConfigError, VenueError
from cockpit.text import tr

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange import Options, Running


def add(parser: argparse.ArgumentParser) -> None:
    """What ``exchange`` takes."""
    parser.add_argument("--port", type=int, default=0, metavar="P", help="0 = any free one (default)")
    parser.add_argument(
        "--tls", action="store_true", help="https and wss, with a certificate made on the spot"
    )
    parser.add_argument(
        "--accounts", type=int, default=1, metavar="N", help="live accounts; as many demo ones"
    )
    parser.add_argument("--seed", type=int, default=7, metavar="S", help="of the practice market")
    parser.add_argument("--rate", type=float, default=1.0, metavar="X", help="how busy the market is")
    parser.add_argument("--tape", metavar="TAPE", help="a recorded market instead of the practice one")
    parser.add_argument("--symbols", metavar="LIST", help="only these, e.g. BTC-USDT-SWAP,BTC-USDT")
    parser.add_argument("--faults", metavar="FILE", help="what goes wrong, and when: a JSON list of rules")
    parser.add_argument("--no-limits", action="store_true", help="without rate limits")


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. Raises VenueError (exit 6) when the port is taken."""
    from cockpit.adapters.okx_exchange import Options

    if args.accounts < 1:
        raise ConfigError("--accounts: must be at least 1")
    symbols = tuple(filter(None, (name.strip() for name in (args.symbols or "").split(","))))
    options = Options(
        port=args.port,
        tls=args.tls,
        accounts=args.accounts,
        seed=args.seed,
        rate=args.rate,
        tape=args.tape or "",
        symbols=symbols,
        faults=args.faults or "",
        limits=not args.no_limits,
    )
    asyncio.run(_serve(options, args))
    return 0


async def _serve(options: Options, args: argparse.Namespace) -> None:
    from cockpit.adapters.okx_exchange import serve

    try:
        running = await serve(options)
    except OSError as error:
        raise VenueError(f"port {args.port} cannot be opened: {error.strerror or error}") from error
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    try:
        ready = running.ready()
        text = json.dumps(ready, separators=(",", ":")) if args.json else words(running, args)
        print(text, flush=True)
        await ended.wait()
    finally:
        await running.close()


def words(running: Running, args: argparse.Namespace) -> str:
    """The ready line for people."""
    ready, lang = running.ready(), console.language(args)
    lines = [
        tr("cli.exchange.head", lang, rest=ready["rest"], ws=ready["ws"]),
        tr("cli.exchange.markets", lang, names=", ".join(ready["instruments"])),
    ]
    if ready["certificate"]:
        lines.append(tr("cli.exchange.certificate", lang, file=ready["certificate"]))
    for account in ready["accounts"]:
        kind = tr("cli.exchange.demo" if account["demo"] else "cli.exchange.live", lang)
        names = {name: account[name] for name in ("uid", "key", "secret", "passphrase")}
        lines.append(tr("cli.exchange.account", lang, kind=kind, **names))
    lines.append(tr("cli.exchange.end", lang))
    return "\n".join(lines)
