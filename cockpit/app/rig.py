"""What faces see of a runtime: the handler behind the door, the link of the screen in this process."""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cockpit
from cockpit.api.door import Door, HelloInfo
from cockpit.api.place import door_path
from cockpit.app import (
    by_hand,
    capital,
    fuses,
    guarding,
    questions,
    receipts,
    releasing,
    tokens,
    trades,
    why,
)
from cockpit.app.console import language, settings_of
from cockpit.app.keeping import holding
from cockpit.core import approving
from cockpit.core.errors import DoorError, NotRunning
from cockpit.core.frames import PAPER, Answer, Frame

if TYPE_CHECKING:
    from cockpit.app.runtime import Plan, Runtime
    from cockpit.app.settings import Loaded
    from cockpit.tui.settings import TuiSettings

DAEMON_START_S = 60.0
ENGINE_VERBS = frozenset(("cancel", "sleeve_on", "sleeve_off", "read")) | approving.VERBS


class Handler:
    """Obeys commands from any door. Must be awaited on the machine's loop."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.clients: Callable[[], list[Any]] = list

    async def __call__(self, verb: str, args: dict[str, str], actor: str, command_id: str) -> Answer:
        """Take or refuse; the effect of what was taken is seen in the frames."""
        crew = self._runtime.crew
        if verb in {"halt", "flatten"}:
            flatten = verb == "flatten" or args.get("flatten", "") in {"1", "true", "yes"}
            flatten = flatten or (verb == "halt" and self._halt_flattens(args))
            if self._runtime.beside is not None:
                self._runtime.beside.crew.halt(actor, flatten=flatten, command_id=command_id)
            return await by_hand.kept(
                crew.halt(actor, flatten=flatten, command_id=command_id), command_id, "answer.halt"
            )
        if verb == "resume":
            if args.get("word") != "RESUME" or not args.get("reason", "").strip():
                return Answer(command_id, False, "answer.resume_word")
            crews = [crew] if self._runtime.beside is None else [crew, self._runtime.beside.crew]
            stuck = next(filter(None, [one.watchdog.lift_file() for one in crews]), "")
            if stuck:
                return Answer(command_id, False, "answer.halt_file", {"path": stuck})
            if self._runtime.beside is not None:
                self._runtime.beside.crew.command(verb, args, actor, command_id)
            return await by_hand.kept(crew.command(verb, args, actor, command_id), command_id, "answer.taken")
        beside, name = self._runtime.beside, args.get("sleeve", "")
        if verb in ENGINE_VERBS and beside is not None and name.startswith(PAPER):
            crew, args = beside.crew, {**args, "sleeve": name.removeprefix(PAPER)}
        if verb in ENGINE_VERBS:
            taken = crew.command(verb, args, actor, command_id)
            answer = await by_hand.kept(taken, command_id, "answer.taken")
            return self._decided(answer) if verb in approving.VERBS else answer
        if verb in releasing.VERBS:
            return await releasing.obey(self._runtime, verb, args, actor, command_id)
        if verb == "apply":
            return await by_hand.apply(self._runtime, args, actor, command_id)
        return await self._ask(verb, args, command_id, actor)

    def _decided(self, answer: Answer) -> Answer:
        """What the engine made of a word on the hotlist: it may have refused it."""
        log = reversed(self._runtime.engine.state.hotlist.log)
        line = next((line for line in log if line.command_id == answer.command_id), None)
        if line is None or not line.refused:
            return answer
        return Answer(answer.command_id, False, line.refused, line.args)

    def _halt_flattens(self, args: dict[str, str]) -> bool:
        return "flatten" not in args and self._runtime.plan.config.risk.halt_flattens

    async def _ask(self, verb: str, args: dict[str, str], command_id: str, actor: str) -> Answer:
        runtime = self._runtime
        if verb == "status":
            return Answer(command_id, True, "answer.status", payload=self.status())
        if verb == "why":
            because = why.reasons(runtime.engine.state, args.get("symbol", ""))
            return Answer(command_id, True, "answer.why", payload=because)
        if verb == "plan":
            return by_hand.plan(runtime, args, command_id)
        if verb == "trades":
            return trades.answer(runtime, args, command_id)
        if verb in questions.VERBS:
            return await questions.answer(runtime, verb, args, command_id)
        if verb == "speed":
            ok = runtime.set_speed(args.get("speed", ""))
            return Answer(command_id, ok, "answer.taken" if ok else "answer.no_speed")
        if verb == "job":
            desk = runtime.desk
            refused, words = ("job.none", {}) if desk is None else desk.command(args, actor)
            return Answer(command_id, not refused, refused or "answer.taken", words)
        if verb == "shares" and runtime.allocator is not None:
            shown = capital.plain(runtime.allocator.frame())
            return Answer(command_id, True, "answer.status", payload=shown)
        if verb == "capital":
            return await self._capital(args, command_id, actor)
        if verb == "hold":
            return await holding.answer(runtime, args, command_id)
        if verb == "stop":
            asyncio.get_running_loop().call_later(0.05, runtime.stop)
            return Answer(command_id, True, "answer.stopping")
        return Answer(command_id, False, "command.unknown", {"verb": verb})

    async def _capital(self, args: dict[str, str], command_id: str, actor: str) -> Answer:
        """Apply the plan as it was seen, or take the last change back."""
        allocator = self._runtime.allocator
        if allocator is None:
            return Answer(command_id, False, "capital.none")
        word = allocator.meant(args.get("to", ""), args.get("seal", ""))
        if word.refused:
            return Answer(command_id, False, word.refused, word.words)
        taken = self._runtime.crew.command(word.verb, word.args, actor, command_id)
        answer = await by_hand.kept(taken, command_id, "answer.applied")
        no = self._runtime.engine.state.refusals.get(command_id)
        return answer if no is None else Answer(command_id, False, *no)

    def _fuses(self) -> dict[str, Any]:
        """Light, breakers and locks; a journal that cannot be written is red."""
        runtime = self._runtime
        found = fuses.shown(runtime.engine.state, runtime.projector.limit_rows())
        colour, why = runtime.journal.light(found["light"], found["light_why"])
        return {**found, "light": colour, "light_why": why}

    def status(self) -> dict[str, Any]:
        """The run in numbers, with what a caller of ``cockpit status`` wants first."""
        runtime = self._runtime
        state = runtime.engine.state
        halted = state.halt
        books = state.ledger.held()
        return {
            "pid": os.getpid(),
            "version": cockpit.__version__,
            "posture": state.posture.name,
            "seq": state.seq,
            "engine_ts": state.now,
            "folder": str(runtime.plan.folder),
            "halt": None
            if halted is None
            else {
                "since": halted.since,
                "by": halted.by,
                "phase": halted.phase,
                "flatten": halted.flatten,
                "entries_open": halted.entries_open,
                "positions_open": halted.positions_open,
                "confirmed": halted.confirmed,
                "detail": halted.detail,
                "receipt": None if halted.receipt is None else receipts.plain(halted.receipt),
            },
            "guardian": guarding.word(runtime.plan),
            "links": dict(state.links),
            **self._fuses(),
            "open_orders": [
                {
                    "cid": o.cid,
                    "sleeve": o.sleeve,
                    "symbol": o.symbol,
                    "side": o.side,
                    "kind": o.kind,
                    "role": o.role,
                    "state": o.state,
                    "qty": str(o.qty),
                    "filled": str(o.filled),
                    "price": None if o.price is None else str(o.price),
                }
                for o in state.orders.values()
            ],
            "positions": [
                {"symbol": p.symbol, "side": p.pos_side, "qty": str(p.qty), "entry": str(p.entry)}
                for p in books
            ],
            "balances": {k: str(v) for k, v in state.ledger.balances.items()},
            "recovered": {
                "snapshot": runtime.fold.snapshot,
                "events": runtime.fold.events,
                "differing": runtime.fold.differing,
                "adopted": runtime.fold.adopted,
                "mended": runtime.fold.mended,
            },
            "clients": [vars_of(c) for c in self.clients()],
            "tasks": len(asyncio.all_tasks()),
            **runtime.summary(),
        }


def vars_of(struct: Any) -> dict[str, Any]:
    """A msgspec Struct as a plain dict."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def door(runtime: Runtime) -> Door:
    """The socket door of this run."""
    handler = Handler(runtime)
    made = Door(
        door_path(runtime.plan.folder),
        HelloInfo(os.getpid(), runtime.plan.mode, cockpit.__version__),
        lambda: runtime.latest,
        handler,
    )
    handler.clients = made.clients
    return made


