"""The worst voice counts, and each level forbids what the one before it forbids."""

from __future__ import annotations

from itertools import pairwise

from cockpit.core.posture import Posture, combine


def test_the_worst_voice_counts() -> None:
    assert combine({}) is Posture.NORMAL
    assert combine({"a": Posture.DELEVER, "b": Posture.HALT, "c": Posture.NORMAL}) is Posture.HALT


def test_levels_only_get_stricter() -> None:
    for milder, stricter in pairwise(Posture):
        assert milder < stricter
        assert milder.entries or not stricter.entries
    assert [p for p in Posture if p.entries] == [Posture.NORMAL, Posture.DELEVER]
