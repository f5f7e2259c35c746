"""Proof that a message is ours: HMAC-SHA256 over its text, base64.

Source: OKX API v5, "REST authentication" and "WebSocket login".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from cockpit.adapters.secret import Credentials, Secret

LOGIN = "GET/users/self/verify"


def signature(secret: Secret, prehash: str) -> str:
    """base64(HMAC-SHA256(secret, prehash))."""
    digest = hmac.new(secret.reveal().encode(), prehash.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def login(keys: Credentials, now_ms: int) -> dict[str, Any]:
    """The login frame of a private socket; its clock counts seconds (UTC) and is good for 30 of them."""
    stamp = str(now_ms // 1_000)
    return {
        "op": "login",
        "args": [
            {
                "apiKey": keys.key.reveal(),
                "passphrase": keys.passphrase.reveal(),
                "timestamp": stamp,
                "sign": signature(keys.secret, stamp + LOGIN),
            }
        ],
    }
