"""Binance USDⓈ-M: limits, and what its answers mean.

Source: Binance Open Platform, USDⓈ-M Futures, "General Info" (HTTP codes, limits), "Error Codes".
"""

from __future__ import annotations

from typing import Any

from cockpit.adapters.ccxt_venue.dialect import Dialect
from cockpit.adapters.ccxt_venue.door import BANNED, RATE, Answer, Verdict
from cockpit.adapters.connectivity.budget import Limits

ORDER = (("orders/10s", 1), ("orders/1m", 1))
WEIGHTS = {
    "fapiPublicGetDepth": 20,
    "fapiPublicGetKlines": 10,
    "fapiPublicGetFundingRate": 5,
    "fapiPrivateGetOpenOrders": 40,
    "fapiPrivateGetOpenAlgoOrders": 40,
    "fapiPrivateGetAllAlgoOrders": 5,
    "fapiPrivateGetUserTrades": 5,
    "fapiPrivateGetIncome": 30,
    "fapiPrivateGetCommissionRate": 20,
    "fapiPrivateGetPositionSideDual": 30,
    "fapiPrivateGetSymbolConfig": 5,
    "fapiPrivateV3GetBalance": 5,
    "fapiPrivateV3GetPositionRisk": 5,
}
"""Weight of one request where it is not 1."""
PLACING = ("fapiPrivatePostOrder", "fapiPrivatePostAlgoOrder", "fapiPrivatePutOrder")
LIMITS = Limits(
    sizes={"weight": (2_400, 60.0), "orders/10s": (300, 10.0), "orders/1m": (1_200, 60.0)},
    default=(1, 1.0),
    also={
        **{method: (("weight", weight - 1),) for method, weight in WEIGHTS.items()},
        **dict.fromkeys(PLACING, ORDER),
    },
    always=(("weight", 1),),
    own=False,
)
TOO_MANY = frozenset(("-1003", "-1015"))
UNTIMELY = frozenset(("-1021",))
NOT_NOW = frozenset(("-1008", "-1016", "-5028", "-4117")) | UNTIMELY
"""Throttled, shutting down, too late on arrival, stop is just going off: it was not taken in."""
UNKNOWN_OUTCOME = frozenset(("-1000", "-1001", "-1006", "-1007"))
TAKEN_BEFORE = frozenset(("-4116", "-4111"))
"""Our client id exists already: then so does the order, and it must be asked about."""
NOT_FOUND = frozenset(("-2011", "-2013"))
ENDED = {"-5022": "post_only", "-5021": "fok"}
"""Codes of orders that Binance takes in and throws out at once: no fault of anybody."""


class Words(Dialect):
    """Limits, hosts and verdicts."""

    limits = LIMITS
    untimely = UNTIMELY

    def judge(self, status: int, body: Any) -> Answer:
        """``{"code": -2010, "msg": …}`` is an error; any other JSON with HTTP 200 is the answer."""
        row = body if isinstance(body, dict) else {}
        code, text = str(row.get("code", "")), str(row.get("msg", ""))
        if status == 418:
            return Answer(Verdict.TRANSIENT, BANNED, f"{status} {code} {text}".strip())
        if status == 429 or code in TOO_MANY:
            return Answer(Verdict.TRANSIENT, RATE, f"{status} {code} {text}".strip())
        if code in NOT_NOW or (status == 503 and text.startswith("Service Unavailable")):
            return Answer(Verdict.TRANSIENT, code, text)
        if code in UNKNOWN_OUTCOME or code in TAKEN_BEFORE or status >= 500 or body is None:
            return Answer(Verdict.AMBIGUOUS, code, text or f"HTTP {status}")
        if code.startswith("-"):
            return Answer(Verdict.REFUSED, code, text)
        if status >= 400:
            return Answer(Verdict.AMBIGUOUS, code, text or f"HTTP {status}")
        ident = row.get("orderId") or row.get("algoId") or ""
        return Answer(Verdict.DONE, "0", "", {"id": str(ident)})

    def absent(self, code: str) -> bool:
        return code in NOT_FOUND

    def ended(self, code: str) -> str:
        return ENDED.get(code, "")

    def hosts(self, rest: str, socket: str) -> dict[str, Any]:
        return {
            "fapiPublic": f"{rest}/fapi/v1",
            "fapiData": f"{rest}/futures/data",
            "fapiPublicV2": f"{rest}/fapi/v2",
            "fapiPrivate": f"{rest}/fapi/v1",
            "fapiPrivateV2": f"{rest}/fapi/v2",
            "fapiPrivateV3": f"{rest}/fapi/v3",
            "sapi": f"{rest}/sapi/v1",
            "ws": {"linear": f"{socket}/ws"},
        }
