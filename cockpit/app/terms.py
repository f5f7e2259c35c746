"""What an account is by its settings (modes, leverage, currency), and what its journal has it to be.

They are part of the books: a position of a long/short account cannot be closed by orders of a one-way one,
and profit that was counted in one currency is not profit in another. So they change between two processes
only where nothing is held that they are about; everything else is refused at the start, in words.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from cockpit.core.config import Config
from cockpit.core.errors import ConfigError
from cockpit.core.state import State
from cockpit.core.types import MarginMode, PositionMode


def settled(state: State, config: Config, folder: Path) -> bool:
    """Bring the books under today's settings; True: something has changed.

    Raises ConfigError where they cannot be: the account trades on under the old ones, or elsewhere.
    """
    if state.currency != config.run.currency:
        raise ConfigError(
            f"the journal in {folder} counts in {state.currency}, the settings say run.currency = "
            f"{config.run.currency}: set it back, or name another --data-dir"
        )
    return _modes(state, config, folder) | _leverage(state, config, folder)


def _modes(state: State, config: Config, folder: Path) -> bool:
    ledger, venue = state.ledger, config.venue
    wanted = PositionMode(venue.position_mode), MarginMode(venue.margin_mode)
    if (ledger.mode, ledger.margin_mode) == wanted:
        return False
    held = sorted({p.symbol for p in ledger.held() if state.instruments[p.symbol].derivative})
    held += sorted({order.symbol for order in state.orders.values()} - set(held))
    if held:
        raise ConfigError(
            f"the journal in {folder} has positions or orders ({', '.join(held)}) of an account with "
            f"venue.position_mode = {ledger.mode.value} and venue.margin_mode = {ledger.margin_mode.value}: "
            f"close them under these settings first, then change them"
        )
    ledger.mode, ledger.margin_mode = wanted
    return True


def _leverage(state: State, config: Config, folder: Path) -> bool:
    ledger, wanted = state.ledger, Decimal(repr(config.venue.leverage))
    markets = [one for one in state.instruments.values() if one.derivative]
    # A stranger's position on a market that no setting has named locks what its owner chose.
    ours = [one for one in markets if one.symbol in ledger.leverages or not ledger.held(one.symbol)]
    changed = [one for one in ours if ledger.leverages.get(one.symbol) != wanted]
    locked = sorted(one.symbol for one in changed if ledger.held(one.symbol))
    if locked and ledger.margin_mode is MarginMode.ISOLATED:
        raise ConfigError(
            f"the journal in {folder} has isolated positions ({', '.join(locked)}) at another leverage than "
            f"venue.leverage = {wanted.normalize():f}: close them under the old one first"
        )
    for one in changed:
        ledger.set_leverage(one, wanted)
    return bool(changed)
