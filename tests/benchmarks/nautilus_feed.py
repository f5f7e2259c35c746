"""nautilus_trader's OKX client on the stub; run by a Python that has it. Prints one JSON line.

usage: nautilus_feed.py books PORT COUNT FILE
"""

import asyncio
import json
import mmap
import sys
import time
from typing import Any

T0 = 1_700_000_000_000


async def main(port: int, count: int, file: str) -> dict[str, Any]:
    from nautilus_trader.core import nautilus_pyo3 as p
    from nautilus_trader.model.book import OrderBook
    from nautilus_trader.model.data import capsule_to_data
    from nautilus_trader.model.enums import BookType
    from nautilus_trader.model.identifiers import InstrumentId

    okx = getattr(p, "okx", p)
    http = okx.OKXHttpClient(
        api_key="x", api_secret="x", api_passphrase="x", base_url=f"http://127.0.0.1:{port}"
    )
    found = await http.request_instruments(okx.OKXInstrumentType.SWAP)
    instruments = found[0] if isinstance(found, tuple) else found
    book = OrderBook(InstrumentId.from_str("BTC-USDT-SWAP.OKX"), BookType.L2_MBP)
    done = asyncio.get_running_loop().create_future()
    at = [0] * count
    spent = {"begin": 0.0, "cpu": 0.0, "wall": 0.0}

    def hear(message: Any) -> None:
        if not p.is_pycapsule(message):
            return
        deltas = capsule_to_data(message)
        book.apply_deltas(deltas)
        index = deltas.ts_event // 1_000_000 - T0
        if not spent["begin"]:
            spent["begin"], spent["wall"] = time.process_time(), time.perf_counter()
        at[index] = time.monotonic_ns()
        if index == count - 1 and not done.done():
            spent["cpu"] = time.process_time() - spent["begin"]
            spent["wall"] = time.perf_counter() - spent["wall"]
            done.set_result(None)

    client = okx.OKXWebSocketClient(url=f"ws://127.0.0.1:{port}/ws/v5/public", heartbeat=20)
    await client.connect(loop_=asyncio.get_running_loop(), instruments=instruments, callback=hear)
    await client.wait_until_active(timeout_secs=5.0)
    await client.subscribe_book_with_depth(p.InstrumentId.from_str("BTC-USDT-SWAP.OKX"), 400)
    await asyncio.wait_for(done, 60)
    with open(file, "rb") as opened:
        sent = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)).cast("q")
        late = sorted((when - sent[i]) / 1_000 for i, when in enumerate(at) if when and i)
    await client.close()
    return {
        "cpu_us": spent["cpu"] / count * 1e6,
        "rate": count / spent["wall"],
        "p50_us": late[len(late) // 2],
        "p99_us": late[int(len(late) * 0.99)],
        "seen": sum(1 for when in at if when),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))), flush=True)
