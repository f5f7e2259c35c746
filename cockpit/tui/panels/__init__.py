"""Panels: one file each; a frame in, text out."""
