"""``cockpit help cover``: what a stop at the venue covers on each kind of market, and where it does not.

The rules are ``core.reconcile``'s, ``core.restop``'s and ``core.closing``'s.
"""

from __future__ import annotations

from typing import Any

from cockpit.app.console import columns
from cockpit.text import tr

MARKETS = {
    "alone": ("overlap", "stays", "stays", "bound"),
    "shared": ("amend", "shrinks", "first", "counted"),
    "shared_hedge": ("amend", "shrinks", "first", "withheld"),
    "spot": ("amend", "shrinks", "first", "withheld"),
}
"""Market: what happens to the stop when it changes, on an exit of a part and of all; closing quotes."""
ASPECTS = ("change", "part", "all", "quote")
GAPS = ("grown", "exit", "unchanged", "other", "refused")
"""When a position is (partly) without a stop at the venue, and how long."""


def page(lang: str) -> tuple[Any, str]:
    """(data, text)."""
    gaps = {gap: tr(f"cli.cover.gap.{gap}", lang) for gap in GAPS}
    data = {
        "markets": {market: dict(zip(ASPECTS, words, strict=True)) for market, words in MARKETS.items()},
        "gaps": gaps,
    }
    head = [("", *(tr(f"cli.cover.{aspect}", lang) for aspect in ASPECTS))]
    rows = [
        (tr(f"cli.cover.market.{market}", lang), *(tr(f"cli.cover.word.{word}", lang) for word in words))
        for market, words in MARKETS.items()
    ]
    words = dict.fromkeys(word for row in MARKETS.values() for word in row)
    meant = [(tr(f"cli.cover.word.{word}", lang), tr(f"cli.cover.means.{word}", lang)) for word in words]
    listed = "\n".join(f"- {text}" for text in gaps.values())
    parts = [
        tr("cli.cover.about", lang),
        columns([*head, *rows]),
        columns(meant),
        f"{tr('cli.cover.gaps', lang)}\n{listed}",
        tr("cli.cover.shown", lang),
    ]
    return data, "\n\n".join(parts)
