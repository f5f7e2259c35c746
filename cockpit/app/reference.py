"""Reference pages read off the code: nothing a page says is typed twice."""

from __future__ import annotations

import inspect as code
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import inspect

from cockpit.app import cover_page, lessons, proof_page, release_page, search_page, settings
from cockpit.app.complaints import allowed, shown
from cockpit.app.console import columns
from cockpit.app.grammar import COMMANDS, EXIT_CODES
from cockpit.app.helptext import spoken
from cockpit.app.jobs import about
from cockpit.app.settings_file import FILE
from cockpit.core.config import Config
from cockpit.core.registry import (
    BREAKERS,
    INDICATORS,
    RULES,
    SCORES,
    SIZINGS,
    STOPS,
    STRATEGIES,
    TRIGGERS,
    Plugin,
)
from cockpit.text import tr

ENVIRONMENT = {
    "COCKPIT_<TABLE>__<KEY>": "cli.env.key",
    "COCKPIT_CONFIG": "cli.env.config",
    "COCKPIT_DATA_DIR": "cli.env.data_dir",
    "COCKPIT_KEYS_PASSWORD_FILE": "cli.env.keys_password",
    "COCKPIT_JIT_CACHE": "cli.env.jit_cache",
    "COCKPIT_STUDY_STORAGE": "cli.env.study_storage",
    "COCKPIT_TOKEN_FILE": "cli.env.token_file",
    "COCKPIT_CONFIRM_LIVE": "cli.env.confirm_live",
    "COCKPIT_SHARED": "cli.env.shared",
    "COCKPIT_SOAK": "cli.env.soak",
    "COCKPIT_DEBUG": "cli.env.debug",
    "NO_COLOR": "cli.env.no_color",
    "TRADING_ENABLED RISK_MAX_NOTIONAL RISK_MAX_LEVERAGE RISK_MIN_CONFIDENCE": "cli.env.meant",
    "PORTFOLIO_DIFF_THRESHOLD PORTFOLIO_MIN_NOTIONAL PORTFOLIO_GLOBAL_LEVERAGE": "cli.env.portfolio",
    "OKX_IS_DEMO OKX_SIMULATED_TRADING ALLOW_LIVE_TRADING": "cli.env.forbid",
}
TOPICS = (
    "commands",
    "tutorial",
    "sdk",
    "strategies",
    "indicators",
    "rules",
    "stops",
    "cover",
    "scores",
    "sizing",
    "breakers",
    "jobs",
    "config",
    "environment",
    "exit",
    "keys",
    "bounds",
    "disk",
    "data",
    "release",
    "search",
    "proof",
)
LAYERS = {"stops": STOPS, "breakers": BREAKERS, "jobs": TRIGGERS}
"""Topics that are a table of plug-ins with numbers of their own."""


def parameters(plugin: Plugin) -> list[dict[str, Any]]:
    """Name, default, unit, what is allowed and what it means, for each parameter."""
    if plugin.params is None:
        return []
    kind = inspect.type_info(plugin.params)
    if not isinstance(kind, inspect.StructType):
        return []
    return [parameter(field) for field in kind.fields]


def parameter(field: inspect.Field) -> dict[str, Any]:
    """One parameter; what the author left unsaid is empty."""
    kind, extra = field.type, {}
    if isinstance(kind, inspect.Metadata):
        extra = kind.extra_json_schema or {}
        kind = kind.type
    default = None if field.default is msgspec.NODEFAULT else field.default
    return {
        "name": field.name,
        "default": default,
        "allowed": allowed(kind),
        "unit": extra.get("unit", ""),
        "meaning": extra.get("description", ""),
    }


def strategy(plugin: Plugin) -> dict[str, Any]:
    """A strategy with its parameters, as ``cockpit strategies --json`` prints it."""
    return {
        "name": plugin.name,
        "version": plugin.options.get("version", 1),
        "enabled": plugin.options.get("enabled", True),
        "wakes": list(plugin.options.get("wakes", ())),
        "legs": plugin.options.get("legs", 1),
        "timeframes": list(plugin.options.get("timeframes", ())),
        "stops": [dict(row) for row in plugin.options.get("stops", ())],
        "module": plugin.module,
        "about": code.cleandoc(plugin.doc),
        "parameters": parameters(plugin),
    }


def _module_text(plugin: Plugin) -> str:
    """What its file says at the top: the rules in full, their sources, what was decided and measured."""
    return code.cleandoc(getattr(sys.modules.get(plugin.module), "__doc__", "") or "")


