"""Find every plug-in: the built-in folders, then the entry-point group ``cockpit.plugins``, then a folder.

Importing a module is what registers it (``core.registry``); nothing is imported twice.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module, metadata, util
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import msgspec

from cockpit.app.complaints import complaint, nearest
from cockpit.core.errors import ConfigError, PluginError
from cockpit.core.registry import Plugin

BUILT_IN = (
    "cockpit.strategies",
    "cockpit.risk.rules",
    "cockpit.risk.stops",
    "cockpit.risk.breakers",
    "cockpit.portfolio.methods",
    "cockpit.portfolio.scores",
    "cockpit.portfolio.triggers",
)
SCORES = "cockpit.portfolio.scores"
IMPORTERS = ("cockpit.adapters.importers",)
GROUP = "cockpit.plugins"
"""``[project.entry-points."cockpit.plugins"]`` of a package: each names a module, or a function to call."""


def discover(folder: str | Path = "", *, importers: bool = False) -> None:
    """Import every strategy, rule, stop, breaker, sizing, score; ``importers``: also every importer of data.

    ``folder`` holds plug-ins that belong to no package (``run.plugins_dir``). Raises PluginError naming the
    module that cannot be imported.
    """
    for package in BUILT_IN + (IMPORTERS if importers else ()):
        for module in iter_modules(import_module(package).__path__):
            _import(f"{package}.{module.name}")
    for entry in metadata.entry_points(group=GROUP):
        _load(entry)
    if folder:
        _import_folder(Path(folder).expanduser())


def discover_scores() -> None:
    """Import every built-in term of the hotlist: all that a running machine needs of them."""
    for module in iter_modules(import_module(SCORES).__path__):
        _import(f"{SCORES}.{module.name}")


def discover_indicators() -> None:
    """Import every built-in indicator. Only who lists them needs all; a strategy imports the ones it uses."""
    package = "cockpit.indicators"
    for module in iter_modules(import_module(package).__path__):
        if not module.ispkg:
            _import(f"{package}.{module.name}")


def _import(name: str) -> None:
    try:
        import_module(name)
    except PluginError:
        raise
    except Exception as error:
        raise PluginError(f"the plug-in {name} cannot be loaded: {type(error).__name__}: {error}") from error


_loaded: set[tuple[str, str]] = set()


def _load(entry: metadata.EntryPoint) -> None:
    if (entry.name, entry.value) in _loaded:
        return
    try:
        found = entry.load()
        if callable(found) and not isinstance(found, type):
            found()
    except PluginError:
        raise
    except Exception as error:
        owner = entry.dist.name if entry.dist is not None else entry.value
        raise PluginError(
            f"the plug-in {entry.name!r} of {owner} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    _loaded.add((entry.name, entry.value))


def folder_files(folder: Path) -> list[Path]:
    """The files of a plug-in folder that are run."""
    return [file for file in sorted(folder.glob("*.py")) if not file.stem.startswith(("_", "test_"))]


def _import_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise PluginError(f"run.plugins_dir: there is no folder {folder}")
    for file in folder_files(folder):
        name = f"cockpit_plugins_{file.stem}"
        if name in sys.modules:
            continue
        spec = util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise PluginError(f"the plug-in {file} cannot be loaded")
        module = util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            if isinstance(error, PluginError):
                raise
            raise PluginError(
                f"the plug-in {file} cannot be loaded: {type(error).__name__}: {error}"
            ) from error


def params_of(plugin: Plugin, given: Mapping[str, Any], *, strict: bool = True) -> Any:
    """Typed parameters of a plug-in; ``strict`` False also takes texts, as a command line has them.

    Raises ConfigError naming the plug-in, the parameter, the value and what would be right.
    """
    if plugin.params is None:
        if given:
            raise ConfigError(f"{plugin.kind} {plugin.name} has no parameters")
        return None
    names = plugin.params.__struct_fields__
    for name in given:
        if name not in names:
            raise ConfigError(f"{plugin.kind} {plugin.name} has no parameter {name!r}{nearest(name, names)}")
    try:
        return msgspec.convert(dict(given), type=plugin.params, strict=strict)
    except msgspec.ValidationError as error:
        dotted, sentence = complaint(error, given, plugin.params)
        at = f": {dotted}" if dotted else ""
        raise ConfigError(f"{plugin.kind} {plugin.name}{at}: {sentence}") from error
