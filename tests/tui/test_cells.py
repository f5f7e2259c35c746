"""Rows are laid out in cells, never in characters."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.text import safe_text
from cockpit.tui.cells import clip_row, fit, plain, row_width, trim, width_of, wrapped

TEXT = st.text(max_size=40).map(safe_text)


@given(TEXT, st.integers(0, 50), st.booleans())
def test_fit_is_exact(text: str, width: int, right: bool) -> None:
    assert width_of(fit(text, width, right)) == width


@given(TEXT, st.integers(0, 50))
def test_trim_says_that_something_is_missing(text: str, width: int) -> None:
    short = trim(text, width)
    assert width_of(short) <= width
    assert short == text or width <= 1 or short.endswith("…")


@given(st.lists(st.tuples(TEXT, st.just("up"))), st.integers(0, 60))
def test_clip_row_is_exact(row: list[tuple[str, str]], width: int) -> None:
    assert row_width(clip_row(tuple(row), width)) == width


@given(TEXT, st.integers(2, 40))
def test_wrapping_loses_no_word(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_chinese_takes_two_cells() -> None:
    assert fit("限价", 6) == "限价  "
    assert fit("限价", 6, right=True) == "  限价"
    assert fit("限价单子", 5) == "限价…"
    assert plain(clip_row((("限价", ""), ("单", "")), 5)) == "限价 "


def test_chinese_breaks_between_its_characters_and_never_before_a_full_stop() -> None:
    assert wrapped("● 止损单挂在交易所，退出也有效。cockpit why", 19) == [
        "● 止损单挂在交易",
        "所，退出也有效。",
        "cockpit why",
    ]
