"""The socket over real connections: whatever the other end does, it notices, says so and repairs itself."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from random import Random
from typing import Any

import pytest

from cockpit.adapters.okx import socket as socket_module
from cockpit.adapters.okx import topics as topics_module
from cockpit.adapters.okx.endpoints import endpoints
from cockpit.adapters.okx.socket import Socket
from cockpit.adapters.okx.topics import Phase, Topic
from cockpit.adapters.secret import Credentials, Secret
from cockpit.app import health_okx
from cockpit.core.errors import Ambiguous, Transient
from tests.okx.scripted import Listener, Peer, Scripted, alive, until

KEYS = Credentials("okx", "demo", "trade", Secret("k-1"), Secret("s-1"), Secret("p-1"))
BOOK = Topic("books", "BTC-USDT-SWAP", within=0.6)
ROW = {"asks": [["2", "1", "0", "1"]], "bids": [["1", "1", "0", "1"]], "seqId": 10, "prevSeqId": -1}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same machine with shorter waits."""
    monkeypatch.setattr(socket_module, "BEAT_S", 0.05)
    monkeypatch.setattr(socket_module, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(socket_module, "PONG_S", 0.3)
    monkeypatch.setattr(topics_module, "ACK_S", 0.4)
    monkeypatch.setattr(topics_module, "DATA_S", 0.4)


def row(stamp: int) -> dict[str, Any]:
    return {**ROW, "ts": str(stamp)}


def make(server: Scripted, owner: Listener, *topics: Topic, **options: Any) -> Socket:
    return Socket(
        f"ws://{server.url}/ws/v5/public",
        owner,
        lambda: time.time_ns() // 1_000_000,
        topics=topics,
        rng=Random(1),
        **options,
    )


async def _obedient(peer: Peer, frame: dict[str, Any]) -> None:
    """Acknowledges, and shows a book that is newer each time."""
    if frame["op"] == "subscribe":
        await peer.ack(frame)
        if frame["args"][0]["channel"] == "books":
            await peer.push(
                "books", [row(len(peer.server.peers) * 1_000 + len(peer.heard))], action="snapshot"
            )


def test_up_means_subscribed_and_hearing() -> None:
    async def story() -> None:
        acknowledged = asyncio.Event()

        async def answer(peer: Peer, frame: dict[str, Any]) -> None:
            await peer.ack(frame)
            acknowledged.set()

        owner = Listener()
        async with Scripted(answer).running() as server, alive(make(server, owner, BOOK).run()):
            await acknowledged.wait()
            assert not owner.links  # acknowledged is not heard
            await server.peers[0].push("books", [row(5)], action="snapshot")
            await until(lambda: owner.links)
            assert owner.links[0][0]
            assert owner.frames[0].arg.channel == "books"

    asyncio.run(story())


def test_a_closed_socket_comes_back_and_subscribes_again() -> None:
    async def story() -> None:
        owner = Listener()
        async with Scripted(_obedient).running() as server:
            client = make(server, owner, BOOK, Topic("trades", "BTC-USDT-SWAP"))
            async with alive(client.run()):
                for life in range(1, 4):
                    await until(lambda life=life: [up for up, _ in owner.links].count(True) == life)
                    await server.peers[-1].socket.close(code=4004, message=b"No data received in 30s")
                await until(lambda: len(server.peers) == 4)
            reasons = [reason for up, reason in owner.links if not up]
            assert "4004 No data received" in reasons[0]
            assert all(len(peer.heard) == 2 for peer in server.peers[:3])
            assert client.connects == 4

    asyncio.run(story())


def test_refused_connects_are_retried_ever_slower() -> None:
    async def story() -> None:
        owner = Listener()
        server = Scripted(_obedient)
        server.refuse = 3
        async with server.running(), alive(make(server, owner, BOOK).run()):
            await until(lambda: owner.links and owner.links[-1][0])

    asyncio.run(story())


def test_a_half_open_connection_is_found_by_its_ping() -> None:
    async def story() -> None:
        owner = Listener()
        server = Scripted(_obedient)
        quiet = Topic("trades", "BTC-USDT-SWAP")
        async with server.running(), alive(make(server, owner, quiet, ping_s=0.2).run()):
            await until(lambda: server.peers and server.peers[0].pings > 1)
            server.deaf = True
            await until(lambda: len(server.peers) > 1)
            assert any("no answer to a ping" in reason for up, reason in owner.links if not up)
            server.deaf = False

    asyncio.run(story())


def test_a_silent_stall_is_found_said_and_repaired() -> None:
    async def story() -> None:
        owner = Listener()
        async with Scripted(_obedient).running() as server:
            client = make(server, owner, BOOK, ping_s=0.1)
            async with alive(client.run()):
                await until(lambda: "stalled" in owner.whats())
                await until(lambda: [f["op"] for f in server.peers[0].heard].count("subscribe") >= 2)
                await until(lambda: len(owner.frames) >= 2)
                assert len(server.peers) == 1  # the line was good: only the subscription was renewed
                stalled = next(t for what, _, t in owner.faults if what == "stalled")
                assert stalled == BOOK

    asyncio.run(story())


def test_repeated_old_data_is_a_stall() -> None:
    """The socket talks, and says nothing new (F13): health is data that advances."""

    async def story() -> None:
        owner = Listener()
        async with Scripted(_obedient).running() as server, alive(make(server, owner, BOOK).run()):
            await until(lambda: owner.links)
            async with asyncio.timeout(5):
                while "stalled" not in owner.whats():
                    await server.peers[0].push("books", [row(1)], action="snapshot")
                    await asyncio.sleep(0.02)

    asyncio.run(story())


def test_an_honest_silence_is_left_in_peace() -> None:
    """A fresh subscription that shows what we know already proves that nothing happened: wait longer."""

    async def answer(peer: Peer, frame: dict[str, Any]) -> None:
        await peer.ack(frame)
        if frame["op"] == "subscribe":
            await peer.push("books", [row(77)], action="snapshot")

    async def story() -> None:
        owner = Listener()
        async with Scripted(answer).running() as server:
            client = make(server, owner, BOOK)
            async with alive(client.run()):
                watch = next(iter(client.watches.values()))
                await until(lambda: watch.within >= 1.2)
                assert watch.phase is Phase.HEARD

    asyncio.run(story())


def test_a_forgotten_subscription_is_asked_for_again_and_then_the_socket_goes() -> None:
    async def answer(peer: Peer, frame: dict[str, Any]) -> None:
        if len(peer.server.peers) > 1:
            await _obedient(peer, frame)

    async def story() -> None:
        owner = Listener()
        async with Scripted(answer).running() as server, alive(make(server, owner, BOOK).run()):
            await until(lambda: owner.links and owner.links[-1][0])
            assert owner.whats().count("forgotten") == 2
            assert len(server.peers) == 2

    asyncio.run(story())


def test_a_refused_subscription_is_named_and_spares_the_others() -> None:
    async def answer(peer: Peer, frame: dict[str, Any]) -> None:
        if frame["args"][0]["instId"] == "NO-SUCH":
            await peer.send({"id": frame["id"], "event": "error", "code": "60018", "msg": "doesn't exist"})
        else:
            await _obedient(peer, frame)

    async def story() -> None:
        owner = Listener()
        bad = Topic("books", "NO-SUCH", within=0.6)
        async with Scripted(answer).running() as server, alive(make(server, owner, bad, BOOK).run()):
            await until(lambda: owner.links)
            ((_, detail, topic),) = [f for f in owner.faults if f[0] == "refused"]
            assert topic == bad
            assert "60018" in detail
            assert owner.links[0][0]

    asyncio.run(story())


GARBAGE = ["{", "null", "[]", '{"arg":7}', '{"arg":{"channel":"books"},"data":', "\x00", '{"event":"error"}']


def test_garbage_costs_its_message_and_nothing_else() -> None:
    async def story() -> None:
        owner = Listener()
        async with Scripted(_obedient).running() as server, alive(make(server, owner, BOOK).run()):
            await until(lambda: owner.links)
            for text in GARBAGE:
                await server.peers[0].send(text)
            await server.peers[0].push("books", [row(9_999)], action="snapshot")
            await until(lambda: len(owner.frames) >= 2)
            assert owner.whats().count("garbage") >= 5
            assert len(server.peers) == 1

    asyncio.run(story())


def test_a_bug_in_a_reader_costs_its_message_only() -> None:
    class Clumsy(Listener):
        def hear(self, frame: Any) -> None:
            super().hear(frame)
            if len(self.frames) == 1:
                raise KeyError("reader")

    async def story() -> None:
        owner = Clumsy()
        async with Scripted(_obedient).running() as server, alive(make(server, owner, BOOK).run()):
            await until(lambda: owner.frames)
            await server.peers[0].push("books", [row(9_999)], action="snapshot")
            await until(lambda: len(owner.frames) >= 2)
            assert any("KeyError" in detail for _, detail, _ in owner.faults)
            assert len(server.peers) == 1

    asyncio.run(story())


def test_a_message_in_pieces_is_put_together() -> None:
    async def story() -> None:
        owner = Listener()
        async with Scripted(_obedient).running() as server, alive(make(server, owner, BOOK).run()):
            await until(lambda: owner.links)
            text = json.dumps({"arg": {"channel": "books", "instId": "BTC-USDT-SWAP"}, "data": [row(8_888)]})
            raw = text.encode()
            writer = server.peers[0].socket._writer
            assert writer is not None
            transport = writer.transport
            transport.write(bytes([0x01, 20]) + raw[:20])
            rest = raw[20:]
            assert len(rest) > 125
            transport.write(bytes([0x80, 126]) + len(rest).to_bytes(2, "big") + rest)
            await until(lambda: len(owner.frames) >= 2)

    asyncio.run(story())


def test_maintenance_is_announced_and_left_before_it_begins() -> None:
    async def story() -> None:
        owner = Listener()
        async with Scripted(_obedient).running() as server:
            client = make(server, owner, BOOK)
            client._rng = Random(3)
            async with alive(client.run()):
                await until(lambda: owner.links)
                await server.peers[0].send(
                    {"event": "notice", "code": "64008", "msg": "upgrade", "connId": "c"}
                )
                await until(lambda: len(server.peers) == 2)
                assert "notice" in owner.whats()

    asyncio.run(story())


async def _private(peer: Peer, frame: dict[str, Any]) -> None:
    if frame["op"] == "login":
        await peer.send({"event": "login", "code": "0", "msg": "", "connId": "c"})
    elif frame["op"] == "subscribe":
        await peer.ack(frame)


ORDERS = Topic("orders", inst_type="ANY", vital=True)


def test_login_comes_first_and_is_signed() -> None:
    async def story() -> None:
        owner = Listener()
        async with Scripted(_private).running() as server:
            async with alive(make(server, owner, ORDERS, keys=KEYS).run()):
                await until(lambda: owner.links)
            login, subscribe = server.peers[0].heard
            (arg,) = login["args"]
            assert (arg["apiKey"], arg["passphrase"]) == ("k-1", "p-1")
            assert abs(int(arg["timestamp"]) - time.time()) < 5
            assert subscribe["args"] == [{"channel": "orders", "instType": "ANY"}]

    asyncio.run(story())


def test_a_refused_login_is_said_and_tried_again() -> None:
    """ccxt.pro never logs in again after one failure; nautilus lost its private stream so (F17)."""

    async def answer(peer: Peer, frame: dict[str, Any]) -> None:
        if frame["op"] == "login" and len(peer.server.peers) == 1:
            await peer.send({"event": "error", "code": "60009", "msg": "Login failed", "connId": "c"})
        else:
            await _private(peer, frame)

    async def story() -> None:
        owner = Listener()
        async with Scripted(answer).running() as server:
            client = make(server, owner, ORDERS, keys=KEYS)
            with pytest.raises(Transient):
                await client.ask("order", [])
            async with alive(client.run()):
                await until(lambda: owner.links and owner.links[-1][0])
            assert len(server.peers) == 2

    asyncio.run(story())


def test_too_many_connections_of_a_private_channel_is_a_dead_link() -> None:
    async def story() -> None:
        owner = Listener()
        async with Scripted(_private).running() as server:
            async with alive(make(server, owner, ORDERS, keys=KEYS).run()):
                await until(lambda: owner.links)
                await server.peers[0].send(
                    {
                        "event": "channel-conn-count-error",
                        "channel": "orders",
                        "connCount": "30",
                        "connId": "c",
                    }
                )
                await until(lambda: not owner.links[-1][0])
            assert "refused" in owner.whats()

    asyncio.run(story())


def test_requests_are_answered_by_id_refused_by_id_or_ambiguous() -> None:
    async def answer(peer: Peer, frame: dict[str, Any]) -> None:
        what = frame.get("op")
        if what == "order":
            await peer.send(
                {"id": frame["id"], "op": "order", "code": "0", "msg": "", "data": [{"sCode": "0"}]}
            )
        elif what == "amend-order":
            await peer.send({"id": frame["id"], "event": "error", "code": "60013", "msg": "Invalid args"})
        elif what == "batch-orders":
            await peer.socket.close()
        elif what != "cancel-order":
            await _private(peer, frame)

    async def story() -> None:
        owner = Listener()
        async with Scripted(answer).running() as server:
            client = make(server, owner, ORDERS, keys=KEYS)
            async with alive(client.run()):
                await until(lambda: owner.links)
                assert (await client.ask("order", [{}], expires=5)).code == "0"
                assert server.peers[0].heard[-1]["expTime"] == "5"
                assert (await client.ask("amend-order", [{}])).code == "60013"
                with pytest.raises(Ambiguous, match="within"):
                    await client.ask("cancel-order", [{}], timeout_s=0.1)
                with pytest.raises(Ambiguous, match="went down"):
                    await client.ask("batch-orders", [{}])
                with pytest.raises(Transient):
                    await client.ask("order", [{}])

    asyncio.run(story())


class Deaf:
    """A transport that was cut while it was being made: sends nothing, never says that it has ended."""

    def send(self, *_: object) -> None: ...

    def disconnect(self, graceful: bool = True) -> None: ...


@pytest.mark.parametrize("met", [True, False])
def test_a_transport_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch, met: bool) -> None:
    tried: list[bool] = []

    async def connect(make_line: Any, *_: Any, **__: Any) -> None:
        tried.append(met)
        if met:
            make_line().on_ws_connected(Deaf())

    async def story() -> None:
        owner = Listener()
        one = Socket("ws://nowhere", owner, lambda: 0, topics=[BOOK], rng=Random(1))
        async with alive(one.run()):
            await until(lambda: len(tried) >= 3)
        assert met or not one.connects
        assert met or owner.whats() == [], "a connection that never was has forgotten nothing"

    monkeypatch.setattr(socket_module, "ws_connect", connect)
    asyncio.run(story())


