"""Indicators: one file each, streaming."""
