"""The handle for tests and people: ``POST /admin/WHAT`` with a JSON object moves the market or breaks things.

faults {rule} | [rules]      add fault rules (none: show them)        heal {}            remove them all
strike {on, do, …}           break open sockets or the clock now      pause/resume {}    stop the market
move {instId, ticks | px}    every price of a market jumps            fund {instId, rate}
instrument {instId, state, tick, lot, min_qty}                        settling {instId, on}
maintenance {state, begin, end, title} | {}                           deposit {uid, ccy, amt}
truth {uid}                  what the venue itself knows about an account
log {}                       every order request that was looked at   sockets {}
config {uid, acctLv, perm, ip, …}                                     what account/config says instead
revoke {key}                 an API key is no more; its sockets are closed (4007)
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from cockpit.adapters.okx_exchange.account import Account
from cockpit.adapters.okx_exchange.faults import Fault
from cockpit.adapters.okx_exchange.figures import money, plain
from cockpit.adapters.okx_exchange.orders import fill_record, order_record
from cockpit.core.types import InstrumentState, MarginMode

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.server import Server

STATES = {
    "suspend": InstrumentState.SUSPENDED,
    "live": InstrumentState.LIVE,
    "preopen": InstrumentState.PREOPEN,
    "expired": InstrumentState.EXPIRED,
}


def do(server: Server, what: str, body: Any) -> Any:
    """Carry out one order of the tester. Raises KeyError, ValueError, TypeError for nonsense."""
    venue = server.venue
    now = venue.clock.now()
    if what == "faults":
        rows = body if isinstance(body, list) else [body] if body else []
        for rule in msgspec.convert(rows, list[Fault]):
            venue.faults.add(rule, now)
        return venue.faults.told()
    if what == "strike":
        server.strike(msgspec.convert(body, Fault))
        return {}
    if what == "heal":
        told = venue.faults.told()
        venue.faults.clear()
        venue.clock.skew = 0
        venue.settling.clear()
        return told
    if what in ("pause", "resume"):
        venue.advance()
        getattr(venue.feed, what)(now)
        return {}
    if what == "log":
        return venue.log
    if what == "sockets":
        return [
            {
                "door": s.door,
                "connId": s.conn_id,
                "uid": s.key.account.uid if s.key else "",
                "channels": sorted(sub.channel for sub in s.subscriptions.values()),
                "dead": s.dead,
                "mute": s.mute,
            }
            for s in server.hub.sockets
        ]
    if what == "revoke":
        server.revoke(body["key"])
        return {}
    if what == "config":
        account = next(a for a in venue.accounts if a.uid == body["uid"])
        account.told = {key: value for key, value in body.items() if key != "uid"}
        return {}
    if what == "truth":
        return truth(next(a for a in venue.accounts if a.uid == body["uid"]))
    return _market(server, what, body)


def _market(server: Server, what: str, body: dict[str, Any]) -> Any:
    venue = server.venue
    if what == "move":
        if "px" in body:
            venue.move_to(body["instId"], Decimal(str(body["px"])))
        else:
            venue.move(body["instId"], int(body["ticks"]))
    elif what == "fund":
        venue.fund(body["instId"], float(body["rate"]))
    elif what == "instrument":
        changes: dict[str, Any] = {n: Decimal(body[n]) for n in ("tick", "lot", "min_qty") if n in body}
        if "state" in body:
            changes["state"] = STATES[body["state"]]
        venue.relist(body["instId"], **changes)
    elif what == "settling":
        (venue.settling.add if body["on"] else venue.settling.discard)(body["instId"])
    elif what == "maintenance":
        keys = (
            "title",
            "state",
            "begin",
            "end",
            "href",
            "serviceType",
            "system",
            "scheDesc",
            "maintType",
            "env",
            "preOpenBegin",
        )
        venue.maintenance = [{key: str(body.get(key, "")) for key in keys}] if body else []
    elif what == "deposit":
        account = next(a for a in venue.accounts if a.uid == body["uid"])
        account.deposit(body["ccy"], Decimal(str(body["amt"])), venue.clock.now())
    else:
        raise KeyError(what)
    server.step()
    return {}


def truth(account: Account) -> dict[str, Any]:
    """Orders, fills, positions and money as the venue's own books have them."""
    desks = {mode: account.desk(mode) for mode in (MarginMode.CROSS, MarginMode.ISOLATED)}
    return {
        "orders": [order_record(order) for order in account.orders.values()],
        "algos": [
            {
                "algoId": str(algo.algo_id),
                "algoClOrdId": algo.name,
                "instId": algo.listed.inst_id,
                "side": str(algo.side),
                "posSide": str(algo.pos_side),
                "sz": algo.sz,
                "tag": algo.tag,
                "closes": algo.reduce_only or algo.whole,
                "state": algo.state,
            }
            for algo in account.algos.values()
        ],
        "fills": [fill_record(fill) for fill in account.fills],
        "positions": [
            {
                "instId": account.floor_of(p.symbol).listed.inst_id,
                "mgnMode": str(mode),
                "posSide": str(p.pos_side),
                "pos": plain(p.qty),
                "avgPx": money(p.entry),
            }
            for mode, desk in desks.items()
            for p in desk.positions()
        ],
        "cash": {ccy: money(amount) for ccy, amount in account.desk_cash().items()},
    }
