"""The floor under E1: durable memory|disk PORT COUNT FILE. One row is made durable by a bare thread.

No cockpit in it: a queue, a thread, three statements, the loop told; as far apart as the stub's ticks are.
PORT and FILE are not used. Prints one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter

from cockpit.app import eventloop
from tests.benchmarks.disk import folder
from tests.benchmarks.okx_stub import pause
from tests.benchmarks.rows import percentile

SKIPPED = 20
ROW = bytes(300), bytes(32)
Wish = tuple[int, "asyncio.Future[None]"]


def opened(path: Path) -> sqlite3.Connection:
    """A journal's pragmas and a table like that of its outcomes."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE rows (seq INTEGER PRIMARY KEY, body BLOB, hash BLOB)")
    return connection


def write(connection: sqlite3.Connection, seq: int) -> None:
    """One transaction of one row."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO rows VALUES (?, ?, ?)", (seq, *ROW))
    connection.execute("COMMIT")


async def measured(where: str, count: int) -> dict[str, float]:
    """From handing a row over until the loop has heard that it is durable (us)."""
    loop, wishes = asyncio.get_running_loop(), SimpleQueue[Wish | None]()
    late = []
    with folder(in_memory=where == "memory") as place, closing(opened(place / "floor.db")) as connection:

        def work() -> None:
            while (wish := wishes.get()) is not None:
                write(connection, wish[0])
                loop.call_soon_threadsafe(wish[1].set_result, None)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        for number in range(count + SKIPPED):
            await asyncio.sleep(pause(number))
            told = loop.create_future()
            begin = perf_counter()
            wishes.put((number, told))
            await told
            late.append((perf_counter() - begin) * 1e6)
        wishes.put(None)
        thread.join()
    return {"p50_us": percentile(late[SKIPPED:], 0.5), "p99_us": percentile(late[SKIPPED:], 0.99)}


def main() -> None:
    where, _port, count, _file = sys.argv[1:5]
    print(json.dumps(eventloop.run(measured(where, int(count)))))


if __name__ == "__main__":
    main()
