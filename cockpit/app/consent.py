"""A person's yes to real money, as the rest of the program hands it on. How it is got: ``live``."""

from __future__ import annotations

import msgspec


class Consent(msgspec.Struct, frozen=True):
    """Given after the account was shown; good for one process and that account only."""

    uid: str
    how: str
    """Where the word came from: the screen, the terminal, --confirm-live or the environment."""
    daemon: bool = False
    """They want it headless, with the screen attached."""
