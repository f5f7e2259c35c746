"""Candidates that have passed and wait for a running cockpit: ``cockpit renew`` writes them.

DATA/offers/VERSION.json      one a version; taken away once the cockpit has answered
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from cockpit.app.settings import private
from cockpit.core.config import SleeveConfig
from cockpit.core.errors import StoreError
from cockpit.core.unreadable import UNREADABLE

FOLDER = "offers"


class Offer(msgspec.Struct, frozen=True):
    """A version as a row of the settings, and where its proof came from."""

    version: str
    """As in its passport: 16 hex digits."""
    sleeve: SleeveConfig
    made: int
    """UTC ms."""
    study: str = ""
    seal: str = ""
    """Of its passport."""


def make(data_dir: Path, offer: Offer) -> Path:
    """Leave a candidate for whoever trades here; the same one again replaces itself. Raises StoreError."""
    folder = data_dir / FOLDER
    file = folder / f"{offer.version}.json"
    draft = file.with_suffix(f".{os.getpid()}")
    try:
        private(folder)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(offer), indent=1) + b"\n")
        draft.replace(file)
    except OSError as error:
        raise StoreError(f"{file}: {error.strerror}") from error
    return file


def waiting(data_dir: Path) -> list[tuple[Path, Offer]]:
    """Those that nobody has taken, oldest first; what cannot be read is passed over."""
    found = []
    for file in (data_dir / FOLDER).glob("*.json"):
        try:
            found.append((file, msgspec.json.decode(file.read_bytes(), type=Offer)))
        except (OSError, *UNREADABLE):
            continue
    return sorted(found, key=lambda pair: (pair[1].made, pair[1].version))


def taken(file: Path) -> None:
    """It has been answered."""
    file.unlink(missing_ok=True)
