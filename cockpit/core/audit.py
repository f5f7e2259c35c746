"""The journal's decisions as rows a person can read: what was wished, what the gate said, what was sent, what
came of it. One row each, in the order in which it came about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from cockpit.core import events as ev
from cockpit.core.gate import describe
from cockpit.core.intents import Action, Amend, Cancel, Outcome, Place, Query, ReadAccount

KINDS = ("signal", "gate", "order", "amend", "cancel", "ask", "fill", "command", "boot", "news")
"""``signal`` a wish, ``gate`` a rule's word, ``ask`` a question to the venue, ``news`` what was told."""
DOING = frozenset(("command", "boot"))
FACTS = frozenset(("fill", *DOING))
"""Kinds of facts that are rows themselves; all others are seen in what they led to."""
TOLD_AS_FILL = frozenset(("order.filled", "liquidation", "delivered"))


class AuditRow(msgspec.Struct, frozen=True, array_like=True):
    """One link of a decision chain."""

    seq: int
    """Number of the fact that led to it; rows of one number belong together."""
    n: int
    """Place within ``seq``."""
    ts: int
    kind: str
    sleeve: str
    symbol: str
    cid: str
    what: str
    """The rule, the role of an order, the side of a fill, the verb of a command, the level of news."""
    text: str
    """Numbers and reason in the machine's words; of news the message id."""
    args: dict[str, str] = {}
    """Of news: what its sentence is filled with."""

    @property
    def key(self) -> str:
        """Identity for a cursor."""
        return f"{self.seq}.{self.n}"


class Wanted(msgspec.Struct, frozen=True):
    """Which rows somebody wants to see. Empty = all."""

    sleeve: str = ""
    symbol: str = ""
    cid: str = ""
    kinds: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    since: int = 0
    until: int = 0
    """UTC ms, both included; 0 = no bound."""

    def matches(self, row: AuditRow) -> bool:
        """Does it want this row? Names match by any part of them, in any letter case."""
        if self.kinds and row.kind not in self.kinds:
            return False
        if (self.since and row.ts < self.since) or (self.until and row.ts > self.until):
            return False
        for part, whole in ((self.sleeve, row.sleeve), (self.symbol, row.symbol), (self.cid, row.cid)):
            if part and part.casefold() not in whole.casefold():
                return False
        if not self.words:
            return True
        said = " ".join((row.sleeve, row.symbol, row.cid, row.what, row.text, *row.args.values())).casefold()
        return all(word.casefold() in said for word in self.words)

    def plain(self) -> dict[str, str]:
        """For the wire."""
        given = {
            "sleeve": self.sleeve,
            "symbol": self.symbol,
            "cid": self.cid,
            "kinds": ",".join(sorted(self.kinds)),
            "words": "\n".join(self.words),
            "since": str(self.since or ""),
            "until": str(self.until or ""),
        }
        return {name: value for name, value in given.items() if value}


def wanted(args: Mapping[str, str]) -> Wanted:
    """The inverse of :meth:`Wanted.plain`. Raises ValueError for a time that is no number."""
    return Wanted(
        args.get("sleeve", ""),
        args.get("symbol", ""),
        args.get("cid", ""),
        frozenset(filter(None, args.get("kinds", "").split(","))),
        tuple(filter(None, args.get("words", "").split("\n"))),
        int(args.get("since") or 0),
        int(args.get("until") or 0),
    )


def market_of(sleeve: str) -> str:
    """The first instrument in a sleeve's name (``ema_trend@3/okx:BTC-USDT-SWAP/1h``)."""
    return sleeve.split("/")[1].partition("+")[0] if "/" in sleeve else ""


