"""Is everything in order? One function per question; each answers, none raises."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from cockpit.adapters.store.schema import holder, open_exclusive
from cockpit.adapters.store.tape import read_info
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.app.settings import Loaded
from cockpit.app.whereabouts import JOURNAL, runs
from cockpit.core.config import Config
from cockpit.core.errors import CockpitError

LEAST_FREE_GB = 1.0
WATCHED_S = 0.2
MOST_DRIFT_MS = 50.0
SLEEPY_US = 15.0
SANE_FROM = 1_735_689_600.0
"""2025-01-01: no clock that shows less has been set."""


class Check(msgspec.Struct, frozen=True):
    """One answer. ``message`` is a message id."""

    name: str
    level: str
    """ok | warn | bad; only bad is a failure."""
    message: str
    args: dict[str, Any] = {}


def python(_found: Loaded) -> Check:
    """Is the interpreter new enough?"""
    version = platform.python_version()
    new = sys.version_info >= (3, 11)
    return Check(
        "python", "ok" if new else "bad", "cli.doctor.python" + ("" if new else ".old"), {"version": version}
    )


def config(found: Loaded) -> Check:
    """Which settings hold; that they are valid is why we got here."""
    if found.source is None:
        return Check("config", "ok", "cli.doctor.config.none")
    return Check("config", "ok", "cli.doctor.config", {"source": str(found.source)})


def data_dir(found: Loaded) -> Check:
    """Can we write there, and may nobody else look?"""
    path = found.data_dir
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path, prefix=".doctor-"):
            pass
    except OSError as error:
        return Check(
            "data_dir", "bad", "cli.doctor.data_dir.bad", {"path": str(path), "reason": error.strerror}
        )
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Check("data_dir", "warn", "cli.doctor.data_dir.open", {"path": str(path), "mode": f"{mode:o}"})
    elsewhere = found.checkout and path.parent not in (Path.cwd(), *Path.cwd().parents)
    message = "cli.doctor.data_dir.checkout" if elsewhere else "cli.doctor.data_dir"
    return Check("data_dir", "ok", message, {"path": str(path)})


def disk(found: Loaded) -> Check:
    """Is there room for the journal?"""
    place = next(p for p in (found.data_dir, *found.data_dir.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free / 1e9
    low = free < LEAST_FREE_GB
    return Check(
        "disk", "bad" if low else "ok", "cli.doctor.disk" + (".low" if low else ""), {"free": f"{free:.1f}"}
    )


def sqlite(found: Loaded) -> Check:
    """Can a journal be made and locked on that disk?"""
    version = sqlite3.sqlite_version
    try:
        with tempfile.TemporaryDirectory(dir=found.data_dir, prefix=".doctor-") as folder:
            open_exclusive(Path(folder) / JOURNAL, "doctor", "FULL").close()
    except (CockpitError, OSError, sqlite3.Error) as error:
        return Check("sqlite", "bad", "cli.doctor.sqlite.bad", {"version": version, "reason": str(error)})
    return Check("sqlite", "ok", "cli.doctor.sqlite", {"version": version})


def plugins(found: Loaded) -> Check:
    """Can every strategy and rule be loaded, and those that the settings name be made of them?"""
    from cockpit.app.discover import discover
    from cockpit.core.registry import RULES, STRATEGIES

    try:
        discover(found.config.run.plugins_dir, importers=True)
        _named(found.config)
    except CockpitError as error:
        return Check("plugins", "bad", "cli.doctor.config.bad", {"reason": str(error)})
    return Check("plugins", "ok", "cli.doctor.plugins", {"strategies": len(STRATEGIES), "rules": len(RULES)})


def _named(config: Config) -> None:
    """Limits, stop layers, breakers and hours as a start would take them. Raises ConfigError."""
    from cockpit.app import compose, layers
    from cockpit.workers.scheduler import next_after

    compose.fresh(config, "doctor", {}, ())
    for row in config.sleeves:
        layers.own_layers(row)
    for line in (config.hotlist.schedule, config.capital.schedule, *(job.cron for job in config.jobs)):
        if line:
            next_after(line, 0)


def trusted(found: Loaded) -> Check | None:
    """Code that is not ours and would run here, with its hash, and whether the settings name it."""
    from cockpit.app import trust

    ones = list(trust.plug_ins(found.config.run.plugins_dir))
    if not ones:
        return None
    shown = ", ".join(f"{one.name} {one.digest[:32] or '-'}" for one in ones)
    try:
        unnamed = [one.name for one in ones if not trust.named(one, found.config)]
    except CockpitError as error:
        return Check("trust", "bad", "cli.doctor.config.bad", {"reason": str(error)})
    if unnamed:
        return Check(
            "trust", "warn", "cli.doctor.trust.unnamed", {"plugins": shown, "names": ", ".join(unnamed)}
        )
    return Check("trust", "ok", "cli.doctor.trust", {"plugins": shown})


def terminal(found: Loaded) -> Check:
    """Can the screen be drawn here? It draws on stderr."""
    if not sys.stdin.isatty() and not sys.stderr.isatty():
        return Check("terminal", "warn", "cli.doctor.terminal.none")
    if not sys.stderr.isatty():
        return Check("terminal", "warn", "cli.doctor.terminal.stderr")
    width, height = shutil.get_terminal_size()
    encoding = (sys.stderr.encoding or "ascii").lower()
    seen = {"width": width, "height": height, "colours": colours(os.environ), "encoding": encoding}
    if width < 80 or height < 24:
        return Check("terminal", "warn", "cli.doctor.terminal.small", seen)
    if "utf" not in encoding and found.config.screen.glyphs != "ascii":
        return Check("terminal", "warn", "cli.doctor.terminal.encoding", seen)
    return Check("terminal", "ok", "cli.doctor.terminal", seen)


def colours(env: Mapping[str, str]) -> str:
    """How many colours the terminal says it has."""
    if env.get("NO_COLOR"):
        return "NO_COLOR"
    if env.get("COLORTERM") in {"truecolor", "24bit"}:
        return "24 bit"
    return "256" if "256" in env.get("TERM", "") else "16"


def clock(_found: Loaded) -> Check:
    """Does the wall clock show a possible time, and run at the speed of the steady one?"""
    wall, steady = time.time(), time.monotonic()
    time.sleep(WATCHED_S)
    drift = abs((time.time() - wall) - (time.monotonic() - steady)) * 1_000
    shown = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(wall))
    if wall < SANE_FROM:
        return Check("clock", "bad", "cli.doctor.clock.past", {"time": shown})
    if drift > MOST_DRIFT_MS:
        return Check(
            "clock", "bad", "cli.doctor.clock.jump", {"ms": f"{drift:.0f}", "seconds": f"{WATCHED_S:g}"}
        )
    return Check("clock", "ok", "cli.doctor.clock", {"time": shown})


def woken(found: Loaded) -> Check:
    """What does it cost that processors sleep between two messages, and may we keep them from it?"""
    from cockpit.app import awake

    if not found.config.run.keep_awake:
        slow = (us := awake.wake_us()) > SLEEPY_US and os.access(awake.WISH, os.W_OK)
        return Check("awake", "ok", "cli.doctor.awake" + (".asleep" if slow else ""), {"us": f"{us:.0f}"})
    try:
        with awake.Awake():
            return Check("awake", "ok", "cli.doctor.awake.held", {"us": f"{awake.wake_us():.0f}"})
    except OSError as error:
        place = {"path": str(awake.WISH), "reason": error.strerror}
        return Check("awake", "warn", "cli.doctor.awake.refused", place)


def running(found: Loaded) -> Check:
    """Does a cockpit run here, and does it answer? Did one die?"""
    dead = ""
    for folder in runs(found.data_dir):
        pid = holder(folder / JOURNAL)
        if pid is None:
            if (folder / f"{JOURNAL}.pid").exists():
                dead = str(folder)
            continue
        place = {"pid": pid, "folder": str(folder)}
        try:
            SyncDoor(door_path(folder), name="doctor", timeout=2.0).close()
        except CockpitError as error:
            return Check("running", "bad", "cli.doctor.running.mute", {**place, "reason": str(error)})
        return Check("running", "ok", "cli.doctor.running", place)
    if dead:
        return Check("running", "warn", "cli.doctor.running.stale", {"folder": dead})
    return Check("running", "ok", "cli.doctor.running.none")


def halt_file(found: Loaded) -> Check | None:
    """A forgotten halt file stops every start."""
    for folder in runs(found.data_dir):
        if (folder / "halt").exists():
            return Check("halt_file", "warn", "cli.doctor.halt_file", {"path": str(folder / "halt")})
    return None


def money(found: Loaded) -> Check | None:
    """Where the account is kept in other money than its markets are quoted in: is there a price for it?"""
    from cockpit.app import denomination
    from cockpit.core.worth import taken_for, unpriced

    currency, markets = found.config.run.currency, denomination.named(found.config)
    for symbol, missing in unpriced(markets, markets, currency):
        first = denomination.pricing(missing, currency)
        words = {"symbol": symbol, "money": missing, "currency": currency, "first": first}
        return Check("money", "warn", "cli.doctor.money.unpriced", words)
    if quotes := taken_for(markets, markets, currency):
        shown = {"currency": currency, "quotes": ", ".join(quotes)}
        return Check("money", "ok", "cli.doctor.money.alike", shown)
    others = sorted({one.quote for one in markets.values()} - {currency})
    if not others:
        return None
    return Check("money", "ok", "cli.doctor.money", {"currency": currency, "quotes": ", ".join(others)})


def recorded(found: Loaded) -> Check:
    """Which tapes are there, and can their index be read?"""
    tapes = sorted(
        p.parent for p in found.data_dir.glob("**/tape.json") if len(p.relative_to(found.data_dir).parts) <= 4
    )
    for tape in tapes:
        try:
            read_info(tape)
        except CockpitError as error:
            return Check(
                "recorded", "bad", "cli.doctor.recorded.bad", {"tape": str(tape), "reason": str(error)}
            )
    place = {"count": len(tapes), "path": str(found.data_dir)}
    return Check("recorded", "ok", "cli.doctor.recorded" + ("" if tapes else ".none"), place)


def archive(found: Loaded) -> Check | None:
    """Can the archive be read, and is every file of it there? (``cockpit data check`` looks into them.)"""
    from cockpit.app.data.service import FOLDER, open_data

    root = found.data_dir / FOLDER
    if not root.exists():
        return None
    try:
        with open_data(root) as data:
            held, lost = data.holdings(), data.lost_files()
    except CockpitError as error:
        return Check("archive", "bad", "cli.doctor.archive.bad", {"path": str(root), "reason": str(error)})
    if lost:
        place = {"count": len(lost), "path": str(root / lost[0])}
        return Check("archive", "bad", "cli.doctor.archive.lost", place)
    place = {"count": len(held), "rows": f"{sum(one.rows for one in held):,}", "path": str(root)}
    return Check("archive", "ok", "cli.doctor.archive", place)


QUESTIONS: tuple[Callable[[Loaded], Check | None], ...] = (
    python,
    config,
    data_dir,
    disk,
    sqlite,
    trusted,
    plugins,
    terminal,
    clock,
    woken,
    running,
    halt_file,
    money,
    recorded,
    archive,
)


def examine(found: Loaded) -> list[Check]:
    """Every answer, in order; about an exchange only where the settings name one."""
    from cockpit.app import health_exchange, health_okx

    checks = [check for ask in QUESTIONS if (check := ask(found)) is not None]
    if found.config.run.feed == "okx":
        return checks + health_okx.okx(found)
    questions = (health_exchange.reach, health_exchange.key)
    return checks + [check for ask in questions if (check := ask(found)) is not None]
