"""From an address to a pointer, inside compiled code. Imports numba: only generated modules import this."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def as_pointer(_context: Any, address: Any) -> Any:
    """An integer as a pointer to whatever is there."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


def _copied(builder: Any, to: Any, source: Any, size: int) -> None:
    copy: Any = cgutils.raw_memcpy
    copy(builder, to, source, ir.Constant(ir.IntType(64), size), 1, align=8)


@intrinsic
def held(_context: Any, row: Any) -> Any:
    """A copy of a record that nothing else points to: the compiler keeps its numbers in registers."""

    def generate(_context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        size = signature.return_type.size
        room: Any = cgutils.alloca_once
        place = room(builder, ir.ArrayType(ir.IntType(8), size))
        place.align = 8
        _copied(builder, place, arguments[0], size)
        return builder.bitcast(place, arguments[0].type)

    return row(row), generate


@intrinsic
def written(_context: Any, row: Any, other: Any) -> Any:
    """Write the second of two records of one kind over the first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _copied(builder, arguments[0], arguments[1], signature.args[0].size)
        return context.get_dummy_value()

    return types.void(row, other), generate


def column(kind: Any) -> Any:
    """A function (address, index) → what stands there in an array of ``kind``: a number, or a record."""

    @intrinsic
    def at(_context: Any, address: Any, index: Any) -> Any:
        record = isinstance(kind, types.Record)
        size = kind.size if record else kind.bitwidth // 8

        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            first, number = arguments
            place = builder.add(first, builder.mul(number, first.type(size)))
            if record:
                return builder.inttoptr(place, context.get_value_type(kind))
            return builder.load(builder.inttoptr(place, context.get_data_type(kind).as_pointer()))

        return kind(types.int64, types.int64), generate

    return at
