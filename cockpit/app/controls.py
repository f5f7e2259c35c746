"""The list of trading and security controls, with what this machine can show for each.

The list is ``cockpit/SECURITY.md``: one place, read here. Evidence is what lies in the data directory:
receipts of halts, backups, jobs, the settings in force.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

import cockpit
from cockpit.app import whereabouts
from cockpit.app.jobs.records import Records
from cockpit.app.keeping.backup import END
from cockpit.app.settings import Loaded
from cockpit.core.errors import CockpitError, StoreError

ROW = re.compile(r"^\| (S\d\d) \| (.+?) \| (holds|partly|open) \| (.+?) \|$", re.MULTILINE)


class Control(msgspec.Struct, frozen=True):
    """One line of the list."""

    id: str
    control: str
    state: str
    """holds | partly | open"""
    by: str
    """The tests that verify it, or why it waits."""

    @property
    def waits(self) -> str:
        """What of it is not done, and why; empty = it holds."""
        return self.by.partition("waits: ")[2]


def controls() -> list[Control]:
    """The list as it ships. Raises StoreError when it does not."""
    path = Path(cockpit.__file__).with_name("SECURITY.md")
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    return [Control(*found) for found in ROW.findall(text)]


def evidence(found: Loaded) -> dict[str, Any]:
    """What this data directory shows: name → number, instant (UTC ms) or word; None = nothing there."""
    data_dir, config = found.data_dir, found.config
    risk = config.risk
    receipts = sorted(data_dir.rglob("receipts/*.json"))
    backups = sorted((data_dir / "backups").glob(f"cockpit-*{END}"))
    records = Records(data_dir)
    last = [record for job in config.jobs if (record := next(records.of(job.name), None)) is not None]
    return {
        "limits": {
            "max_notional": risk.max_notional,
            "max_leverage": risk.max_leverage,
            "price_band": risk.price_band,
            "max_orders_per_second": risk.max_orders_per_second,
            "max_orders_per_minute": risk.max_orders_per_minute,
            "max_entries": risk.max_entries,
            "max_deviation": risk.max_deviation,
        },
        "breakers": [str(row.get("breaker")) for row in config.breakers.ladder],
        "protections": [str(row.get("protection")) for row in config.breakers.protections],
        "halt_receipts": len(receipts),
        "last_halt": _touched(receipts[-1]) if receipts else None,
        "backups": len(backups),
        "last_backup": _touched(backups[-1]) if backups else None,
        "jobs_failed": [record.job for record in last if record.outcome not in {"done", "running"}],
        "live_allowed": config.run.live,
        "running": _posture(found),
    }


def _touched(path: Path) -> int:
    return int(path.stat().st_mtime * 1_000)


def _posture(found: Loaded) -> str | None:
    """What a cockpit that runs here says of itself."""
    try:
        with whereabouts.door(found) as door:
            status = door.ask("status").payload or {}
    except CockpitError:
        return None
    return f"{status.get('mode')} {status.get('posture')}"
