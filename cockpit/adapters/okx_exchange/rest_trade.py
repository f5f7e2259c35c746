"""Private REST of trading: orders, algo orders, fills, the dead man's switch."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from cockpit.adapters.okx_exchange import algos
from cockpit.adapters.okx_exchange.algo_placing import amend_algo, named_algo, place_algo
from cockpit.adapters.okx_exchange.changing import amend, arm, cancel, close_position, named
from cockpit.adapters.okx_exchange.endpoints import Answer, Call, Limit, Rows, endpoint, page
from cockpit.adapters.okx_exchange.figures import text
from cockpit.adapters.okx_exchange.orders import CANCELED, Order, fill_record, order_record
from cockpit.adapters.okx_exchange.placing import place
from cockpit.adapters.okx_exchange.refusals import Refusal, missing

TRADE = "trade"
ONE, BATCH = Limit(60, scope="uid inst"), Limit(300, scope="uid inst")
SLOW = Limit(20, scope="uid inst")
TWO_HOURS, THREE_DAYS, WEEK, QUARTER = 7_200_000, 259_200_000, 604_800_000, 7_776_000_000
MOST = 20
Item = dict[str, Any]


def answered(results: list[tuple[Item, Refusal | None]]) -> Answer:
    """The envelope of order endpoints: 0 all taken, 1 none, 2 some."""
    bad = sum(refusal is not None for _, refusal in results)
    rows = [row for row, _ in results]
    if not bad:
        return Answer(rows, timed=True)
    if bad == len(results):
        return Answer(
            rows, "1", "All operations failed" if len(rows) > 1 else "Operation failed.", timed=True
        )
    return Answer(rows, "2", "Bulk operation partially succeeded.", timed=True)


def each(call: Call, work: Callable[[Item], Item], blank: Callable[[Item], Item]) -> Answer:
    """Do ``work`` for every item; what one is refused for does not touch the others.

    ``blank`` makes the row of a refused item. Raises Refusal 51111 for more items than a batch may hold.
    """
    if len(call.items) > MOST:
        raise Refusal("51111", "Maximum 20 orders can be placed in bulk.")
    results: list[tuple[Item, Refusal | None]] = []
    for index, item in enumerate(call.items):
        try:
            call.venue.item_fault(call, index)
            row = work(item)
            results.append(({**row, "ts": str(call.venue.clock.told()), "sCode": "0", "sMsg": ""}, None))
        except Refusal as refusal:
            row = {**blank(item), "ts": str(call.venue.clock.told())}
            results.append(({**row, "sCode": refusal.code, "sMsg": refusal.message}, refusal))
    for row, _ in results:
        row["subCode"] = ""
    return answered(results)


def in_time(call: Call) -> None:
    """The client's deadline. Raises Refusal 50036, 50037."""
    if call.expires and call.expires < call.now:
        raise Refusal("50036", "The expTime can't be earlier than the current system time.")
    if call.expires and call.expires < call.venue.clock.now():
        raise Refusal("50037", "Order expired.")


def place_orders(call: Call) -> Answer:
    """``order`` and ``batch-orders``, by either door."""
    in_time(call)
    seen: set[str] = set()

    def work(item: Item) -> Item:
        name = text(item, "clOrdId")
        if name and name in seen:
            raise Refusal("51016", "Client order ID already exists.")
        seen.add(name)
        order = None
        try:
            order = place(call.account, item, call.now)
        finally:
            call.venue.log_order(call, item, order)
        return {"ordId": str(order.ord_id), "clOrdId": order.cl_ord_id, "tag": order.tag}

    return each(call, work, lambda i: {"ordId": "", "clOrdId": text(i, "clOrdId"), "tag": text(i, "tag")})


def cancel_orders(call: Call) -> Answer:
    """``cancel-order`` and ``cancel-batch-orders``."""

    def work(item: Item) -> Item:
        order = cancel(call.account, item, call.now, call.venue.cancel_delay())
        assert order is not None
        return {"ordId": str(order.ord_id), "clOrdId": order.cl_ord_id}

    return each(call, work, lambda i: {"ordId": text(i, "ordId"), "clOrdId": text(i, "clOrdId")})


