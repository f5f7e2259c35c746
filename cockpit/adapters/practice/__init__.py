"""The practice market: a seeded, endless, invented venue. Same seed, same tape, to the byte.

    spec = PracticeSpec(seed=1)
    instruments(spec)                                  # what is traded
    history(spec, "practice:BTC-USDT-SWAP", 60_000, 300)   # closed candles before the start
    stream(spec)                                       # every event from the start on

It only invents market data; who fills orders against it is the matching engine's business.
"""

from cockpit.adapters.practice.history import SLOT_MS, history
from cockpit.adapters.practice.spec import DEFAULT, VENUE, PracticeSpec, instruments
from cockpit.adapters.practice.stream import stream

__all__ = ["DEFAULT", "SLOT_MS", "VENUE", "PracticeSpec", "history", "instruments", "stream"]
