"""Public REST: time, instruments, prices, books, candles, trades, funding. Nobody has to sign here."""

from __future__ import annotations

from cockpit.adapters.okx_exchange.candles import Candles
from cockpit.adapters.okx_exchange.endpoints import Call, Limit, Rows, endpoint
from cockpit.adapters.okx_exchange.figures import amount
from cockpit.adapters.okx_exchange.floor import Floor
from cockpit.adapters.okx_exchange.listed import record, tiers
from cockpit.adapters.okx_exchange.refusals import Refusal, missing, unknown_instrument
from cockpit.core.types import InstrumentState, Side

TYPES = frozenset(("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION", "EVENTS"))
RECENT = 1_440
"""Bars that ``market/candles`` reaches back."""


def chosen(call: Call, *, need_type: bool = True) -> list[Floor]:
    """Markets by ``instType``, ``instFamily`` (or the old ``uly``) and ``instId``."""
    kind = call.need("instType") if need_type else call.get("instType")
    if kind and kind not in TYPES:
        raise Refusal("51000", "Parameter instType error")
    family, inst_id = call.get("instFamily") or call.get("uly"), call.get("instId")
    return [
        floor
        for floor in call.venue.floors.values()
        if (not kind or floor.listed.inst_type == kind)
        and (not family or floor.listed.family in family.split(","))
        and (not inst_id or floor.listed.inst_id == inst_id)
    ]


def the_floor(call: Call) -> Floor:
    """The market of ``instId``. Raises Refusal 50014 or 51001."""
    floor = call.venue.floors.get(call.need("instId"))
    if floor is None:
        raise unknown_instrument()
    return floor


@endpoint("GET", "public/time", Limit(10))
def time(call: Call) -> Rows:
    return [{"ts": str(call.venue.clock.told())}]


@endpoint("GET", "public/instruments", Limit(20, scope="ip type"))
def instruments(call: Call) -> Rows:
    rows = [
        floor.listed for floor in chosen(call) if floor.listed.instrument.state is not InstrumentState.EXPIRED
    ]
    if call.get("instId") and call.get("instId") not in call.venue.floors:
        raise unknown_instrument()
    return [record(listed) for listed in rows]


@endpoint("GET", "market/ticker", Limit(20))
def ticker(call: Call) -> Rows:
    return [the_floor(call).ticker(call.now)]


@endpoint("GET", "market/tickers", Limit(20))
def tickers(call: Call) -> Rows:
    return [floor.ticker(call.now) for floor in chosen(call)]


@endpoint("GET", "market/books", Limit(40))
def books(call: Call) -> Rows:
    return [book(the_floor(call), call.count(1, 400, "sz"), 4)]


@endpoint("GET", "market/books-full", Limit(10))
def books_full(call: Call) -> Rows:
    return [book(the_floor(call), call.count(1, 5_000, "sz"), 3)]


def book(floor: Floor, depth: int, width: int) -> dict[str, object]:
    """Both sides, best first; a level has 4 elements, in the full book 3."""

    def side(which: Side) -> list[list[str]]:
        rows = [floor.level(*level) for level in floor.top(which, depth)]
        return rows if width == 4 else [[px, sz, count] for px, sz, _, count in rows]

    return {"asks": side(Side.SELL), "bids": side(Side.BUY), "ts": str(floor.book_ts)}


@endpoint("GET", "market/candles", Limit(40))
def candles(call: Call) -> Rows:
    floor = the_floor(call)
    return bars(call, floor.last_prices, floor, 300, RECENT)


@endpoint("GET", "market/history-candles", Limit(20))
def history_candles(call: Call) -> Rows:
    floor = the_floor(call)
    return bars(call, floor.last_prices, floor, 300)


@endpoint("GET", "market/mark-price-candles", Limit(20))
def mark_candles(call: Call) -> Rows:
    return [[*row[:5], row[-1]] for row in bars(call, the_floor(call).marks, None, 100)]


@endpoint("GET", "market/history-mark-price-candles", Limit(20))
def history_mark_candles(call: Call) -> Rows:
    return mark_candles(call)  # type: ignore[return-value]


@endpoint("GET", "market/index-candles", Limit(20))
def index_candles(call: Call) -> Rows:
    return [[*row[:5], row[-1]] for row in bars(call, by_index(call).indices, None, 100)]


@endpoint("GET", "market/history-index-candles", Limit(20))
def history_index_candles(call: Call) -> Rows:
    return index_candles(call)  # type: ignore[return-value]


def by_index(call: Call) -> Floor:
    """A market on the index of ``instId`` (``BTC-USDT``)."""
    wanted = call.need("instId")
    for floor in call.venue.floors.values():
        if floor.listed.index_id == wanted:
            return floor
    raise unknown_instrument()


