"""The market-maker panel: shapes and numbers of real quotes; what is not known is said to be so."""

from __future__ import annotations

import pytest

from cockpit.core.desk_frames import MakerRow
from cockpit.core.frames import PAPER, Frame
from cockpit.tui.cells import plain
from cockpit.tui.glyphs import ASCII
from tests.tui import frames_for_tests as made
from tests.tui.conftest import Cockpit, Opened, play
from tests.tui.test_painters import LOOK, paint, swap, text

MAKER, GRID = made.makers(made.T0)
WIDE = swap(LOOK, width=110, height=20)


def row(frame: Frame, label: str, **look: object) -> str:
    """The line of that label."""
    picture = paint("maker", frame, swap(WIDE, **look))
    return next(plain(line) for line in picture.rows if plain(line).startswith(label))


def with_maker(**changes: object) -> Frame:
    return made.frame(0, makers=(swap(MAKER, **changes),))


def test_both_quotes_stand_where_they_are() -> None:
    frame = made.frame(0)
    middle = made.mid(made.SOL, 0)
    book = next(book for book in frame.books if book.symbol == made.SOL)
    middle = (book.bids[0][0] + book.asks[0][0]) / 2
    quote = next(order for order in frame.orders if order.side == "buy" and order.symbol == made.SOL)
    bid = row(frame, "Bid")
    assert f"▲{quote.price:.2f}" in bid
    assert f"{(1 - quote.price / middle) * 1e4:.1f} bp" in bid
    assert "partial" in row(frame, "Ask")


def test_the_picture_of_the_lean_needs_no_colour() -> None:
    line = row(made.frame(0), "Lean")
    assert line.index("▲") < line.index("│") < line.index("▼")
    assert "buys sooner" in line or "sells sooner" in line or "even" in line
    line = row(made.frame(0), "Lean", glyphs=ASCII)
    assert line.index("^") < line.index("|") < line.index("v")


@pytest.mark.parametrize(("held", "left"), [(-4_000.0, True), (4_000.0, False)])
def test_short_lies_left_of_zero_and_long_right(held: float, left: bool) -> None:
    line = row(with_maker(held=held), "Holds")
    before, after = line.split("│")
    assert ("▮" in before) is left
    assert ("▮" in after) is not left
    assert f"{held:,.2f} of 8,000.00" in line
    assert "•••" in row(with_maker(held=held), "Holds", private=True)


def test_what_is_left_of_the_spread_is_told_with_its_count() -> None:
    assert "+2.12 bp  ▲+51.40" in row(made.frame(0), "Earned")
    line = row(made.frame(0), "Left")
    assert "30s ▼-0.40 bp  5s ▲+0.20 bp  1s ▲+1.10 bp  taken back 2.52 bp (1160)" in line


def test_a_spread_that_does_not_pay_is_told_by_shape_and_word() -> None:
    assert "■" in row(made.frame(0), "Fees")
    assert "<= both fees 4.00" in row(made.frame(0), "Fees")
    assert "●" in row(with_maker(maker_fee=0.0), "Fees")


def test_before_a_fill_nothing_is_invented() -> None:
    frame = made.frame(0, makers=(GRID,))
    for label in ("Earned", "Left", "Fills"):
        assert "no fill yet" in row(frame, label)
    assert "no quote" in row(frame, "Bid")
    assert row(frame, "Lean").split()[-1] == "-"


def test_with_a_broken_book_distances_are_unknown() -> None:
    frame = made.frame(0)
    broken = swap(frame, books=tuple(swap(book, ok=False) for book in frame.books))
    assert "bp" not in row(broken, "Bid")
    assert "not known now" in row(broken, "Fees")


def test_orders_of_the_paper_account_are_elsewhere_and_not_missing() -> None:
    frame = with_maker(sleeve=PAPER + MAKER.sleeve)
    assert "paper account" in row(frame, "Bid")
    assert "not known now" in row(frame, "Fees")


def test_nobody_quotes() -> None:
    assert "no strategy shows quotes" in text(paint("maker", made.frame(0, makers=()), WIDE))


def test_old_data_is_told() -> None:
    assert paint("maker", made.frame(0), swap(WIDE, lag=5_000)).stale >= 5_000


def test_the_list_of_strategies_chooses_which(cockpit: Opened) -> None:
    async def story(screen: Cockpit) -> None:
        grid = MakerRow("breakout@2/" + made.XRP, made.XRP, 1.0, 0.0, "", 0.0, 0.0, 0.0)
        sleeves = screen.app.frame.sleeves  # type: ignore[union-attr]
        chosen = next(row for row in sleeves if row.strategy == "market_maker")
        first = next(row for row in sleeves if row.strategy == "breakout")
        makers = (swap(grid, sleeve=first.sleeve), swap(MAKER, sleeve=chosen.sleeve))
        await screen.press("5", "tab")
        await screen.show(makers=makers)
        for _ in range(8):
            if screen.app.sleeve == chosen.sleeve:
                break
            await screen.press("j")
            await screen.show(makers=makers)
        assert "SOL-USDT-SWAP" in screen.panel("maker").splitlines()[0]
        assert "2 of 2" in screen.panel("maker")

    play(cockpit, story)
