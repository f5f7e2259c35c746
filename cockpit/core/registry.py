"""Tables of plug-ins. One decorator per kind; a duplicate name is an error that names both modules.

Everything a contributor adds is one file and one decorator; built-ins use the same door. Lists shown to
users are read from these tables, never typed twice. ``app.discover`` imports the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from cockpit.core.errors import PluginError

T = TypeVar("T")


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

    def __getitem__(self, name: str) -> Plugin:
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._rows))

    def __len__(self) -> int:
        return len(self._rows)


STRATEGIES = Table("strategy")
RULES = Table("rule")
VENUES = Table("venue")
PANELS = Table("panel")
IMPORTERS = Table("importer")
INDICATORS = Table("indicator")


def _decorator(table: Table) -> Callable[..., Callable[[T], T]]:
    def register(name: str, params: type[msgspec.Struct] | None = None, **options: Any) -> Callable[[T], T]:
        def apply(target: T) -> T:
            table.add(name, target, params, options)
            return target

        return apply

    return register


strategy = _decorator(STRATEGIES)
"""``@strategy("name", Params, version=1)`` on a class with ``create(params)`` and the hooks it wants."""
rule = _decorator(RULES)
"""``@rule("name", Params)`` on ``check(intent, context, params) -> Intent``."""
venue = _decorator(VENUES)
panel = _decorator(PANELS)
importer = _decorator(IMPORTERS)
indicator = _decorator(INDICATORS)
