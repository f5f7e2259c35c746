"""``cockpit import freqtrade-strategy FILE``: somebody else's strategy as a sleeve, its limits stated."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cockpit.app import console
from cockpit.core.errors import ConfigError
from cockpit.text import tr

PLUGIN = '''"""Runs the freqtrade strategy {kind} of {file}. Made by ``cockpit import freqtrade-strategy``."""

from cockpit.adapters.freqtrade import register

register({name!r}, {file!r})
'''
ROWS = 2_000
EVERY = 25


def add(parser: argparse.ArgumentParser) -> None:
    """What ``import`` takes."""
    parser.add_argument("what", choices=("freqtrade-strategy",))
    parser.add_argument("file", metavar="FILE", help="a Python file with one IStrategy; it is RUN")
    parser.add_argument("--name", metavar="NAME", help="what to call it here (default: from the class)")
    parser.add_argument(
        "--dir", metavar="DIR", help="plug-in folder (default: run.plugins_dir, else ./plugins)"
    )
    parser.add_argument(
        "--tape", metavar="TAPE", help="compare its signals over the whole market with those bar by bar"
    )


def run(args: argparse.Namespace) -> int:
    """Write the plug-in; 1 when its signals change once later bars are known.

    Raises ConfigError, PluginError.
    """
    import re

    from cockpit.adapters.freqtrade import source
    from cockpit.app.commands.new import check

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    file = Path(args.file).absolute()
    kind = source.load(file)
    told = source.facts(kind)
    name = args.name or "freqtrade_" + re.sub(r"(?<!^)(?=[A-Z])", "_", told.name).lower()
    check(name)
    folder = Path(args.dir or found.config.run.plugins_dir or "plugins").expanduser()
    plugin = folder / f"{name}.py"
    text = PLUGIN.format(kind=told.name, file=str(file), name=name)
    if plugin.exists() and plugin.read_text("utf-8") != text:
        raise ConfigError(f"{plugin} exists already; choose another --name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        plugin.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigError(f"{plugin} cannot be written: {error.strerror}") from error
    lines = [tr("import.done", lang, plugin=plugin, name=name, timeframe=told.timeframe)]
    lines += [tr("import.not_run", lang, name=callback) for callback in told.not_run]
    lines += [tr("import.not_used", lang, name=setting) for setting in told.not_used]
    data: dict[str, Any] = {"strategy": name, "plugin": str(plugin), "not_run": list(told.not_run)}
    data["not_used"] = list(told.not_used)
    code = 0
    if args.tape:
        wrong, judged = compare(kind, Path(args.tape), max(400, told.startup + 1))
        data |= {"compared": judged, "differing": wrong}
        lines.append(tr("import.differs" if wrong else "import.same", lang, count=len(wrong), judged=judged))
        lines += [f"  {console.utc(ts)}" for ts in wrong[:10]]
        code = 1 if wrong else 0
    lines.append(tr("import.use", lang, folder=folder, name=name))
    console.answer(args, data, "\n".join(lines))
    return code


def compare(kind: type, path: Path, window: int) -> tuple[list[int], int]:
    """Bars where the whole history says something else than the bars up to there, and bars judged.

    Each by its close, UTC ms. Raises ConfigError when there are no bars.
    """
    from cockpit.adapters.freqtrade import source
    from cockpit.adapters.store import tape
    from cockpit.core.events import Bar

    bars = [event for event in tape.read(path) if isinstance(event, Bar)]
    if not bars:
        raise ConfigError(f"{path} holds no bars")
    symbol, tf = bars[0].symbol, min(bar.tf for bar in bars)
    own = [bar for bar in bars if bar.symbol == symbol and bar.tf == tf][-ROWS:]
    rows = [(b.ts - b.tf, b.open, b.high, b.low, b.close, b.volume) for b in own]
    whole = source.signals(kind, rows, symbol)
    said = [source.last(whole.iloc[: at + 1]) for at in range(len(rows))]
    spots = [at for at in range(window, len(rows)) if said[at].long or said[at].short or at % EVERY == 0]
    wrong = []
    for at in spots:
        part = source.last(source.signals(kind, rows[at + 1 - window : at + 1], symbol))
        if part != said[at]:
            wrong.append(own[at].ts)
    return wrong, len(spots)
