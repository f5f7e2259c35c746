"""The running cockpit's part of a copy: its journal's file stands still while another process reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.core.frames import Answer

if TYPE_CHECKING:
    from cockpit.app.runtime import Runtime

LONGEST_S = 120.0
"""A copier that dies must not let the log grow for ever."""


async def answer(runtime: Runtime, args: dict[str, str], command_id: str) -> Answer:
    """``to`` = begin: hold (``seconds``), and say which sequence number is safe; end: go on as usual.

    Of a run with paper sleeves beside it both journals are held. Raises StoreError.
    """
    stores = [one.store for one in (runtime, runtime.beside) if one is not None]
    if args.get("to") == "end":
        for store in stores:
            await store.release()
        return Answer(command_id, True, "answer.taken")
    try:
        seconds = min(LONGEST_S, max(1.0, float(args.get("seconds", "60"))))
    except ValueError:
        return Answer(command_id, False, "hold.seconds", {"seconds": args["seconds"]})
    seqs = [await store.hold(seconds) for store in stores]
    return Answer(command_id, True, "answer.taken", payload={"seq": seqs[0], "seconds": seconds})
