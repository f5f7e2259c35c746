"""The stage of a drill: an exchange and a daemon of this machine, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from cockpit.adapters.keys import PASSWORD_FILE, KeyFile
from cockpit.adapters.secret import Credentials, Secret
from cockpit.api.place import door_path
from cockpit.api.sync import SyncDoor
from cockpit.core.config import ScreenConfig
from cockpit.core.errors import CockpitError, VenueError

HELD = "WIF-USDT-SWAP"
QUOTED = "BTC-USDT-SWAP"
START_S = 60.0
END_S = 15.0
NO_KEYRING = "keyring.backends.fail.Keyring"


class Stage:
    """``with Stage(folder, seed, screen) as stage``: trades when it opens, gone when it closes."""

    SLEEVES: tuple[tuple[str, str], ...] = (
        ("drill_holder", HELD),
        ("market_maker", QUOTED),
        ("drill_hang", QUOTED),
    )
    PROGRAM = "cockpit"
    """The module that is started as the daemon."""

    def __init__(self, folder: Path, seed: int, screen: ScreenConfig) -> None:
        self.folder = folder
        """The daemon's data directory."""
        self.seed = seed
        self.screen = screen
        self.exchange: subprocess.Popen[str] | None = None
        self.daemon: subprocess.Popen[bytes] | None = None
        self.ready: dict[str, Any] = {}
        self.uid = ""

    @property
    def settings(self) -> Path:
        return self.folder / "drill.toml"

    @property
    def wedge(self) -> Path:
        return self.folder / "plugins" / "wedge"

    @property
    def more(self) -> Path:
        return self.folder / "plugins" / "more"

    @property
    def env(self) -> dict[str, str]:
        """Nothing of the user's settings, and keys that are worth nothing."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COCKPIT_")}
        return {
            **kept,
            PASSWORD_FILE: str(self.folder / "password"),
            "PYTHON_KEYRING_BACKEND": NO_KEYRING,
        }

    def __enter__(self) -> Stage:
        try:
            self._open_exchange()
            self._furnish()
            self.start_daemon()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- opening ----------------------------------------------------------------------------------

    def _open_exchange(self) -> None:
        symbols = ",".join(dict.fromkeys(symbol for _, symbol in self.SLEEVES))
        words = ["exchange", "--json", "--seed", str(self.seed), "--symbols", symbols]
        with (self.folder / "exchange.log").open("wb") as log:
            self.exchange = subprocess.Popen(
                [sys.executable, "-m", "cockpit", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=self.env,
                start_new_session=True,
            )
        assert self.exchange.stdout is not None
        line = self.exchange.stdout.readline()
        if not line:
            raise VenueError(f"the exchange did not start: {self.folder / 'exchange.log'}")
        self.ready = json.loads(line)

    def _furnish(self) -> None:
        """Keys of the exchange's demo account, settings and plug-ins, all in the stage's own folder."""
        account = next(row for row in self.ready["accounts"] if row["demo"])
        self.uid = account["uid"]
        password = secrets.token_hex(16)
        with os.fdopen(os.open(self.folder / "password", os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(password)
        words = (Secret(account[name]) for name in ("key", "secret", "passphrase"))
        store = KeyFile(self.folder / "keys.sealed", lambda: Secret(password))
        store.put(Credentials("okx", "demo", "trade", *words))
        plugins = self.folder / "plugins"
        plugins.mkdir(mode=0o700, exist_ok=True)
        text = resources.files(__package__).joinpath("plugins.txt").read_text("utf-8")
        (plugins / "drill.py").write_text(text, "utf-8")
        self.settings.write_text(self._settings(plugins), "utf-8")

    def _settings(self, plugins: Path) -> str:
        rest = self.ready["rest"]
        socket = rest.replace("http", "ws", 1)
        words = json.dumps  # a JSON string is a TOML string
        keymap = "\n".join(f"{words(key)} = {words(keys)}" for key, keys in self.screen.keymap.items())
        return "\n".join(
            [
                "[run]",
                'feed = "okx"',
                'execution = "demo"',
                "live = false",
                "guardian = true",
                "guardian_after_s = 15.0",
                f"plugins_dir = {words(str(plugins))}",
                "[okx]",
                f"rest = {words(rest)}",
                f"socket = {words(socket)}",
                "dead_man = false",
                "[hotlist]",
                'schedule = ""',
                "[screen]",
                "guide = false",
                f"theme = {words(self.screen.theme)}",
                f"scheme = {words(self.screen.scheme)}",
                f"glyphs = {words(self.screen.glyphs)}",
                *(["[screen.keymap]", keymap] if keymap else []),
                *(
                    f'[[sleeves]]\nstrategy = "{name}"\nsymbol = "okx:{symbol}"'
                    for name, symbol in self.SLEEVES
                ),
                "",
            ]
        )

    def start_daemon(self) -> None:
        """Start it (again). Returns when its door answers. Raises VenueError."""
        self.launch_daemon()
        self.until(lambda: self.status()["pid"] == self.pid)

    def launch_daemon(self) -> None:
        """Start it and wait for nothing."""
        with (self.folder / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                [sys.executable, "-m", self.PROGRAM, "--daemon", "--json", *self.words()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.env,
                start_new_session=True,
            )

    def words(self) -> list[str]:
        """The options that name this stage to any command of the cockpit."""
        return ["--config", str(self.settings), "--data-dir", str(self.folder)]

    # --- asking -----------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        assert self.daemon is not None
        return self.daemon.pid

    @property
    def alive(self) -> bool:
        return self.daemon is not None and self.daemon.poll() is None

    def status(self, timeout: float = 2.0) -> dict[str, Any]:
        """What ``cockpit status`` prints. Raises DoorError when the daemon is mute."""
        with SyncDoor(door_path(self.folder), name="drill", timeout=timeout) as door:
            return dict(door.ask("status").payload or {})

    def until(self, condition: Any, seconds: float = START_S) -> None:
        """Wait for it. Raises VenueError when it does not come or the daemon has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(CockpitError, OSError, KeyError):
                if condition():
                    return
            if not self.alive:
                break
            time.sleep(0.1)
        raise VenueError(f"the drill's cockpit did not get ready: {self.folder / 'daemon.log'}")

    def admin(self, what: str, body: Any = None) -> Any:
        """One word at the exchange's fault door."""
        request = urllib.request.Request(
            f"{self.ready['admin']}/{what}",
            data=json.dumps({} if body is None else body).encode(),
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=5) as answer:
            return json.loads(answer.read())

    def truth(self) -> dict[str, Any]:
        """What the exchange knows about the account that is traded."""
        return cast("dict[str, Any]", self.admin("truth", {"uid": self.uid}))

    def price(self, name: str) -> str:
        """The last price of a market, as anybody may ask for it."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.ready['rest']}/api/v5/market/ticker?instId={name}", timeout=5) as answer:
            return str(json.loads(answer.read())["data"][0]["last"])

    # --- closing ----------------------------------------------------------------------------------

    def stop_daemon(self) -> None:
        """In order, if it still can."""
        if self.daemon is None:
            return
        if self.daemon.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.daemon.send_signal(signal.SIGCONT)
            self.daemon.terminate()
        try:
            self.daemon.wait(END_S)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()

    def close(self) -> None:
        """Both processes end; the keys are thrown away."""
        self.wedge.unlink(missing_ok=True)
        self.stop_daemon()
        if self.exchange is not None:
            self.exchange.terminate()
            try:
                self.exchange.wait(END_S)
            except subprocess.TimeoutExpired:
                self.exchange.kill()
                self.exchange.wait()
            if self.exchange.stdout is not None:
                self.exchange.stdout.close()
        for name in ("keys.sealed", "password"):
            (self.folder / name).unlink(missing_ok=True)
