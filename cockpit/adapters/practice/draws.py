"""Random numbers that are the same on every machine: integers only, and only ``+ - * /`` and ``sqrt`` after.

A libm may round ``exp`` or ``log`` differently from the next one, and Python's ``hash`` and ``random`` are
not ours to promise; a tape that is equal to the byte can use none of them. Draw ``i`` of a stream is a
function of (seed, stream name, i): splitmix64 (Steele, Lea, Flood, OOPSLA 2014) over a counter, so two
streams never disturb each other.
"""

from __future__ import annotations

MASK = 0xFFFF_FFFF_FFFF_FFFF
GOLDEN = 0x9E37_79B9_7F4A_7C15
EDITION = 317
"""Another edition is another market for every seed. This one was picked because its seed 7 gives both
built-in strategies something to do within seconds; a tape is only comparable with tapes of its edition."""
GAUSS_SCALE = 65_536.0


def mix(z: int) -> int:
    """The finaliser of splitmix64: 64 bits in, 64 well-stirred bits out."""
    z = ((z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB) & MASK
    return z ^ (z >> 31)


class Draws:
    """One named stream of random numbers."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, name: str) -> None:
        state = mix((seed & MASK) ^ mix(EDITION))
        for byte in name.encode():
            state = mix((state ^ byte) + GOLDEN & MASK)
        self._state = state

    def bits(self) -> int:
        """64 random bits."""
        self._state = z = (self._state + GOLDEN) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB) & MASK
        return z ^ (z >> 31)

    def uniform(self) -> float:
        """In [0, 1), 53 bits."""
        return (self.bits() >> 11) / 9_007_199_254_740_992.0

    def below(self, n: int) -> int:
        """A whole number in [0, n)."""
        return (self.bits() >> 32) * n >> 32

    def gauss(self) -> float:
        """Nearly standard normal: the sum of twelve uniforms less six, hence never beyond 6."""
        total = 0
        state = self._state
        for _ in range(3):  # bits(), without the calls: nothing is drawn more often
            state = z = (state + GOLDEN) & MASK
            z = ((z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9) & MASK
            z = ((z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB) & MASK
            z ^= z >> 31
            total += (z & 0xFFFF) + (z >> 16 & 0xFFFF) + (z >> 32 & 0xFFFF) + (z >> 48)
        self._state = state
        return total / GAUSS_SCALE - 6.0
