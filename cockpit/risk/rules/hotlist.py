"""Only markets that a person has approved on the hotlist are entered (HL-03)."""

from __future__ import annotations

from cockpit.core.config import HotlistConfig
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.registry import rule


@rule("hotlist", HotlistConfig, order=1, section="hotlist", asleep=lambda hotlist: not hotlist.enforce)
def check(intent: Intent, context: GateContext, _params: HotlistConfig) -> Intent:
    """Block entries on markets that nobody has approved, while ``hotlist.enforce`` is true."""
    if not context.state.hotlist.bars(intent.symbol):
        return intent
    found = context.state.hotlist.standings.get(intent.symbol)
    word = f"it is {found.word}" if found is not None else "nobody has decided about it"
    return context.block("hotlist", intent, f"{intent.symbol} is not approved: {word}")
