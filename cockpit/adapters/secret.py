"""Secrets that cannot be shown by accident: not printed, not formatted, not pickled, not serialised."""

from __future__ import annotations

from typing import Any, NoReturn, final

import msgspec

MASK = "<secret>"


@final
class Secret:
    """A text that only ``reveal`` gives back. Everything else that Python does with an object hides it."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself: for the one line that signs with it, never for a variable that lives on."""
        return self.__text

    def __repr__(self) -> str:
        return MASK

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled")


class Credentials(msgspec.Struct, frozen=True):
    """One API key of an exchange: its name is public, its two secrets are not."""

    venue: str
    """okx"""
    environment: str
    """demo | live"""
    purpose: str
    """read | trade"""
    key: Secret
    secret: Secret
    passphrase: Secret
