"""``cockpit init``: the commented settings file, ready to be changed."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cockpit.app import console
from cockpit.app.settings_file import user_folder
from cockpit.core.errors import ConfigError
from cockpit.text import tr

NAME = "cockpit.toml"


def add(parser: argparse.ArgumentParser) -> None:
    """What ``init`` takes."""
    parser.add_argument(
        "folder", nargs="?", metavar="DIR", default=".", help="where to write it (default: here)"
    )
    parser.add_argument("--user", action="store_true", help="into the user's configuration directory instead")


def run(args: argparse.Namespace) -> int:
    """Write it; never over one that exists. Raises ConfigError (exit 2)."""
    from cockpit.app import settings

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    folder = user_folder() if args.user else Path(args.folder).expanduser()
    path = (folder / NAME).absolute()
    text = settings.shipped(NAME).read_text("utf-8")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # O_EXCL: a file that appeared meanwhile is not written over either.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path} exists already: it is left as it is") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    console.answer(args, {"path": str(path)}, tr("cli.init.done", lang, path=path))
    return 0
