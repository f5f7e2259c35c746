"""One function of a strategy, statement by statement."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from cockpit.lab.compiled.expressions import Expressions
from cockpit.lab.compiled.subset import LIST, NONE, NUMBERS, STR, Source, joined

if TYPE_CHECKING:
    from cockpit.lab.compiled.translate import Program


class Body(Expressions):
    """Translates the body of a function whose parameters have these kinds."""

    def __init__(self, program: Program, source: Source, parameters: dict[str, Any], returns: Any) -> None:
        super().__init__(program, source)
        self.parameters = parameters
        self.returns = returns
        self.kinds = dict(parameters)
        """Of local names."""
        self.set: set[str] = set(parameters)
        """Names that surely have a value here."""
        self.lines: list[str] = []
        self.depth = 1
        self.spare = 0

    def text(self) -> str:
        """The translated body; twice, because a later line may widen the kind of an earlier name."""
        for _ in range(4):
            before = dict(self.kinds)
            self.set, self.lines, self.spare = set(self.parameters), [], 0
            ends = self._block(self.source.tree.body)
            if self.kinds == before:
                break
        if not ends and self.returns != NONE:
            raise self.outside(self.source.tree, "it may end without returning anything")
        return "\n".join(self.lines or ["    pass"])

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def fresh(self, word: str) -> str:
        """A name that the strategy does not use."""
        self.spare += 1
        return f"_{word}{self.spare}"

    # --- statements ---------------------------------------------------------------------------------

    def _block(self, body: list[ast.stmt]) -> bool:
        """True when nothing after it is reached."""
        for node in body:
            handler = getattr(self, f"do_{type(node).__name__}", None)
            if handler is None:
                raise self.outside(node, f"the statement {type(node).__name__.lower()}")
            if handler(node):
                return True
        return False

    def _indented(self, body: list[ast.stmt]) -> bool:
        self.depth += 1
        size = len(self.lines)
        ends = self._block(body)
        if len(self.lines) == size:
            self.line("pass")
        self.depth -= 1
        return ends

    def do_Pass(self, _node: ast.Pass) -> bool:
        return False

    def do_Break(self, _node: ast.Break) -> bool:
        self.line("break")
        return True

    def do_Continue(self, _node: ast.Continue) -> bool:
        self.line("continue")
        return True

    def do_Raise(self, _node: ast.Raise) -> bool:
        self.line("raise ValueError")
        return True

    def do_Assert(self, node: ast.Assert) -> bool:
        self.line(f"if not ({self.truth(node.test)}):")
        self.line("    raise ValueError")
        return False

    def do_Expr(self, node: ast.Expr) -> bool:
        if isinstance(node.value, ast.Constant):
            return False
        text, _ = self.expr(node.value, statement=True)
        self.line(text)
        return False

    def do_Return(self, node: ast.Return) -> bool:
        if node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None):
            if self.returns != NONE:
                raise self.outside(node, "it returns nothing here and something there")
            self.line("return")
            return True
        text, kind = self.expr(node.value)
        self.line(f"return {self.fitted(node, text, kind, self.returns)}")
        return True

    def do_If(self, node: ast.If) -> bool:
        self.line(f"if {self.truth(node.test)}:")
        start = set(self.set)
        first = self._indented(node.body)
        then, self.set = self.set, set(start)
        second = False
        if node.orelse:
            self.line("else:")
            second = self._indented(node.orelse)
        if first:
            pass
        elif second:
            self.set = then
        else:
            self.set &= then
        return first and second

    def do_While(self, node: ast.While) -> bool:
        if node.orelse:
            raise self.outside(node, "a loop with else")
        self.line(f"while {self.truth(node.test)}:")
        start = set(self.set)
        self._indented(node.body)
        self.set = start
        return False

    def do_For(self, node: ast.For) -> bool:
        if node.orelse:
            raise self.outside(node, "a loop with else")
        start = set(self.set)
        turns, target = node.iter, node.target
        if isinstance(turns, ast.Call) and self.is_builtin(turns, "range"):
            bounds = [self.whole(a) for a in turns.args]
            index = self.fresh("i")
            self.line(f"for {index} in range({', '.join(bounds)}):")
            self.depth += 1
            self._assign(target, f"np.int64({index})", int)
            self.depth -= 1
        else:
            self._over_list(node, turns, target)
        self._indented(node.body)
        self.set = start
        return False

    def _over_list(self, node: ast.For, turns: ast.expr, target: ast.expr) -> None:
        """``for x in values``, with ``reversed`` and ``enumerate`` around it."""
        count = None
        if isinstance(turns, ast.Call) and self.is_builtin(turns, "enumerate"):
            if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
                raise self.outside(node, "enumerate without two names")
            count = self.whole(turns.args[1]) if len(turns.args) > 1 else "0"
            counter, target = target.elts
            turns = turns.args[0]
        back = isinstance(turns, ast.Call) and self.is_builtin(turns, "reversed")
        text, kind = self.expr(turns.args[0] if isinstance(turns, ast.Call) and back else turns)
        if kind != LIST:
            raise self.outside(node, "a loop over something else than range or a list of floats")
        index, values = self.fresh("i"), self.fresh("x")
        self.line(f"{values} = {text}")
        self.line(f"for {index} in range({values}.n):")
        self.depth += 1
        place = f"{values}.n - 1 - {index}" if back else index
        if count is not None:
            self._assign(counter, f"{count} + {index}", int)
        self._assign(target, f"list_get(F, {values}, {place})", float)
        self.depth -= 1

    # --- assignments --------------------------------------------------------------------------------

    def do_Assign(self, node: ast.Assign) -> bool:
        if len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Attribute) and self._list_assigned(target, node.value):
                return False
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                self._several(node, target, node.value)
                return False
        text, kind = self.expr(node.value)
        if len(node.targets) > 1:
            name = self.fresh("v")
            self.line(f"{name} = {text}")
            text = name
        for target in node.targets:
            self._assign(target, text, kind)
        return False

    def _several(self, node: ast.Assign, targets: ast.Tuple, values: ast.Tuple) -> None:
        if len(targets.elts) != len(values.elts):
            raise self.outside(node, "not as many names as values")
        found = []
        for value in values.elts:
            text, kind = self.expr(value)
            name = self.fresh("v")
            self.line(f"{name} = {text}")
            found.append((name, kind))
        for target, (text, kind) in zip(targets.elts, found, strict=True):
            self._assign(target, text, kind)

    def do_AnnAssign(self, node: ast.AnnAssign) -> bool:
        if node.value is None:
            return False
        text, kind = self.expr(node.value)
        self._assign(node.target, text, kind)
        return False

    def do_AugAssign(self, node: ast.AugAssign) -> bool:
        target = ast.copy_location(type(node.target)(**{**vars(node.target), "ctx": ast.Load()}), node)
        value = ast.copy_location(ast.BinOp(target, node.op, node.value), node)
        text, kind = self.expr(value)
        self._assign(node.target, text, kind)
        return False

    def _assign(self, target: ast.expr, text: str, kind: Any) -> None:
        if isinstance(target, ast.Name):
            self._name(target, text, kind)
        elif isinstance(target, ast.Attribute):
            owner, owner_kind = self.expr(target.value)
            place = self.program.fields(owner_kind).get(target.attr)
            if place not in NUMBERS and place != STR:
                raise self.outside(target, f"an assignment to {target.attr}")
            self.line(f"{owner}.{target.attr} = {self.fitted(target, text, kind, place)}")
        elif isinstance(target, ast.Subscript):
            owner, owner_kind = self.expr(target.value)
            if owner_kind != LIST:
                raise self.outside(target, "an assignment to a part of something")
            index = self.whole(target.slice)
            self.line(f"list_set(F, {owner}, {index}, {self.fitted(target, text, kind, float)})")
        elif isinstance(target, ast.Tuple) and isinstance(kind, tuple) and len(kind) == len(target.elts):
            name = self.fresh("t")
            self.line(f"{name} = {text}")
            for at, part in enumerate(target.elts):
                self._assign(part, f"{name}[{at}]", kind[at])
        else:
            raise self.outside(target, "such an assignment")

    def _name(self, target: ast.Name, text: str, kind: Any) -> None:
        if kind == NONE or kind is None:
            raise self.outside(target, f"{target.id} has no value of a known kind")
        known = self.kinds.get(target.id, kind)
        both = joined(known, kind)
        if both is None or (target.id in self.parameters and both != known):
            raise self.outside(target, f"{target.id} changes its kind")
        self.kinds[target.id] = both
        self.set.add(target.id)
        self.line(f"v_{target.id} = {self.fitted(target, text, kind, both)}")

    def _list_assigned(self, target: ast.Attribute, value: ast.expr) -> bool:
        """``self.tails = list(accumulate(reversed(block)))`` and ``self.x = []``."""
        owner, owner_kind = self.expr(target.value)
        if self.program.fields(owner_kind).get(target.attr) != LIST:
            return False
        place = f"{owner}.{target.attr}"
        if isinstance(value, ast.List) and not value.elts:
            self.line(f"{place}.n = 0")
            return True
        found = self.accumulated(value)
        if found is None:
            raise self.outside(value, "a list made in this way")
        word, values = found
        self.line(f"tails_{word}(m, F, {place}, {values})")
        return True
