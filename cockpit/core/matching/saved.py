"""The venue written down, and woken up again: it survives a crash of everything around it."""

from __future__ import annotations

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


def dump(desk: Desk) -> bytes:
    """The desk as msgpack."""
    return ENCODER.encode(
        Saved(
            desk.seed, desk.account, desk.markets, desk.done, desk.fills, desk.bills, desk.orders_seen,
            desk.trades_seen, desk.draws,
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
