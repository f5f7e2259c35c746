"""Fire drills: a scripted disaster against a real cockpit that trades an exchange of this machine.

    stage       an exchange on loopback (``cockpit exchange``), a daemon that trades its demo account, a data
                directory of their own: no key, no setting and no journal of the user's is touched
    scenarios   what goes wrong, when it heals, what a person should do, what the system must do by itself
    watching    five looks a second: what the cockpit shows, and what the exchange itself knows
    judging     a score from those looks, the journal and the exchange's books: pure
    playing     the person at the real screen (or, with ``--auto``, at the real commands), and the result kept

The exchange's own books are the judge's truth: what stood without a stop is asked of it, not of the cockpit.
"""

FOLDER = "drills"
"""In the data directory: a folder for each drill that was played."""
RESULT = "result.json"
