"""What holds trading back now and why; then how much of each risk limit is used, as a bar and in numbers."""

from __future__ import annotations

from math import floor, isfinite, log10

from cockpit.core.desk_frames import FuseRow
from cockpit.core.frames import Frame, Halt, LimitRow
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, fit, trim, width_of, wrapped
from cockpit.tui.picture import Look, Picture

CLOSE = 0.5
"""From here on a limit is worth a look; from ``TIGHT`` on it is worth acting."""
TIGHT = 0.8
PERCENT, LEAST_GAUGE, GAUGED = 7, 4, 19
"""Cells of a percentage; of the shortest gauge; of numbers beside a longer one."""
ROOMY = 10
"""Lines of a panel that has room for whole reasons."""
MILLION = 1e6
GRAVE = ("halt", "flatten")
KINDS = {
    "stopped": "limits.stopped",
    "breaker": "limits.breaker",
    "lock": "limits.lock",
    "bench": "limits.bench",
    "price": "limits.price",
}


@panel("limits", rate=2)
def paint(frame: Frame, look: Look) -> Picture:
    """What is closed and why; then every limit, the fullest first."""
    title = look.say("panel.limits")
    rows = sorted(frame.limits, key=_share, reverse=True)
    name = min(18, max(8, look.width // 3))
    lines = [*_held(frame, look), *(_row(row, name, look) for row in rows)]
    if not lines:
        return Picture(title=title, rows=((("", ""),), ((f" {look.say('limits.none')}", "muted"),)))
    return Picture(
        title=title,
        rows=tuple(lines[: look.height]),
        note=look.say("panel.more", count=len(lines) - look.height) if len(lines) > look.height else "",
        stale=freshness.account_age(frame, look.lag),
    )


def _held(frame: Frame, look: Look) -> list[Row]:
    """Each thing that holds trading back; the light's own reason where none of them is one."""
    said = [(_fuse(row, frame.halt, look), row.step in GRAVE) for row in frame.fuses]
    if not said and frame.light_why:
        light = look.say(f"light.{frame.light}")
        said = [
            (look.say("limits.light", light=light, why=look.because(frame.light_why)), frame.light == "red")
        ]
    lines: list[Row] = []
    for words, grave in said:
        shape, style = (look.glyphs.alarm, "danger bold") if grave else (look.glyphs.warn, "warn")
        room = max(1, look.width - 2)
        parts = wrapped(words, room) if look.height >= ROOMY else [trim(words, room, look.glyphs.more)]
        lines += [((f"{shape if not at else ' '} ", style), (part, style)) for at, part in enumerate(parts)]
    return lines


def _fuse(row: FuseRow, halt: Halt | None, look: Look) -> str:
    until = (
        f"{figures.date(row.until)} {figures.clock(row.until)}Z"
        if row.until
        else look.say("cli.status.by_hand")
    )
    return look.say(
        KINDS[row.kind],
        step=look.word(row.step),
        by=safe_text(look.word(row.name)),
        about=_about(row.about, look),
        reason=look.because(row.reason) or _asked(row, halt, look) or figures.UNKNOWN,
        until=until,
    )


def _asked(row: FuseRow, halt: Halt | None, look: Look) -> str:
    """A halt without a reason was somebody's wish: whose, and since when."""
    if halt is None or row.kind != "stopped":
        return ""
    return look.say("limits.asked", by=safe_text(halt.by), time=figures.clock(halt.since))


def _about(what: str, look: Look) -> str:
    """``symbol:okx:BTC-USDT``, ``sleeve:ema_trend@1/okx:…``, ``version:ema_trend@1`` as a person says it."""
    kind, _, rest = what.partition(":")
    name = rest if kind in ("symbol", "sleeve", "version") else what
    strategy, slash, market = name.partition("/")
    return safe_text(f"{strategy} {figures.short(market)}" if slash else figures.short(name)) or look.say(
        "limits.account"
    )


def _share(row: LimitRow) -> float:
    return row.used / row.limit if row.limit > 0 else 0.0


def _row(row: LimitRow, name: int, look: Look) -> Row:
    share = _share(row)
    style = "danger" if share >= TIGHT else "warn" if share >= CLOSE else "text"
    room = look.width - name - 1 - PERCENT
    numbers = f"{used(row.used, row.limit)}/{figures.quantity(row.limit)}"
    ways = [look.amount(f"{numbers} {safe_text(row.unit)}"), look.amount(numbers), ""]
    # A number is whole or not there: first the gauge gives way, then the unit, then the numbers.
    words = next(text for text in ways if width_of(text) <= room - LEAST_GAUGE or not text)
    cells = (
        min(12, max(LEAST_GAUGE, room - max(GAUGED, width_of(words))))
        if room - width_of(words) >= LEAST_GAUGE
        else 0
    )
    on = round(min(1.0, max(0.0, share)) * cells)
    gauge = look.glyphs.gauge_on * on + look.glyphs.gauge_off * (cells - on)
    return (
        (fit(look.word(row.rule), name), "text"),
        (" ", ""),
        (gauge, style),
        (f" {share * 100:4.0f}% ", style),
        (words, "muted"),
    )


def used(value: float, limit: float) -> str:
    """As exact as a hundredth of the limit: more digits than that only dance."""
    if not isfinite(value) or not isfinite(limit) or limit <= 0 or value >= MILLION:
        return figures.quantity(value)
    return f"{value:,.{max(0, 2 - floor(log10(limit)))}f}" if value else "0"
