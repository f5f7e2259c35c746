"""Every named instant at which a process may die, taken from the code, and worlds that die at each of them.

A point is a call of ``chaos`` in the workers or the store. Where it stands at a commit it has a name for each
kind of fact and of decision that the commit holds (``commit.inside/fill.adl``, ``commit.after/place.exit``);
where it stands at the wire, one for each kind of request (``pre_wire/cancel``). Kinds come from the unions
that the code itself decodes, so that a new one is a point that must be reached.

Every death is followed by a start, and it is judged that

    - the journal folds to the same bytes twice, and the second fold writes nothing (I13)
    - once reconciled, the journal alone, from its first fact, gives the state in memory (I13)
    - no row is in the journal while an earlier one is not (I13): a death then would leave a hole for ever
    - at the end, when all is quiet, two starts in a row change nothing at the venue nor here (``rest.twice``)

RTO: virtual seconds from the start of a process until its books have been compared with the venue's and what
only stops protect has them.
"""

from __future__ import annotations

import ast
import asyncio
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import cockpit
from cockpit.adapters.store import inline
from cockpit.app.journal_watch import JournalWatch
from cockpit.core import events as ev
from cockpit.core import memory
from cockpit.core.intents import Action, Amend, Cancel, Place
from cockpit.core.orders import Role
from tests.simulation import rest, stage
from tests.simulation.faults import CLASSES, DISK, Plan
from tests.simulation.venue_link import EPOCH, Killed
from tests.simulation.world import World

SECONDS = 20.0
APART_S = 0.5
"""Reconciled for so long before the next death: what follows a start is a state of its own."""
RARE_S = 1.7
"""How often the world says something that a busy market does not say by itself."""
FUNDING_MS = 9_000
CHUNK = 1
"""Market rows that wait for the next: the writer of production has a thread, and may write at any instant."""
CALM = frozenset(("halt", "hand_trade", "adl", "liquidation", "tick"))
"""Classes of a world whose links are sound: what is measured there is the start alone."""
ROUGH = frozenset(CLASSES) - {"held", "sent", "crash", "clock", "strategy_crash", "strategy_slow", *DISK}
HOMES = ("workers", "adapters/store")
COMMIT = "commit"
REQUESTS = {Place: ev.Request.PLACE, Amend: ev.Request.AMEND, Cancel: ev.Request.CANCEL}


def kind_of(thing: Any) -> str:
    """The name of a fact or decision; trades and new orders are several kinds."""
    tag = str(thing.__struct_config__.tag)
    if isinstance(thing, ev.Fill):
        return f"{tag}.{thing.kind}"
    return f"{tag}.{thing.role}" if isinstance(thing, Place) else tag


def _tags(union: Any, split: dict[type, list[str]]) -> list[str]:
    found = []
    for kind in get_args(union):
        tag = str(kind.__struct_config__.tag)
        found += [f"{tag}.{word}" for word in split[kind]] if kind in split else [tag]
    return found


def facts() -> list[str]:
    """Kinds of rows that a commit may hold, market data aside."""
    kept = [kind for kind in get_args(ev.AnyEvent) if kind not in ev.MARKET]
    fills = [f"fill.{kind}" for kind in ev.FillKind]
    return [tag for kind in kept for tag in (fills if kind is ev.Fill else [str(kind.__struct_config__.tag)])]


def requests() -> list[str]:
    """Kinds of decisions that leave the process."""
    return _tags(Action, {Place: [str(role) for role in Role]})


def calls() -> tuple[set[str], set[str], set[str]]:
    """(whole names, suffixes at a transaction, labels of transactions), as the code has them."""
    root = Path(cockpit.__file__).parent
    names: set[str] = set()
    suffixes: set[str] = set()
    labels: set[str] = set()
    for path in sorted(path for home in HOMES for path in (root / home).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                _read(node, names, suffixes, labels)
    return names, suffixes, labels


def _read(node: ast.Call, names: set[str], suffixes: set[str], labels: set[str]) -> None:
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    first = node.args[0] if node.args else None
    if called.strip("_") in {"chaos", "point"}:
        match first:
            case ast.Constant(value=str(text)):
                names.add(text)
            case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(text))]):
                suffixes.add(text)
            case _:
                raise AssertionError(f"a crash point that has no name here: {ast.unparse(node)}")
    elif called == "_write" and isinstance(first, ast.Constant):
        labels.add(str(first.value))
    labels |= {
        str(word.value.value)
        for word in node.keywords
        if word.arg == "label" and isinstance(word.value, ast.Constant)
    }


