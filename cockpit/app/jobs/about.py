"""What ``cockpit help jobs`` says."""

from __future__ import annotations

from inspect import cleandoc

from cockpit.app.jobs.allowed import alone

HOW = """
[[jobs]] of the settings, one table a job:

  [[jobs]]
  name = "nightly"
  run = ["backtest", "--tape", "btc.tape"]                    # as typed after cockpit
  cron = "10 0 * * *"                                         # UTC; leave it out for events and by hand only
  on = [{{ trigger = "drawdown", above = 0.1 }}, {{ trigger = "breaker" }}]

More of a job: enabled, catch_up (a turn that came while no cockpit ran is made up for, once; default true),
rest_min (after a start by an event no other start by an event for so long; default 1440), limit_min (a run
that takes longer is ended; default 240), keep (how many runs are kept; default 200).

Any running cockpit but a replay keeps their time; of several with one data directory, one does. Each run is
a process of its own, at low priority, one at a time; the settings file and the data directory are the run's,
--set is not handed on. Everything is kept under jobs/ of the data directory. cockpit jobs lists, shows, runs,
switches off and on, and changes the cron line; a running cockpit hears of it within a second.

Commands that may be jobs: {commands}

Triggers, looked at once a minute. A job starts when a condition is new for somebody, not while it lasts:
"""


def how() -> str:
    """The page, with the commands that may be jobs."""
    return cleandoc(HOW.format(commands=", ".join(alone())))
