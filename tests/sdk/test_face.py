"""What third parties import stays what it is: another name or signature is another API_VERSION."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from enum import EnumType
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from cockpit import sdk
from cockpit.app import rehearse
from cockpit.core.errors import PluginError
from cockpit.core.registry import API_VERSION, Table
from cockpit.sdk import dial

PINNED = Path(__file__).with_name("face.txt")
BENCH = ("MARKET", "OTHER", "SPOT", "HOUR", "START", "candles", "rehearse", "Rehearsal")


class Toy(msgspec.Struct):
    """Does nothing."""


def called(name: str, thing: Any) -> Iterator[str]:
    """Parameters in their order, one a line: a new one at the end that has a default harms nobody."""
    signature = inspect.signature(thing)
    for place, one in enumerate(signature.parameters.values(), 1):
        default = "" if one.default is one.empty else f" = {short(one.default)}"
        star = "*" if one.kind in (one.KEYWORD_ONLY, one.VAR_KEYWORD) else str(place)
        yield f"{name}({star} {one.name}: {short(one.annotation)}{default})"
    if signature.return_annotation is not signature.empty:
        yield f"{name} -> {short(signature.return_annotation)}"


def short(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        return type(value).__name__
    return inspect.formatannotation(value) if isinstance(value, type) else str(value)


def described(name: str, thing: Any) -> Iterator[str]:
    """Parameters, fields and members, one a line."""
    if isinstance(thing, EnumType):
        yield from (f"{name}.{member}" for member in thing.__members__)
    elif isinstance(thing, type) and issubclass(thing, Exception):
        yield f"{name}: {thing.__mro__[1].__name__}"
    elif isinstance(thing, type):
        struct = issubclass(thing, msgspec.Struct)
        if struct:
            yield from called(name, thing)
        fields: tuple[str, ...] = getattr(thing, "__slots__", ())
        yield from (f"{name}.{field}" for field in fields if not (struct or field.startswith("_")))
        for member, value in vars(thing).items():
            if member.startswith("_") or member in fields:
                continue
            if isinstance(value, property | cached_property):
                yield f"{name}.{member} (read)"
            elif callable(value) or isinstance(value, classmethod):
                yield from called(f"{name}.{member}", getattr(thing, member))
    elif callable(thing):
        yield from called(name, thing)
    else:
        yield f"{name}: {type(thing).__name__}"


def face() -> list[str]:
    lines = []
    for name in sorted(sdk.__all__):
        lines += sorted(described(name, getattr(sdk, name)))
    for name in BENCH:
        lines += sorted(described(f"rehearse.{name}", getattr(rehearse, name)))
    return lines


def test_what_third_parties_rely_on_is_still_there() -> None:
    """If this fails, the change needs a new major version (or another way); additions are free."""
    lines = PINNED.read_text("utf-8").splitlines()
    assert lines[0].split()[1].split(".")[0] == API_VERSION.split(".")[0]
    now = face()
    assert set(lines[1:]) - set(now) == set()
    known = {line.partition("(")[0] for line in lines if "(" in line}
    demanding = [
        line
        for line in set(now) - set(lines)
        if line.partition("(")[0] in known and line.endswith(")") and " = " not in line
    ]
    assert [line for line in demanding if not line.endswith("(read)")] == [], (
        "a new parameter needs a default"
    )


def test_everything_it_names_is_there_and_documented() -> None:
    for name in sdk.__all__:
        thing = getattr(sdk, name)
        assert isinstance(thing, str) or (inspect.getdoc(thing) or "").strip(), name


@pytest.mark.parametrize(
    ("api", "said"),
    [
        ("2.0", "was written for plug-in API 2.0; this cockpit has 1.1: update the cockpit"),
        ("1.2", "was written for plug-in API 1.2; this cockpit has 1.1"),
        ("new", "api = 'new' is no version"),
    ],
)
@pytest.mark.parametrize("kind", ["strategy", "rule", "indicator"])
def test_what_was_written_for_a_newer_cockpit_is_refused(kind: str, api: str, said: str) -> None:
    with pytest.raises(PluginError, match=f"{kind} 'tomorrow' of {__name__}.*{said}"):
        getattr(sdk, kind)("tomorrow", None, api=api)(Toy)


def test_what_was_written_for_this_one_or_before_is_taken() -> None:
    Table("toy").wanted("x", Toy, API_VERSION)
    Table("toy").wanted("x", Toy, "0.9")


def test_the_hooks_say_what_wakes_a_strategy() -> None:
    from cockpit.core.registry import STRATEGIES

    @sdk.strategy("face_hooks")
    class _Hooks(msgspec.Struct):
        def on_timer(self, view: sdk.View, want: sdk.Want) -> None: ...

        def on_bar(self, bar: sdk.Bar, view: sdk.View, want: sdk.Want) -> None: ...

    assert STRATEGIES["face_hooks"].options["wakes"] == ("bar", "timer")
    del STRATEGIES._rows["face_hooks"]
    with pytest.raises(TypeError, match="leg"):
        sdk.strategy("typo", leg=2)  # type: ignore[call-arg]


def test_a_dial_is_range_unit_and_meaning() -> None:
    from cockpit.app.reference import parameters
    from cockpit.core.registry import Plugin

    class Params(msgspec.Struct):
        fast: Annotated[int, dial(2, 200, "bars", "Fast average")] = 9

    (row,) = parameters(Plugin("strategy", "x", Params, Params, "m", ""))
    assert (row["unit"], row["meaning"], row["default"]) == ("bars", "Fast average", 9)
    assert row["allowed"] == "a whole number from 2 to 200"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"fast": 1}, Params)