def strategy_text(row: Mapping[str, Any], lang: str) -> str:
    """The same for people."""
    off = "" if row["enabled"] else f" - {tr('cli.strategies.disabled', lang)}"
    lines = [f"{row['name']}@{row['version']}{off}  ({', '.join(row['wakes'])})"]
    if row["legs"] != 1:
        legs = row["legs"] if isinstance(row["legs"], int) else " + ".join(row["legs"])
        lines.append(f"  {tr('cli.strategies.legs', lang, legs=legs)}")
    if row["timeframes"]:
        lines.append(f"  {tr('cli.strategies.frames', lang, frames=', '.join(row['timeframes']))}")
    for stop in row["stops"]:
        numbers = ", ".join(f"{key} {shown(value)}" for key, value in stop.items() if key != "layer")
        lines.append(f"  {tr('cli.strategies.stop', lang, layer=stop['layer'])}  {numbers}".rstrip())
    return "\n".join(lines + _about(row))


def _about(row: Mapping[str, Any]) -> list[str]:
    """What a plug-in is for, and its parameters as a table."""
    lines = [f"  {line}".rstrip() for line in row["about"].splitlines()]
    rows = [
        (
            p["name"],
            "" if p["default"] is None else shown(p["default"]),
            p["unit"],
            p["allowed"],
            p["meaning"],
        )
        for p in row["parameters"]
    ]
    return lines + [f"    {line}" for line in columns(rows, frozenset((1,))).splitlines()]


def _plugin(topic: str, lang: str) -> tuple[Any, str] | None:
    """(data, text) of one plug-in by its name; of those that share theirs with another by ``kind:name``."""
    if topic in STRATEGIES:
        row = strategy(STRATEGIES[topic])
        rules = _module_text(STRATEGIES[topic])
        return {**row, "rules": rules}, "\n\n".join(filter(None, (strategy_text(row, lang), rules)))
    if topic in RULES:
        row = rule(RULES[topic])
        return row, rule_text(row)
    if topic.removeprefix("indicator:") in INDICATORS:  # momentum is a strategy, too
        row = indicator(INDICATORS[topic.removeprefix("indicator:")])
        return row, indicator_text(row, lang)
    if topic.removeprefix("stop:") in STOPS:  # some share their name with an indicator
        row = layer(STOPS[topic.removeprefix("stop:")])
        return row, layer_text(row)
    if topic.removeprefix("trigger:") in TRIGGERS and topic not in TOPICS:
        row = layer(TRIGGERS[topic.removeprefix("trigger:")])
        return row, layer_text(row)
    if topic.removeprefix("breaker:") in BREAKERS:
        row = layer(BREAKERS[topic.removeprefix("breaker:")])
        return row, layer_text(row)
    if topic.removeprefix("sizing:") in SIZINGS:
        row = method(SIZINGS[topic.removeprefix("sizing:")])
        return row, "\n".join([row["name"], *_about(row)])
    return None


def page(topic: str, lang: str) -> tuple[Any, str] | None:
    """(data, text) of a topic, a strategy, an indicator or a rule; None when there is no such thing."""
    found = _plugin(topic, lang)
    if found is not None:
        return found
    if topic not in TOPICS:
        return None
    if topic == "tutorial":
        return lessons.tutorial(None, lang)
    if topic == "sdk":
        return lessons.face()
    if topic in LAYERS:
        rows = [layer(plugin) for plugin in LAYERS[topic].values()]
        said = [about.how()] if topic == "jobs" else []
        return rows, "\n\n".join([*said, *(layer_text(row) for row in rows)])
    if topic == "sizing":
        rows = [method(plugin) for plugin in SIZINGS.values()]
        return rows, "\n\n".join("\n".join([row["name"], *_about(row)]) for row in rows)
    if topic == "scores":
        rows = [{"name": p.name, "module": p.module, "about": code.cleandoc(p.doc)} for p in SCORES.values()]
        return rows, "\n\n".join("\n".join([row["name"], *_about({**row, "parameters": []})]) for row in rows)
    if topic == "strategies":
        rows = [strategy(plugin) for plugin in STRATEGIES.values()]
        return rows, "\n\n".join(strategy_text(row, lang) for row in rows)
    if topic == "indicators":
        rows = [indicator(plugin) for plugin in INDICATORS.values()]
        return rows, "\n\n".join(indicator_text(row, lang) for row in rows)
    if topic == "rules":
        rows = [rule(plugin) for plugin in in_order()]
        return rows, "\n\n".join(rule_text(row) for row in rows)
    if topic == "config":
        text = settings.shipped(FILE).read_text("utf-8")
        return msgspec.to_builtins(Config()), text
    if topic == "keys":
        return keys(lang)
    if topic == "disk":
        text = tr("cli.page.disk", lang)
        return {"text": text}, text
    if topic == "bounds":
        return bounds(lang)
    if topic == "data":
        return archive()
    if topic == "cover":
        return cover_page.page(lang)
    if topic == "release":
        return release_page.page()
    if topic == "search":
        return search_page.page(parameters)
    if topic == "proof":
        return proof_page.page(lang)
    pairs = {
        "commands": {name: spoken(does, lang) for name, does in COMMANDS.items()},
        "exit": {str(code): spoken(meaning, lang) for code, meaning in EXIT_CODES.items()},
        "environment": {name: tr(message, lang) for name, message in ENVIRONMENT.items()},
    }[topic]
    return pairs, columns(list(pairs.items()))


