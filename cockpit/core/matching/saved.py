"""The venue written down, and woken up again: it survives a crash of everything around it."""

from __future__ import annotations

from itertools import islice

import msgspec

from cockpit.core.events import Fill, FundingPaid, Transfer
from cockpit.core.matching.account import Account
from cockpit.core.matching.books import Done, Market
from cockpit.core.matching.desk import Desk


class Saved(msgspec.Struct):
    """Everything but the rules, which come from the configuration."""

    seed: int
    account: Account
    markets: dict[str, Market]
    done: dict[str, Done]
    fills: list[Fill]
    bills: list[FundingPaid | Transfer]
    orders_seen: int
    trades_seen: int
    draws: int


ENCODER = msgspec.msgpack.Encoder()
DECODER: msgspec.msgpack.Decoder[Saved] = msgspec.msgpack.Decoder(Saved)


DONE: msgspec.msgpack.Decoder[Done] = msgspec.msgpack.Decoder(Done)


def ended(desk: Desk, after: int) -> list[tuple[str, bytes]]:
    """Ended orders from the ``after``-th on, as (client id, msgpack)."""
    return [(cid, ENCODER.encode(row)) for cid, row in islice(desk.done.items(), after, None)]


def revived(rows: list[tuple[str, bytes]]) -> dict[str, Done]:
    """Inverse of :func:`ended`."""
    return {cid: DONE.decode(raw) for cid, raw in rows}


def dump(desk: Desk, *, history: bool = True) -> bytes:
    """The desk as msgpack; without ``history`` its logs are left empty."""
    return ENCODER.encode(
        Saved(
            desk.seed, desk.account, desk.markets, desk.done if history else {},
            desk.fills if history else [], desk.bills if history else [],
            desk.orders_seen, desk.trades_seen, desk.draws,
        )
    )  # fmt: skip


def load(desk: Desk, raw: bytes) -> None:
    """Inverse of :func:`dump`, in place. Raises ``msgspec.ValidationError`` on anything else."""
    state = DECODER.decode(raw)
    desk.seed = state.seed
    desk.account = state.account
    desk.markets.clear()
    desk.markets.update(state.markets)
    desk.homes.clear()
    desk.homes.update({cid: market for market in state.markets.values() for cid in market.orders})
    desk.done = state.done
    desk.fills[:] = state.fills
    desk.bills[:] = state.bills
    desk.reports.clear()
    desk.orders_seen = state.orders_seen
    desk.trades_seen = state.trades_seen
    desk.draws = state.draws
