"""The one door: order of service, and conflation that changes nothing but the effort."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.core import events as ev
from cockpit.core.book import Book
from cockpit.core.errors import InvariantError
from cockpit.core.types import Side
from cockpit.workers.inbox import AT_ONCE_NS, BATCH, Inbox
from tests.workers.stage import run, turns

S = "s"


def trade(n: int, side: Side = Side.BUY, symbol: str = S) -> ev.Trade:
    return ev.Trade(n, symbol, n, float(n), 1.0, side)


def command(name: str, verb: str) -> ev.Command:
    return ev.Command(1, name, verb, {}, "me")


def everything(inbox: Inbox) -> list[ev.AnyEvent]:
    """Close the door and take what is in it."""

    async def drain() -> list[ev.AnyEvent]:
        inbox.end()
        found: list[ev.AnyEvent] = []
        while batch := await inbox.take():
            found += batch
        return found

    return run(drain())


def test_our_own_news_goes_before_the_market_and_a_halt_before_all() -> None:
    inbox = Inbox()
    own = [ev.Ack(1, "c", "v"), command("read", "read"), ev.Timer(1)]
    for event in [trade(1), own[0], trade(2), own[1], own[2]]:
        inbox.put(event)
    halt = command("stop", "halt")
    inbox.put(halt)
    assert everything(inbox) == [halt, *own, trade(1), trade(2)]


def test_a_halt_does_not_overtake_the_resume_that_was_said_before_it() -> None:
    inbox = Inbox()
    resume, halt = command("go", "resume"), command("stop", "halt")
    inbox.put(ev.Ack(1, "c", "v"))
    inbox.put(resume)
    inbox.put(ev.Ack(1, "d", "v"))
    inbox.put(halt)
    found = everything(inbox)
    assert found.index(halt) == found.index(resume) + 1


def test_take_waits_and_the_end_is_empty() -> None:
    async def story() -> None:
        inbox = Inbox()
        waiting = asyncio.create_task(inbox.take())
        await turns()
        assert not waiting.done()
        inbox.put(trade(1))
        assert list(await waiting) == [trade(1)]
        inbox.end()
        assert list(await inbox.take()) == []
        await inbox.close()

    run(story())


def test_a_batch_is_bounded_but_never_splits_our_own_news() -> None:
    async def story() -> None:
        inbox = Inbox()
        for n in range(2 * BATCH):
            inbox.put(ev.Ack(1, f"c{n}", "v"))
        for n in range(2 * BATCH):
            inbox.put(trade(n))
        assert len(await inbox.take()) == 2 * BATCH
        assert len(await inbox.take()) == BATCH
        assert inbox.queued == BATCH

    run(story())


deltas = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5)), max_size=3),
        st.lists(st.tuples(st.integers(11, 19), st.integers(0, 5)), max_size=3),
        st.sampled_from(["delta"] * 8 + ["snapshot", "gap", "trade", "mark"]),
    ),
    min_size=1,
    max_size=80,
)


@settings(max_examples=200)
@given(deltas, st.integers(0, 6), st.booleans())
def test_the_book_after_conflation_is_the_book_after_everything(
    rows: list[tuple[str, list[tuple[int, int]], list[tuple[int, int]], str]], high: int, chained: bool
) -> None:
    seq = {"a": 0, "b": 0}
    events: list[ev.AnyEvent] = [
        ev.BookSnapshot(0, symbol, 0, ((5.0, 1.0),), ((15.0, 1.0),), 0) for symbol in seq
    ]
    for n, (symbol, bids, asks, kind) in enumerate(rows):
        up = tuple((float(p), float(q)) for p, q in bids)
        down = tuple((float(p), float(q)) for p, q in asks)
        if kind == "trade":
            events.append(trade(n, symbol=symbol))
        elif kind == "mark":
            events.append(ev.Mark(n, symbol, float(n), 1.0))
        elif kind == "snapshot":
            seq[symbol] += 1
            events.append(ev.BookSnapshot(n, symbol, n, up, down, seq[symbol]))
        else:
            before = (seq[symbol] + (5 if kind == "gap" else 0)) if chained else -1
            seq[symbol] += 10 if kind == "gap" else 1
            events.append(ev.BookDelta(n, symbol, n, up, down, seq[symbol], before))
    inbox = Inbox(high_water=high)
    for event in events:
        inbox.put(event)
    kept = everything(inbox)
    assert len(kept) + inbox.conflated == len(events)
    for symbol in "ab":
        whole, less = fold(events, symbol), fold(kept, symbol)
        for side in Side:
            assert less.levels(side, 99) == whole.levels(side, 99)
        assert (less.ok, less.seq) == (whole.ok, whole.seq)
        assert volume(kept, symbol) == volume(events, symbol)
        assert last(kept, symbol, ev.Trade) == last(events, symbol, ev.Trade)
        assert last(kept, symbol, ev.Mark) == last(events, symbol, ev.Mark)


def fold(events: list[ev.AnyEvent], symbol: str) -> Book:
    book = Book()
    for e in events:
        if isinstance(e, ev.BookDelta) and e.symbol == symbol:
            book.apply_delta(e.bids, e.asks, e.seq, e.prev_seq, e.ts)
        elif isinstance(e, ev.BookSnapshot) and e.symbol == symbol:
            book.apply_snapshot(e.bids, e.asks, e.seq, e.ts)
    return book


def volume(events: list[ev.AnyEvent], symbol: str) -> float:
    return sum(e.qty for e in events if isinstance(e, ev.Trade) and e.symbol == symbol)


def last(events: list[ev.AnyEvent], symbol: str, kind: type) -> float | None:
    found = [e for e in events if isinstance(e, kind) and e.symbol == symbol]  # type: ignore[attr-defined]
    return (getattr(found[-1], "price", None) or getattr(found[-1], "mark", None)) if found else None


def test_under_pressure_nothing_of_ours_and_no_bar_and_no_funding_is_lost() -> None:
    inbox = Inbox(high_water=10)
    kept = []
    for n in range(1_000):
        inbox.put(trade(n))
        own: ev.AnyEvent = ev.Ack(n, f"c{n}", "v")
        bar = ev.Bar(n, S, 5_000, 1, 2, 0.5, 1.5, 9)
        rate = ev.FundingRate(n, S, 0.1, n, True)
        kept += [own, bar, rate]
        for event in (own, bar, rate):
            inbox.put(event)
    found = everything(inbox)
    assert [e for e in found if not isinstance(e, ev.Trade)] == sorted(
        kept, key=lambda e: (not isinstance(e, ev.Ack), e.ts)
    )


def test_the_queue_stays_bounded_with_many_symbols_and_both_sides() -> None:
    inbox = Inbox(high_water=100)
    for n in range(20_000):
        symbol = f"s{n % 150}"
        inbox.put(trade(n, Side.BUY if n % 2 else Side.SELL, symbol))
        inbox.put(ev.BookDelta(n, symbol, n, ((1.0, float(n)),), (), n + 1, -1))
        inbox.put(ev.Mark(n, symbol, 1.0, 1.0))
    assert inbox.queued <= 100 + 150 * 4
    assert inbox.received == 60_000


def test_conflation_goes_on_while_the_kernel_takes() -> None:
    async def story() -> None:
        inbox = Inbox(high_water=5)
        for n in range(400):
            inbox.put(ev.Mark(n, f"s{n % 7}", float(n), 1.0))
            if n % 50 == 49:
                await inbox.take()
        rest = await inbox.take() if inbox.queued else []
        assert len(rest) <= 12
        inbox.put(ev.Mark(1, "s0", 1.0, 1.0))
        assert [e.ts for e in await inbox.take()] == [1]

    run(story())


def test_the_market_is_served_at_once_while_nothing_waits() -> None:
    async def story() -> None:
        inbox, heard = Inbox(), list[ev.AnyEvent]()

        def serve(event: ev.AnyEvent) -> int:
            heard.append(event)
            if len(heard) == 1:
                inbox.put(trade(2))  # what is put meanwhile waits
            return 1

        inbox.serve(serve)
        inbox.put(trade(0))
        assert not heard  # nobody is waiting for it yet
        assert list(await inbox.take()) == [trade(0)]
        waiting = asyncio.create_task(inbox.take())
        await turns()
        inbox.put(trade(1))
        inbox.put(trade(3))
        assert heard == [trade(1)]
        assert list(await waiting) == [trade(2), trade(3)]
        waiting = asyncio.create_task(inbox.take())
        await turns()
        ack = ev.Ack(1, "c", "v")
        inbox.put(ack)
        inbox.put(trade(4))  # behind our own news
        assert heard == [trade(1)]
        assert list(await waiting) == [ack, trade(4)]

    run(story())


def test_a_slow_strategy_is_not_served_at_once_for_long() -> None:
    async def story() -> None:
        inbox, heard = Inbox(), list[ev.AnyEvent]()

        def serve(event: ev.AnyEvent) -> int:
            heard.append(event)
            return AT_ONCE_NS // 2

        inbox.serve(serve)
        waiting = asyncio.create_task(inbox.take())
        await turns()
        for n in range(5):
            inbox.put(trade(n))
        assert heard == [trade(0), trade(1)]
        assert list(await waiting) == [trade(2), trade(3), trade(4)]

    run(story())


def test_what_the_kernel_raises_is_not_thrown_at_whoever_brought_the_event() -> None:
    async def story() -> None:
        inbox = Inbox()

        def serve(_event: ev.AnyEvent) -> int:
            raise InvariantError("a bug of ours")

        inbox.serve(serve)
        waiting = asyncio.create_task(inbox.take())
        await turns()
        inbox.put(trade(1))
        inbox.put(trade(2))
        with pytest.raises(InvariantError, match="a bug of ours"):
            await waiting
        with pytest.raises(InvariantError):
            await inbox.take()  # and it stays so

    run(story())
