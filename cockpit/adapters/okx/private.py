"""What OKX tells us about our own orders and money, turned into facts. Pure: a frame in, facts out.

    orders        ──► Ack · Fill · Amended · AmendReject · Cancelled · OrderReport (filled)
    orders-algo   ──► Ack · Resting · Triggered · Amended · Cancelled
    account, positions, balance_and_position, fills ──► hints: what must now be read over REST

A push is news, not proof of completeness, so balances and positions in pushes only cause a read-back. A fill
without a usable trade id (system orders carry 0) causes a read of the fills: it is never booked twice.

Source: OKX API v5, private channels.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from cockpit.adapters.okx.frames import Frame
from cockpit.adapters.okx.rows import (
    OWN,
    AlgoRow,
    BalanceRow,
    OrderRow,
    PositionRow,
    number,
    owner,
    pos_side,
    side,
    signed,
    symbol,
)
from cockpit.core import events as ev
from cockpit.core.types import ZERO


class Hint(msgspec.Struct, frozen=True):
    """Something moved that only a read can tell exactly."""

    what: str
    """fills | bills"""
    why: str


class Wallet(msgspec.Struct, frozen=True):
    """Cash by currency as a push shows it; may be only what changed."""

    cash: dict[str, Decimal]


class Holdings(msgspec.Struct, frozen=True):
    """Positions as a push shows them."""

    positions: tuple[ev.VenuePosition, ...]


class Resting(msgspec.Struct, frozen=True):
    """What an order that waits is at present: the proof of an amend, of which its channel says no more."""

    cid: str
    price: Decimal
    qty: Decimal
    take: Decimal | None
    ord_type: str


class Child(msgspec.Struct, frozen=True):
    """An order of the venue's that works for one of our algo orders."""

    cid: str
    ord_id: str


News = ev.AnyEvent | Hint | Wallet | Holdings | Child | Resting

_ORDERS = msgspec.json.Decoder(list[OrderRow])
_ALGOS = msgspec.json.Decoder(list[AlgoRow])
_POSITIONS = msgspec.json.Decoder(list[PositionRow])
_BALANCES = msgspec.json.Decoder(list[BalanceRow])


class _Change(msgspec.Struct, frozen=True, rename="camel"):
    event_type: str = ""


_CHANGES = msgspec.json.Decoder(list[_Change])

CANCEL_REASONS = {
    "0": "system",
    "1": "user",
    "2": "reduce_only",
    "3": "margin",
    "6": "adl",
    "7": "delivery",
    "9": "funding",
    "13": "fok",
    "14": "ioc",
    "15": "price band",
    "17": "position closed",
    "20": "dead man",
    "21": "oco",
    "22": "reduce_only",
    "23": "reduce_only",
    "27": "price band",
    "31": "post_only",
    "32": "self_trade",
    "33": "too many makers",
    "36": "oco",
    "37": "oco",
}
"""``cancelSource`` → our word. Source: OKX API v5, "Order channel: cancelSource"."""

LIQUIDATIONS = frozenset(("full_liquidation", "partial_liquidation"))
FIRED = frozenset(("effective", "partially_effective", "order_placed"))
"""It has gone off. The last word is of older recordings."""
LEGS = {"sl": "stop", "tp": "take"}


def parse(frame: Frame, ts: int, own: str = OWN) -> list[News]:
    """The facts of a private push learned at ``ts``; [] for channels that say nothing to the machine.

    Raises ``msgspec.MsgspecError`` or ValueError when the payload is not what the channel promises.
    """
    reader = READERS.get(frame.arg.channel)
    return reader(frame, ts, own) if reader is not None else []


def _orders(frame: Frame, ts: int, own: str) -> list[News]:
    news: list[News] = []
    for row in _ORDERS.decode(frame.data):
        news += order(row, ts, own)
    return news


def order(row: OrderRow, ts: int, own: str = OWN) -> list[News]:
    """What one record of the ``orders`` channel says; nothing but fills where the order is not ours."""
    cid = owner(row.cl_ord_id, row.algo_cl_ord_id, own=own)
    news: list[News] = []
    if cid and cid != row.cl_ord_id:
        news.append(Child(cid, row.ord_id))
    filled = number(row.acc_fill_sz)
    if number(row.fill_sz) > 0 and row.trade_id:
        if row.trade_id == "0" or not (row.fill_fee or number(row.fill_sz) == filled):
            news.append(Hint("fills", f"order {row.ord_id}: no trade id or fee"))
        else:
            news.append(fill(row, ts, cid))
    if not cid:
        return news
    if row.amend_result == "0":
        news.append(ev.Amended(ts, cid, number(row.px), number(row.sz)))
    elif row.amend_result == "-1":
        news.append(ev.AmendReject(ts, cid, row.code, row.msg))
    if row.state == "live":
        news.append(ev.Ack(ts, cid, row.ord_id))
    elif row.state in {"canceled", "mmp_canceled"}:
        reason = CANCEL_REASONS.get(row.cancel_source, f"source {row.cancel_source or 'unknown'}")
        news.append(ev.Cancelled(ts, cid, filled, reason))
    elif row.state == "filled":
        # Whatever fills we have missed, this says how much there must be: the rest is asked for.
        news.append(report(row, cid, ts))
    elif row.state not in STATES:
        news.append(ev.DataFault(ts, symbol(row.inst_id), "garbage", f"order {cid}: state {row.state!r}"))
    return news


