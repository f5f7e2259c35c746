"""What is wrong with a setting, in plain words: where it stands, what was given, what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec import inspect

CHOICES = re.compile(r"^\^\(([\w|]+)\)\$$")
PLACE = re.compile(r" - at `\$\.?(.*)`$")
STEP = re.compile(r"\[(\d+|\.\.\.)\]")


def nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """``; did you mean 'run.equity'?`` (``prefix`` ``run.``), or the whole list when nothing is near."""
    names = list(known)
    close = get_close_matches(name, names, 1, 0.6)
    if close:
        return f"; did you mean {prefix + close[0]!r}?"
    return f"; there are {', '.join(prefix + name for name in names)}" if names else ""


def allowed(kind: inspect.Type) -> str:
    """What a value of this type may be: ``a number from 0 to 1``."""
    if isinstance(kind, inspect.Metadata):
        return allowed(kind.type)
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        noun = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
        return noun + bounds(kind.gt, kind.ge, kind.lt, kind.le)
    if isinstance(kind, inspect.StrType):
        choices = CHOICES.match(kind.pattern or "")
        if choices is None:
            return "a text" if kind.pattern is None else f"a text like {kind.pattern}"
        *most, last = choices[1].split("|")
        return f"{', '.join(most)} or {last}" if most else last
    if isinstance(kind, inspect.DictType | inspect.StructType):
        return "a table"
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        most = kind.max_length
        return "a list" if most is None else f"a list of at most {most}"
    if isinstance(kind, inspect.UnionType):
        return " or ".join(allowed(one) for one in kind.types)
    return "something else"


def bounds(gt: float | None, ge: float | None, lt: float | None, le: float | None) -> str:
    """`` above 0``, `` from 0 to 1``, `` of at least 5``; empty when there is no bound."""
    if ge is not None and le is not None:
        return f" from {ge:g} to {le:g}"
    if gt is not None and le is not None:
        return f" above {gt:g}, at most {le:g}"
    parts = [
        f"{word} {limit:g}"
        for word, limit in (("above", gt), ("of at least", ge), ("below", lt), ("of at most", le))
        if limit is not None
    ]
    return " " + " and ".join(parts) if parts else ""


def fields(kind: inspect.Type) -> dict[str, inspect.Type]:
    """Names and types of a Struct's fields; empty for anything else."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    return {field.name: field.type for field in kind.fields} if isinstance(kind, inspect.StructType) else {}


def type_at(kind: inspect.Type, path: Iterable[str]) -> inspect.Type | None:
    """The type of the key at ``path``; None when there is no such key, AnyType inside a free table."""
    for step in path:
        while isinstance(kind, inspect.Metadata):
            kind = kind.type
        if isinstance(kind, inspect.DictType):
            kind = kind.value_type
        elif isinstance(kind, inspect.ListType | inspect.VarTupleType):
            kind = kind.item_type
        elif isinstance(kind, inspect.AnyType):
            return kind
        else:
            found = fields(kind).get(step)
            if found is None:
                return None
            kind = found
    return kind


def place_of(error: msgspec.ValidationError) -> tuple[str, tuple[str, ...]]:
    """(complaint, path) of msgspec's sentence: ``$.sleeves[0].share`` → ``("sleeves", "0", "share")``."""
    text = str(error)
    found = PLACE.search(text)
    if found is None:
        return text, ()
    path = STEP.sub(lambda step: f".{'*' if step[1] == '...' else step[1]}", found[1])
    return text[: found.start()], tuple(filter(None, path.split(".")))


def value_at(tree: Any, path: Iterable[str]) -> Any:
    """What stands at ``path`` in nested tables and lists; None when nothing does."""
    for step in path:
        if isinstance(tree, Mapping):
            tree = tree.get(step)
        elif isinstance(tree, list | tuple) and step.isdigit() and int(step) < len(tree):
            tree = tree[int(step)]
        else:
            return None
    return tree


def complaint(error: msgspec.ValidationError, given: Mapping[str, Any], schema: type) -> tuple[str, str]:
    """(dotted key, sentence without the place) for a value that does not fit ``schema``."""
    text, path = place_of(error)
    dotted = ".".join(path)
    missing = re.search(r"missing required field `(\w+)`", text)
    if missing:
        return dotted, f"{missing[1]!r} is missing"
    kind = type_at(inspect.type_info(schema), path)
    if kind is None or not text.startswith("Expected"):
        return dotted, text
    # msgspec does not say which key of a free table it was.
    instead = "" if "*" in path else f", not {shown(value_at(given, path))}"
    return dotted, f"must be {allowed(kind)}{instead}"


def shown(value: Any) -> str:
    """A given value as the file writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    return repr(value)
