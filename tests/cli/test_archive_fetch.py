"""``cockpit data ingest`` and ``backfill`` as a user types them, against the exchange on this machine."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from cockpit.adapters.okx_exchange import Options, Running, serve
from tests.cli.conftest import Shell

SWAP = "okx:BTC-USDT-SWAP"


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[str, ...]]:
    """An exchange with a day of candles, in a thread; the words that point the cockpit at it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def there(work: object) -> object:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)  # type: ignore[arg-type]

    running = there(serve(Options(symbols=("BTC-USDT-SWAP",), history=1_441, limits=False)))
    assert isinstance(running, Running)
    yield ("--set", f"okx.rest={running.rest}", "--set", f"okx.socket={running.ws}")
    there(running.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_backfill_says_what_it_does_and_an_ingest_goes_on(cockpit: Shell, place: tuple[str, ...]) -> None:
    words = ("--symbols", SWAP, "--timeframes", "15m,1h", "--since-days", "2", *place)
    first = cockpit("data", "backfill", *words, "--kinds", "bars,marks,oi", "--json")
    assert first.code == 0, first.err
    rows = {row["label"]: row for row in first.json["series"]}
    assert rows[f"{SWAP} bars 15m"]["new"] >= 94
    assert rows[f"{SWAP} marks"]["pages"] >= 1
    assert first.json["not_offered"] == [f"{SWAP} oi"]
    assert f"100% {SWAP} bars 1h" in first.err
    again = cockpit("data", "ingest", *words, "--kinds", "bars,oi", "--json")
    assert again.code == 0
    news = {row["label"]: row["new"] for row in again.json["series"]}
    assert news.pop(f"{SWAP} oi") == 1
    assert max(news.values()) <= 1
    (row,) = cockpit("data", "status", "--timeframes", "1h", "--kinds", "bars", "--json").json["series"]
    assert row["rows"] >= 22
    assert row["coverage"] == 1.0
    assert cockpit("data", "check", "--kinds", "bars").code == 0
    assert cockpit("data", "export", "day.tape", "--kinds", "bars", "--timeframes", "15m").code == 0
    assert cockpit("data", "verify", "day.tape").code == 0


def test_what_cannot_be_asked_for_is_said(cockpit: Shell, place: tuple[str, ...]) -> None:
    assert cockpit("data", "ingest", *place).code == 2
    assert cockpit("data", "ingest", "--symbols", "kraken:X", *place).code == 2
    unlisted = cockpit("data", "ingest", "--symbols", "okx:NO-USDT-SWAP", *place)
    assert unlisted.code == 2
    assert "OKX lists no NO-USDT-SWAP" in unlisted.err
    assert cockpit("data", "ingest", "--symbols", SWAP, "--since-days", "0", *place).code == 2
    assert cockpit("data", "ingest", "--symbols", SWAP, "--every", "0", *place).code == 2
    nobody = ("--set", "okx.rest=http://127.0.0.1:9", "--set", "okx.socket=ws://127.0.0.1:9")
    assert cockpit("data", "backfill", "--symbols", SWAP, *nobody).code == 6
