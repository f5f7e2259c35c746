"""``cockpit watch``: the running cockpit as plain lines, for screen readers, logs and pipes.

No colour, no drawing, no cursor: one sentence a line, only what has changed, and how old it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from cockpit.app import console
from cockpit.core.frames import Frame
from cockpit.text import say, tr
from cockpit.tui import figures


def add(parser: argparse.ArgumentParser) -> None:
    """What ``watch`` takes."""
    parser.add_argument("--plain", action="store_true", help="as it is anyway: sentences, no drawing")
    parser.add_argument("--every", type=float, default=5.0, metavar="S", help="seconds between summaries")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="end after N summaries")


def run(args: argparse.Namespace) -> int:
    """Until interrupted, or the cockpit ends. Raises NotRunning (exit 7), DoorError (exit 8)."""
    from cockpit.api.place import door_path
    from cockpit.api.sync import SyncDoor
    from cockpit.app.whereabouts import here
    from cockpit.core.errors import ConfigError

    if args.every < 0.2 or args.count < 0:
        raise ConfigError("--every: at least 0.2 seconds; --count: not below 0")
    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    seen = Seen()
    shown, due = 0, 0.0
    with SyncDoor(door_path(here(found)), name="watch", rate=max(1.0, 1.0 / args.every)) as link:
        while not args.count or shown < args.count:
            frame = link.frame(timeout=10.0)
            for line in seen.news(frame, lang):
                _say(args, {"news": line}, line)
            if time.monotonic() >= due:
                due = time.monotonic() + args.every
                shown += 1
                _say(args, summary(frame), sentence(frame, lang))
            if frame.ended:
                return 0
    return 0


def _say(args: argparse.Namespace, data: dict[str, object], text: str) -> None:
    """One line, at once: whoever listens must not wait for a buffer."""
    if args.json:
        import json

        text = json.dumps(data, ensure_ascii=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Seen:
    """What has been said, so that it is said once."""

    def __init__(self) -> None:
        self.event = 0
        self.first = True
        self.posture = ""
        self.stale: frozenset[str] = frozenset()

    def news(self, frame: Frame, lang: str) -> Iterator[str]:
        """Sentences for what is new in this frame."""
        if frame.posture != self.posture:
            if self.posture:
                yield tr("watch.posture", lang, at=console.utc(frame.ts), posture=frame.posture)
            self.posture = frame.posture
        for row in frame.events:
            if row.ts > self.event and not self.first:
                about = f" ({console.clean(row.sleeve)})" if row.sleeve else ""
                yield f"{console.utc(row.ts)} {say(row.message, row.args, lang)}{about}"
        self.event = max((row.ts for row in frame.events), default=self.event)
        stale = frozenset(f"{s.name} {s.symbol}" for s in frame.sources if s.stale or not s.up)
        for name in sorted(stale - self.stale):
            yield tr("watch.stale", lang, at=console.utc(frame.ts), source=name)
        for name in sorted(self.stale - stale):
            yield tr("watch.fresh", lang, at=console.utc(frame.ts), source=name)
        self.stale, self.first = stale, False


def sentence(frame: Frame, lang: str) -> str:
    """Where things stand, in one line."""
    places = figures.places_of(frame.currency)
    positions = "; ".join(
        tr(
            "watch.position",
            lang,
            symbol=console.clean(p.symbol),
            qty=f"{p.qty:g}",
            pnl=figures.signed(p.pnl, places),
        )
        for p in frame.positions
    )
    return tr(
        "watch.summary",
        lang,
        at=console.utc(frame.ts),
        mode=tr(f"mode.{frame.mode.lower()}", lang),
        posture=frame.posture,
        equity=figures.money(frame.equity, places),
        currency=frame.currency,
        day=figures.signed(frame.day_pnl, places),
        positions=positions or tr("watch.flat", lang),
        orders=len(frame.orders),
    )


def summary(frame: Frame) -> dict[str, object]:
    """The same as data."""
    return {
        "ts": frame.ts,
        "mode": frame.mode,
        "posture": frame.posture,
        "equity": frame.equity,
        "day_pnl": frame.day_pnl,
        "positions": [{"symbol": p.symbol, "qty": p.qty, "pnl": p.pnl} for p in frame.positions],
        "orders": len(frame.orders),
        "stale": [f"{s.name} {s.symbol}" for s in frame.sources if s.stale or not s.up],
    }
