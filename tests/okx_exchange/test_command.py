"""``cockpit exchange``: one line when it is ready, a clean end, a plain sentence when it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main

pytestmark = pytest.mark.daemon


def started(*words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "cockpit", "exchange", *words]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )


def line_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())  # type: ignore[no-any-return]


def test_ready_line_and_end() -> None:
    process = started("--json", "--accounts", "2", "--symbols", "BTC-USDT-SWAP", "--seed", "3")
    try:
        ready = line_of(process)
        assert [row["demo"] for row in ready["accounts"]] == [False, True, False, True]
        assert ready["instruments"] == ["BTC-USDT-SWAP"]
        assert set(ready["accounts"][0]["keys"]) == {"trade", "read", "withdraw"}
        with urllib.request.urlopen(f"{ready['rest']}/api/v5/public/time") as answer:
            assert json.loads(answer.read())["code"] == "0"
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = started("--port", str(taken.getsockname()[1]), "--json")
        out, err = process.communicate(timeout=30)
    assert process.returncode == 6
    assert "cannot be opened" in err
    assert json.loads(out)["error"]["exit_code"] == 6


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--symbols", "NO-SUCH"], 2), (["--accounts", "0"], 2), (["--tape", "nowhere.tape"], 5),
     (["--faults", "nowhere.json"], 2)],
)  # fmt: skip
def test_what_cannot_be_served(words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exchange", *words]) == code
    assert capsys.readouterr().err.startswith("cockpit: ")


def test_a_recorded_market_is_served(tmp_path: Path) -> None:
    import asyncio

    from cockpit.adapters import practice
    from cockpit.adapters.store.tape import TapeWriter
    from tests.okx_exchange.clients import SWAP, Raw, exchange

    spec = practice.PracticeSpec(seed=5, symbols=("practice:BTC-USDT-SWAP",), rate=3.0)
    path = tmp_path / "some.tape"
    with TapeWriter(path, source="test") as writer:
        for instrument in practice.instruments(spec).values():
            writer.instrument(instrument)
        for event in practice.stream(spec):
            if event.ts > spec.start_ms + 20_000:
                break
            writer.add(event)
        writer.close()

    async def run() -> None:
        async with exchange(tape=str(path), still=False) as running, Raw(running) as raw:
            for _ in range(300):
                if raw.venue.floors[SWAP].trades:
                    break
                await asyncio.sleep(0.02)
            [ticker] = await raw.get(f"market/ticker?instId={SWAP}")
            assert abs(int(ticker["ts"]) - raw.venue.clock.now()) < 5_000
            row = await raw.order(ordType="market")
            assert (await raw.record(row["ordId"]))["state"] == "filled"

    asyncio.run(run())
