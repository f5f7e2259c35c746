"""Recorded files of others → tapes. One file per format; ``intake.import_source`` is the door."""
