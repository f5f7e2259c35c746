"""What does not compile is refused by strategy, line and reason; what compiles means what Python means."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from cockpit.core.events import Bar, Fill
from cockpit.core.view import View
from cockpit.core.want import Want
from cockpit.lab.compiled import build
from cockpit.lab.compiled import run as compiled
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.compiled.subset import Outside
from cockpit.lab.compiled.translate import Program
from tests.lab.both import plugin_of
from tests.lab.chameleon import Chameleon, Dice


class Base(msgspec.Struct):
    """Fields for the hooks below."""

    count: int = 0
    level: float = 0.0
    names: dict[str, int] = {}
    past: list[float] = []


def dictionary(self: Any, bar: Bar, view: View, want: Want) -> None:
    self.names["a"] = 1


def power(self: Any, bar: Bar, view: View, want: Want) -> None:
    self.level = bar.close**2


def maybe(self: Any, bar: Bar, view: View, want: Want) -> None:
    if bar.close > 1.0:
        found = bar.close
    self.level = found


def half(self: Any, bar: Bar, view: View, want: Want) -> None:
    self.count = bar.close


def words(self: Any, bar: Bar, view: View, want: Want) -> None:
    want.flat(f"at {bar.close}")


def sliced(self: Any, bar: Bar, view: View, want: Want) -> None:
    self.level = max(self.past[1:])


def book(self: Any, bar: Bar, view: View, want: Want) -> None:
    self.level = view.imbalance(5)


def later(self: Any, bar: Bar, view: View, want: Want) -> None:
    self.level = [x for x in self.past][0]  # noqa: C416, RUF015 - what people write


HOOKS = (dictionary, power, maybe, half, words, sliced, book, later)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook.__name__)
def test_a_refusal_names_strategy_file_line_and_reason(hook: Callable[..., None]) -> None:
    target = type("Planted", (Base,), {"on_bar": hook})
    with pytest.raises(Outside) as refusal:
        Program(target, "planted")
    said = str(refusal.value)
    first = inspect.getsourcelines(hook)[1]
    last = first + len(inspect.getsourcelines(hook)[0])
    assert said.startswith("planted, ")
    if "view.py" not in said and "book.py" not in said:
        line = int(said.split(" line ")[1].split(":")[0])
        assert "test_subset.py" in said
        assert first < line < last
    assert refusal.value.why


def exact(self: Any, fill: Fill, view: View, want: Want) -> None:
    self.level = float(fill.price * fill.qty)


def test_exact_money_of_a_fill_stays_outside() -> None:
    def on_bar(self: Any, bar: Bar, view: View, want: Want) -> None:
        self.level = bar.close

    target = type("Planted", (Base,), {"on_bar": on_bar, "on_fill": exact})
    with pytest.raises(Outside, match="write float"):
        Program(target, "planted")


def test_a_name_with_a_value_on_every_path_is_accepted() -> None:
    def on_bar(self: Any, bar: Bar, view: View, want: Want) -> None:
        if bar.close > 1.0:
            found = bar.close
        else:
            found = 1
        self.level = found * 2

    program = Program(type("Planted", (Base,), {"on_bar": on_bar}), "planted")
    assert list(program.hooks) == ["on_bar"]


def test_without_the_compiler_the_pip_line_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "available", lambda: False)
    with pytest.raises(Unsupported, match=r"pip install 'cockpit\[lab\]'"):
        compiled.compile_strategy(plugin_of(Chameleon, Dice))
