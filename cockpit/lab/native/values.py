"""Expressions: each becomes a kind and LLVM's value."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from llvmlite import ir

from cockpit.lab.native.codes import CODES, Cannot
from cockpit.lab.native.kinds import (
    BIT,
    BOOL,
    BYTE,
    FLOAT,
    INT,
    NONE,
    NUMBERS,
    PLACES,
    POINTER,
    REAL,
    SHORT,
    STORED,
    WHOLE,
    Column,
    Row,
    Several,
    Stretch,
    joined,
    llvm_of,
    size_of,
)

ORDER = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
Value = tuple[Any, Any]
"""Kind, and LLVM's value."""


class Values:
    """What ``Body`` needs of expressions."""

    build: Any
    """LLVM's builder, where the next instruction goes."""

    # What the other halves of a function's body provide.
    load: Callable[[str], Value | None]
    scope: Any
    fail: Callable[[Any, int], None]
    call: Callable[[ast.Call], Value]
    new_block: Callable[[str], Any]
    room: Callable[[Any], Any]
    constant_array: Callable[[tuple[Any, ...]], Value]

    def value(self, node: ast.expr) -> Value:
        """Of any expression."""
        handler = getattr(self, f"of_{type(node).__name__}", None)
        if handler is None:
            raise Cannot(f"line {node.lineno}: {ast.unparse(node)}")
        found: Value = handler(node)
        return found

    # --- kinds --------------------------------------------------------------------------------------

    def fitted(self, found: Value, wanted: Any) -> Any:
        """A value as another kind. Raises Cannot where that would lose something."""
        kind, value = found
        if kind is wanted or kind == wanted:
            return value
        if isinstance(kind, Several) and isinstance(wanted, Several):
            return self.together([
                (part, self.fitted((of, self.build.extract_value(value, at)), part))
                for at, (of, part) in enumerate(zip(kind.parts, wanted.parts, strict=True))
            ])[1]  # fmt: skip
        if kind in NUMBERS and wanted in NUMBERS and NUMBERS.index(kind) < NUMBERS.index(wanted):
            if wanted == INT:
                return self.build.zext(value, WHOLE)
            return self.build.uitofp(value, REAL) if kind == BOOL else self.build.sitofp(value, REAL)
        if isinstance(kind, Row) and isinstance(wanted, Row) and kind.fields == wanted.fields:
            return value
        raise Cannot(f"{kind} where {wanted} is needed")

    def truth(self, node: ast.expr) -> Any:
        """Of a condition: one bit."""
        return self.true(self.value(node))

    def true(self, found: Value) -> Any:
        """Is it not zero?"""
        kind, value = found
        if kind == BOOL:
            return value
        if kind == INT:
            return self.build.icmp_signed("!=", value, WHOLE(0))
        if kind == FLOAT:
            return self.build.fcmp_unordered("!=", value, REAL(0.0))
        raise Cannot(f"{kind} as a condition")

    def together(self, parts: list[Value], names: tuple[str, ...] = ()) -> Value:
        """A tuple."""
        kind = Several(tuple(kind for kind, _ in parts), names)
        made = ir.Constant(llvm_of(kind), ir.Undefined)
        for at, (_, value) in enumerate(parts):
            made = self.build.insert_value(made, value, at)
        return kind, made

    # --- memory -------------------------------------------------------------------------------------

    def beside(self, pointer: Any, offset: Any) -> Any:
        """An address some bytes further."""
        if isinstance(offset, int):
            if offset == 0:
                return pointer
            offset = WHOLE(offset)
        return self.build.gep(pointer, [offset], source_etype=BYTE)

    def read(self, part: Any, pointer: Any) -> Value:
        """What stands at an address: a number, or the row or stretch itself."""
        if not isinstance(part, str):
            return part, pointer
        kind = PLACES[part][0]
        value = self.build.load(pointer, typ=STORED[part], align=1)
        if part == "<i4":
            value = self.build.sext(value, WHOLE)
        elif part == "?":
            value = self.build.icmp_unsigned("!=", value, BYTE(0))
        return kind, value

    def write(self, part: Any, pointer: Any, found: Value) -> None:
        """Put a number there."""
        if not isinstance(part, str):
            raise Cannot("an assignment of a whole row")
        value = self.fitted(found, PLACES[part][0])
        if part == "<i4":
            value = self.build.trunc(value, SHORT)
        elif part == "?":
            value = self.build.zext(value, BYTE)
        self.build.store(value, pointer, align=1)

    def place(self, node: ast.Attribute | ast.Subscript) -> tuple[Any, Any]:
        """Which part is meant, and its address."""
        kind, owner = self.value(node.value)
        if isinstance(node, ast.Attribute):
            if not isinstance(kind, Row) or node.attr not in kind.fields:
                raise Cannot(f"line {node.lineno}: {node.attr} of {kind}")
            field = kind.fields[node.attr]
            return field.kind, self.beside(owner, field.at)
        if not isinstance(kind, Stretch):
            raise Cannot(f"line {node.lineno}: {ast.unparse(node)}")
        index = self.fitted(self.value(node.slice), INT)
        return kind.part, self.beside(owner, self.build.mul(index, WHOLE(kind.size)))

    def stretch(self, part: Any, address: Any) -> Value:
        """An array from the number that is its address."""
        return Stretch(part, size_of(part)), self.build.inttoptr(address, POINTER)

    def of_Attribute(self, node: ast.Attribute) -> Value:
        kind, owner = self.value(node.value)
        if isinstance(kind, Several) and node.attr in kind.names:
            at = kind.names.index(node.attr)
            return kind.parts[at], self.build.extract_value(owner, at)
        if isinstance(kind, Row):
            if kind.plain is not None and node.attr == kind.plain[0]:
                return kind.plain[1], owner
            if node.attr in kind.columns:
                column = kind.columns[node.attr]
                field = kind.fields[column.address]
                return self.stretch(column.part, self.read(field.kind, self.beside(owner, field.at))[1])
        part, pointer = self.place(node)
        return self.read(part, pointer)

    def length(self, node: ast.expr) -> Value:
        """``len`` of a column."""
        if isinstance(node, ast.Attribute):
            kind, owner = self.value(node.value)
            column: Column | None = kind.columns.get(node.attr) if isinstance(kind, Row) else None
            if column is not None:
                if isinstance(column.length, int):
                    return INT, WHOLE(column.length)
                field = kind.fields[column.length]
                return self.read(field.kind, self.beside(owner, field.at))
        raise Cannot(f"line {node.lineno}: the length of {ast.unparse(node)}")

    def of_Subscript(self, node: ast.Subscript) -> Value:
        if isinstance(node.slice, ast.Constant):
            kind, value = self.value(node.value)
            if isinstance(kind, Several):
                at = int(node.slice.value)  # type: ignore[arg-type]
                return kind.parts[at], self.build.extract_value(value, at)
        part, pointer = self.place(node)
        return self.read(part, pointer)

    # --- leaves -------------------------------------------------------------------------------------

    def of_Constant(self, node: ast.Constant) -> Value:
        return self.constant(node.value)

    def constant(self, value: Any) -> Value:
        """A plain value."""
        if isinstance(value, bool):
            return BOOL, BIT(int(value))
        if isinstance(value, int):
            return INT, WHOLE(value)
        if isinstance(value, float):
            return FLOAT, REAL(value)
        if isinstance(value, tuple):
            return self.constant_array(value)
        raise Cannot(f"the value {value!r}")

    def of_Name(self, node: ast.Name) -> Value:
        found = self.load(node.id)
        return found if found is not None else self.constant(self.scope.get(node.id))

    def of_Tuple(self, node: ast.Tuple) -> Value:
        return self.together([self.value(part) for part in node.elts])

    # --- operators ----------------------------------------------------------------------------------

    def of_BinOp(self, node: ast.BinOp) -> Value:
        return self.binary(node.op, self.value(node.left), self.value(node.right))

    def binary(self, op: ast.operator, left: Value, right: Value) -> Value:
        """Two numbers."""
        word = type(op).__name__
        if word == "Div":
            a, b = self.fitted(left, FLOAT), self.fitted(right, FLOAT)
            self._not_zero(self.build.fcmp_ordered("==", b, REAL(0.0)), b)
            return FLOAT, self.build.fdiv(a, b)
        kind = joined(joined(left[0], right[0]), INT)
        if kind not in (INT, FLOAT):
            raise Cannot(f"{word} of {left[0]} and {right[0]}")
        a, b = self.fitted(left, kind), self.fitted(right, kind)
        forms = {
            (INT, "Add"): "add", (INT, "Sub"): "sub", (INT, "Mult"): "mul", (FLOAT, "Add"): "fadd",
            (FLOAT, "Sub"): "fsub", (FLOAT, "Mult"): "fmul", (INT, "BitOr"): "or_", (INT, "BitAnd"): "and_",
            (INT, "BitXor"): "xor", (INT, "LShift"): "shl", (INT, "RShift"): "ashr",
        }  # fmt: skip
        if (kind, word) in forms:
            return kind, getattr(self.build, forms[kind, word])(a, b)
        if kind == INT and word in ("FloorDiv", "Mod"):
            return INT, self._whole_division(a, b, rest=word == "Mod")
        if kind == FLOAT and word == "Pow":
            return FLOAT, self.outer("pow", (a, b))
        raise Cannot(f"{word} of {left[0]} and {right[0]}")

    def _not_zero(self, zero: Any, divisor: Any) -> None:
        if not isinstance(divisor, ir.Constant) or not divisor.constant:
            self.fail(zero, CODES["ZeroDivisionError"])

    def _whole_division(self, a: Any, b: Any, *, rest: bool) -> Any:
        """Toward minus infinity, as Python; the rest has the divisor's sign."""
        self._not_zero(self.build.icmp_signed("==", b, WHOLE(0)), b)
        left = self.build.srem(a, b)
        odd = self.build.and_(
            self.build.icmp_signed("!=", left, WHOLE(0)),
            self.build.icmp_signed("<", self.build.xor(left, b), WHOLE(0)),
        )
        if rest:
            return self.build.select(odd, self.build.add(left, b), left)
        whole = self.build.sdiv(a, b)
        return self.build.select(odd, self.build.sub(whole, WHOLE(1)), whole)

    def outer(self, symbol: str, values: tuple[Any, ...], gives: Any = REAL, *, seldom: bool = False) -> Any:
        """A call of a C function of numbers; ``seldom`` as ``kinds.Outside``."""
        module = self.build.module
        function = module.globals.get(symbol)
        if function is None:
            kind = ir.FunctionType(gives, [value.type for value in values])
            function = ir.Function(module, kind, symbol)
            if seldom:
                function.attributes.add("cold")
        return self.build.call(function, values)

    def of_UnaryOp(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, ast.Not):
            return BOOL, self.build.not_(self.truth(node.operand))
        kind, value = self.value(node.operand)
        if isinstance(node.op, ast.USub):
            if kind == FLOAT:
                return FLOAT, self.build.fneg(value)
            return INT, self.build.sub(WHOLE(0), self.fitted((kind, value), INT))
        raise Cannot(f"line {node.lineno}: {ast.unparse(node)}")

    def of_Compare(self, node: ast.Compare) -> Value:
        """A chain asks no further than it must."""
        left = self.value(node.left)
        if len(node.ops) == 1:
            return BOOL, self._compared(node.ops[0], left, node.comparators[0])[0]
        answer, end = self.room(BOOL), self.new_block("compared")
        for at, (op, other) in enumerate(zip(node.ops, node.comparators, strict=True)):
            bit, left = self._compared(op, left, other)
            self.build.store(bit, answer)
            if at == len(node.ops) - 1:
                self.build.branch(end)
            else:
                further = self.new_block("further")
                self.build.cbranch(bit, further, end)
                self.build.position_at_end(further)
        self.build.position_at_end(end)
        return BOOL, self.build.load(answer, typ=BIT)

    def _compared(self, op: ast.cmpop, left: Value, node: ast.expr) -> tuple[Any, Value]:
        if isinstance(op, ast.In | ast.NotIn) and isinstance(node, ast.Tuple):
            bit: Any = BIT(0)
            for part in node.elts:
                bit = self.build.or_(bit, self._two("==", left, self.value(part)))
            return (bit if isinstance(op, ast.In) else self.build.not_(bit)), left
        if type(op) not in ORDER:
            raise Cannot(f"line {node.lineno}: such a comparison")
        right = self.value(node)
        return self._two(ORDER[type(op)], left, right), right

    def _two(self, sign: str, left: Value, right: Value) -> Any:
        kind = joined(left[0], right[0])
        kind = INT if kind == BOOL else kind
        if kind not in (INT, FLOAT):
            raise Cannot(f"{left[0]} {sign} {right[0]}")
        a, b = self.fitted(left, kind), self.fitted(right, kind)
        if kind == INT:
            return self.build.icmp_signed(sign, a, b)
        return self.build.fcmp_unordered(sign, a, b) if sign == "!=" else self.build.fcmp_ordered(sign, a, b)

    def of_BoolOp(self, node: ast.BoolOp) -> Value:
        """The first part that decides, or the last; later parts are not worked out when one has decided."""
        stop_at = isinstance(node.op, ast.Or)
        end = self.new_block("decided")
        found: list[tuple[Value, Any]] = []
        for at, part in enumerate(node.values):
            value = self.value(part)
            if at == len(node.values) - 1:
                found.append((value, self.build.block))
                break
            bit, further = self.true(value), self.new_block("further")
            found.append((value, self.build.block))
            self.build.cbranch(bit, *((end, further) if stop_at else (further, end)))
            self.build.position_at_end(further)
        return self._met(found, end)

    def of_IfExp(self, node: ast.IfExp) -> Value:
        first, second, end = (self.new_block(word) for word in ("then", "otherwise", "chosen"))
        self.build.cbranch(self.truth(node.test), first, second)
        found = []
        for block, part in ((first, node.body), (second, node.orelse)):
            self.build.position_at_end(block)
            value = self.value(part)
            found.append((value, self.build.block))
        return self._met(found, end)

    def _met(self, found: list[tuple[Value, Any]], end: Any) -> Value:
        """One value where several ways meet: ``end``; each way ends in the block beside its value."""
        kind = found[0][0][0]
        for (other, _), _ in found[1:]:
            kind = joined(kind, other)
        if kind is None or kind == NONE:
            raise Cannot("now this kind and now that")
        coming = []
        for value, block in found:
            if block.is_terminated:
                self.build.position_before(block.terminator)
            else:
                self.build.position_at_end(block)
            fitted = self.fitted(value, kind)
            coming.append((fitted, block))
            if not block.is_terminated:
                self.build.branch(end)
        self.build.position_at_end(end)
        meeting = self.build.phi(llvm_of(kind))
        for fitted, block in coming:
            meeting.add_incoming(fitted, block)
        return kind, meeting
