"""Is the key what its name says, and the account what the settings say? Read back before the first order.

A wrong position mode turns a close into an opposite opening (F33), a wrong leverage multiplies the risk
(F34). So a mismatch refuses to start and says what to change. Nothing is changed by us.
"""

from __future__ import annotations

from cockpit.adapters.ccxt_venue.dialect import KeyFacts, Terms
from cockpit.adapters.ccxt_venue.door import Door
from cockpit.core.errors import VenueError
from cockpit.core.types import MarginMode

WANTED = {"read": frozenset(("read_only",)), "trade": frozenset(("read_only", "trade"))}


async def agree(door: Door, terms: Terms, natives: list[str]) -> KeyFacts:
    """The key and the account, if they are what is wanted. Raises VenueError naming every difference."""
    demo = door.address.demo
    facts = await door.dialect.key_facts(door, demo=demo)
    wrong = key_faults(facts.permissions, "trade", live=not demo)
    if terms.margin_mode is not MarginMode.CROSS:
        wrong.append(f"venue.margin_mode = {terms.margin_mode.value} is not offered there: only cross is")
    wrong += await door.dialect.differences(door, terms, natives)
    if wrong:
        raise VenueError(
            f"the {door.dialect.title} account is not what the settings say: {'; '.join(wrong)}. "
            "Change one of them."
        )
    return facts


def key_faults(permissions: frozenset[str], purpose: str, *, live: bool) -> list[str]:
    """What is wrong with a key: it may withdraw, or it may more or less than it is for.

    For real money it may nothing else, known to us or not; what the exchange does not tell is refused.
    """
    if not permissions:
        return ["the exchange does not say what the key may do"] if live else []
    faults = []
    if purpose == "read" and "trade" in permissions:
        faults.append("a read key that may trade is no read key")
    if purpose == "trade" and "trade" not in permissions:
        faults.append("the key may not trade")
    extra = permissions - WANTED["trade"] if live else permissions & {"withdraw"}
    return faults + [f"the key may {word}: make one that may not" for word in sorted(extra)]
