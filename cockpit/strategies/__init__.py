"""Strategies: one file each; they say what they want, never what to do."""
