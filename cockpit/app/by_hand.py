"""Plans and their application, behind the door: what is shown is kept, and applied by its id."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.core import planning
from cockpit.core.errors import StoreError
from cockpit.core.frames import Answer
from cockpit.core.undoing import words

if TYPE_CHECKING:
    from cockpit.app.runtime import Runtime

KEPT_S = 5.0
"""How long a command may take to become durable before the caller is told that it is not."""
PLANS = 100
"""Plans that are kept for ``apply``."""


async def kept(taken: asyncio.Future[None], command_id: str, message: str) -> Answer:
    """Say yes only when the command is in the journal: what was acknowledged survives a crash (I07)."""
    try:
        await asyncio.wait_for(asyncio.shield(taken), KEPT_S)
    except (TimeoutError, StoreError) as error:
        return Answer(command_id, False, "answer.not_kept", {"reason": str(error)})
    return Answer(command_id, True, message)


def plan(runtime: Runtime, args: dict[str, str], command_id: str) -> Answer:
    """What a deed would do now; nothing is done. The plan comes also where it says that it cannot be."""
    now = max(runtime.clock.now_ms(), runtime.engine.state.now)
    found = planning.draw(runtime.engine, args, now)
    payload = planning.shown(found)
    if not found.refused:
        runtime.plans[payload["id"]] = found
        if len(runtime.plans) > PLANS:
            del runtime.plans[next(iter(runtime.plans))]
    return Answer(command_id, not found.refused, found.refused or "answer.plan", found.numbers, payload)


async def apply(runtime: Runtime, args: dict[str, str], actor: str, command_id: str) -> Answer:
    """Do what a plan has shown, or say why not: the step itself looks whether anything has changed."""
    found = runtime.plans.get(args.get("plan", ""))
    if found is None:
        return Answer(command_id, False, "plan.unknown", {"plan": args.get("plan", "")})
    taken = runtime.crew.command("apply", found.order, actor, command_id)
    answer = await kept(taken, command_id, "answer.applied")
    no = runtime.engine.state.refusals.get(command_id)
    if no is not None:
        return Answer(command_id, False, *no)
    undo = {"undo": words(found.undo) if found.undo else ""}
    return Answer(command_id, answer.ok, answer.message, answer.args, undo | {"id": args["plan"]})
