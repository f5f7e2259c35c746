"""Doctor's questions about the exchange that the settings name: does it answer, its clock, and our key there.

Asked only where ``run.feed`` is an exchange. Reads only; a key is opened only where orders would use it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from cockpit.app.health import Check
from cockpit.app.settings import Loaded
from cockpit.core.config import Config
from cockpit.core.errors import CockpitError, ConfigError

FEEDS = frozenset(("binance", "bybit"))
"""OKX has more doors to ask at: ``health_okx``."""
MOST_SKEW_MS = 1_000
"""More than this between the two clocks is worth mending, though requests are stamped with the exchange's."""
PATIENCE_S = 30.0


def reach(found: Loaded) -> Check | None:
    """Does the exchange answer, and what does its clock show?"""
    feed = found.config.run.feed
    if feed not in FEEDS:
        return None
    try:
        offset, error = asyncio.run(asyncio.wait_for(_clock(found.config), PATIENCE_S))
    except (CockpitError, TimeoutError) as problem:
        reason = str(problem) or "no answer in time"
        return Check("exchange", "bad", "cli.doctor.exchange.bad", {"feed": feed, "reason": reason})
    facts = {"feed": feed, "ms": f"{offset:+d}", "error": f"{error:.0f}"}
    if abs(offset) > MOST_SKEW_MS:
        return Check("exchange", "warn", "cli.doctor.exchange.skew", facts)
    return Check("exchange", "ok", "cli.doctor.exchange", facts)


async def _clock(config: Config) -> tuple[int, float]:
    """(exchange's clock minus ours, half the best round trip), ms."""
    demo = config.run.execution == "demo"
    from cockpit.app.exchanges import door_of

    road = door_of(config, config.run.feed, None, demo=demo)
    try:
        error = await road.sync(lambda: time.time_ns() // 1_000_000)
        return road.offset_ms, error
    finally:
        await road.close()


def key(found: Loaded) -> Check | None:
    """Is the key that orders would use there, and is it exactly what it is for?"""
    config = found.config
    if config.run.feed not in FEEDS or config.run.execution == "paper":
        return None
    which = f"{config.run.feed}/{config.run.execution}/trade"
    try:
        facts = _facts(found, which)
    except (CockpitError, TimeoutError) as problem:
        reason = str(problem) or "no answer in time"
        return Check("key", "bad", "cli.doctor.key.bad", {"key": which, "reason": reason})
    if facts["faults"]:
        reason = "; ".join(facts["faults"])
        return Check("key", "bad", "cli.doctor.key.bad", {"key": which, "reason": reason})
    may = ", ".join(facts["permissions"]) or "?"
    return Check("key", "ok", "cli.doctor.key", {"key": which, "uid": facts["uid"], "may": may})


def _facts(found: Loaded, which: str) -> dict[str, Any]:
    from cockpit.adapters import keys
    from cockpit.app.commands.keys import typed

    store = keys.open_store(found.data_dir, typed)
    kept = store.get(keys.name(which))
    if kept is None:
        raise ConfigError(f"there is none: cockpit keys add {which}")
    from cockpit.app.exchanges import facts_of

    return asyncio.run(asyncio.wait_for(facts_of(found.config, kept), PATIENCE_S))
