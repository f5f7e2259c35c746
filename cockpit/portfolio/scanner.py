"""All markets → candidates in their order. Pure: what it knows is what it was told until ``now``.

HL-01, HL-02, HL-04; quant reference, section 19. Ranks are combined, not raw values; a missing term ranks in
the middle (0.5) and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import floor

from cockpit.core import events as ev
from cockpit.core.candidates import Candidate, Term
from cockpit.core.registry import SCORES
from cockpit.core.types import Instrument, InstrumentState
from cockpit.portfolio.pasts import Past
from cockpit.portfolio.ranking import hotlist_scores, ranks


class Scanner:
    """Hears every event of every market; ``scan`` ranks them."""

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        self.pasts: dict[str, Past] = {}
        self.listed: dict[str, Instrument] = {}
        for instrument in instruments:
            self._list(instrument)

    def _list(self, instrument: Instrument) -> None:
        self.listed[instrument.symbol] = instrument
        past = self.pasts.setdefault(instrument.symbol, Past())
        if instrument.tiers:
            past.maintenance = float(instrument.tiers[0].maintenance)
            past.top_leverage = float(instrument.tiers[0].max_leverage)

    def hear(self, event: ev.AnyEvent) -> None:
        """Take in one event; O(1), and nothing for books and trades."""
        if isinstance(event, ev.Bar | ev.FundingRate | ev.OpenInterest):
            past = self.pasts.get(event.symbol)
            if past is not None:
                past.hear(event)
        elif isinstance(event, ev.Listing):
            self._list(event.instrument)

    @property
    def universe(self) -> list[str]:
        """Markets that can be traded and have been heard."""
        live = (s for s, i in self.listed.items() if i.state is InstrumentState.LIVE)
        return sorted(symbol for symbol in live if self.pasts[symbol].heard)

    def scan(self, now: int, weights: Mapping[str, float]) -> list[Candidate]:
        """Every market of the universe, the hottest first; equal scores by name.

        Raises KeyError for a weight of a score that is not registered, ValueError unless they sum to 1.
        """
        return scan({symbol: self.pasts[symbol] for symbol in self.universe}, now, weights)


def scan(pasts: Mapping[str, Past], now: int, weights: Mapping[str, float]) -> list[Candidate]:
    """See :meth:`Scanner.scan`."""
    symbols = sorted(pasts)
    values = {name: SCORES[name].target(pasts, now) for name in weights}
    rows = [{name: values[name].get(symbol) for name in weights} for symbol in symbols]
    scores = hotlist_scores(rows, weights)
    placed = {name: ranks([row[name] for row in rows]) for name in weights}
    order = sorted(range(len(symbols)), key=lambda i: (-scores[i], symbols[i]))
    found = []
    for place, i in enumerate(order, start=1):
        terms = tuple(Term(name, rows[i][name], placed[name][i], weight) for name, weight in weights.items())
        found.append(_labelled(symbols[i], place, scores[i], terms, pasts[symbols[i]], now))
    return found


def _labelled(
    symbol: str, place: int, score: float, terms: tuple[Term, ...], past: Past, now: int
) -> Candidate:
    """With its risk labels: 7-day range, safe leverage (HL-04)."""
    week = past.window(now, hours=7 * 24)
    sigma = past.sigma(now)
    return Candidate(
        symbol,
        place,
        score,
        past.price,
        terms,
        None if week is None else week.low,
        None if week is None else week.high,
        sigma,
        0 if sigma is None else safe_leverage(sigma, past.maintenance, past.top_leverage),
    )


def safe_leverage(sigma: float, maintenance: float, most: float = 0.0) -> int:
    """Whole multiple that survives a move of 3 daily sigmas: 1/(3σ + mmr) rounded down, at least 1."""
    room = 3.0 * sigma + maintenance
    found = max(1, floor(1.0 / room)) if room > 0 else 1
    return min(found, max(1, floor(most))) if most else found
