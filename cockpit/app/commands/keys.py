"""``cockpit keys add|list|test|remove``: API keys of exchanges, in the keyring or sealed in a file."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from typing import Any

from cockpit.app import console
from cockpit.app.settings import Loaded
from cockpit.core.errors import ConfigError, DoorError
from cockpit.text import tr

PARTS = ("key", "secret", "passphrase")
"""Only OKX has the third."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``keys`` takes."""
    parser.add_argument("what", choices=("add", "list", "test", "remove"), help="what to do")
    parser.add_argument(
        "name",
        nargs="?",
        default="okx/demo/trade",
        help="venue/environment/purpose, e.g. okx/demo/trade (the default) or bybit/demo/trade",
    )
    parser.add_argument(
        "--backend", choices=("auto", "keyring", "file"), default="auto", help="where keys are kept"
    )
    parser.add_argument(
        "--untested",
        action="store_true",
        help="keep the key without asking the exchange about it; the start asks in any case",
    )


def run(args: argparse.Namespace) -> int:
    """Do it. Raises ConfigError (exit 2), VenueError (exit 6), DoorError (exit 8) for a refused key."""
    from cockpit.adapters import keys

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    store = keys.open_store(found.data_dir, typed, args.backend)
    if args.what == "list":
        return show(args, store, lang)
    which = keys.name(args.name)
    if args.what == "remove":
        if not store.remove(which):
            raise ConfigError(tr("cli.keys.none", lang, name=which, place=store.place))
        console.answer(args, {"removed": str(which)}, tr("cli.keys.removed", lang, name=which))
        return 0
    if args.what == "add":
        offered(which.venue)
        given = entered(which)
        facts = None if args.untested else tested(found, given)
        if facts is not None:
            refuse(facts, which, lang)
        store.put(given)
        text = "\n".join([tr("cli.keys.added", lang, name=which, place=store.place), *advice(facts, lang)])
        console.answer(args, {"added": str(which), "place": store.place, "facts": facts}, text)
        return 0
    kept = store.get(which)
    if kept is None:
        raise ConfigError(tr("cli.keys.none", lang, name=which, place=store.place))
    facts = tested(found, kept)
    refuse(facts, which, lang)
    fine = tr("cli.keys.fine", lang, name=which, **facts | {"permissions": ", ".join(facts["permissions"])})
    console.answer(args, facts, "\n".join([fine, *advice(facts, lang)]))
    return 0


def advice(facts: dict[str, Any] | None, lang: str) -> list[str]:
    """What is allowed and yet unwise about a key."""
    return [tr(f"live.concern.{name}", lang) for name in (facts or {}).get("concerns", ())]


def show(args: argparse.Namespace, store: Any, lang: str) -> int:
    """The names of what is kept; never a secret, not even in parts."""
    from cockpit.adapters.keys import days_old

    ages = {str(one): days_old(store.added(one)) for one in store.names()}
    told = {one: "" if days is None else tr("cli.keys.age", lang, days=days) for one, days in ages.items()}
    rows = [f"  {one}  {age}".rstrip() for one, age in told.items()] or [f"  {tr('cli.keys.empty', lang)}"]
    text = "\n".join([tr("cli.keys.place", lang, place=store.place), *rows])
    console.answer(args, {"place": store.place, "keys": [*ages], "days": ages}, text)
    return 0


def typed(prompt: str) -> Any:
    """A secret from the keyboard, unseen. Raises ConfigError where nobody can type."""
    from cockpit.adapters.secret import Secret

    if not sys.stdin.isatty():
        raise ConfigError(
            "no terminal to type a password on; name a file with it in COCKPIT_KEYS_PASSWORD_FILE"
        )
    return Secret(getpass.getpass(prompt))


def entered(which: Any) -> Any:
    """Key, secret and (OKX) passphrase: typed unseen, or a line each on stdin. Never on the command line."""
    from cockpit.adapters.secret import Credentials, Secret

    names = PARTS if which.venue == "okx" else PARTS[:2]
    if sys.stdin.isatty():
        parts = [Secret(getpass.getpass(f"{which} {what}: ")) for what in names]
    else:
        parts = [Secret(line()) for _ in names]
    if not all(parts):
        said = f"{', '.join(names[:-1])} and {names[-1]}"
        raise ConfigError(f"a key of {which.venue} has {len(names)} parts: {said}, one line each")
    parts += [Secret("")] * (len(PARTS) - len(parts))
    return Credentials(which.venue, which.environment, which.purpose, *parts)


def line() -> str:
    """One line from a pipe, without what an editor puts before it. Raises ConfigError where it is no text."""
    told = sys.stdin.readline().lstrip("\ufeff").strip()
    try:
        told.encode()
    except UnicodeEncodeError:
        raise ConfigError("what came in for the key is not text in UTF-8") from None
    return told


def offered(venue: str) -> None:
    """Raises ConfigError for an exchange that nobody speaks to."""
    from cockpit.app import exchanges

    known = ("okx", *exchanges.DIALECTS)
    if venue not in known:
        raise ConfigError(f"there is no exchange {venue!r}; there are {', '.join(known)}")


def tested(found: Loaded, keys: Any) -> dict[str, Any]:
    """What the exchange says about the key. Raises VenueError when it says nothing good."""
    if keys.venue == "okx":
        from cockpit.app import okx_keys

        return asyncio.run(okx_keys.facts_of(found.config, keys))
    from cockpit.app import exchanges

    offered(keys.venue)
    return asyncio.run(exchanges.facts_of(found.config, keys))


def refuse(facts: dict[str, Any], which: Any, lang: str) -> None:
    """A key is exactly what its name says: it may not withdraw, nor do more or less than it is for."""
    if facts["faults"]:
        raise DoorError(tr("cli.keys.refused", lang, name=which, reason="; ".join(facts["faults"])))
