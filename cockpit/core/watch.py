"""Stops of the whole account (RK-03): looked at whenever prices moved while something is held.

Account layers are asked at most once a second of engine time. One that fires speaks as a voice: its action
``close`` flattens everything, ``reduce`` cuts every position to ``keep`` of itself and stops entries,
``pause`` stops entries. A layer that ``repeats`` cuts again as long as its condition holds and the last cut
is done: what cannot be cut any more is closed. One layer may be named several times, ``reduce`` first and
``close`` further down. Only a person lifts it (``resume`` with a word and a reason); from then on the
drawdown counts from the profit of that moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import inf

import msgspec

from cockpit.core import profit
from cockpit.core.gate import GateContext
from cockpit.core.intents import Intent
from cockpit.core.margin import cross_ratio, isolated_ratio
from cockpit.core.posture import Posture
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import Cut, Layer
from cockpit.core.turn import Turn
from cockpit.core.types import MarginMode

EVERY_MS = 1_000
ACTIONS = {"close": Posture.FLATTEN, "reduce": Posture.REDUCE_ONLY, "pause": Posture.REDUCE_ONLY}


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
    pnl = float(profit.pnl(state))
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
    for name, layer in named(watchers):
        fired = name in watch.stopped
        if layer.broken or (
            fired and not (layer.body.params.action == "reduce" and _cut_again(state, layer))
        ):
            continue
        try:
            why = str(layer.body.due(account))
        except Exception as error:  # noqa: BLE001 - the fence around plug-ins: one that cannot judge stops entries
            layer.broken = why = f"{type(error).__name__}: {error}"
        if why:
            watch.stopped[name] = why
            action = "pause" if layer.broken else layer.body.params.action
            state.voices[name] = ACTIONS[action]
            if action == "reduce":
                _cut(state, name, layer.body.params.keep)
            turn.note("alarm", "account.stopped", by=name, reason=why, action=action)
            for sleeve in state.sleeves:
                turn.touch(sleeve)


def named(watchers: Iterable[Layer]) -> Iterator[tuple[str, Layer]]:
    """Each layer with the name it speaks by: ``account_drawdown``, ``account_drawdown#2``, ..."""
    seen_: Counter[str] = Counter()
    for layer in watchers:
        seen_[layer.name] += 1
        twin = seen_[layer.name]
        yield (layer.name if twin == 1 else f"{layer.name}#{twin}"), layer


def _cut(state: State, name: str, keep: float) -> None:
    """From now on no sleeve holds more than this part of what it has; under the venue's minimum is none."""
    cuts = state.watch.cuts
    for sleeve in state.sleeves.values():
        have = abs(state.position(sleeve.id))
        if have:
            most = state.instruments[sleeve.symbol].qty(have * Decimal(repr(keep)))
            cuts[sleeve.id] = Cut(name, min(most, cuts[sleeve.id].most if sleeve.id in cuts else most))


def _cut_again(state: State, layer: Layer) -> bool:
    """May it cut once more? Only what repeats, and when nobody holds more than the last cut left."""
    if not getattr(layer.body, "repeats", False):
        return False
    return all(abs(state.position(name)) <= cut.most for name, cut in state.watch.cuts.items())


def held_down(state: State, sleeve: Sleeve, intent: Intent, context: GateContext) -> Intent:
    """The wish of a sleeve whose position the account's stops have cut."""
    cut, have = state.watch.cuts.get(sleeve.id), context.have
    if cut is None or abs(have) <= cut.most:
        return intent
    target = intent.target
    if target is not None and (target * have <= 0 or abs(target) <= cut.most):
        return intent
    after = msgspec.structs.replace(intent, target=cut.most if have > 0 else -cut.most, tag=f"stop:{cut.by}")
    return context.trim(cut.by, intent, after, f"reduce: {state.watch.stopped.get(cut.by, '')}")


def lift(state: State) -> None:
    """A person resumes: account stops are lifted, and drawdown counts from here."""
    watch = state.watch
    for name in watch.stopped:
        state.voices.pop(name, None)
    watch.stopped.clear()
    watch.cuts.clear()
    watch.pnl = watch.peak = float(profit.pnl(state))
