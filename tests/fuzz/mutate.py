"""Inputs nobody would send by mistake: bytes and documents changed at random, by a seed.

Half of the inputs are seeds with a few bytes changed; the other half are documents (JSON, msgpack) that are still
well formed and say something else: another type, a number at an edge, a text that is none, a part too many, too
few, too deep. What begins well gets further into a parser.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec

HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 2**64, 10**40, 0.1, -0.0, 1e308, 5e-324, float("inf"),
    "", " ", "0", "-0", "nan", "NaN", "inf", "-Infinity", "1e999", "1e-999", "1e999999999", "-1E-999999999", "1E400", "0x10", "1_000", "١٢٣",
    "9" * 400, "-", ".", "+1", "1.2.3", "null", "\x00", "\x1b[2J", "\u202e", "\ud7ff", "\U000e0041", "a" * 5_000, "%n%s",
    "../../etc/passwd", "'; DROP TABLE facts; --", "{reason}", "[/bold]", [], {}, [[]], [[[[[[[[]]]]]]]], {"": None},
    {"a": {"a": {"a": {}}}}, ["", 0, None],
)  # fmt: skip
BYTES = (
    b"", b"\x00", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\x1b]0;x\x07", b"{", b"}", b"[", b"]", b'"', b":", b",",
    b"\\u0000", b"\\ud800", b"1e999", b"e999999999", b"-", b"NaN", b"null", b"\n", b"\r\n", b"\t", b"=", b"[[", b"]]", b"'''", b"\xdc\xff\xff",
    b"\xdf\xff\xff\xff\xff", b"\xc7\x08\x05", b"9" * 64, b"[" * 2_000, b'{"a":' * 500,
)  # fmt: skip
LONGEST = 200_000


def changed_bytes(rng: Random, raw: bytes, others: Sequence[bytes]) -> bytes:
    """One to four small deeds: flip, cut, repeat, insert, splice."""
    data = bytearray(raw)
    for _ in range(1 + int(rng.random() * 4)):
        at = int(rng.random() * (len(data) + 1))
        deed = int(rng.random() * 7)
        if deed == 0 and data:
            data[min(at, len(data) - 1)] ^= 1 << int(rng.random() * 8)
        elif deed == 1 and data:
            data[min(at, len(data) - 1)] = int(rng.random() * 256)
        elif deed == 2:
            del data[at : at + 1 + int(rng.random() * 12)]
        elif deed == 3:
            data[at:at] = rng.choice(BYTES)
        elif deed == 4:
            end = at + 1 + int(rng.random() * 40)
            data[at:at] = data[at:end] * (1 + int(rng.random() * 3))
        elif deed == 5:
            del data[at:]
        else:
            other = rng.choice(others)
            cut = int(rng.random() * (len(other) + 1))
            data[at:] = other[cut : cut + 4_000]
    return bytes(data[:LONGEST])


def changed_document(rng: Random, document: Any) -> Any:
    """A copy in which one to three places say something else."""
    for _ in range(1 + int(rng.random() * 3)):
        document = _changed(rng, document, 0)
    return document


def _changed(rng: Random, value: Any, depth: int) -> Any:
    down = rng.random() < 0.85 and depth < 40
    if isinstance(value, dict) and value and down:
        keys = list(value)
        key = keys[int(rng.random() * len(keys))]
        deed = rng.random()
        if deed < 0.08:
            return {k: v for k, v in value.items() if k != key}
        if deed < 0.14:
            return {**value, str(rng.choice(HOSTILE))[:40]: rng.choice(HOSTILE)}
        return {**value, key: _changed(rng, value[key], depth + 1)}
    if isinstance(value, list | tuple) and value and down:
        rows = list(value)
        at = int(rng.random() * len(rows))
        deed = rng.random()
        if deed < 0.07:
            return rows[:at] + rows[at + 1 :]
        if deed < 0.14:
            return rows[:at] + rows[at : at + 1] * int(1 + rng.random() * 4) + rows[at:]
        if deed < 0.18:
            return rows[:at] + [rng.choice(HOSTILE)] + rows[at:]
        rows[at] = _changed(rng, rows[at], depth + 1)
        return rows
    if isinstance(value, str) and rng.random() < 0.4:
        return changed_bytes(rng, value.encode(), (b"0.1", b"-5", b"e", b".")).decode("utf-8", "replace")[
            :20_000
        ]
    return rng.choice(HOSTILE)


Maker = Callable[[Random, Sequence[bytes]], bytes]


def of_bytes(rng: Random, seeds: Sequence[bytes]) -> bytes:
    return changed_bytes(rng, rng.choice(seeds), seeds)


def of_json(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Well formed more often than not; ``Infinity`` and ``NaN`` are what a careless sender writes."""
    seed = rng.choice(seeds)
    if rng.random() < 0.35:
        return changed_bytes(rng, seed, seeds)
    return json.dumps(changed_document(rng, json.loads(seed)), ensure_ascii=rng.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def of_msgpack(rng: Random, seeds: Sequence[bytes]) -> bytes:
    seed = rng.choice(seeds)
    if rng.random() < 0.35:
        return changed_bytes(rng, seed, seeds)
    document = changed_document(rng, msgspec.msgpack.decode(seed))
    try:
        return msgspec.msgpack.encode(document)
    except (OverflowError, UnicodeEncodeError):
        return changed_bytes(rng, seed, seeds)
