"""The token with which a person shows that it is they: a file of their own that nobody else can read."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Any

from cockpit.core.errors import ConfigError

FILE = "COCKPIT_TOKEN_FILE"
"""Names the file; on a screen and with the commands that decide about versions."""


def drawn() -> str:
    """A new one: 256 random bits."""
    return secrets.token_urlsafe(32)


def write(path: Path, token: str) -> None:
    """Into a new file that only its owner may read. Raises ConfigError when there is one."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token + "\n")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def mine() -> str:
    """That of whoever started this process; empty when they name none. Raises ConfigError.

    A file that others may read is refused: then anybody could be them.
    """
    named = os.environ.get(FILE, "")
    if not named:
        return ""
    path = Path(named).expanduser()
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"{FILE}: {path} can be read by others: chmod 600 {path}")
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{FILE}: {path}: {error}") from error


class Credited:
    """A screen's link of somebody who has a token: it goes along with what they decide."""

    def __init__(self, link: Any, token: str, verbs: Collection[str]) -> None:
        self._link, self._token, self._verbs = link, token, verbs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._link, name)

    def send(self, verb: str, args: dict[str, str]) -> str:
        """As the link does."""
        given = {**args, "token": self._token} if verb in self._verbs else args
        sent: str = self._link.send(verb, given)
        return sent


def credited(link: Any, verbs: Collection[str]) -> Any:
    """The link itself where no token is named. Raises ConfigError for a file that others may read."""
    token = mine()
    return Credited(link, token, verbs) if token else link
