"""A market with a wave in it, a strategy that rides it or swims against it, and a person who gives orders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from random import Random
from typing import Any

import msgspec

from cockpit.app import compose, versions
from cockpit.app.discover import discover
from cockpit.app.rehearse import MARKET
from cockpit.app.simulated import cash_of, rules_of
from cockpit.core import events as ev
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.intents import Outcome
from cockpit.core.matching import Exchange, Latency, World
from cockpit.core.registry import STRATEGIES
from cockpit.core.release.people import key_of
from cockpit.core.release.records import Make, Passport, Version
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab import backtest

MINUTE = 60_000
START = 1_704_067_200_000
WAVE = 4
"""Bars of one rise and fall."""
SPAN = WAVE * MINUTE
SYMBOL = MARKET.symbol


class Params(msgspec.Struct, frozen=True):
    """``against``: short while it rises. ``max_position``: fraction of equity."""

    against: bool = False
    max_position: float = 0.5
    salt: int = 0
    """Only makes it another version."""


class Rider(msgspec.Struct):
    """Long in the first half of each wave, short in the second."""

    params: Params
    side: int = 0

    @classmethod
    def create(cls, params: Params) -> Rider:
        return cls(params)

    def on_bar(self, bar: ev.Bar, view: View, want: Want) -> None:
        """Its mind is made up by the clock."""
        rising = (bar.ts - START) // MINUTE % WAVE < WAVE // 2
        side = 1 if rising is not self.params.against else -1
        if side == self.side:
            return
        self.side = side
        if side > 0:
            want.long(self.params.max_position, bar.close * 0.9, tag="up")
        else:
            want.short(self.params.max_position, bar.close * 1.1, tag="down")


@contextmanager
def riding() -> Iterator[None]:
    """The strategy is known while the test runs."""
    STRATEGIES.add("rider", Rider, Params, {"version": 1, "wakes": ("bar",), "legs": 1})
    try:
        yield
    finally:
        del STRATEGIES._rows["rider"]


def wave(bars: int, seed: int = 1, edge: float = 0.002, noise: float = 0.0005) -> list[ev.Bar]:
    """Closed one-minute bars: up by ``edge`` a bar in the first half of a wave, down in the second."""
    dice, price, rows = Random(seed), 100.0, []
    for n in range(1, bars + 1):
        rising = (n - 1) % WAVE < WAVE // 2
        close = round(price * (1 + (edge if rising else -edge) + dice.gauss(0, noise)), 2)
        high, low = max(price, close) + 0.01, min(price, close) - 0.01
        rows.append(ev.Bar(START + n * MINUTE, SYMBOL, MINUTE, price, high, low, close, 1_000.0))
        price = close
    return rows


class Stand:
    """One account, one tape. ``run`` lets time pass; ``say`` gives an order, as the application would."""

    def __init__(self, bars: list[ev.Bar], sleeves: tuple[SleeveConfig, ...] = (), **release: Any) -> None:
        discover()
        config = Config()
        self.config = msgspec.structs.replace(
            config, release=msgspec.structs.replace(config.release, **release)
        )
        self.exchange = Exchange({SYMBOL: MARKET}, cash_of(config), rules_of(config))
        self.world = World(iter(bars), self.exchange, Latency.constant(10, 20, 10))
        self.frames = {SYMBOL: (MINUTE,)}
        self.parts = compose.cast(sleeves, {SYMBOL: MARKET}, self.frames)
        self.engine = compose.fresh(self.config, "test", {SYMBOL: MARKET}, self.parts)
        self.engine.foundry = versions.Foundry(self.config)
        self.facts: list[ev.AnyEvent] = []
        self.outcomes: list[Outcome] = []
        self.said = 0
        self._next: ev.AnyEvent | None = None
        self.step(backtest.boot(self.world, "test", "", ""))

    def step(self, event: ev.AnyEvent) -> Outcome:
        """One fact; what it led to is sent."""
        outcome = self.engine.step(event)
        self.facts.append(event)
        if outcome.seq:
            self.outcomes.append(outcome)
        for action in outcome.actions:
            self.world.submit(action, self.engine.state.now)
        return outcome

    def run(self, minutes: float = 1e9) -> None:
        """Until then, or the end of the tape."""
        until = self.engine.state.now + minutes * MINUTE
        while self.engine.state.now < until:
            event = self.world.next(self.engine.deadline)
            if event is None:
                return
            self.step(event)

    def say(self, deed: str, **args: str) -> str:
        """An order about a version; empty, or the message id of why it was not done."""
        self.said += 1
        name = f"c{self.said}"
        args = {"reason": "a drill", "who": "ann", **args}
        if args["who"] in self.engine.state.release.persons:
            args = {"key": key_of(args["who"]), **args}
        self.step(ev.Command(self.engine.state.now, name, f"release.{deed}", args, "test"))
        return self.engine.state.refusals.get(name, ("", {}))[0]

    def people(self, **roles: str) -> None:
        """Give people tokens; here each one's token is their name. The first is an admin."""
        for name, role in roles.items():
            first = next(iter(roles))
            no = self.say("person", name=name, role=role, newkey=key_of(name), who=first)
            assert not no, no

    @property
    def refused(self) -> dict[str, str]:
        """The numbers of the last refusal."""
        return list(self.engine.state.refusals.values())[-1][1]

    def make(self, **params: Any) -> Make:
        row = SleeveConfig("rider", SYMBOL, "1m", params=params)
        return versions.make_of(compose.cast([row], {SYMBOL: MARKET}, self.frames))

    def add(self, passport: Passport | None = None, parent: str = "", **params: Any) -> str:
        """Enter a version; returns its id."""
        make = self.make(**params)
        proof = msgspec.json.encode(passport).decode() if passport is not None else ""
        no = self.say("add", make=msgspec.json.encode(make).decode(), passport=proof, parent=parent)
        assert not no, no
        return make.id

    def version(self, name: str) -> Version:
        return self.engine.state.release.versions[name]

    def notes(self, message: str) -> list[dict[str, str]]:
        """Arguments of every such note so far."""
        return [note.args for row in self.outcomes for note in row.notes if note.message == message]


def passport(returns: tuple[float, ...], **changes: Any) -> Passport:
    """One that opens every gate it can."""
    good = Passport(
        "f" * 64,
        valid=True,
        issued=START,
        dsr=0.99,
        pbo=0.05,
        min_trl=100.0,
        length=1_000.0,
        plateau=True,
        clean=True,
        span_ms=SPAN,
        returns=returns,
        slippage_bp=1.0,
        drawdowns=((50, 0.1), (500, 0.2)),
    )
    return msgspec.structs.replace(good, **changes)


CASH = Decimal(10_000)
