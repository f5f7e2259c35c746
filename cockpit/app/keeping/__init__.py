"""Backups of everything that a data directory cannot make again, taken beside a running cockpit.

    cockpit-20261127-001000-000.backup  a gzipped tar: manifest.json first, then the files that it names

The manifest holds the sha256 of every file and where each journal stood. Keys are never in it: they belong to
one machine. Logs, replays and recorded markets are left out: they can be made or fetched again.
"""
