"""nautilus_trader's OKX clients, which refuse a record that lacks a key, trade on the local exchange."""

import asyncio
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.okx_exchange.clients import SWAP, exchange

PYTHON = os.environ.get("COCKPIT_NAUTILUS_PYTHON") or (sys.executable if find_spec("nautilus_trader") else "")
"""nautilus_trader needs a newer Python than the cockpit does, so it may live in an environment of its own."""


@pytest.mark.soak
@pytest.mark.skipif(not PYTHON, reason="set COCKPIT_NAUTILUS_PYTHON to a Python with nautilus_trader>=1.231")
def test_nautilus_trades() -> None:
    script = Path(__file__).with_name("nautilus.py")

    async def run() -> dict[str, object]:
        async with exchange(still=False, history=130, limits=True) as running:
            process = await asyncio.create_subprocess_exec(
                PYTHON, str(script), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env={k: v for k, v in os.environ.items() if k != "PYTHONWARNINGS"},
            )  # fmt: skip
            line = json.dumps(running.ready()).encode() + b"\n"
            out, _ = await asyncio.wait_for(process.communicate(line), 120)
            assert process.returncode == 0
            return json.loads(out.splitlines()[-1])  # type: ignore[no-any-return]

    seen = asyncio.run(run())
    assert f"{SWAP}.OKX" in seen["instruments"]  # type: ignore[operator]
    assert (seen["balances"], seen["fills"], seen["positions"]) == (2, 1, ["2.00"])
    assert (seen["stop"], seen["algos"]) == ("0", 1)
    assert seen["orders"] == ["CANCELED", "FILLED"]
    heard = seen["heard"]
    assert isinstance(heard, dict)
    assert heard["FillReport"] == 1
    assert heard["AccountState"] >= 2
    assert heard["OrderAccepted"] == 2
    assert int(str(seen["bars"])) > 50
    assert int(str(seen["market"])) > 20
