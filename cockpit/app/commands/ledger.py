"""``cockpit ledger``: every trial that was ever run here; ``cockpit ledger verify``: is it what it was?"""

from __future__ import annotations

import argparse
from itertools import islice
from typing import Any

from cockpit.app import console
from cockpit.text import tr

LAST = 10

ALONE = True
"""May be a job: it asks nobody anything."""


def add(parser: argparse.ArgumentParser) -> None:
    """What ``ledger`` takes."""
    parser.add_argument("verb", nargs="?", choices=("show", "verify"), default="show")
    parser.add_argument(
        "--last", type=int, default=LAST, metavar="N", help=f"show the last N trials (default {LAST})"
    )


def run(args: argparse.Namespace) -> int:
    """Show (0), or verify: 0 when every byte and every kept seal agrees, 4 when not. Raises StoreError."""
    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    return (_verify if args.verb == "verify" else _show)(args, found.data_dir, lang)


def _show(args: argparse.Namespace, data_dir: Any, lang: str) -> int:
    from cockpit.app.ledgers import ledger_of
    from cockpit.lab.trial_ledger.count import counted

    ledger = ledger_of(data_dir)
    rows = list(ledger.rows())
    counts, stamp = counted(rows), ledger.stamp()
    ended = {row.key for row in rows if row.status != "begun"}
    shown = (row for row in reversed(rows) if row.status != "begun" or row.key not in ended)
    last = list(ledger.told(islice(shown, max(0, args.last))))
    lines = [tr("ledger.total", lang, trials=f"{counts.trials:,}", rows=f"{counts.rows:,}")]
    if counts.lost:
        lines.append(tr("ledger.lost", lang, count=f"{counts.lost:,}"))
    lines.append(tr("ledger.head", lang, seal=stamp.seal[:16]))
    for name, number in sorted(counts.by_data.items(), key=lambda item: -item[1]):
        families = sum(1 for known, _ in counts.by_family if known == name)
        lines.append(
            tr("ledger.data", lang, data=name[:12], trials=f"{number + counts.lost:,}", families=families)
        )
    lines += ["", *_table(last, lang)] if last else []
    data = {
        "trials": counts.trials, "rows": counts.rows, "lost": counts.lost, "head": stamp.seal,
        "by_data": {known: counts.on(known) for known in counts.by_data},
        "by_family": [
            {"data": known, "family": family, "trials": number + counts.lost}
            for (known, family), number in counts.by_family.items()
        ],
        "by_source": counts.by_source,
        "last": [_plain(row, told) for row, told, _ in last],
    }  # fmt: skip
    console.answer(args, data, "\n".join(lines))
    return 0


def _table(last: Any, lang: str) -> list[str]:
    names = ("at", "source", "strategy", "symbols", "sharpe", "params")
    rows = [tuple(tr(f"ledger.column.{name}", lang) for name in names)]
    for row, told, _ in last:
        markets = "+".join(told.symbols[:2]) + ("+…" if len(told.symbols) > 2 else "")
        words = ", ".join(f"{key}={value}" for key, value in told.params.items())
        cells = (row.source, told.strategy, f"{markets} {told.timeframe}".strip(), _yearly(row), words)
        rows.append((console.utc(row.at), *(console.clean(cell)[:60] for cell in cells)))
    return console.columns(rows, frozenset((4,))).splitlines()


def _yearly(row: Any) -> str:
    known = row.sharpe == row.sharpe
    return f"{row.sharpe * (365 * 86_400_000 / row.period) ** 0.5:.2f}" if known else "-"


def _plain(row: Any, told: Any) -> dict[str, Any]:
    return {
        "seq": row.seq, "at": row.at, "source": row.source, "status": row.status, "strategy": told.strategy,
        "params": told.params, "symbols": told.symbols, "timeframe": told.timeframe, "study": told.study,
        "data": row.data, "start": row.start, "end": row.end,
        "sharpe": row.sharpe if row.sharpe == row.sharpe else None,
        "key": row.key.hex(), "seal": row.seal.hex(),
    }  # fmt: skip


def _verify(args: argparse.Namespace, data_dir: Any, lang: str) -> int:
    from cockpit.app.ledgers import kept, ledger_of
    from cockpit.lab.trial_ledger.verify import verify

    holders = kept(data_dir)
    verdict = verify(ledger_of(data_dir), holders)
    lines = [tr(f"ledger.damage.{one.kind}", lang, row=one.row, detail=one.detail) for one in verdict.damage]
    if verdict.lost:
        lines.append(tr("ledger.lost", lang, count=f"{verdict.lost:,}"))
    if verdict.whole:
        lines.append(
            tr(
                "ledger.whole", lang, rows=f"{verdict.stamp.rows:,}", stamps=len(holders),
                seal=verdict.stamp.seal[:16],
            )
        )  # fmt: skip
    else:
        lines.append(tr("ledger.broken", lang, folder=str(ledger_of(data_dir).folder)))
    data = {
        "whole": verdict.whole, "rows": verdict.stamp.rows, "head": verdict.stamp.seal, "lost": verdict.lost,
        "stamps": len(holders),
        "damage": [{"kind": d.kind, "row": d.row, "detail": d.detail} for d in verdict.damage],
    }  # fmt: skip
    console.answer(args, data, "\n".join(lines))
    return 0 if verdict.whole else 4
