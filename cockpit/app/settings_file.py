"""The settings file: which one holds, and its tables as they stand there. Light: help asks it first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cockpit.core.errors import ConfigError

FILE = "cockpit.toml"


def find(path: Path | None, env: Mapping[str, str]) -> Path | None:
    """The settings file in force. Raises ConfigError for one that is named and not there."""
    named = path or (Path(env["COCKPIT_CONFIG"]).expanduser() if env.get("COCKPIT_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            asked = "--config" if path is not None else "COCKPIT_CONFIG"
            raise ConfigError(f"{asked}: there is no file {named}")
        return named
    here = Path(FILE)
    if here.is_file():
        return here
    users = user_folder() / FILE
    return users if users.is_file() else None


def user_folder() -> Path:
    """Where a user's own settings live when they are not in the working directory."""
    import platformdirs

    return platformdirs.user_config_path("cockpit")


def read(source: Path) -> dict[str, Any]:
    """Its tables as they stand there, unchecked. Raises ConfigError when it is no TOML."""
    import tomllib

    try:
        return tomllib.loads(source.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source} cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{source} is not TOML: {error}") from error
