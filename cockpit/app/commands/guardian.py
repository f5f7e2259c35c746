"""``cockpit guardian``: watches a running cockpit, and takes its entries away when it is frozen or wedged.

Started by the daemon itself where ``run.guardian`` is true; by hand it watches the cockpit that runs here.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from cockpit.app import console
from cockpit.core.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    """What ``guardian`` takes."""
    parser.add_argument(
        "--folder", metavar="DIR", help="of the run to watch (default: the one that runs here)"
    )


def run(args: argparse.Namespace) -> int:
    """Until the cockpit ends. Raises NotRunning (exit 7), ConfigError (exit 2), DoorError (exit 8)."""
    from cockpit.adapters import keys
    from cockpit.app.commands.keys import typed
    from cockpit.app.guardian import guard
    from cockpit.app.okx_keys import find_keys
    from cockpit.app.whereabouts import here

    found = console.loaded(args)
    config = found.config
    if config.run.feed != "okx" or config.run.execution not in {"demo", "live"}:
        raise ConfigError('a guardian is for run.feed = "okx" with run.execution = "demo" or "live"')
    folder = Path(args.folder) if args.folder else here(found)
    key = find_keys(keys.open_store(found.data_dir, typed), config.run.execution)

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await guard(config, key, folder, lambda text: console.talk(f"guardian: {text}"))

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(main())
    return 0