class LocalLink:
    """The screen's way to an engine in this process: frames out, commands in, nothing shared."""

    closing_stops_engine = True
    driver = True

    def __init__(self, runtime: Runtime, loop: asyncio.AbstractEventLoop) -> None:
        self._runtime = runtime
        self._loop = loop
        self._handler = Handler(runtime)
        self._answers: list[Answer] = []
        self._lock = threading.Lock()
        self._count = 0

    @property
    def lost(self) -> float:
        """An engine in this process is lost only when its loop has ended."""
        return 0.0 if self._loop.is_running() else 1.0

    @property
    def hurried(self) -> bool:
        """Ours, or that of the paper sleeves beside it."""
        beside = self._runtime.beside
        return self._runtime.crew.hurried or (beside is not None and beside.crew.hurried)

    def on_order(self, knock: Callable[[], None]) -> None:
        """The same two."""
        for runtime in (self._runtime, self._runtime.beside):
            if runtime is not None:
                runtime.crew.kernel.on_order = knock

    def latest(self) -> Frame | None:
        return self._runtime.latest

    def send(self, verb: str, args: dict[str, str]) -> str:
        """Hand a command to the machine's loop. A halt closes the wire here and now, without the loop."""
        self._count += 1
        command_id = f"screen-{os.getpid()}-{self._count}"
        if verb in {"halt", "flatten"}:
            self._runtime.crew.kill.on = True
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._begin, verb, args, command_id)
        return command_id

    def _begin(self, verb: str, args: dict[str, str], command_id: str) -> None:
        work: Coroutine[Any, Any, None] = self._work(verb, args, command_id)
        task = self._loop.create_task(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _work(self, verb: str, args: dict[str, str], command_id: str) -> None:
        begin = self._loop.time()
        answer = await self._handler(verb, args, "screen", command_id)
        ms = (self._loop.time() - begin) * 1_000
        with self._lock:
            self._answers.append(
                Answer(command_id, answer.ok, answer.message, answer.args, answer.payload, ms)
            )

    def answers(self) -> list[Answer]:
        with self._lock:
            taken, self._answers = self._answers, []
        return taken


def screen_settings(loaded: Loaded, args: argparse.Namespace) -> TuiSettings:
    """How the screen looks, from the settings and the command line."""
    from cockpit.app import setting_rows
    from cockpit.tui.settings import TuiSettings

    screen = loaded.config.screen
    return TuiSettings(
        theme=screen.theme,
        lang=language(args, screen.language),
        scheme=screen.scheme,
        glyphs=screen.glyphs,
        themes_dir=loaded.data_dir / "themes",
        keymap={action: ",".join(keys) for action, keys in screen.keymap.items()},
        guide=screen.guide,
        memory_file=loaded.data_dir / "screen.json",
        layouts_dir=loaded.data_dir / "layouts",
        exports_dir=loaded.data_dir / "exports",
        screenshots_dir=loaded.data_dir / "screenshots",
        file=loaded.source,
        listed=lambda: setting_rows.rows(loaded),
        again=lambda: screen_settings(settings_of(args), args),
    )


def show(link: Any, loaded: Loaded, args: argparse.Namespace, folder: Path) -> None:
    """Run the screen on a link until the user leaves. ``folder`` holds the journal behind it."""
    from cockpit.app.openers import archive_of, facts, lab_of, log_of, past_of
    from cockpit.tui.app import CockpitApp
    from cockpit.tui.asides import Openers

    openers = Openers(
        past_of(folder, loaded), lab_of(loaded, args), archive_of(loaded, args), log_of(folder), facts
    )
    CockpitApp(tokens.credited(link, releasing.DEEDS), screen_settings(loaded, args), openers=openers).run()


def question(loaded: Loaded, args: argparse.Namespace) -> Callable[[str, list[str], str], str | None]:
    """The dialogue before real money, on a screen of its own."""

    def ask(title: str, lines: list[str], _lang: str) -> str | None:
        from cockpit.app.live import DAEMON, WORD
        from cockpit.tui.confirm import Confirm

        app = Confirm(screen_settings(loaded, args), title, lines, (WORD, DAEMON))
        app.run()
        return app.answer

    return ask


def detached(plan: Plan, loaded: Loaded, args: argparse.Namespace) -> int:
    """Start a daemon of this very command line, which outlives the terminal, and put the screen on it.

    Raises DoorError with the daemon's own words when it does not come up.
    """
    from cockpit.api.attach import AttachLink
    from cockpit.app.live import GIVEN, WORD

    plan.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    said = plan.folder / "daemon.log"
    with os.fdopen(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "cockpit", "--daemon", *sys.argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, GIVEN: WORD},
            start_new_session=True,
        )
    limit = time.monotonic() + DAEMON_START_S
    while True:
        try:
            link = AttachLink(door_path(plan.folder))
            break
        except NotRunning:
            if daemon.poll() is not None or time.monotonic() > limit:
                words = said.read_text("utf-8", "replace").strip().splitlines() or ["it said nothing"]
                raise DoorError(f"the daemon did not start: {words[-1]}") from None
            time.sleep(0.1)
    daemon.returncode = 0  # it outlives us on purpose: nobody here waits for it
    try:
        show(link, loaded, args, plan.folder)
    finally:
        link.close()
    return 0
