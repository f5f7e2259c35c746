"""What people and programs say: the doors, typed lines, requests, and text on its way to the terminal."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from cockpit.adapters import keys
from cockpit.adapters.okx_exchange.dispatch import ask, envelope, find
from cockpit.adapters.okx_exchange.endpoints import ENDPOINTS, Call
from cockpit.adapters.okx_exchange.feed import PracticeFeed
from cockpit.adapters.okx_exchange.keys import Key
from cockpit.adapters.okx_exchange.refusals import Refusal as VenueRefusal
from cockpit.adapters.okx_exchange.venue import OkxVenue
from cockpit.api import wire
from cockpit.app import quant
from cockpit.app.discover import discover
from cockpit.app.rig import Handler
from cockpit.app.runtime import Home, Plan, Runtime, open_runtime
from cockpit.app.session import instant, parse_sleeve
from cockpit.app.settings import load
from cockpit.core import audit, past, typed
from cockpit.core.config import Config
from cockpit.core.errors import ConfigError
from cockpit.core.frames import Answer
from cockpit.core.refusal import Refusal
from cockpit.core.registry import STRATEGIES
from cockpit.core.unreadable import UNREADABLE
from cockpit.lab.search.goal import goal_of
from cockpit.lab.search.method import discover as discover_search
from cockpit.lab.search.ranges import space_of
from cockpit.text import safe_text, say
from cockpit.tui import instants
from cockpit.tui.keymap import Keymap
from tests.fuzz.example import example
from tests.fuzz.mutate import HOSTILE, changed_bytes, of_bytes, of_msgpack
from tests.fuzz.target import Target, add
from tests.fuzz.venues import said


def text(raw: bytes) -> str:
    """As a terminal or a shell hands it over."""
    return raw.decode("utf-8", "replace")


# --- the door -------------------------------------------------------------------------------------

FROM_CLIENT = tuple(
    msgspec.msgpack.encode(one)
    for one in (
        wire.Hello(wire.PROTOCOL, "tui", True, 10.0),
        wire.Ask("id", "halt", {"flatten": "0"}),
        wire.Beat(),
        wire.Seen(),
    )
)
FROM_SERVER = tuple(
    msgspec.msgpack.encode(one)
    for one in (
        wire.Welcome(wire.PROTOCOL, 1, "practice", "0.1.0", "", True),
        wire.Refused("door.refused.full", {"most": "16"}),
        wire.LeaseNews("tui", False, "x"),
        Answer("id", True, "answer.taken", {}, {"a": [1, 2.5]}),
    )
)
add(
    Target(
        "door_client", ("cockpit/api/wire.py",), FROM_CLIENT, wire.from_client, (wire.Garbage,), of_msgpack, 3
    )
)
add(
    Target(
        "door_server", ("cockpit/api/wire.py",), FROM_SERVER, wire.from_server, (wire.Garbage,), of_msgpack, 2
    )
)

ASKS = said(
    ["halt", {"flatten": "1"}],
    ["resume", {"word": "RESUME", "reason": "ok"}],
    ["cancel", {"cid": "ckp001000000001"}],
    ["sleeve_off", {"sleeve": "x"}],
    ["why", {"symbol": "practice:BTC-USDT-SWAP"}],
    ["plan", {"verb": "enter", "symbol": "practice:BTC-USDT-SWAP", "side": "long", "qty": "1", "stop": "5"}],
    ["plan", {"verb": "lock", "what": "practice:BTC-USDT-SWAP", "reason": "x", "minutes": "5"}],
    ["apply", {"plan": "1a2b3c4d5e6f"}],
    ["approve", {"symbol": "practice:BTC-USDT-SWAP"}],
    ["reject", {"symbol": "practice:BTC-USDT-SWAP", "reason": "x"}],
    ["explain", {"cid": "x"}],
    ["audit", {"kinds": "gate", "before": "5", "limit": "5", "since": "1"}],
    ["trades", {"sleeve": "x", "from": "1", "to": "2"}],
    ["capital", {"to": "plan", "seal": "x"}],
    ["job", {"name": "x", "to": "run"}],
    ["versions", {}],
    ["promote", {"version": "x", "to": "shadow", "reason": "x"}],
    ["speed", {"speed": "max"}],
    ["status", {}],
    ["shares", {}],
    ["read", {}],
)


class Rig:
    """A practice machine that stands still: commands are stepped, time does not pass."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="cockpit-fuzz-"))
        atexit.register(self.close)
        self.runtime = self.loop.run_until_complete(self._opened())
        self.handler = Handler(self.runtime)
        self.loop.run_until_complete(self._begin())

    async def _opened(self) -> Runtime:
        from cockpit.app import market

        discover()
        root = self.folder
        config = Config()
        source = market.practice(config, 1_772_600_770_500, root, ())
        return await open_runtime(Plan(config, "practice", root, home=Home(root)), source)

    async def _begin(self) -> None:
        crew = self.runtime.crew
        crew.boot(1, "practice", "x", "x", self.runtime.wiring.first())
        await self._settle()

    async def _settle(self) -> None:
        """What waits in the inbox is stepped and journalled, as the kernel's task would."""
        crew = self.runtime.crew
        while getattr(crew.source, "queued", 0):
            crew.kernel._batch(await crew.source.take())
        await self.runtime.store.flush()

    def ask(self, verb: str, args: dict[str, str]) -> Answer:
        async def both() -> Answer:
            asked = asyncio.ensure_future(self.handler(verb, args, "fuzz:1", f"f{self.count}"))
            while not asked.done():
                await self._settle()
                await asyncio.sleep(0)
            return asked.result()

        self.count += 1
        return self.loop.run_until_complete(both())

    def close(self) -> None:
        self.loop.run_until_complete(self.runtime.close())
        self.loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    count = 0