def fill(row: OrderRow, ts: int, cid: str) -> ev.Fill:
    """The fill that an ``orders`` push describes. OKX's fee is negative when charged."""
    fee = number(row.fill_fee) if row.fill_fee else number(row.fee)
    if row.category in LIQUIDATIONS:
        kind = ev.FillKind.LIQUIDATION
    elif row.category == "adl":
        kind = ev.FillKind.ADL
    elif row.category == "delivery":
        kind = ev.FillKind.DELIVERY
    else:
        kind = ev.FillKind.TRADE if cid else ev.FillKind.EXTERNAL
    return ev.Fill(
        ts,
        cid,
        row.ord_id,
        row.trade_id,
        symbol(row.inst_id),
        side(row.side),
        number(row.fill_px),
        number(row.fill_sz),
        -fee,
        row.fill_fee_ccy or row.fee_ccy,
        row.exec_type == "M",
        pos_side(row.pos_side),
        kind,
    )


STATES = {
    "live": "live",
    "partially_filled": "partial",
    "filled": "filled",
    "canceled": "cancelled",
    "mmp_canceled": "cancelled",
}


def report(row: OrderRow, cid: str, ts: int) -> ev.OrderReport:
    """The venue's word on one normal order. Raises ValueError for a state that we do not know."""
    if row.state not in STATES:
        raise ValueError(f"order state {row.state!r}")
    return ev.OrderReport(
        ts,
        cid,
        True,
        True,
        STATES[row.state],
        number(row.acc_fill_sz),
        number(row.px),
        number(row.sz),
        row.ord_id,
    )


def _algos(frame: Frame, ts: int, own: str) -> list[News]:
    news: list[News] = []
    for row in _ALGOS.decode(frame.data):
        news += algo(row, ts, own)
    return news


def algo(row: AlgoRow, ts: int, own: str = OWN) -> list[News]:
    """What one record of ``orders-algo`` or ``algo-advance`` says about an order of ours."""
    cid = owner(row.algo_cl_ord_id, row.cl_ord_id, own=own)
    if not cid:
        return []
    if row.amend_result == "0":
        return [ev.Amended(ts, cid, level(row), number(row.sz), take(row))]
    if row.amend_result == "-1":
        return [ev.AmendReject(ts, cid, row.code, row.msg)]
    if row.state in {"live", "pause"}:
        now = Resting(cid, level(row), number(row.sz), take(row), row.ord_type)
        return [ev.Ack(ts, cid, row.algo_id), now]
    if row.state in FIRED:
        children = [Child(cid, name) for name in (*row.ord_id_list, row.ord_id) if name and name != "0"]
        price = number(row.actual_px) or level(row)
        return [*children[:1], ev.Triggered(ts, cid, leg(row), price)]
    if row.state == "canceled":
        return [ev.Cancelled(ts, cid, ZERO, "user")]
    if row.state in {"order_failed", "partially_failed"}:
        return [ev.Cancelled(ts, cid, ZERO, f"failed {row.fail_code}".rstrip())]
    return [ev.DataFault(ts, symbol(row.inst_id), "garbage", f"algo {cid}: state {row.state!r}")]


def level(row: AlgoRow) -> Decimal:
    """The price at which it goes off; of an OCO the stop."""
    return number(row.sl_trigger_px or row.trigger_px or row.move_trigger_px or row.tp_trigger_px)


def take(row: AlgoRow) -> Decimal | None:
    """The take-profit of an order that has a stop, too; None = it has not both."""
    both = row.sl_trigger_px and row.tp_trigger_px
    return number(row.tp_trigger_px) if both else None


def leg(row: AlgoRow) -> str:
    """Which side of it went off, in the machine's words."""
    if row.actual_side in LEGS:
        return LEGS[row.actual_side]
    kinds = {"trigger": "trigger", "move_order_stop": "trail"}
    if row.ord_type in kinds:
        return kinds[row.ord_type]
    return "take" if row.tp_trigger_px and not row.sl_trigger_px else "stop"


def _account(frame: Frame, _ts: int, _own: str) -> list[News]:
    return [Wallet(cash_of(_BALANCES.decode(frame.data)))]


def cash_of(rows: list[BalanceRow]) -> dict[str, Decimal]:
    """Cash by currency: what is neither in isolated margin nor unrealised."""
    cash = {d.ccy: number(d.cash_bal) for row in rows for d in row.details}
    return {ccy: amount for ccy, amount in cash.items() if amount}


def _positions(frame: Frame, _ts: int, _own: str) -> list[News]:
    return [Holdings(held(_POSITIONS.decode(frame.data)))]


def held(rows: list[PositionRow]) -> tuple[ev.VenuePosition, ...]:
    """Open positions, signed."""
    return tuple(
        ev.VenuePosition(symbol(row.inst_id), signed(row), number(row.avg_px), pos_side(row.pos_side))
        for row in rows
        if number(row.pos)
    )


def _changes(frame: Frame, _ts: int, _own: str) -> list[News]:
    """Fills are told by ``orders``; whatever else moved money is in the bills."""
    kinds = sorted({row.event_type for row in _CHANGES.decode(frame.data)} - {"", "snapshot", "filled"})
    return [Hint("bills", kind) for kind in kinds]


def _fills(frame: Frame, _ts: int, _own: str) -> list[News]:
    """This channel names no fee: a reason to read, not to book."""
    return [Hint("fills", "fills channel")]


READERS: dict[str, Callable[[Frame, int, str], list[News]]] = {
    "orders": _orders,
    "orders-algo": _algos,
    "algo-advance": _algos,
    "account": _account,
    "positions": _positions,
    "balance_and_position": _changes,
    "fills": _fills,
}
