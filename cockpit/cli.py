"""The command line: what is typed becomes one command, run from its own file in ``cockpit.app.commands``.

Nothing heavy is imported here: ``cockpit --help`` must answer before the finger has left the key.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from cockpit.app.parser import build, module_of
from cockpit.app.tongue import tongue
from cockpit.core.errors import CockpitError, ConfigError, InvariantError, StoreError
from cockpit.text import wrong

EXTRAS = {
    "lab": ("cmaes", "llvmlite", "numpy", "optuna", "scipy", "sklearn"),
    "cluster": ("distributed",),
    "freqtrade": ("pandas", "talib"),
    "web": ("textual_serve",),
}
"""Optional modules, by the extra that brings them."""


REFUSED = frozenset(
    (
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM, errno.ENOENT,
        errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EMFILE, errno.ENFILE,
    )
)  # fmt: skip
"""What a file system says when it is full, dead or not ours: no bug."""
OURS = "this is a bug of ours; COCKPIT_DEBUG=1 shows where"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code and never shows a traceback (COCKPIT_DEBUG=1 does)."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args = build(words).parse_args(words)
        args.set = [*args.set, *getattr(args, "set_after", [])]
        if args.seed is not None:
            args.set.append(f"run.seed={args.seed}")
        command = import_module(module_of(args.command or "start"))
        code = int(command.run(args))
        sys.stdout.flush()
        return code
    except CockpitError as error:
        return _failed(error, words)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read us has had enough (``cockpit data info | head``); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as error:
        missing = lacking(error.name or "")
        return _failed(ConfigError(missing) if missing else _bug(error), words)
    except OSError as error:
        return _failed(_refused(error) if error.errno in REFUSED else _bug(error), words)
    except Exception as error:  # noqa: BLE001  the last fence: a bug is a sentence and exit 70, not a traceback
        return _failed(_bug(error), words)


def lacking(module: str) -> str:
    """The line that installs an optional module; empty for one that belongs to no extra."""
    top = module.partition(".")[0]
    extra = next((extra for extra, modules in EXTRAS.items() if top in modules), "")
    return f"this needs {top}: pip install 'cockpit[{extra}]'" if extra else ""


def _refused(error: OSError) -> StoreError:
    if error.filename is None:
        return StoreError(f"a file cannot be written or read: {error.strerror}")
    return StoreError(f"{os.fsdecode(error.filename)} cannot be written or read: {error.strerror}")


def _bug(error: Exception) -> InvariantError:
    bug = InvariantError(f"internal error: {type(error).__name__}: {error}")
    bug.__cause__ = error
    return bug


def _failed(error: CockpitError, words: Sequence[str]) -> int:
    if os.environ.get("COCKPIT_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    sentences = [str(error), *([OURS] if isinstance(error, InvariantError) else [])]
    lang = tongue(words, os.environ)
    for sentence in sentences:
        print(f"cockpit: {wrong(sentence, lang)}", file=sys.stderr)
    if "--json" in words:
        failure = {"kind": type(error).__name__, "message": str(error), "exit_code": error.exit_code}
        print(json.dumps({"error": failure}, ensure_ascii=False))
    return error.exit_code
