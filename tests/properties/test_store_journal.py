"""Whatever the journal is handed, in whatever portions, is read back equal and in order after any restart."""

import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.journal_file import JournalFile
from cockpit.adapters.store.sqlite import SqliteStore
from cockpit.core.events import (
    MARKET,
    AccountReport,
    AnyEvent,
    BookDelta,
    Fill,
    FillKind,
    FundingPaid,
    OrderReport,
    Timer,
    Trade,
    VenuePosition,
)
from cockpit.core.intents import Note, Outcome
from cockpit.core.orders import Change, Order, OrderKind, OrderState
from cockpit.core.types import PosSide, Side

SYMBOL = "okx:BTC-USDT-SWAP"
times = st.integers(0, 2**53)
money = st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**18), max_value=10**18)
floats = st.floats(allow_nan=False)
text = st.text(max_size=12)
sides = st.sampled_from(Side)
levels = st.lists(st.tuples(floats, floats), max_size=3).map(tuple)

market = st.one_of(
    st.builds(Trade, times, st.just(SYMBOL), times, floats, floats, sides, text),
    st.builds(BookDelta, times, st.just(SYMBOL), times, levels, levels, times),
)
facts = st.one_of(
    st.builds(Timer, times),
    st.builds(
        Fill,
        times,
        text,
        text,
        text,
        st.just(SYMBOL),
        sides,
        money,
        money,
        money,
        text,
        st.booleans(),
        st.sampled_from(PosSide),
        st.sampled_from(FillKind),
        text,
    ),
    st.builds(FundingPaid, times, st.just(SYMBOL), money, text, money, text),
    st.builds(OrderReport, times, text, st.booleans(), st.booleans(), text, money, money),
    st.builds(
        AccountReport,
        times,
        st.dictionaries(text, money, max_size=2),
        st.lists(st.builds(VenuePosition, text, money, money), max_size=2).map(tuple),
        st.just(()),
    ),
)
orders = st.builds(
    Order,
    st.sampled_from(["a", "b", "c"]), text, st.just(SYMBOL), sides, st.sampled_from(OrderKind), money,
    price=st.none() | money, trigger=st.none() | money, callback=st.none() | money, tag=text,
    state=st.sampled_from(OrderState), filled=money, cost=money, fees=money,
    amending=st.none() | st.builds(Change, money, money, st.none() | money),
    cancelling=st.booleans(), reason=text,
)  # fmt: skip
step = st.tuples(
    st.integers(1, 3),
    market | facts,
    st.booleans(),
    st.lists(orders, max_size=2),
    st.sampled_from(["keep", "keep", "wait", "reopen"]),
)


def effects(seq: int, event: AnyEvent, noticed: bool) -> list[Outcome]:
    return [Outcome(seq, event.ts, "test", notes=(Note("info", "n"),) if noticed else ())]


async def run(kind: type[SqliteStore] | type[InlineStore], path: Path, steps: list) -> None:
    seq = 0
    told: list[tuple[int, AnyEvent]] = []
    noticed: list[Outcome] = []
    newest: dict[str, Order] = {}
    store = await kind.open(path, mode="practice", synchronous="OFF")
    for gap, event, notice, changed, then in steps:
        seq += gap
        told.append((seq, event))
        results = effects(seq, event, notice)
        noticed += [outcome for outcome in results if not outcome.empty]
        newest |= {order.cid: order for order in changed}
        if type(event) in MARKET and not (notice or changed):
            store.append_market(seq, event)
        else:
            durable = store.append([(seq, event)], results, changed)
            if then == "wait":
                await durable
        if then == "reopen":
            await store.close()
            store = await kind.open(path, mode="practice", synchronous="OFF")
            assert store.last_seq == seq
    half = seq // 2
    assert [row async for row in store.facts()] == told
    assert [row async for row in store.facts(half)] == [row for row in told if row[0] > half]
    assert [row async for row in store.outcomes()] == noticed
    assert {order.cid: order for order in await store.orders()} == newest
    await store.close()
    with JournalFile(path) as journal:
        assert list(journal.events()) == told
        journal.verify()
        trades = {event.trade_id: event for _, event in reversed(told) if isinstance(event, Fill)}
        assert {fill.trade_id: fill for _, fill in journal.fills()} == trades


@pytest.mark.parametrize("kind", [SqliteStore, InlineStore])
@given(steps=st.lists(step, max_size=25))
def test_what_was_told_is_what_is_read(kind: type[SqliteStore] | type[InlineStore], steps: list) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(kind, Path(folder) / "cockpit.db", steps))


@given(
    rows=st.integers(3, 30),
    cut=st.data(),
)
def test_any_removed_or_exchanged_fact_is_found(rows: int, cut: st.DataObject) -> None:
    """Except at the very end, which only the head noted elsewhere can prove."""

    async def session(path: Path) -> tuple[int, str]:
        store = await InlineStore.open(path, mode="practice")
        await store.commit([(seq, Timer(seq)) for seq in range(1, rows + 1)], [])
        victim = cut.draw(st.integers(1, rows))
        store._connection.execute("DELETE FROM facts WHERE seq = ?", (victim,))
        head = store.head
        await store.close()
        return victim, head

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cockpit.db"
        victim, head = asyncio.run(session(path))
        with JournalFile(path) as journal:
            try:
                journal.verify()
                found = journal.head.fact_hash.hex() != head
            except Exception as error:  # noqa: BLE001  the text is what is checked
                found = f"fact {victim + 1} does not follow" in str(error)
            assert found


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    async def session() -> None:
        store = await InlineStore.open(tmp_path / "a.db", mode="practice")
        exact = Decimal("0.1000")
        order = Order("a", "s", SYMBOL, Side.BUY, OrderKind.LIMIT, exact)
        await store.commit([], [], [order])
        (read,) = await store.orders()
        assert str(read.qty) == "0.1000"
        await store.close()

    asyncio.run(session())
