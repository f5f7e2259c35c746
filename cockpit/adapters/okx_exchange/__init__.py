"""An exchange on loopback that speaks OKX v5: what strangers' clients accept, ours can be proven against.

    running = await serve(Options(seed=7))        # in this process, on a free port
    running.server.venue.move("BTC-USDT-SWAP", 100)
    await running.close()

Matching, margin, funding and liquidation are ``core.matching``'s; here is only the protocol around them.
aiohttp is imported when :func:`serve` is called.
"""

from cockpit.adapters.okx_exchange.running import Options, Running, serve

__all__ = ["Options", "Running", "serve"]
