"""Chance without hidden state: draw number ``counter`` of stream ``seed`` is a function of the two.

Source: SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
"""

from __future__ import annotations

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def draw(seed: int, counter: int) -> int:
    """64 bits; the same two numbers always give the same bits."""
    z = (seed + (counter + 1) * GOLDEN) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniform(seed: int, counter: int) -> float:
    """A number in [0, 1)."""
    return (draw(seed, counter) >> 11) * 2.0**-53
