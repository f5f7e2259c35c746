"""``cockpit drill``: a scripted disaster against a cockpit of its own; machine and person are scored."""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from cockpit.app import console
from cockpit.core.errors import ConfigError
from cockpit.text import tr

if TYPE_CHECKING:
    from cockpit.app.drills.stage import Stage

EPILOG = """\
cockpit drill                       the drills, and how they went last time
cockpit drill link_lost             play one at the screen: act as you would, with keys or commands
cockpit drill link_lost --auto      nobody sits there: a test of the machine (exit code 1 when it fails)
cockpit drill all --auto --json     every one, one after the other

It opens an exchange and a cockpit of its own on this machine. Your keys, settings and journals are not
touched; settings that trade real money are refused.
"""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``drill`` takes."""
    parser.epilog = EPILOG
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="which one; without: list them; all: every one"
    )
    parser.add_argument("--auto", action="store_true", help="no screen: the commands are given by themselves")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="of the market, and of the moment")


def run(args: argparse.Namespace) -> int:
    """0: the machine did all that was demanded of it; 1: not. Raises DoorError (exit 8) beside live."""
    from cockpit.app.complaints import nearest
    from cockpit.app.drills import playing, words
    from cockpit.app.drills.scenarios import SCENARIOS

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    if args.name is None:
        return _list(args, found, lang)
    if args.name != "all" and args.name not in SCENARIOS:
        raise ConfigError(
            f"there is no drill {args.name!r}{nearest(args.name, SCENARIOS)}; see cockpit drill"
        )
    playing.refuse_live(found.config)
    auto = args.auto or args.json
    if not auto and (args.name == "all" or not console.has_terminal()):
        raise ConfigError("a drill at the screen is one, and needs a terminal; without: --auto")
    chosen = [*SCENARIOS.values()] if args.name == "all" else [SCENARIOS[args.name]]
    results = []
    for scenario in chosen:
        if not scenario.here:
            console.talk(tr("drill.not_here", lang, name=scenario.name))
            continue
        drill = playing.Drill(
            scenario,
            found.config,
            found.data_dir,
            args.seed,
            screen=None if auto else partial(_screen, brief=words.briefing(scenario, lang), lang=lang),
            say=lambda message: console.talk(tr(message, lang)),
        )
        result = drill.play()
        results.append(playing.plain(result))
        (console.talk if args.json else print)(words.report(result, str(drill.folder), lang))
    if args.json:
        console.answer(args, results[0] if args.name != "all" and results else results, "")
    return 0 if all(row["score"]["passed"] for row in results) else 1


def _list(args: argparse.Namespace, found: object, lang: str) -> int:
    from cockpit.app.drills import playing, words
    from cockpit.app.drills.scenarios import SCENARIOS
    from cockpit.app.settings import Loaded

    assert isinstance(found, Loaded)
    kept = playing.kept(found.data_dir)
    last = [next((r for _, r in kept if r.name == name), None) for name in SCENARIOS]
    data = [
        {"name": s.name, "about": tr(f"drill.{s.name}.title", lang), "last": r and playing.plain(r)}
        for s, r in zip(SCENARIOS.values(), last, strict=True)
    ]
    console.answer(args, data, words.listed(list(zip(SCENARIOS.values(), last, strict=True)), lang))
    return 0


def _screen(stage: Stage, brief: str, lang: str) -> subprocess.Popen[bytes]:
    """The briefing, a key, and the real screen on the stage's cockpit."""
    from cockpit.app.drills.words import way_in

    console.talk(f"\n{brief}\n\n{way_in(stage, lang)}\n\n{tr('drill.ready', lang)}")
    sys.stdin.readline()
    words = [sys.executable, "-m", "cockpit", "attach", "--lang", lang, *stage.words()]
    return subprocess.Popen(words, env=stage.env)
