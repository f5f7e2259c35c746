"""What stands at the crosshair of the chart: time, prices, indicators, own trades, stops. Pure.

It stays on its candle while the market goes on; further back than the picture reaches, the picture follows.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from cockpit.core.frames import FILLS, CandleRow, FillRow, Frame
from cockpit.text import safe_text
from cockpit.tui import figures
from cockpit.tui.cells import Row, Segment, width_of
from cockpit.tui.overlays import Drawn
from cockpit.tui.picture import Look

SHOWN = 3
"""Own trades of one candle that are told one by one."""
Group = tuple[Segment, ...]


def start(candles: Sequence[CandleRow], ts: int, room: int) -> int:
    """Index of the first candle to show in ``room`` places: the newest ones, unless ``ts`` lies before."""
    newest = max(0, len(candles) - room)
    return min(newest, place(candles, ts)) if ts else newest


def place(candles: Sequence[CandleRow], ts: int) -> int:
    """Index of the candle that ``ts`` lies in: the nearest one where there is none."""
    return max(0, bisect_right(candles, ts, key=lambda row: row.ts) - 1)


def fills_in(frame: Frame, look: Look, candles: Sequence[CandleRow], at: int) -> list[FillRow]:
    """Own trades during candle ``at``, the oldest first."""
    begin = candles[at].ts
    end = candles[at + 1].ts if at + 1 < len(candles) else frame.ts + 1
    rows = [row for row in frame.fills if row.symbol == look.symbol and begin <= row.ts < end]
    return sorted(rows, key=lambda row: row.ts)


def readout(
    frame: Frame, look: Look, candles: Sequence[CandleRow], at: int, drawn: Sequence[Drawn], tick: float
) -> list[Group]:
    """Everything about that point, in groups that are not torn apart."""
    candle, last = candles[at], candles[-1].close
    level = look.level or candle.close
    groups: list[Group] = [_when(candle, look), *_prices(candle, look, tick)]
    away = level / last - 1 if last else 0.0
    groups.append(
        (
            (f"{look.say('cross.at')} {figures.price(level, tick)} ", "accent bold"),
            (look.say("cross.from_last", away=figures.percent(away)), "muted"),
        )
    )
    for one in drawn:
        values = [_at(line, at) for line in one.values]
        own = one.overlay.below  # not a price
        numbers = "/".join(figures.quantity(v) if own else figures.price(v, tick) for v in values)
        groups.append(((f"{one.overlay.label} {numbers}", "text"),))
    return [*groups, *_own(frame, look, candles, at, tick), *_levels(frame, look, level, tick)]


def _at(line: Sequence[float], at: int) -> float:
    return line[at] if at < len(line) else float("nan")


def _when(candle: CandleRow, look: Look) -> Group:
    words = f"{figures.date(candle.ts)[5:]} {figures.clock(candle.ts)}Z"
    if candle.closed:
        return ((words, "strong bold"),)
    return ((words, "strong bold"), (f" {look.say('cross.forming')}", "warn"))


def _prices(candle: CandleRow, look: Look, tick: float) -> list[Group]:
    values = (candle.open, candle.high, candle.low, candle.close)
    words = [
        (f"{name} {figures.price(value, tick)}", "text") for name, value in zip("OHLC", values, strict=True)
    ]
    change = candle.close / candle.open - 1 if candle.open else 0.0
    up = change >= 0
    shape = look.glyphs.up if up else look.glyphs.down
    moved: Segment = (f"{shape}{figures.percent(change)}", "up" if up else "down")
    return [*((word,) for word in words), ((f"V {figures.quantity(candle.volume)}", "text"),), (moved,)]


def _own(frame: Frame, look: Look, candles: Sequence[CandleRow], at: int, tick: float) -> list[Group]:
    """Own trades in that candle. Only the newest are known here: earlier than those is said, not shown."""
    rows = fills_in(frame, look, candles, at)
    groups: list[Group] = []
    for row in rows[:SHOWN]:
        shape = look.glyphs.up if row.side == "buy" else look.glyphs.down
        what = f"{look.word(row.side)} {look.amount(figures.quantity(row.qty))}"
        who = safe_text(row.sleeve.partition("/")[0])
        groups.append(((f"{shape}{what} {figures.price(row.price, tick)} {who}".rstrip(), "own bold"),))
    if len(rows) > SHOWN:
        groups.append(((look.say("panel.more", count=len(rows) - SHOWN), "muted"),))
    oldest = min((row.ts for row in frame.fills), default=0)
    if not rows and len(frame.fills) >= FILLS and candles[at].ts < oldest:
        since = figures.clock(oldest)[:5]
        groups.append(((look.say("cross.trades_unknown", since=since), "faint"),))
    return groups


def _levels(frame: Frame, look: Look, level: float, tick: float) -> list[Group]:
    """Entry and stops as they stand now, and how far from the crosshair they are."""
    groups: list[Group] = []
    if look.private:
        return groups
    for row in frame.positions:
        if row.symbol != look.symbol:
            continue
        marks = [(look.say("cross.entry"), row.entry, "own")]
        marks += [
            (layer.letter, layer.price, "warn")
            for layer in row.layers
            if layer.price and layer.state in ("armed", "local")
        ]
        for name, price, style in marks:
            away = figures.percent(price / level - 1) if level else figures.UNKNOWN
            groups.append(((f"{name} {figures.price(price, tick)} ", style), (away, "muted")))
    return list(dict.fromkeys(groups))


def flowed(groups: Sequence[Group], width: int, lines: int) -> list[Row]:
    """Groups side by side, two cells apart, over at most ``lines`` lines; what does not fit is left out."""
    rows: list[list[Segment]] = [[]]
    used = 0
    for group in groups:
        size = sum(width_of(text) for text, _ in group)
        gap = 2 if rows[-1] else 0
        if used + gap + size > width:
            if len(rows) == lines or size > width:
                continue
            rows.append([])
            used, gap = 0, 0
        if gap:
            rows[-1].append((" " * gap, ""))
        rows[-1].extend(group)
        used += gap + size
    return [tuple(row) for row in rows]


def moved(candles: Sequence[CandleRow], ts: int, step: int) -> int:
    """The time of the candle ``step`` to the right of the crosshair; without one, it begins at the newest."""
    if not candles:
        return 0
    if not ts:
        return candles[-1].ts
    at = bisect_left(candles, ts, key=lambda row: row.ts)
    return candles[max(0, min(len(candles) - 1, at + step))].ts
