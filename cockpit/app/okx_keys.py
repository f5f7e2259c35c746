"""OKX's keys before a run: which one is needed, and what the venue says of it. Reads only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec

from cockpit.adapters.keys import Store, name
from cockpit.adapters.okx.agreement import LEVELS, AccountConfig, account_config, concerns, key_faults
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.endpoints import endpoints
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.okx.rows import AlgoRow, OrderRow, PositionRow, number
from cockpit.adapters.secret import Credentials
from cockpit.core.config import Config
from cockpit.core.errors import ConfigError, Transient, VenueError

START_TRIES = 4
START_PAUSE_S = 1.0
T = TypeVar("T")


class Seen(msgspec.Struct, frozen=True):
    """An account as its read key shows it, before anything may be sent to it."""

    uid: str
    host: str
    level: str
    """Account mode in OKX's words."""
    position_mode: str
    equity: str
    """Of the whole account, USD."""
    positions: int
    orders: int
    concerns: tuple[str, ...]
    """See ``agreement.concerns``: of the read key's account."""


class _Total(msgspec.Struct, frozen=True, rename="camel"):
    total_eq: str = ""


def find_keys(store: Store | None, execution: str, purpose: str = "trade") -> Credentials:
    """The key of an environment. Raises ConfigError saying how to add one."""
    wanted = name(f"okx/{execution}/{purpose}")
    keys = store.get(wanted) if store is not None else None
    if keys is None:
        raise ConfigError(f"there is no key {wanted}: cockpit keys add {wanted}")
    return keys


async def patient(work: Callable[[], Awaitable[T]]) -> T:
    """Read, and read again where the venue only says "not now". Raises Transient when it keeps saying so."""
    for _ in range(START_TRIES - 1):
        try:
            return await work()
        except Transient:
            await asyncio.sleep(START_PAUSE_S)
    return await work()


@asynccontextmanager
async def _asking(config: Config, keys: Credentials) -> AsyncIterator[Rest]:
    where = endpoints(
        config.okx.region,
        demo=keys.environment == "demo",
        rest=config.okx.rest,
        socket=config.okx.socket,
        ca_file=config.okx.ca_file,
    )
    rest = Rest(where, keys, Budget(asyncio.get_running_loop().time))
    try:
        await patient(lambda: rest.sync(lambda: time.time_ns() // 1_000_000))
        yield rest
    finally:
        await rest.close()


async def facts_of(config: Config, keys: Credentials) -> dict[str, Any]:
    """What OKX says about a key, for ``cockpit keys`` and ``doctor``. Raises VenueError or Transient."""
    async with _asking(config, keys) as rest:
        found = await account_config(rest)
        return {
            "uid": found.uid,
            "permissions": sorted(found.permissions),
            "position_mode": found.pos_mode,
            "account_level": level(found),
            "bound_to_ip": bool(found.ip.strip()),
            "clock_ms": rest.offset_ms,
            "faults": key_faults(found, keys.purpose),
            "concerns": concerns(found),
        }


async def look(config: Config, keys: Credentials) -> Seen:
    """The live account through its read key: what a person is shown before typing the word.

    Raises VenueError when the key is more than a read key, or the venue refuses; Transient when it is away.
    """
    async with _asking(config, keys) as rest:
        found = await account_config(rest)
        faults = key_faults(found, keys.purpose)
        if faults:
            raise VenueError(f"okx/{keys.environment}/{keys.purpose}: {'; '.join(faults)}")
        total = await rest.get("account/balance", {}, _Total)
        held = await rest.get("account/positions", {}, PositionRow)
        orders = await rest.get("trade/orders-pending", {}, OrderRow)
        stops = await rest.get("trade/orders-algo-pending", {"ordType": "conditional,oco"}, AlgoRow)
        return Seen(
            found.uid,
            urlsplit(rest.host).netloc,
            level(found),
            found.pos_mode,
            total[0].total_eq if total else "",
            sum(1 for row in held if number(row.pos)),
            len(orders) + len(stops),
            tuple(concerns(found)),
        )


def level(found: AccountConfig) -> str:
    """The account's mode in OKX's words."""
    return LEVELS.get(found.acct_lv, f"unknown ({found.acct_lv or 'not told'})")
