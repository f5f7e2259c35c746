"""What an answer's code says about the request: done, refused, not done, or perhaps done.

Source: OKX API v5, "Error code".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from cockpit.adapters.connectivity.verdict import Answer, Verdict

UNKNOWN_OUTCOME = frozenset(("50004", "50026", "51054", "51149", "63999", "64007"))
"""Gateway timeout, system error, "order timed out": the request may have been executed."""
TAKEN_BEFORE = frozenset(("51016", "50071", "51065"))
"""Our client id exists already: then so does the order, and it must be asked about."""
NOT_NOW = frozenset(
    (
        "50001", "50005", "50011", "50013", "50023", "50036", "50037", "50040", "50061", "50102", "51030",
        "51113", "51501", "51513", "54008", "60014",
    )
)  # fmt: skip
"""Rate limits, maintenance, settlement, expired on arrival: it was not taken in."""
AS_WISHED = frozenset(("51410",))
"""A cancel of what is being cancelled."""
NOT_FOUND = frozenset(("51603", "51400", "51503", "51001"))
RATE = frozenset(("50011", "50061", "50040", "60014"))
IDS = ("clOrdId", "ordId", "algoClOrdId", "algoId")
"""What names an order in a request and in its answer."""
CLOCK = frozenset(("50102", "50036", "60006"))
"""Signed too long ago, or expired before it came: one of the two clocks is not where we believe."""
AUTH = frozenset(
    ("50100", "50101", "50103", "50104", "50105", "50106", "50107", "50110", "50111", "50112", "50113")
) | frozenset(("50114", "50119", "50120", "60004", "60005", "60006", "60007", "60009", "60024", "60032"))
"""The key, its permissions or our signature: no later attempt will fare better."""


def verdict(code: str) -> Verdict:
    """The meaning of one code. An unknown one that is not a success is a refusal: the venue answered no."""
    if code in {"0", ""} or code in AS_WISHED:
        return Verdict.DONE
    if code in UNKNOWN_OUTCOME or code in TAKEN_BEFORE:
        return Verdict.AMBIGUOUS
    if code in NOT_NOW:
        return Verdict.TRANSIENT
    return Verdict.REFUSED


class Reply(msgspec.Struct, frozen=True):
    """The envelope of an answer, over REST or WebSocket."""

    code: str = ""
    msg: str = ""
    data: list[Any] = []
    id: str = ""
    op: str = ""


def judge(reply: Reply) -> Answer:
    """One item's word: its own ``sCode`` is the verdict where there is one, else the envelope's code."""
    head = reply.data[0] if reply.data and isinstance(reply.data[0], dict) else {}
    return _word(reply, head)


def judge_each(reply: Reply, asked: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """The word about every item of a batch, in the order in which they were ``asked`` for.

    A row belongs to the item whose id it carries; one without ids to the item in its place, as OKX answers in
    the order of the request. Where the answer does not tell of an item, it is ambiguous.
    """
    rows = [row for row in reply.data if isinstance(row, dict)]
    if not rows and reply.code not in {"0", "2"}:
        return [_word(reply, {})] * len(asked)
    named: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        for key in IDS:
            if row.get(key):
                named.setdefault((key, str(row[key])), row)
    in_order = rows if len(rows) == len(asked) else [{}] * len(asked)
    return [_item(reply, item, named, place) for item, place in zip(asked, in_order, strict=True)]


def _item(
    reply: Reply,
    item: Mapping[str, Any],
    named: Mapping[tuple[str, str], dict[str, Any]],
    place: dict[str, Any],
) -> Answer:
    row = next((named[key] for name in IDS if (key := (name, str(item.get(name)))) in named), None)
    if row is None and place and not any(place.get(name) for name in IDS):
        row = place
    if row is None or not row.get("sCode"):
        return Answer(Verdict.AMBIGUOUS, "", "the answer to a batch does not tell of this order")
    return _word(reply, row)


def _word(reply: Reply, head: Mapping[str, Any]) -> Answer:
    row = {key: str(value) for key, value in head.items()}
    code = row.get("sCode") or reply.code
    text = row.get("sMsg") or reply.msg
    if row.get("sCode") == "0" and reply.code not in {"0", "1", "2", ""}:
        code, text = reply.code, reply.msg
    if not code:
        return Answer(Verdict.AMBIGUOUS, "", "an answer without a code", row)
    return Answer(verdict(code), code, text, row)