def rows_of(
    seq: int, event: ev.AnyEvent | None, outcome: Outcome | None, owners: Mapping[str, str]
) -> list[AuditRow]:
    """The rows of one step: the fact itself where it is a deed or a fill, then what it led to.

    ``owners``: sleeve by the three digits that our order ids carry.
    """
    out: list[AuditRow] = []
    if event is not None and (row := _fact(seq, event, owners)) is not None:
        out.append(row)
    if outcome is not None:
        for kind, sleeve, symbol, cid, what, text, args in _parts(outcome, owners):
            out.append(AuditRow(seq, len(out), outcome.ts, kind, sleeve, symbol, cid, what, text, args))
    return out


def _fact(seq: int, event: ev.AnyEvent, owners: Mapping[str, str]) -> AuditRow | None:
    if isinstance(event, ev.Fill):
        side = "maker" if event.maker else "taker"
        text = f"{_n(event.qty)} @ {_n(event.price)} {side}, fee {_n(event.fee)} {event.fee_ccy}"
        text = f"{text} {event.note}" if event.note else text
        sleeve = owners.get(event.cid[3:6], "")
        return AuditRow(seq, 0, event.ts, "fill", sleeve, event.symbol, event.cid, event.side, text)
    if isinstance(event, ev.Command):
        given = " ".join(f"{name}={value}" for name, value in sorted(event.args.items()))
        text = f"{event.actor} {given}".strip()
        return AuditRow(
            seq, 0, event.ts, "command", event.args.get("sleeve", ""), event.args.get("symbol", ""),
            event.args.get("cid", ""), event.verb, text,
        )  # fmt: skip
    if isinstance(event, ev.Boot):
        return AuditRow(seq, 0, event.ts, "boot", "", "", "", event.mode, f"{event.version} #{event.boot}")
    return None


Part = tuple[str, str, str, str, str, str, dict[str, str]]


def _parts(outcome: Outcome, owners: Mapping[str, str]) -> Iterator[Part]:
    for intent in outcome.intents:
        stop = "" if intent.stop is None else f" stop {_n(intent.stop)}"
        take = "" if intent.take is None else f" take {_n(intent.take)}"
        tag = f" ({intent.tag})" if intent.tag else ""
        text = f"{describe(intent)}{stop}{take}{tag}"
        yield "signal", intent.sleeve, intent.symbol, "", intent.tag or "wish", text, {}
    for verdict in outcome.verdicts:
        text = f"{verdict.before} → {verdict.after}  {verdict.reason}"
        yield (
            "gate",
            verdict.sleeve,
            market_of(verdict.sleeve),
            "",
            f"{verdict.rule} {verdict.action}",
            text,
            {},
        )
    for action in outcome.actions:
        yield _request(action, owners)
    for note in outcome.notes:
        if note.message not in TOLD_AS_FILL or outcome.cause != "fill":
            symbol = note.args.get("symbol", "") or market_of(note.sleeve)
            cid = note.args.get("cid", "")
            yield "news", note.sleeve, symbol, cid, note.level, note.message, note.args


def _request(action: Action, owners: Mapping[str, str]) -> Part:
    if isinstance(action, ReadAccount):
        return "ask", "", "", "", "account", action.reason, {}
    sleeve = owners.get(action.cid[3:6], "")
    if isinstance(action, Place):
        prices = (("@", action.price), ("at", action.trigger), ("take", action.take))
        given = [f"{name} {_n(price)}" for name, price in prices if price is not None]
        text = " ".join((action.kind, action.side, _n(action.qty), *given))
        return "order", action.sleeve, action.symbol, action.cid, action.role, text, {}
    if isinstance(action, Amend):
        take = f" take {_n(action.take)}" if action.take is not None else ""
        text = f"{_n(action.qty)} @ {_n(action.price)}{take}"
        return "amend", sleeve, action.symbol, action.cid, action.tag or "amend", text, {}
    if isinstance(action, Cancel):
        return "cancel", sleeve, action.symbol, action.cid, "cancel", action.reason, {}
    assert isinstance(action, Query)
    return "ask", sleeve, action.symbol, action.cid, "order", "", {}


def _n(value: Decimal) -> str:
    return f"{value.normalize():f}"
