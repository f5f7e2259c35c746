"""How to write a plug-in, as the terminal prints it: the face, and the lessons of the tutorial."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module, resources
from typing import Any

from cockpit.app.complaints import nearest
from cockpit.app.console import columns
from cockpit.core.errors import ConfigError
from cockpit.text import tr


def lessons() -> dict[str, str]:
    """The source of each lesson by its number: ``{"01": ...}``."""
    folder = resources.files("cockpit.app.tutorial")
    files = {file.name: file for file in folder.iterdir()}
    names = sorted(name for name in files if name[:1] == "t" and name[1:3].isdigit() and name.endswith(".py"))
    return {name[1:3]: files[name].read_text("utf-8") for name in names}


def title(source: str) -> str:
    """The first line of a lesson."""
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def tutorial(number: str | None, lang: str) -> tuple[Any, str]:
    """(data, text) of one lesson, or of their list. Raises ConfigError when there is no such lesson."""
    found = lessons()
    if number is None:
        titles = {key: title(source) for key, source in found.items()}
        listed = columns(list(titles.items()))
        return titles, f"{tr('cli.tutorial', lang)}\n\n{listed}"
    key = number.zfill(2)
    if key not in found:
        raise ConfigError(
            f"there is no lesson {number!r}{nearest(number, found)}; there are 01 to {max(found)}"
        )
    return {"lesson": key, "title": title(found[key]), "source": found[key]}, found[key].rstrip("\n")


def face() -> tuple[Any, str]:
    """(data, text) of what plug-ins may import: how it is used, and every name with what it is."""
    sdk = import_module("cockpit.sdk")
    strategies = import_module("cockpit.strategies")
    names = {name: _about(getattr(sdk, name)) for name in sdk.__all__}
    how = inspect.cleandoc(strategies.__doc__ or "")
    text = "\n\n".join((inspect.cleandoc(sdk.__doc__ or ""), columns(list(names.items())), how))
    return {"api": sdk.API_VERSION, "names": names, "strategies": how}, text


def _about(thing: Any) -> str:
    if isinstance(thing, str):
        return thing
    return (inspect.getdoc(thing) or "").partition("\n")[0]
