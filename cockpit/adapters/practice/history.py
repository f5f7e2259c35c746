"""What happened before the session: closed candles that end where the stream begins.

The past is the coin's walk taken backwards from the first price, in slots of five seconds, so every length
of candle tells the same story and asking for more never changes what was told before.
"""

from __future__ import annotations

from array import array
from functools import lru_cache

from cockpit.adapters.practice.candles import Candle, Slot
from cockpit.adapters.practice.draws import Draws
from cockpit.adapters.practice.mood import Walk
from cockpit.adapters.practice.spec import PROFILES, Coin, PracticeSpec
from cockpit.core.errors import ConfigError
from cockpit.core.events import Bar

SLOT_MS = 5_000
WIDE = 5
"""Numbers of a ``Slot``."""


class _CoinPast:
    """Prices of a coin at the slot borders before the start, newest first, and how hot each slot was."""

    def __init__(self, seed: int, coin: Coin) -> None:
        self._walk = Walk(seed, coin, "past", SLOT_MS, -1)
        # Nine days are 155,520 slots: as objects they took 280 MB.
        self.prices = array("d", (self._walk.price,))
        self.heats = array("d")

    def reach(self, slots: int) -> None:
        while len(self.heats) < slots:
            self.heats.append(self._walk.heat)
            self._walk.step()
            self.prices.append(self._walk.price)


class _Past:
    """Slots of one symbol before the start, newest first."""

    def __init__(self, seed: int, symbol: str) -> None:
        self._profile = PROFILES[symbol]
        self._coin = _coin_past(seed, self._profile.coin.name)
        self._draws = Draws(seed, f"past/{symbol}")
        self._slots = array("q")
        """WIDE numbers a slot."""

    def slot(self, index: int) -> Slot:
        """The slot that ended ``index`` slots before the start."""
        while len(self._slots) <= index * WIDE:
            known = len(self._slots) // WIDE
            self._coin.reach(known + 1)
            self._slots.extend(self._slot(known))
        first, high, low, last, lots = self._slots[index * WIDE : (index + 1) * WIDE]
        return first, high, low, last, lots

    def _slot(self, index: int) -> Slot:
        profile, bits = self._profile, self._draws.bits()
        per = profile.instrument.ticks_per_unit
        bounce = profile.spread / 2.0
        # Trades print at the bid or the ask, so that even a price at rest makes candles with a body.
        last = self._coin.prices[index] * (1.0 + (bounce if bits & 1 else -bounce))
        first = self._coin.prices[index + 1] * (1.0 + (bounce if bits & 2 else -bounce))
        heat = self._coin.heats[index]
        reach = first * profile.coin.sigma * heat
        high = max(first, last) + reach * (bits & 0xFFFF) / 65_536.0
        low = min(first, last) - reach * (bits >> 16 & 0xFFFF) / 65_536.0
        u = bits >> 48
        hunger = 0.2 + 0.7 * (bits >> 32 & 0xFFFF) / 65_536.0 + 0.065 * 65_536.0 / (u + 4_000.0)
        lots = 1 + int(heat * (0.6 + 0.4 * heat) * hunger * profile.history_lots)
        return int(first * per), int(high * per) + 1, int(low * per), int(last * per), lots


@lru_cache(maxsize=16)
def _coin_past(seed: int, name: str) -> _CoinPast:
    coin = next(profile.coin for profile in PROFILES.values() if profile.coin.name == name)
    return _CoinPast(seed, coin)


@lru_cache(maxsize=32)
def _past(seed: int, symbol: str) -> _Past:
    return _Past(seed, symbol)


def history(spec: PracticeSpec, symbol: str, tf: int, n: int) -> list[Bar]:
    """The last ``n`` closed candles of ``tf`` ms at the session's start, oldest first.

    Candle borders are multiples of ``tf`` since 1970, as venues draw them. Raises ConfigError for a symbol
    that is not in the session or a ``tf`` that is no whole multiple of five seconds.
    """
    if symbol not in spec.symbols or tf <= 0 or tf % SLOT_MS:
        raise ConfigError(f"practice history of {symbol}, {tf} ms: unknown symbol or not whole 5,000 ms")
    each = tf // SLOT_MS
    forming = spec.start_ms % tf // SLOT_MS
    past, age = _past(spec.seed, symbol), forming + n * each
    candle = Candle(PROFILES[symbol].instrument, tf, past.slot(age - 1)[0] if age else 0)
    end = spec.start_ms - forming * SLOT_MS - (n - 1) * tf
    bars: list[Bar] = []
    for index in range(n):
        for _ in range(each):
            age -= 1
            candle.add_slot(_scaled(past.slot(age), spec.rate))
        bars.append(candle.close(end + index * tf))
    return bars


def forming(spec: PracticeSpec, symbol: str, tf: int) -> Candle:
    """The candle that is open at the session's start, with what has already happened in it."""
    count = spec.start_ms % tf // SLOT_MS
    past = _past(spec.seed, symbol)
    candle = Candle(PROFILES[symbol].instrument, tf, past.slot(0)[3])
    for age in reversed(range(count)):
        candle.add_slot(_scaled(past.slot(age), spec.rate))
    return candle


def _scaled(slot: Slot, rate: float) -> Slot:
    """A busier market trades more in the same time."""
    return (*slot[:4], 1 + int(slot[4] * rate))
