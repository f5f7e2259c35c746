"""Doctor's questions about OKX: is it there, do our clocks agree, do the keys do what they are named for?

Asked only where the settings say ``run.feed = okx``: nobody else's doctor goes to the network. Reads only.
"""

from __future__ import annotations

import asyncio
import os
import time

from cockpit.adapters import keys
from cockpit.adapters.okx.budget import Budget
from cockpit.adapters.okx.endpoints import Endpoints, endpoints
from cockpit.adapters.okx.line import Line
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.secret import Secret
from cockpit.app.health import Check
from cockpit.app.okx_keys import facts_of, patient
from cockpit.app.settings import Loaded
from cockpit.core.errors import CockpitError, Transient

CONNECT_S = 5.0
SKEW_MS, MOST_SKEW_MS = 1_000, 20_000
"""Worth a note; too far. OKX refuses what is signed 30 s off; we correct what we measure."""


def okx(found: Loaded) -> list[Check]:
    """Every answer about OKX."""
    checks = asyncio.run(_reached(found))
    if any(check.level == "bad" for check in checks):
        return checks  # keys cannot be asked about either
    return [*checks, *_keys(found)]


async def _reached(found: Loaded) -> list[Check]:
    config = found.config.okx
    demo = found.config.run.execution == "demo"
    where = endpoints(
        config.region, demo=demo, rest=config.rest, socket=config.socket, ca_file=config.ca_file
    )
    rest = Rest(where, None, Budget(asyncio.get_running_loop().time))
    place = {"host": where.rest}
    try:
        half = await patient(lambda: rest.sync(lambda: time.time_ns() // 1_000_000))
    except CockpitError as error:
        return [Check("okx", "bad", "cli.doctor.okx.away", {**place, "reason": str(error)})]
    finally:
        await rest.close()
    checks = [Check("okx", "ok", "cli.doctor.okx", {**place, "ms": f"{2 * half:.0f}"})]
    skew = abs(rest.offset_ms)
    word = "ok" if skew <= SKEW_MS else "warn" if skew <= MOST_SKEW_MS else "bad"
    message = "cli.doctor.skew" + {"ok": "", "warn": ".note", "bad": ".bad"}[word]
    checks.append(Check("clock_skew", word, message, {"ms": f"{rest.offset_ms:+d}"}))
    try:
        await _socket(where)
    except Exception as error:  # noqa: BLE001  whatever keeps a socket from opening is the answer
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        return [*checks, Check("okx_socket", "bad", "cli.doctor.okx.socket.bad", {"reason": reason})]
    return [*checks, Check("okx_socket", "ok", "cli.doctor.okx.socket", {"url": where.socket})]


async def _socket(where: Endpoints) -> None:
    from picows import ws_connect

    line = Line(lambda _raw, _now: None)
    async with asyncio.timeout(CONNECT_S):
        transport, _ = await ws_connect(
            lambda: line,
            where.stream("public"),
            ssl_context=where.tls(),
            websocket_handshake_timeout=CONNECT_S,
        )
    if line.transport is None:
        raise Transient("closed before the handshake was over")
    transport.disconnect(graceful=False)


KEY_DAYS = 180
"""A key that has lain here for so long has been where it could be read for so long."""
UNBOUND_DAYS = 10
"""OKX is reported to delete a trade key that is bound to no address after 14 days without use."""


def _keys(found: Loaded) -> list[Check]:
    """The keys that this execution needs: kept, openable, exactly as strong as their names say."""
    execution = found.config.run.execution
    if execution == "paper":
        return []
    purposes = ("read", "trade") if execution == "live" else ("trade",)
    return [_key(found, f"okx/{execution}/{purpose}") for purpose in purposes]


def _key(found: Loaded, name: str) -> Check:
    shown: dict[str, object] = {"name": name}
    try:
        store = keys.open_store(found.data_dir, _typed)
        which = keys.name(name)
        if which not in store.names():
            return Check("keys", "bad", "cli.doctor.keys.none", shown)
        if isinstance(store, keys.KeyFile) and not _may_open():
            return Check("keys", "warn", "cli.doctor.keys.sealed", shown)
        kept = store.get(which)
        if kept is None:
            return Check("keys", "bad", "cli.doctor.keys.none", shown)
        facts = asyncio.run(facts_of(found.config, kept))
    except CockpitError as error:
        return Check("keys", "bad", "cli.doctor.keys.bad", {**shown, "reason": str(error)})
    if facts["faults"]:
        return Check("keys", "bad", "cli.doctor.keys.bad", {**shown, "reason": "; ".join(facts["faults"])})
    days = keys.days_old(store.added(which))
    shown |= {"uid": facts["uid"], "permissions": ", ".join(facts["permissions"]), "days": days}
    unbound = "no_ip" in facts["concerns"] and found.config.run.execution == "live"
    if unbound and which.purpose == "trade" and days is not None and days >= UNBOUND_DAYS:
        return Check("keys", "warn", "cli.doctor.keys.unbound_old", shown)
    if unbound:
        return Check("keys", "warn", "cli.doctor.keys.no_ip", shown)
    if days is not None and days >= KEY_DAYS:
        return Check("keys", "warn", "cli.doctor.keys.old", shown)
    return Check("keys", "ok", "cli.doctor.keys", shown)


def _may_open() -> bool:
    """Doctor asks nobody for a password: it opens the key file only where a file holds it."""
    return bool(os.environ.get(keys.PASSWORD_FILE))


def _typed(_prompt: str) -> Secret:
    raise AssertionError("doctor does not ask for passwords")
