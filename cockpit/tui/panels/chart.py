"""Candles of the selected market, drawn in half cells, with our own fills, entry and stops.

Up and down differ by shape as well as by colour where colour cannot be trusted: up hollow, down solid.
"""

from __future__ import annotations

from math import ceil, floor, log10

import msgspec

from cockpit.core.frames import CandleRow, Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, Segment, fit, width_of
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.picture import Look, Picture
from cockpit.tui.series import series

Grid = list[list[Segment]]
BLANK: Segment = (" ", "")


class Scale(msgspec.Struct, frozen=True):
    """Which price is on which half cell."""

    low: float
    high: float
    rows: int

    def half(self, price: float) -> int:
        """Half cells below the top."""
        span = self.high - self.low
        return min(2 * self.rows - 1, max(0, floor((self.high - price) / span * 2 * self.rows)))

    def row(self, price: float) -> int | None:
        """The row a price is on; None outside the picture."""
        return self.half(price) // 2 if self.low <= price <= self.high else None


@panel("chart", rate=1)
def paint(frame: Frame, look: Look) -> Picture:
    """The newest candles that fit, a price axis, a time axis, volume where there is room."""
    symbol = safe_text(figures.short(look.symbol))
    length, candles = series(frame, look.symbol, look.timeframe)
    title = look.say("panel.chart")
    if not candles or look.width < 18 or look.height < 3:
        empty = f" {look.say('chart.none')}"
        return Picture(title=title, rows=((("", ""),), ((empty, "muted"),)), note=symbol)
    book = freshness.book_of(frame, look.symbol)
    drawn = _Chart(frame, look, candles, length, book.tick if book else 0.0)
    return Picture(
        title=f"{title} {symbol} {figures.timeframe(length)}" if length else f"{title} {symbol}",
        rows=tuple(drawn.rows()),
        note=drawn.note(),
        stale=freshness.market_age(frame, look.symbol, look.lag),
    )


