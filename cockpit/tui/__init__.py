"""A face: the terminal."""
