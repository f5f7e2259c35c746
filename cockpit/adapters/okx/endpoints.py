"""Where OKX is: the hosts of each region, live and demo, and any other place that speaks its protocol."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from cockpit.core.errors import ConfigError

REGIONS = {
    "global": ("https://www.okx.com", "wss://ws.okx.com:8443", "wss://wspap.okx.com:8443"),
    "eea": ("https://eea.okx.com", "wss://wseea.okx.com:8443", "wss://wseeapap.okx.com:8443"),
    "us": ("https://us.okx.com", "wss://wsus.okx.com:8443", "wss://wsuspap.okx.com:8443"),
}
"""Region → REST host, WebSocket host live, WebSocket host demo. Source: OKX API v5, "Overview"."""


class Endpoints(msgspec.Struct, frozen=True):
    """The two addresses and the environment. Demo keys do not open live doors, nor the reverse."""

    rest: str
    """Scheme and host, without a path."""
    socket: str
    """The same, ws or wss."""
    demo: bool
    ca_file: str = ""
    """Whose certificates are trusted (PEM) instead of the system's; empty = the system's."""

    def tls(self) -> ssl.SSLContext | None:
        """How a socket is made sure of its other end; None = as the system does it."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else None

    def stream(self, kind: str) -> str:
        """URL of the public, private or business socket."""
        return f"{self.socket}/ws/v5/{kind}"


def endpoints(region: str, *, demo: bool, rest: str = "", socket: str = "", ca_file: str = "") -> Endpoints:
    """The region's hosts; ``rest`` and ``socket`` name others (the exchange on this machine).

    Raises ConfigError for an unknown region, half an address, or one that would carry keys in plain text.
    """
    if ca_file and not Path(ca_file).is_file():
        raise ConfigError(f"okx.ca_file: there is no file {ca_file}")
    if bool(rest) != bool(socket):
        raise ConfigError("an OKX address is two: rest (http…) and socket (ws…)")
    if rest:
        if not rest.startswith(("http://", "https://")) or not socket.startswith(("ws://", "wss://")):
            raise ConfigError(f"not an address of OKX: {rest} and {socket}")
        for address in (rest, socket):
            if not address.startswith(("https://", "wss://")) and not _here(address):
                raise ConfigError(f"{address}: keys leave this machine over https and wss only")
        return Endpoints(rest.rstrip("/"), socket.rstrip("/").removesuffix("/ws/v5"), demo, ca_file)
    if region not in REGIONS:
        raise ConfigError(f"no OKX region {region!r}; there are {', '.join(REGIONS)}")
    host, live, paper = REGIONS[region]
    return Endpoints(host, paper if demo else live, demo, ca_file)


def _here(address: str) -> bool:
    """Does the address stay on this machine?"""
    host = urlsplit(address).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")
