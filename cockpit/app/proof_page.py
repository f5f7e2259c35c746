"""``cockpit help proof``: what counts as a try, what the gate asks, read off the code that does it."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cockpit.text import tr

WORDS = """\
cockpit ledger                                       every trial that was ever run here; verify: is it whole?
cockpit optimize ema_trend@okx:BTC-USDT-SWAP/1h --tape btc.tape --study mine --to 2025-10-01
cockpit walkforward ema_trend@okx:BTC-USDT-SWAP/1h --tape btc.tape     out of sample only
cockpit passport --study mine                        examine its best; behind --to lies the forward stretch
cockpit passport verify FILE                         altered, foreign, of other code, of a shorter ledger?
"""
MODULES = (
    "cockpit.lab.trial_ledger.chain",
    "cockpit.lab.trial_ledger.crowd",
    "cockpit.lab.proof.gate",
    "cockpit.lab.proof.walkforward",
    "cockpit.lab.proof.robustness",
    "cockpit.lab.proof.resampling",
    "cockpit.lab.proof.passport",
)
BOUNDS = (
    "DSR_LEAST", "PBO_MOST", "REFUTED", "FLAT_RATIO", "FLAT_POSITIVE", "TRAIN", "VALIDATE", "TEST", "STEP",
)  # fmt: skip
REQUIRED = ("ledger", "dsr", "pbo", "record", "plateau", "lookahead", "walk", "forward")


def page(lang: str) -> tuple[Any, str]:
    """(data, text). The modules are read, not run: they want numpy, and this page must not."""
    checks = {name: tr(f"passport.check.{name}", lang) for name in REQUIRED}
    bounds = {name: value for module in MODULES for name, value in _numbers(module).items()}
    data = {"commands": WORDS.splitlines(), "required": checks, "bounds": bounds}
    asked = "\n".join(f"  {said}" for said in checks.values())
    numbers = "\n".join(f"  {name} = {value}" for name, value in bounds.items())
    parts = [WORDS.rstrip(), f"{tr('passport.verdict', lang)}\n{asked}", numbers]
    return data, "\n\n".join([*parts, *(_words(module) for module in MODULES)])


def _tree(module: str) -> ast.Module:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text("utf-8"))


def _words(module: str) -> str:
    return ast.get_docstring(_tree(module)) or ""


def _numbers(module: str) -> dict[str, Any]:
    """The bounds that a module names."""
    found: dict[str, Any] = {}
    for node in _tree(module).body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            pairs = zip(names, values, strict=False)
            named = {n.id: v for n, v in pairs if isinstance(n, ast.Name) and isinstance(v, ast.Constant)}
            found |= {name: value.value for name, value in named.items() if name in BOUNDS}
    return found