class _Chart:
    def __init__(self, frame: Frame, look: Look, candles: list[CandleRow], length: int, tick: float) -> None:
        self.frame = frame
        self.look = look
        self.length = length
        self.tick = tick or 10.0 ** -min(8, figures.decimals_for(candles[-1].close))
        self.axis = max(len(figures.price(row.high, self.tick)) for row in candles) + 2
        self.plot = look.width - self.axis
        self.step = max(1, look.step)
        self.candles = candles[-max(1, self.plot // self.step) :]
        self.timed = look.height >= 7
        self.volumes = 3 if look.height >= 18 else 2 if look.height >= 12 else 0
        height = look.height - self.timed - self.volumes
        high = max(row.high for row in self.candles)
        low = min(row.low for row in self.candles)
        margin = (high - low) * 0.02 or abs(high) * 0.001 or 1.0
        self.scale = Scale(low=low - margin, high=high + margin, rows=height)

    def rows(self) -> list[Row]:
        grid: Grid = [[BLANK] * self.plot for _ in range(self.scale.rows)]
        for place, candle in enumerate(self.candles):
            self._candle(grid, place * self.step, candle)
        self._fills(grid)
        labels = self._labels()
        self._lines(grid, labels)
        out = [
            (
                *_runs(line),
                (fit(labels.get(y, ("", ""))[0], self.axis, right=True), labels.get(y, ("", ""))[1]),
            )
            for y, line in enumerate(grid)
        ]
        out.extend(self._volume())
        if self.timed:
            out.append(self._times())
        return out

    def note(self) -> str:
        last = self.candles[-1]
        change = last.close / self.candles[0].open - 1 if self.candles[0].open else 0.0
        parts = [figures.price(value, self.tick) for value in (last.open, last.high, last.low, last.close)]
        words = "  ".join(f"{name} {part}" for name, part in zip("OHLC", parts, strict=True))
        span = figures.span(self.length * len(self.candles))
        whole = f"{words}  {figures.percent(change)} / {span}"
        return whole if width_of(whole) <= self.look.width - 6 else f"{figures.percent(change)} / {span}"

    def _candle(self, grid: Grid, x: int, candle: CandleRow) -> None:
        up = candle.close >= candle.open
        half = self.scale.half
        top, bottom = half(max(candle.open, candle.close)), half(min(candle.open, candle.close))
        high, low = half(candle.high), half(candle.low)
        glyphs = self.look.glyphs
        body = (
            (glyphs.hollow, glyphs.hollow_upper, glyphs.hollow_lower)
            if self.look.mono and up
            else (glyphs.full, glyphs.upper, glyphs.lower)
        )
        style = "candle_up" if up else "candle_down"
        for y in range(high // 2, low // 2 + 1):
            shape = _shape(2 * y, (top, bottom), (high, low), body, glyphs)
            grid[y][x] = (shape, style)

    def _fills(self, grid: Grid) -> None:
        """Our own trades: a triangle under the candle for a buy, above it for a sell."""
        first = self.candles[0].ts
        for fill in self.frame.fills:
            if fill.symbol != self.look.symbol or not self.length or fill.ts < first:
                continue
            place = (fill.ts - first) // self.length
            if place >= len(self.candles):
                continue
            candle = self.candles[place]
            buy = fill.side == "buy"
            y = self.scale.half(candle.low if buy else candle.high) // 2 + (1 if buy else -1)
            if 0 <= y < self.scale.rows:
                shape = self.look.glyphs.up if buy else self.look.glyphs.down
                grid[y][place * self.step] = (shape, "own bold")

    def _labels(self) -> dict[int, Segment]:
        """Round prices on the axis, at least three rows apart."""
        out: dict[int, Segment] = {}
        span = self.scale.high - self.scale.low
        step = nice(span / max(1, self.scale.rows / 4))
        value = ceil(self.scale.low / step) * step
        while value <= self.scale.high:
            y = self.scale.row(value)
            if y is not None:
                out[y] = (figures.price(value, self.tick), "muted")
            value += step
        return out

    def _lines(self, grid: Grid, labels: dict[int, Segment]) -> None:
        """Last price, entry and stops as lines behind the candles."""
        levels: list[tuple[float, str, str]] = []
        for row in self.frame.positions:
            if row.symbol == self.look.symbol and not self.look.private:
                levels.append((row.entry, "own", ""))
                levels += [
                    (layer.price, "warn", layer.letter)
                    for layer in row.layers
                    if layer.price and layer.state in ("armed", "local")
                ]
        levels.append((self.candles[-1].close, "last", ""))
        for value, style, letter in levels:
            y = self.scale.row(value)
            if y is None:
                continue
            line = "faint" if style == "last" else style
            grid[y] = [cell if cell[0] != " " else (self.look.glyphs.line, line) for cell in grid[y]]
            words = figures.price(value, self.tick)
            labels[y] = (f"{letter} {words}" if letter and len(words) + 2 <= self.axis else words, style)

    def _volume(self) -> list[Row]:
        """Columns under the candles."""
        if not self.volumes:
            return []
        largest = max(candle.volume for candle in self.candles)
        shades = self.look.glyphs.column
        steps = len(shades) * self.volumes
        grid: Grid = [[BLANK] * self.plot for _ in range(self.volumes)]
        for place, candle in enumerate(self.candles):
            units = round(candle.volume / largest * steps) if largest > 0 else 0
            style = "up_bar" if candle.close >= candle.open else "down_bar"
            for level in range(self.volumes):
                part = min(len(shades), units - level * len(shades))
                if part > 0:
                    grid[self.volumes - 1 - level][place * self.step] = (shades[part - 1], style)
        label = figures.quantity(largest)
        return [
            (*_runs(line), (fit(label if y == 0 else "", self.axis, right=True), "faint"))
            for y, line in enumerate(grid)
        ]

    def _times(self) -> Row:
        """Clock times (dates for daily candles) under every twelfth cell or so."""
        long = self.length >= figures.DAY_MS // 2
        digits = 8 if self.length < 60_000 else 5
        line = ""
        for place, candle in enumerate(self.candles):
            x = place * self.step
            words = figures.date(candle.ts)[5:] if long else figures.clock(candle.ts)[:digits]
            if x >= len(line) + (3 if line else 0) and x + len(words) <= self.plot:
                gap = 12 if len(self.candles) * self.step > 60 else 9
                if not line or x >= len(line) - len(words) + gap:
                    line = line.ljust(x) + words
        return ((fit(line, self.plot), "faint"), (fit("UTC", self.axis, right=True), "faint"))


def _shape(
    upper: int, body: tuple[int, int], wick: tuple[int, int], shapes: tuple[str, str, str], glyphs: Glyphs
) -> str:
    """What one candle shows in the cell whose upper half is ``upper``."""
    full, above, below = shapes
    lower = upper + 1
    body_upper = body[0] <= upper <= body[1]
    body_lower = body[0] <= lower <= body[1]
    if body_upper or body_lower:
        return full if body_upper and body_lower else above if body_upper else below
    wick_upper = wick[0] <= upper <= wick[1]
    wick_lower = wick[0] <= lower <= wick[1]
    if wick_upper and wick_lower:
        return glyphs.wick
    return glyphs.wick_upper if wick_upper else glyphs.wick_lower


def nice(step: float) -> float:
    """The next of 1, 2, 2.5, 5, 10 × 10ⁿ at or above ``step``."""
    if step <= 0:
        return 1.0
    power = 10.0 ** floor(log10(step))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= step * 0.999)


def _runs(line: list[Segment]) -> list[Segment]:
    """Neighbouring cells of one style joined."""
    out: list[Segment] = []
    for text, style in line:
        if out and out[-1][1] == style:
            out[-1] = (out[-1][0] + text, style)
        else:
            out.append((text, style))
    return out
