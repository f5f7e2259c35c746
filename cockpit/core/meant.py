"""What a person meant: words and numbers as they were typed, turned into what the machine knows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from cockpit.core.intents import Intent
from cockpit.core.refusal import Refusal
from cockpit.core.state import Sleeve, State
from cockpit.core.stops import sleeve_key, symbol_key
from cockpit.core.types import ZERO, Instrument, Side

MANUAL = "manual"
"""Stands in a sleeve's name where a strategy would."""
VERSION = 1
HAND = "hand"
"""Name of the person's voice, of the locks made by hand, and the tag of their orders."""


def sleeve_name(symbol: str) -> str:
    """The manual sleeve of a market."""
    return f"{MANUAL}@{VERSION}/{symbol}"


def find(state: State, typed: str) -> str:
    """The symbol that was meant: in full, without the venue, or as far as it names only one."""
    wanted = typed.strip().upper()
    names = {symbol: symbol.partition(":")[2].upper() or symbol.upper() for symbol in state.instruments}
    for fits in (
        [s for s in names if s.upper() == wanted],
        [s for s, short in names.items() if short == wanted],
        [s for s, short in names.items() if wanted and short.startswith(f"{wanted}-")],
    ):
        if len(fits) == 1:
            return fits[0]
    raise Refusal("hand.no_symbol", symbol=typed, known=", ".join(state.instruments))


def holders(state: State, args: Mapping[str, str]) -> list[Sleeve]:
    """Whose position an exit is about: one sleeve (and its other legs), or all that hold the market."""
    name = args.get("sleeve", "")
    if name:
        if name not in state.sleeves:
            raise Refusal("command.no_sleeve", sleeve=name)
        wanted = [state.sleeves[name]]
    else:
        symbol = find(state, args.get("symbol", ""))
        wanted = [s for s in state.sleeves.values() if s.symbol == symbol and _holds(state, s)]
    legs = {leg.id: leg for sleeve in wanted for leg in state.group(sleeve)}
    found = [leg for leg in legs.values() if _holds(state, leg)]
    if not found:
        raise Refusal("hand.holds_nothing", symbol=name or args.get("symbol", ""))
    return found


def _holds(state: State, sleeve: Sleeve) -> bool:
    return any(book.qty for book in state.ledger.sleeve_books(sleeve.id))


def key_of(state: State, what: str) -> str:
    """What a lock belongs to: a lock by its name, a sleeve, a strategy version, a market."""
    if what in state.locks and what != HAND:
        return what
    if what in state.sleeves:
        return sleeve_key(what)
    versions = {f"{s.strategy}@{s.version}" for s in state.sleeves.values()}
    return f"version:{what}" if what in versions else symbol_key(find(state, what))


FARTHEST = 15
"""Powers of ten from 1."""


def lots(instrument: Instrument, typed: str) -> Decimal:
    """A quantity on the lot grid, rounded toward zero. Raises Refusal when nothing is left."""
    size = instrument.qty(number(typed, "qty"))
    if size <= 0 or size < instrument.min_qty:
        raise Refusal(
            "hand.lot", qty=typed, lot=instrument.lot, least=max(instrument.lot, instrument.min_qty)
        )
    return size


def number(typed: str, name: str) -> Decimal:
    """A positive number that somebody could mean. Raises Refusal for anything else."""
    try:
        value = Decimal(typed)
    except InvalidOperation:
        value = ZERO
    if not value.is_finite() or value <= 0 or abs(value.adjusted()) > FARTHEST:
        raise Refusal("hand.number", name=name, typed=typed[:40])
    return value


def minutes(typed: str) -> float:
    """How long; 0 = until a person says otherwise."""
    return float(number(typed, "minutes")) if typed else 0.0


def reason_of(args: Mapping[str, str]) -> str:
    """Why, for the journal. Raises Refusal when nobody says."""
    reason = args.get("reason", "").strip()
    if not reason:
        raise Refusal("hand.reason")
    return reason


def levels(
    state: State, instrument: Instrument, args: Mapping[str, str], sign: int, before: Intent | None
) -> tuple[Decimal | None, Decimal | None]:
    """(stop, take) on the price grid and on their sides of the market. A stop is named, or its absence."""
    price = state.price(instrument.symbol)
    if not price > 0:
        raise Refusal("hand.no_price", symbol=instrument.symbol)
    closing = Side.SELL if sign > 0 else Side.BUY
    found: list[Decimal | None] = []
    for name, way in (("stop", -1), ("take", 1)):
        typed = args.get(name, "")
        level = instrument.price(number(typed, name), closing) if typed else getattr(before, name, None)
        if typed and (level is None or (float(level) - price) * sign * way <= 0):
            raise Refusal(f"hand.{name}_side", level=typed, price=f"{price:g}")
        found.append(level)
    if found[0] is None and args.get("bare", "") != "1":
        raise Refusal("hand.needs_stop")
    return found[0], found[1]
