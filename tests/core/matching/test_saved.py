"""A venue that is written down goes on as if nothing had happened."""

import msgspec
import pytest

from cockpit.core.events import FundingRate
from cockpit.core.orders import OrderKind as K
from tests.core.matching.build import (
    BUY,
    LINEAR,
    SELL,
    Desk,
    amend,
    book,
    cancel,
    delta,
    mark,
    names,
    place,
    trade,
)  # fmt: skip


def first_half(desk: Desk) -> None:
    desk.see(book({99.9: 50, 99.8: 5}, {100.1: 50}), mark(1, 100.0))
    desk.see(FundingRate(1, LINEAR.symbol, 0.001, 500))
    desk.ask(place("in", BUY, 20), 2)
    desk.ask(place("q", BUY, 4, 99.9), 3)
    desk.ask(place("deep", BUY, 4, 90), 3)
    desk.ask(place("s", SELL, 20, kind=K.STOP, trigger=97, reduce_only=True), 4)
    desk.ask(place("t", SELL, 20, kind=K.TRAIL, callback="0.01", reduce_only=True), 4)
    desk.see(trade(5, 99.9, 20, SELL))


def second_half(desk: Desk) -> list[object]:
    said: list[object] = []
    said += desk.ask(place("in", BUY, 1), 10)
    said += desk.see(trade(11, 99.9, 33, SELL), delta(12, {99.9: 2}, {}))
    said += desk.ask(amend("deep", 99.8, 3), 13)
    said += desk.ask(cancel("q"), 14)
    said += desk.see(mark(600, 103.0), mark(601, 101.0))
    said += desk.ask(place("x", SELL, 5), 602)
    return said


def test_a_restored_venue_continues_identically() -> None:
    one, two = Desk(), Desk()
    first_half(one)
    two.exchange.restore(one.exchange.export())
    said = second_half(one)
    assert second_half(two) == said
    assert {"Reject", "Fill", "Amended", "FundingPaid", "Triggered"} <= set(names(said))
    assert two.exchange.account(9) == one.exchange.account(9)
    assert two.exchange.fills == one.exchange.fills
    assert two.exchange.bills == one.exchange.bills
    assert two.exchange.export() == one.exchange.export()


def test_restoring_forgets_what_was_there() -> None:
    empty, used = Desk(), Desk()
    first_half(used)
    used.exchange.restore(empty.exchange.export())
    assert used.exchange.fills == []
    assert used.exchange.open_orders() == ()
    assert used.exchange.account(1) == empty.exchange.account(1)


def test_garbage_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        Desk().exchange.restore(b"\x93nonsense")


def test_chance_goes_on_where_it_was() -> None:
    def story(*, crash: bool) -> list[str]:
        desk, said = Desk(cancel_failure=0.5), []
        desk.see(book({99.9: 50}, {100.1: 50}))
        for n in range(30):
            if crash:
                raw = desk.exchange.export()
                desk = Desk(cancel_failure=0.5)
                desk.exchange.restore(raw)
            desk.ask(place(f"a{n}", BUY, 1, 99), 2)
            said += names(desk.ask(cancel(f"a{n}"), 3))
        return said

    assert story(crash=True) == story(crash=False)
    assert len(set(story(crash=True))) == 2
