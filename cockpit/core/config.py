"""The schema of ``cockpit.toml``: every setting, its default, its bounds. Reading files is the app's job.

Unknown keys are errors that name the nearest known one; the shipped file documents each key.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from cockpit.core.capital_config import CapitalConfig

Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
Fee = Annotated[float, Meta(ge=-0.01, le=0.05)]


class RunConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What trades where. Nothing trades real money unless ``live`` is true and confirmed."""

    feed: Annotated[str, Meta(pattern="^(practice|tape|okx|binance|bybit)$")] = "practice"
    """Where market data comes from."""
    execution: Annotated[str, Meta(pattern="^(paper|demo|live)$")] = "paper"
    """Where orders go: the simulated venue, the exchange's demo account, or real money."""
    live: bool = False
    trading_enabled: bool = True
    """False: strategies run and explain themselves, but nothing is ever sent."""
    equity: Positive = 10_000.0
    """Starting cash of the simulated account, in ``currency``."""
    currency: str = "USDT"
    seed: int = 7
    """Seed of the practice market and of the simulated venue."""
    practice_rate: Annotated[float, Meta(ge=0.05, le=200)] = 1.0
    """How busy the practice market is: 1 is about 200 market messages a second, 25 about 5,000."""
    plugins_dir: str = ""
    """Folder with plug-ins of your own (each ``.py`` in it is run at the start); empty = none."""
    plugins: dict[str, str] = {}
    """Plug-ins that real money may run: file or package to its SHA-256 (16 letters or more)."""
    max_memory_usage: Annotated[float, Meta(gt=0, le=100)] = 85.0
    """Percent of the machine's memory from which on an alarm is said."""
    keep_awake: bool = False
    """Processors do not go to sleep between two messages: an order leaves sooner, for more power."""
    log_level: Annotated[str, Meta(pattern="^(DEBUG|INFO|WARNING|ERROR)$")] = "INFO"
    guardian: bool = False
    """Start a guardian beside a daemon that trades OKX's demo or live account."""
    guardian_after_s: Annotated[float, Meta(ge=5)] = 15.0
    """How long the daemon may give no sign of life before its entries are cancelled."""


class SymbolLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of one instrument, all sleeves together; 0 = none of its own."""

    max_position_value: Annotated[float, Meta(ge=0)] = 0.0
    """Quote currency of the instrument."""
    max_leverage: Annotated[float, Meta(ge=0)] = 0.0
    """Notional / equity."""


class RiskConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of the pre-trade gate. The smallest of all limits that apply holds."""

    max_notional: Positive = 20_000.0
    """Largest position of one sleeve, quote currency of its market."""
    max_leverage: Positive = 3.0
    """Account gross notional / equity."""
    max_position: Fraction = 1.0
    """Largest position of one sleeve as a fraction of account equity."""
    min_confidence: Fraction = 0.6
    price_band: Fraction = 0.02
    """A quote further than this from the reference price is refused."""
    max_orders_per_second: Annotated[int, Meta(ge=1)] = 10
    max_orders_per_minute: Annotated[int, Meta(ge=1)] = 120
    stale_ms: Annotated[int, Meta(ge=100)] = 5_000
    """Market data older than this forbids entries (bar strategies: one bar more)."""
    strangers: Annotated[str, Meta(pattern="^(fence|share|claim)$")] = "fence"
    """What orders and positions that the cockpit did not make mean for entries on their market."""
    max_net_leverage: Positive = 3.0
    """What is long less what is short, over equity."""
    max_margin_use: Positive = 1.0
    """Margin that positions and open entries lock, over equity."""
    max_deviation: Fraction = 0.05
    """Last price and mark further apart than this forbid entries: one of them is wrong."""
    max_changes_per_second: Annotated[int, Meta(ge=1)] = 20
    """Cancels and amends; above it nothing new is entered. A cancel itself always goes."""
    max_changes_per_minute: Annotated[int, Meta(ge=1)] = 600
    max_entries: Annotated[int, Meta(ge=0, le=1_000)] = 200
    """Entries at market of one sleeve within ``entries_window_s``; at that many it is locked until a person
    switches it on again. 0 = no limit."""
    entries_window_s: Positive = 3_600.0
    min_depth: Annotated[float, Meta(ge=0)] = 3.0
    """The visible book within ``price_band``, over what is entered, on both sides; 0 = not asked."""
    max_latency_ms: Annotated[int, Meta(ge=0)] = 200
    """A slower answer of the venue forbids entries for ``latency_pause_s``; 0 = not asked."""
    latency_pause_s: Positive = 10.0
    loss_streak: Annotated[int, Meta(ge=0)] = 0
    """Losing trades of a sleeve in a row that pause its entries for ``loss_pause_s``; 0 = never."""
    loss_pause_s: Positive = 300.0
    max_var: Fraction = 0.0
    """Value at risk of one bar, fraction of equity; 0 = not asked."""
    max_es: Fraction = 0.0
    """Expected shortfall of one bar, fraction of equity; 0 = not asked."""
    var_confidence: Annotated[float, Meta(gt=0.5, lt=1)] = 0.95
    max_correlation: Fraction = 1.0
    """A position that moves with another one more than this is not entered; 1 = not asked."""
    history_bars: Annotated[int, Meta(ge=20, le=5_000)] = 300
    """Bars of each market that value at risk and correlation look back on."""
    whitelist: tuple[str, ...] = ()
    """Only these instruments may be entered; empty = all."""
    symbols: dict[str, SymbolLimits] = {}
    """Limits of single instruments."""
    halt_flattens: bool = False
    """What the kill switch does with positions: close them, or keep them protected."""
    stop_price: Annotated[str, Meta(pattern="^(mark|last|index)$")] = "mark"
    """Which price sets off protective stops at the venue; on spot it is always the last."""
    stops: tuple[dict[str, Any], ...] = ()
    """Stop layers of every sleeve, and those of the whole account: ``{layer = "account_drawdown", …}``."""


class BreakersConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Circuit breakers and protections; none unless named here."""

    ladder: tuple[dict[str, Any], ...] = ()
    """``{breaker = "day_loss", reduce_only = 0.02, halt = 0.03, cool_down_min = 30.0}``."""
    protections: tuple[dict[str, Any], ...] = ()
    """``{protection = "cooldown", minutes = 15.0}``."""
    delever: Fraction = 0.5
    """What the first rung leaves of what a wish would add."""


class SizingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sized positions follow equity and volatility, and what they may be together."""

    default: dict[str, Any] = {}
    """How sleeves are sized that name nothing of their own, ``{method = "target_vol", sigma = 0.3}``; empty =
    as their strategies say."""
    diff_threshold: Annotated[float, Meta(ge=0)] = 10.0
    """A position is resized only when it is off by this much, quote currency of its market."""
    drift: Fraction = 0.1
    """And by this part of itself."""
    min_notional: Annotated[float, Meta(ge=0)] = 10.0
    """A position worth less is not held, quote currency of its market."""
    global_leverage: Annotated[float, Meta(ge=0)] = 1.0
    """Most that all positions together are worth, over equity; 0 = not asked."""
    max_margin_use: Fraction = 0.0
    """Most margin that they lock together, over equity; 0 = not asked."""
    correlation: Annotated[float, Meta(ge=0, le=1)] = 1.0
    """Positions that move together more than this share one weight; 1 = not asked."""
    equity: Annotated[float, Meta(ge=0)] = 0.0
    """A fixed capital to size with instead of the account's equity, account's currency; 0 = the account's."""


class VenueConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The simulated venue: how fast and how kind it is."""

    feed_latency_ms: Annotated[int, Meta(ge=0)] = 10
    order_latency_ms: Annotated[int, Meta(ge=0)] = 20
    report_latency_ms: Annotated[int, Meta(ge=0)] = 10
    latency_jitter_ms: Annotated[int, Meta(ge=0)] = 0
    latency_file: str = ""
    """CSV of measured delays (columns ``feed_ms order_ms report_ms``), used in turn instead."""
    queue: Annotated[str, Meta(pattern="^(risk_averse|power|power2|power3|log|log2|front)$")] = "risk_averse"
    queue_power: Annotated[float, Meta(gt=0, le=20)] = 3.0
    """The n of the power queues: how surely those who leave stood behind us."""
    fees: Annotated[tuple[Fee, ...], Meta(max_length=2)] = ()
    """Maker and taker fee, fractions of notional, negative = rebate; empty = the market's own."""
    self_trade: Annotated[str, Meta(pattern="^(cancel_maker|cancel_taker|cancel_both)$")] = "cancel_maker"
    """What goes when our taker would meet our own maker."""
    cancel_failure: Fraction = 0.0
    """Chance that a busy venue refuses a cancel though the order lives."""
    leverage: Positive = 3.0
    slippage_ticks: Annotated[int, Meta(ge=0)] = 1
    position_mode: Annotated[str, Meta(pattern="^(net|hedge)$")] = "net"
    margin_mode: Annotated[str, Meta(pattern="^(cross|isolated)$")] = "cross"


class OkxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """OKX: where it is, and what of it is used."""

    region: Annotated[str, Meta(pattern="^(global|eea|us)$")] = "global"
    rest: str = ""
    """Another address of REST (scheme and host); empty = the region's."""
    socket: str = ""
    """The same for WebSockets; both or none."""
    ca_file: str = ""
    """Certificates to trust there (PEM) instead of the system's; empty = the system's."""
    symbols: tuple[str, ...] = ()
    """Instruments besides those of the sleeves, e.g. ``BTC-USDT-SWAP``."""
    depth: Annotated[str, Meta(pattern="^(books|books5|bbo-tbt)$")] = "books"
    """Which order book: 400 levels every 100 ms, 5 levels every 100 ms, the touch every 10 ms."""
    dead_man: bool = True
    """OKX cancels our resting entries when it has not heard of us for 30 s; never exits and stops."""


class ExchangeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exchange through ccxt: where it is, and what of it is used."""

    rest: str = ""
    """Another address of REST (scheme and host); empty = the exchange's own."""
    socket: str = ""
    """The same for WebSockets; both or none."""
    symbols: tuple[str, ...] = ()
    """Instruments besides those of the sleeves, e.g. ``BTCUSDT``."""


class SleeveConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One strategy on one instrument, or on several that it trades together."""

    strategy: str
    symbol: str = ""
    timeframe: str = ""
    """e.g. ``1h``; empty = the shortest bars that the feed offers, or none for order-book strategies."""
    enabled: bool = True
    share: Fraction = 1.0
    """Part of the account's equity it may size against."""
    params: dict[str, Any] = {}
    symbols: tuple[str, ...] = ()
    """Instead of ``symbol``, for a strategy with several legs: its instruments in the order it names them."""
    timeframes: tuple[str, ...] = ()
    """Longer bars that it hears too, made from those; empty = what the strategy asks for."""
    execution: Annotated[str, Meta(pattern="^(|paper|demo|live)$")] = ""
    """Where its orders go: empty = as ``run.execution``; "paper" = a simulated account beside it."""
    pool: str = ""
    """Sleeves of one pool share one capital: together they hold no more than one may. Empty = none."""

    sizing: dict[str, Any] | None = None
    """How large its positions are, ``{method = "target_vol", sigma = 0.3}``; None = ``sizing.default``, else
    the strategy's own weights. ``{method = "own"}`` = those in any case."""
    stop_price: Annotated[str, Meta(pattern="^(|mark|last|index)$")] = ""
    """Which price sets off its protective stops; empty = ``risk.stop_price``."""
    stops: tuple[dict[str, Any], ...] | None = None
    """Its stop layers, ``{layer = "chandelier", n = 22, k = 3.0}``; None = what the strategy declares."""

    def __post_init__(self) -> None:
        if bool(self.symbol) == bool(self.symbols):
            raise ValueError("name its instrument as symbol, or several as symbols")
        if len({*self.symbols}) != len(self.symbols):
            raise ValueError("symbols names an instrument twice")

    @property
    def legs(self) -> tuple[str, ...]:
        """Its instruments, one a leg."""
        return self.symbols or (self.symbol,)


TERMS = {"vol_jump": 0.3, "turnover": 0.2, "oi_delta": 0.2, "funding_z": 0.15, "regime_shift": 0.15}


class HotlistConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scan for markets worth trading, and what a person's approval means."""

    enforce: bool = False
    """True: only approved markets are entered."""
    schedule: str = "0 */1 * * *"
    """Cron line (UTC) of the scan; empty = no scan."""
    top: Annotated[int, Meta(ge=1, le=500)] = 10
    """How many candidates can be approved."""
    weights: dict[str, Fraction] = msgspec.field(default_factory=lambda: dict(TERMS))
    """Score name to its weight; they sum to 1."""
    max_move: Fraction = 0.02
    """A price that has moved further since the scan makes an approval void."""
    valid_minutes: Positive = 120.0
    """A scan older than this approves nothing."""
    snooze_hours: Positive = 24.0
    max_losses: Annotated[int, Meta(ge=0)] = 4
    """Losing trades in a row after which a market leaves the whitelist; 0 = never."""
    mood_file: str = ""
    """Sentiment index (columns ``ts_ms``, ``value``), CSV or Parquet; empty = none."""

    def __post_init__(self) -> None:
        if abs(sum(self.weights.values()) - 1.0) > 1e-9:
            raise ValueError(f"weights sum to {sum(self.weights.values()):g}, they must sum to 1")


class JobConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cockpit command that runs by itself, in its own process: on a cron line, at an event, or both."""

    name: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
    run: Annotated[tuple[str, ...], Meta(min_length=1)]
    """The command and its options, as typed after ``cockpit``."""
    cron: str = ""
    """Cron line (UTC); empty = at events and by hand only."""
    on: tuple[dict[str, Any], ...] = ()
    """Events: ``{trigger = "drawdown", above = 0.1}``."""
    enabled: bool = True
    catch_up: bool = True
    """A turn that came while no cockpit ran is made up for, once."""
    rest_min: Annotated[float, Meta(ge=0)] = 1_440.0
    """After a start by an event, no other start by an event for so long."""
    limit_min: Positive = 240.0
    """A run that takes longer is ended."""
    keep: Annotated[int, Meta(ge=1, le=100_000)] = 200
    """How many of its runs are kept, with what they printed."""


class ReleaseConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a strategy version gets from paper to production, and back."""

    people: dict[str, Annotated[str, Meta(pattern="^(viewer|trader|approver|admin)$")]] = {}
    """Roles of names while nobody has a token (``cockpit people``); empty = everybody may do everything."""
    me: str = ""
    """Who sits at this screen; empty = the login name."""
    solo: bool = False
    """One person decides alone, prod too: for the owner of a single machine. The screen says so."""
    automatic: bool = False
    """The machine moves versions by itself as far as their gates are open, and asks where people decide."""
    canary_share: Annotated[float, Meta(gt=0, le=0.1)] = 0.1
    """Largest notional of all canaries together, fraction of equity."""
    span_minutes: Positive = 1_440.0
    """Length of one observation; a passport with longer ones has its way."""
    min_samples: Annotated[int, Meta(ge=50)] = 50
    """Observations that each stage needs."""
    min_fills: Annotated[int, Meta(ge=20)] = 20
    """Fills at market that the slippage band needs."""
    min_annual: float = 0.0
    """Net return of a year that the sample must show, fraction of capital."""
    max_drawdown: Annotated[float, Meta(gt=0, le=1)] = 0.2
    """Deepest fall in a stage, fraction of capital; a live one that falls further is rolled back."""
    max_trades_day: Annotated[float, Meta(gt=0)] = 500.0
    max_leverage: Annotated[float, Meta(gt=0)] = 3.0
    """What its own parameters may allow it, over its capital."""
    alpha: Annotated[float, Meta(gt=0, le=0.1)] = 0.05
    """Error of the tests that are looked at all the time."""
    decay_days: Annotated[float, Meta(ge=100)] = 500.0
    """Days, on average and at least, until a live version that earns nothing is rolled back for decay."""
    ask_hours: Positive = 72.0
    """How long a promotion waits for people."""
    cool_hours: Positive = 72.0
    """How long a retired version rests before it may begin again."""


class ScreenConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it looks. Colours never carry meaning alone."""

    language: Annotated[str, Meta(pattern="^(auto|en|zh)$")] = "auto"
    theme: str = "harbour"
    scheme: Annotated[str, Meta(pattern="^(green_up|red_up|colour_blind|mono)$")] = "green_up"
    glyphs: Annotated[str, Meta(pattern="^(unicode|safe|ascii)$")] = "unicode"
    guide: bool = True
    """Offer the guide of the first five minutes, once, on the practice market."""
    keymap: dict[str, list[str]] = {}


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    run: RunConfig = RunConfig()
    risk: RiskConfig = RiskConfig()
    breakers: BreakersConfig = BreakersConfig()
    sizing: SizingConfig = SizingConfig()
    venue: VenueConfig = VenueConfig()
    okx: OkxConfig = OkxConfig()
    binance: ExchangeConfig = ExchangeConfig()
    bybit: ExchangeConfig = ExchangeConfig()
    hotlist: HotlistConfig = HotlistConfig()
    release: ReleaseConfig = ReleaseConfig()
    capital: CapitalConfig = CapitalConfig()
    screen: ScreenConfig = ScreenConfig()
    sleeves: tuple[SleeveConfig, ...] = ()
    jobs: tuple[JobConfig, ...] = ()

    def __post_init__(self) -> None:
        names = [job.name for job in self.jobs]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two jobs are named {twice[0]}")


UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def timeframe_ms(text: str) -> int:
    """``1s 3s 1m 15m 1h 4h 1d`` → milliseconds. Raises ValueError on anything else."""
    head = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(head) :]
    if not head.isdigit() or unit not in UNITS or int(head) == 0:
        raise ValueError(f"not a timeframe: {text!r} (write 1m, 15m, 1h, 1d …)")
    return int(head) * UNITS[unit]


def timeframe_text(ms: int) -> str:
    """Inverse of :func:`timeframe_ms`, with the largest unit that fits."""
    for unit in ("d", "h", "m", "s"):
        if ms and ms % UNITS[unit] == 0:
            return f"{ms // UNITS[unit]}{unit}"
    return f"{ms}ms"