@cache
def rig() -> Rig:
    return Rig()


def asked(raw: bytes) -> None:
    """Any verb with any arguments: an answer, in words that the catalogue has."""
    document = msgspec.json.decode(raw)
    verb, args = msgspec.convert(document, tuple[str, dict[str, str]])
    if verb in {"stop", "hold"}:
        return  # they end or hold the machine itself
    answer = rig().ask(verb, args)
    for lang in ("en", "zh"):
        harmless(say(answer.message, answer.args, lang))


add(
    Target(
        "door_commands",
        ("cockpit/app/rig.py",),
        ASKS,
        asked,
        UNREADABLE,
        weight=0.05,
    )
)


def restored(raw: bytes) -> None:
    """The closed trades that a run keeps beside its journal."""
    rig().runtime.projector.past.restore(raw)


add(
    Target(
        "trades_kept",
        ("cockpit/core/past.py",),
        lambda: msgspec.msgpack.encode(example(past.Saved)),
        restored,
        make=of_msgpack,
        weight=0.5,
    )
)

# --- what people type -----------------------------------------------------------------------------


def typed_line(raw: bytes) -> None:
    typed.from_line(text(raw))


def setting(raw: bytes) -> None:
    load(None, {"XDG_CONFIG_HOME": "/nonexistent", "HOME": "/nonexistent"}, [text(raw)])


def environment(raw: bytes) -> None:
    key, _, value = text(raw).partition("=")
    load(None, {key: value, "HOME": "/nonexistent"})


def keymap(raw: bytes) -> None:
    action, _, keys_ = text(raw).partition("=")
    Keymap({action: keys_})


def space(raw: bytes) -> None:
    discover()
    space_of(STRATEGIES["ema_trend"], {}, text(raw).split(";"))


def goal(raw: bytes) -> None:
    discover_search()
    name, *limits = text(raw).split(";")
    goal_of(name, limits)


def filtered(raw: bytes) -> None:
    args = msgspec.json.decode(raw, type=dict[str, str])
    audit.wanted(args)


TYPED: tuple[tuple[str, str, Any, tuple[type[BaseException], ...], Sequence[bytes]], ...] = (
    ("deeds", "cockpit/core/typed.py", typed_line, (Refusal,),
     (b"enter BTC-USDT-SWAP long 0.5 --stop 60000", b"exit BTC-USDT-SWAP --sleeve x --reason fork at noon", b"undo")),
    ("sleeve_words", "cockpit/app/session.py", lambda raw: parse_sleeve(text(raw)), (ConfigError,),
     (b"ema_trend:ema_fast=5,ema_slow=20@okx:BTC-USDT-SWAP/1h,4h", b"pairs@okx:A+okx:B/1h")),
    ("time_option", "cockpit/app/session.py", lambda raw: instant(text(raw)), (ConfigError,),
     (b"2024-08-08T23:54:00Z", b"2024-08-08", b"2024-08-08T23:54:00+02:00")),
    ("time_typed", "cockpit/tui/instants.py", lambda raw: instants.instant(text(raw), 1_772_600_770_500),
     (ValueError, OverflowError), (b"-15m", b"12:00:05", b"2026-05-01T12:00")),
    ("set_option", "cockpit/app/settings.py", setting, (ConfigError,),
     (b"run.equity=5000", b"risk.stops=[{layer = 'chandelier', n = 22}]", b"hotlist.max_move=0.5")),
    ("environment", "cockpit/app/settings.py", environment, (ConfigError,),
     (b"COCKPIT_RUN__EQUITY=5000", b"RISK_MAX_NOTIONAL=5", b"OKX_IS_DEMO=1")),
    ("keymap", "cockpit/tui/keymap.py", keymap, (ConfigError,), (b"halt=f9", b"quit=ctrl+n,f8", b"help=f7")),
    ("search_space", "cockpit/lab/search/ranges.py", space, (ConfigError,),
     (b"ema_fast=5..20:1", b"ema_fast=5..9:2;ema_slow=50", b"*")),
    ("search_goal", "cockpit/lab/search/goal.py", goal, (ConfigError,),
     (b"sharpe;trades>=30;mdd<=0.25", b"dsr;mdd<=0.1")),
    ("key_name", "cockpit/adapters/keys.py", lambda raw: keys.name(text(raw)), (ConfigError,),
     (b"okx/demo/trade", b"binance/live/read")),
)  # fmt: skip
for name, module, feed, declared, seeds in TYPED:
    slow = name in {"set_option", "environment", "keymap"}
    add(
        Target(
            name, (module,), tuple(seeds), feed, declared, of_bytes, 0.05 if slow else 1.0, refuses_seeds=True
        )
    )
