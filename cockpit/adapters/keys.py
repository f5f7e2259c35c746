"""Where API keys are kept: the keyring of the operating system, or one encrypted file. Never plain text.

    Keyring   macOS Keychain, GNOME Keyring, KWallet … One entry per key, under the service ``cockpit``.
    KeyFile   for machines without one: AES-256-GCM, its key drawn from a password by scrypt (n = 2^17).

The password of the file is typed, or read from a file named by ``COCKPIT_KEYS_PASSWORD_FILE`` (mode 0600; a
secrets mount, for example). keyring and cryptography are imported when a key is really asked for.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from cockpit.adapters.secret import Credentials, Secret
from cockpit.core.errors import ConfigError
from cockpit.core.unreadable import UNREADABLE

SERVICE = "cockpit"
INDEX = "index"
PASSWORD_FILE = "COCKPIT_KEYS_PASSWORD_FILE"
SCRYPT = {"n": 2**17, "r": 8, "p": 1}
"""128 MiB and about half a second per guess."""
REFUSED = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt.file", "keyrings.cryptfile")
"""Backends that keep nothing, or keep it readable."""


class Name(msgspec.Struct, frozen=True, order=True):
    """Which key: of which venue, demo or live, to read or to trade."""

    venue: str
    environment: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.venue}/{self.environment}/{self.purpose}"


def name(text: str) -> Name:
    """``okx/demo/trade`` → Name. Raises ConfigError saying what is allowed."""
    parts = text.split("/")
    if len(parts) != 3:
        raise ConfigError(f"a key is named venue/environment/purpose, e.g. okx/demo/trade, not {text!r}")
    venue, environment, purpose = parts
    if environment not in {"demo", "live"} or purpose not in {"read", "trade"} or not venue.isalnum():
        raise ConfigError(f"{text!r}: the environment is demo or live, the purpose read or trade")
    return Name(venue, environment, purpose)


class _Entry(msgspec.Struct, frozen=True):
    """What is written, only ever inside a keyring or an encrypted box."""

    key: str
    secret: str
    passphrase: str


class Store(Protocol):
    """A place for keys."""

    place: str

    def names(self) -> list[Name]:
        """What is kept here; needs no password where the place allows it."""

    def get(self, which: Name) -> Credentials | None: ...

    def put(self, keys: Credentials) -> None: ...

    def added(self, which: Name) -> int:
        """When it was put here (UTC ms); needs no password. 0: by a cockpit that did not note it."""

    def remove(self, which: Name) -> bool:
        """False: there was none."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def days_old(added: int) -> int | None:
    """Whole days since a key was put here; None where nobody noted it."""
    return max(0, _now_ms() - added) // 86_400_000 if added else None


def _sealed(keys: Credentials) -> bytes:
    return msgspec.json.encode(_Entry(keys.key.reveal(), keys.secret.reveal(), keys.passphrase.reveal()))


def _opened(which: Name, raw: bytes | str) -> Credentials:
    found = msgspec.json.decode(raw, type=_Entry)
    return Credentials(
        which.venue,
        which.environment,
        which.purpose,
        Secret(found.key),
        Secret(found.secret),
        Secret(found.passphrase),
    )


