"""Funding of a maker that the machine drives alone: rates of the tape, settlements, bills on their way to us.

They are rare, so the venue's own code does them: before it is asked, it is told every fill until then.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.core import events as ev
from cockpit.lab.compiled.reasons import Unsupported
from cockpit.lab.depth.memory import Block
from cockpit.lab.depth.records import FAR
from cockpit.lab.depth.tickets import BILL, MAIL, Lane, Letter

BACK = 1
"""As ``mail.BACK``."""


class Settling:
    """Of one ``quoter.Quoter``."""

    def __init__(self, quoter: Any) -> None:
        self._quoter, self._world = quoter, quoter.world
        arrays = self._world.arrays
        self._v, self._w, self._at = arrays.cells.whole, arrays.cells.floats, arrays.cells.at
        self._lanes, self._letters = Block(arrays.lanes, Lane), Block(arrays.letters, Letter)
        self._window = arrays.machines["window"]
        self._bills: list[ev.FundingPaid] = []

    def rated(self, event: ev.FundingRate) -> None:
        """A rate is published at the venue."""
        self._ready()
        self._world.exchange.market(event, event.ts)
        self._collect()

    def due(self) -> None:
        """A settlement is past."""
        self._ready()
        self._world.exchange.advance(self._world.exchange.wake)
        self._collect()

    def heard(self, event: ev.FundingRate) -> None:
        """We hear of a rate. As ``Engine._rate`` for a strategy that has no hook for it."""
        quoter, now = self._quoter, self._v[self._at.now]
        quoter.state.rates[event.symbol] = event.rate
        if event.symbol == quoter.slot.sleeve.symbol:
            quoter.slot.view.funding_rate = event.rate
            self._window["funding_rate"][0] = event.rate
            self._window["now"][0] = now

    def told(self) -> None:
        """We hear of a bill."""
        v, at, quoter = self._v, self._at, self._quoter
        row, names = self._lanes.read(BACK), self._lanes.at
        letter = self._letters.read(MAIL + row[names.first] % MAIL)
        row[names.first] += 1
        self._lanes.write(row, BACK)
        v[at.now] = v[at.timed] = max(v[at.now], letter[self._letters.at.at])
        v[at.heard] += 1
        self._follow()
        quoter.paid(msgspec.structs.replace(self._bills[letter[self._letters.at.arg]], ts=v[at.now]))

    def _ready(self) -> None:
        """The venue knows prices and fills."""
        self._world.place.wake()
        self._quoter.at_venue()

    def _collect(self) -> None:
        """Reports leave the venue."""
        v, at, exchange = self._v, self._at, self._world.exchange
        for report in exchange.reports:
            if not isinstance(report, ev.FundingPaid):
                raise Unsupported("liquidation at a settlement")
            self._w[at.cash] += float(report.amount)
            v[at.count] += 1
            v[at.told] = 1
            self._send(report)
        exchange.reports.clear()
        v[at.wake] = exchange.wake

    def _send(self, report: ev.FundingPaid) -> None:
        """It is on its way to us."""
        model = self._world.ways[BACK].model
        row, names = self._lanes.read(BACK), self._lanes.at
        if row[names.end] - row[names.first] == MAIL:
            raise Unsupported("too many reports on their way at one time")
        seed = row[names.seed] % (1 << 64)
        row[names.last] = max(row[names.last], report.ts + model.ms(seed, row[names.sent]))
        letter = (row[names.last], self._v[self._at.count], BILL, 0, 0, len(self._bills))
        self._letters.write(letter, MAIL + row[names.end] % MAIL)
        row[names.sent] += 1
        row[names.end] += 1
        self._lanes.write(row, BACK)
        self._bills.append(report)
        self._follow()

    def _follow(self) -> None:
        """As ``mail.follow``."""
        v, at, names = self._v, self._at, self._lanes.at
        row = self._lanes.read(BACK)
        letter = self._letters.read(MAIL + row[names.first] % MAIL)
        v[at.back] = letter[self._letters.at.at] if row[names.first] < row[names.end] else FAR
        v[at.back_no] = letter[self._letters.at.no]
        v[at.flying] = int(v[at.out] < FAR or v[at.back] < FAR)
