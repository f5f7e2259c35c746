"""``cockpit data ingest``, ``backfill``, ``repair`` as users type them, on the exchange of this machine."""

import asyncio
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cockpit.adapters.archive.archive import Archive
from cockpit.adapters.archive.layout import Series
from cockpit.adapters.okx_exchange import Options, Running, serve
from cockpit.app.data import fetch
from cockpit.core.events import Bar
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
    assert rows[f"{SWAP} oi"]["new"] >= 22
    assert first.json["not_offered"] == []
    assert f"100% {SWAP} bars 1h" in first.err
    again = cockpit("data", "ingest", *words, "--kinds", "bars,oi", "--json")
    assert again.code == 0
    news = {row["label"]: row["new"] for row in again.json["series"]}
    labels = [row["label"] for row in again.json["series"]]
    assert labels.count(f"{SWAP} oi") == 2  # what is new of the past, and how it stands now
    assert max(news.values()) <= 1
    (row,) = cockpit("data", "status", "--timeframes", "1h", "--kinds", "bars", "--json").json["series"]
    assert row["rows"] >= 22
    assert row["coverage"] == 1.0
    assert cockpit("data", "check", "--kinds", "bars").code == 0
    assert cockpit("data", "export", "day.tape", "--kinds", "bars", "--timeframes", "15m").code == 0
    assert cockpit("data", "verify", "day.tape").code == 0


def test_quotes_are_sampled_until_somebody_interrupts(
    cockpit: Shell, place: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "pause", pause)
    words = ("--symbols", SWAP, "--kinds", "books,oi", "--every", "20", *place)
    assert cockpit("data", "ingest", *words).code == 130
    assert pauses == [20.0] * 3
    rows = cockpit("data", "status", "--json").json["series"]
    found = {row["series"]["kind"]: row["rows"] for row in rows}
    assert found["books"] == 3
    assert found["oi"] >= 25  # three looks, and the hours before
    shown = cockpit("data", "show", SWAP, "--json").json
    assert 0 < shown["bid"] < shown["ask"]
    assert shown["candles"] == []


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


def test_repair_fills_what_the_exchange_has_and_tells_what_it_has_not(
    cockpit: Shell, place: tuple[str, ...], tmp_path: Path
) -> None:
    words = ("--symbols", SWAP, "--timeframes", "1m", "--kinds", "bars")
    assert cockpit("data", "backfill", *words, "--since-days", "2", *place).code == 0
    assert cockpit("data", "repair", *words, *place).code == 0
    minutes = Series("bars", SWAP, 60_000)
    root = tmp_path / "data/archive"
    with Archive(root) as archive:
        whole = archive.events(minutes)
    shutil.rmtree(root)
    wrong = whole[500]
    assert isinstance(wrong, Bar)
    wrong = msgspec.structs.replace(wrong, high=wrong.low / 2)
    with Archive(root, write=True) as archive:
        archive.put([*whole[:100], *whole[130:300], *whole[301:500], wrong, *whole[501:]])
    dry = cockpit("data", "repair", *words, *place)
    assert dry.code == 5
    assert "3 spans to ask for" in dry.out
    assert "nothing was written" in dry.out
    done = cockpit("data", "repair", *words, *place, "--write", "--json")
    assert done.code == 0, done.err
    (one,) = done.json["series"]
    assert (one["new"], one["changed"], one["after"]["gaps"]) == (31, 1, [])
    with Archive(root) as archive:
        assert archive.events(minutes)[: len(whole)] == whole


def test_a_damaged_month_is_laid_aside_and_fetched_anew(
    cockpit: Shell, place: tuple[str, ...], tmp_path: Path
) -> None:
    words = ("--symbols", SWAP, "--timeframes", "1m", "--kinds", "bars")
    assert cockpit("data", "backfill", *words, "--since-days", "2", *place).code == 0
    root = tmp_path / "data/archive"
    with Archive(root, write=True) as archive:
        archive.settle(archive.holdings()[0].last_ms + 40 * 86_400_000)
        (whole,) = (holding.rows for holding in archive.holdings())
        file = archive.index.months()[0].path(root)
    file.write_bytes(file.read_bytes()[:-100])
    assert cockpit("data", "check").code == 5
    done = cockpit("data", "repair", *words, *place, "--write", "--json")
    assert done.code == 0, done.out
    assert done.json["series"][0]["laid_aside"] == 1
    (row,) = cockpit("data", "status", "--json").json["series"]
    assert row["rows"] >= whole
    assert file.with_suffix(".damaged").exists()


def test_what_no_exchange_can_be_asked_for_is_left_and_said(csv: Path, cockpit: Shell) -> None:
    cockpit("data", "import", str(csv), "--venue", "binance-spot", "--archive")
    found = cockpit("data", "repair", "--write")
    assert found.code == 5
    assert "no exchange can be asked for it here" in found.out
    assert "gap 2024-01-17 17:00:00Z" in found.out
    assert cockpit("data", "repair", "--symbols", "okx:NOPE", "--write").code == 5
