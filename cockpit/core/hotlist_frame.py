"""The hotlist as faces see it."""

from __future__ import annotations

from cockpit.core.frames import DecisionRow, HotlistFrame, StandingRow
from cockpit.core.hotlist import MINUTE, Hotlist

SHOWN = 50


def hotlist_frame(hotlist: Hotlist, now: int) -> HotlistFrame | None:
    """None before anything was scanned or decided."""
    scan = hotlist.scan
    if scan is None and not hotlist.log:
        return None
    held = {symbol: hotlist.standing(symbol, now) for symbol in hotlist.standings}
    return HotlistFrame(
        0 if scan is None else scan.ts,
        () if scan is None else scan.candidates,
        0 if scan is None else len(scan.universe),
        {s: StandingRow(x.word, x.since, x.by, x.score, x.until) for s, x in held.items() if x is not None},
        tuple(
            DecisionRow(x.ts, x.verb, x.symbol, x.by, x.score, x.reason, x.refused, x.args, x.undone)
            for x in reversed(hotlist.log[-SHOWN:])
        ),
        hotlist.settings.enforce,
        scan is None or now - scan.ts > hotlist.settings.valid_minutes * MINUTE,
        None if scan is None else scan.mood,
    )
