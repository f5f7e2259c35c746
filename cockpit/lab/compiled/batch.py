"""Several parameter sets of a strategy, one after the other in machine code: Python prepares and reads them.

Threads that share a sweep meet at Python's lock once a batch, not at every set. What the runs write lies in
memory of their own thread, each behind the last: nothing is copied.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cockpit.core.config import Config
from cockpit.core.types import Instrument
from cockpit.lab.compiled import records, setting
from cockpit.lab.compiled.packing import packing
from cockpit.lab.compiled.reasons import BOOKS_FULL, LIST_FULL, WORDS, Unsupported
from cockpit.lab.compiled.result import Ends, Result
from cockpit.lab.compiled.shared import Made, Shelf
from cockpit.lab.compiled.sheets import Sheets
from cockpit.lab.compiled.start import Start
from cockpit.lab.compiled.tape import Tape

LIST_ROOM = 64
LARGEST_ROOM = 1 << 24
STOPS = (records.Stop, ArithmeticError, ValueError, IndexError)
"""What machine code raises."""
TOLD = ("number", "trades", "filled", "worth", "now", "tag", "booked")
"""What a machine says at its end."""


class Of(NamedTuple):
    """What the runs are of, and under which names they are booked."""

    play: Any
    start: Start
    instrument: Instrument
    tape: Tape
    config: Config
    sleeve: str
    prefix: str


class _Desk(threading.local):
    """One thread's own machines."""

    memory: Any = ()

    def blank(self, start: Start, count: int) -> Any:
        """Machines before their first bar, one behind the other; those of before are gone."""
        import numpy as np

        size = len(start.machine)
        if len(self.memory) < max(1, count * size):
            self.memory = np.empty(max(1, count * size), np.uint8)
        np.ndarray((count, size), np.uint8, self.memory)[:] = start.machine
        return np.ndarray(count, start.kind, self.memory)


_desk, _sheets = _Desk(), Sheets()


class _Again(Exception):
    """The next set once more, with more room."""

    def __init__(self, lists: bool, lines: int) -> None:
        super().__init__()
        self.lists = lists
        self.lines = lines
        """That were too few."""


def batch(of: Of, many: Sequence[Any]) -> list[Result | Unsupported]:
    """A result for each parameter set, in their order, or why the kernel must be asked for it."""
    answers: list[Result | Unsupported] = []
    room, lines = LIST_ROOM, len(of.tape) // 8 + len(of.tape.rates) + 1024
    while len(answers) < len(many):
        try:
            for answer in _Batch(of, many[len(answers) :], room).run(lines):
                answers.append(answer)  # noqa: PERF402 - those before a full one count
        except _Again as full:
            room, lines = (room * 4, lines) if full.lists else (room, full.lines * 4)
            if max(room, lines) > LARGEST_ROOM:
                answers.append(Unsupported("more memory than there is room for"))
                room, lines = LIST_ROOM, lines if full.lists else full.lines
    return answers