async def _reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the connection, and cuts it before the handshake is answered."""
    found = writer.get_extra_info("socket")
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def test_a_line_that_is_reset_while_it_shakes_hands_is_no_connection() -> None:
    """The client library returns from it as from a good one; its subscriptions would wait for an answer."""
    tried: list[int] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tried.append(1)
        await _reset(reader, writer)

    async def story() -> None:
        owner = Listener()
        server = await asyncio.start_server(count, "127.0.0.1", 0)
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        one = Socket(url, owner, lambda: 0, topics=[BOOK], rng=Random(1))
        async with server, alive(one.run()):
            await until(lambda: len(tried) >= 4)
        assert (one.connects, owner.faults) == (0, [])

    asyncio.run(story())


def test_the_doctor_does_not_take_it_for_one_either() -> None:
    async def story() -> None:
        server = await asyncio.start_server(_reset, "127.0.0.1", 0)
        url = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server:
            where = endpoints("global", demo=True, rest=f"http://{url}", socket=f"ws://{url}", ca_file="")
            with pytest.raises(Transient, match="handshake"):
                await health_okx._socket(where)

    asyncio.run(story())


def test_what_befalls_many_subscriptions_at_once_is_told_once() -> None:
    async def mute(peer: Peer, frame: dict[str, Any]) -> None:
        """Answers nothing."""

    async def story() -> None:
        owner = Listener()
        many = [Topic(name, "BTC-USDT-SWAP") for name in ("trades", "funding-rate", "open-interest")]
        async with Scripted(mute).running() as server, alive(make(server, owner, BOOK, *many).run()):
            await until(lambda: len(server.peers) >= 2)
        told = [(what, detail, topic) for what, detail, topic in owner.faults if what == "forgotten"]
        assert len(told) == 2, "asked for again once, then the line was given up: two faults, not eight"
        assert told[0][1].startswith("books, trades, funding-rate, open-interest (4 subscriptions): ")
        assert told[0][2] is None

    asyncio.run(story())
