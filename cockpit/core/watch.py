"""Stops of the whole account (RK-03): looked at whenever prices moved while something is held.

Account layers are asked at most once a second of engine time. One that fires speaks as a voice: its action
``close`` flattens everything, ``pause`` stops entries. Only a person lifts it (``resume`` with a word and a
reason); from then on the drawdown counts from the profit of that moment.
"""

from __future__ import annotations

from math import inf

import msgspec

from cockpit.core.margin import cross_ratio, isolated_ratio
from cockpit.core.posture import Posture
from cockpit.core.state import State
from cockpit.core.stops import Layer
from cockpit.core.turn import Turn
from cockpit.core.types import MarginMode

EVERY_MS = 1_000
ACTIONS = {"close": Posture.FLATTEN, "pause": Posture.REDUCE_ONLY}


class Account(msgspec.Struct, frozen=True):
    """The account as its stop layers see it; money in its own currency."""

    equity: float
    pnl: float
    """Everything that trading has brought."""
    peak: float
    """The highest it has been."""
    margin_ratio: float
    """(cash + unrealised) / what the venue requires; at 1 it liquidates. Infinite when nothing needs any."""

    @property
    def drawdown(self) -> float:
        """Fraction lost since the best moment; transfers do not count."""
        lost = self.peak - self.pnl
        whole = self.equity + lost
        return lost / whole if whole > 0 else (1.0 if lost > 0 else 0.0)


def moved(state: State) -> bool:
    """Prices moved: should the account be looked at? True when ``due`` was set."""
    watch = state.watch
    if watch.due or not state.ledger.held():
        return False
    watch.due = max(state.now, watch.checked + EVERY_MS)
    return True


def seen(state: State) -> Account:
    """The account now."""
    pnl = float(state.pnl())
    return Account(state.equity(), pnl, max(state.watch.peak, pnl), margin_ratio(state))


def margin_ratio(state: State) -> float:
    """The smallest margin ratio of the account's positions."""
    ledger, marks = state.ledger, state.mark_prices()
    if ledger.margin_mode is MarginMode.CROSS:
        ratio = cross_ratio(ledger, state.instruments, marks, state.currency)
        return inf if ratio is None else float(ratio)
    worst = inf
    for position in ledger.held():
        mark = marks.get(position.symbol) if position.symbol in marks else position.entry
        ratio = isolated_ratio(position, state.instruments[position.symbol], mark or position.entry)
        worst = worst if ratio is None else min(worst, float(ratio))
    return worst


def on_timer(state: State, watchers: list[Layer], turn: Turn) -> None:
    """Ask every account layer, when it is time."""
    watch = state.watch
    if not watch.due or watch.due > state.now:
        return
    watch.due, watch.checked = 0, state.now
    account = seen(state)
    watch.pnl, watch.peak = account.pnl, account.peak
    for layer in watchers:
        if layer.name in watch.stopped or layer.broken:
            continue
        try:
            why = str(layer.body.due(account))
        except Exception as error:  # noqa: BLE001 - the fence around plug-ins: one that cannot judge stops entries
            layer.broken = why = f"{type(error).__name__}: {error}"
        if why:
            watch.stopped[layer.name] = why
            action = "pause" if layer.broken else layer.body.params.action
            state.voices[layer.name] = ACTIONS[action]
            turn.note("alarm", "account.stopped", by=layer.name, reason=why, action=action)
            for sleeve in state.sleeves:
                turn.touch(sleeve)


def lift(state: State) -> None:
    """A person resumes: account stops are lifted, and drawdown counts from here."""
    watch = state.watch
    for name in watch.stopped:
        state.voices.pop(name, None)
    watch.stopped.clear()
    watch.pnl = watch.peak = float(state.pnl())
