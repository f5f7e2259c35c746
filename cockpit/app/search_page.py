"""``cockpit help search``: how a search is asked for, its methods, its objectives, what can be required."""

from __future__ import annotations

from inspect import cleandoc, getmodule
from typing import Any

from cockpit.core.registry import OBJECTIVES, SEARCHES, Plugin

HOW = """
cockpit optimize STRATEGY@SYMBOL/TF --tape TAPE [--from T] [--to T] [--param NAME=LOW..HIGH:STEP] ...

Without --param every dial is searched between a third and three times its default, within its range; the
size of positions stays. With one, exactly the parameters named so. The last quarter of the span (--validate)
is never searched. A study is kept under its name and goes on with --resume, after Ctrl-C and after kill -9.

The best of many tries is too good by construction: cockpit passport examines it, cockpit walkforward looks
at what a search would have found at the time.

method auto: a grid where it fits into the trials, nelder-mead up to 3 parameters, tpe up to 8, cmaes beyond;
nsga2 for several goals. Each costs less for a trial than a compiled backtest does. gp costs about as much as
one, so it is only used by name, for slow trials.
"""


def page(parameters: Any) -> tuple[Any, str]:
    """(data, text); ``parameters`` lists those of a plug-in."""
    from cockpit.lab.search.goal import LEAST_TRADES
    from cockpit.lab.search.measure import Measured
    from cockpit.lab.search.method import discover

    discover()
    methods = [
        {"name": row.name, "about": _about(row), "source": _source(row), "goals": row.options["goals"]}
        for row in SEARCHES.values()
    ]
    objectives = [
        {"name": row.name, "about": _about(row), "goals": row.options["goals"], "parameters": parameters(row)}
        for row in OBJECTIVES.values()
    ]
    lines = [cleandoc(HOW), "", "methods (--method)"]
    for row in methods:
        lines += [f"  {row['name']:<12} {row['about']}", f"  {'':<12} {row['source']}"]
    lines += ["", "objectives (--objective NAME:k=v,...)"]
    for row in objectives:
        lines.append(f"  {row['name']:<12} {row['about']}")
        lines += [f"    {p['name']:<10} {p['default']:<8} {p['meaning']}" for p in row["parameters"]]
    names = Measured.__struct_fields__
    lines += ["", "what can be required (--require trades>=30)", f"  {', '.join(names)}"]
    lines.append(f"  without a word: trades>={LEAST_TRADES}")
    return {"methods": methods, "objectives": objectives, "limits": list(names)}, "\n".join(lines)


def _about(plugin: Plugin) -> str:
    return plugin.doc.splitlines()[0]


def _source(plugin: Plugin) -> str:
    """Where a method comes from: the first sentence of its file."""
    module = getmodule(plugin.target)
    return (module.__doc__ or "").splitlines()[0] if module is not None else ""
