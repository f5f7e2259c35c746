"""Candles of the selected market, drawn in half cells, with our own fills, entry and stops.

Up and down differ by shape as well as by colour where colour cannot be trusted: up hollow, down solid.
Indicators are curves behind the candles, each with a number at its end; the crosshair tells of its point.
"""

from __future__ import annotations

from math import ceil, floor, log10, nan

import msgspec

from cockpit.core.frames import CandleRow, Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import crosshair, figures, freshness, overlays
from cockpit.tui.braille import Curve, lines
from cockpit.tui.cells import Row, Segment, clip_row, fit, width_of
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.picture import Look, Picture
from cockpit.tui.series import series

Grid = list[list[Segment]]
BLANK: Segment = (" ", "")
INKS = ("accent", "own", "strong", "muted", "good", "warn")
"""Of the first, second, … indicator."""
ENTRY = "E"
"""Marks the line of a position's entry, as the letters of its layers mark theirs."""
BEYOND = 0.5
"""How far indicators may stretch the picture, by the height of the candles."""


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
        self.all = candles
        room = max(1, self.plot // self.step)
        self.start = crosshair.start(candles, look.cross, room)
        self.candles = candles[self.start : self.start + room]
        self.at = crosshair.place(candles, look.cross) if look.cross else -1
        """Index of the candle under the crosshair."""
        self.timed = look.height >= 7
        self.volumes = 3 if look.height >= 18 else 2 if look.height >= 12 else 0
        drawn = [overlays.values(one, candles) for one in look.overlays]
        self.over = [one for one in drawn if not one.overlay.below]
        self.below = [one for one in drawn if one.overlay.below][:1] if look.height >= 14 else []
        self.strip = (5 if look.height >= 24 else 3) if self.below else 0
        self.told = self._told()
        height = look.height - self.timed - self.volumes - self.strip - len(self.told)
        self.scale = self._scaled(max(1, height))

    def _told(self) -> list[Row]:
        """What the crosshair reads, or else which curve is which."""
        most = max(1, min(5, self.look.height // 4))
        if self.at >= 0:
            every = [*self.over, *self.below]
            groups = crosshair.readout(self.frame, self.look, self.all, self.at, every, self.tick)
            return crosshair.flowed(groups, self.look.width, most)
        legend: list[crosshair.Group] = []
        for number, one in enumerate(self.over):
            words = "/".join(figures.price(value, self.tick) for value in one.last)
            legend.append(((f"{number + 1} {one.overlay.label} {words}", INKS[number]),))
        return crosshair.flowed(legend, self.look.width, min(2, most)) if legend else []

    def _scaled(self, rows: int) -> Scale:
        """From the lowest to the highest that is shown; an indicator far away stays outside."""
        high = max(row.high for row in self.candles)
        low = min(row.low for row in self.candles)
        tall, shown = high - low, slice(self.start, self.start + len(self.candles))
        curves = [value for one in self.over for line in one.values for value in line[shown]]
        near = [value for value in curves if low - tall * BEYOND <= value <= high + tall * BEYOND]
        high, low = max([high, *near]), min([low, *near])
        margin = (high - low) * 0.02 or abs(high) * 0.001 or 1.0
        return Scale(low=low - margin, high=high + margin, rows=rows)

    def rows(self) -> list[Row]:
        grid: Grid = [[BLANK] * self.plot for _ in range(self.scale.rows)]
        for place, candle in enumerate(self.candles):
            self._candle(grid, place * self.step, candle)
        self._fills(grid)
        labels = self._labels()
        self._curves(grid, labels)
        self._lines(grid, labels)
        self._cross(grid, labels)
        out = [
            (
                *_runs(line),
                (fit(labels.get(y, ("", ""))[0], self.axis, right=True), labels.get(y, ("", ""))[1]),
            )
            for y, line in enumerate(grid)
        ]
        out.extend(self._volume())
        out.extend(self._below())
        if self.timed:
            out.append(self._times())
        return [*out, *self.told]

    def note(self) -> str:
        last = self.candles[-1]
        if self.candles[-1] is not self.all[-1]:
            return self.look.say("cross.back", count=len(self.all) - self.start - len(self.candles))
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
        first, last = self.candles[0].ts, self.candles[-1].ts
        for fill in self.frame.fills:
            if fill.symbol != self.look.symbol or not self.length or fill.ts < first:
                continue
            if fill.ts >= last + self.length:
                continue
            place = crosshair.place(self.candles, fill.ts)
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
                levels.append((row.entry, "own", ENTRY))
                levels += [
                    (layer.price, "warn", layer.letter)
                    for layer in row.layers
                    if layer.price and layer.state in ("armed", "local")
                ]
        levels.append((self.all[-1].close, "last", ""))
        for value, style, letter in levels:
            y = self.scale.row(value)
            if y is None:
                continue
            line = "faint" if style == "last" else style
            grid[y] = [cell if cell[0] != " " else (self.look.glyphs.line, line) for cell in grid[y]]
            words = figures.price(value, self.tick)
            labels[y] = (f"{letter} {words}" if letter and len(words) + 2 <= self.axis else words, style)

    def _curves(self, grid: Grid, labels: dict[int, Segment]) -> None:
        """Indicators on the cells that no candle needs; its number stands at the axis where a curve ends."""
        quarters = 4 * self.scale.rows
        for number, one in reversed(list(enumerate(self.over))):
            for line in one.values:
                shown = line[self.start : self.start + len(self.candles)]
                for x in range((len(shown) - 1) * self.step + 1):
                    place, part = divmod(x, self.step)
                    value = shown[place]
                    if part and place + 1 < len(shown):
                        value += (shown[place + 1] - value) * part / self.step
                    y = self._quarter(value, quarters)
                    if y >= 0 and grid[y // 4][x][0] in (" ", *self.look.glyphs.curve):
                        grid[y // 4][x] = (self.look.glyphs.curve[y % 4], INKS[number])
                last = next((value for value in reversed(shown) if value == value), nan)
                end = self._quarter(last, quarters) // 4
                if end >= 0:
                    words = figures.price(last, self.tick)
                    labels[end] = (f"{number + 1} {words}", INKS[number])

    def _quarter(self, value: float, quarters: int) -> int:
        """Quarters of a row below the top; -4 outside the picture."""
        if not self.scale.low <= value <= self.scale.high:  # NaN is outside, too
            return -4
        share = (self.scale.high - value) / (self.scale.high - self.scale.low)
        return min(quarters - 1, floor(share * quarters))

    def _cross(self, grid: Grid, labels: dict[int, Segment]) -> None:
        """The candle and the price that are asked about."""
        place = self.at - self.start
        if not 0 <= place < len(self.candles):
            return
        glyphs, x = self.look.glyphs, place * self.step
        level = self.look.level or self.candles[place].close
        y = self.scale.row(level)
        if y is not None:
            blank = (" ", glyphs.line)
            grid[y] = [(glyphs.line, "accent") if cell[0] in blank else cell for cell in grid[y]]
            labels[y] = (figures.price(level, self.tick), "tab_on")
        for line in grid:
            text, style = line[x]
            line[x] = (glyphs.cross if text in (" ", glyphs.line) else text, f"{style or 'accent'} cursor")

    def _below(self) -> list[Row]:
        """The indicator that has a scale of its own, in a strip."""
        if not self.below:
            return []
        (one,) = self.below
        shown = [line[self.start : self.start + len(self.candles)] for line in one.values]
        known = [value for line in shown for value in line if value == value]
        curves = [
            Curve(line, INKS[place], bool(place) and self.look.mono) for place, line in enumerate(shown)
        ]
        wide = min(self.plot, len(self.candles) * self.step)
        drawn = lines(curves, wide, self.strip - 1, self.look.glyphs)
        words = "/".join(figures.quantity(value) for value in one.last)
        out: list[Row] = [((fit(f"{one.overlay.label} {words}", self.look.width), "muted"),)]
        ends = {0: max(known), len(drawn) - 1: min(known)} if known else {}
        for y, row in enumerate(drawn):
            label = figures.quantity(ends[y]) if y in ends else ""
            out.append((*clip_row(row, self.plot), (fit(label, self.axis, right=True), "faint")))
        return out

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
        row: list[Segment] = [(fit(line, self.plot), "faint")]
        if self.at >= 0:
            ts = self.all[self.at].ts
            words = f" {figures.date(ts)[5:] if long else figures.clock(ts)[:digits]} "
            x = max(0, min(self.plot - len(words), (self.at - self.start) * self.step - len(words) // 2))
            whole = fit(line, self.plot)
            row = [(whole[:x], "faint"), (words, "tab_on"), (whole[x + len(words) :], "faint")]
        return (*row, (fit("UTC", self.axis, right=True), "faint"))


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
