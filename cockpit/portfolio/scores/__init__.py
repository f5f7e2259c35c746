"""Terms of the hotlist's score: one file each, ``@score(name)`` on a function of all markets' pasts."""
