"""The tables of words that are shipped beside this file."""

from __future__ import annotations


def read(name: str) -> dict[str, str]:
    """A flat TOML table of sentences."""
    import tomllib  # here, because an engine without a face never reads a sentence
    from importlib import resources

    source = resources.files(__package__).joinpath(name).read_text("utf-8")
    return {str(key): str(value) for key, value in tomllib.loads(source).items()}
