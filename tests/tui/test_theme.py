"""Colours are names; a bad theme is named with its fault; the market scheme cannot repaint an alarm."""

from pathlib import Path

import pytest

from cockpit.core.errors import ConfigError
from cockpit.tui.theme import COLOURS, MARKET, SCHEMES, Palette, available, read, shipped

HARBOUR = shipped() / "harbour.toml"


def test_the_shipped_themes_are_all_good() -> None:
    found = available()
    assert {"harbour", "paper", "contrast", "colour-blind", "mono"} <= set(found)
    for name, file in found.items():
        theme = read(file)
        assert theme.name == name
        assert set(theme.colours) == set(COLOURS)
        assert set(theme.market) == set(MARKET)


def luminance(colour: str) -> float:
    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return float(value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(colour[i : i + 2]) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", sorted(available()))
def test_what_must_be_read_can_be_read(name: str) -> None:
    theme = read(available()[name])
    ground = theme.colours["background"]
    inks = {
        key: theme.colours[key]
        for key in ("text", "strong", "muted", "accent", "own", "good", "warn", "danger")
    }
    inks |= {key: theme.market[key] for key in ("up", "down")}
    inks |= {f"blind {key}": theme.colour_blind[key] for key in ("up", "down")}
    assert {
        key: round(contrast(ink, ground), 1) for key, ink in inks.items() if contrast(ink, ground) < 4.5
    } == {}
    pairs = [("on_danger", "danger_ground"), ("on_warn", "warn_ground")]
    pairs += [("on_mode", mode) for mode in ("practice", "replay", "paper", "demo", "live")]
    weak = [pair for pair in pairs if contrast(theme.colours[pair[0]], theme.colours[pair[1]]) < 4.5]
    assert weak == []


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ('up = "#3fb950"', 'up = "green"', r"\[market\] up"),
        ('warn = "#e3b341"', "", r"\[colours\] warn"),
        ("dark = true", "dark = true\nglow = 1", "glow"),
        ('muted = "#8b949e"', 'muted = "#8b949e"\nmutd = "#8b949e"', "mutd"),
        ("[market]", "[markt]", "markt"),
        ("dark = true", "dark = ", "line"),
        ("dark = true", 'dark = true\nscheme = "rainbow"', "rainbow"),
    ],
)
def test_a_bad_theme_is_named_with_its_fault(tmp_path: Path, before: str, after: str, named: str) -> None:
    file = tmp_path / "mine.toml"
    source = HARBOUR.read_text("utf-8")
    assert before in source
    file.write_text(source.replace(before, after, 1), "utf-8")
    with pytest.raises(ConfigError, match=rf"mine\.toml.*{named}"):
        read(file)


def test_a_theme_of_ones_own_replaces_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "harbour.toml").write_text(HARBOUR.read_text("utf-8"), "utf-8")
    assert available(tmp_path)["harbour"] == tmp_path / "harbour.toml"
    assert available(tmp_path / "nowhere")["harbour"] == HARBOUR


def test_red_up_swaps_the_market_and_nothing_else() -> None:
    theme = read(HARBOUR)
    green, red = Palette(theme, "green_up"), Palette(theme, "red_up")
    pairs = [(f"up{part}", f"down{part}") for part in ("", "_bar", "_ground")] + [
        ("candle_up", "candle_down")
    ]
    for one, other in pairs:
        assert green.style(one) == red.style(other)
        assert green.style(other) == red.style(one)
    for word in green.words() - {word for pair in pairs for word in pair}:
        assert green.style(word) == red.style(word)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_knows_every_word(scheme: str) -> None:
    theme = read(HARBOUR)
    assert Palette(theme, scheme).words() == Palette(theme, scheme, no_color=True).words()


def test_no_color_means_none_and_up_still_differs_from_down() -> None:
    palette = Palette(read(HARBOUR), "green_up", no_color=True)
    styles = [palette.style(word) for word in palette.words()]
    assert [style for style in styles if style.color is not None or style.bgcolor is not None] == []
    assert palette.style("up").bold
    assert palette.style("down").underline
    assert palette.style("banner_danger").reverse
    assert palette.mono


def test_a_key_is_its_words_one_over_the_other() -> None:
    palette = Palette(read(HARBOUR), "green_up")
    assert palette.style("up bold").bold
    assert palette.style("up bold").color == palette.style("up").color
    with pytest.raises(KeyError):
        palette.style("mauve")
