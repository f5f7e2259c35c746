"""One run of one job: a cockpit command in a process of its own, slower than whatever trades."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO

import msgspec

from cockpit.app import priority
from cockpit.app.jobs.records import ERR, OUT, Record, Records
from cockpit.core.config import JobConfig

PATIENCE_S = 10.0
"""How long a process that was asked to end may take."""
UNHEARD = ("COCKPIT_CONFIRM", "COCKPIT_TOKEN")
"""What a job must not inherit: consent to real money is given to one process, a token to one person."""


def command(words: tuple[str, ...], data_dir: Path, config: Path | None) -> list[str]:
    """The whole command line."""
    where = ["--data-dir", str(data_dir)] + ([] if config is None else ["--config", str(config)])
    return [sys.executable, "-m", "cockpit", *words, *where]


async def perform(
    records: Records, job: JobConfig, cause: str, data_dir: Path, config: Path | None = None
) -> Record:
    """Run it to its end; whatever happens to it is in the record. Raises StoreError."""
    record, place = records.open(job.name, job.run, cause)
    with private_file(place / OUT) as out, private_file(place / ERR) as err:
        try:
            record = await _run(record, command(job.run, data_dir, config), job.limit_min * 60, out, err)
        except asyncio.CancelledError:
            records.keep(_over(record, None, "interrupted"))
            raise
        except OSError as error:
            err.write(f"{error}\n".encode())
            record = _over(record, None, "failed")
    records.keep(record)
    records.prune(job.name, job.keep)
    return record


async def _run(record: Record, words: list[str], limit_s: float, out: IO[bytes], err: IO[bytes]) -> Record:
    env = {name: value for name, value in os.environ.items() if not name.startswith(UNHEARD)}
    process = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=err, env=env, start_new_session=True
    )
    yielding = asyncio.ensure_future(_yielding(process.pid))
    try:
        code = await asyncio.wait_for(process.wait(), limit_s)
    except TimeoutError:
        await _end(process)
        return _over(record, process.returncode, "too_long")
    except asyncio.CancelledError:
        await _end(process)
        raise
    finally:
        yielding.cancel()
    return _over(record, code, "done" if code == 0 else "failed")


async def _yielding(pid: int) -> None:
    """Trading comes first on a machine that has too little of everything."""
    for _ in range(priority.TRIES):
        if priority.give_way(pid):
            return
        await asyncio.sleep(priority.AGAIN_S)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the whole group to end; then end it."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), PATIENCE_S)
            return


def _over(record: Record, code: int | None, outcome: str) -> Record:
    return msgspec.structs.replace(record, ended=time.time_ns() // 1_000_000, code=code, outcome=outcome)


def private_file(path: Path) -> IO[bytes]:
    """A file that only its owner may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
