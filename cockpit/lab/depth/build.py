"""A strategy's hooks and the machine of this folder as one program, its machine code kept on disk."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import Any

from cockpit.lab.compiled import build, compose, layout, rows
from cockpit.lab.compiled.reasons import LIST_FULL
from cockpit.lab.compiled.translate import Program
from cockpit.lab.depth import records, tickets
from cockpit.lab.depth.script import Script

PARTS = ("records", "queue", "books", "calm", "stretch", "ahead")
QUOTING = ("tickets", "mail", "street", "arrivals", "wishes", "alone")
"""Parts of the machine that drives a maker of quotes alone."""
PLAIN = ("reasons", "exact", "grid")
"""What they need of ``lab.compiled``."""
HERE = Path(__file__).parent
SYMBOL, ASK = "cockpit_depth_equity", "cockpit_depth_ask"
ROWS = (
    records.Machine, records.Event, records.Level, records.Price, records.Market, records.Rest,
    records.Eaten, records.Flying, records.Answer, tickets.Offer, tickets.Lane, tickets.Letter, tickets.Line,
)  # fmt: skip
"""Machine code of another layout of these is other machine code: they are named in its text."""
COLUMNS: dict[str, tuple[Any, str | int, str]] = {
    "e": (records.Event, "events", "at_e"),
    "l": (records.Level, "levels", "at_l"),
    "p": (records.Price, "prices", "at_p"),
    "k": (records.Market, "markets", "at_k"),
    "rest": (records.Rest, records.RESTING, "at_rest"),
    "eaten": (records.Eaten, records.EATEN, "at_eaten"),
    "ring": (records.Flying, records.FLIGHT, "at_ring"),
    "answer": (records.Answer, records.ANSWERS, "at_answer"),
    "series": (int, "delays", "at_series"),
    "o": (tickets.Offer, 2, "at_o"),
    "lane": (tickets.Lane, 2, "at_lane"),
    "letters": (tickets.Letter, 2 * tickets.MAIL, "at_letters"),
    "line": (tickets.Line, "room", "at_line"),
    "placed_at": (int, tickets.SENT, "at_placed"),
    "changed_at": (int, tickets.SENT, "at_changed"),
}
"""As ``compose.COLUMNS``: the machine's row knows where its arrays lie."""
TRADE = ("ts", "price", "qty", "sign")
FILL = ("ts", "price", "qty", "maker", "sign")
BODY = """
def view_equity(at, m, view) -> float:
    second = view.now // 1000
    if second != view.equity_at:
        view.equity_at = second
        view.equity_now = equity_of(m.handle)
    return view.equity_now


%(functions)s

def ask_book(d, s, F) -> None:
    %(on_book)s


def ask_trade(d, s, F, i: int) -> None:
    %(on_trade)s


def ask_timer(d, s, F) -> None:
    %(on_timer)s


def run(at: int) -> int:
    d = row_at(at, Desk)
    return stretch(d, row_at(d.at_s, State), floats_at(d.at_f))
"""
QUOTE = """
def ask_fill(d, s, F, i: int) -> None:
    price = decimal_float(d, d.line[i].order_ticks * d.tick_m, d.tick_k)
    qty = decimal_float(d, d.line[i].lots * d.lot_m, d.lot_k)
    %(on_fill)s


def quote(at: int) -> int:
    d = row_at(at, Desk)
    return alone(d, row_at(d.at_s, State), floats_at(d.at_f))
"""
ASKED = """
def asked(d, what: int, i: int) -> None:
    if ask_python(d.handle, what, i) < 0:
        raise Stop
"""
HANDED = {"on_trade": "asked(d, {}, i)", "on_fill": "asked(d, {}, i)"}
"""Of a strategy that stays Python; its other hooks are told no event."""
CALLS = {
    "on_book": "{}(d, d, F, s, d.window, d.pen)",
    "on_timer": "{}(d, d, F, s, d.window, d.pen)",
    "on_trade": "{}(d, d, F, s, TRADE_NEWS(d.now, d.e[i].x, d.e[i].qty, d.e[i].sign), d.window, d.pen)",
    "on_fill": "{}(d, d, F, s, FILL(d.now, price, qty, True, d.line[i].sign), d.window, d.pen)",
}


