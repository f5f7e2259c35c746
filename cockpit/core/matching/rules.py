"""How the simulated venue behaves, and how far away it is."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core.errors import ConfigError
from cockpit.core.matching.draws import draw
from cockpit.core.types import ONE, MarginMode, PositionMode

QUEUES = frozenset(("risk_averse", "power", "power2", "power3", "log", "log2", "front"))
SELF_TRADES = frozenset(("cancel_maker", "cancel_taker", "cancel_both"))


class LatencyModel(msgspec.Struct, frozen=True):
    """A delay in whole milliseconds: always the same, drawn from a range, or a recorded series in turn."""

    kind: str = "constant"
    """constant | jitter | recorded"""
    base: int = 0
    spread: int = 0
    series: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in ("constant", "jitter", "recorded"):
            raise ConfigError(f"latency kind {self.kind!r} is not one of constant, jitter, recorded")
        if self.kind == "recorded" and not self.series:
            raise ConfigError("a recorded latency needs at least one measurement")
        if min(self.base, self.spread, *self.series) < 0:
            raise ConfigError("a latency cannot be negative")

    @classmethod
    def constant(cls, ms: int) -> LatencyModel:
        """Every message takes ``ms``."""
        return cls("constant", ms)

    @classmethod
    def jittered(cls, base: int, spread: int) -> LatencyModel:
        """Uniform over ``base`` … ``base + spread``; without a spread, constant."""
        return cls("jitter" if spread else "constant", base, spread)

    @classmethod
    def recorded(cls, series: tuple[int, ...]) -> LatencyModel:
        """Measured delays, one after the other, from the start again when they run out."""
        return cls("recorded", series=tuple(series))

    @property
    def instant(self) -> bool:
        """No delay, ever."""
        return self.kind == "constant" and self.base == 0

    def ms(self, seed: int, counter: int) -> int:
        """The delay of message number ``counter``."""
        if self.kind == "constant":
            return self.base
        if self.kind == "jitter":
            return self.base + draw(seed, counter) % (self.spread + 1)
        return self.series[counter % len(self.series)]


class Latency(msgspec.Struct, frozen=True):
    """The three ways a message travels between us and the venue; each keeps its order, as a socket does."""

    feed: LatencyModel = LatencyModel()
    """Market data: exchange to us."""
    order: LatencyModel = LatencyModel()
    """Requests: us to exchange."""
    report: LatencyModel = LatencyModel()
    """Acks, fills and answers: exchange to us."""

    @classmethod
    def constant(cls, feed: int, order: int, report: int) -> Latency:
        """All three fixed, in ms."""
        model = LatencyModel.constant
        return cls(model(feed), model(order), model(report))


class Rules(msgspec.Struct, frozen=True):
    """Matching options. Raises ConfigError on a word it does not know."""

    queue: str = "risk_averse"
    """Where a resting order stands: one of ``QUEUES``, explained in ``queues``."""
    queue_power: float = 3.0
    position_mode: PositionMode = PositionMode.NET
    margin_mode: MarginMode = MarginMode.CROSS
    leverage: Decimal = Decimal(3)
    leverages: dict[str, Decimal] = {}
    """Where the owner chose another leverage than ``leverage``, by symbol."""
    self_trade: str = "cancel_maker"
    """What goes when our taker would meet our own maker: cancel_maker | cancel_taker | cancel_both."""
    slippage_ticks: int = 1
    """Against us, wherever the data shows no depth: bars, and what exceeds the touch."""
    bar_grace_ms: int = 5_000
    """Bars: an order that arrives so soon after the open still gets the open; later ones get the next bar's
    (the open is stale by then, and the bar's extremes may be older than the order)."""
    maintenance: Decimal = Decimal("0.01")
    """Assumed maintenance margin rate where the instrument states no tiers."""
    liquidation_fee: Decimal | None = None
    """Fraction of notional on a liquidation; None = the instrument's taker fee."""
    market_buffer: Decimal = Decimal("0.05")
    """Extra quote that must be there for a spot market buy, as the venue freezes it."""
    cancel_failure: float = 0.0
    """Chance that a cancel is refused by a busy venue (code 50013) though the order lives."""

    def __post_init__(self) -> None:
        if self.queue not in QUEUES:
            raise ConfigError(f"queue {self.queue!r} is not one of {', '.join(sorted(QUEUES))}")
        if self.self_trade not in SELF_TRADES:
            raise ConfigError(
                f"self_trade {self.self_trade!r} is not one of {', '.join(sorted(SELF_TRADES))}"
            )
        if self.leverage < ONE or self.slippage_ticks < 0:
            raise ConfigError("leverage is at least 1 and slippage_ticks at least 0")

    def lever(self, symbol: str) -> Decimal:
        """The leverage chosen for one market."""
        return self.leverages.get(symbol, self.leverage) if self.leverages else self.leverage
