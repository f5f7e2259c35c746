"""A search on a Dask cluster of two workers finds what one thread finds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.test_optimize import words

pytest.importorskip("distributed")
pytest.importorskip("llvmlite")
CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None,
    local_directory=sys.argv[1]) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@pytest.mark.soak
def test_two_workers_find_what_one_thread_finds(
    coin: str, cockpit: Shell, repo: Path, tmp_path: Path
) -> None:
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    command = [sys.executable, str(script), str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(repo), "PYTHONWARNINGS": ""}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdin is not None
        address = running.stdout.readline().strip()
        asked = ("--trials", "40", "--method", "cmaes", "--json")
        try:
            there = cockpit(*words(coin, *asked, "--study", "c", "--cluster", address, "--workers", "2"))
        finally:
            running.stdin.close()
    assert there.code == 0, there.err
    alone = cockpit(*words(coin, *asked, "--study", "t", "--workers", "1"))
    assert there.json["where"] == address
    assert there.json["best"] == alone.json["best"]
    assert there.json["outcomes"] == alone.json["outcomes"]
