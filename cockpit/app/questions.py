"""Questions about the journal to the cockpit that writes it: pages of decisions, why an order exists."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cockpit.adapters.store import journal_raw as raw
from cockpit.adapters.store import journal_read as read
from cockpit.app import audit, explain
from cockpit.core.frames import Answer

if TYPE_CHECKING:
    from cockpit.app.runtime import Runtime

VERBS = frozenset(("audit", "explain", "journal"))
PASSAGES = 16
"""Stretches of the journal that one question may read."""
ENOUGH = 200
"""Rows after which an answer is long enough."""


async def answer(runtime: Runtime, verb: str, args: Mapping[str, str], command_id: str) -> Answer:
    """``audit``: a page of rows; ``explain``: an order (``cid``) or one step of the machine (``seq``);
    ``journal``: raw pieces of it, for a process that rebuilds a past moment.
    """
    owners = {f"{sleeve.index:03d}": sleeve.id for sleeve in runtime.engine.state.sleeves.values()}
    try:
        if verb == "audit":
            ask = audit.asked(args)
            return Answer(command_id, True, "answer.audit", payload=await _pages(runtime, ask, owners))
        if verb == "journal":
            found = await runtime.store.ask(raw.piece, args)
            return Answer(command_id, True, "answer.audit", payload=found)
        told: dict[str, Any] | None
        if "seq" in args:
            told = await runtime.store.ask(audit.step_of, int(args["seq"]), owners)
        else:
            told = await _explained(runtime, args.get("cid", ""))
    except ValueError as error:
        return Answer(command_id, False, "answer.not_a_number", {"reason": str(error)})
    if told is None:
        return audit.unknown(command_id, args)
    return Answer(command_id, True, "answer.explain", payload=told)


async def _pages(runtime: Runtime, ask: audit.Asked, owners: Mapping[str, str]) -> dict[str, Any]:
    """Rows from as many passages as it takes, but not for ever: the next question goes on from there."""
    found = audit.Page([], ask.before, False)
    for _ in range(PASSAGES):
        more = await runtime.store.ask(audit.page, ask.what, found.before, ask.after, owners)
        found = audit.Page([*found.rows, *more.rows], more.before, more.done)
        if found.done or len(found.rows) >= ENOUGH:
            break
        await asyncio.sleep(0)
    return audit.answered(found)


async def _explained(runtime: Runtime, cid: str) -> dict[str, Any] | None:
    store = runtime.store
    order = runtime.engine.state.order(cid) or await store.ask(read.read_order, cid)
    if order is None:
        return None
    wish = explain.Wish(order)
    # Each visit waits its turn with the writer, so that nothing of ours delays an order for long.
    while not await store.ask(wish.step):
        pass
    return await store.ask(explain.ended, wish)
