"""Order books in arrays over the prices of the tape: ours as in ``core.book``, the venue's as in ``feeds``.

A place in the arrays is the rank of a price among all that the market's tape shows, so that the next level is
the next place that is not empty.
"""

from __future__ import annotations

from math import inf, nan
from typing import Any

from cockpit.lab.depth.records import FAR

# --- ours -------------------------------------------------------------------------------------------------


def hear_delta(d: Any, i: int, ts: int) -> bool:
    """Changed levels, if they belong to the chain."""
    event = d.e[i]
    k = event.market
    book = d.k[k]
    if not book.ok or not book.whole:
        return False
    if event.prev != book.seq and event.prev != -1:
        book.gaps += 1
        book.ok = False
        return False
    fill(d, i, k)
    return settle(d, event.seq, k, ts)


def hear_snapshot(d: Any, i: int, ts: int) -> bool:
    """The whole book."""
    k = d.e[i].market
    for r in range(d.k[k].low, d.k[k].best_bid_depth + 1):
        d.p[r].bid = 0.0
    for r in range(d.k[k].best_ask_depth, d.k[k].high + 1):
        d.p[r].ask = 0.0
    d.k[k].low, d.k[k].high = d.k[k + 1].first, d.k[k].first - 1
    d.k[k].best_bid_depth, d.k[k].best_ask_depth = d.k[k].first - 1, d.k[k + 1].first
    fill(d, i, k)
    d.k[k].whole = True
    d.k[k].ok = True
    return settle(d, d.e[i].seq, k, ts)


def fill(d: Any, i: int, k: int) -> None:
    """Write levels into the arrays; the bounds become wide enough."""
    event, book = d.e[i], d.k[k]
    best, low = book.best_bid_depth, book.low
    for j in range(event.lo, event.mid):
        level = d.l[j]
        r, qty = level.rank, level.qty
        d.p[r].bid = qty
        if qty > 0.0:
            best, low = max(best, r), min(low, r)
    while best >= low and not d.p[best].bid > 0.0:
        best -= 1
    if best < low:
        best, low = book.first - 1, d.k[k + 1].first
    book.best_bid_depth, book.low = best, low
    best, high = book.best_ask_depth, book.high
    for j in range(event.mid, event.hi):
        level = d.l[j]
        r, qty = level.rank, level.qty
        d.p[r].ask = qty
        if qty > 0.0:
            best, high = min(best, r), max(high, r)
    while best <= high and not d.p[best].ask > 0.0:
        best += 1
    if best > high:
        best, high = d.k[k + 1].first, book.first - 1
    book.best_ask_depth, book.high = best, high


def settle(d: Any, seq: int, k: int, ts: int) -> bool:
    """Best prices from the depth, then the verdict."""
    book = d.k[k]
    book.seq = seq
    book.ts = ts
    book.touched = False
    bid, ask = book.best_bid_depth, book.best_ask_depth
    has_bid, has_ask = bid >= book.first, ask < d.k[k + 1].first
    book.best_bid = bid if has_bid else -1
    book.bid_qty = d.p[bid].bid if has_bid else nan
    book.best_ask = ask if has_ask else -1
    book.ask_qty = d.p[ask].ask if has_ask else nan
    if has_bid and has_ask and bid >= ask:
        book.crossed += 1
        book.ok = False
    return bool(book.ok)


def hear_touch(d: Any, i: int, ts: int) -> bool:
    """Best bid and ask alone."""
    k, j = d.e[i].market, d.e[i].lo
    bid, ask = d.l[j].rank, d.l[j + 1].rank
    if bid >= 0 and ask >= 0 and bid >= ask:
        d.k[k].crossed += 1
        d.k[k].ok = d.k[k].ok and d.k[k].whole
        return False
    has_bid, has_ask = bid >= 0 and d.l[j].qty > 0.0, ask >= 0 and d.l[j + 1].qty > 0.0
    d.k[k].best_bid = bid if has_bid else -1
    d.k[k].bid_qty = d.l[j].qty if has_bid else nan
    d.k[k].best_ask = ask if has_ask else -1
    d.k[k].ask_qty = d.l[j + 1].qty if has_ask else nan
    d.k[k].touched = True
    d.k[k].ts = ts
    if not d.k[k].whole:
        d.k[k].ok = True
    return True


def middle(d: Any, k: int) -> float:
    """Half way between the best prices, NaN without one of them."""
    return (best_bid(d, k) + best_ask(d, k)) / 2


def best_bid(d: Any, k: int) -> float:
    r = d.k[k].best_bid
    return float(d.p[r].price) if r >= 0 else nan


def best_ask(d: Any, k: int) -> float:
    r = d.k[k].best_ask
    return float(d.p[r].price) if r >= 0 else nan


def size_at(d: Any, r: int, bids: bool) -> float:
    """What the depth says of a rank."""
    return float(d.p[r].bid if bids else d.p[r].ask)


def next_rank(d: Any, k: int, r: int, bids: bool) -> int:
    """The next worse level that is not empty; -1 = there is none."""
    step = -1 if bids else 1
    end = d.k[k].low - 1 if bids else d.k[k].high + 1
    r += step
    while (r > end if bids else r < end) and not size_at(d, r, bids) > 0.0:
        r += step
    return r if (r > end if bids else r < end) else -1


