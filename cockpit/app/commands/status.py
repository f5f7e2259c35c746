"""``cockpit status``: what the running cockpit does, in numbers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from cockpit.app import console
from cockpit.core.errors import DoorError
from cockpit.text import tr
from cockpit.tui import figures

DIGITS = Context(prec=10)
"""Of an average price: the JSON has all of them."""
POSITION = ("column.symbol", "column.qty", "column.entry")
ORDER = ("column.symbol", "column.side", "column.kind", "column.qty", "column.price", "column.state")

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """It takes only what every command takes."""


def run(args: argparse.Namespace) -> int:
    """Ask the cockpit that runs here. Raises NotRunning (exit 7), DoorError (exit 8)."""
    from cockpit.app.whereabouts import door

    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    with door(found) as link:
        answer = link.ask("status")
    if not answer.ok or answer.payload is None:
        raise DoorError(console.sentence(answer, lang))
    console.answer(args, answer.payload, text(answer.payload, lang))
    return 0


def text(status: dict[str, Any], lang: str) -> str:
    """The payload of ``status`` for people."""
    lines = [
        tr(
            "cli.status.head",
            lang,
            mode=tr(f"mode.{status['mode']}", lang),
            tape=status["tape"],
            pid=status["pid"],
            version=status["version"],
            posture=status["posture"],
            time=console.utc(status["engine_ts"]),
        ),
        tr("cli.status.folder", lang, folder=status["folder"]),
        money(status, lang),
    ]
    if status["halt"] is not None:
        lines += halt_lines(status["halt"], lang)
    if not status["reconciled"]:
        lines.append(tr("status.not_reconciled", lang))
    lines += risk(status, lang)
    positions = [(p["symbol"], p["qty"], shown(p["entry"])) for p in status["positions"]]
    lines += table("panel.positions", POSITION, positions, "positions.none", lang, frozenset((1, 2)))
    orders = [
        (o["symbol"], o["side"], o["kind"], o["qty"], o["price"] or "-", o["state"])
        for o in status["open_orders"]
    ]
    lines += table("panel.orders", ORDER, orders, "orders.none", lang, frozenset((3, 4)))
    lines.append("")
    lines.append(tr("panel.sleeves", lang))
    for row in status["sleeves"]:
        line = tr(
            "cli.status.sleeve",
            lang,
            **{key: row[key] for key in ("sleeve", "trades", "position")},
            state=tr(f"word.{row['state']}", lang),
        )
        lines.append(f"  {line}" + (f"  {console.clean(row['why'])}" if row["why"] else ""))
    return "\n".join(lines)


def risk(status: dict[str, Any], lang: str) -> list[str]:
    """The traffic light, running breakers and locks."""
    light = tr(f"light.{status['light']}", lang)
    lines = [tr("cli.status.light", lang, light=light, why=console.clean(status["light_why"] or "-"))]
    if status["guardian"] != "off":
        lines.append(tr("cli.status.guardian", lang, state=tr(f"word.{status['guardian']}", lang)))
    for row in status["breakers"]:
        until = console.utc(row["until"]) if row["until"] else tr("cli.status.by_hand", lang)
        lines.append(
            tr(
                "cli.status.breaker",
                lang,
                by=row["breaker"],
                about=console.clean(row["about"] or "account"),
                posture=tr(f"word.{row['step']}", lang),
                reason=console.clean(row["reason"]),
                until=until,
            )
        )
    for row in status["locks"]:
        until = console.utc(row["until"]) if row["until"] else tr("cli.status.by_hand", lang)
        words = {key: console.clean(row[key]) for key in ("what", "by", "reason")}
        lines.append(tr("cli.status.lock", lang, until=until, **words))
    for what, to in status["tighter"].items():
        lines.append(tr("cli.status.tighter", lang, what=what, to=f"{to:g}"))
    return lines


def money(status: dict[str, Any], lang: str) -> str:
    """Equity and what it is made of, as the screen writes it; the JSON has every digit."""
    places = figures.places_of(status["currency"])
    amounts = {key: figures.money(float(status[key]), places) for key in ("equity", "fees")}
    changes = {key: figures.signed(float(status[key]), places) for key in ("pnl", "funding")}
    counts = {key: status[key] for key in ("currency", "fills", "orders")}
    return tr("cli.status.money", lang, **amounts, **changes, **counts)


def shown(price: str) -> str:
    """An average price in as many digits as a person reads."""
    return format(DIGITS.plus(Decimal(price)).normalize(), "f")


def halt_lines(found: dict[str, Any], lang: str) -> list[str]:
    """A halt, and its receipt once there is one."""
    from cockpit.app.receipts import sentences

    receipt = found.get("receipt")
    return [halt(found, lang), *(f"  {line}" for line in (sentences(receipt, lang) if receipt else ()))]


def halt(found: dict[str, Any], lang: str) -> str:
    """One line about a halt: confirmed, or what is still open."""
    phase = "cli.halt.confirmed" if found["phase"] == "confirmed" else "cli.halt.open"
    return tr(
        phase,
        lang,
        by=found["by"],
        time=console.utc(found["since"]),
        phase=tr(f"word.{found['phase']}", lang),
        orders=found["entries_open"],
        positions=found["positions_open"],
        detail=console.clean(found["detail"] or "-"),
    )


def table(
    title: str,
    names: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    nothing: str,
    lang: str,
    right: frozenset[int],
) -> list[str]:
    """A titled table, or the sentence that there is nothing in it."""
    if not rows:
        return ["", f"{tr(title, lang)}: {tr(nothing, lang)}"]
    head = tuple(tr(name, lang) for name in names)
    body = [tuple(console.clean(cell) for cell in row) for row in rows]
    drawn = console.columns([head, *body], right)
    return ["", tr(title, lang), *(f"  {line}" for line in drawn.splitlines())]