class _Batch:
    """Sets whose machines lie ready."""

    def __init__(self, of: Of, many: Sequence[Any], room: int) -> None:
        import numpy as np

        self.of = of
        self.refusal: Unsupported | None = None
        """Of the set behind the last of these."""
        form = packing(of.play.plugin.target)
        self.values: list[tuple[Any, ...]] = []
        own, arena = bytearray(), list[float]()
        for params in many:
            try:
                values = form.values(of.play.plugin.target.create(params))
            except Unsupported as reason:
                self.refusal = reason
                break
            except Exception as error:  # noqa: BLE001 - a stranger's code; the kernel says what is wrong with it
                self.refusal = Unsupported(f"{of.play.plugin.name} raised {type(error).__name__}")
                break
            own += form.bytes(values, arena, room)
            self.values.append(values)
        self.states, self.floats = np.frombuffer(own, of.start.state), np.array(arena or [0.0])
        self.machines = m = _desk.blank(of.start, len(self.values))
        m["limit"] = [setting.limit_of(params) for params in many[: len(m)]]
        m["at_s"] = _places(self.states)
        m["at_f"], m["floats"] = self.floats.ctypes.data, len(self.floats)
        self.broken: tuple[Any, Exception] | None = None
        """The machine of the set behind the last, where one of its shared columns could not be made."""
        self.ends = self._columns() if of.play.program.shared is not None else [()] * len(m)
        """Of the shared indicators of each set: their numbers after the last bar."""

    def run(self, least: int) -> Iterator[Result | Unsupported]:
        """Its answers. Raises _Again where one needs more room than ``least`` lines."""
        at = 0
        while at < len(self.machines):
            room = _sheets.room(self.of.start.line, least)
            end, error = self._drive(at, room, least)
            room -= int(self.machines["booked"][at:end].sum())
            yield from self._results(at, end)
            if error is not None:
                yield self._refused(self.machines[end], error, room)
                end += 1
            at = end
        if self.broken is not None:
            yield self._refused(*self.broken, least)
        elif self.refusal is not None:
            yield self.refusal

    def _drive(self, at: int, room: int, least: int) -> tuple[int, Exception | None]:
        """Where it came to, and what stopped it there."""
        machines = self.machines[at:]
        size, line = machines.itemsize, self.of.start.line.itemsize
        drive = self.of.play.module.drive_all
        try:
            return at + drive(
                machines.ctypes.data, size, len(machines), _sheets.at(), room, line, least
            ), None  # fmt: skip
        except STOPS as error:
            begun = int((machines["at_books"] != 0).sum())
            return at + begun - 1, error

    def _refused(self, m: Any, error: Exception, room: int) -> Unsupported:
        """Why a set has no result. Raises _Again where it only lacked room."""
        if not isinstance(error, records.Stop):
            name = self.of.play.plugin.name
            return Unsupported(f"{name} raised {type(error).__name__}", int(m["now"]))
        why = int(m["why"])
        if why in (BOOKS_FULL, LIST_FULL):
            raise _Again(why == LIST_FULL, room)
        return Unsupported(WORDS.get(why, f"reason {why}"), int(m["why_ts"]))

    def _results(self, at: int, end: int) -> Iterator[Result]:
        of, m = self.of, self.machines[at:end]
        told = zip(*(m[name].tolist() for name in TOLD), strict=True)
        for k, (number, trades, filled, worth, now, tag, booked) in enumerate(told, at):
            yield Result(
                number, trades, filled, worth, _sheets.take(booked), booked, of.instrument, of.tape,
                of.config, of.sleeve, of.prefix, now, tag, self.states[k : k + 1], self.ends[k],
            )  # fmt: skip

    def _columns(self) -> list[Ends]:
        """Put the shared columns where the runs find them; those that nobody has made yet are made.

        A set for which one cannot be made ends the batch, as if it had stopped its machine.
        """
        import numpy as np

        play, tape = self.of.play, self.of.tape
        plan, form = play.program.shared, packing(play.plugin.target)
        shelf: Shelf = tape.__dict__.setdefault("_shelf", Shelf())
        self.table = table = np.zeros((len(self.values), max(1, plan.columns)), np.int64)
        found: list[Ends] = []
        for k, values in enumerate(self.values):
            used: list[tuple[str, bytes]] = []
            addresses: list[int] = []
            for number, update in enumerate(plan.updates):
                key = update.key(form, values)
                made = shelf.get(key)
                if made is None:
                    try:
                        made = self._made(number, k)
                    except STOPS as error:
                        self.broken = self.machines[k], error
                        break
                    shelf.put(key, made)
                addresses += made.at
                used.append((update.name, made.end))
            if self.broken is not None:
                break
            table[k, : len(addresses)] = addresses
            found.append(tuple(used))
        self.machines = self.machines[: len(found)]
        self.machines["at_columns"] = _places(table)[: len(found)]
        return found

    def _made(self, number: int, k: int) -> Made:
        """An indicator over the whole tape, by the function that the strategy would call."""
        import numpy as np

        plan, m = self.of.play.program.shared, self.machines[k : k + 1]
        update, first = plan.updates[number], plan.first[number]
        columns = tuple(np.empty(len(self.of.tape)) for _ in range(1 + len(update.reads)))
        table = np.zeros(plan.columns, np.int64)
        at = tuple(int(column.ctypes.data) for column in columns)
        table[first : first + len(at)] = at
        state, floats = self.states[k : k + 1].copy(), self.floats.copy()
        before = m["at_s"][0], m["at_f"][0]
        m["at_columns"], m["at_s"], m["at_f"] = table.ctypes.data, state.ctypes.data, floats.ctypes.data
        getattr(self.of.play.module, f"column_{number}")(m.ctypes.data)
        m["at_s"], m["at_f"] = before
        return Made(state[update.name].tobytes(), columns, at)


def _places(rows: Any) -> Any:
    """The address of each row."""
    import numpy as np

    return int(rows.ctypes.data) + rows.strides[0] * np.arange(len(rows))
