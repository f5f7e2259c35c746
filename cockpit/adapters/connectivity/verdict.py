"""The four things that can be known about a request after its answer, or after none came.

Only what the venue itself proves is refused or not done. Everything else is ambiguous: it is asked about by
client id and never sent again.
"""

from __future__ import annotations

from enum import Enum

import msgspec


class Verdict(Enum):
    """What we know after an answer (or after none)."""

    DONE = "done"
    REFUSED = "refused"
    """The venue looked at it and said no; trying the same again gives the same."""
    TRANSIENT = "transient"
    """The venue did not take it in now; surely not done."""
    AMBIGUOUS = "ambiguous"
    """It may have been executed."""


class Answer(msgspec.Struct, frozen=True):
    """The word about one request or one item of a batch."""

    verdict: Verdict
    code: str
    text: str
    row: dict[str, str] = {}
