"""How large a wish may be: one sizing method at work on one sleeve.

A method (``portfolio/methods``, one file each) turns what it has seen of closed bars into a weight, the share
of the sleeve's capital that the position is worth. The strategy says only which way; its own weight is not
asked. What the method remembers is in a snapshot, what it last said in ``Sleeve.size``; it acts in
``core.sized``.
"""

from __future__ import annotations

from decimal import Decimal
from math import inf, isfinite, nan
from typing import Any

import msgspec

from cockpit.core.events import Bar
from cockpit.core.registry import SIZINGS, Plugin
from cockpit.core.types import Instrument


class Ask(msgspec.Struct, frozen=True):
    """What a method is asked: how much of ``capital`` to hold on this side, now."""

    side: int
    """+1 long, -1 short."""
    capital: float
    """The sleeve's share of equity, quote currency."""
    price: float
    unit: float
    """Quote-currency worth of one contract at this price."""
    instrument: Instrument
    now: int
    """UTC ms."""
    most: float = inf
    """Largest weight that the strategy allows itself."""


class Answer(msgspec.Struct, frozen=True):
    """What it says. ``weight`` is unsigned, a fraction of the capital; 0 = nothing."""

    weight: float
    why: str
    """Its numbers, in words."""
    cap: float = nan
    """The most that rounding to the nearest lot may make of it; NaN = the weight itself."""


class Size(msgspec.Struct, frozen=True):
    """What a sizing last made of a wish, for people and for the next look."""

    method: str
    side: int
    raw: float
    """What the method asks, fraction of the sleeve's capital; no more than its strategy allows itself."""
    weight: float
    """What the limits of the account leave of it."""
    qty: Decimal
    """Signed contracts or base units: the target of the wish in force."""
    why: str
    at: int
    """When (UTC ms)."""
    tag: str
    """Of the wish that it belongs to: another wish is not its business."""
    bound: bool = False
    """A limit of the account holds it down."""


class Sizer(msgspec.Struct):
    """A configured method at work."""

    name: str
    body: Any
    """The plug-in's own object, with its memory."""
    broken: str = ""
    """What it raised; a broken one sizes everything to nothing."""

    def learn(self, bar: Bar, side: int) -> None:
        """A closed bar, and which way the wish in force pointed while it lasted (0 = none)."""
        if self.broken:
            return
        try:
            self.body.on_bar(bar, side)
        except Exception as error:  # noqa: BLE001 - the fence around plug-ins: it is out, we fly on
            self.broken = f"{type(error).__name__}: {error}"

    def ask(self, ask: Ask) -> Answer:
        """The weight; nothing when it is broken or says what is no size."""
        if not self.broken:
            try:
                said: Answer = self.body.weight(ask)
            except Exception as error:  # noqa: BLE001 - the fence around plug-ins
                self.broken = f"{type(error).__name__}: {error}"
            else:
                if isfinite(said.weight) and said.weight >= 0:
                    return said
                self.broken = f"it asked for a weight of {said.weight}"
        return Answer(0.0, self.broken)


class SizingSpec(msgspec.Struct, frozen=True):
    """A method as the settings ask for it."""

    plugin: Plugin
    params: Any

    def build(self) -> Sizer:
        """One that has seen nothing yet."""
        return Sizer(self.plugin.name, self.plugin.target.create(self.params))


class SizerMemory(msgspec.Struct, frozen=True):
    """A method in a snapshot."""

    name: str
    body: msgspec.Raw
    broken: str = ""


_ENCODER = msgspec.msgpack.Encoder()


def kept(sizer: Sizer | None) -> SizerMemory | None:
    """Its memory for a snapshot."""
    if sizer is None:
        return None
    return SizerMemory(sizer.name, msgspec.Raw(_ENCODER.encode(sizer.body)), sizer.broken)


def recalled_sizer(row: SizerMemory | None) -> Sizer | None:
    """The method of a snapshot, with its memory; None where it no longer exists."""
    plugin = SIZINGS.get(row.name) if row is not None else None
    if row is None or plugin is None:
        return None
    return Sizer(row.name, msgspec.msgpack.decode(row.body, type=plugin.target), row.broken)


def fitted(known: Sizer | None, spec: SizingSpec | None) -> Sizer | None:
    """The method that ``spec`` asks for; one that was at work with the same numbers keeps its memory."""
    if spec is None:
        return None
    if known is not None and known.name == spec.plugin.name and known.body.params == spec.params:
        return known
    return spec.build()
