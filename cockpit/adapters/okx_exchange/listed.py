"""Instruments under the names the venue gives them, and their records."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.adapters.okx_exchange.figures import plain
from cockpit.core.errors import ConfigError
from cockpit.core.types import ONE, Instrument, InstrumentState, Kind

STATES = {
    InstrumentState.LIVE: "live",
    InstrumentState.SUSPENDED: "suspend",
    InstrumentState.PREOPEN: "preopen",
    InstrumentState.EXPIRED: "expired",
}
FIRST_CODE = 10_459
LISTED_SINCE = "1573557408000"
NO_LIMIT = Decimal(100_000_000)


class Listed(msgspec.Struct):
    """One market of the venue."""

    instrument: Instrument
    inst_id: str
    """``BTC-USDT`` or ``BTC-USDT-SWAP``."""
    code: int
    """The integer that order operations over a socket use."""

    @property
    def swap(self) -> bool:
        return self.instrument.derivative

    @property
    def inst_type(self) -> str:
        return "SWAP" if self.swap else "SPOT"

    @property
    def family(self) -> str:
        """``BTC-USDT``; empty for spot, which has none."""
        return f"{self.instrument.base}-{self.instrument.quote}" if self.swap else ""

    @property
    def index_id(self) -> str:
        return f"{self.instrument.base}-{self.instrument.quote}"

    @property
    def inverse(self) -> bool:
        return self.instrument.kind is Kind.INVERSE

    @property
    def max_leverage(self) -> Decimal:
        """Of the smallest tier; 1 for spot."""
        tiers = self.instrument.tiers
        return max((tier.max_leverage for tier in tiers), default=Decimal(100)) if self.swap else ONE


def name_of(instrument: Instrument) -> str:
    """The venue's id for an instrument of any source."""
    pair = f"{instrument.base}-{instrument.quote}"
    return f"{pair}-SWAP" if instrument.derivative else pair


def listing(instruments: Iterable[Instrument]) -> dict[str, Listed]:
    """Markets by instrument id. Raises ConfigError when two would have one name."""
    found: dict[str, Listed] = {}
    for index, instrument in enumerate(instruments):
        inst_id = name_of(instrument)
        if inst_id in found:
            both = f"{found[inst_id].instrument.symbol} and {instrument.symbol}"
            raise ConfigError(f"{both} would both be {inst_id}; choose one with --symbols")
        found[inst_id] = Listed(instrument, inst_id, FIRST_CODE + 7 * index)
    if not found:
        raise ConfigError("there is no instrument to trade")
    return found


def record(listed: Listed) -> dict[str, Any]:
    """The instrument record (REST and ``instruments`` channel); every documented key."""
    it, swap = listed.instrument, listed.swap
    largest = plain(it.max_qty or NO_LIMIT)
    return {
        "instType": listed.inst_type,
        "instId": listed.inst_id,
        "uly": listed.family,
        "instFamily": listed.family,
        "baseCcy": "" if swap else it.base,
        "quoteCcy": "" if swap else it.quote,
        "settleCcy": it.settle if swap else "",
        "ctVal": plain(it.contract_value) if swap else "",
        "ctMult": "1" if swap else "",
        "ctValCcy": (it.quote if listed.inverse else it.base) if swap else "",
        "ctType": ("inverse" if listed.inverse else "linear") if swap else "",
        "tickSz": plain(it.tick),
        "lotSz": plain(it.lot),
        "minSz": plain(it.min_qty),
        "lever": plain(listed.max_leverage) if swap else "",
        "maxLmtSz": largest,
        "maxMktSz": largest if swap else "1000000",
        "maxLmtAmt": "20000000",
        "maxMktAmt": "" if swap else "1000000",
        "maxTwapSz": largest,
        "maxIcebergSz": largest,
        "maxTriggerSz": largest,
        "maxStopSz": largest if swap else "1000000",
        "maxPlatOILmt": "",
        "posLmtAmt": "",
        "posLmtPct": "",
        "listTime": LISTED_SINCE,
        "expTime": "",
        "contTdSwTime": "",
        "preMktSwTime": "",
        "auctionEndTime": "",
        "openType": "",
        "state": STATES[it.state],
        "ruleType": "normal",
        "alias": "",
        "category": "1",
        "optType": "",
        "stk": "",
        "instIdCode": listed.code,
        "instCategory": "1",
        "groupId": "1" if not swap else "2",
        "upcChg": [],
        "futureSettlement": False,
        "tradeQuoteCcyList": [] if swap else [it.quote],
    }


def tiers(listed: Listed) -> list[dict[str, Any]]:
    """The margin table (``public/position-tiers``)."""
    rows = []
    smallest = Decimal(0)
    for number, tier in enumerate(listed.instrument.tiers, start=1):
        rows.append(
            {
                "uly": listed.family,
                "instFamily": listed.family,
                "instId": "",
                "tier": str(number),
                "minSz": plain(smallest),
                "maxSz": plain(tier.max_qty),
                "mmr": plain(tier.maintenance),
                "imr": plain(round(ONE / tier.max_leverage, 8)),
                "maxLever": plain(tier.max_leverage),
                "optMgnFactor": "0",
                "quoteMaxLoan": "",
                "baseMaxLoan": "",
            }
        )
        smallest = tier.max_qty
    return rows
