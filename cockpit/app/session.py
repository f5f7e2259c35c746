"""``cockpit`` itself: headless, or with the screen in the main thread and the machine in another (D6)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cockpit.app import console, denomination, eventloop, guarding, market, priority, rig
from cockpit.app.beside import FOLDER, split, together
from cockpit.app.runtime import Home, Plan, Runtime, open_runtime
from cockpit.app.settings import Loaded
from cockpit.app.summary import summary_text, write_summary
from cockpit.core.config import Config, SleeveConfig
from cockpit.core.errors import CockpitError, ConfigError
from cockpit.text import tr

TURN_S = 0.0005
"""How long a thread may keep the interpreter from another that asks for it. Shorter gains nothing more."""


def calm() -> None:
    """Collect garbage more rarely: a market makes thousands of tuples a second that no cycle holds.

    Measured: 8 % of the CPU of a busy order book. What makes cycles here (screen, tasks) makes few. More
    rarely still saves nothing more, and a collection lets no other thread work meanwhile: of 20,000 young
    objects it held up the loop for 9 ms, of what twenty such had left for 18.
    """
    gc.set_threshold(2_000, 10, 100)


def stays() -> None:
    """The start, which switched the collector off, is over. What it made stays: looking through it would
    hold up a trade for 25 ms each time.
    """
    gc.freeze()
    gc.enable()


def take_turns() -> None:
    """For a process with a screen: its threads take turns sooner.

    An order's way changes hands about ten times (loop, journal, SQLite's calls), and at each the screen's
    thread, if it paints just then, keeps the interpreter for ``TURN_S``. Without a screen nothing is gained,
    and a wait for the interpreter costs some microseconds more (the kernel sets a nearer timer).
    """
    sys.setswitchinterval(TURN_S)


def start(args: argparse.Namespace, loaded: Loaded) -> int:
    """Run the cockpit as asked, its plug-ins found; returns the exit code."""
    calm()
    plan, opening = prepare(args, loaded)
    headless = bool(args.daemon or args.json)
    if headless:
        return Headless(plan, opening, loaded, args).run()
    if plan.consent is not None and plan.consent.daemon:
        return rig.detached(plan, loaded, args)
    if not console.has_terminal():
        raise ConfigError(
            "the screen needs a terminal and draws on stderr: do not redirect it, or use --daemon"
        )
    return Screened(plan, opening, loaded, args).run()


EXCHANGES = ("okx", "binance", "bybit")
"""Feeds that are exchanges."""
Opening = Callable[[], Awaitable[market.RunSource]]
"""Makes the source on the machine's loop: a live market must be asked before it can be run."""


