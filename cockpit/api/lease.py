"""Who drives: one client at a time, as long as it keeps saying that it is there."""

from __future__ import annotations

TERM_S = 5.0
"""A driver that is silent for so long drives no more."""


class Lease:
    """Times are seconds of any clock that only goes forward; the holder is a client's number."""

    def __init__(self) -> None:
        self.holder: int | None = None
        self._until = 0.0

    def take(self, client: int, now: float, *, force: bool = False) -> bool:
        """Take it if it is free, lapsed or already ours; ``force`` takes it from a living driver too."""
        free = self.holder is None or self.holder == client or now > self._until
        if not (free or force):
            return False
        self.holder = client
        self._until = now + TERM_S
        return True

    def renew(self, client: int, now: float) -> None:
        """The driver has spoken. Anybody else's word changes nothing."""
        if self.holder == client:
            self._until = now + TERM_S

    def drop(self, client: int) -> bool:
        """The driver lets go, or is gone; False when it was not the driver."""
        if self.holder != client:
            return False
        self.holder = None
        return True

    def lapse(self, now: float) -> int | None:
        """Take it from a driver whose time is over; returns that driver."""
        if self.holder is None or now <= self._until:
            return None
        gone, self.holder = self.holder, None
        return gone

    def forgive(self, seconds: float) -> None:
        """The server was away, not the driver: that time does not count."""
        self._until += seconds
