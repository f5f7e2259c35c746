"""The pen: dirty only when something really changed."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan, nan

import pytest

from cockpit.core.want import Want

Write = Callable[[Want], None]
WRITES: list[Write] = [
    lambda w: w.long(0.5, 90.0, 120.0, "up"),
    lambda w: w.short(0.5, tag="down"),
    lambda w: w.position(-3.0, 110.0),
    lambda w: w.quote(99.0, 1.0, 101.0, 2.0, "q"),
    lambda w: w.quote(nan, 0.0, 101.0, 2.0),
    lambda w: w.flat("out"),
]


@pytest.mark.parametrize("write", WRITES)
def test_saying_it_again_changes_nothing(write: Write) -> None:
    want = Want()
    write(want)
    assert want.dirty
    want.dirty = False
    write(want)
    assert not want.dirty


@pytest.mark.parametrize("other", WRITES[1:])
def test_saying_something_else_does(other: Write) -> None:
    want = Want()
    WRITES[0](want)
    want.dirty = False
    other(want)
    assert want.dirty


def test_weights_carry_their_sign_and_quantities_replace_them() -> None:
    want = Want()
    want.short(0.25)
    assert want.weight == -0.25
    want.position(2.0)
    assert want.sized
    assert isnan(want.weight)
    want.long(0.1)
    assert not want.sized
    assert isnan(want.qty)


def test_a_new_stop_is_a_new_wish() -> None:
    want = Want()
    want.position(2.0, 90.0)
    want.dirty = False
    want.position(2.0, 91.0)
    assert want.dirty


def test_pull_says_why_even_while_nothing_is_shown_and_flat_pulls() -> None:
    want = Want()
    want.pull("too quiet")
    assert want.dirty
    assert want.tag == "too quiet"
    want.dirty = False
    want.pull("too quiet")
    assert not want.dirty
    want.quote(99.0, 1.0, 101.0, 1.0)
    want.flat("out")
    assert (want.bid_qty, want.ask_qty, want.weight) == (0.0, 0.0, 0.0)


def test_release_leaves_the_quotes_alone_and_forget_leaves_nothing() -> None:
    want = Want()
    want.position(2.0, 90.0)
    want.quote(99.0, 1.0, 101.0, 1.0)
    want.release()
    assert isnan(want.qty)
    assert isnan(want.weight)
    assert want.bid_qty == 1.0
    want.forget()
    assert not want.dirty
    assert not want.quoting
