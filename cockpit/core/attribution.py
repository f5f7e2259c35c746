"""Whose fill is it? Orders of ours name their sleeve; what the venue did by itself is divided."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from cockpit.core import events as ev
from cockpit.core.ledger.position import MONEY, part
from cockpit.core.state import State
from cockpit.core.types import ZERO, PosSide

FOREIGN = ""
"""The ledger books what no sleeve caused under its own foreign sub-book."""
OURS = "ck"
"""Every client id of ours begins with it; other orders of the account are never touched."""


def owners(state: State, event: ev.Fill) -> list[tuple[str, ev.Fill]]:
    """(sleeve, its part) of a fill whose order is not known.

    An order of ours that is long forgotten still names its sleeve in its client id. What the venue did
    unasked (liquidation, ADL) belongs to those that hold the other side, in their order, the rest to
    nobody. Quantities and fees of the parts add up to the fill's, to the last decimal.
    """
    owner = _by_id(state, event)
    if owner:
        return [(owner, event)]
    left = event.qty
    shares: list[tuple[str, Decimal]] = []
    for sleeve in state.sleeves.values() if event.kind is not ev.FillKind.EXTERNAL else ():
        held = _held(state, sleeve.id, event.pos_side) if sleeve.symbol == event.symbol else ZERO
        take = min(left, max(ZERO, -held * event.side.sign))
        if take > 0:
            shares.append((sleeve.id, take))
            left -= take
    if left > 0:
        shares.append((FOREIGN, left))
    return _divided(event, shares)


def _divided(event: ev.Fill, shares: list[tuple[str, Decimal]]) -> list[tuple[str, ev.Fill]]:
    parts: list[tuple[str, ev.Fill]] = []
    unpaid = event.fee
    for index, (sleeve_id, qty) in enumerate(shares):
        fee = unpaid if index == len(shares) - 1 else part(event.fee, qty, event.qty)
        unpaid = MONEY.subtract(unpaid, fee)
        trade_id = f"{event.trade_id}/{index}" if index else event.trade_id
        parts.append((sleeve_id, msgspec.structs.replace(event, qty=qty, fee=fee, trade_id=trade_id)))
    return parts


def _by_id(state: State, event: ev.Fill) -> str:
    """The sleeve that a client id of ours names; empty when it is not ours or trades something else."""
    digits = event.cid[3:6]
    if not event.cid.startswith(OURS) or not digits.isdigit():
        return FOREIGN
    for sleeve in state.sleeves.values():
        if sleeve.index == int(digits) and sleeve.symbol == event.symbol:
            return sleeve.id
    return FOREIGN


def _held(state: State, sleeve_id: str, pos_side: PosSide) -> Decimal:
    """The sleeve's position that a fill of ``pos_side`` touches: on a long/short account one of two."""
    if pos_side is PosSide.NET:
        return state.position(sleeve_id)
    book = state.ledger.sleeve(sleeve_id, pos_side)
    return book.qty if book is not None else ZERO


def lower_wish(state: State, sleeve_id: str, event: ev.Fill) -> None:
    """The venue closed (part of) the position: the wish must not buy it back.

    A wish for the other side stays: the strategy had already turned round.
    """
    sleeve = state.sleeves[sleeve_id]
    have = state.position(sleeve_id)
    intent = sleeve.intent
    if intent is None or intent.target is None or intent.target * event.side.sign >= 0:
        return
    if intent.target * have <= 0 or abs(have) < abs(intent.target):
        lowered = have if intent.target * have > 0 else ZERO
        sleeve.intent = msgspec.structs.replace(intent, target=lowered)
