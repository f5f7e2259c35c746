"""Keys are data, and only such keys as every terminal sends."""

import pytest

from cockpit.core.errors import ConfigError
from cockpit.core.registry import PANELS
from cockpit.text import LANGUAGES, known
from cockpit.tui.keymap import (
    ACTIONS,
    ANYWHERE,
    ARRIVES,
    CONTEXTS,
    NOT_BY_DEFAULT,
    PRINTABLE,
    Danger,
    Keymap,
    bound,
    markdown,
    written,
)
from cockpit.tui.panels import load

load()


def test_every_key_arrives_through_tmux_and_nobody_else_wants_it() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert [key for key in keys if key not in ARRIVES] == []
    assert [key for key in keys if key in NOT_BY_DEFAULT] == []


@pytest.mark.parametrize(
    "key", ["ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+a", "ctrl+b", "ctrl+enter", "alt+x"]
)
def test_keys_that_are_something_else_are_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="zoom"):
        Keymap({"zoom": key})


def test_every_action_has_an_id_a_help_and_a_place() -> None:
    assert len({action.id for action in ACTIONS}) == len(ACTIONS)
    assert [action.id for action in ACTIONS if not known(action.help)] == []
    assert set(CONTEXTS) <= set(PANELS)


def test_no_letter_changes_the_engine_without_a_question() -> None:
    """STOP is the only thing that happens at once, and it has no letter."""
    at_once = [action for action in ACTIONS if action.danger is Danger.STOP]
    assert [action.id for action in at_once] == ["halt"]
    assert not set(at_once[0].keys) & PRINTABLE
    assert at_once[0].context == ANYWHERE


def test_a_person_may_move_keys() -> None:
    keymap = Keymap({"zoom": "f5, Z", "order.cancel": "delete"})
    assert keymap["zoom"].keys == ("f5", "Z")
    assert keymap.key("order.cancel") == "delete"
    assert "z" not in {key for action in keymap.actions for key in action.keys}


def test_an_unknown_action_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"'zoom'"):
        Keymap({"zooom": "f5"})


def test_a_clash_names_both() -> None:
    with pytest.raises(ConfigError, match=r"'zoom'.*'help'"):
        Keymap({"zoom": "?"})
    with pytest.raises(ConfigError, match=r"order\.cancel"):
        Keymap({"order.cancel": "j"})


def test_two_panels_may_use_the_same_key() -> None:
    keymap = Keymap({"order.cancel": "s"})
    assert keymap["sleeve.switch"].keys == keymap["order.cancel"].keys


def test_the_kill_switch_cannot_be_lost_and_cannot_become_a_letter() -> None:
    assert Keymap({"halt": "f9"})["halt"].keys == ("ctrl+g", "f9")
    assert Keymap({"halt": ""})["halt"].keys == ("ctrl+g",)
    with pytest.raises(ConfigError, match="halt"):
        Keymap({"halt": "h"})


def test_an_action_may_lose_its_key() -> None:
    assert Keymap({"theme": ""})["theme"].keys == ()


def test_the_comma_can_be_bound() -> None:
    assert Keymap({"theme": ",", "settings": "f9"})["theme"].keys == (",",)
    assert bound((",", "x")) == "comma,x"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_readme_table_has_every_action(lang: str) -> None:
    table = markdown(lang)
    assert all(f"`{written(key)}`" in table for action in ACTIONS for key in action.keys)
    assert len(table.splitlines()) == len(ACTIONS) + 2


def test_only_what_works_here_is_active() -> None:
    keymap = Keymap()
    assert "order.cancel" in {action.id for action in keymap.active("orders")}
    assert "order.cancel" not in {action.id for action in keymap.active("positions")}
    assert "row.down" not in {action.id for action in keymap.active("book")}
