"""``cockpit serve``: the screen of the running cockpit in a browser page on this machine."""

from __future__ import annotations

import argparse
import json
import secrets
import shlex
import socket
import sys

from cockpit.app import console
from cockpit.core.errors import ConfigError, DoorError
from cockpit.text import tr


def add(parser: argparse.ArgumentParser) -> None:
    """What ``serve`` takes."""
    parser.add_argument("--port", type=int, default=8123, metavar="P", help="on 127.0.0.1 (default 8123)")
    parser.add_argument(
        "--drive", action="store_true", help="the page may also command; without it, it only watches"
    )


def run(args: argparse.Namespace) -> int:
    """Until interrupted. Raises NotRunning (exit 7), ConfigError (exit 2), DoorError (exit 8)."""
    from cockpit.app.whereabouts import here

    if not 1_024 <= args.port <= 65_535:
        raise ConfigError("--port: from 1024 to 65535")
    found = console.loaded(args)
    lang = console.language(args, found.config.screen.language)
    folder = here(found)
    try:
        from cockpit.api.browser import Browser
    except ImportError as error:
        raise ConfigError(f"{error.name} is missing: pip install 'cockpit[web]'") from error
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", args.port))
        except OSError as error:
            raise DoorError(f"port {args.port} cannot be had: {error.strerror}") from error
    token = secrets.token_urlsafe(32)
    words = [sys.executable, "-m", "cockpit", "attach", "--data-dir", str(folder), "--lang", lang]
    words.append("--drive" if args.drive else "--locked")
    address = f"http://127.0.0.1:{args.port}/"
    if args.json:
        print(json.dumps({"url": address, "token": token, "drive": args.drive}), flush=True)
    else:
        way = tr("serve.drive" if args.drive else "serve.view", lang)
        print(tr("serve.ready", lang, url=address, token=token, way=way), flush=True)
    texts = (tr("serve.title", lang), tr("serve.ask", lang), tr("serve.enter", lang))
    Browser(shlex.join(words), args.port, token, texts).serve()
    return 0
