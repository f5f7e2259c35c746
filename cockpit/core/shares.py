"""What is remembered of the last change of shares (``core.capital``)."""

from __future__ import annotations

import msgspec


class Applied(msgspec.Struct, frozen=True):
    """The last change of shares."""

    at: int = 0
    """UTC ms; 0 = there was none."""
    by: str = ""
    why: str = ""
    before: dict[str, float] = {}
    """Sleeve → its share until then."""
    rested: tuple[str, ...] = ()
    undone: int = 0
    """When it was taken back; 0 = it holds."""
    held: dict[str, float] = {}
    """Sleeve → the share last applied to it, by this change or an earlier one."""
    held_before: dict[str, float] = {}
    """The same before this change."""

    def least(self, named: float, *sleeves: str) -> float:
        """What a version may use that enters production for ``sleeves``: itself, and what it replaces.

        A version names a share, and people or the allocator have applied one: the smaller counts, so that a
        promotion never brings back what was taken away. More than that takes a plan of its own.
        """
        return min([named, *(self.held[name] for name in sleeves if name in self.held)])

    def without(self, sleeves: tuple[str, ...]) -> Applied:
        """A person has named another share for these: what was applied to them is over."""
        rest = {name: share for name, share in self.held.items() if name not in sleeves}
        return msgspec.structs.replace(self, held=rest)
