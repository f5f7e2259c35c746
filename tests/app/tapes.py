"""Small recorded markets to search on."""

from __future__ import annotations

import random
from decimal import Decimal
from math import sin
from pathlib import Path

from cockpit.adapters.store.tape_writer import TapeWriter
from cockpit.core.events import Bar, FundingRate
from cockpit.core.types import Instrument, Kind
from tests.benchmarks.joiner import SWAP
from tests.lab.streams import touched

HOUR = 3_600_000
START = 1_704_067_200_000


def swinging(folder: Path, symbol: str, hours: int, seed: int = 5, kind: Kind = Kind.LINEAR) -> Path:
    """Hourly candles that rise and fall for days, with funding every eight hours."""
    rng, path = random.Random(seed), folder / "swinging.tape"
    inverse = kind is Kind.INVERSE
    lot = Decimal(1) if inverse else Decimal("0.001")
    instrument = Instrument(
        symbol, kind, "COIN", "USDT", "COIN" if inverse else "USDT", Decimal("0.01"), lot, lot,
        Decimal(10) if inverse else Decimal(1), taker_fee=Decimal("0.0005"),
    )  # fmt: skip
    with TapeWriter(path, source="test") as writer:
        writer.instrument(instrument)
        before = 100.0
        for hour in range(1, hours + 1):
            ts = START + hour * HOUR
            close = round(100 + 12 * sin(hour / 40) + 3 * sin(hour / 9) + rng.gauss(0, 0.4), 2)
            high, low = round(max(before, close) + 0.3, 2), round(min(before, close) - 0.3, 2)
            if hour % 8 == 0 and kind is not Kind.SPOT:
                writer.add(FundingRate(ts, symbol, round(rng.gauss(0, 1e-4), 8), ts, True))
            writer.add(Bar(ts, symbol, HOUR, before, high, low, close, 2_500.0 if hour % 3 == 0 else 1_000.0))
            before = close
        writer.close()
    return path


def at_the_touch(folder: Path) -> Path:
    """A tape of order books on which the peers' maker (``joiner``) trades."""
    path = folder / "books.tape"
    with TapeWriter(path, source="test") as writer:
        writer.instrument(SWAP)
        for event in touched()[1:]:
            writer.add(event)
        writer.close()
    return path
