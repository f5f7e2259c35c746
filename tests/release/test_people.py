"""Who may decide, and what somebody can do who only says that they are somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit.core import events as ev
from cockpit.core.release.people import key_of
from cockpit.core.types import Stage
from tests.release.stand import Stand, passport, riding, wave
from tests.release.test_stages import begun, proven, to_canary


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with riding():
        yield


def asking(**release: object) -> tuple[Stand, str]:
    """A canary that has asked for prod."""
    stand, name = begun(**release)
    to_canary(stand, name)
    stand.run(250)
    assert stand.say("promote", version=name, to="prod") == "", stand.refused
    return stand, name


def test_prod_takes_two_tokens_and_a_name_alone_is_nobody() -> None:
    stand, name = asking()
    assert stand.say("approve", version=name, who="bob") == "release.needs_people"
    stand.people(ann="admin", bob="approver", cat="approver", dan="trader")
    for key in ("", "0" * 64, key_of("cat")):
        assert stand.say("approve", version=name, who="bob", key=key) == "release.no_token"
    assert stand.say("approve", version=name, who="eve") == "release.no_token"
    assert stand.say("approve", version=name, who="dan") == "release.not_allowed"
    assert stand.say("approve", version=name, who="bob") == ""
    assert stand.say("approve", version=name, who="bob") == "release.twice"
    assert stand.version(name).stage is Stage.CANARY
    assert stand.say("approve", version=name, who="cat") == ""
    assert stand.version(name).stage is Stage.PROD
    assert stand.say("retire", version=name, who="bob", key="") == "release.no_token"
    assert stand.say("rollback", version=name, who="eve", key="") == "", "going back is like stopping"


def test_nobody_is_the_machine() -> None:
    stand, name = asking()
    for who in ("machine", "settings"):
        assert stand.say("approve", version=name, who=who) == "release.reserved"
    assert stand.say("person", name="machine", role="admin", newkey=key_of("x")) == "release.no_person"


def test_the_owner_of_a_single_machine_decides_alone_where_the_settings_say_so() -> None:
    stand, name = asking(solo=True)
    assert stand.engine.state.release.needed(Stage.PROD) == 1
    assert stand.say("approve", version=name, who="ann") == ""
    assert stand.version(name).stage is Stage.PROD


def test_only_an_admin_enters_and_removes_people_and_one_always_stays() -> None:
    stand = Stand(wave(20))
    assert stand.say("person", name="bob", role="approver", newkey=key_of("bob")) == "release.first_admin"
    stand.people(ann="admin", bob="approver")
    assert (
        stand.say("person", name="eve", role="admin", newkey=key_of("e"), who="bob") == "release.not_allowed"
    )
    assert stand.say("person", name="eve", role="admin", newkey=key_of("e"), who="eve") == "release.no_token"
    assert stand.say("person", name="eve", role="admin", newkey=key_of("bob")) == "release.no_person", (
        "a copy"
    )
    assert stand.say("person", name="eve", role="queen", newkey=key_of("e")) == "release.no_person"
    assert stand.say("person", name="ann", role="trader", newkey=key_of("ann")) == "release.first_admin"
    assert stand.say("unperson", name="ann") == "release.first_admin"
    assert stand.say("unperson", name="eve") == "release.unknown_person"
    assert stand.say("unperson", name="bob") == ""
    assert [*stand.engine.state.release.persons] == ["ann"]
    notes = [note for row in stand.outcomes for note in row.notes]
    assert not any(key_of("bob") in str(note.args) for note in notes)


def test_an_approval_under_a_token_that_was_taken_back_counts_no_more() -> None:
    stand, name = asking()
    stand.people(ann="admin", bob="approver", cat="approver")
    assert stand.say("approve", version=name, who="bob") == ""
    assert stand.say("person", name="bob", role="approver", newkey=key_of("new")) == ""
    assert stand.version(name).ask is not None
    assert not stand.version(name).ask.approvals  # type: ignore[union-attr]
    assert stand.say("approve", version=name, who="cat") == ""
    assert stand.version(name).stage is Stage.CANARY


def test_a_command_without_a_name_is_judged_by_who_sent_it() -> None:
    stand = Stand(wave(20))
    name = stand.add(passport(proven()))
    stand.people(ann="admin")
    args = {"version": name, "to": "paper", "reason": "a drill"}
    stand.step(ev.Command(stand.engine.state.now, "x1", "release.promote", args, "cli:4"))
    assert stand.engine.state.refusals["x1"][0] == "release.no_token"