def indicator(plugin: Plugin) -> dict[str, Any]:
    """What an indicator takes and gives, when it begins to speak, and its formula."""
    from cockpit.indicators.catalogue import example, first_index, parameters

    chosen, blank = example(plugin)
    defaults = {f.name: None if f.required else f.default for f in parameters(plugin)}
    return {
        "name": plugin.name,
        "inputs": list(plugin.options["inputs"]),
        "lines": list(plugin.options["lines"]),
        "parameters": defaults,
        "example": chosen,
        "first_index": first_index(plugin, blank),
        "module": plugin.module,
        "about": code.cleandoc(plugin.doc),
    }


def indicator_text(row: Mapping[str, Any], lang: str) -> str:
    """The same for people."""
    given = [name if value is None else f"{name}={value}" for name, value in row["parameters"].items()]
    example = "".join(f" ({name}={value})" for name, value in row["example"].items())
    return "\n".join(
        [
            f"{row['name']}({', '.join(given)})",
            f"  {', '.join(row['inputs'])} -> {', '.join(row['lines'])}",
            f"  {tr('cli.indicators.first', lang, index=row['first_index'])}{example}",
            *(f"    {line}".rstrip() for line in row["about"].splitlines()),
        ]
    )


def in_order() -> list[Plugin]:
    """Rules in the order in which the gate asks them."""
    return sorted(RULES.values(), key=lambda plugin: (plugin.options.get("order", 100), plugin.name))


def rule(plugin: Plugin) -> dict[str, Any]:
    """A rule of the gate and where it stands in the order."""
    return {
        "name": plugin.name,
        "order": plugin.options.get("order", 100),
        "module": plugin.module,
        "about": code.cleandoc(plugin.doc),
    }


def rule_text(row: Mapping[str, Any]) -> str:
    """The same for people."""
    return "\n".join([f"{row['order']:3}  {row['name']}", *(f"     {x}" for x in row["about"].splitlines())])


def layer(plugin: Plugin) -> dict[str, Any]:
    """A stop layer, breaker or trigger with its parameters."""
    return {
        "name": plugin.name,
        "kind": plugin.options.get("kind", plugin.kind),
        "module": plugin.module,
        "about": code.cleandoc(plugin.doc),
        "parameters": parameters(plugin),
    }


def method(plugin: Plugin) -> dict[str, Any]:
    """A sizing method with its parameters."""
    about = code.cleandoc(plugin.doc)
    return {"name": plugin.name, "module": plugin.module, "about": about, "parameters": parameters(plugin)}


def layer_text(row: Mapping[str, Any]) -> str:
    """The same for people."""
    return "\n".join([f"{row['name']}  ({row['kind']})", *_about(row)])


def keys(lang: str) -> tuple[Any, str]:
    """The table of keys, from the one the screen itself uses."""
    from cockpit.tui.keymap import ACTIONS, written

    rows: list[dict[str, Any]] = [
        {
            "action": action.id,
            "keys": [written(key) for key in action.keys],
            "context": action.context,
            "danger": action.danger.name.lower(),
            "does": tr(action.help, lang),
        }
        for action in ACTIONS
    ]
    table = [
        (" ".join(row["keys"]) or f":{row['action']}", row["context"], row["action"], row["does"])
        for row in rows
    ]
    return rows, columns(table)


def bounds(lang: str) -> tuple[Any, str]:
    """How soon a fault of a live link is noticed, at the latest."""
    from cockpit.adapters.okx.bounds import BOUNDS

    now = tr("bound.at_once", lang)
    rows = [(tr(f"bound.{name}", lang), f"{limit:g} s" if limit else now) for name, limit in BOUNDS.items()]
    return BOUNDS, columns(rows, frozenset((1,)))


def archive() -> tuple[Any, str]:
    """The archive, its door with every call, and what asks, judges and mends."""
    from cockpit.adapters.archive import layout
    from cockpit.app.data import ingest, quality, repair, service

    calls = {
        f"{name}{code.signature(call)}".replace("(self, ", "(").replace("'", ""): code.getdoc(call) or ""
        for name, call in vars(service.DataService).items()
        if name.startswith("get_")
    }
    pages = [code.cleandoc(module.__doc__ or "") for module in (layout, service)]
    pages += [f"{call}\n    {about.replace(chr(10), chr(10) + '    ')}" for call, about in calls.items()]
    pages += [code.cleandoc(module.__doc__ or "") for module in (quality, ingest, repair)]
    return calls, "\n\n".join(pages)
