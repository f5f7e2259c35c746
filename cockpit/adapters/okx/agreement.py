"""Is the account what the settings say? Read back before the first order; never changed by us.

A wrong position mode turns a close into an opposite opening (F33), a wrong leverage multiplies the risk
(F34). So a mismatch refuses to start and says what to change, where.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from cockpit.adapters.okx.instruments import Listed
from cockpit.adapters.okx.rest import Rest
from cockpit.adapters.okx.rows import number
from cockpit.core.errors import VenueError
from cockpit.core.types import MarginMode, PositionMode

MODES = {"net_mode": PositionMode.NET, "long_short_mode": PositionMode.HEDGE}
SPOT_ONLY = "1"


class AccountConfig(msgspec.Struct, frozen=True, rename="camel"):
    """What GET account/config says of a key and its account."""

    uid: str = ""
    acct_lv: str = ""
    pos_mode: str = ""
    perm: str = ""
    label: str = ""
    ip: str = ""

    @property
    def permissions(self) -> frozenset[str]:
        """read_only, trade, withdraw."""
        return frozenset(word.strip() for word in self.perm.split(",") if word.strip())


class Leverage(msgspec.Struct, frozen=True, rename="camel"):
    lever: str
    inst_id: str = ""
    mgn_mode: str = ""
    pos_side: str = ""


class Terms(msgspec.Struct, frozen=True):
    """What the settings want the account to be."""

    position_mode: PositionMode
    margin_mode: MarginMode
    leverage: Decimal


async def account_config(rest: Rest) -> AccountConfig:
    """Raises VenueError when the key is refused, Transient when the venue cannot be asked."""
    rows = await rest.get("account/config", {}, AccountConfig)
    if not rows:
        raise VenueError("account/config: an empty answer")
    return rows[0]


async def agree(rest: Rest, terms: Terms, markets: Iterable[Listed], *, trade: bool = True) -> AccountConfig:
    """The account's configuration, if it is the one wanted. Raises VenueError naming every difference."""
    found = await account_config(rest)
    wrong = key_faults(found, trade=trade)
    derivatives = [one for one in markets if one.instrument.derivative]
    if derivatives:
        mode = MODES.get(found.pos_mode)
        if mode is not terms.position_mode:
            wrong.append(
                f"position mode is {found.pos_mode or 'unknown'}, settings say venue.position_mode = "
                f"{terms.position_mode.value}"
            )
        if found.acct_lv == SPOT_ONLY:
            wrong.append("the account is in Spot mode: swaps need Futures mode")
    for one in derivatives:
        wrong += await _leverage(rest, terms, one)
    if wrong:
        raise VenueError(
            "the OKX account is not what the settings say: " + "; ".join(wrong) + ". Change one of them."
        )
    return found


def key_faults(found: AccountConfig, *, trade: bool) -> list[str]:
    """What is wrong with a key: it may withdraw, or it may not do what it is for."""
    faults = []
    if "withdraw" in found.permissions:
        faults.append("the key may withdraw: make one that may not")
    if trade and found.permissions and "trade" not in found.permissions:
        faults.append("the key may not trade")
    return faults


async def _leverage(rest: Rest, terms: Terms, one: Listed) -> list[str]:
    params = {"instId": one.instrument.native, "mgnMode": terms.margin_mode.value}
    rows = await rest.get("account/leverage-info", params, Leverage)
    faults = []
    for row in rows:
        if number(row.lever) != terms.leverage:
            side = f" {row.pos_side}" if row.pos_side not in {"", "net"} else ""
            faults.append(
                f"leverage of {one.instrument.native}{side} is {row.lever}, settings say venue.leverage = "
                f"{terms.leverage.normalize():f}"
            )
    if not rows:
        faults.append(f"OKX names no leverage of {one.instrument.native}")
    return faults
