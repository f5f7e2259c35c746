"""Tables of plug-ins. One decorator per kind; a duplicate name is an error that names both modules.

Everything a contributor adds is one file and one decorator; built-ins use the same door. Lists shown to
users are read from these tables, never typed twice. ``app.discover`` imports the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from cockpit.core.errors import PluginError

T = TypeVar("T")

API_VERSION = "1.1"
"""Of what plug-ins may rely on (``cockpit.sdk``): the major number changes what is there, the minor adds."""


class Plugin(msgspec.Struct, frozen=True):
    """One registered thing: what it is, where it comes from and which parameters it takes."""

    kind: str
    name: str
    target: Any
    params: type[msgspec.Struct] | None
    module: str
    doc: str
    options: dict[str, Any] = {}


class Table(Mapping[str, Plugin]):
    """All plug-ins of one kind, by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._rows: dict[str, Plugin] = {}

    def add(
        self, name: str, target: Any, params: type[msgspec.Struct] | None, options: dict[str, Any]
    ) -> None:
        """Register; raises PluginError naming both modules when the name is taken."""
        module = str(getattr(target, "__module__", "?"))
        known = self._rows.get(name)
        if known is not None and (known.module, known.target.__qualname__) != (
            module,
            target.__qualname__,
        ):
            raise PluginError(f"{self.kind} {name!r} is registered by {known.module} and by {module}")
        doc = (target.__doc__ or "").strip()
        self._rows[name] = Plugin(self.kind, name, target, params, module, doc, options)

    def wanted(self, name: str, target: Any, api: str) -> None:
        """Refuse what was written for a newer cockpit. Raises PluginError with both versions."""
        who = f"{self.kind} {name!r} of {getattr(target, '__module__', '?')}"
        try:
            needs, has = ([int(part) for part in text.split(".")] for text in (api, API_VERSION))
        except ValueError:
            raise PluginError(f"{who}: api = {api!r} is no version (write {API_VERSION!r})") from None
        if needs > has:
            raise PluginError(
                f"{who} was written for plug-in API {api}; this cockpit has {API_VERSION}: update the cockpit"
            )

    def __getitem__(self, name: str) -> Plugin:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._rows))

    def __len__(self) -> int:
        return len(self._rows)


STRATEGIES = Table("strategy")
RULES = Table("rule")
STOPS = Table("stop layer")
BREAKERS = Table("breaker")
SIZINGS = Table("sizing")
VENUES = Table("venue")
PANELS = Table("panel")
IMPORTERS = Table("importer")
INDICATORS = Table("indicator")
SCORES = Table("score")
OBJECTIVES = Table("objective")
SEARCHES = Table("search method")
TRIGGERS = Table("trigger")


def _decorator(table: Table) -> Callable[..., Callable[[T], T]]:
    def register(name: str, params: type[msgspec.Struct] | None = None, **options: Any) -> Callable[[T], T]:
        """Put the decorated thing into the table. ``api``: the plug-in API it was written for."""

        def apply(target: T) -> T:
            if "api" in options:
                table.wanted(name, target, str(options["api"]))
            table.add(name, target, params, options)
            return target

        return apply

    return register


HOOKS = ("bar", "book", "trade", "fill", "funding", "timer")
"""What can wake a strategy; each is the method ``on_<name>``."""


def strategy(
    name: str,
    params: type[msgspec.Struct] | None = None,
    *,
    version: int = 1,
    wakes: Sequence[str] = (),
    legs: int | Sequence[str] = 1,
    timeframes: Sequence[str] = (),
    stops: Sequence[str | Mapping[str, Any]] = (),
    enabled: bool = True,
    api: str = API_VERSION,
) -> Callable[[T], T]:
    """``@strategy("name", Params)`` on a class with ``create(params)`` and the hooks it wants (``on_bar``).

    ``version`` belongs to the name: another version is another strategy to journal and record. ``wakes`` says
    which hooks it has (default: look). ``legs``: how many instruments it trades together, or their names.
    ``timeframes``: longer bars to hear, ``"4h"``. ``stops``: stop layers that it asks for, by name or as
    ``{"layer": "chandelier", "k": 2.5}``. ``enabled`` False: listed, but not taken unless asked for.
    ``api``: what it was written for.

    Raises PluginError when the name is taken or ``api`` is newer than this cockpit.
    """

    def apply(target: T) -> T:
        STRATEGIES.wanted(name, target, api)
        heard = tuple(wakes) or tuple(hook for hook in HOOKS if hasattr(target, f"on_{hook}"))
        options = {"version": version, "wakes": heard, "enabled": enabled, "api": api}
        layers = tuple({"layer": row} if isinstance(row, str) else dict(row) for row in stops)
        options |= {"legs": legs, "timeframes": tuple(timeframes), "stops": layers}
        STRATEGIES.add(name, target, params, options)
        return target

    return apply


rule = _decorator(RULES)
"""``@rule("name", Params, order=50)`` on ``check(intent, context, params) -> Intent``.

``asleep=lambda params: …`` leaves it out where its numbers ask for nothing; ``section`` names the
table of the settings that they are in (default ``risk``)."""
stop = _decorator(STOPS)
"""``@stop("name", Params, kind="level", letter="S", bars=True)`` on a Struct with ``create(params)``, a field
``params`` and what its kind asks for (``core.stops``, ``core.watch``)."""
breaker = _decorator(BREAKERS)
"""``@breaker("name", Params, kind="ladder", unit="ms")`` on ``read(facts, params) -> Iterator[Reading]`` with
``Params`` a ``Rungs``; ``kind="lock"`` on ``-> Iterator[Lockout]`` (``core.breakers``)."""
sizing = _decorator(SIZINGS)
"""``@sizing("name", Params)`` on a Struct with ``create(params)``, a field ``params``,
``on_bar(bar, side)`` and ``weight(ask) -> Answer`` (``core.sizing``)."""
venue = _decorator(VENUES)
panel = _decorator(PANELS)
importer = _decorator(IMPORTERS)
indicator = _decorator(INDICATORS)
score = _decorator(SCORES)
"""``@score("name", unit="x")`` on a function of all markets' pasts and the time: a term of the hotlist."""
objective = _decorator(OBJECTIVES)
"""``@objective("name", Params, goals=("calmar",))`` on ``score(measured, params) -> tuple``: what a search
makes as large as it can, one number a goal; None where it is undefined."""
search = _decorator(SEARCHES)
"""``@search("name", goals="one", needs="optuna")`` on a class with ``begin(brief)``, ``ask`` and ``tell``
(``lab.search.method``)."""
trigger = _decorator(TRIGGERS)
"""``@trigger("name", Params)`` on ``read(facts, params) -> Iterator[Fired]``: an event that starts a job."""
