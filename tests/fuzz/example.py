"""A well-formed document of any type that the package reads: what fuzzing then changes."""

from __future__ import annotations

from typing import Any

from msgspec import inspect

DEEPEST = 12


def example(kind: Any) -> Any:
    """Plain data (dicts, lists, numbers, texts) that decodes as ``kind``; optional parts are filled in too."""
    return _of(inspect.type_info(kind), 0)


def _of(kind: inspect.Type, depth: int) -> Any:
    if depth > DEEPEST:
        return None
    if isinstance(kind, inspect.Metadata):
        return _of(kind.type, depth)
    if isinstance(kind, inspect.StructType):
        return _struct(kind, depth)
    if isinstance(kind, inspect.UnionType):
        some = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        return _of(some[0], depth + 1) if depth < DEEPEST // 2 or len(some) == len(kind.types) else None
    if isinstance(kind, inspect.TupleType):
        return [_of(one, depth + 1) for one in kind.item_types]
    if isinstance(kind, inspect.DictType):
        return {str(_of(kind.key_type, depth + 1)): _of(kind.value_type, depth + 1)}
    if isinstance(kind, inspect.CollectionType):
        return [_of(kind.item_type, depth + 1)] * max(1, kind.min_length or 0) if depth < DEEPEST // 2 else []
    return _plain(kind)


def _struct(kind: inspect.StructType, depth: int) -> Any:
    values = {field.encode_name: _of(field.type, depth + 1) for field in kind.fields if _wanted(field, depth)}
    if kind.array_like:
        rows = list(values.values())
        return [kind.tag, *rows] if kind.tag is not None else rows
    return {kind.tag_field: kind.tag, **values} if kind.tag_field is not None else values


def _wanted(field: inspect.Field, depth: int) -> bool:
    return field.required or depth < DEEPEST // 2


def _plain(kind: inspect.Type) -> Any:
    if isinstance(kind, inspect.BoolType):
        return True
    if isinstance(kind, inspect.IntType):
        return int(max(1, kind.ge or 1))
    if isinstance(kind, inspect.FloatType):
        return 0.5
    if isinstance(kind, inspect.EnumType):
        return next(iter(kind.cls)).value
    if isinstance(kind, inspect.LiteralType):
        return kind.values[0]
    if isinstance(kind, inspect.DecimalType):
        return "1.5"
    return None if isinstance(kind, inspect.NoneType | inspect.AnyType) else "x"
