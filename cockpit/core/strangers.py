"""Orders and positions of the account that no sleeve of ours made: shown, and fenced, shared or claimed.

``risk.strangers`` says which:

    fence   (default) no entries on a market where a stranger has an order or a position
    share   both trade there; limits and stops are about our own part only
    claim   a stranger's position goes to the one sleeve that trades that market, which may close it; until it
            has one, and while a stranger's order rests there, it is a fence

Nothing here closes or cancels what a person has made: that is asked for by name (``cancel``). What the
account held when the journal began is a stranger's too. In the books: the ledger's foreign sub-book.
Resting orders are seen with the account's regular reading (30 s), fills of them at once.
"""

from __future__ import annotations

from decimal import Decimal

from cockpit.core import events as ev
from cockpit.core.attribution import FOREIGN
from cockpit.core.ledger.account import foreign
from cockpit.core.state import State
from cockpit.core.turn import Turn
from cockpit.core.types import ZERO, PosSide, Side

SIDES = tuple(PosSide)
LOOKS = 5
"""Readings, a second apart, after which an order that will not go is left to the regular ones."""


def note_orders(state: State, event: ev.AccountReport, turn: Turn) -> bool:
    """Remember a stranger's resting orders as the venue lists them; say when one comes or goes.

    True: one that a person had cancelled here is still there, so look again soon.
    """
    now = {row.cid: row for row in event.orders if state.order(row.cid) is None}
    for cid, row in now.items():
        if cid not in state.strangers:
            turn.note(
                "warn",
                "stranger.order",
                symbol=row.symbol,
                side=row.side,
                qty=row.qty,
                price=row.price,
                cid=cid,
            )
    for cid in state.strangers.keys() - now.keys():
        turn.note("info", "stranger.order_gone", symbol=state.strangers[cid].symbol, cid=cid)
    if now.keys() != state.strangers.keys():
        for sleeve in state.sleeves:
            turn.touch(sleeve)
    state.strangers = now
    state.dismissed = {cid: n + 1 for cid, n in state.dismissed.items() if cid in now and n < LOOKS}
    return bool(state.dismissed)


def held(state: State, symbol: str, pos_side: PosSide = PosSide.NET) -> Decimal:
    """What a stranger holds of ``symbol`` (signed): nobody's wish, nobody's stop."""
    book = state.ledger.sleeve(foreign(symbol), pos_side)
    return book.qty if book is not None else ZERO


def presence(state: State, symbol: str) -> str:
    """Who is there besides us, in words; empty = nobody."""
    orders = sum([row.symbol == symbol for row in state.strangers.values()]) if state.strangers else 0
    owner, books = foreign(symbol), state.ledger.sleeves
    found_books = [books[key] for side in SIDES if (key := f"{owner}|{side}") in books]
    if not (orders or found_books):
        return ""
    qty = sum((abs(book.qty) for book in found_books), ZERO)
    found = []
    instrument = state.instruments.get(symbol)
    if qty and instrument is not None and instrument.derivative:
        found.append(f"a position of {qty.normalize():f}")
    if orders:
        found.append(f"{orders} resting order{'s' if orders > 1 else ''}")
    return " and ".join(found)


def adopt(state: State, event: ev.AccountReport, turn: Turn) -> bool:
    """The account held this before the journal began: into the books as a stranger's, at the venue's entry.

    It is what the venue has and the fills heard do not explain, for somebody may have traded before the first
    reading. Where that has closed it, its entry is unknown: it is booked at the closing trade's, and the
    opening balance takes the rest. True: something was taken in, so the next read-back may agree.
    """
    rows = {(row.symbol, row.pos_side): row for row in event.positions if row.qty}
    ours = {(p.symbol, p.pos_side): p for p in state.ledger.held()}
    taken = False
    for key in sorted(rows.keys() | ours.keys()):
        row, mine = rows.get(key), ours.get(key)
        qty = (row.qty if row is not None else ZERO) - (mine.qty if mine is not None else ZERO)
        entry = row.entry if row is not None else mine.entry if mine is not None else ZERO
        taken |= bool(qty) and entry > 0 and _held_before(state, key, qty, entry, event.ts, turn)
    return taken


def _held_before(
    state: State, key: tuple[str, PosSide], qty: Decimal, entry: Decimal, ts: int, turn: Turn
) -> bool:
    """Book ``qty`` (signed) of a contract as there from the start. False: that cannot be."""
    symbol, pos_side = key
    instrument = state.instruments.get(symbol)
    if instrument is None or not instrument.derivative:
        return False
    fact = ev.Fill(
        ts,
        "",
        "",
        f"before-{state.boot}-{state.adoptions}-{pos_side}",
        symbol,
        Side.BUY if qty > 0 else Side.SELL,
        entry,
        abs(qty),
        ZERO,
        instrument.settle,
        False,
        pos_side,
        ev.FillKind.EXTERNAL,
    )
    if state.ledger.apply_fill(fact, instrument, FOREIGN) is None:
        return False
    turn.note("warn", "stranger.position", symbol=symbol, qty=qty, price=entry)
    return True


def claim(state: State, turn: Turn) -> None:
    """Hand each stranger's position to the one sleeve of its market, where the policy says so."""
    if not state.claims:
        return
    for symbol, instrument in state.instruments.items():
        owners = [s for s in state.sleeves.values() if s.symbol == symbol and s.on and not s.benched]
        if len(owners) != 1 or not instrument.derivative:
            continue
        for side in PosSide:
            qty = held(state, symbol, side)
            if qty:
                state.ledger.hand_over(instrument, side, owners[0].id, state.now)
                turn.note(
                    "warn", "stranger.claimed", owners[0].id, symbol=symbol, qty=qty, sleeve=owners[0].id
                )
                turn.touch(owners[0].id)