def text_of(program: Program | Script) -> str:
    """A strategy's program: the machine, Python's small operations, then the strategy in its place."""
    stays = isinstance(program, Script)
    calls = {
        hook: (HANDED.get(hook, "asked(d, {}, 0)") if stays else call).format(program.hooks[hook])
        if hook in program.hooks
        else "pass"
        for hook, call in CALLS.items()
    }
    parts, plain = PARTS + QUOTING * quoting(program), PLAIN * quoting(program)
    files = [compose.HERE / f"{part}.py" for part in (*plain, "intrinsics")]
    files += [HERE / f"{part}.py" for part in parts]
    body = (BODY + QUOTE * quoting(program) + ASKED * stays) % {
        "functions": "\n".join(program.texts),
        **calls,
    }
    shapes = "\n".join(f"# {row.__name__} {rows.dtype(row)}" for row in ROWS)
    return "\n".join([*(_bare(path.read_text()) for path in files), body, shapes])


def quoting(program: Program | Script) -> bool:
    """Can the machine drive it alone, if it only shows quotes? It knows no worth and no average entry."""
    asks = ("view_equity(", ".entry")
    if isinstance(program, Script):
        return program.deaf
    heard = "on_fill" in program.hooks or not hasattr(program.owner, "on_fill")
    deaf = not hasattr(program.owner, "on_funding")
    return heard and deaf and not any(word in text for text in program.texts for word in asks)


def _bare(text: str) -> str:
    """Functions and constants of a file; ``drawn`` is done in machine words."""
    nodes: list[ast.stmt] = [
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) or (isinstance(node, ast.FunctionDef) and node.name != "drawn")
    ]
    return ast.unparse(ast.Module(nodes, []))


def scope_of(text: str, program: Program | Script) -> dict[str, Any]:
    """What its names mean."""
    from cockpit.lab.native.kinds import FLOAT, INT, Outside, Shape, row_of

    plain = row_of(rows.dtype(records.Machine))
    forms = {"State": layout.dtype(program.owner), **program.rows}
    return {
        **compose.functions_of(text), **{word: row_of(form) for word, form in forms.items()},
        "Desk": compose.desk(records.Machine, COLUMNS, plain), "TRADE_NEWS": Shape(TRADE),
        "FILL": Shape(FILL),
        "LIST_FULL": LIST_FULL, "equity_of": Outside(SYMBOL, (INT,), FLOAT),
        "ask_python": Outside(ASK, (INT, INT, INT), INT),
    }  # fmt: skip


@lru_cache(maxsize=1)
def _link() -> object:
    """Make the ways back to Python known to the linker."""
    import ctypes

    from cockpit.lab.depth.calls import ask, equity
    from cockpit.lab.native.objects import publish

    whole = ctypes.c_int64
    made = ctypes.CFUNCTYPE(ctypes.c_double, whole)(equity)
    asking = ctypes.CFUNCTYPE(whole, whole, whole, whole)(ask)
    publish(SYMBOL, int(ctypes.cast(made, ctypes.c_void_p).value or 0))
    publish(ASK, int(ctypes.cast(asking, ctypes.c_void_p).value or 0))
    return made, asking


def load(program: Program | Script, progress: build.Progress | None = None) -> Any:
    """The doors of a strategy: compiled, which takes a second, or read from disk."""
    _link()
    text = text_of(program)
    doors: dict[str, tuple[str, ...]] = {"run": ("int",)}
    if quoting(program):
        doors["quote"] = ("int",)
    return build.load_text(
        text, doors, lambda: scope_of(text, program), what=program.strategy, progress=progress,
        shapes=repr(layout.dtype(program.owner)),
    )  # fmt: skip