def depth_of(d: Any, k: int, bids: bool, levels: int) -> float:
    """Total size of the first levels of the bids or asks. As ``Book.depth``."""
    total = 0.0
    r = d.k[k].best_bid if bids else d.k[k].best_ask
    size = d.k[k].bid_qty if bids else d.k[k].ask_qty
    seen = 0
    while r >= 0 and seen < levels:
        total += size
        seen += 1
        r = next_rank(d, k, r, bids)
        if r >= 0:
            size = size_at(d, r, bids)
    return total


def imbalance_of(d: Any, k: int, levels: int) -> float:
    """As ``Book.imbalance``."""
    bids = depth_of(d, k, True, levels)
    total = bids + depth_of(d, k, False, levels)
    return 2.0 * bids / total - 1.0 if total > 0.0 else nan


def slippage_of(d: Any, k: int, qty: float) -> float:
    """As ``View.slippage``: what taking ``qty`` (signed) at market would lose against the touch."""
    buy, wanted = qty > 0, abs(qty)
    r = d.k[k].best_ask if buy else d.k[k].best_bid
    size = d.k[k].ask_qty if buy else d.k[k].bid_qty
    left, cost, met = wanted, 0.0, False
    while r >= 0 and left > 0.0:
        take = min(left, size)
        cost += take * d.p[r].price
        left -= take
        met = True
        r = next_rank(d, k, r, not buy)
        if r >= 0:
            size = size_at(d, r, not buy)
    filled = wanted - left if met else 0.0
    if filled < wanted * (1 - 1e-9):
        return inf
    price = cost / filled if filled > 0.0 else nan
    return price / best_ask(d, k) - 1 if buy else 1 - price / best_bid(d, k)


# --- the venue's ------------------------------------------------------------------------------------------


def show(d: Any, i: int) -> None:
    """Changed levels at the venue; what we ate is there again where a level is shown."""
    m = d.m
    _write(d, i)
    for e in range(m.eaten):
        for j in range(d.e[i].lo, d.e[i].mid):
            if d.eaten[e].place == d.l[j].rank:
                d.eaten[e].place = FAR
        for j in range(d.e[i].mid, d.e[i].hi):
            if d.eaten[e].place == -1 - d.l[j].rank:
                d.eaten[e].place = FAR


def show_all(d: Any, i: int) -> None:
    """The whole book at the venue. What we ate stays eaten where a level has not changed."""
    m = d.m
    for e in range(m.eaten):
        d.eaten[e].was = _shown(d, d.eaten[e].place)
    if m.best_bid >= 0:
        for r in range(m.low, m.best_bid + 1):
            d.p[r].venue_bid = 0
    if m.best_ask >= 0:
        for r in range(m.best_ask, m.high + 1):
            d.p[r].venue_ask = 0
    m.best_bid = m.best_ask = -1
    m.low, m.high = d.k[m.mine + 1].first, d.k[m.mine].first - 1
    _write(d, i)
    for e in range(m.eaten):
        if d.eaten[e].place != FAR and _shown(d, d.eaten[e].place) != d.eaten[e].was:
            d.eaten[e].place = FAR


def _shown(d: Any, place: int) -> int:
    """Lots of an eaten level."""
    if place == FAR:
        return 0
    return int(d.p[place].venue_bid if place >= 0 else d.p[-1 - place].venue_ask)


def _write(d: Any, i: int) -> None:
    """Levels into the arrays; bests and bounds follow."""
    m, event = d.m, d.e[i]
    best, low = m.best_bid, m.low
    for j in range(event.lo, event.mid):
        level = d.l[j]
        r, lots = level.rank, level.lots
        if r >= 0:
            d.p[r].venue_bid = lots
            if lots:
                best, low = max(best, r), min(low, r)
    while best >= low and not d.p[best].venue_bid:
        best -= 1
    m.best_bid, m.low = (best, low) if best >= low else (-1, d.k[m.mine + 1].first)
    best, high = m.best_ask, m.high
    if best < 0:
        best = d.k[m.mine + 1].first
    for j in range(event.mid, event.hi):
        level = d.l[j]
        r, lots = level.rank, level.lots
        if r >= 0:
            d.p[r].venue_ask = lots
            if lots:
                best, high = min(best, r), max(high, r)
    while best <= high and not d.p[best].venue_ask:
        best += 1
    m.best_ask, m.high = (best, high) if best <= high else (-1, d.k[m.mine].first - 1)


def lowest_bid(d: Any) -> int:
    """Ticks of the lowest bid that the venue shows; 0 = none."""
    m = d.m
    if m.best_bid < 0:
        return 0
    while not d.p[m.low].venue_bid:
        m.low += 1
    return int(d.p[m.low].tick)


def highest_ask(d: Any) -> int:
    """Ticks of the highest ask that the venue shows; 0 = none."""
    m = d.m
    if m.best_ask < 0:
        return 0
    while not d.p[m.high].venue_ask:
        m.high -= 1
    return int(d.p[m.high].tick)
