"""A stub that speaks just enough OKX v5, from frames made before the clock starts.

    python -m tests.benchmarks.okx_stub CHANNEL RATE COUNT BURST FILE      prints its port

Only CHANNEL flows; of the others the first message is sent. RATE 0 = as fast as it is read. Message i bears
the time T0 + i: a client can say which one it holds; when it was sent (CLOCK_MONOTONIC, ns) is in FILE.
CHANNEL ``orders``: each trade is a tick that waits for the order before it; FILE holds COUNT times of ticks,
then COUNT times at which the bytes of an order arrived, then COUNT times at which a tick's bytes had been
taken by the kernel, and so were there for its reader.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import mmap
import random
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

T0 = 1_700_000_000_000
INST = "BTC-USDT-SWAP"
LEVELS_CHANGED = 17
ID_CODE = 10459
FILL_S = 0.001
UNHEARD_S = 0.1
"""A tick without an order for so long has led to none."""


def frame(body: bytes) -> bytes:
    """A server's text frame."""
    size = len(body)
    if size < 126:
        return bytes([0x81, size]) + body
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + body
    return b"\x81\x7f" + size.to_bytes(8, "big") + body


def packed(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


class Ladder:
    """A seeded book: 400 levels a side around 60,000, changed near the touch as real ones are."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.mid = 600_000
        self.sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for step in range(1, 401):
            self.sides[0][self.mid - step] = self.draw.randint(1, 90_000)
            self.sides[1][self.mid + step] = self.draw.randint(1, 90_000)

    def move(self) -> tuple[dict[int, int], dict[int, int]]:
        """One update: new sizes by price (ticks); 0 removes. Never crosses."""
        changed: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for _ in range(LEVELS_CHANGED):
            side = self.draw.randrange(2)
            away = min(1 + int(self.draw.expovariate(0.08)), 400)
            price = self.mid - away if side == 0 else self.mid + away
            changed[side][price] = 0 if self.draw.random() < 0.3 else self.draw.randint(1, 90_000)
        for side, levels in enumerate(changed):
            for price, size in levels.items():
                if size:
                    self.sides[side][price] = size
                else:
                    self.sides[side].pop(price, None)
        return changed

    def top(self, side: int, count: int) -> list[list[str]]:
        prices = sorted(self.sides[side], reverse=side == 0)[:count]
        return [level(price, self.sides[side][price]) for price in prices]


def level(price: int, size: int) -> list[str]:
    return [f"{price / 10:.1f}", f"{size / 1_000:g}", "0", "1" if size else "0"]


def books(count: int) -> Iterator[dict[str, Any]]:
    ladder = Ladder(7)
    for i in range(count):
        moved = ladder.move() if i else ({}, {})
        sides = (
            [[level(*row) for row in side.items()] for side in moved]
            if i
            else [ladder.top(0, 400), ladder.top(1, 400)]
        )
        row = {"asks": sides[1], "bids": sides[0], "ts": str(T0 + i), "checksum": 0}
        row |= {"prevSeqId": i or -1, "seqId": i + 1}
        yield {"arg": arg("books"), "action": "update" if i else "snapshot", "data": [row]}


def books5(count: int) -> Iterator[dict[str, Any]]:
    ladder = Ladder(7)
    for i in range(count):
        ladder.move()
        row = {"asks": ladder.top(1, 5), "bids": ladder.top(0, 5), "instId": INST, "ts": str(T0 + i)}
        yield {"arg": arg("books5"), "data": [row | {"seqId": i + 1}]}


def trades(count: int) -> Iterator[dict[str, Any]]:
    draw = random.Random(8)
    for i in range(count):
        row = {"instId": INST, "tradeId": str(i + 1), "px": f"{60_000 + draw.randint(-50, 50) / 10:.1f}"}
        row |= {"sz": f"{draw.randint(1, 9_000) / 1_000:g}", "side": draw.choice(("buy", "sell"))}
        row |= {"ts": str(T0 + i), "count": "1", "source": "0", "seqId": i + 1}
        yield {"arg": arg("trades"), "data": [row]}


def tickers(count: int) -> Iterator[dict[str, Any]]:
    for i in range(count):
        row = {"instType": "SWAP", "instId": INST, "last": "60000.1", "lastSz": "1", "askPx": "60000.1"}
        row |= {"askSz": f"{1 + i % 50}", "bidPx": "60000", "bidSz": "12.5", "open24h": "60100"}
        row |= {"high24h": "61000.5", "low24h": "59000.1", "sodUtc0": "60050", "sodUtc8": "60060"}
        yield {
            "arg": arg("tickers"),
            "data": [row | {"volCcy24h": "1234.5", "vol24h": "123456", "ts": str(T0 + i)}],
        }


def arg(channel: str) -> dict[str, str]:
    return {"channel": channel, "instId": INST}


MADE: dict[str, Callable[[int], Iterator[dict[str, Any]]]] = {
    "books": books,
    "books5": books5,
    "trades": trades,
    "tickers": tickers,
}

INSTRUMENT = {
    "alias": "", "baseCcy": "", "expTime": "", "maxMktAmt": "", "optType": "", "quoteCcy": "", "stk": "",
    "auctionEndTime": "", "contTdSwTime": "", "category": "1", "ctMult": "1", "ctType": "linear",
    "ctVal": "0.01", "ctValCcy": "BTC", "instFamily": "BTC-USDT", "instId": INST, "instIdCode": ID_CODE,
    "instType": "SWAP", "lever": "100", "listTime": "1573557408000", "lotSz": "0.001",
    "maxIcebergSz": "100000000", "maxLmtAmt": "20000000", "maxLmtSz": "100000000", "maxMktSz": "30000",
    "maxStopSz": "30000", "maxTriggerSz": "100000000", "maxTwapSz": "100000000", "minSz": "0.001",
    "settleCcy": "USDT", "state": "live", "ruleType": "normal", "tickSz": "0.1", "uly": "BTC-USDT",
    "openType": "", "groupId": "1", "futureSettlement": False, "tradeQuoteCcyList": [],
}  # fmt: skip
ORDER = {"ordId": "3122698653", "clOrdId": "x", "tag": "", "ts": "1695190491421", "sCode": "0", "sMsg": ""}
FEES = {"maker": "-0.0002", "taker": "-0.0005", "makerU": "-0.0002", "takerU": "-0.0005"}
FUNDING = {"instId": INST, "fundingTime": str(T0), "nextFundingTime": str(T0 + 28_800_000)}
ACCOUNT = {"uid": "1", "acctLv": "2", "posMode": "net_mode", "perm": "read_only,trade", "ip": "127.0.0.1"}
RECORDS: dict[str, list[Any]] = {
    "public/instruments": [INSTRUMENT],
    "account/instruments": [INSTRUMENT],
    "account/config": [ACCOUNT],
    "account/leverage-info": [{"lever": "3", "instId": INST, "mgnMode": "cross", "posSide": "net"}],
    "account/trade-fee": [FEES],
    "account/balance": [{"details": [{"ccy": "USDT", "cashBal": "100000"}]}],
    "public/position-tiers": [{"maxSz": "1000000", "mmr": "0.004", "maxLever": "100"}],
    "public/funding-rate": [FUNDING],
    "trade/order": [ORDER],
    "trade/batch-orders": [ORDER],
}


class Line(asyncio.Protocol):
    """A WebSocket after its handshake. Bytes are stamped when they are read, before anything else is done."""

    def __init__(self, stub: Stub, transport: asyncio.WriteTransport) -> None:
        self.stub = stub
        self.transport = transport
        self.tasks: list[asyncio.Task[None]] = []
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.kept = b""
        self.free = asyncio.Event()
        self.free.set()

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def data_received(self, data: bytes) -> None:
        at = time.monotonic_ns()
        self.kept = data = self.kept + data
        while (found := unmasked(data)) is not None:
            kind, text, size = found
            self.kept = data = data[size:]
            if kind == 8:
                self.transport.close()
            elif kind == 9:
                self.write(bytes([0x8A, len(text)]) + text)
            elif text == b"ping":
                self.write(frame(b"pong"))
            else:
                self.stub.obey(json.loads(text), at, self)

    def connection_lost(self, _error: Exception | None) -> None:
        for task in self.tasks:
            task.cancel()
        if not self.over.done():
            self.over.set_result(None)

    def pause_writing(self) -> None:
        self.free.clear()

    def resume_writing(self) -> None:
        self.free.set()


def unmasked(data: bytes) -> tuple[int, bytes, int] | None:
    """(kind, payload, length of it all) of a client's first frame; None = not all of it is there."""
    if len(data) < 2:
        return None
    kind, size, at = data[0] & 15, data[1] & 127, 2
    if size == 126:
        size, at = int.from_bytes(data[2:4], "big"), 4
    mask, at = data[at : at + 4], at + 4
    if len(data) < at + size:
        return None
    whole = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    text = int.from_bytes(data[at : at + size], "big") ^ whole
    return kind, text.to_bytes(size, "big"), at + size


class Stub:
    """Sockets and REST on one port."""

    def __init__(self, channel: str, rate: float, count: int, burst: int, file: Path) -> None:
        self.rate, self.count, self.burst = rate, count, burst
        self.paced_by_orders = channel == "orders"
        self.channel = "trades" if self.paced_by_orders else channel
        size = 8 * count * 3
        file.write_bytes(bytes(size))
        with file.open("r+b") as opened:
            self.sent = memoryview(mmap.mmap(opened.fileno(), size)).cast("q")
        made = 2 * count if self.paced_by_orders else count
        self.frames = {
            name: [frame(packed(row)) for row in make(made if name == self.channel else 1)]
            for name, make in MADE.items()
        }
        self.orders = self.turn = 0
        self.ticks = asyncio.Event()

    async def serve(self) -> None:
        server = await asyncio.start_server(self.client, "127.0.0.1", 0)
        gc.collect()
        gc.freeze()
        gc.disable()
        print(server.sockets[0].getsockname()[1], flush=True)
        async with server:
            await asyncio.wait_for(server.serve_forever(), 170)

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"upgrade: websocket" in head.lower():
                    writer.write(upgraded(head))
                    line = Line(self, writer.transport)
                    writer.transport.set_protocol(line)
                    await line.over
                    return
                await self.answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def answer(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:") and int(line.split(b":")[1]):
                await reader.readexactly(int(line.split(b":")[1]))
        path = head.split(b" ", 2)[1].split(b"?")[0].decode().removeprefix("/api/v5/")
        records = RECORDS.get(path, [])
        if path == "public/time":
            records = [{"ts": str(time.time_ns() // 1_000_000)}]
        body = packed({"code": "0", "msg": "", "data": records})
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        writer.write(head + body)

    def obey(self, said: dict[str, Any], at: int, writer: Line) -> None:
        op = said.get("op")
        if op == "login":
            writer.write(frame(b'{"event":"login","msg":"","code":"0","connId":"a4d3ae55"}'))
        elif op in ("order", "batch-orders"):
            self.order(said, at, writer)
        elif op in ("subscribe", "unsubscribe"):
            for topic in said["args"]:
                told = {"id": said.get("id", ""), "event": op, "arg": topic, "connId": "a4d3ae55"}
                writer.write(frame(packed(told)))
                if op == "subscribe" and topic.get("instId") == INST:
                    if topic["channel"] in self.frames:
                        writer.tasks.append(asyncio.ensure_future(self.push(writer, topic["channel"])))
                    elif topic["channel"] == "mark-price":
                        writer.tasks.append(asyncio.ensure_future(self.marks(writer)))

    def order(self, said: dict[str, Any], at: int, writer: Line) -> None:
        """Taken at once; with ticks on, filled a moment later, and the next tick may come."""
        wish = said["args"][0]
        if self.turn < self.count:
            self.sent[self.count + self.turn] = at
            self.turn += 1
        self.orders += 1
        cid, ident = wish.get("clOrdId", ""), str(1_000_000 + self.orders)
        row = {"tag": "", "ordId": ident, "clOrdId": cid, "ts": str(T0), "sCode": "0", "sMsg": ""}
        reply = {
            "id": said["id"],
            "op": "order",
            "code": "0",
            "msg": "",
            "data": [row],
            "inTime": "1",
            "outTime": "2",
        }
        writer.write(frame(packed(reply)))
        if self.paced_by_orders:
            push = {
                "instType": "SWAP", "instId": INST, "ordId": ident, "clOrdId": cid, "px": "",
                "sz": wish["sz"],
                "ordType": wish["ordType"], "side": wish["side"], "posSide": "net", "tdMode": "cross",
                "state": "filled", "accFillSz": wish["sz"], "fillSz": wish["sz"], "fillPx": "60000",
                "tradeId": ident, "fillFee": "0", "fillFeeCcy": "USDT", "fee": "0", "feeCcy": "USDT",
                "execType": "T", "avgPx": "60000", "cTime": str(T0), "uTime": str(T0),
            }  # fmt: skip
            told = {"arg": {"channel": "orders", "instType": "ANY", "uid": "1"}, "data": [push]}
            # As at a venue the fill comes by itself, not in the same breath as the answer.
            asyncio.get_running_loop().call_later(FILL_S, writer.write, frame(packed(told)))
        self.ticks.set()

    async def push(self, writer: Line, channel: str) -> None:
        now, write, sent = time.monotonic_ns, writer.write, self.sent
        if channel != self.channel:
            write(self.frames[channel][0])
            return
        if self.paced_by_orders:
            await self.tick(write)
            return
        begin = time.perf_counter()
        for i, data in enumerate(self.frames[channel]):
            if self.rate and i % self.burst == 0:
                while (wait := begin + i / self.rate - time.perf_counter()) > 0:
                    await asyncio.sleep(wait if wait > 2e-4 else 0)
            sent[i] = now()
            write(data)
            if not self.rate and i % 16 == 0:
                await writer.free.wait()
                await asyncio.sleep(0)

    async def marks(self, writer: Line) -> None:
        """A mark price every two seconds: some clients are worried without one."""
        while True:
            stamp = str(time.time_ns() // 1_000_000)
            row = {"instType": "SWAP", "instId": INST, "markPx": "60000", "ts": stamp}
            writer.write(frame(packed({"arg": arg("mark-price"), "data": [row]})))
            await asyncio.sleep(2.0)

    async def tick(self, write: Callable[[bytes], None]) -> None:
        """Each after the order that the one before it led to, and a pause of its own length.

        One that came before the fill was heard leads to nothing: another takes its place.
        """
        await asyncio.sleep(1.5)
        for data in self.frames[self.channel]:
            self.ticks.clear()
            at, self.sent[self.turn] = self.turn, time.monotonic_ns()
            write(data)
            self.sent[2 * self.count + at] = time.monotonic_ns()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.ticks.wait(), UNHEARD_S)
            if self.turn != at and self.turn == self.count:
                return
            await asyncio.sleep(pause(self.turn))


def pause(number: int) -> float:
    """Seconds of quiet before a tick, or before a peer's order: a market does not come back to back."""
    return random.Random(number).uniform(0.004, 0.012)


def upgraded(head: bytes) -> bytes:
    key = next(
        line.split(b":", 1)[1].strip()
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key")
    )
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


async def begun(channel: str, rate: float, count: int, burst: int, file: Path) -> None:
    """Made on the loop that it serves on."""
    await Stub(channel, rate, count, burst, file).serve()


def main() -> None:
    channel, rate, count, burst, file = sys.argv[1:6]
    try:
        asyncio.run(begun(channel, float(rate), int(count), int(burst), Path(file)))
    except (KeyboardInterrupt, TimeoutError):
        return


if __name__ == "__main__":
    main()
