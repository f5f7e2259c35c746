"""A deed as it is typed, ``enter BTC-USDT-SWAP long 0.5 --stop 60000``: the same words everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.core.refusal import Refusal

WORDS: dict[str, tuple[str, ...]] = {
    "enter": ("symbol", "side", "qty"),
    "exit": ("symbol", "qty"),
    "take": ("symbol",),
    "release": ("symbol",),
    "cancel": ("cid",),
    "lock": ("what",),
    "unlock": ("what",),
    "entries": ("to",),
    "limit": ("what", "to"),
    "undo": (),
}
"""Verb → what its words are, in their order."""
LEAST = {"enter": 3, "limit": 2, "undo": 0}
"""Words that must be there; 1 where nothing is said."""
OPTIONS = ("stop", "take", "sleeve", "reason", "minutes")
BARE = "no-stop"


def from_words(
    verb: str, words: Sequence[str], options: Mapping[str, str | None], *, bare: bool = False
) -> dict[str, str]:
    """The arguments of a deed. Raises Refusal for a verb nobody knows, too few words or too many."""
    if verb not in WORDS:
        raise Refusal("hand.unknown", verb=verb, known=", ".join(WORDS))
    names = WORDS[verb]
    given = {name: text for name, text in options.items() if text}
    named = verb == "exit" and "sleeve" in given
    if named:
        names = ("qty",)
    if not (0 if named else LEAST.get(verb, 1)) <= len(words) <= len(names):
        raise Refusal("hand.usage", usage=" ".join((verb, *(name.upper() for name in names))))
    return {"verb": verb, **dict(zip(names, words, strict=False)), **given, **({"bare": "1"} if bare else {})}


def from_line(line: str) -> dict[str, str]:
    """The same from one line; an option's text goes on to the next one (``--reason fork at noon``)."""
    verb, *rest = line.split() or [""]
    plain: list[str] = []
    options: dict[str, str | None] = {}
    name, bare = "", False
    for word in rest:
        if word == f"--{BARE}":
            bare, name = True, ""
        elif word.startswith("--"):
            name = word[2:]
            if name not in OPTIONS:
                raise Refusal("hand.option", option=word, known=", ".join(f"--{o}" for o in (*OPTIONS, BARE)))
            options[name] = ""
        elif name:
            options[name] = f"{options[name]} {word}".strip()
        else:
            plain.append(word)
    return from_words(verb, plain, options, bare=bare)
