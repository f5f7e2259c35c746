"""Bybit linear: limits, and what its answers mean.

Source: Bybit V5, "Rate Limit Rules", "Error Codes".
"""

from __future__ import annotations

from typing import Any

from cockpit.adapters.ccxt_venue.dialect import Dialect
from cockpit.adapters.ccxt_venue.door import BANNED, RATE, Answer, Verdict
from cockpit.adapters.connectivity.budget import Limits

LIMITS = Limits(
    sizes={
        "ip": (600, 5.0),
        "privatePostV5OrderCreate": (10, 1.0),
        "privatePostV5OrderAmend": (10, 1.0),
        "privatePostV5OrderCancel": (10, 1.0),
        "privateGetV5OrderRealtime": (50, 1.0),
        "privateGetV5OrderHistory": (50, 1.0),
        "privateGetV5ExecutionList": (50, 1.0),
        "privateGetV5PositionList": (50, 1.0),
        "privateGetV5AccountWalletBalance": (50, 1.0),
        "publicGetV5MarketKline": (50, 1.0),
        "publicGetV5MarketOrderbook": (50, 1.0),
    },
    default=(5, 1.0),
    always=(("ip", 1),),
)
TOO_MANY = frozenset(("10006", "10018", "10429"))
UNTIMELY = frozenset(("10002",))
NOT_NOW = frozenset(("110079", "110080")) | UNTIMELY
"""Too late on arrival, the order is just being worked on: it was not taken in."""
UNKNOWN_OUTCOME = frozenset(("10000", "10016", "10019", "170007", "170146", "170147"))
TAKEN_BEFORE = frozenset(("110072", "10014"))
"""Our client id exists already: then so does the order, and it must be asked about."""
NOT_FOUND = frozenset(("110001", "170213"))


class Words(Dialect):
    """Limits, hosts and verdicts."""

    limits = LIMITS
    untimely = UNTIMELY

    def judge(self, status: int, body: Any) -> Answer:
        """``retCode`` 0 is done; the HTTP status says more only where there is no envelope."""
        row = body if isinstance(body, dict) else {}
        code, text = str(row.get("retCode", "")), str(row.get("retMsg", ""))
        if status == 403 and not code:
            return Answer(Verdict.TRANSIENT, BANNED, "HTTP 403: too many requests from this address")
        if code in TOO_MANY or status == 429:
            return Answer(Verdict.TRANSIENT, RATE, f"{status} {code} {text}".strip())
        if code in NOT_NOW:
            return Answer(Verdict.TRANSIENT, code, text)
        if code in UNKNOWN_OUTCOME or code in TAKEN_BEFORE or not code or status >= 500:
            return Answer(Verdict.AMBIGUOUS, code, text or f"HTTP {status}")
        if code != "0":
            return Answer(Verdict.REFUSED, code, text)
        result = row.get("result")
        ident = result.get("orderId", "") if isinstance(result, dict) else ""
        return Answer(Verdict.DONE, "0", "", {"id": str(ident)})

    def absent(self, code: str) -> bool:
        return code in NOT_FOUND

    def ended(self, code: str) -> str:
        return ""

    def hosts(self, rest: str, socket: str) -> dict[str, Any]:
        return {
            "public": rest,
            "private": rest,
            "ws": {
                "public": {"linear": f"{socket}/v5/public/linear"},
                "private": {"contract": f"{socket}/v5/private"},
            },
        }
