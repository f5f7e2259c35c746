"""``cockpit help [TOPIC]``: reference pages, read off the code that they describe."""

from __future__ import annotations

import argparse

from cockpit.app import console
from cockpit.core.errors import ConfigError
from cockpit.text import tr

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``help`` takes."""
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="a topic, or a strategy, indicator or rule")
    parser.add_argument("item", nargs="?", metavar="NUMBER", help="of a lesson: cockpit help tutorial 03")


def run(args: argparse.Namespace) -> int:
    """Print a page. Raises ConfigError (exit 2) naming the nearest topic."""
    from cockpit.app import lessons, reference
    from cockpit.app.complaints import nearest
    from cockpit.app.discover import discover, discover_indicators
    from cockpit.core.registry import INDICATORS, RULES, STRATEGIES

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    discover_indicators()
    if args.topic is None:
        topics = {name: tr(f"cli.topic.{name}", lang) for name in reference.TOPICS}
        console.answer(args, topics, f"{tr('cli.topics', lang)}\n\n{console.columns(list(topics.items()))}")
        return 0
    if args.topic == "tutorial":
        console.answer(args, *lessons.tutorial(args.item, lang))
        return 0
    if args.item is not None:
        raise ConfigError(f"only the tutorial has numbers: cockpit help {args.topic}")
    page = reference.page(args.topic, lang)
    if page is None:
        known = (*reference.TOPICS, *STRATEGIES, *INDICATORS, *RULES)
        raise ConfigError(f"there is no topic {args.topic!r}{nearest(args.topic, known)}")
    console.answer(args, *page)
    return 0
