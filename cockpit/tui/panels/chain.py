"""The causal tree of the row under the audit's cursor: what was heard, wished, ruled, sent, and what came."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.core.audit import AuditRow
from cockpit.core.frames import Frame
from cockpit.core.registry import panel
from cockpit.text import safe_text
from cockpit.tui import figures
from cockpit.tui.cells import Row, width_of, wrapped
from cockpit.tui.picture import Look, Picture, window
from cockpit.tui.spoken import spoken
from cockpit.tui.spoken import wish as worded

Link = tuple[int, str, str, str]
"""Depth, what it is, its words, their style."""
OPEN = frozenset(("sent", "unknown", "live", "partial", "pending"))


@panel("chain", rate=4, cursor=True, aside=True)
def paint(frame: Frame, look: Look) -> Picture:
    """Each link under the one that caused it. Scrolls with the cursor."""
    title = look.say("panel.chain")
    found = look.aside.audit.chain
    if found is None:
        return Picture(title=title, rows=(((f" {look.say('chain.none')}", "muted"),),))
    links = _order(found, look) if "cid" in found else _step(found, look)
    lines = [line for link in links for line in _lines(link, look)]
    keys = [str(n) for n in range(len(lines))]
    at = keys.index(look.cursor) if look.cursor in keys else 0
    shown = window(len(lines), at, look.height)
    rows: list[Row] = []
    for place in shown:
        row = lines[place]
        if look.focused and place == at:
            row = tuple((text, f"{style} cursor".strip()) for text, style in row)
        rows.append(row)
    about = safe_text(found.get("cid") or f"#{found['seq']}")
    hidden = len(lines) - len(shown)
    return Picture(
        title=f"{title} {about}",
        rows=tuple(rows),
        note=look.say("panel.more", count=hidden) if hidden else "",
        keys=tuple(keys),
        copy=tuple("".join(text for text, _ in line).strip() for line in lines).__getitem__,
    )


def _lines(link: Link, look: Look) -> list[Row]:
    depth, what, words, style = link
    stem = "   " * max(0, depth - 1) + (f"{look.glyphs.branch} " if depth else "")
    head = f"{stem}{what}  "
    parts = wrapped(words, max(8, look.width - len(stem) - 4))
    first = f"{head}{parts[0]}"
    if width_of(first) <= look.width and len(parts) == 1:
        return [((stem, "faint"), (f"{what}  ", "muted"), (parts[0], style))]
    blank = " " * len(stem) + "  "
    return [((stem, "faint"), (what, "muted")), *(((blank, ""), (part, style)) for part in parts)]


def _amount(text: str, look: Look) -> str:
    return look.amount(safe_text(text))


def _order(found: dict[str, Any], look: Look) -> list[Link]:
    say = look.say
    out: list[Link] = []
    because = found.get("because")
    if because is not None:
        at = figures.clock(int(because["ts"]))
        out.append(
            (len(out), f"{say('chain.heard')} {at} #{because['seq']}", safe_text(because["event"]), "text")
        )
    for wish in found["wanted"]:
        tag = f" ({wish['tag']})" if wish["tag"] else ""
        out.append(
            (
                len(out),
                say("audit.kind.signal"),
                _amount(worded(f"{wish['wish']}{tag}", look), look),
                "accent",
            )
        )
    for rule in found["verdicts"]:
        words = f"{look.word(rule['rule'])} {look.word(rule['action'])}: "
        words += f"{worded(rule['before'], look)} → {worded(rule['after'], look)}"
        words = f"{words}  {look.because(rule['reason'])}"
        out.append((min(len(out), 3), say("audit.kind.gate"), _amount(words, look), "warn"))
    decided = found["decided"]
    if decided is not None:
        at = figures.clock(int(decided["ts"]))
        words = say("chain.decided", seq=decided["seq"], cause=look.word(decided["cause"]), at=at)
        out.append((min(len(out), 3), say("chain.when"), words, "muted"))
    order = found["order"]
    price = order["price"] or order["trigger"]
    words = f"{look.word(order['kind'])} {look.word(order['side'])} {order['qty']}"
    if price:
        words = f"{words} @ {price}"
    state = f"{look.word(order['state'])} {look.because(order['reason'])}".strip()
    depth = min(len(out), 4)
    out.append(
        (depth, f"{say('audit.kind.order')} {look.word(order['role'])}", _amount(words, look), "strong bold")
    )
    out.append(
        (depth + 1, say("chain.state"), safe_text(state), "warn" if order["state"] in OPEN else "text")
    )
    for fill in found["fills"]:
        side = look.word("maker" if fill["maker"] else "taker")
        at = figures.clock(int(fill["ts"]))
        words = (
            f"{at} {fill['qty']} @ {fill['price']} {side}, {say('chain.fee')} {fill['fee']} {fill['fee_ccy']}"
        )
        out.append(
            (
                depth + 1,
                say("audit.kind.fill"),
                _amount(f"{words} {look.because(fill['note'])}".strip(), look),
                "good",
            )
        )
    return out


def _step(found: dict[str, Any], look: Look) -> list[Link]:
    """What one step of the machine heard, and what came of it."""
    at = figures.clock(int(found["ts"]))
    out: list[Link] = [
        (0, f"{look.say('chain.heard')} {at} #{found['seq']}", safe_text(found["event"]), "text")
    ]
    for row in msgspec.convert(found["rows"], list[AuditRow]):
        if row.kind in ("fill", "command", "boot"):
            continue  # that is what was heard
        words = (
            look.news(row.text, row.args)
            if row.kind == "news"
            else _amount(spoken(row.kind, row.text, look), look)
        )
        what = " ".join(look.word(part) for part in row.what.split(" "))
        style = {"signal": "accent", "gate": "warn", "order": "strong"}.get(row.kind, "text")
        out.append((1, f"{look.say(f'audit.kind.{row.kind}')} {what}", words, style))
    if len(out) == 1:
        out.append((1, look.say("chain.nothing"), "", "muted"))
    return out