class Keyring:
    """The operating system's keyring."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.place = f"keyring ({backend.name})"

    def names(self) -> list[Name]:
        raw = self._backend.get_password(SERVICE, INDEX)
        return sorted(name(text) for text in msgspec.json.decode(raw, type=list[str])) if raw else []

    def get(self, which: Name) -> Credentials | None:
        raw = self._backend.get_password(SERVICE, str(which))
        return None if raw is None else _opened(which, raw)

    def put(self, keys: Credentials) -> None:
        which = Name(keys.venue, keys.environment, keys.purpose)
        self._backend.set_password(SERVICE, str(which), _sealed(keys).decode())
        self._index({*self.names(), which})
        self._backend.set_password(SERVICE, f"{which} added", str(_now_ms()))

    def added(self, which: Name) -> int:
        noted = self._backend.get_password(SERVICE, f"{which} added") or ""
        return int(noted) if noted.isdecimal() else 0

    def remove(self, which: Name) -> bool:
        kept = set(self.names())
        if which not in kept:
            return False
        self._backend.delete_password(SERVICE, str(which))
        self._index(kept - {which})
        if self.added(which):
            self._backend.delete_password(SERVICE, f"{which} added")
        return True

    def _index(self, kept: set[Name]) -> None:
        body = msgspec.json.encode([str(one) for one in sorted(kept)])
        self._backend.set_password(SERVICE, INDEX, body.decode())


class _Box(msgspec.Struct):
    """The file: names in the clear, everything else sealed and bound to its name."""

    version: int
    salt: str
    check: str
    """A sealed nothing: tells a wrong password from a broken file."""
    keys: dict[str, str]
    added: dict[str, int] = {}
    """When each was put here (UTC ms)."""


class KeyFile:
    """One encrypted file, readable by its owner only."""

    def __init__(self, path: Path, password: Callable[[], Secret]) -> None:
        """``password`` is called once, when something must be opened."""
        self._path = path
        self._password = password
        self._cipher: Any = None
        self.place = f"encrypted file {path}"

    def names(self) -> list[Name]:
        box = self._read()
        return sorted(name(text) for text in box.keys) if box is not None else []

    def get(self, which: Name) -> Credentials | None:
        box = self._read()
        if box is None or str(which) not in box.keys:
            return None
        return _opened(which, self._unseal(box, box.keys[str(which)], str(which)))

    def put(self, keys: Credentials) -> None:
        which = str(Name(keys.venue, keys.environment, keys.purpose))
        box = self._read()
        if box is None:
            box = _Box(1, secrets.token_hex(16), "", {})
            box.check = self._seal(box, b"", "check")
        else:
            self._unseal(box, box.check, "check")
        box.keys[which] = self._seal(box, _sealed(keys), which)
        box.added[which] = _now_ms()
        self._write(box)

    def added(self, which: Name) -> int:
        box = self._read()
        return box.added.get(str(which), 0) if box is not None else 0

    def remove(self, which: Name) -> bool:
        box = self._read()
        if box is None or box.keys.pop(str(which), None) is None:
            return False
        box.added.pop(str(which), None)
        self._write(box)
        return True

    def _read(self) -> _Box | None:
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        if stat.S_IMODE(self._path.stat().st_mode) & 0o077:
            raise ConfigError(f"{self._path} can be read by others: chmod 600 it, and make new keys")
        try:
            return msgspec.json.decode(raw, type=_Box)
        except UNREADABLE as error:
            raise ConfigError(f"{self._path} is no key file: {error}") from error

    def _write(self, box: _Box) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(box))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def _aead(self, box: _Box) -> Any:
        if self._cipher is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
            from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

            drawn = Scrypt(salt=bytes.fromhex(box.salt), length=32, **SCRYPT)
            self._cipher = AESGCM(drawn.derive(self._password().reveal().encode()))
        return self._cipher

    def _seal(self, box: _Box, text: bytes, bound: str) -> str:
        nonce = secrets.token_bytes(12)
        sealed: bytes = self._aead(box).encrypt(nonce, text, bound.encode())
        return (nonce + sealed).hex()

    def _unseal(self, box: _Box, sealed: str, bound: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        raw = bytes.fromhex(sealed)
        try:
            text: bytes = self._aead(box).decrypt(raw[:12], raw[12:], bound.encode())
        except InvalidTag as error:
            raise ConfigError(f"wrong password for {self._path} (or the file was changed)") from error
        return text


def keyring_store() -> Keyring | None:
    """The OS keyring, or None where there is none that keeps secrets."""
    import keyring

    backend = keyring.get_keyring()
    found = getattr(backend, "backends", [backend])
    usable = [one for one in found if not type(one).__module__.startswith(REFUSED)]
    return Keyring(usable[0]) if usable else None


def open_store(folder: Path, ask: Callable[[str], Secret], backend: str = "auto") -> Store:
    """The keyring where there is one, else the encrypted file in ``folder``.

    ``backend``: auto | keyring | file. ``ask`` types a password. Raises ConfigError when it cannot be.
    """
    if backend not in {"auto", "keyring", "file"}:
        raise ConfigError(f"keys are kept in the keyring or in a file, not in {backend!r}")
    path = folder / "keys.sealed"
    if backend != "file" and not (backend == "auto" and path.exists()):
        found = keyring_store()
        if found is not None:
            return found
        if backend == "keyring":
            raise ConfigError("this machine has no keyring; use --backend file")
    return KeyFile(path, lambda: password(ask))


def password(ask: Callable[[str], Secret]) -> Secret:
    """From the file that the environment names, else typed. Raises ConfigError."""
    named = os.environ.get(PASSWORD_FILE, "")
    if not named:
        return ask("password of the key file: ")
    path = Path(named).expanduser()
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ConfigError(f"{PASSWORD_FILE}: {path} can be read by others: chmod 600 it")
        text = path.read_text("utf-8").rstrip("\n")
    except OSError as error:
        raise ConfigError(f"{PASSWORD_FILE}: {path}: {error.strerror}") from error
    if not text:
        raise ConfigError(f"{PASSWORD_FILE}: {path} is empty")
    return Secret(text)
