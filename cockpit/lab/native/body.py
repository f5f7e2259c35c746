"""One function, statement by statement."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from llvmlite import ir

from cockpit.lab.native.calls import Calls
from cockpit.lab.native.codes import CODES, Cannot
from cockpit.lab.native.kinds import (
    BIT,
    INT,
    LLVM,
    NONE,
    REAL,
    SHORT,
    WHOLE,
    Several,
    Stretch,
    joined,
    llvm_of,
)
from cockpit.lab.native.values import Value

if TYPE_CHECKING:
    from cockpit.lab.native.lowering import Lowering, Made


class Wider(Exception):
    """A name was taken for something narrower than what it also holds."""

    def __init__(self, name: str, kind: Any) -> None:
        super().__init__(name)
        self.name, self.kind = name, kind


class Body(Calls):
    """Fills an empty function of LLVM with what a text says."""

    def __init__(
        self, program: Lowering, node: ast.FunctionDef, made: Made, kinds: list[Any], wide: dict[str, Any]
    ) -> None:
        self.program, self.node, self.made, self.wide = program, node, made, wide
        self.scope = program.scope
        self.function = made.function
        self.entry = self.function.append_basic_block("places")
        start = self.function.append_basic_block("start")
        self.build = ir.IRBuilder(start)
        self.slots: dict[str, tuple[Any, Any]] = {}
        """Local names: kind, and where the value lies."""
        self.loops: list[tuple[Any, Any]] = []
        """Of each loop around: where it goes on, where it ends."""
        self.handler: Any = None
        """Where a failure goes; None = out of the function."""
        self.code = self.room(SHORT) if made.fails else None
        self.failed = self.function.append_basic_block("failed") if made.fails else None
        for argument, value, kind in zip(node.args.args, self.function.args, kinds, strict=True):
            self.store(argument.arg, (kind, value))
        self.block(node.body)
        if not self.build.block.is_terminated:
            self.leave(None)
        ir.IRBuilder(self.entry).branch(start)
        if self.failed is not None:
            self._give_up()

    # --- places -------------------------------------------------------------------------------------

    def new_block(self, word: str) -> Any:
        """Somewhere to go."""
        return self.function.append_basic_block(word)

    def room(self, kind: Any) -> Any:
        """A place in this call's memory; a number's becomes a register."""
        kind = LLVM.get(kind, kind) if isinstance(kind, str) else kind
        return ir.IRBuilder(self.entry).alloca(kind)

    def load(self, name: str) -> Value | None:
        """A local name's value; None when there is no such name."""
        if name not in self.slots:
            return None
        kind, place = self.slots[name]
        return kind, self.build.load(place, typ=llvm_of(kind))

    def store(self, name: str, found: Value) -> None:
        """Give a local name a value."""
        kind = self.wide.get(name, found[0])
        if kind == NONE or kind is None:
            raise Cannot(f"{name} has no value")
        if name not in self.slots:
            self.slots[name] = kind, self.room(llvm_of(kind))
        known, place = self.slots[name]
        both = joined(known, found[0])
        if both is None:
            raise Cannot(f"{name} is now {known} and now {found[0]}")
        if both != known:
            raise Wider(name, both)
        self.build.store(self.fitted(found, known), place)

    def constant_array(self, values: tuple[Any, ...]) -> Value:
        """Numbers of the text, one after the other."""
        kind, part = (REAL, "<f8") if any(isinstance(v, float) for v in values) else (WHOLE, "<i8")
        module = self.function.module
        form = ir.ArrayType(kind, len(values))
        place = ir.GlobalVariable(module, form, module.get_unique_name("numbers"))
        place.linkage, place.global_constant = "internal", True
        place.initializer = ir.Constant(form, [kind(v) for v in values])
        return Stretch(part, 8), place

    # --- ways out -----------------------------------------------------------------------------------

    def fail(self, when: Any, code: Any) -> None:
        """Give up where ``when`` holds."""
        on = self.new_block("on")
        if self.handler is None:
            self.build.store(SHORT(code) if isinstance(code, int) else code, self.code)
        way = self.build.cbranch(when, self.handler or self.failed, on)
        way.set_weights([1, 1_000_000])
        self.build.position_at_end(on)

    def _give_up(self) -> None:
        build = ir.IRBuilder(self.failed)
        code = build.load(self.code, typ=SHORT)
        if self.made.gives == NONE:
            build.ret(code)
        else:
            empty = ir.Constant(self.function.function_type.return_type, ir.Undefined)
            build.ret(build.insert_value(empty, code, 0))

    def leave(self, node: ast.expr | None) -> None:
        """Return a value."""
        gives, fails = self.made.gives, self.made.fails
        if gives == NONE:
            if node is not None:
                raise Cannot(f"line {node.lineno}: it returns something")
            if fails:
                self.build.ret(SHORT(0))
            else:
                self.build.ret_void()
            return
        if node is None:
            self.build.unreachable()
            return
        value = self.fitted(self.value(node), gives)
        if not fails:
            self.build.ret(value)
            return
        whole = ir.Constant(self.function.function_type.return_type, ir.Undefined)
        whole = self.build.insert_value(self.build.insert_value(whole, SHORT(0), 0), value, 1)
        self.build.ret(whole)

    def invoke(self, name: str, node: ast.FunctionDef, values: list[Value]) -> Value:
        """A call of another function of the text."""
        made, kinds = self.program.function(name, node, [kind for kind, _ in values])
        given = [self.fitted(value, kind) for value, kind in zip(values, kinds, strict=True)]
        answer = self.build.call(made.function, given)
        if not made.fails:
            return made.gives, answer
        code = answer if made.gives == NONE else self.build.extract_value(answer, 0)
        self.fail(self.build.icmp_signed("!=", code, SHORT(0)), code)
        return made.gives, None if made.gives == NONE else self.build.extract_value(answer, 1)

    # --- statements ---------------------------------------------------------------------------------

    def block(self, nodes: list[ast.stmt]) -> None:
        """One after the other, until nothing more is reached."""
        for node in nodes:
            if self.build.block.is_terminated:
                return
            handler = getattr(self, f"do_{type(node).__name__}", None)
            if handler is None:
                raise Cannot(f"line {node.lineno}: {ast.unparse(node)}")
            handler(node)

    def _to(self, block: Any) -> None:
        if not self.build.block.is_terminated:
            self.build.branch(block)

    def do_Pass(self, _node: ast.Pass) -> None:
        pass

    def do_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.value(node.value)

    def do_Return(self, node: ast.Return) -> None:
        self.leave(node.value)

    def do_Raise(self, node: ast.Raise) -> None:
        word = node.exc.id if isinstance(node.exc, ast.Name) else ""
        if word not in CODES:
            raise Cannot(f"line {node.lineno}: {ast.unparse(node)}")
        self.fail(BIT(1), CODES[word])
        self.build.unreachable()

    def do_Break(self, _node: ast.Break) -> None:
        self.build.branch(self.loops[-1][1])

    def do_Continue(self, _node: ast.Continue) -> None:
        self.build.branch(self.loops[-1][0])

    def do_If(self, node: ast.If) -> None:
        test = self.truth(node.test)
        first, second, end = (self.new_block(word) for word in ("then", "otherwise", "end"))
        self.build.cbranch(test, first, second)
        for block, body in ((first, node.body), (second, node.orelse)):
            self.build.position_at_end(block)
            self.block(body)
            self._to(end)
        self._goes_on(end)

    def _goes_on(self, end: Any) -> None:
        """What follows, even where nothing leads there."""
        self.build.position_at_end(end)

    def do_While(self, node: ast.While) -> None:
        test, body, end = (self.new_block(word) for word in ("while", "turn", "over"))
        self.build.branch(test)
        self.build.position_at_end(test)
        self.build.cbranch(self.truth(node.test), body, end)
        self.build.position_at_end(body)
        self.loops.append((test, end))
        self.block(node.body)
        self.loops.pop()
        self._to(test)
        self._goes_on(end)

    def do_For(self, node: ast.For) -> None:
        """``for i in range(…)``: how often is known before the first turn."""
        turns = node.iter
        if not (isinstance(turns, ast.Call) and ast.unparse(turns.func) == "range" and len(turns.args) < 3):
            raise Cannot(f"line {node.lineno}: a loop over something else than a range")
        bounds = [self.whole(part) for part in turns.args]
        first, last = (WHOLE(0), bounds[0]) if len(bounds) == 1 else bounds
        place = self.room(INT)
        self.build.store(first, place)
        test, body, further, end = (self.new_block(word) for word in ("for", "turn", "next", "over"))
        self.build.branch(test)
        self.build.position_at_end(test)
        at = self.build.load(place, typ=WHOLE)
        self.build.cbranch(self.build.icmp_signed("<", at, last), body, end)
        self.build.position_at_end(body)
        self.assign(node.target, (INT, at))
        self.loops.append((further, end))
        self.block(node.body)
        self.loops.pop()
        self._to(further)
        self.build.position_at_end(further)
        self.build.store(self.build.add(self.build.load(place, typ=WHOLE), WHOLE(1), flags=["nsw"]), place)
        self.build.branch(test)
        self._goes_on(end)

    def do_Try(self, node: ast.Try) -> None:
        """Whatever fails inside leads to the one handler."""
        around, self.handler = self.handler, self.new_block("handler")
        end, mine = self.new_block("end"), self.handler
        self.block(node.body)
        self._to(end)
        self.handler = around
        self.build.position_at_end(mine)
        self.block(node.handlers[0].body)
        self._to(end)
        self._goes_on(end)

    # --- assignments --------------------------------------------------------------------------------

    def do_Assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            values = [self.value(part) for part in node.value.elts]
            for part, value in zip(target.elts, values, strict=True):
                self.assign(part, value)
            return
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def do_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            self.store(target.id, self.binary(node.op, self.value(target), self.value(node.value)))
            return
        part, pointer = self.place(target)
        self.write(part, pointer, self.binary(node.op, self.read(part, pointer), self.value(node.value)))

    def assign(self, target: ast.expr, found: Value) -> None:
        """To a name, a place in memory, or several of them."""
        if isinstance(target, ast.Name):
            self.store(target.id, found)
        elif isinstance(target, ast.Attribute | ast.Subscript):
            part, pointer = self.place(target)
            self.write(part, pointer, found)
        elif isinstance(target, ast.Tuple) and isinstance(found[0], Several):
            for at, part in enumerate(target.elts):
                self.assign(part, (found[0].parts[at], self.build.extract_value(found[1], at)))
        else:
            raise Cannot(f"line {target.lineno}: such an assignment")