def points() -> list[str]:
    """Every one of them, sorted."""
    names, suffixes, labels = calls()
    found = {f"{label}{suffix}" for label in labels for suffix in suffixes}
    held = (*facts(), *requests())
    found |= {f"{COMMIT}{suffix}/{kind}" for suffix in suffixes for kind in held}
    wires = {name for name in names if name.endswith("_wire")}
    found |= (names - wires) | {f"{name}/{kind}" for name in wires for kind in requests()}
    return sorted(found)


class Dying(World):
    """Dies at points that are still wanted, one after the other, ``most`` times."""

    def __init__(self, seed: int, left: Counter[str], most: int, *, torn: bool = True) -> None:
        """``torn``: accounts are read as adapters do it; without, an answer may overtake its own fills."""
        calm = seed % 2 == 0
        super().__init__(seed, seconds=SECONDS, plan=Plan(seed, SECONDS, only=CALM if calm else ROUGH))
        self.plan.torn = self.plan.connecting = torn
        self.market.funding_ms = FUNDING_MS
        self.market._next_funding = EPOCH + FUNDING_MS
        self.calm = calm
        self.left = left
        """How often each point still has to be died at."""
        self.most = most
        self.rto: list[tuple[str, float]] = []
        """(where it had died, seconds) of every start that followed a death here."""
        self.died = 0
        self._where = ""
        self._ready = False
        self._born = 0.0
        self._sending: dict[asyncio.Task[Any] | None, Action] = {}
        self._said = 0

    def run(self) -> str:
        with patch.object(inline, "CHUNK", CHUNK):
            return super().run()

    # --- dying ----------------------------------------------------------------------------------------

    def chaos(self, point: str) -> None:
        if self._dying:
            raise Killed(point)
        facts, written = self.store._batch.facts, self.store._head.market
        if point.endswith(".before") and facts and facts[0][0] < written:
            self.checker.violate("I13", f"row {written} is in the journal, fact {facts[0][0]} is not yet")
        hit = [name for name in self._names(point) if self.left[name] > 0]
        starting = not self._ready and any(name.endswith(("/boot", "snapshot")) for name in hit)
        if hit and self.most > 0 and (self._ready or starting) and not self.plan.healed:
            for name in hit:
                self.left[name] -= 1
            self.most -= 1
            self.died += 1
            self._where = hit[0]
            self._downtime = 0.5
            self.kill(f"at {', '.join(hit)}")
            raise Killed(point)

    def _names(self, point: str) -> list[str]:
        if point.endswith("_wire"):
            return [f"{point}/{kind_of(self._sending[asyncio.current_task()])}"]
        batch = self.store._batch
        kinds = [kind_of(event) for _, event in batch.facts]
        kinds += [kind_of(action) for outcome in batch.outcomes for action in outcome.actions]
        tail = dict.fromkeys(kinds) if point.startswith(f"{COMMIT}.") else {}
        return [point, *(f"{point}/{kind}" for kind in tail)]

    # --- starting -------------------------------------------------------------------------------------

    async def _start(self) -> None:
        self._ready = False
        self._born = self.loop.time()
        await super()._start()
        self._wire()
        if self._where:
            await self._fold_again()

    async def _fold_again(self) -> None:
        """Nothing on the loop moves meanwhile: the second fold sees the journal that the first one saw."""
        folded, head = memory.freeze(self.engine), self.store.head
        self._folding = True
        again, _ = await stage.recovered(self.store, self.stage)
        self._folding = False
        if memory.freeze(again) != folded or self.store.head != head:
            self.checker.violate("I13", f"the second fold is another: {stage.difference(again, self.engine)}")

    def _wire(self) -> None:
        """Requests are journalled as they leave, as real adapters do; points at the wire know which."""
        execution, session, inbox = self.crew.execution, self.session, self.inbox
        send, submit = execution._send, session.submit

        async def told(action: Action) -> None:
            task = asyncio.current_task()
            self._sending[task] = action
            try:
                await send(action)
            finally:
                del self._sending[task]

        async def leaves(action: Action) -> None:
            if (asked := REQUESTS.get(type(action))) is not None:
                inbox.put(ev.Sent(self.clock.now_ms(), action.cid, asked))  # type: ignore[union-attr]
            await submit(action)

        execution._send = told  # type: ignore[method-assign]
        session.submit = leaves  # type: ignore[method-assign]

    async def _ring(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(super()._ring())
            group.create_task(self._witness())
            group.create_task(JournalWatch(self.store, lambda *_: None).run())
            group.create_task(self._rarities())

    async def _witness(self) -> None:
        """Wait until this process may be called started; then it may be judged, and die again."""
        while not self.engine.state.reconciled or self.checker.uncovered():
            await asyncio.sleep(0.01)
        if self._where:
            self.rto.append((self._where, self.loop.time() - self._born))
            rest.replayed(self)
            self._where = ""
        await asyncio.sleep(APART_S)
        self._ready = True
        while not self.plan.healed:
            await asyncio.sleep(0.1)
            due = any(self.left[f"close.{when}"] > 0 for when in ("before", "inside", "after"))
            if due and self.most > 0 and len(self.store._batch):
                await self.store.close()

    async def _rarities(self) -> None:
        """Facts that the simulated market does not tell by itself."""
        symbol = self.market.instruments[0].symbol
        while not self.plan.healed:
            await asyncio.sleep(RARE_S)
            now = self.clock.now_ms()
            self._said += 1
            match self._said % 4:
                case 0:
                    self.truth.exchange.transfer("USDT", Decimal(1), self.hub.now_ms())
                    self.hub.flush()
                case 1:
                    self.inbox.put(ev.DataFault(now, symbol, "gap"))
                case 2:
                    self.inbox.put(ev.Advice(now, "nobody", {}))
                case _:
                    self.inbox.put(ev.Scan(now, (), ()))


class Matrix:
    """Deaths by point, and how long the starts after them took."""

    def __init__(self, wanted: list[str], times: int = 1, most: int = 8) -> None:
        self.left = Counter(dict.fromkeys(wanted, times))
        self.most = most
        self.worlds = 0
        self.died = 0
        """One death may be at several points: a commit holds several kinds."""
        self.deaths: Counter[str] = Counter()
        self.calm: dict[str, list[float]] = {}
        """RTO by point where links are sound."""
        self.rough: dict[str, list[float]] = {}
        """The same among lost, late and doubled messages and cut lines."""

    def run(self, worlds: int) -> Matrix:
        """Worlds until nothing is left to die at; AssertionError where one breaks or they were not enough."""
        for seed in range(worlds):
            if not +self.left:
                break
            before = +self.left
            world = Dying(seed, self.left, self.most)
            violation = world.run()
            assert not violation, f"seed {seed}: {violation}\n{world.history.tail(60)}"
            self.take(world.calm, world.died, before - self.left, world.rto)
        assert not +self.left, f"never died at, in {self.worlds} worlds: {sorted(+self.left)}"
        return self

    def take(self, calm: bool, died: int, deaths: Counter[str], rto: list[tuple[str, float]]) -> None:
        """Add what one world came to."""
        self.worlds += 1
        self.died += died
        self.deaths += deaths
        for point, seconds in rto:
            (self.calm if calm else self.rough).setdefault(point, []).append(seconds)

    def table(self, *, by_point: bool) -> Iterator[str]:
        """The account, in lines."""
        if by_point:
            yield f"{'point':34} deaths   RTO ms p50 / p99: sound links, bad links"
            for point in sorted(self.deaths):
                calm, rough = percentiles(self.calm.get(point)), percentiles(self.rough.get(point))
                yield f"{point:34} {self.deaths[point]:6} {calm:>18} {rough:>18}"
        everywhere = [[*chain.from_iterable(rows.values())] for rows in (self.calm, self.rough)]
        yield (
            f"{len(self.deaths)} points, {self.died} deaths in {self.worlds} worlds; RTO ms "
            f"p50 / p99: sound links {percentiles(everywhere[0])}, bad links {percentiles(everywhere[1])}"
        )


def percentiles(values: list[float] | None) -> str:
    """p50 / p99, ms."""
    if not values:
        return "-"
    rows = sorted(values)
    return " / ".join(f"{rows[min(len(rows) - 1, int(len(rows) * q))] * 1_000:,.0f}" for q in (0.5, 0.99))
