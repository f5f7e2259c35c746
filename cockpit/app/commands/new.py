"""``cockpit new strategy NAME``: a strategy that trades, and its test that runs it."""

from __future__ import annotations

import argparse
import keyword
import re
from pathlib import Path

from cockpit.app import console
from cockpit.core.errors import ConfigError
from cockpit.text import tr

NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


def add(parser: argparse.ArgumentParser) -> None:
    """What ``new`` takes."""
    parser.add_argument("kind", choices=("strategy",), metavar="strategy")
    parser.add_argument("name", metavar="NAME", help="small letters, digits and _: mean_reversion")
    parser.add_argument(
        "--legs",
        type=int,
        choices=(1, 2),
        default=1,
        help="instruments it trades together: 2 writes a pair (default 1)",
    )
    parser.add_argument(
        "--dir", metavar="DIR", help="default: the built-in folder in a checkout, else ./strategies"
    )


def run(args: argparse.Namespace) -> int:
    """Write both files; never over existing ones. Raises ConfigError (exit 2)."""
    from cockpit.app.discover import discover

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    discover(found.config.run.plugins_dir)
    check(args.name)
    code, test, module = places(args.name, args.dir)
    for path in (code, test):
        if path.exists():
            raise ConfigError(f"{path} exists already; choose another name")
    words = {
        "name": args.name,
        "module": module,
        "class_name": "".join(part.capitalize() for part in args.name.split("_")),
    }
    kind = "strategy" if args.legs == 1 else "pair"
    try:
        for path, template in ((code, f"{kind}.txt"), (test, f"{kind}_test.txt")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text_of(template).format(**words), "utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    lines = [tr("cli.new.done", lang, code=code, test=test), tr("cli.new.test", lang, test=test)]
    if module == args.name:
        lines.append(tr("cli.new.use", lang, folder=code.parent))
    console.answer(args, {"strategy": args.name, "code": str(code), "test": str(test)}, "\n".join(lines))
    return 0


def check(name: str) -> None:
    """Raises ConfigError when ``name`` cannot be a strategy's."""
    from cockpit.core.registry import STRATEGIES

    if NAME.fullmatch(name) is None or keyword.iskeyword(name) or name.startswith("test_"):
        raise ConfigError(f"{name!r} cannot be a strategy's name: write small letters, digits and _")
    if name in STRATEGIES:
        raise ConfigError(f"there is a strategy {name!r} already, in {STRATEGIES[name].module}")


def places(name: str, folder: str | None) -> tuple[Path, Path, str]:
    """Where the code and the test go, and how the test imports the code."""
    from cockpit.app.settings import checkout

    root = checkout()
    if folder is None and root is not None:
        code = root / "cockpit" / "strategies" / f"{name}.py"
        return code, root / "tests" / "strategies" / f"test_{name}.py", f"cockpit.strategies.{name}"
    own = Path(folder or "strategies")
    return own / f"{name}.py", own / f"test_{name}.py", name


def text_of(template: str) -> str:
    """A file of ``app/templates``."""
    from importlib import resources

    return resources.files("cockpit.app").joinpath("templates", template).read_text("utf-8")
