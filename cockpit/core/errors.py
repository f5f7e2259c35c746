"""Everything that may be raised on purpose.

    CockpitError
    ├── ConfigError       exit 2; names the file, the key and the nearest known key
    ├── PluginError       a strategy, rule or other plug-in broke: bench the sleeve, alert, fly on
    ├── StoreError        the journal cannot be opened, read or written
    ├── TapeError         recorded data cannot be read or imported
    ├── VenueError
    │   ├── Transient     timeout before sending, rate limit, disconnect: retry with jitter
    │   └── Ambiguous     sent, no answer: ask by client id, never resend
    ├── DoorError         a cockpit runs here but refuses us or does not answer (exit 8)
    │   └── NotRunning    no cockpit is running here (exit 7)
    └── InvariantError    our bug: stop deciding, keep watching, alert

A rejected order, a hit limit or a missing answer is an event or a verdict, never an exception.
"""

from __future__ import annotations


class CockpitError(Exception):
    """Base of all; its text is fit to be shown to a user. ``exit_code`` is what the CLI returns."""

    exit_code = 1


class ConfigError(CockpitError):
    exit_code = 2


class PluginError(CockpitError):
    exit_code = 3


class StoreError(CockpitError):
    exit_code = 4


class TapeError(CockpitError):
    exit_code = 5


class VenueError(CockpitError):
    exit_code = 6


class Transient(VenueError):
    """Nothing reached the venue, or it said so: trying again is safe."""


class Ambiguous(VenueError):
    """The request may have been executed. Only the venue can say: query by client id."""


class DoorError(CockpitError):
    """The engine behind the door refuses us, or does not answer."""

    exit_code = 8


class NotRunning(DoorError):
    """There is no engine to talk to."""

    exit_code = 7


class InvariantError(CockpitError):
    exit_code = 70
