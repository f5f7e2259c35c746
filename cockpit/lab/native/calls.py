"""Calls: Python's and numpy's small functions, arrays by their address, other functions of the text."""

from __future__ import annotations

import ast
from typing import Any

from llvmlite import ir

from cockpit.lab.native.codes import Cannot
from cockpit.lab.native.kinds import (
    BOOL,
    BYTE,
    FLOAT,
    INT,
    NONE,
    POINTER,
    REAL,
    SHORT,
    WHOLE,
    Outside,
    Reader,
    Row,
    Shape,
    joined,
    llvm_of,
)
from cockpit.lab.native.values import Value, Values

GOLDEN = 0x9E3779B97F4A7C15
LARGEST = float("inf")


class Calls(Values):
    """What ``Body`` needs of calls."""

    lowering: Any
    invoke: Any

    def call(self, node: ast.Call) -> Value:
        """Of anything that can be called."""
        word = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        known = self.scope.get(word) if isinstance(node.func, ast.Name) else None
        if isinstance(known, ast.FunctionDef):
            found: Value = self.invoke(word, known, [self.value(part) for part in node.args])
            return found
        if isinstance(known, Shape):
            return self.together([self.value(part) for part in node.args], known.names)
        if isinstance(known, Outside):
            return self._outside(known, node)
        if isinstance(known, Reader):
            kind, first = self.stretch(known.part, self.whole(node.args[0]))
            offset = self.build.mul(self.whole(node.args[1]), WHOLE(kind.size))
            return self.read(kind.part, self.beside(first, offset))
        handler = getattr(self, f"call_{word}", None)
        if handler is None:
            raise Cannot(f"line {node.lineno}: a call of {ast.unparse(node.func)}")
        answer: Value = handler(*node.args)
        return answer

    def of_Call(self, node: ast.Call) -> Value:
        return self.call(node)

    def whole(self, node: ast.expr) -> Any:
        """A whole number."""
        return self.fitted(self.value(node), INT)

    def real(self, node: ast.expr) -> Any:
        """A float."""
        return self.fitted(self.value(node), FLOAT)

    def _outside(self, known: Outside, node: ast.Call) -> Value:
        values = [
            self.fitted(self.value(part), kind) for part, kind in zip(node.args, known.takes, strict=True)
        ]
        return known.gives, self.outer(known.symbol, tuple(values), llvm_of(known.gives), seldom=known.seldom)

    def intrinsic(self, name: str, *values: Any) -> Any:
        """An operation of the processor on floats."""
        return self.outer(f"llvm.{name}.f64", values)

    # --- arrays -------------------------------------------------------------------------------------

    def call_row_at(self, address: ast.expr, row: ast.expr) -> Value:
        """The row at an address."""
        kind = self.scope[ast.unparse(row)]
        return kind, self.build.inttoptr(self.whole(address), POINTER)

    def call_floats_at(self, address: ast.expr) -> Value:
        return self.stretch("<f8", self.whole(address))

    def call_wholes_at(self, address: ast.expr) -> Value:
        return self.stretch("<i8", self.whole(address))

    def call_held(self, row: ast.expr) -> Value:
        """A copy of a row that nothing else points to: its numbers stay in registers."""
        kind, source = self.value(row)
        copy = self.room(ir.ArrayType(BYTE, kind.size))
        self._copied(copy, source, kind)
        return kind, copy

    def call_written(self, to: ast.expr, source: ast.expr) -> Value:
        """Write the second of two rows of one kind over the first."""
        kind, target = self.value(to)
        self._copied(target, self.value(source)[1], kind)
        return NONE, None

    def _copied(self, to: Any, source: Any, kind: Row) -> None:
        module = self.build.module
        function = module.globals.get("llvm.memcpy.p0.p0.i64")
        if function is None:
            form = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, WHOLE, ir.IntType(1)])
            function = ir.Function(module, form, "llvm.memcpy.p0.p0.i64")
        self.build.call(function, [to, source, WHOLE(kind.size), ir.IntType(1)(0)])

    def call_len(self, what: ast.expr) -> Value:
        return self.length(what)

    # --- numbers ------------------------------------------------------------------------------------

    def call_int(self, node: ast.expr) -> Value:
        kind, value = self.value(node)
        if kind == FLOAT:
            return INT, self.build.fptosi(value, WHOLE)
        return INT, self.fitted((kind, value), INT)

    call_int64 = call_int

    def call_float(self, node: ast.expr) -> Value:
        return FLOAT, self.real(node)

    def call_bool(self, node: ast.expr) -> Value:
        return BOOL, self.truth(node)

    call_bool_ = call_bool

    def call_abs(self, node: ast.expr) -> Value:
        kind, value = self.value(node)
        if kind == FLOAT:
            return FLOAT, self.intrinsic("fabs", value)
        value = self.fitted((kind, value), INT)
        below = self.build.icmp_signed("<", value, WHOLE(0))
        return INT, self.build.select(below, self.build.sub(WHOLE(0), value), value)

    def call_max(self, *nodes: ast.expr) -> Value:
        return self._most(">", nodes)

    def call_min(self, *nodes: ast.expr) -> Value:
        return self._most("<", nodes)

    def _most(self, sign: str, nodes: tuple[ast.expr, ...]) -> Value:
        """The first of the largest: a later one takes its place only where it is more."""
        best = self.value(nodes[0])
        for node in nodes[1:]:
            other = self.value(node)
            kind = joined(best[0], other[0])
            more = self._two(sign, other, best)
            best = kind, self.build.select(more, self.fitted(other, kind), self.fitted(best, kind))
        return best

    def call_floor(self, node: ast.expr) -> Value:
        return INT, self.build.fptosi(self.intrinsic("floor", self.real(node)), WHOLE)

    def call_ceil(self, node: ast.expr) -> Value:
        return INT, self.build.fptosi(self.intrinsic("ceil", self.real(node)), WHOLE)

    def call_sqrt(self, node: ast.expr) -> Value:
        return FLOAT, self.intrinsic("sqrt", self.real(node))

    def call_copysign(self, size: ast.expr, sign: ast.expr) -> Value:
        return FLOAT, self.intrinsic("copysign", self.real(size), self.real(sign))

    def call_exp(self, node: ast.expr) -> Value:
        return FLOAT, self.outer("exp", (self.real(node),))

    def call_log(self, node: ast.expr) -> Value:
        return FLOAT, self.outer("log", (self.real(node),))

    def call_log1p(self, node: ast.expr) -> Value:
        return FLOAT, self.outer("log1p", (self.real(node),))

    def call_isnan(self, node: ast.expr) -> Value:
        value = self.real(node)
        return BOOL, self.build.fcmp_unordered("uno", value, value)

    def call_isinf(self, node: ast.expr) -> Value:
        size = self.intrinsic("fabs", self.real(node))
        return BOOL, self.build.fcmp_ordered("==", size, REAL(LARGEST))

    def call_isfinite(self, node: ast.expr) -> Value:
        size = self.intrinsic("fabs", self.real(node))
        return BOOL, self.build.fcmp_ordered("<", size, REAL(LARGEST))

    def call_frexp(self, node: ast.expr) -> Value:
        """C's: the fraction, and the power of two through a place in memory."""
        power = self.room(SHORT)
        value = self.real(node)
        fraction = self.outer("frexp", (value, power))
        whole = self.build.sext(self.build.load(power, typ=SHORT), WHOLE)
        return self.together([(FLOAT, fraction), (INT, whole)])

    def call_ldexp(self, node: ast.expr, power: ast.expr) -> Value:
        short = self.build.trunc(self.whole(power), SHORT)
        return FLOAT, self.outer("ldexp", (self.real(node), short))

    def call_drawn(self, seed: ast.expr, counter: ast.expr, below: ast.expr) -> Value:
        """``matching.draws.draw`` below a bound: SplitMix64 in machine words."""
        b = self.build
        z = b.add(self.whole(seed), b.mul(b.add(self.whole(counter), WHOLE(1)), WHOLE(GOLDEN)))
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z = b.mul(b.xor(z, b.lshr(z, WHOLE(shift))), WHOLE(factor))
        z = b.xor(z, b.lshr(z, WHOLE(31)))
        return INT, b.urem(z, self.whole(below))
