"""Start and stop of the local exchange."""

from __future__ import annotations

import shutil
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.server import Server


class Options(msgspec.Struct, frozen=True):
    """What to serve."""

    port: int = 0
    """0 = any free one."""
    host: str = "127.0.0.1"
    tls: bool = False
    accounts: int = 1
    """Live accounts; there are as many demo ones."""
    seed: int = 7
    rate: float = 1.0
    """How busy the practice market is."""
    tape: str = ""
    """A recorded market instead of the practice one."""
    symbols: tuple[str, ...] = ()
    """Practice instruments (``BTC-USDT-SWAP``) or a tape's symbols; empty = all."""
    faults: str = ""
    """File with a fault script."""
    limits: bool = True
    """Rate limits on."""
    idle_ms: int = 30_000
    history: int = 1_441
    """Minutes of candles from before the start."""
    cash: dict[str, Decimal] = msgspec.field(
        default_factory=lambda: {"USDT": Decimal(100_000), "BTC": Decimal(1)}
    )


class Running:
    """An exchange that runs in this process's event loop."""

    def __init__(
        self, server: Server, options: Options, folder: Path | None, certificate: Path | None
    ) -> None:
        self.server = server
        self.options = options
        self.certificate = certificate
        """What a client must trust (``SSL_CERT_FILE``) when TLS is on."""
        self._folder = folder

    @property
    def rest(self) -> str:
        """Base URL of REST, without a slash at its end."""
        return self.server.url

    @property
    def ws(self) -> str:
        """Base URL of the WebSockets; ``/public``, ``/private``, ``/business`` follow."""
        return self.server.ws_url

    def ready(self) -> dict[str, Any]:
        """What a client needs to know: URLs, accounts, keys."""
        from cockpit.adapters.okx_exchange.venue import announced

        return {
            "rest": self.rest,
            "ws": self.ws,
            **{door: f"{self.ws}/{door}" for door in ("public", "private", "business")},
            "admin": f"{self.rest}/admin",
            "certificate": str(self.certificate) if self.certificate else "",
            "instruments": [*self.server.venue.floors],
            "accounts": announced(self.server.venue),
        }

    async def close(self) -> None:
        """Cut all connections and give the port back."""
        await self.server.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


async def serve(options: Options | None = None) -> Running:
    """Open the exchange. Raises ConfigError, TapeError, or OSError when the port is taken."""
    from cockpit.adapters.okx_exchange.feed import Feed, PracticeFeed, TapeFeed
    from cockpit.adapters.okx_exchange.server import Server
    from cockpit.adapters.okx_exchange.tls import certificate
    from cockpit.adapters.okx_exchange.venue import OkxVenue

    options = options or Options()
    now = time.time_ns() // 1_000_000
    feed: Feed
    if options.tape:
        feed = TapeFeed(Path(options.tape), now, options.symbols)
    else:
        feed = PracticeFeed(options.seed, now, options.symbols, options.rate)
    venue = OkxVenue(
        feed, accounts=options.accounts, cash=options.cash, seed=options.seed, limits=options.limits,
        history=options.history,
    )  # fmt: skip
    if options.faults:
        venue.faults.load(Path(options.faults), now)
    folder = context = pem = None
    if options.tls:
        folder = Path(tempfile.mkdtemp(prefix="cockpit-exchange-"))
        context, pem = certificate(folder, options.host)
    server = Server(venue, options.idle_ms)
    await server.start(options.host, options.port, context)
    return Running(server, options, folder, pem)
