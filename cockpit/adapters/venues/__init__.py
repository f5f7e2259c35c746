"""Venues: one exchange per file."""
