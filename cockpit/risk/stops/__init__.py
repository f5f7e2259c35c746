"""Stops: each is one layer and returns a level."""
