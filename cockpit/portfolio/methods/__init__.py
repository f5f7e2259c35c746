"""Sizing methods: how large a position is, one file each. What they are: ``core.sizing``, ``core.sized``."""
