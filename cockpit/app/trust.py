"""Which plug-ins may run: those that the settings name with the hash of what was read.

    [run.plugins]
    "mine.py" = "9f3ac0…"        a file of run.plugins_dir: its SHA-256, 16 letters or more
    "their-package" = "07be11…"  an installed package: the SHA-256 of its RECORD, the hashes of its files

Real money runs what is built in and what is named here, nothing else. Elsewhere a plug-in that is not named
runs, and one that is named and has changed since does not. A plug-in runs with your rights: read it first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import msgspec

from cockpit.app.discover import GROUP, folder_files
from cockpit.core.config import Config
from cockpit.core.errors import PluginError

SHORTEST = 16
"""Letters of a hash that are enough."""


class PlugIn(msgspec.Struct, frozen=True):
    """Code that is not ours and would run in this process."""

    name: str
    """The file, or the package."""
    digest: str
    """SHA-256; empty = it has none (an editable install: its files may change at any time)."""


def plug_ins(folder: str) -> Iterator[PlugIn]:
    """Files of the folder, then installed packages with the entry-point group."""
    if folder:
        for file in folder_files(Path(folder).expanduser()):
            yield PlugIn(file.name, hashlib.sha256(file.read_bytes()).hexdigest())
    owners = {entry.dist.name: entry.dist for entry in metadata.entry_points(group=GROUP) if entry.dist}
    for name, owner in sorted(owners.items()):
        record = owner.read_text("RECORD") or ""
        fixed = any(line.partition(",")[0].endswith(".py") for line in record.splitlines())
        yield PlugIn(name, hashlib.sha256(record.encode()).hexdigest() if fixed else "")


def named(one: PlugIn, config: Config) -> bool:
    """Do the settings name just this? Raises PluginError when they name something else under its name."""
    wanted = config.run.plugins.get(one.name, "")
    if not wanted:
        return False
    if len(wanted) >= SHORTEST and one.digest and one.digest.startswith(wanted.lower()):
        return True
    raise PluginError(
        f"the plug-in {one.name} is not what run.plugins names ({wanted}): "
        f"it is {one.digest or 'an editable install'}; read it again, then name it anew"
    )


def demand(config: Config) -> None:
    """Before any of it is imported. Raises PluginError: what may not run, and the line that allows it."""
    for one in plug_ins(config.run.plugins_dir):
        if not named(one, config) and config.run.execution == "live":
            line = f'"{one.name}" = "{one.digest[:32]}"' if one.digest else "install it as a wheel first"
            raise PluginError(
                f"real money runs no plug-in that is not named with its hash: {one.name}; "
                f"when you have read it, add under [run.plugins]: {line}"
            )
