"""Run by the peers' Python: the market maker of ``tests/peers/joiner.py`` on hftbacktest; its fills as JSON.

    python joiner_elsewhere.py L2.npz [ROWS]

The stream is the peers' own (``gen_data.l2``). Kinds: 0, 1 a level of bids, asks; 2, 3 a trade by a buyer, a
seller; 4, 5 a level of a whole book.
"""

# mypy: ignore-errors

import json
import sys
import time

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    DEPTH_SNAPSHOT_EVENT,
    EXCH_EVENT,
    EXPIRED,
    FILLED,
    GTX,
    LIMIT,
    LOCAL_EVENT,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    ROIVectorMarketDepthBacktest,
    event_dtype,
)
from numba import njit

CODES = (
    DEPTH_EVENT | BUY_EVENT, DEPTH_EVENT | SELL_EVENT, TRADE_EVENT | BUY_EVENT, TRADE_EVENT | SELL_EVENT,
    DEPTH_SNAPSHOT_EVENT | BUY_EVENT, DEPTH_SNAPSHOT_EVENT | SELL_EVENT,
)  # fmt: skip
QTY, MOST = 0.001, 0.0095
FEED_NS, ORDER_NS, STEP_NS, HELD_NS = 10_000_000, 20_000_000, 100_000_000, 250_000_000


def events(path, rows):
    """The stream as hftbacktest has it."""
    z = np.load(path)
    made = np.zeros(min(rows, len(z["kind"])), event_dtype)
    n = len(made)
    made["ev"] = np.array([code | EXCH_EVENT | LOCAL_EVENT for code in CODES], "u8")[z["kind"][:n]]
    made["exch_ts"], made["local_ts"] = z["ts"][:n], z["ts"][:n] + FEED_NS
    made["px"], made["qty"] = np.round(z["px"][:n] / 10, 1), z["qty"][:n]
    return made


@njit
def play(hbt, start, fills):
    """Ours, written out: what is wished for a side, whether its order lives, how long nothing may be sent.

    The venue of both throws out a post-only order that would cross; ours then waits for ``HELD_NS``.
    """
    ids, shown, wished = np.zeros(2, np.int64), np.zeros(2), np.zeros(2, np.bool_)
    following, count, orders, held = 1, 0, 0, 0
    if hbt.elapse(1) != 0:
        return count, orders
    look = start
    while True:
        now = hbt.current_timestamp
        until = held if now < held < look else look
        if hbt.elapse(until - now) != 0:
            return count, orders
        position, depth, known = hbt.position(0), hbt.depth(0), hbt.orders(0)
        for side in range(2):
            order = known.get(ids[side]) if ids[side] else None
            if order is not None and order.status == FILLED:
                fills[count, 0], fills[count, 1] = order.exch_timestamp, 1 - 2 * side
                fills[count, 2] = order.exec_price_tick
                count += 1
                wished[side] = False
            elif order is not None and order.status == EXPIRED:
                held = max(held, order.local_timestamp + 2 * ORDER_NS + HELD_NS)
        hbt.clear_inactive_orders(0)
        known = hbt.orders(0)
        whole = depth.best_bid_tick > 0 and depth.best_ask_tick > depth.best_bid_tick
        if until == look:
            look += STEP_NS
            for side in range(2):
                best = depth.best_bid if side == 0 else depth.best_ask
                room = position < MOST if side == 0 else position > -MOST
                if whole and wished[side]:
                    wished[side] = abs(shown[side] - best) < 1e-9
                elif whole and room:
                    wished[side], shown[side] = True, best
        for side in range(2):
            order = known.get(ids[side]) if ids[side] else None
            if order is not None:
                if not wished[side] and order.cancellable:
                    hbt.cancel(0, ids[side], False)
            elif wished[side] and until >= held:
                ids[side] = following
                if side == 0:
                    hbt.submit_buy_order(0, following, shown[side], QTY, GTX, LIMIT, False)
                else:
                    hbt.submit_sell_order(0, following, shown[side], QTY, GTX, LIMIT, False)
                following += 1
                orders += 1


def run(made):
    """Once; CPU seconds of the loop besides."""
    asset = (
        BacktestAsset().data(made).linear_asset(1.0).constant_order_latency(ORDER_NS, ORDER_NS)
        .risk_adverse_queue_model().no_partial_fill_exchange().trading_value_fee_model(0.0002, 0.0005)
        .tick_size(0.1).lot_size(0.001).last_trades_capacity(0).roi_lb(50000.0).roi_ub(70000.0)
    )  # fmt: skip
    hbt = ROIVectorMarketDepthBacktest([asset])
    fills = np.zeros((2_000_000, 3), np.int64)
    begin = time.process_time()
    count, orders = play(hbt, int(made["local_ts"][0]), fills)
    spent = time.process_time() - begin
    position = float(hbt.position(0))
    hbt.close()
    return fills[:count], orders, position, spent


def main():
    """Twice: the first time compiles."""
    made = events(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 40)
    begin = time.perf_counter()
    run(made)
    cold = time.perf_counter() - begin
    fills, orders, position, spent = run(made)
    said = {"fills": fills.tolist(), "orders": orders, "position": position, "rows": len(made)}
    print(json.dumps({**said, "rows_s": len(made) / spent, "cold_s": cold}))


if __name__ == "__main__":
    main()
