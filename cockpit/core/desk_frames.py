"""What frames show beside the trading itself: jobs, the allocation of capital, what holds entries back."""

from __future__ import annotations

import msgspec


class JobRow(msgspec.Struct, frozen=True, array_like=True):
    """A command that runs by itself."""

    name: str
    words: str
    """The command and its options."""
    cron: str
    triggers: str
    """Events that start it, by comma."""
    state: str
    """ready | waiting | running | off | idle"""
    due: int
    """Its next turn; 0 = none by the clock."""
    last: int = 0
    """When it last began; 0 = never."""
    outcome: str = ""
    """running | done | failed | too_long | interrupted"""
    cause: str = ""


class CapitalRow(msgspec.Struct, frozen=True, array_like=True):
    """A sleeve's capital: what it may use, where that would go, and on which evidence."""

    sleeve: str
    share: float
    target: float
    step: float
    """Its share once the plan is applied."""
    used: float
    """Notional that it holds now, over equity."""
    score: float
    mean: float
    """Mean R an hour."""
    hours: int
    trades: int
    losing: float
    """P(its true mean is below 0)."""
    word: str
    """hold | more | less | rest | resting | off | young"""
    until: int = 0
    """Until when it rests (UTC ms)."""
    named: float = -1.0
    """The share that the settings or its version name; -1 = not known."""


class CapitalFrame(msgspec.Struct, frozen=True, array_like=True):
    """Who may use how much, and what is proposed."""

    method: str
    """equal | ucb | thompson; empty = shares stay as they are named."""
    apply: str
    """ask | auto"""
    at: int
    """When the plan was made; 0 = there is none yet."""
    due: int
    """The next evaluation."""
    seal: str
    """Names the plan; empty = nothing to apply."""
    rows: tuple[CapitalRow, ...]
    applied: int = 0
    applied_by: str = ""
    can_undo: bool = False
    actual: float = 0.0
    equal: float = 0.0
    best: float = 0.0
    """Sum of hourly returns on equity since counting began: with the shares as they were, with equal ones,
    and with all of it in the one sleeve that was best."""
    best_name: str = ""
    since: int = 0


class MakerRow(msgspec.Struct, frozen=True, array_like=True):
    """A sleeve that shows quotes: what it may hold, and what quoting has brought (``core.making``)."""

    sleeve: str
    symbol: str
    room: float
    """Most that it may hold, account's currency; 0 = nothing says so."""
    held: float
    """What it holds, signed, account's currency; NaN without a price."""
    pool: str
    """Whose capital it shares; empty = its own."""
    pool_held: float
    """What all of that pool hold, unsigned, account's currency."""
    maker_fee: float
    taker_fee: float
    """Fractions of the value, as the account pays them."""
    since: int = 0
    """When its first fill came; 0 = there was none."""
    buys: int = 0
    sells: int = 0
    bought: float = 0.0
    sold: float = 0.0
    makers: int = 0
    """Fills that rested in the book."""
    turnover: float = 0.0
    fees: float = 0.0
    edge: float = 0.0
    """Half spreads earned, quote currency."""
    edged: float = 0.0
    """The value that they were earned on, quote currency."""
    marks: tuple[tuple[int, float, int], ...] = ()
    """(ms after a fill, what was left then as a fraction of the price, of how many fills)."""

    @property
    def fills(self) -> int:
        return self.buys + self.sells


class FuseRow(msgspec.Struct, frozen=True, array_like=True):
    """What holds trading back now: a tripped breaker, a lock, a benched sleeve, money without a price."""

    kind: str
    """stopped | breaker | lock | bench | price"""
    name: str
    """Which breaker, or who locked."""
    about: str
    """A market, sleeve or version; empty = the account."""
    step: str
    """Posture that a breaker asks for; empty for the others."""
    reason: str
    until: int = 0
    """UTC ms; 0 = until a person lifts it."""
