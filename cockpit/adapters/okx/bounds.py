"""How soon each fault of OKX's link is noticed, at the latest: read off the constants that the code uses.

Seconds from the fault (from its next message where the message itself betrays it). The fault matrix prints
what was measured.
"""

from __future__ import annotations

from cockpit.adapters.connectivity import promises
from cockpit.adapters.okx import adapter, market, reading, rest, socket, topics

BEAT = socket.BEAT_S
PING_S = 18.0

BOUNDS: dict[str, float] = {
    "gap": 0.0,
    "crossed": 0.0,
    "garbage": 0.0,
    "refused": 0.0,
    "closed": 0.0,
    "snapshot": market.WHOLE_MS / 1_000,
    "forgotten": topics.ACK_S + BEAT,
    "silent": topics.DATA_S + BEAT,
    "book": market.BOOK_S + BEAT,
    "quiet_book": topics.Topic("books").at_most + BEAT,
    "mark": market.MARK_S + BEAT,
    "dead_market": PING_S + socket.PONG_S + BEAT,
    "dead_account": adapter.PRIVATE_PING_S + socket.PONG_S + BEAT,
    "answer": socket.REPLY_S,
    "answer_rest": rest.TIMEOUT_S,
    "untold_order": promises.TOLD_S + 0.5,
    "untold_fill": adapter.CATCH_UP_S + reading.LATE_MS / 1_000,
    "clock": adapter.SYNC_S,
    "books_differ": 35.0,
}
"""By the end of a message id (``bound.…``). ``books_differ``: a reading every 30 s, another 5 s later."""
