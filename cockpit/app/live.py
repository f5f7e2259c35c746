"""Real money: what must be true, what is shown and what is typed before a key that can trade is used.

    setting   run.live = true, else it is not even asked
    look      the account through the READ key alone, shown in words
    word      LIVE: on the screen, on the terminal, or given ahead (--confirm-live, COCKPIT_CONFIRM_LIVE)
    check     ``confirmed``: the word was given, and the TRADE key is of the account that was shown; what else
              it may do, and the account's modes, are the venue's to compare (``agree``)

How it was confirmed goes into the journal with the account, and onto stderr. Nothing here sends an order.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence

from cockpit.adapters.keys import Store
from cockpit.adapters.secret import Credentials
from cockpit.app import okx_keys
from cockpit.app.consent import Consent
from cockpit.app.console import clean, talk
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import ConfigError
from cockpit.text import tr

WORD = "LIVE"
"""What must be typed before real money is touched."""
DAEMON = "DAEMON"
"""Typed instead on the screen: confirmed as well, and run by a daemon that no terminal can take along."""
TITLES = {"okx": "OKX", "binance": "Binance", "bybit": "Bybit"}
"""Feed → the exchange's name as people write it."""
GIVEN = "COCKPIT_CONFIRM_LIVE"


Question = Callable[[str, list[str], str], str | None]
"""Asks on the screen (heading, lines, language); the word that was typed, or None."""


def allow(config: Config) -> None:
    """Raises ConfigError unless the settings say twice that they mean real money."""
    if not config.run.live:
        raise ConfigError(
            "run.execution = live is real money: set run.live = true as well, and read what is asked then"
        )


def confirmed(config: Config, consent: Consent | None, uid: str | None = None) -> None:
    """Raises ConfigError unless this run may touch real money; a run that does not mean to passes.

    Every venue asks twice: before a key that can trade is used, and once it has said whose it is (``uid``).
    """
    if config.run.execution != "live":
        return
    allow(config)
    if consent is None:
        raise ConfigError("real money is not touched without a typed word")
    if uid is not None and uid != consent.uid:
        raise ConfigError(
            f"the trade key is of account {uid}, but account {consent.uid} was shown and confirmed"
        )


def consent(
    args: argparse.Namespace,
    config: Config,
    store: Store,
    sleeves: Sequence[SleeveConfig],
    lang: str,
    question: Question | None,
) -> Consent:
    """Show the account, have the word typed. Raises ConfigError where it was not.

    ``question`` asks on the screen; None = headless: the terminal is asked where there is one.
    """
    allow(config)
    key_of(config, store, "trade")  # before anybody is asked anything
    seen = asyncio.run(_look(config, key_of(config, store, "read")))
    text = lines(seen, config, sleeves, lang)
    word, how = ahead(args)
    if how:
        talk("\n".join([tr("live.title", lang), *text]))
    elif question is not None:
        word, how = question(tr("live.title", lang), [*text, "", tr("live.daemon", lang)], lang), "screen"
    elif sys.stdin.isatty():
        talk("\n".join([tr("live.title", lang), *text]))
        word, how = typed(tr("live.type", lang, word=WORD)), "terminal"
    else:
        raise ConfigError(
            f"real money: type {WORD} at the start, or say --confirm-live {WORD} (or {GIVEN}={WORD})"
        )
    if word not in ((WORD, DAEMON) if how == "screen" else (WORD,)):
        raise ConfigError(f"real money was not confirmed: the word is {WORD}; nothing was sent")
    talk(tr("live.confirmed", lang, uid=seen.uid, how=how))
    return Consent(seen.uid, how, daemon=word == DAEMON)


def key_of(config: Config, store: Store, purpose: str) -> Credentials:
    """The live key of the feed's exchange. Raises ConfigError saying how to add one."""
    if config.run.feed == "okx":
        return okx_keys.find_keys(store, "live", purpose)
    from cockpit.app import exchanges

    return exchanges.find_keys(store, config.run.feed, "live", purpose)


async def _look(config: Config, keys: Credentials) -> okx_keys.Seen:
    """The account through its read key."""
    if keys.venue == "okx":
        return await okx_keys.look(config, keys)
    from cockpit.app import exchanges

    return await exchanges.look(config, keys)


def ahead(args: argparse.Namespace) -> tuple[str | None, str]:
    """(word, where it was given) for starts without a person; both empty when it was not given."""
    if getattr(args, "confirm_live", None) is not None:
        return args.confirm_live, "--confirm-live"
    if GIVEN in os.environ:
        return os.environ[GIVEN], GIVEN
    return None, ""


def typed(prompt: str) -> str | None:
    """One line from the terminal; None when it was closed."""
    print(prompt, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or None


def lines(seen: okx_keys.Seen, config: Config, sleeves: Sequence[SleeveConfig], lang: str) -> list[str]:
    """What is about to be traded with what, in words."""
    risk = config.risk
    chosen = ", ".join(f"{row.strategy} {row.symbol}" for row in sleeves) or tr("live.default", lang)
    found = [
        tr("live.account", lang, venue=TITLES[config.run.feed], uid=clean(seen.uid), host=clean(seen.host)),
        tr("live.mode", lang, level=clean(seen.level), positions=clean(seen.position_mode)),
        tr("live.holds", lang, equity=clean(seen.equity), positions=seen.positions, orders=seen.orders),
        tr("live.sleeves", lang, sleeves=clean(chosen)),
        tr(
            "live.limits",
            lang,
            notional=f"{risk.max_notional:,.0f}",
            ccy=tr("live.quote", lang),
            leverage=f"{risk.max_leverage:g}",
        ),
    ]
    return found + [tr(f"live.concern.{name}", lang) for name in seen.concerns]
