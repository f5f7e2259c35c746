"""A version that is no longer live gives its position back: in its own time, or at once. It never enters."""

from __future__ import annotations

import msgspec

from cockpit.core.gate import GateContext, describe
from cockpit.core.intents import Intent, Verdict
from cockpit.core.state import Sleeve
from cockpit.core.types import ZERO

RUNNING_OUT = "running_out"
"""Another version took its place: what it holds stays its own, until its own exits and stops end it."""
CLOSING = "closing"
"""It was rolled back or retired: nobody trusts its exits any more."""
RULE = "release"


def shape(sleeve: Sleeve, intent: Intent, context: GateContext) -> Intent:
    """What is left of its wish."""
    if sleeve.leaving == RUNNING_OUT:
        if not context.increases(intent):
            return intent
        return context.block(RULE, intent, f"version {sleeve.release} is no longer live")
    tag = f"{RULE}:{sleeve.leaving}"
    after = msgspec.structs.replace(intent, target=ZERO, quotes=(), stop=None, take=None, tag=tag)
    if context.have:
        said = (describe(intent), describe(after), f"version {sleeve.release} was taken off")
        context.verdicts.append(Verdict(sleeve.id, RULE, "exit", *said))
    return after
