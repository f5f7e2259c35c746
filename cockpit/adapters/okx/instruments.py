"""OKX's lists of markets → core Instruments, with the account's real fees and the venue's margin tiers.

Source: OKX API v5, "Get instruments", "Get position tiers", "Get fee rates".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from cockpit.adapters.okx.rest import Refused, Rest
from cockpit.adapters.okx.rows import number, symbol
from cockpit.core.errors import ConfigError, Transient
from cockpit.core.types import ONE, ZERO, Instrument, InstrumentState, Kind, MarginMode, MarginTier

STATES = {
    "live": InstrumentState.LIVE,
    "preopen": InstrumentState.PREOPEN,
    "expired": InstrumentState.EXPIRED,
}
"""Any other word (suspend, rebase, post_only, test …) means: no new orders."""
KINDS = {"SPOT": Kind.SPOT, "linear": Kind.LINEAR, "inverse": Kind.INVERSE}
HOUR = 3_600_000


class MarketRow(msgspec.Struct, frozen=True, rename="camel"):
    """One row of GET public/instruments, or of the ``instruments`` channel."""

    inst_id: str
    inst_type: str
    state: str = "live"
    base_ccy: str = ""
    quote_ccy: str = ""
    settle_ccy: str = ""
    ct_val: str = ""
    ct_mult: str = ""
    ct_val_ccy: str = ""
    ct_type: str = ""
    tick_sz: str = ""
    lot_sz: str = ""
    min_sz: str = ""
    max_lmt_sz: str = ""
    inst_family: str = ""
    inst_id_code: int | str | None = None


class TierRow(msgspec.Struct, frozen=True, rename="camel"):
    max_sz: str
    mmr: str
    max_lever: str


class FeeRow(msgspec.Struct, frozen=True, rename="camel"):
    """Fees of the account: negative is paid, positive is a rebate."""

    maker: str = ""
    taker: str = ""
    maker_u: str = ""
    taker_u: str = ""
    maker_usdc: str = msgspec.field(default="", name="makerUSDC")
    taker_usdc: str = msgspec.field(default="", name="takerUSDC")


class RateRow(msgspec.Struct, frozen=True, rename="camel"):
    funding_time: str = ""
    next_funding_time: str = ""


class Listed(msgspec.Struct, frozen=True):
    """An instrument, and what only the adapter needs to know about it."""

    instrument: Instrument
    code: int
    """``instIdCode`` of orders over WebSocket; 0 = the venue names none (REST is used)."""
    kind: str
    """SPOT | SWAP | FUTURES"""
    family: str


MARKETS = msgspec.json.Decoder(list[MarketRow], strict=False)


def listed(row: MarketRow) -> Listed | None:
    """One market; None for what is not traded here (options). Raises ValueError for incomplete numbers."""
    if row.inst_type not in {"SPOT", "SWAP", "FUTURES"}:
        return None
    kind = KINDS.get(row.ct_type or row.inst_type)
    if kind is None:
        return None
    head = row.inst_id.split("-")
    if kind is not Kind.SPOT and len(head) < 2:
        raise ValueError(f"{row.inst_id!r} names no pair")
    base, quote = (row.base_ccy, row.quote_ccy) if kind is Kind.SPOT else (head[0], head[1])
    tick, lot, least = (number(text) for text in (row.tick_sz, row.lot_sz, row.min_sz))
    if tick <= 0 or lot <= 0:
        raise ValueError(f"{row.inst_id}: no tick or lot size")
    value = ONE if kind is Kind.SPOT else number(row.ct_val) * (number(row.ct_mult) or ONE)
    if value <= 0:
        raise ValueError(f"{row.inst_id}: no contract value")
    instrument = Instrument(
        symbol=symbol(row.inst_id),
        kind=kind,
        base=base,
        quote=quote,
        settle=quote if kind is Kind.SPOT else row.settle_ccy,
        tick=tick,
        lot=lot,
        min_qty=least or lot,
        contract_value=value,
        max_qty=number(row.max_lmt_sz),
        state=STATES.get(row.state, InstrumentState.SUSPENDED),
    )
    code = str(row.inst_id_code or "")
    return Listed(instrument, int(code) if code.isdigit() else 0, row.inst_type, row.inst_family)


def relisted(row: MarketRow, known: Listed) -> Listed | None:
    """A push about a market that we know: its new terms, with the fees and tiers that we had."""
    fresh = listed(row)
    if fresh is None:
        return None
    old = known.instrument
    kept = msgspec.structs.replace(
        fresh.instrument,
        maker_fee=old.maker_fee,
        taker_fee=old.taker_fee,
        tiers=old.tiers,
        funding_interval_ms=old.funding_interval_ms,
    )
    return Listed(kept, fresh.code or known.code, fresh.kind, fresh.family or known.family)


async def load(rest: Rest, symbols: Iterable[str], margin: MarginMode, *, private: bool) -> dict[str, Listed]:
    """The markets named (``okx:…``), complete. Raises ConfigError for one that OKX does not list."""
    wanted = [text.partition(":")[2] for text in symbols]
    types = {"SPOT" if name.count("-") == 1 else "SWAP" for name in wanted}
    found: dict[str, Listed] = {}
    for kind in sorted(types):
        rows = await rest.get("public/instruments", {"instType": kind}, MarketRow, scope=kind, private=False)
        for row in rows:
            if row.inst_id in wanted:
                one = listed(row)
                if one is not None:
                    found[one.instrument.symbol] = one
    missing = [name for name in wanted if symbol(name) not in found]
    if missing:
        raise ConfigError(f"OKX lists no {', '.join(missing)}")
    details = await asyncio.gather(*(_detailed(rest, one, margin, private) for one in found.values()))
    return {one.instrument.symbol: one for one in details}


async def _detailed(rest: Rest, one: Listed, margin: MarginMode, private: bool) -> Listed:
    changes: dict[str, object] = {}
    instrument = one.instrument
    if instrument.derivative:
        changes["tiers"] = await _tiers(rest, one, margin)
        rate = await rest.get(
            "public/funding-rate", {"instId": instrument.native}, RateRow, scope=instrument.native,
            private=False,
        )  # fmt: skip
        if rate and rate[0].next_funding_time and rate[0].funding_time:
            gap = int(rate[0].next_funding_time) - int(rate[0].funding_time)
            if gap > 0:
                changes["funding_interval_ms"] = max(HOUR, gap)
    if private:
        changes.update(await _fees(rest, one))
    return msgspec.structs.replace(one, instrument=msgspec.structs.replace(instrument, **changes))


async def _tiers(rest: Rest, one: Listed, margin: MarginMode) -> tuple[MarginTier, ...]:
    params = {"instType": one.kind, "tdMode": margin.value, "instFamily": one.family}
    rows = await rest.get("public/position-tiers", params, TierRow, private=False)
    return tuple(MarginTier(number(r.max_sz), number(r.mmr), number(r.max_lever)) for r in rows)


async def _fees(rest: Rest, one: Listed) -> Mapping[str, Decimal]:
    """The account's own rates; what OKX does not say stays at the default."""
    instrument = one.instrument
    params = {"instType": one.kind}
    if one.kind == "SPOT":
        params["instId"] = instrument.native
    else:
        params["instFamily"] = one.family
    try:
        rows = await rest.get("account/trade-fee", params, FeeRow)
    except (Refused, Transient):
        return {}
    if not rows:
        return {}
    row = rows[0]
    maker, taker = row.maker, row.taker
    if instrument.kind is Kind.LINEAR and instrument.settle == "USDT":
        maker, taker = row.maker_u or maker, row.taker_u or taker
    elif instrument.kind is not Kind.INVERSE and instrument.quote == "USDC":
        maker, taker = row.maker_usdc or maker, row.taker_usdc or taker
    return {"maker_fee": ZERO - number(maker), "taker_fee": ZERO - number(taker)} if taker else {}
