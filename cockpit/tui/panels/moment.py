"""Where in time the screen stands: the journal from its first fact to its last, and the moment on it."""

from __future__ import annotations

from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import known, safe_text
from cockpit.tui import figures
from cockpit.tui.cells import Row, fit, wrapped
from cockpit.tui.picture import Look, Picture

ACTIONS = (
    "past.here",
    "past.time",
    "past.back",
    "past.forward",
    "past.minute_back",
    "past.minute_forward",
    "past.play",
    "past.leave",
)
KEY = 6


@panel("moment", rate=4, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """The bar, the moment in words, and the keys that move it."""
    past = look.aside.past
    say = look.say
    lines: list[Row] = []
    if past.fault:
        words = say(past.fault) if known(past.fault) else safe_text(past.fault)
        lines += [((line, "danger bold"),) for line in wrapped(words, max(1, look.width))]
    if past.on and past.last_ts > past.first_ts:
        lines += [_bar(past.ts, past.first_ts, past.last_ts, look), _ends(past.first_ts, past.last_ts, look)]
    if past.on:
        at = f"{figures.date(past.ts)} {figures.clock(past.ts)}Z #{past.seq}" if past.ts else ""
        pace = say("past.playing", times=look.glyphs.times, speed=past.speed) if past.speed else ""
        lines.append(((f"{at}  {pace}".strip(), "accent bold"),))
    else:
        lines.append(((say("moment.now", at=f"{figures.clock(frame.ts)}Z"), "good"),))
    keys = {action: look.aside.keys.get(action, "") for action in ACTIONS}
    told = [(key, say(f"action.{action}")) for action, key in keys.items() if key]
    whole = [_told(key, wrapped(words, max(8, look.width - KEY))) for key, words in told]
    if len(lines) + sum(map(len, whole)) > look.height:
        whole = [_told(key, [fit(words, look.width - KEY, False, look.glyphs.more)]) for key, words in told]
    lines += [line for rows in whole for line in rows]
    return Picture(title=say("panel.moment"), rows=tuple(lines[: look.height]))


def _told(key: str, words: list[str]) -> list[Row]:
    """A key and what it does, on as many lines as that takes."""
    return [((fit("" if place else key, KEY), "accent"), (line, "muted")) for place, line in enumerate(words)]


def _bar(ts: int, first: int, last: int, look: Look) -> Row:
    at = min(look.width - 1, max(0, (ts - first) * (look.width - 1) // (last - first)))
    glyphs = look.glyphs
    return (
        (glyphs.line * at, "accent"),
        (glyphs.own, "own bold"),
        (glyphs.line * (look.width - at - 1), "faint"),
    )


def _ends(first: int, last: int, look: Look) -> Row:
    long = last - first >= figures.DAY_MS
    ends = [
        f"{figures.date(ts)[5:]} {figures.clock(ts)[:5]}" if long else figures.clock(ts)
        for ts in (first, last)
    ]
    return ((ends[0], "muted"), (fit(ends[1], max(0, look.width - len(ends[0])), right=True), "muted"))
