"""Paper sleeves beside a demo or live run: a whole machine of their own in the same process.

    okx-live/         the account's journal, ledger, door
    okx-live/paper/   those of its paper sleeves; cockpit status --data-dir okx-live/paper asks them alone

They have their own market connection, simulated account, money and journal, so that both books stay exact;
only the screen shows them together. A failure of theirs ends them, is said, and leaves the account's machine
alone; they do share its thread, so a strategy that blocks delays both. A halt is for all; a resume too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from cockpit.app import rig
from cockpit.app.runtime import Runtime
from cockpit.app.summary import write_summary
from cockpit.core import events as ev
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import ConfigError

FOLDER = "paper"


def split(
    sleeves: Sequence[SleeveConfig], execution: str
) -> tuple[tuple[SleeveConfig, ...], tuple[SleeveConfig, ...]]:
    """(those of the account, those on paper beside it). Raises ConfigError for what one run cannot do."""
    for row in sleeves:
        if row.execution not in {"", "paper", execution}:
            raise ConfigError(
                f"{row.strategy}: execution = {row.execution}, "
                f"but this run is {execution}: it has one account"
            )
    if execution == "paper":
        return tuple(sleeves), ()
    paper = tuple(row for row in sleeves if row.execution == "paper")
    ours = tuple(row for row in sleeves if row.execution != "paper")
    if paper and not ours:
        raise ConfigError(f"every sleeve is on paper: then run.execution is paper, not {execution}")
    return ours, paper


@asynccontextmanager
async def together(main: Runtime, other: Runtime | None) -> AsyncIterator[None]:
    """While the account's machine runs, the paper one runs beside it; it is closed first."""
    if other is None:
        yield
        return
    main.beside = other
    other.crew.kernel.on_order = main.crew.kernel.on_order
    door = rig.door(other)
    await door.serve()
    task = asyncio.ensure_future(_kept(main, other))
    try:
        yield
    finally:
        other.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(task, 10)
        await door.close()
        write_summary(other.plan.folder, other.summary())
        await other.close()


async def _kept(main: Runtime, other: Runtime) -> None:
    """Run the paper machine; whatever ends it is a fact of the account's journal, not its end."""
    try:
        await other.run()
    except Exception as error:  # noqa: BLE001  the fence between play money and real money
        main.beside = None
        detail = f"{type(error).__name__}: {error}"
        main.crew.source.put(ev.DataFault(main.wall.now_ms(), "paper", "paper_sleeves", detail))
