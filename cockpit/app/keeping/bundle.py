"""What an engineer needs after an incident, in one file, without secrets and without sending it anywhere.

    doctor.json     every check of cockpit doctor
    about.json      versions, platform, the packages that are installed
    settings.json   the settings in force
    status.json     what a running cockpit says of itself
    journal.json    where each journal stands, and whether its chain holds
    decisions.jsonl the last decisions before the end
    cockpit.log     the last lines

Every text passes ``scrub`` on its way in: what looks like a key, a token or a password is masked, too much
rather than too little.
"""

from __future__ import annotations

import io
import json
import os
import platform
import sys
import tarfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from cockpit.app import health, whereabouts
from cockpit.app.keeping import anchors
from cockpit.app.keeping.scrub import scrub
from cockpit.app.settings import Loaded, private
from cockpit.core.errors import CockpitError, StoreError
from cockpit.text import tr

LINES, DECISIONS = 3_000, 500


def collected(found: Loaded, lang: str = "en") -> dict[str, str]:
    """File name → text, scrubbed. A part that cannot be had says why instead of failing the rest."""
    parts: dict[str, Callable[[], str]] = {
        "about.json": _about,
        "doctor.json": lambda: _json([_check(check, lang) for check in health.examine(found)]),
        "settings.json": lambda: _json(msgspec.to_builtins(found.config)),
        "status.json": lambda: _json(_status(found)),
        "journal.json": lambda: _json(msgspec.to_builtins(anchors.verify(found.data_dir, []))),
        "decisions.jsonl": lambda: _decisions(found.data_dir),
        "cockpit.log": lambda: _log(found.data_dir),
    }
    texts = {}
    for name, part in parts.items():
        try:
            texts[name] = scrub(part())
        except (CockpitError, OSError) as error:
            texts[name] = scrub(f"not available: {error}\n")
    return texts


def write(texts: Mapping[str, str], target: Path) -> int:
    """One gzipped tar, readable by its owner only; its size in bytes. Raises StoreError."""
    private(target.parent)
    try:
        file = os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error.strerror}") from error
    with file, tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, text in texts.items():
            raw = text.encode("utf-8", "replace")
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(raw), 0o600, int(time.time())
            tar.addfile(info, io.BytesIO(raw))
    return target.stat().st_size


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n"


def _about() -> str:
    packages = sorted({f"{d.metadata['Name']} {d.version}" for d in metadata.distributions()}, key=str.lower)
    return _json(
        {
            "cockpit": cockpit.__version__,
            "python": sys.version,
            "platform": platform.platform(),
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "packages": packages,
        }
    )


def _check(check: health.Check, lang: str) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(check)
    return row | {"text": tr(check.message, lang, **check.args)}


def _status(found: Loaded) -> Any:
    with whereabouts.door(found) as door:
        return door.ask("status").payload


def _decisions(data_dir: Path) -> str:
    from cockpit.app.replay import plain

    lines: list[str] = []
    for name in anchors.journals(data_dir):
        with anchors.opened(data_dir, name) as file:
            last = deque(file.outcomes(), DECISIONS)
        lines += [json.dumps({"journal": name})]
        lines += [msgspec.json.encode(plain(outcome)).decode() for outcome in last]
    return "\n".join(lines) + "\n"


def _log(data_dir: Path) -> str:
    lines: list[str] = []
    for path in sorted(data_dir.rglob("cockpit.log")):
        with path.open("r", encoding="utf-8", errors="replace") as file:
            lines += [f"== {path.relative_to(data_dir)}", *(line.rstrip("\n") for line in deque(file, LINES))]
    return "\n".join(lines) + "\n"