def amend_orders(call: Call) -> Answer:
    """``amend-order`` and ``amend-batch-orders``."""
    in_time(call)

    def work(item: Item) -> Item:
        order = amend(call.account, item, call.now)
        assert order is not None
        return {"ordId": str(order.ord_id), "clOrdId": order.cl_ord_id, "reqId": text(item, "reqId")}

    names = ("ordId", "clOrdId", "reqId")
    return each(call, work, lambda i: {name: text(i, name) for name in names})


for path, handler, limit, batched in (
    ("trade/order", place_orders, ONE, False),
    ("trade/batch-orders", place_orders, BATCH, True),
    ("trade/cancel-order", cancel_orders, ONE, False),
    ("trade/cancel-batch-orders", cancel_orders, BATCH, True),
    ("trade/amend-order", amend_orders, ONE, False),
    ("trade/amend-batch-orders", amend_orders, BATCH, True),
):
    endpoint("POST", path, limit, permission=TRADE, batch=batched)(handler)


@endpoint("POST", "trade/close-position", SLOW, permission=TRADE)
def close(call: Call) -> Rows:
    return [close_position(call.account, call.params, call.now)]


@endpoint("POST", "trade/mass-cancel", Limit(5, scope="uid"), permission=TRADE)
def mass_cancel(call: Call) -> Rows:
    if call.need("instType") != "OPTION":
        raise Refusal("51000", "Parameter instType error")
    call.need("instFamily")
    return [{"result": True}]


@endpoint("POST", "trade/cancel-all-after", Limit(1, 1_000, "uid tag"), permission=TRADE)
def cancel_all_after(call: Call) -> Rows:
    return [arm(call.account, call.params, call.now)]


@endpoint("GET", "trade/order", Limit(60, scope="uid inst"), permission="read_only")
def one_order(call: Call) -> Rows:
    order = named(call.account, call.params)
    if order is None or _forgotten(order, call.now):
        raise Refusal("51603", "Order does not exist")
    return [order_record(order)]


def _forgotten(order: Order, now: int) -> bool:
    """Orders that were cancelled unfilled are kept for two hours only."""
    return order.state == CANCELED and not order.filled and order.u_time < now - TWO_HOURS


def orders(call: Call, rows: Iterable[Order]) -> Rows:
    """Records of ``rows`` (oldest first), newest first, filtered and paged."""
    kind, inst_id, state, category = (call.get(n) for n in ("instType", "instId", "state", "category"))
    kinds = call.get("ordType").split(",") if call.get("ordType") else []
    family = call.get("instFamily") or call.get("uly")
    found = (
        order_record(order)
        for order in reversed([*rows])
        if kind in ("", order.listed.inst_type)
        and inst_id in ("", order.listed.inst_id)
        and family in ("", order.listed.family)
        and state in ("", order.state)
        and category in ("", order.category)
        and (not kinds or order.ord_type in kinds)
    )
    return page(found, call, "ordId", stamp="cTime")


@endpoint("GET", "trade/orders-pending", Limit(60, scope="uid"), permission="read_only")
def pending(call: Call) -> Rows:
    return orders(call, call.account.live.values())


def ended(call: Call, reach: int) -> Rows:
    call.need("instType")
    rows = [
        order
        for order in call.account.orders.values()
        if order.ended and order.u_time >= call.now - reach and not _forgotten(order, call.now)
    ]
    return orders(call, rows)


@endpoint("GET", "trade/orders-history", Limit(40, scope="uid"), permission="read_only")
def history(call: Call) -> Rows:
    return ended(call, WEEK)


@endpoint("GET", "trade/orders-history-archive", Limit(20, scope="uid"), permission="read_only")
def archive(call: Call) -> Rows:
    return ended(call, QUARTER)


def fill_rows(call: Call, reach: int) -> Rows:
    kind, inst_id, ord_id, sub_type = (call.get(n) for n in ("instType", "instId", "ordId", "subType"))
    family = call.get("instFamily") or call.get("uly")
    rows = (
        fill_record(fill)
        for fill in reversed(call.account.fills)
        if fill.ts >= call.now - reach
        and kind in ("", fill.listed.inst_type)
        and inst_id in ("", fill.listed.inst_id)
        and family in ("", fill.listed.family)
        and ord_id in ("", str(fill.ord_id))
        and sub_type in ("", fill.sub_type)
    )
    return page(rows, call, "billId")


