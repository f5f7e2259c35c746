"""What is asked of versions through the door: resolved outside, decided in the step, answered in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace as Some
from typing import Any

import pytest

from cockpit.adapters.store.inline import InlineStore
from cockpit.adapters.store.version_rows import read_versions
from cockpit.app import proofs, releasing
from cockpit.app.commands.versions import lines, table
from cockpit.core import events as ev
from cockpit.core.frames import Health
from cockpit.core.project import Projector
from cockpit.core.release.people import key_of
from cockpit.core.release.records import Passport
from cockpit.core.types import Stage
from tests.release.stand import MARKET, SYMBOL, Stand, passport, riding, wave
from tests.release.test_stages import proven


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with riding():
        yield


class Door:
    """A stand behind the application's own handling of versions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, proof: Passport | None, **release: Any) -> None:
        self.stand = Stand(wave(600, seed=3), max_trades_day=1e4, me="ann", **release)
        self.projector = Projector(self.stand.engine, mode="PAPER", venue="test")
        plan = Some(config=self.stand.config, folder=Path(), home=None)
        source = Some(instruments={SYMBOL: MARKET}, frames=self.stand.frames, sleeves=())
        crew = Some(command=self._command)
        self.runtime: Any = Some(
            plan=plan, engine=self.stand.engine, source=source, crew=crew, projector=self.projector
        )
        self.count = 0

        async def asked(_question: proofs.Question) -> Passport | None:
            return proof

        monkeypatch.setattr(proofs, "asked", asked)

    def _command(self, verb: str, args: dict[str, str], actor: str, command_id: str) -> asyncio.Future[None]:
        self.stand.step(ev.Command(self.stand.engine.state.now, command_id, verb, args, actor))
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def ask(self, verb: str, **args: str) -> Any:
        self.count += 1
        return asyncio.run(releasing.obey(self.runtime, verb, args, "cli", f"d{self.count}"))

    def run(self, minutes: float) -> None:
        start = len(self.stand.facts)
        self.stand.run(minutes)
        for event in self.stand.facts[start:]:
            self.projector.observe(event, self.stand.outcomes[-1])


def test_a_version_is_added_promoted_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, passport(proven()))
    door.run(30)
    added = door.ask("version_add", sleeve="rider:salt=4@COIN-USDT-SWAP/1m", reason="a try")
    assert added.ok, added
    name = added.payload["id"]
    assert [*added.payload["symbols"]] == [SYMBOL]
    promoted = door.ask("version_promote", version=name[:9], to="paper", reason="as proven")
    assert promoted.ok, promoted
    assert promoted.payload["stage"] == "paper"
    version = door.stand.version(name)
    assert version.history[-1].who == "ann", "who sits here, as the settings say"
    twin = door.stand.engine.twins[name]
    assert twin.engine.state.last[SYMBOL] > 0, "warm: it has heard the bars from before"
    door.run(30)
    rows = door.ask("versions").payload["versions"]
    assert [row["id"] for row in rows] == [name]
    shown = door.ask("version", version=name).payload
    json.dumps(shown, allow_nan=False)
    text = "\n".join(lines(shown, "en"))
    for words in ("To shadow:", "NO  observations", "power=", "as proven", "salt=4"):
        assert words in text, text
    assert "影子" in "\n".join(lines(shown, "zh"))
    assert name in table(rows, "en")


def test_whoever_shows_a_token_and_no_name_is_its_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people at two screens of one cockpit: each key press is that person's, whoever started it."""
    door = Door(monkeypatch, passport(proven()))
    assert door.ask("person_add", name="ann", role="admin", newkey=key_of("a")).ok
    assert door.ask("person_add", name="bob", role="approver", newkey=key_of("b"), token="a").ok
    added = door.ask("version_add", sleeve=f"rider@{SYMBOL}/1m", token="a")
    assert added.ok, added
    name = added.payload["id"]
    refused = door.ask("version_retire", version=name, reason="enough")
    assert (refused.message, refused.args["who"]) == ("release.no_token", "ann"), "as the settings say"
    assert (
        door.ask("version_retire", version=name, reason="enough", who="ann", token="b").message
        == "release.no_token"
    )
    assert door.ask("version_retire", version=name, reason="enough", token="b").ok
    assert door.stand.version(name).history[-1].who == "bob"


@pytest.mark.parametrize(
    ("verb", "args", "message"),
    [
        ("version_add", {"sleeve": "rider:sise=4@COIN-USDT-SWAP/1m"}, "release.cannot_be_made"),
        ("version_add", {"sleeve": "rider@NONE-USDT"}, "release.cannot_be_made"),
        ("version_add", {"sleeve": "rider@COIN-USDT-SWAP/1m", "share": "2"}, "release.cannot_be_made"),
        ("version_add", {"sleeve": "rider"}, "release.cannot_be_made"),
        ("version_promote", {"version": "rider", "to": "paper", "reason": "abc"}, "release.unknown"),
        ("version_approve", {"version": "", "reason": "abc"}, "release.unknown"),
        ("version", {"version": "x"}, "release.unknown"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, verb: str, args: dict[str, str], message: str
) -> None:
    door = Door(monkeypatch, None)
    answer = door.ask(verb, **args)
    assert (answer.ok, answer.message) == (False, message)
    assert not door.stand.engine.state.release.versions


def test_without_a_passport_the_gate_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, None)
    name = door.ask("version_add", sleeve="rider@COIN-USDT-SWAP/1m").payload["id"]
    answer = door.ask("version_promote", version=name, to="paper", reason="please")
    assert (answer.ok, answer.message) == (False, "release.gate")
    assert "passport" in answer.args["conditions"]
    assert door.stand.version(name).stage is Stage.BACKTEST


def test_the_journal_has_versions_and_a_history_that_only_grows(tmp_path: Path) -> None:
    stand = Stand(wave(40, seed=3))
    name = stand.add(passport(proven()))
    stand.say("promote", version=name, to="paper")
    stand.run(20)
    stand.say("retire", version=name, reason="seen enough")

    async def written() -> InlineStore:
        store = await InlineStore.open(tmp_path / "j.db", mode="test")
        facts = [(n + 1, event) for n, event in enumerate(stand.facts)]
        await store.commit(facts, stand.outcomes)
        return store

    store = asyncio.run(written())
    (row,) = read_versions(store._connection)
    assert (row["id"], row["stage"], row["symbols"]) == (name, "retired", SYMBOL)
    assert row["params"]["max_position"] == 0.5
    assert row["passport"] == "f" * 64
    assert [line["word"] for line in row["history"]] == ["added", "promoted", "retired"]
    assert row["history"][-1]["why"] == "seen enough"
    for statement in ("UPDATE version_history SET who = 'x'", "DELETE FROM version_history"):
        with pytest.raises(Exception, match="only grows"):
            store._connection.execute(statement)
    store.abandon()


def test_what_a_twin_does_is_in_the_journal_and_not_among_the_events(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(monkeypatch, passport(proven()))
    name = door.ask("version_add", sleeve="rider@COIN-USDT-SWAP/1m").payload["id"]
    door.ask("version_promote", version=name, to="paper", reason="as proven")
    stand, heard = door.stand, len(door.stand.outcomes)
    stand.run(20)
    for outcome in stand.outcomes[heard:]:
        door.projector.observe(stand.facts[-1], outcome)
    assert stand.notes("twin.filled")
    frame = door.projector.frame(stand.engine.state.now, 0, Health())
    assert not [row for row in frame.events if row.message.startswith("twin.")]
    assert [row.stage for row in frame.versions] == ["paper"]
