"""Both languages say the same things, and every id the code uses is among them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.app.reference import TOPICS
from cockpit.core.registry import PANELS
from cockpit.text import LANGUAGES, PLACEHOLDER, catalogue, known, say, tr
from cockpit.tui.keymap import ACTIONS
from cockpit.tui.panels import load
from cockpit.tui.theme import MODES, SCHEMES

ID = re.compile(r"[a-z_]+(\.[a-z_]+)+")
SPEAKERS = {"tr", "say", "tell", "news"}
NOTERS = {"note", "Note", "EventRow", "Answer"}


def strings(node: ast.AST) -> Iterator[str]:
    for child in ast.walk(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value


def used(folder: Path) -> Iterator[tuple[str, str]]:
    """(file, id) of every message id written out in a call that speaks or notes."""
    for file in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SPEAKERS and node.args:
                yield from ((file.name, text) for text in strings(node.args[0]))
            elif name in NOTERS:
                for argument in node.args[:4]:
                    yield from ((file.name, text) for text in strings(argument) if ID.fullmatch(text))


def test_both_languages_have_the_same_messages() -> None:
    ids = {lang: set(catalogue(lang)) for lang in LANGUAGES}
    assert ids["en"] ^ ids["zh"] == set()
    assert len(ids["en"]) > 200


def test_both_languages_fill_in_the_same_names() -> None:
    differing = {
        message: [sorted(PLACEHOLDER.findall(catalogue(lang)[message])) for lang in LANGUAGES]
        for message in catalogue("en")
        if len({tuple(sorted(PLACEHOLDER.findall(catalogue(lang)[message]))) for lang in LANGUAGES}) > 1
    }
    assert differing == {}


def test_no_message_is_empty() -> None:
    assert [(lang, key) for lang in LANGUAGES for key, text in catalogue(lang).items() if not text] == []


def test_every_id_in_the_code_exists(repo: Path) -> None:
    # A piece of an f-string ("panel.", "mode.") is covered by the families below.
    missing = {
        (file, text)
        for file, text in used(repo / "cockpit")
        if ID.fullmatch(text) and not known(text) and not text.endswith(".")
    }
    assert missing == set()


def test_every_family_is_whole() -> None:
    load()
    wanted = [f"panel.{name}" for name in PANELS] + [f"help.panel.{name}" for name in PANELS]
    wanted += [action.help for action in ACTIONS] + [f"cli.topic.{topic}" for topic in TOPICS]
    wanted += [action.short for action in ACTIONS if action.footer and action.id != "quit"]
    wanted += [f"mode.{mode}" for mode in MODES] + [f"scheme.{scheme}" for scheme in SCHEMES]
    wanted += [f"feed.state.{state}" for state in ("ok", "stale", "down")]
    wanted += [f"banner.{phase}" for phase in ("asked", "cancelling", "flattening", "reading", "confirmed")]
    wanted += [f"sleeves.{kind}.sleeve_{way}" for kind in ("ask", "title") for way in ("on", "off")]
    assert [message for message in wanted if not known(message)] == []


def test_the_words_of_the_machine_are_translated() -> None:
    from cockpit.core.orders import OrderKind, OrderState, Role
    from cockpit.core.posture import Posture
    from cockpit.core.types import Side, Stage

    words = [*OrderKind, *OrderState, *Role, *Side, *Stage, *(posture.name.lower() for posture in Posture)]
    assert [word for word in words if not known(f"word.{word}")] == []


@pytest.mark.parametrize("lang", [*LANGUAGES, "tlh"])
def test_an_unknown_id_is_shown_not_lost(lang: str) -> None:
    assert tr("plugin.news", lang, symbol="BTC", n=3) == "plugin.news symbol=BTC n=3"


def test_arguments_may_have_any_name() -> None:
    assert tr("plugin.news", "en", lang="x", message_id="y") == "plugin.news lang=x message_id=y"


def test_what_is_filled_in_is_safe_and_is_never_a_format() -> None:
    text = tr("order.rejected", "en", side="buy", qty="1", symbol="{reason}", reason="\x1b[2Jno")
    assert text == "buy 1 {reason} refused by the venue: ?[2Jno"
    assert tr("order.rejected", "en", side="buy") == "buy {qty} {symbol} refused by the venue: {reason}"


def test_the_machines_words_are_spoken_in_news() -> None:
    args = {"side": "buy", "qty": "2", "symbol": "BTC-USDT-SWAP", "price": "1"}
    assert say("order.filled", args, "zh") == "买 2 BTC-USDT-SWAP 成交于 1"
    assert say("order.filled", args | {"side": "sideways"}, "en").startswith("sideways 2")
