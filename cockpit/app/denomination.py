"""In which money the account is kept and its markets are quoted: what a person should know before a start."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from cockpit.core.config import Config
from cockpit.core.types import ONE, Instrument, Kind
from cockpit.core.worth import alike, taken_for, unpriced
from cockpit.text import tr

STEP = Decimal("0.01")


def notes(
    config: Config, instruments: Mapping[str, Instrument], traded: Collection[str], lang: str
) -> list[str]:
    """Lines about markets in other money than the account's: assumed, converted, or without a price."""
    currency = config.run.currency
    known = [symbol for symbol in traded if symbol in instruments]
    lines = [
        tr(
            "cli.money.unpriced",
            lang,
            symbol=symbol,
            money=money,
            currency=currency,
            first=pricing(money, currency),
        )
        for symbol, money in unpriced(instruments, known, currency)
    ]
    if quotes := taken_for(instruments, known, currency):
        lines.append(tr("cli.money.alike", lang, quotes=", ".join(quotes), currency=currency))
    others = sorted({instruments[s].quote for s in known if not alike(instruments[s].quote, currency)})
    if others:
        notional = f"{config.risk.max_notional:,.10g}"
        words = {"currency": currency, "notional": notional, "quotes": ", ".join(others)}
        lines.append(tr("cli.money.limits", lang, **words))
    return lines


def unpaid(config: Config, instruments: Mapping[str, Instrument], lang: str) -> list[str]:
    """A line where a simulated account has no money that any market is paid in: it refuses orders."""
    paid = sorted({instrument.settle for instrument in instruments.values()})
    have = config.run.currency
    if not paid or have in paid:
        return []
    return [tr("cli.tape.currency", lang, have=have, paid=", ".join(paid), first=paid[0])]


def pricing(money: str, currency: str) -> str:
    """The market that would say what ``money`` is worth: the dollar is what coins are quoted in."""
    return f"{currency}-{money}" if alike(money, "USD") else f"{money}-{currency}"


def named(config: Config) -> dict[str, Instrument]:
    """Markets that the settings name, as far as their names tell what they are: ``okx:BTC-USD-SWAP``.

    Nothing but base, quote and settle of these is true.
    """
    symbols = [symbol for row in config.sleeves for symbol in row.legs]
    symbols += [f"okx:{name}" for name in config.okx.symbols]
    found: dict[str, Instrument] = {}
    for symbol in symbols:
        base, _, rest = symbol.partition(":")[2].partition("-")
        quote, _, form = rest.partition("-")
        if not (base.isalnum() and quote.isalnum() and base.isupper() and quote.isupper()):
            continue
        inverse = bool(form) and quote == "USD"
        kind = Kind.INVERSE if inverse else Kind.LINEAR if form else Kind.SPOT
        found[symbol] = Instrument(symbol, kind, base, quote, base if inverse else quote, STEP, ONE, ONE)
    return found
