"""Every recorded REST answer is read into the adapter's own records, or refused with a reason."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.adapters.connectivity.verdict import Verdict
from cockpit.adapters.okx import instruments
from cockpit.adapters.okx.agreement import AccountConfig, Leverage
from cockpit.adapters.okx.codes import Reply, judge
from cockpit.adapters.okx.instruments import FeeRow, MarketRow, TierRow
from cockpit.adapters.okx.market import Candle
from cockpit.adapters.okx.reading import Rate
from cockpit.adapters.okx.rows import AlgoRow, BalanceRow, BillRow, FillRow, OrderRow, PositionRow
from cockpit.core.types import Kind

READS: dict[str, type[Any]] = {
    "account/balance": BalanceRow,
    "account/bills": BillRow,
    "account/config": AccountConfig,
    "account/leverage-info": Leverage,
    "account/positions": PositionRow,
    "account/trade-fee": FeeRow,
    "market/candles": Candle,
    "market/history-candles": Candle,
    "public/funding-rate-history": Rate,
    "public/instruments": MarketRow,
    "public/position-tiers": TierRow,
    "trade/fills": FillRow,
    "trade/fills-history": FillRow,
    "trade/order": OrderRow,
    "trade/orders-algo-history": AlgoRow,
    "trade/orders-algo-pending": AlgoRow,
    "trade/orders-history": OrderRow,
    "trade/orders-pending": OrderRow,
}
"""What the adapter reads over REST, and as what."""


def answers(shared: Path) -> list[tuple[str, str, str, Any]]:
    folder = shared / "market" / "okx_messages"
    rows = []
    for entry in json.loads((folder / "INDEX.json").read_text()):
        if entry["file"].startswith("rest/"):
            method, _, path = entry["endpoint"].partition(" ")
            body = json.loads((folder / entry["file"]).read_text())
            rows.append((entry["file"], method, path.removeprefix("/api/v5/").partition("?")[0], body))
    return rows


@pytest.mark.shared
def test_every_recorded_answer_is_read_or_refused(shared: Path) -> None:
    understood, refused = set(), {}
    for file, method, path, body in answers(shared):
        try:
            reply = msgspec.convert(body, Reply, strict=False)
        except msgspec.ValidationError as error:
            refused[file] = str(error)
            continue
        if method == "POST" or reply.code not in {"0", ""}:
            assert judge(reply).verdict in set(Verdict), file
            understood.add(file)
        elif path in READS and "code" in body:
            assert msgspec.convert(reply.data, list[READS[path]], strict=False), file  # type: ignore[misc]
            understood.add(file)
    # Objects where every trading endpoint has a list: a statistics page, and the site's own "no such page".
    assert set(refused) == {"rest/doc_get_rubik_support_coin.json", "rest/error_not_found.json"}
    assert len(understood) > 30


@pytest.mark.shared
def test_recorded_acknowledgements_and_errors_have_the_right_verdict(shared: Path) -> None:
    verdicts = {
        file: judge(msgspec.convert(body, Reply, strict=False)).verdict
        for file, method, _, body in answers(shared)
        if method == "POST" or file in {"rest/error_rate_limit.json", "rest/error_invalid_access_key.json"}
    }
    assert verdicts["rest/capture_place_order_market_swap.json"] is Verdict.DONE
    assert verdicts["rest/place_algo_order_rejected.json"] is Verdict.REFUSED
    assert verdicts["rest/error_rate_limit.json"] is Verdict.TRANSIENT
    assert verdicts["rest/error_invalid_access_key.json"] is Verdict.REFUSED


@pytest.mark.shared
def test_the_recorded_lists_of_markets_become_instruments(shared: Path) -> None:
    folder = shared / "market" / "okx_messages" / "sessions"
    found: dict[str, instruments.Listed] = {}
    with gzip.open(folder / "okx_rest_instruments_2022-05-13.jsonl.gz", "rt") as file:
        for line in file:
            for row in json.loads(line)["msg"]["data"]:
                one = instruments.listed(msgspec.convert(row, MarketRow, strict=False))
                if one is not None:
                    found[one.instrument.symbol] = one
    assert len(found) == 513 + 166 + 104  # options are not traded here
    swap = found["okx:BTC-USDT-SWAP"].instrument
    assert (swap.kind, swap.contract_value, swap.settle) == (Kind.LINEAR, Decimal("0.01"), "USDT")
    inverse = found["okx:BTC-USD-SWAP"].instrument
    assert (inverse.kind, inverse.contract_value, inverse.settle) == (Kind.INVERSE, Decimal(100), "BTC")
    assert found["okx:BTC-USDT"].instrument.kind is Kind.SPOT
