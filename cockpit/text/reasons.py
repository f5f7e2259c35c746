"""Why the machine said no, in the reader's language.

A rule gives its reason as an English sentence with its numbers, and that is what the journal keeps: evidence
is not reworded. Who reads another language reads the same sentence through a table of patterns,
``reasons.<lang>.toml``; what is wrong with a command, a file or a setting through ``errors.<lang>.toml`` too.
What no pattern fits (a venue's own words, a plug-in's) stays as it was said.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cockpit.text.tables import read

AND = "; "
"""Between the reasons of one decision."""
DEPTH = 4
"""Reasons hold reasons (``…, 40 s left``); deeper than this nobody speaks."""


REASONS, ERRORS = "reasons", "errors"
"""The two tables. A reason is reworded many times a second, so it has the short one to itself."""


@lru_cache(maxsize=8)
def patterns(lang: str, table: str = REASONS) -> tuple[tuple[re.Pattern[str], str], ...]:
    """(what is said, how the language says it), the most particular first."""
    sentences = read(f"{table}.{lang}.toml")
    said = sorted(sentences, key=lambda sentence: (-len(sentence.replace("{}", "")), sentence))
    return tuple((_pattern(sentence), sentences[sentence]) for sentence in said)


@lru_cache(maxsize=2_048)
def reworded(reason: str, lang: str, depth: int = DEPTH, table: str = REASONS) -> str:
    """``reason`` in ``lang``; itself where the table knows no such sentence."""
    if not depth or not reason:
        return reason
    parts = reason.split(AND)
    # Several reasons are told one by one; an error is one sentence, whatever stands in it.
    if len(parts) > 1 and table == REASONS:
        return "；".join(reworded(part, lang, depth - 1) for part in parts)
    for pattern, sentence in patterns(lang, table):
        found = pattern.fullmatch(reason)
        if found:
            return _filled(sentence, [reworded(value, lang, depth - 1, table) for value in found.groups()])
    return reason


def _filled(sentence: str, values: list[str]) -> str:
    return re.sub(r"\{(\d)\}", lambda place: values[int(place[1]) - 1], sentence)


def _pattern(sentence: str) -> re.Pattern[str]:
    """A sentence that begins with another one (``{}, 40 s left``) lets that one have all it can."""
    first, *rest = (re.escape(piece) for piece in sentence.split("{}"))
    greedy = bool(rest) and not first and rest[0].startswith(",")
    holes = ["(.+)" if greedy and not number else "(.+?)" for number in range(len(rest))]
    return re.compile(first + "".join(map("".join, zip(holes, rest, strict=True))), re.DOTALL)
