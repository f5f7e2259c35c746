"""What goes back by itself, what returns, and that a restart or a replay of all of it is the same again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec
import pytest

from cockpit.app import compose, versions
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.config import SleeveConfig
from cockpit.core.engine import Engine
from cockpit.core.intents import Cancel, Place
from cockpit.core.release import listing
from cockpit.core.release.leaving import CLOSING, RUNNING_OUT
from cockpit.core.types import Stage
from tests.release.stand import MARKET, MINUTE, START, SYMBOL, Stand, passport, riding, wave
from tests.release.test_stages import begun, proven, to_canary


@pytest.fixture(autouse=True)
def known() -> Iterator[None]:
    with riding():
        yield


def turned(calm: int, bars: int, seed: int = 3) -> list[ev.Bar]:
    """A market whose waves turn round after ``calm`` bars: what was right is wrong from there on."""
    before, after = wave(calm, seed=seed), wave(bars, seed=seed + 1, edge=-0.002)
    scale, rows = before[-1].close / 100.0, list(before)
    for bar in after:
        prices = {name: round(getattr(bar, name) * scale, 2) for name in ("open", "high", "low", "close")}
        rows.append(
            msgspec.structs.replace(bar, ts=START + (calm + (bar.ts - START) // MINUTE) * MINUTE, **prices)
        )
    return rows


def in_production(
    bars: list[ev.Bar], sleeves: tuple[SleeveConfig, ...] = (), **changes: object
) -> tuple[Stand, str]:
    stand = Stand(bars, sleeves, max_trades_day=1e4)
    name = stand.add(passport(proven(), **changes))
    stand.people(ann="admin", bob="approver", cat="approver")
    assert stand.say("promote", version=name, to="paper") == ""
    to_canary(stand, name)
    stand.run(250)
    assert stand.say("promote", version=name, to="prod") == "", stand.refused
    for who in ("bob", "cat"):
        assert stand.say("approve", version=name, who=who) == "", stand.refused
    return stand, name


CHAMPION = SleeveConfig("rider", SYMBOL, "1m", params={"against": True, "max_position": 0.1})
"""What trades before: it swims against the waves, and a better one is easily told."""


def test_a_better_version_replaces_the_champion_which_comes_back_when_the_market_turns() -> None:
    stand, name = in_production(turned(760, 500), (CHAMPION,))
    state = stand.engine.state
    old = next(v for v in state.release.versions.values() if v.id != name)
    new = stand.version(name)
    assert (old.stage, new.stage, new.replaced) == (Stage.SHADOW, Stage.PROD, old.id)
    assert state.sleeves[old.sleeves[0]].leaving == RUNNING_OUT
    mine = state.position(old.sleeves[0])
    assert mine, "what it held is still its own"
    assert all(o.version == old.id for o in state.orders.values() if o.sleeve == old.sleeves[0])
    stand.run()
    words = [line.word for line in new.history]
    assert words[-1] == "rolled_back"
    assert new.history[-1].who == "machine"
    assert "drawdown" in new.history[-1].why or "decay" in new.history[-1].why
    assert (old.stage, old.history[-1].word) == (Stage.PROD, "restored")
    assert not state.position(new.sleeves[0])
    assert state.sleeves[old.sleeves[0]].leaving == ""
    assert all(order.version == old.id for order in state.orders.values())
    assert state.ledger.net_qty(SYMBOL) == state.position(old.sleeves[0])


def test_decay_is_found_by_evidence_when_no_fall_is_deep_enough_to_speak_first() -> None:
    stand, name = in_production(turned(760, 900), drawdowns=())
    stand.engine.state.release.settings = msgspec.structs.replace(stand.config.release, max_drawdown=1.0)
    stand.run()
    last = stand.version(name).history[-1]
    assert last.word == "rolled_back"
    assert last.why.startswith("decay: e-detector"), (
        "it had earned before: the e-value from the start is late"
    )
    assert stand.version(name).decay.value < 20


def test_a_benched_canary_goes_back_in_the_same_step_with_its_entries_cancelled() -> None:
    stand, name = begun()
    to_canary(stand, name)
    state = stand.engine.state
    version = stand.version(name)
    while not state.orders:
        stand.run(0.01)
    state.bench(state.sleeves[version.sleeves[0]], "a bug of its own")
    stand.run(0.1)
    assert version.stage is Stage.RETIRED
    assert version.history[-1].why == "benched: a bug of its own"
    assert state.sleeves[version.sleeves[0]].leaving == CLOSING
    stand.run(3)
    assert not state.orders
    assert not state.ledger.held()


def test_a_rollback_cancels_a_resting_entry_at_once() -> None:
    stand, name = begun()
    to_canary(stand, name)
    version, state = stand.version(name), stand.engine.state
    slot = stand.engine.slots[version.sleeves[0]]
    price = state.price(SYMBOL)
    while state.position(version.sleeves[0]) or state.orders:
        slot.want.flat("drill")
        stand.run(1)
    slot.want.quote(price * 0.99, 1.0, price * 1.01, 1.0, "drill")
    slot.want.dirty = True
    stand.run(1.01)
    assert any(order.kind == "post_only" and order.state == "live" for order in state.orders.values())
    before = len(stand.outcomes)
    assert stand.say("rollback", version=name) == ""
    sent = [action for row in stand.outcomes[before:] for action in row.actions]
    assert sum(type(action) is Cancel for action in sent) == 2
    assert all(action.reduce_only for action in sent if isinstance(action, Place))
    stand.run(2)
    assert not state.orders


def folded(stand: Stand, facts: list[ev.AnyEvent], engine: Engine) -> Engine:
    for event in facts:
        engine.step(event)
    return engine


def fresh(stand: Stand) -> Engine:
    parts = compose.cast((CHAMPION,), {SYMBOL: MARKET}, stand.frames)
    engine = compose.fresh(stand.config, "test", {SYMBOL: MARKET}, parts)
    engine.foundry = versions.Foundry(stand.config)
    return engine


def test_a_replay_and_a_restart_in_the_middle_are_the_same_to_the_byte() -> None:
    stand, name = in_production(turned(760, 300), (CHAMPION,))
    stand.run()
    whole = memory.freeze(stand.engine)
    again = folded(stand, stand.facts, fresh(stand))
    assert again.digest == stand.engine.digest
    assert hashlib.sha256(memory.freeze(again)).digest() == hashlib.sha256(whole).digest()
    for cut in (len(stand.facts) // 3, len(stand.facts) * 2 // 3):  # with a twin alone, and with a canary
        half = folded(stand, stand.facts[:cut], fresh(stand))
        parts = compose.cast((CHAMPION,), {SYMBOL: MARKET}, stand.frames)
        woken = compose.remembered(
            memory.read(memory.freeze(half)), stand.config, parts, versions.Foundry(stand.config)
        )
        assert set(woken.twins) == set(half.twins)
        assert folded(stand, stand.facts[cut:], woken).digest == stand.engine.digest
    assert stand.version(name).stage is Stage.RETIRED


def test_a_version_whose_source_has_changed_is_not_run_and_its_position_stays_protected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stand, name = begun()
    to_canary(stand, name)
    sleeve = stand.version(name).sleeves[0]
    while not stand.engine.state.position(sleeve):
        stand.run(1)
    raw = memory.freeze(stand.engine)
    monkeypatch.setattr(versions, "code_of", lambda _plugin: "another source")
    woken = compose.remembered(memory.read(raw), stand.config, (), versions.Foundry(stand.config))
    version = woken.state.release.versions[name]
    assert "has changed since" in version.fault
    assert woken.state.sleeves[sleeve].benched
    assert type(woken.slots[sleeve].strategy).__name__ == "Absent"
    assert not woken.twins
    assert any(order.sleeve == sleeve for order in woken.state.orders.values()), "its stop rests on"
    assert listing.row(woken.state, version).fault == version.fault


def test_other_numbers_in_the_settings_are_another_version_and_the_old_position_runs_out() -> None:
    stand = Stand(wave(120, seed=3), (CHAMPION,))
    stand.run(30)
    state = stand.engine.state
    old = next(iter(state.release.versions.values()))
    held = state.position(old.sleeves[0])
    assert held
    changed = msgspec.structs.replace(CHAMPION, params={"against": False, "max_position": 0.1})
    parts = compose.cast((changed,), {SYMBOL: MARKET}, stand.frames)
    ((before, make),) = versions.changed(stand.engine, parts)
    assert before == old.id
    assert stand.say("settings", make=msgspec.json.encode(make).decode(), old=before) == ""
    assert state.position(old.sleeves[0]) == held, "nobody touches what it holds"
    assert versions.changed(stand.engine, parts) == [], "said once"
    most = 0.0
    for _ in range(30):
        stand.run(1)
        held = sum(abs(float(state.position(name))) for name in state.sleeves)
        most = max(most, held * state.price(SYMBOL) / state.equity())
    assert most <= 0.105, "both together hold what one may"
    new = state.release.versions[make.id]
    assert (old.stage, new.stage) == (Stage.RETIRED, Stage.PROD)
    assert state.position(new.sleeves[0])
    assert not state.position(old.sleeves[0]), "its own exit has ended it"
    back = compose.cast((CHAMPION,), {SYMBOL: MARKET}, stand.frames)
    ((again, first),) = versions.changed(stand.engine, back)
    assert (again, first.id) == (new.id, old.id)
    assert stand.say("settings", make=msgspec.json.encode(first).decode(), old=again) == ""
    assert (old.stage, new.stage) == (Stage.PROD, Stage.RETIRED)
