"""What a campaign reached: faults, (order state, news) pairs, crash points, invariants. Counted.

``python -m tests.simulation FIRST --many N --coverage`` runs the seeds in one process and prints the table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from cockpit.core import lifecycle, orders
from cockpit.core.orders import TRANSITIONS, Order
from tests.simulation.faults import CLASSES
from tests.simulation.invariants import Checker
from tests.simulation.reachable import reachable
from tests.simulation.world import World

FAULTS: dict[str, tuple[str, ...]] = {
    "F01": ("lose_response",),
    "F02": ("lose_response", "late"),
    "F03": ("late", "lose_request"),
    "F04": ("slow", "late"),
    "F05": ("crash",),
    "F06": ("crash",),
    "F07": ("duplicate",),
    "F08": ("delay",),
    "F09": ("drop",),
    "F10": ("slow", "delay"),
    "F11": ("slow", "late"),
    "F12": ("crash",),
    "F13": ("stall", "silence"),
    "F14": ("cut", "drop"),
    "F16": ("bad_data",),
    "F18": ("stall", "silence"),
    "F19": ("bad_data",),
    "F20": ("strategy_slow",),
    "F22": ("strategy_crash",),
    "F23": ("crash",),
    "F24": ("drop", "delay"),
    "F25": ("lose_request", "refuse"),
    "F26": ("suspend",),
    "F27": ("delay", "slow"),
    "F28": ("adl", "slow"),
    "F29": ("delay", "drop"),
    "F30": ("adl", "liquidation", "hand_trade"),
    "F31": ("halt", "press"),
    "F32": ("halt", "crash"),
    "F36": ("duplicate",),
    "F39": ("delay", "drop", "held"),
    "F40": ("half_read",),
    "F43": ("crash",),
    "F45": ("disk_full", "disk_fail"),
    "F46": ("power",),
    "F47": ("clock",),
    "F48": ("clock", "strategy_slow"),
    "F51": ("hand_trade", "hand_cancel", "held"),
    "F53": ("maintenance", "refuse"),
    "F54": ("suspend", "tick", "lot"),
}
"""By entry of the fault catalogue: the classes that make it happen here. What is not named is not tried here
(frames and parsers: tests/okx, tests/contract; processes: tests/daemon; terminals and doors: tests/tui,
tests/api)."""
ALL_FAULTS = tuple(f"F{number:02d}" for number in range(1, 63))
AT_EVENTS = {
    "submitted": ("I03", "I05", "I06", "I12"),
    "clocked": ("I20",),
    "drafted": ("I05", "I12", "I14", "I18", "I21", "I22"),
    "arrived": ("I06",),
    "venue_moved": ("I04", "I08", "I17"),
    "confirmed": ("I03",),
    "receipted": ("I03", "I08"),
    "reopened": ("I07",),
}
AT_REST = {"unsettled": ("I09",), "together": ("I13",), "quiet": ("I01", "I02", "I08", "I09", "I10")}
JUDGES: dict[str, dict[str, tuple[str, ...]]] = {"event": AT_EVENTS, "rest": AT_REST}


def pairs_told(pairs: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """How many rows of the order table were asked for, of those that true news can ask for."""
    possible = sorted(f"{state} {word}" for state, word in reachable())
    missing = [name for name in possible if not pairs.get(_pair(name))]
    told = f"(order state, news) pairs: {len(possible) - len(missing)} of {len(possible)}"
    yield f"{told}; not reached: {', '.join(missing) or 'none'}"
    counts = sorted((pairs.get(_pair(name), 0), name) for name in possible if name not in missing)
    yield "  seldomest: " + ", ".join(f"{name} {count}" for count, name in counts[:8])
    blind = reachable(blind=True) - reachable()
    never = sorted(f"{s} {w}" for s, w in TRANSITIONS.keys() - reachable(blind=True))
    lies = sorted(f"{s} {w}" for s, w in blind)
    yield f"  only if a venue's cancel did not count its fills (held by the search itself): {', '.join(lies)}"
    yield f"  by no news at all: {', '.join(never)}"


def _pair(name: str) -> tuple[str, str]:
    state, _, word = name.partition(" ")
    return state, word


class Reached:
    """Counters over any number of worlds."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.passed: Counter[str] = Counter()
        self.crashed: Counter[str] = Counter()
        self.judged: Counter[tuple[str, str]] = Counter()
        self.hours = 0.0

    def see(self, world: World) -> None:
        """Add what one world came to."""
        self.hours += world.loop.time() / 3600
        for text in world.plan.fired:
            head, _, rest = text.partition(" ")
            kind = rest.split(" ")[0] if "#" in head else head
            self.faults[kind] += 1
            if head.startswith("crash:"):
                self.crashed[head.partition("#")[0][6:]] += 1
        for moment in world.plan.moments:
            self.faults[moment.kind] += 1
        for point, count in world.plan.visits.items():
            if point.startswith("crash:"):
                self.passed[point[6:]] += count

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count transitions and judgements while worlds run."""
        real = orders.transition

        def transition(order: Order, word: str, ts: int) -> bool:
            self.pairs[order.state.value, word] += 1
            return real(order, word, ts)

        asked: Counter[tuple[str, str]] = Counter()

        def counted(name: str, when: str) -> Callable[..., Any]:
            method, key = getattr(Checker, name), (name, when)

            def judge(checker: Checker, *args: Any) -> Any:
                asked[key] += 1
                return method(checker, *args)

            return judge

        with patch.object(lifecycle, "transition", transition):
            patches = [
                patch.object(Checker, name, counted(name, when)) for when in JUDGES for name in JUDGES[when]
            ]
            for one in patches:
                one.start()
            try:
                yield
            finally:
                for one in patches:
                    one.stop()
                for (name, when), count in asked.items():
                    for invariant in JUDGES[when][name]:
                        self.judged[invariant, when] += count

    def table(self) -> Iterator[str]:
        """The whole account, in lines."""
        yield f"faults ({self.hours:.2f} simulated hours)"
        for name in ALL_FAULTS:
            kinds = FAULTS.get(name, ())
            told = ", ".join(f"{kind} {self.faults[kind]}" for kind in kinds) or "not in the simulator"
            yield f"  {name}  {told}"
        yield f"classes without a happening: {sorted(set(CLASSES) - set(self.faults)) or 'none'}"
        yield "invariants judged (at each event / when quiet); I28 by running a seed twice, I15 at every end"
        for name in sorted({name for name, _ in self.judged}):
            yield f"  {name}  {self.judged[name, 'event']} / {self.judged[name, 'rest']}"
        yield from pairs_told(self.pairs)
        yield f"crash points: {len(self.passed)} passed, {len(self.crashed)} crashed at"
        for point in sorted(self.passed):
            yield f"  {point}  passed {self.passed[point]}, crashed {self.crashed[point]}"
