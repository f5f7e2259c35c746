"""Who relies on a stop that the venue has said it does not know (I08).

Asked of sleeves that are alone on their market, where the account holds what they hold: there another stop
beside the first harms nobody.
"""

from __future__ import annotations

from collections.abc import Mapping

RELIED_S = 10.0
"""How long a process may do so, counted from its last act for the sleeve: what it asked for then may be on
its way for six seconds."""


class Reliance:
    """Of one process at a time."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        """The last act for each sleeve of which the venue does not know a stop."""

    def __bool__(self) -> bool:
        return bool(self._since)

    def unseen(self, sleeve: str, now: float) -> None:
        """The process hears it."""
        self._since.setdefault(sleeve, now)

    def acts(self, sleeve: str, now: float) -> None:
        """It closes, protects or cancels something."""
        if sleeve in self._since:
            self._since[sleeve] = now

    def clear(self) -> None:
        """Another process."""
        self._since.clear()

    def kept(self, naked: Mapping[str, float], now: float, *, reachable: bool) -> list[str]:
        """The sleeves that were left so for too long; ``naked``: since when each is, of those in question.

        While the venue cannot be asked for anything, no time passes.
        """
        mine = {sleeve: since for sleeve, since in self._since.items() if sleeve in naked}
        self._since = mine if reachable else dict.fromkeys(mine, now)
        return [sleeve for sleeve, since in self._since.items() if now - max(since, naked[sleeve]) > RELIED_S]
