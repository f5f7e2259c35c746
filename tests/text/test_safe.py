"""Nothing an exchange, a tape or a plug-in wrote may reach the terminal as an instruction."""

from unicodedata import category

from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.text.safe import HARMFUL, safe_text
from cockpit.tui.cells import width_of


@given(st.text(max_size=60))
@example("\x1b[31mred\x1b]52;c;AAAA\x07")
@example("\u202eevil\u2066\u200b\u200d\ufe0f")
@example("\x9b31m\x00\r\n\t\u2028")
@example("e\u0301 \u0301\u0301\u0301 नमस्ते")
@example("\u1160\u3164\u2800\U000e0041")
def test_no_dangerous_character_survives(text: str) -> None:
    safe = safe_text(text)
    assert [character for character in safe if category(character) in HARMFUL] == []
    assert "\n" not in safe
    assert safe_text(safe) == safe


@given(st.text(max_size=60))
def test_every_character_has_a_width(text: str) -> None:
    """So that a row's width is the sum of its characters' widths, on any terminal."""
    safe = safe_text(text)
    assert width_of(safe) == sum(width_of(character) for character in safe)
    assert all(width_of(character) >= 1 for character in safe)


def test_the_reader_sees_that_something_was_there() -> None:
    assert safe_text("a\x1bb") == "a?b"
    assert safe_text("plain ascii") == "plain ascii"
    assert safe_text("限价 café") == "限价 café"


def test_a_flood_is_cut() -> None:
    assert len(safe_text("x" * 10_000)) == 400
    assert safe_text("x" * 10_000).endswith("…")