add(
    Target(
        "audit_filter",
        ("cockpit/core/audit.py",),
        said({"kinds": "gate,fill", "since": "5", "words": "a\nb"}),
        filtered,
        (ValueError, *UNREADABLE),
    )
)
add(
    Target(
        "quant_request",
        ("cockpit/app/quant/__init__.py",),
        said(
            {"id": 1, "fn": "sharpe", "args": {"returns": [0.1, 0.2]}},
            {"id": 2, "fn": "ema", "args": [[1, 2, 3], 2]},
        ),
        quant.evaluate,
        weight=0.2,
    )
)

# --- our own exchange, which strangers' clients talk to --------------------------------------------


def refused_or_found(raw: bytes) -> None:
    method, _, path = text(raw).partition(" ")
    find(method, path)


add(
    Target(
        "exchange_path",
        ("cockpit/adapters/okx_exchange/dispatch.py",),
        tuple(f"{m} {p}".encode() for p, methods in list(ENDPOINTS.items())[:20] for m in methods),
        refused_or_found,
        (VenueRefusal,),
        of_bytes,
    )
)


@cache
def venue() -> tuple[OkxVenue, Key]:
    """An exchange that stands still, and a key that may trade on it."""
    made = OkxVenue(PracticeFeed(7, time.time_ns() // 1_000_000, ("BTC-USDT-SWAP",), 1.0), cash={"USDT": Decimal(10_000)}, limits=False,
                    history=5)  # fmt: skip
    return made, next(key for key in made.keys._keys.values() if "trade" in key.permissions)


ORDERS = said(
    ["POST /api/v5/trade/order", [{"instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "buy", "ordType": "limit", "px": "60000",
                                   "sz": "1", "clOrdId": "a1", "tag": "x"}]],
    ["POST /api/v5/trade/batch-orders", [{"instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "sell", "ordType": "market",
                                          "sz": "2"}]],
    ["POST /api/v5/trade/cancel-order", [{"instId": "BTC-USDT-SWAP", "clOrdId": "a1"}]],
    ["POST /api/v5/trade/amend-order", [{"instId": "BTC-USDT-SWAP", "clOrdId": "a1", "newSz": "3", "newPx": "1"}]],
    ["POST /api/v5/trade/order-algo", [{"instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "sell", "ordType": "conditional",
                                        "sz": "1", "slTriggerPx": "50000", "slOrdPx": "-1", "reduceOnly": "true"}]],
    ["GET /api/v5/trade/orders-history", [{"instType": "SWAP", "limit": "5", "after": "1", "begin": "1"}]],
    ["GET /api/v5/market/candles", [{"instId": "BTC-USDT-SWAP", "bar": "1m", "limit": "5"}]],
    ["GET /api/v5/account/positions", [{"instId": "BTC-USDT-SWAP"}]],
    ["POST /api/v5/trade/cancel-all-after", [{"timeOut": "10", "tag": "x"}]],
)  # fmt: skip


def requested(raw: bytes) -> None:
    """Any request at any of its doors: rows, or a refusal with one of its codes."""
    where, items = msgspec.convert(msgspec.json.decode(raw), tuple[str, list[dict[str, Any]]])
    method, _, path = where.partition(" ")
    endpoint = find(method, path)
    if endpoint is None or not items:
        return
    made, key = venue()
    call = Call(made, made.clock.now(), items[0], items, len(items) > 1, "", key, key.account, 0)
    envelope(ask(endpoint, call), 1, 2)


add(
    Target(
        "exchange_request",
        ("cockpit/adapters/okx_exchange/server.py", "cockpit/adapters/okx_exchange/socket.py"),
        ORDERS,
        requested,
        (VenueRefusal, *UNREADABLE),
        weight=0.5,
    )
)

# --- text on its way to the terminal ---------------------------------------------------------------


def sanitised(raw: bytes) -> None:
    """Nothing that speaks to a terminal, turns the line round or hides is left."""
    harmless(safe_text(raw.decode("utf-8", "surrogateescape")))


def harmless(shown: str) -> None:
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown), shown
    assert not any(
        c in shown for c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f"
    ), shown
    assert not any(0xD800 <= ord(c) <= 0xDFFF for c in shown), shown
    shown.encode("utf-8")


def hostile(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Words with control, bidi and zero-width characters in them."""
    parts = [str(rng.choice(HOSTILE)), chr(int(rng.random() * 0x300)), chr(0x2000 + int(rng.random() * 0x70))]
    line = "".join(rng.choice(parts) for _ in range(1 + int(rng.random() * 8)))
    return changed_bytes(rng, line.encode("utf-8", "surrogatepass"), seeds)


add(
    Target(
        "terminal_text",
        ("cockpit/text/safe.py",),
        (b"BTC-USDT-SWAP", "\x1b[2J\u202eevil".encode(), "比特币".encode()),
        sanitised,
        make=hostile,
        weight=4,
    )
)
