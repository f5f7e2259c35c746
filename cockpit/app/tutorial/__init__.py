"""Lessons: one runnable strategy each, with its test. ``cockpit help tutorial`` lists them, ``… 03`` prints
one.

They are read as text and run as tests; the running cockpit imports none of them.
"""
