"""The rows that are always there: status above, footer below. Pure; whole items are left out, never cut."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.core.frames import Frame
from cockpit.text import safe_text
from cockpit.tui import figures, freshness
from cockpit.tui.cells import Row, Segment, clip_row, row_width, trim, width_of
from cockpit.tui.halt import Banner
from cockpit.tui.keymap import ANYWHERE, LAYOUT, Action, Keymap, written
from cockpit.tui.layout import PAGES
from cockpit.tui.picture import Look, gain

Item = tuple[int, tuple[Segment, ...]]
"""Importance and what it shows."""
SLOW_LOOP_MS = 50.0
LIGHTS = ("green", "yellow", "red")
PAIRS = {
    "symbol.next": "symbol.previous",
    "layout.wider": "layout.narrower",
    "layout.taller": "layout.shorter",
}
"""Two keys that the footer names together."""
COMPACT = 110
"""Below this width the status row says the same with fewer words."""


def fitted(items: Sequence[Item], width: int, gap: str = "  ") -> Row:
    """As many of ``items`` as fit, the most important first to be let in, in the order given."""
    room = width + len(gap)
    keep: list[int] = []
    for i in sorted(range(len(items)), key=lambda i: -items[i][0]):
        needed = row_width(items[i][1]) + len(gap)
        if needed <= room or not keep:
            keep.append(i)
            room -= needed
    out: list[Segment] = []
    for place, i in enumerate(sorted(keep)):
        if place:
            out.append((gap, ""))
        out.extend(items[i][1])
    return clip_row(tuple(out), width)


def awaited(look: Look) -> str:
    """What a screen without a picture waits for."""
    past = look.aside.past
    if not past.on:
        return look.say("status.no_frame")
    return look.say("status.no_past" if past.fault else "status.rebuilding")


def status(frame: Frame | None, look: Look, driver: bool, slow: bool = False) -> Row:
    """Mode in words, then health, then money, then the clock."""
    if frame is None:
        return clip_row(((f" {awaited(look)} ", "banner_warn"),), look.width)
    items: list[Item] = [(1000, mode_badge(frame, look))]
    if not driver:
        items.append((900, ((f" {look.say('status.viewer')} ", "banner_warn"),)))
    items.append(_posture(frame, look))
    if frame.light:
        items.append(_light(frame, look))
    if frame.ended:
        items.append((800, ((look.say("status.ended"), "warn bold"),)))
    if not frame.reconciled:
        items.append((75, ((look.say("status.not_reconciled"), "warn"),)))
    items.append((70, _venue(frame, look)))
    short = look.width < COMPACT
    currency = "" if short else f" {safe_text(frame.currency)}"
    equity = look.amount(f"{figures.money(frame.equity, look.places)}{currency}")
    money: Row = ((equity, "strong bold"), gain(frame.day_pnl, look))
    if freshness.account_age(frame, look.lag):
        money = tuple((text, "stale") for text, _ in money)
    items.append((80, ((f"{look.say('status.equity')} ", "muted"), money[0])))
    items.append((85, ((f"{look.say('status.day')} ", "muted"), money[1])))
    if frame.drawdown > 0:
        items.append(
            (30, ((f"{look.say('status.drawdown')} ", "muted"), (f"{frame.drawdown * 100:.1f}%", "text")))
        )
    items.append((90, _age(frame, look)))
    items.append((50, _loop(frame, look)))
    items.append((20, ((f"{frame.health.rate:,.0f}/s", "muted"),)))
    if slow:
        items.append((40, ((look.say("status.slow"), "warn"),)))
    items.append((55, ((f"{figures.clock(frame.ts)}Z", "text"),)))
    items.append((15, ((figures.date(frame.ts), "muted"),)))
    return fitted(items, look.width)


def mode_badge(frame: Frame, look: Look) -> tuple[Segment, ...]:
    """PRACTICE, REPLAY, PAPER, DEMO or LIVE, never to be mistaken for one another."""
    past = look.aside.past
    if past.on:
        return ((f" {look.say('past.badge')} {figures.clock(frame.ts)}Z ", "mode_replay"),)
    known = frame.mode.lower() in ("practice", "replay", "paper", "demo", "live")
    words = look.say(f"mode.{frame.mode.lower()}") if known else safe_text(frame.mode)
    if frame.mode == "REPLAY" and frame.speed:
        pace = (
            look.say("status.speed_max")
            if frame.speed == "max"
            else f"{look.glyphs.times}{safe_text(frame.speed)}"
        )
        words = f"{words} {pace}"
    return ((f" {words} ", f"mode_{frame.mode.lower()}" if known else "banner_danger"),)


def _posture(frame: Frame, look: Look) -> Item:
    words = look.word(frame.posture)
    if frame.posture.upper() == "NORMAL":
        return (82, ((words, "good"),))
    return (
        950,
        ((f" {words} ", "banner_danger" if frame.posture.upper() in ("HALT", "FLATTEN") else "banner_warn"),),
    )


def _light(frame: Frame, look: Look) -> Item:
    """The risk traffic light: shape and word carry it, colour repeats it. Red and yellow say why."""
    glyphs = look.glyphs
    shape, style, rank = {
        "red": (glyphs.alarm, "danger bold", 940),
        "yellow": (glyphs.warn, "warn bold", 84),
    }.get(frame.light, (glyphs.dot, "good", 60))
    words = look.say(f"light.{frame.light}" if frame.light in LIGHTS else "light.green")
    return (rank, ((f"{shape} {words}", style),))


def _venue(frame: Frame, look: Look) -> tuple[Segment, ...]:
    out: list[Segment] = [(safe_text(frame.venue), "text")]
    alive = sum(frame.links.values())
    if frame.links and look.width < COMPACT and alive == len(frame.links):
        return (*out, (f" {alive}/{len(frame.links)}", "muted"), (look.glyphs.dot, "good"))
    for name, up in sorted(frame.links.items()):
        shape = look.glyphs.dot if up else look.glyphs.alarm
        style = "good" if up else "danger bold"
        words = f" {safe_text(name)}" if up else f" {safe_text(name)} {look.say('feed.state.down')}"
        out.append((words, "muted" if up else "danger bold"))
        out.append((shape, style))
    return tuple(out)


def _age(frame: Frame, look: Look) -> tuple[Segment, ...]:
    age = freshness.data_age(frame, look.symbol, look.lag)
    label: Segment = (f"{look.say('status.data')} ", "muted")
    if age is None:
        return (label, (look.say("feeds.never"), "warn"))
    late = freshness.market_age(frame, look.symbol, look.lag) or freshness.price_age(
        frame, look.symbol, age - look.lag, look.lag
    )
    return (label, (figures.span(age), "warn bold" if late else "text"))


def _loop(frame: Frame, look: Look) -> tuple[Segment, ...]:
    delay = frame.health.loop_ms
    style = "warn bold" if delay > SLOW_LOOP_MS else "text"
    return ((f"{look.say('status.loop')} ", "muted"), (f"{delay:.0f} ms" if delay >= 1 else "<1 ms", style))


def pages(frame: Frame | None, look: Look, here: str) -> Row:
    """The screens on the digit keys; the one that is shown stands out and is never left out."""
    items: list[Item] = []
    for place, page in enumerate(PAGES):
        words = look.say(f"page.{page.name}" if look.width >= COMPACT else f"page.{page.name}.short")
        style = "tab_on" if page.name == here else "tab"
        rank = 1000 if page.name == here else 100 - place
        items.append((rank, ((f" {page.key} {words} ", style),)))
    return fitted(items, look.width, "" if look.width < COMPACT else " ")


def symbols(frame: Frame | None, look: Look) -> Row:
    """Every market with its last price; the selected one stands out and is always shown."""
    if frame is None:
        return clip_row((), look.width)
    items: list[Item] = []
    names = list(frame.symbols)
    at = names.index(look.symbol) if look.symbol in names else 0
    for place, symbol in enumerate(names):
        chosen = symbol == look.symbol
        words = safe_text(figures.short(symbol))
        book = freshness.book_of(frame, symbol)
        last = (book.bids[0][0] + book.asks[0][0]) / 2 if book and book.bids and book.asks else 0.0
        stale = freshness.market_age(frame, symbol, look.lag) or (book is not None and not book.ok)
        number = f" {figures.price(last, book.tick if book else 0.0)}" if last else ""
        label = f" {words}{number} " if not stale else f" {words}{number} {look.glyphs.warn} "
        style = "tab_on" if chosen else "stale" if stale else "tab"
        items.append((1000 if chosen else 100 - abs(place - at), ((trim(label, look.width), style),)))
    return fitted(items, look.width, " ")


def footer(keymap: Keymap, panel: str, look: Look, driver: bool, closing_stops: bool) -> Row:
    """The few keys that matter here; the kill switch is never left out."""
    items: list[Item] = []
    actions = sorted(
        (a for a in keymap.active(panel) if a.footer and a.keys), key=lambda a: a.context == ANYWHERE
    )
    for action in actions:
        if action.danger == 1 and (not driver or look.aside.past.on):
            continue
        if action.past and not look.aside.past.on:
            continue
        items.append((action.footer, _key(action, keymap, look, closing_stops)))
    return tuple(
        (text, style or "footer")
        for text, style in clip_row(((" ", ""), *fitted(items, look.width - 2)), look.width)
    )


def jumps(letters: dict[str, str], keymap: Keymap, look: Look) -> Row:
    """Where each letter goes, also to panels for which there is no room just now. The kill switch stays."""
    items: list[Item] = [
        (100 - place, ((letter, "footer_key"), (f" {look.say(f'panel.{name}')}", "footer")))
        for place, (letter, name) in enumerate(letters.items())
    ]
    items.append((1000, _key(keymap["halt"], keymap, look, closing_stops=False)))
    return tuple(
        (text, style or "footer")
        for text, style in clip_row(((" ", ""), *fitted(items, look.width - 2)), look.width)
    )


def arranging(keymap: Keymap, look: Look) -> Row:
    """What keys do while panels are moved. The kill switch stays."""
    items: list[Item] = [(999, ((f" {look.say('layout.badge')} ", "banner_warn"),))]
    items += [
        (action.footer, _key(action, keymap, look, closing_stops=False))
        for action in keymap.within(LAYOUT)
        if action.footer and action.keys
    ]
    items.append((1000, _key(keymap["halt"], keymap, look, closing_stops=False)))
    return tuple(
        (text, style or "footer")
        for text, style in clip_row(((" ", ""), *fitted(items, look.width - 2)), look.width)
    )


def _key(action: Action, keymap: Keymap, look: Look, closing_stops: bool) -> tuple[Segment, ...]:
    name = action.short
    if action.id == "quit":
        name = "footer.quit_stops" if closing_stops else "footer.quit_detaches"
    key = written(action.keys[0])
    style = "footer_key"
    if action.id in PAIRS:
        key = f"{keymap.key(PAIRS[action.id])} {key}".strip()
    if action.id == "halt":
        return ((f"{key} {key}", style), (f" {look.say(name)}", "footer_key"))
    return ((key, style), (f" {look.say(name)}", "footer"))


def banner(shown: Banner, look: Look) -> Row:
    """A lasting alarm over the whole width."""
    text = trim(f" {shown.text}", look.width, look.glyphs.more)
    return ((text + " " * (look.width - width_of(text)), shown.style),)