def bars(call: Call, source: Candles, floor: Floor | None, most: int, reach: int = 0) -> Rows:
    """Candles newest first between the exclusive cursors; with volumes when ``floor`` is given."""
    bar = call.get("bar") or "1m"
    after, before = call.instant("after"), call.instant("before")
    rows = source.rows(bar, call.now)
    if reach:
        rows = rows[-reach:]
    out = [
        [str(row[0]), *(amount(v) for v in (row[1:] if floor else row[1:5])), "1" if closed else "0"]
        for row, closed in reversed(rows)
        if (after is None or row[0] < after) and (before is None or row[0] > before)
    ]
    return out[: call.count(100, most)]


@endpoint("GET", "market/trades", Limit(100))
def trades(call: Call) -> Rows:
    floor = the_floor(call)
    rows = [floor.trade_record(row) for row in reversed(floor.trades)]
    return rows[: call.count(100, 500)]


@endpoint("GET", "market/history-trades", Limit(20))
def history_trades(call: Call) -> Rows:
    floor = the_floor(call)
    after, before = call.instant("after"), call.instant("before")
    by_time = call.get("type") == "2"
    rows = [
        floor.trade_record(row)
        for row in reversed(floor.trades)
        for cursor in [row.ts if by_time else row.trade_id]
        if (after is None or cursor < after) and (before is None or cursor > before)
    ]
    return rows[: call.count(100, 100)]


@endpoint("GET", "market/index-tickers", Limit(20))
def index_tickers(call: Call) -> Rows:
    if call.get("instId"):
        return [by_index(call).index_ticker(call.now)]
    quote = call.get("quoteCcy")
    if not quote:
        raise Refusal("50015", "Either parameter instId or quoteCcy is required.")
    found = {f.listed.index_id: f for f in call.venue.floors.values() if f.listed.instrument.quote == quote}
    return [floor.index_ticker(call.now) for floor in found.values()]


@endpoint("GET", "public/mark-price", Limit(10, scope="ip inst"))
def mark_price(call: Call) -> Rows:
    if not call.get("instId") and not call.get("instType"):
        raise missing("instType")
    if call.get("instId"):
        return [the_floor(call).mark_record()]
    return [floor.mark_record() for floor in chosen(call)]


@endpoint("GET", "public/funding-rate", Limit(10, scope="ip inst"))
def funding_rate(call: Call) -> Rows:
    wanted = call.need("instId")
    if wanted == "ANY":
        return [f.funding_record(call.now) for f in call.venue.floors.values() if f.listed.swap]
    floor = the_floor(call)
    if not floor.listed.swap:
        raise unknown_instrument()
    return [floor.funding_record(call.now)]


@endpoint("GET", "public/funding-rate-history", Limit(10))
def funding_history(call: Call) -> Rows:
    floor = the_floor(call)
    after, before = call.instant("after"), call.instant("before")
    rows = [
        {
            "instType": "SWAP",
            "instId": floor.listed.inst_id,
            "formulaType": "withRate",
            "fundingRate": amount(row.rate),
            "realizedRate": amount(row.rate),
            "fundingTime": str(row.ts),
            "method": "current_period",
        }
        for row in reversed(floor.settled)
        if (after is None or row.ts < after) and (before is None or row.ts > before)
    ]
    return rows[: call.count(400, 400)]


@endpoint("GET", "public/open-interest", Limit(20))
def open_interest(call: Call) -> Rows:
    return [floor.interest_record(call.now) for floor in chosen(call) if floor.listed.swap]


@endpoint("GET", "public/price-limit", Limit(20))
def price_limit(call: Call) -> Rows:
    return [the_floor(call).limit_record(call.now)]


@endpoint("GET", "public/position-tiers", Limit(10))
def position_tiers(call: Call) -> Rows:
    call.need("tdMode")
    rows = [row for floor in chosen(call) for row in tiers(floor.listed)]
    return [row for row in rows if call.get("tier") in ("", row["tier"])]


@endpoint("GET", "system/status", Limit(1, 5_000))
def status(call: Call) -> Rows:
    state = call.get("state")
    return [row for row in call.venue.maintenance if not state or row["state"] == state]


@endpoint("GET", "rubik/stat/contracts/open-interest-history", Limit(10))
def interest_history(call: Call) -> Rows:
    """One row a period, newest first, between ``begin`` and ``end``, both exclusive; the running one too."""
    floor = the_floor(call)
    begin, end = call.instant("begin"), call.instant("end")
    found = []
    for row, _closed in reversed(floor.interests.rows(call.get("period") or "5m", call.now)):
        if (end is None or row[0] < end) and (begin is None or row[0] > begin):
            coin, quote = floor.worth(row[4], floor.mark_price)
            found.append([str(row[0]), amount(row[4]), amount(coin), amount(quote)])
    return found[: call.count(100, 100)]


@endpoint("GET", "rubik/stat/contracts/long-short-account-ratio-contract", Limit(5))
def long_short_ratio(call: Call) -> Rows:
    """Nobody else trades here whose side could be counted."""
    the_floor(call)
    return []
