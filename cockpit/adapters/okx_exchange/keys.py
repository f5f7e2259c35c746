"""API keys, and the proof that a request was signed with one: judged on the raw bytes as they came.

HMAC-SHA256 over timestamp + METHOD + path with query + body, base64. Source: venue documentation, reference
section 1.2.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from cockpit.adapters.okx_exchange.refusals import Refusal

if TYPE_CHECKING:
    from cockpit.adapters.okx_exchange.account import Account

WINDOW_MS = 30_000
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LOGIN_PATH = "GET/users/self/verify"


class Key(msgspec.Struct, frozen=True):
    """One API key of an account."""

    key: str
    secret: str
    passphrase: str
    permissions: tuple[str, ...]
    account: Account

    def sign(self, text: bytes) -> str:
        """The signature of ``text``."""
        digest = hmac.new(self.secret.encode(), text, hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def signed(self, text: bytes, signature: str) -> bool:
        return hmac.compare_digest(self.sign(text).encode(), signature.encode())


class KeyRing:
    """All keys of the venue."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}

    def add(self, key: Key) -> None:
        self._keys[key.key] = key

    def remove(self, key: str) -> None:
        """Forget a key: from now on it is unknown."""
        self._keys.pop(key, None)

    def find(self, key: str) -> Key | None:
        return self._keys.get(key)

    def check(self, headers: Mapping[str, str], method: str, target: str, body: bytes, now: int) -> Key:
        """The key that signed this request. Raises Refusal (HTTP 401) otherwise.

        ``target`` is path and query exactly as they came; ``now`` the venue's clock, ms.
        """
        name = _header(headers, "OK-ACCESS-KEY", "50103")
        passphrase = _header(headers, "OK-ACCESS-PASSPHRASE", "50104")
        signature = _header(headers, "OK-ACCESS-SIGN", "50106")
        stamp = _header(headers, "OK-ACCESS-TIMESTAMP", "50107")
        if abs(now - instant(stamp)) > WINDOW_MS:
            raise Refusal("50102", "Timestamp request expired")
        key = self._keys.get(name)
        if key is None:
            raise Refusal("50111", "Invalid OK-ACCESS-KEY")
        demo = headers.get("x-simulated-trading", "0") == "1"
        if demo != key.account.demo:
            raise Refusal("50101", "APIKey does not match current environment.")
        if not hmac.compare_digest(passphrase.encode(), key.passphrase.encode()):
            raise Refusal("50105", "Request header OK-ACCESS-PASSPHRASE incorrect.")
        if not key.signed(f"{stamp}{method}{target}".encode() + body, signature):
            raise Refusal("50113", "Invalid Sign")
        return key

    def login(self, arg: Mapping[str, object], now: int) -> Key:
        """The key of a socket's login. Raises Refusal with a code of the 60000s."""
        name, passphrase = str(arg.get("apiKey", "")), str(arg.get("passphrase", ""))
        stamp, signature = str(arg.get("timestamp", "")), str(arg.get("sign", ""))
        if not re.fullmatch(r"\d{1,12}(\.\d+)?", stamp):
            raise Refusal("60004", "Invalid timestamp")
        if abs(now - float(stamp) * 1000) > WINDOW_MS:
            raise Refusal("60006", "Timestamp request expired")
        key = self._keys.get(name)
        if key is None:
            raise Refusal("60005", "Invalid apiKey")
        if not hmac.compare_digest(passphrase.encode(), key.passphrase.encode()):
            raise Refusal("60024", "Wrong passphrase")
        if not key.signed(f"{stamp}{LOGIN_PATH}".encode(), signature):
            raise Refusal("60007", "Invalid sign")
        return key


def _header(headers: Mapping[str, str], name: str, code: str) -> str:
    found = headers.get(name, "")
    if not found:
        raise Refusal(code, f"Request header {name} can not be empty.")
    return found


def instant(stamp: str) -> int:
    """ISO-8601 with exactly milliseconds and Z, as ms. Raises Refusal 50112."""
    if STAMP.fullmatch(stamp) is None:
        raise Refusal("50112", "Invalid OK-ACCESS-TIMESTAMP")
    try:
        at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refusal("50112", "Invalid OK-ACCESS-TIMESTAMP") from None
    return round(at.timestamp() * 1000)
