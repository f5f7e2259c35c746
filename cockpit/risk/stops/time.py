"""RK-04, the time stop: an idea that has not worked by now is not working."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from cockpit.core.registry import stop
from cockpit.core.stops import Trade


class Params(msgspec.Struct, frozen=True):
    """How long; 0 = that measure does not count. Raises ValueError when neither counts."""

    bars: Annotated[int, Meta(ge=0, description="Closed bars", extra_json_schema={"unit": "bars"})] = 0
    seconds: Annotated[float, Meta(ge=0, description="Time", extra_json_schema={"unit": "s"})] = 0.0
    losers: Annotated[bool, Meta(description="Only while the position is not in profit")] = False

    def __post_init__(self) -> None:
        if not self.bars and not self.seconds:
            raise ValueError("name bars or seconds")


@stop("time", Params, kind="exit", letter="T", bars=False)
class Time(msgspec.Struct):
    """Closes a position older than ``seconds`` or ``bars``; with ``losers`` only an unprofitable one."""

    params: Params

    @classmethod
    def create(cls, params: Params) -> Time:
        """A fresh one."""
        return cls(params)

    def due(self, trade: Trade, now: int) -> str:
        """Words when it is time."""
        params = self.params
        if params.losers and trade.gain > 0:
            return ""
        if params.seconds and now >= self.at(trade):
            return f"held {(now - trade.opened) / 1000:g} s, allowed {params.seconds:g} s"
        if params.bars and trade.bars >= params.bars:
            return f"held {trade.bars} bars, allowed {params.bars}"
        return ""

    def at(self, trade: Trade) -> int:
        """The instant (UTC ms), 0 when only bars count."""
        return trade.opened + int(self.params.seconds * 1000) if self.params.seconds else 0

    def shown(self, trade: Trade) -> str:
        """How near it is."""
        return f"{trade.bars} of {self.params.bars} bars" if self.params.bars else ""