@endpoint("GET", "trade/fills", Limit(60, scope="uid"), permission="read_only")
def fills(call: Call) -> Rows:
    return fill_rows(call, THREE_DAYS)


@endpoint("GET", "trade/fills-history", Limit(10, scope="uid"), permission="read_only")
def fills_history(call: Call) -> Rows:
    call.need("instType")
    return fill_rows(call, QUARTER)


@endpoint("GET", "trade/account-rate-limit", Limit(1, 1_000, "uid"), permission="read_only")
def rate_limit(call: Call) -> Rows:
    return [
        {"fillRatio": "", "mainFillRatio": "", "accRateLimit": "1000", "nextAccRateLimit": "1000",
         "ts": str(call.now)}
    ]  # fmt: skip


# --- algo orders ----------------------------------------------------------------------------------


@endpoint("POST", "trade/order-algo", SLOW, permission=TRADE)
def order_algo(call: Call) -> Answer:
    def work(item: Item) -> Item:
        algo = place_algo(call.account, item, call.now)
        return {"algoId": str(algo.algo_id), "algoClOrdId": algo.name, "clOrdId": algo.name, "tag": algo.tag}

    def blank(item: Item) -> Item:
        name = text(item, "algoClOrdId") or text(item, "clOrdId")
        return {"algoId": "", "algoClOrdId": name, "clOrdId": name, "tag": text(item, "tag")}

    return each(call, work, blank)


def cancel_algo(call: Call) -> Answer:
    if len(call.items) > 10:
        raise Refusal("51111", "Maximum 10 algo orders can be canceled in bulk.")

    def work(item: Item) -> Item:
        algo = named_algo(call.account, item)
        if algo is None or algo.algo_id not in call.account.live_algos:
            raise Refusal(
                "51400", "Order cancellation failed as the order has been filled, canceled or does not exist."
            )
        algos.drop(call.account, algo, call.now)
        return {"algoId": str(algo.algo_id), "algoClOrdId": algo.name}

    return each(call, work, lambda i: {name: text(i, name) for name in ("algoId", "algoClOrdId")})


for name in ("trade/cancel-algos", "trade/cancel-advance-algos"):
    endpoint("POST", name, SLOW, permission=TRADE)(cancel_algo)


@endpoint("POST", "trade/amend-algos", SLOW, permission=TRADE)
def amend_algos(call: Call) -> Answer:
    def work(item: Item) -> Item:
        algo = amend_algo(call.account, item, call.now)
        return {"algoId": str(algo.algo_id), "algoClOrdId": algo.name, "reqId": text(item, "reqId")}

    return each(call, work, lambda i: {name: text(i, name) for name in ("algoId", "algoClOrdId", "reqId")})


@endpoint("GET", "trade/order-algo", SLOW, permission="read_only")
def one_algo(call: Call) -> Rows:
    algo = named_algo(call.account, call.params)
    if algo is None:
        raise Refusal("51603", "Order does not exist")
    return [algos.algo_record(algo)]


def algo_rows(call: Call, rows: Iterable[algos.Algo]) -> Rows:
    kinds = call.need("ordType").split(",")
    wanted = {name: call.get(name) for name in ("instType", "instId", "algoId", "algoClOrdId", "state")}
    found = [algos.algo_record(algo) for algo in rows if algo.ord_type in kinds]
    found = [row for row in found if all(not value or row[name] == value for name, value in wanted.items())]
    found.sort(key=lambda row: int(row["algoId"]), reverse=True)
    return page(found, call, "algoId", stamp="cTime")


@endpoint("GET", "trade/orders-algo-pending", SLOW, permission="read_only")
def pending_algos(call: Call) -> Rows:
    return algo_rows(call, call.account.live_algos.values())


@endpoint("GET", "trade/orders-algo-history", SLOW, permission="read_only")
def ended_algos(call: Call) -> Rows:
    if not call.get("state") and not call.get("algoId"):
        raise missing("state")
    account = call.account
    return algo_rows(call, (a for a in account.algos.values() if a.algo_id not in account.live_algos))
