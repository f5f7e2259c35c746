"""The simulated venue as the settings want it: its rules, its fees, and how far away it is."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from math import isfinite
from pathlib import Path

import msgspec

from cockpit.core.config import Config
from cockpit.core.errors import ConfigError
from cockpit.core.events import AnyEvent, Listing
from cockpit.core.matching import Latency, LatencyModel, Rules
from cockpit.core.types import Instrument, MarginMode, PositionMode, exact

WAYS = ("feed_ms", "order_ms", "report_ms")
"""Columns of a latency file: market data to us, requests to the venue, its reports to us."""
SLOWEST_MS = 600_000


def rules_of(config: Config) -> Rules:
    """How it matches, margins and liquidates."""
    venue = config.venue
    return Rules(
        queue=venue.queue,
        queue_power=venue.queue_power,
        position_mode=PositionMode(venue.position_mode),
        margin_mode=MarginMode(venue.margin_mode),
        leverage=exact(venue.leverage),
        self_trade=venue.self_trade,
        slippage_ticks=venue.slippage_ticks,
        cancel_failure=venue.cancel_failure,
    )


def cash_of(config: Config) -> dict[str, Decimal]:
    """What the account begins with."""
    return {config.run.currency: exact(config.run.equity)}


# --- fees -------------------------------------------------------------------------------------------------


def charged(instruments: Mapping[str, Instrument], config: Config) -> dict[str, Instrument]:
    """The markets with the account's own fees, where the settings name them."""
    return {symbol: charged_one(instrument, config) for symbol, instrument in instruments.items()}


def relisted(stream: Iterable[AnyEvent], config: Config) -> Iterator[AnyEvent]:
    """The same stream, whose listings carry the account's own fees."""
    if not config.venue.fees:
        return iter(stream)
    return (
        msgspec.structs.replace(event, instrument=charged_one(event.instrument, config))
        if isinstance(event, Listing)
        else event
        for event in stream
    )


def charged_one(instrument: Instrument, config: Config) -> Instrument:
    """One market with the account's own fees."""
    if not config.venue.fees:
        return instrument
    maker, taker = map(exact, config.venue.fees)
    return msgspec.structs.replace(instrument, maker_fee=maker, taker_fee=taker)


# --- distance ---------------------------------------------------------------------------------------------


def latency_of(config: Config) -> Latency:
    """The three ways. Raises ConfigError naming the row of a latency file that is no measurement."""
    venue = config.venue
    series = measured(Path(venue.latency_file).expanduser()) if venue.latency_file else {}
    figures = (venue.feed_latency_ms, venue.order_latency_ms, venue.report_latency_ms)

    def way(name: str, ms: int) -> LatencyModel:
        if name in series:
            return LatencyModel.recorded(series[name])
        return LatencyModel.jittered(ms, venue.latency_jitter_ms)

    return Latency(*(way(name, ms) for name, ms in zip(WAYS, figures, strict=True)))


def measured(path: Path) -> dict[str, tuple[int, ...]]:
    """The delays in a latency file by column, whole ms. Raises ConfigError in words."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            names = [name for name in rows.fieldnames or () if name in WAYS]
            if not names:
                raise ConfigError(f"{path}: no column {', '.join(WAYS[:2])} or {WAYS[2]}")
            found: dict[str, list[int]] = {name: [] for name in names}
            for number, row in enumerate(rows, 2):
                for name in names:
                    if (text := (row[name] or "").strip()) != "":
                        found[name].append(_delay(text, f"{path}: line {number}: {name}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"venue.latency_file {path} cannot be read: {error}") from error
    if empty := [name for name, values in found.items() if not values]:
        raise ConfigError(f"{path}: the column {empty[0]} holds no measurement")
    return {name: tuple(values) for name, values in found.items()}


def _delay(text: str, where: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not (isfinite(value) and 0 <= value <= SLOWEST_MS):
        raise ConfigError(f"{where} is {text!r}, not a delay from 0 to {SLOWEST_MS} ms")
    return round(value)
