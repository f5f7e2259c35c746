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
SPOT_ONLY, FUTURES = "1", "2"
LEVELS = {
    SPOT_ONLY: "Spot mode",
    FUTURES: "Futures mode",
    "3": "Multi-currency margin",
    "4": "Portfolio margin",
}
"""``acctLv``. The last two lend and borrow across currencies, which our ledger does not follow."""
READ, TRADE = "read_only", "trade"
WANTED = {"trade": frozenset((READ, TRADE)), "read": frozenset((READ,))}
"""What a key of each purpose may do: exactly this, nothing less and nothing more."""


class AccountConfig(msgspec.Struct, frozen=True, rename="camel"):
    """What GET account/config says of a key and its account."""

    uid: str = ""
    main_uid: str = ""
    acct_lv: str = ""
    pos_mode: str = ""
    perm: str = ""
    label: str = ""
    ip: str = ""
    """The addresses from which the key may be used, comma-separated; empty = from anywhere."""

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


async def agree(rest: Rest, terms: Terms, markets: Iterable[Listed]) -> AccountConfig:
    """The account's configuration, if it is the one wanted. Raises VenueError naming every difference."""
    found = await account_config(rest)
    wrong = key_faults(found, "trade")
    derivatives = [one for one in markets if one.instrument.derivative]
    wrong += mode_faults(found, terms, derivatives=bool(derivatives))
    for one in derivatives:
        wrong += await _leverage(rest, terms, one)
    if wrong:
        raise VenueError(
            "the OKX account is not what the settings say: " + "; ".join(wrong) + ". Change one of them."
        )
    return found


def mode_faults(found: AccountConfig, terms: Terms, *, derivatives: bool) -> list[str]:
    """What about the account's mode cannot be traded. A mode that we do not know is none that we trade."""
    level = LEVELS.get(found.acct_lv, f"an unknown mode ({found.acct_lv or 'not told'})")
    if found.acct_lv not in {SPOT_ONLY, FUTURES}:
        return [f"the account is in {level}: this version trades Futures mode (and Spot mode for spot)"]
    if not derivatives:
        return []
    faults = []
    if MODES.get(found.pos_mode) is not terms.position_mode:
        faults.append(
            f"position mode is {found.pos_mode or 'unknown'}, settings say venue.position_mode = "
            f"{terms.position_mode.value}"
        )
    if found.acct_lv == SPOT_ONLY:
        faults.append("the account is in Spot mode: swaps need Futures mode")
    return faults


def key_faults(found: AccountConfig, purpose: str) -> list[str]:
    """What is wrong with a key for this purpose (read, trade): it may do too much, or too little.

    Permissions that the venue does not tell, or that we do not know, are refused: they might be the worst.
    """
    has, wanted = found.permissions, WANTED[purpose]
    faults = []
    if not has:
        return ["the venue does not say what the key may do"]
    if "withdraw" in has:
        faults.append("the key may withdraw: make one that may not")
    elif has - WANTED["trade"]:
        names = ", ".join(sorted(has - WANTED["trade"]))
        faults.append(f"the key has permissions that this version does not know: {names}")
    if purpose == "read" and TRADE in has:
        faults.append("a read key must not be able to trade: make one that may only read")
    return faults + [
        "the key may not trade" if name == TRADE else "the key may not read" for name in sorted(wanted - has)
    ]


def concerns(found: AccountConfig) -> list[str]:
    """What is allowed and yet unwise, as ends of message ids: ``no_ip``, ``main_account``."""
    named = []
    if not found.ip.strip():
        named.append("no_ip")
    if found.main_uid and found.main_uid == found.uid:
        named.append("main_account")
    return named


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
