"""Breakers: each turns what it sees into a posture."""
