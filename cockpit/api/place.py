"""Where the door is: a socket in the data directory, or a short path with a pointer to it.

A unix socket's path may have about a hundred bytes. Where the data directory is deeper than that, the
socket lies in the user's runtime directory and ``cockpit.sock.at`` in the data directory says where.
"""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path

from cockpit.core.errors import DoorError, NotRunning

LONGEST = 100
"""Bytes; Linux allows 107, macOS 103."""


def door_path(data_dir: Path) -> Path:
    """The door of the cockpit that uses ``data_dir``, as it is asked for; the socket may lie elsewhere."""
    return data_dir / "cockpit.sock"


def _pointer(path: Path) -> Path:
    return path.with_name(path.name + ".at")


def _fits(path: Path) -> bool:
    return len(os.fsencode(path.absolute())) <= LONGEST


def socket_to_make(path: Path) -> Path:
    """Where the server binds; writes the pointer when that is not ``path``. Raises DoorError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _fits(path):
        _pointer(path).unlink(missing_ok=True)
        return path
    digest = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]
    temporary = Path(tempfile.gettempdir()) / f"cockpit-{os.getuid()}"
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    for folder in (Path(given), temporary) if given else (temporary,):
        short = folder.absolute() / f"cockpit-{digest}.sock"
        if _fits(short):
            _make_private(folder)
            _pointer(path).write_text(str(short), "utf-8")
            return short
    raise DoorError(f"no path is short enough for a socket: neither {path} nor {short}")


def socket_to_ask(path: Path) -> Path:
    """Where a client connects. Raises NotRunning when there is nothing."""
    if _fits(path) and path.exists():
        return path
    try:
        return Path(_pointer(path).read_text("utf-8"))
    except OSError as error:
        raise NotRunning(f"no cockpit is running here: {path.parent}") from error


def _make_private(folder: Path) -> None:
    """A directory that only we can write to. Raises DoorError when somebody else has taken its name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise DoorError(f"{folder} is not ours alone; no socket can be put there")


def listening(path: Path) -> socket.socket:
    """A socket bound at ``path``, for its owner only; not yet listening.

    What a dead cockpit has left there is replaced. Raises DoorError when one is alive behind it, or when
    something that is no socket lies there.
    """
    _make_room(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(path))
        # Nobody can connect before listen(), so there is no instant at which others could come in.
        path.chmod(0o600)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise _taken(path) from error
        raise DoorError(f"no socket can be made at {path}: {error.strerror}") from error
    made.setblocking(False)
    return made


def _make_room(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise DoorError(f"{path} is in the way: it is no socket, and not ours to remove")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
        except OSError as error:
            # Not refused: somebody holds it open, and is too busy to say so.
            raise _taken(path) from error
    raise _taken(path)


def _taken(path: Path) -> DoorError:
    return DoorError(f"another cockpit answers at {path}")
