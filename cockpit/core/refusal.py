"""Why something asked for by hand is not done: a message of the catalogue and its numbers."""

from __future__ import annotations


class Refusal(Exception):
    """Never leaves the machine: it becomes a line in the journal and the answer to whoever asked."""

    def __init__(self, message: str, **numbers: object) -> None:
        super().__init__(message)
        self.message = message
        self.numbers = {name: str(value) for name, value in numbers.items()}
