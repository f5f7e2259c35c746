"""The market maker of the peers on hftbacktest and here, on the same stream: the same fills.

Tolerance: every fill of either must be among the other's, at the same millisecond, side and price. (With a
message a level; where the changes of one instant come in one message, as OKX sends them, a level that empties
and fills again within it is seen once, queues stand otherwise, and about 92 % of the fills are the same.)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from cockpit.lab.depth import run as depth
from tests.benchmarks import joiner
from tests.lab.asleep import asleep

HERE = sys.executable if find_spec("hftbacktest") else ""
PYTHON = os.environ.get("COCKPIT_PEERS_PYTHON") or HERE
SCRIPT = Path(__file__).with_name("joiner_elsewhere.py")
ROWS = 300_000

pytestmark = [
    pytest.mark.soak,
    pytest.mark.shared,
    pytest.mark.skipif(not PYTHON, reason="set COCKPIT_PEERS_PYTHON to a Python with hftbacktest"),
]


def test_hftbacktest_gives_the_same_fills(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    stream = joiner.generated(ROWS)
    assert stream is not None
    joiner.save(stream, tmp_path)
    ran = subprocess.run(
        [PYTHON, str(SCRIPT), str(tmp_path / "l2.npz")],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if "No module named 'hftbacktest'" in ran.stderr:
        pytest.skip("the peers' Python has no hftbacktest")
    assert ran.returncode == 0, ran.stderr[-2_000:]
    theirs = json.loads(ran.stdout)
    prepared = depth.compile_strategy(joiner.PLUGIN)
    events = joiner.events(stream, together=False)
    mine = asleep(prepared, joiner.Size(0.001, 0.0095), joiner.SWAP, events, joiner.CONFIG)
    fills = Counter((f.ts, f.side.sign, int(f.price / joiner.SWAP.tick)) for f in mine.exchange.fills)
    assert fills == Counter((ts // 1_000_000, sign, ticks) for ts, sign, ticks in theirs["fills"])
    assert sum(fills.values()) > 4_000
    assert mine.engine.state.next_order - 1 == theirs["orders"]