def prepare(args: argparse.Namespace, loaded: Loaded) -> tuple[Plan, Opening]:
    """Choose the market and the folder. Raises CockpitError with what to do."""
    config = loaded.config
    sleeves = tuple(parse_sleeve(text) for text in args.strategy or ())
    if args.tape is not None or args.archive:
        from cockpit.app.data import cut

        lang = console.language(args, config.screen.language)
        path = Path(cut.played(args, loaded, lang, sleeves, window=True)[0])
        begin, end = instant(args.begin), instant(args.end)
        source = market.from_tape(config, path, begin, end, sleeves)
        for line in denomination.unpaid(config, source.instruments, lang):
            console.talk(line)
        speed = args.speed or ("max" if args.daemon or args.json else "10")
        folder = loaded.data_dir if args.data_dir else _run_folder(loaded.data_dir, path)
        if (folder / "cockpit.db").exists():
            raise ConfigError(f"{folder} already holds a run: name another --data-dir")
        _counted(loaded, path, begin, end, source.sleeves)
        return Plan(config, "replay", folder, speed, loaded.digest), _ready(source)
    if config.run.feed == "tape":
        raise ConfigError("run.feed is tape: name one with --tape")
    if args.speed not in {None, "1"}:
        raise ConfigError("--speed is for tapes: other markets run in real time")
    if config.run.feed in EXCHANGES:
        own = f"{config.run.feed}-{config.run.execution}"
        place = loaded.data_dir if args.data_dir else loaded.data_dir / own
        return _account(args, loaded, place, tuple(sleeves or config.sleeves))
    if config.run.execution != "paper":
        raise ConfigError(f"run.execution = {config.run.execution} needs an exchange as run.feed")
    folder = loaded.data_dir if args.data_dir else loaded.data_dir / "practice"
    source = market.practice(config, time.time_ns() // 1_000_000, folder, sleeves)
    plan = Plan(config, "practice", folder, "", loaded.digest, home=_home(args, loaded))
    return plan, _ready(source)


def _counted(
    loaded: Loaded, tape: Path, begin: int, end: int, sleeves: Sequence[SleeveConfig]
) -> None:  # fmt: skip
    """The trial ledger hears of it before anybody sees what came of it. Raises StoreError."""
    from cockpit.app.ledgers import count_look
    from cockpit.app.trial import Request

    count_look(loaded.data_dir, Request(str(tape.absolute()), loaded.config, tuple(sleeves), begin, end))


def _ready(source: market.RunSource) -> Opening:
    async def opened() -> market.RunSource:
        return source

    return opened


def _account(
    args: argparse.Namespace, loaded: Loaded, folder: Path, sleeves: tuple[SleeveConfig, ...]
) -> tuple[Plan, Opening]:
    """A run at an exchange; its paper sleeves, if it has any beside the account's, as a plan of their own."""
    ours, paper = split(sleeves, loaded.config.run.execution)

    plan, opening = _live(args, loaded, folder, ours)
    if paper:
        run = msgspec.structs.replace(loaded.config.run, execution="paper", live=False)
        # Approvals are about the account's money: paper sleeves beside it may try any market.
        hotlist = msgspec.structs.replace(loaded.config.hotlist, enforce=False, schedule="")
        config = msgspec.structs.replace(loaded.config, run=run, sleeves=paper, hotlist=hotlist, jobs=())
        beside = _live(args, msgspec.structs.replace(loaded, config=config), folder / FOLDER, paper)
        plan = msgspec.structs.replace(plan, beside=beside)
    return plan, opening


async def _beside(plan: Plan) -> Runtime | None:
    """The paper machine, opened but not running."""
    if plan.beside is None:
        return None
    other, opening = plan.beside
    return await open_runtime(other, await opening())


def _live(
    args: argparse.Namespace, loaded: Loaded, folder: Path, sleeves: Sequence[SleeveConfig]
) -> tuple[Plan, Opening]:
    """An exchange's live market with the simulated account (paper), its demo account, or real money."""
    from cockpit.app import live

    config = loaded.config
    execution = config.run.execution
    store, agreed = None, None
    if execution == "live":
        live.allow(config)
    if execution != "paper":
        from cockpit.adapters import keys
        from cockpit.app.commands.keys import typed

        store = keys.open_store(loaded.data_dir, typed)
    if execution == "live":
        assert store is not None
        lang = console.language(args, config.screen.language)
        question = None if args.daemon or args.json else rig.question(loaded, args)
        agreed = live.consent(args, config, store, sleeves or config.sleeves, lang, question)

    async def connect() -> market.RunSource:
        if config.run.feed == "okx":
            from cockpit.app.okx import open_okx

            return await open_okx(config, folder, store, sleeves, consent=agreed)
        from cockpit.app.exchanges import open_exchange

        return await open_exchange(config, folder, store, sleeves, consent=agreed)

    home = _home(args, loaded)
    return Plan(config, execution, folder, "", loaded.digest, consent=agreed, home=home), connect


def _home(args: argparse.Namespace, loaded: Loaded) -> Home:
    """Where the commands that this run starts keep what they make."""
    return Home(loaded.data_dir, loaded.source if args.config else None)


def _run_folder(data_dir: Path, tape: Path) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    folder = data_dir / "replay" / f"{tape.stem}-{stamp}"
    twin = 1
    while folder.exists():
        twin += 1
        folder = folder.with_name(f"{tape.stem}-{stamp}-{twin}")
    return folder


def instant(text: str | None) -> int:
    """ISO-8601 (UTC unless it says otherwise) → ms; 0 when absent. Raises ConfigError."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"not a time: {text!r} (write 2024-08-08 or 2024-08-08T23:54:00Z)") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000)


def parse_sleeve(text: str) -> SleeveConfig:
    """``NAME[:k=v,…]@SYMBOL[+SYMBOL…][/TF[,TF…]]`` → SleeveConfig. Raises ConfigError."""
    head, at, place = text.partition("@")
    name, _, given = head.partition(":")
    where, _, frames = place.partition("/")
    symbols = tuple(filter(None, where.split("+")))
    tf, *longer = frames.split(",")
    if not (at and name and symbols):
        raise ConfigError(f"not a sleeve: {text!r} (write ema_trend:ema_fast=5@okx:BTC-USDT-SWAP/1h)")
    params: dict[str, Any] = {}
    for pair in filter(None, given.split(",")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise ConfigError(f"not a parameter: {pair!r} in {text!r} (write name=value)")
        params[key.strip()] = value.strip()
    one = len(symbols) == 1
    try:
        return SleeveConfig(
            name,
            symbols[0] if one else "",
            tf,
            params=params,
            symbols=() if one else symbols,
            timeframes=tuple(longer),
        )
    except ValueError as error:
        raise ConfigError(f"{text!r}: {error}") from error


class Headless:
    """No screen: the loop in the main thread, a door for others, a summary at the end."""

    def __init__(self, plan: Plan, opening: Opening, loaded: Loaded, args: argparse.Namespace) -> None:
        self.plan = plan
        self.data_dir = loaded.data_dir
        self.opening = opening
        self.as_json = bool(args.json)
        self.lang = console.language(args, loaded.config.screen.language)

    def run(self) -> int:
        return eventloop.run(self._main())

    async def _main(self) -> int:
        runtime = await open_runtime(self.plan, await self.opening())
        door = rig.door(runtime)
        runtime.watched = lambda: bool(door.clients())
        await door.serve()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):
                loop.add_signal_handler(name, runtime.stop)
        with contextlib.suppress(NotImplementedError, AttributeError):
            loop.add_signal_handler(signal.SIGUSR1, lambda: runtime.crew.halt("SIGUSR1", flatten=False))
        self._say_ready(runtime)
        guarding.start(self.plan, self.data_dir)
        try:
            async with together(runtime, await _beside(self.plan)):
                await runtime.run()
        finally:
            await door.close()
            summary = runtime.summary()
            await runtime.close()
        write_summary(self.plan.folder, summary)
        print(json.dumps(summary) if self.as_json else summary_text(summary, self.lang))
        return 0

    def _say_ready(self, runtime: Runtime) -> None:
        stays()
        fold = runtime.fold
        where = {"mode": self.plan.mode, "tape": runtime.source.name, "folder": self.plan.folder}
        text = tr("cli.ready", self.lang, **where)
        if fold.events or fold.snapshot:
            text += tr("cli.ready.recovered", self.lang, facts=fold.events, snapshot=fold.snapshot)
        print(text, file=sys.stderr, flush=True)
        source = runtime.source
        traded = [symbol for row in source.sleeves for symbol in row.legs]
        for line in denomination.notes(self.plan.config, source.instruments, traded, self.lang):
            console.talk(line)


class Screened:
    """The screen in this thread, the machine in another."""

    def __init__(self, plan: Plan, opening: Opening, loaded: Loaded, args: argparse.Namespace) -> None:
        self.plan = plan
        self.opening = opening
        self.loaded = loaded
        self.args = args
        self.runtime: Runtime | None = None
        self.error: BaseException | None = None
        self.summary: dict[str, Any] = {}
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self) -> int:
        take_turns()
        thread = threading.Thread(target=self._machine, name="machine", daemon=True)
        thread.start()
        import cockpit.tui.app  # noqa: F401 - loaded while the journal is opened, needed right after

        self._ready.wait()
        try:
            if self.error is None and self.runtime is not None and self._loop is not None:
                priority.leave_a_core()  # this thread, which paints from now on; the machine's goes on
                link = rig.LocalLink(self.runtime, self._loop)
                rig.show(link, self.loaded, self.args, self.plan.folder)
        finally:
            self._stop()
            thread.join(15)
        if self.error is not None:
            raise self.error
        if self.summary:
            lang = console.language(self.args, self.loaded.config.screen.language)
            print(summary_text(self.summary, lang))
        return 0

    def _machine(self) -> None:
        try:
            eventloop.run(self._main())
        except BaseException as error:  # noqa: BLE001 - carried to the main thread, which raises it
            self.error = error
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        runtime = self.runtime = await open_runtime(self.plan, await self.opening())
        door = rig.door(runtime)
        await door.serve()
        self._ready.set()
        try:
            async with together(runtime, await _beside(self.plan)):
                await runtime.run()
        finally:
            await door.close()
            self.summary = runtime.summary()
            await runtime.close()
            write_summary(self.plan.folder, self.summary)

    def _stop(self) -> None:
        if self._loop is not None and self.runtime is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.runtime.stop)


def sleeves_text(sleeves: Sequence[SleeveConfig]) -> str:
    """For messages: ``ema_trend on okx:BTC-USDT-SWAP, …``."""
    return ", ".join(f"{s.strategy} on {' + '.join(s.legs)}" for s in sleeves)


__all__ = ["CockpitError", "Config", "instant", "parse_sleeve", "prepare", "start"]
