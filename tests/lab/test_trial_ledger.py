"""The trial ledger: what was counted once is counted for ever, and a byte that changed is found."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.lab.trial_ledger import record
from cockpit.lab.trial_ledger.chain import Ledger, Stamp, stamp_of
from cockpit.lab.trial_ledger.count import counted
from cockpit.lab.trial_ledger.family import fingerprint
from cockpit.lab.trial_ledger.record import SIZE, Trial
from cockpit.lab.trial_ledger.verify import verify

DATA = "ab" * 32


def trial(number: int, **other: Any) -> Trial:
    mine: dict[str, Any] = {
        "strategy": "ema_trend@1",
        "family": "0f" * 16,
        "params": {"fast": number},
        "data": DATA,
        "start": 0,
        "end": 90 * 86_400_000,
        "symbols": ("BTC",),
        "source": "optimize",
        "study": "one",
        "returns": [0.01, -0.02, 0.03, number / 1000],
    }
    return Trial(**{**mine, **other})


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


def total(ledger: Ledger) -> int:
    return counted(ledger.rows()).trials


def test_what_goes_in_comes_out(ledger: Ledger) -> None:
    stamp = ledger.append([trial(1), trial(2, status="pruned", returns=np.array([0.5, 0.25]))])
    rows = list(ledger.told(ledger.rows()))
    assert [row.source for row, _, _ in rows] == ["optimize", "optimize"]
    assert rows[1][0].status == "pruned"
    assert rows[0][1].params == {"fast": 1}
    assert list(rows[0][2]) == pytest.approx([0.01, -0.02, 0.03, 0.001])
    values = np.array([0.01, -0.02, 0.03, 0.001])
    assert rows[0][0].sharpe == pytest.approx(values.mean() / values.std(ddof=1))
    assert stamp == ledger.stamp() == stamp_of(stamp.text)
    assert verify(ledger).whole
    assert stamp_of("nonsense") is None


def test_the_same_again_is_one_trial_and_another_name_does_not_help(ledger: Ledger) -> None:
    ledger.append([trial(1), trial(1), trial(1, strategy="copy@1"), trial(1, study="two", source="backtest")])
    assert (total(ledger), ledger.stamp().rows) == (1, 4)
    ledger.append([trial(1, data="cd" * 32), trial(1, end=5), trial(1, setting="other fees")])
    counts = counted(ledger.rows())
    assert counts.trials == 4
    assert counts.on(DATA) == 3
    assert counts.on(DATA, "0f" * 16) == 3
    assert counts.on("cd" * 32) == 1
    assert counts.on("ee" * 32) == 0


@pytest.mark.parametrize("returns", [(), [0.1], [0.2, 0.2], np.zeros(3)])
def test_a_trial_without_a_ratio_has_none(ledger: Ledger, returns: Any) -> None:
    ledger.append([trial(1, returns=returns)])
    assert isnan(next(ledger.rows()).sharpe)


def test_an_unknown_source_is_refused_and_nothing_is_written(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="hearsay"):
        ledger.append([trial(1), trial(2, source="hearsay")])
    assert total(ledger) == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_flipped_byte_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("flip")
    ledger = Ledger(folder / "ledger")
    ledger.append([trial(n) for n in range(3)])
    ledger.append([trial(9)])
    file = data.draw(st.sampled_from([ledger.rows_file, ledger.detail_file, ledger.head_file]))
    raw = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(raw)
    assert not verify(ledger).whole
    ledger.append([trial(10)])  # the work goes on, and nothing is forgotten
    assert total(ledger) >= 5


def cut_rows(ledger: Ledger) -> None:
    raw = ledger.rows_file.read_bytes()
    ledger.rows_file.write_bytes(raw[: 10 * SIZE])


def take_one_out(ledger: Ledger) -> None:
    raw = ledger.rows_file.read_bytes()
    ledger.rows_file.write_bytes(raw[: 10 * SIZE] + raw[11 * SIZE :])


def remove_folder(ledger: Ledger) -> None:
    shutil.rmtree(ledger.folder)


def remove_everything(ledger: Ledger) -> None:
    shutil.rmtree(ledger.folder)
    ledger.head_file.unlink()


def remove_rows(ledger: Ledger) -> None:
    ledger.rows_file.unlink()


@pytest.mark.parametrize("door", [cut_rows, take_one_out, remove_folder, remove_everything, remove_rows])
def test_what_is_taken_out_is_found_and_counts_on(ledger: Ledger, door: Any) -> None:
    stamp = ledger.append([trial(n) for n in range(130)])
    ledger.kept = lambda: [stamp]  # a run or a passport holds it
    door(ledger)
    assert [one.kind for one in verify(ledger, {"run": stamp}).damage if one.kind == "stamp"]
    ledger.append([trial(500)])
    assert total(ledger) >= 131
    assert counted(ledger.rows()).on("ee" * 32) >= 1  # lost trials count on every data set
    found = verify(ledger, {"run": stamp})
    assert found.whole == (door is not take_one_out), found.damage  # a hole in the middle stays one
    assert found.lost == 130 - len([row for row in ledger.rows() if row.source != "lost"]) + 1
    before = total(ledger)
    ledger.append([trial(501)])
    assert total(ledger) == before + 1  # and only once


def test_an_older_copy_brought_back_is_made_good(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([trial(n) for n in range(30)])
    shutil.copytree(ledger.folder, tmp_path / "old")
    shutil.copy(ledger.head_file, tmp_path / "old.head")
    stamp = ledger.append([trial(n) for n in range(30, 50)])
    shutil.rmtree(ledger.folder)
    shutil.copytree(tmp_path / "old", ledger.folder)
    shutil.copy(tmp_path / "old.head", ledger.head_file)
    ledger.append([trial(n) for n in range(900, 960)])  # another history, longer than the one it replaces
    ledger.kept = lambda: [stamp]
    assert not verify(ledger, {"run": stamp}).whole
    ledger.make_good()
    assert total(ledger) >= 30 + 20 + 60
    assert verify(ledger, {"run": stamp}).whole


def test_a_batch_that_was_cut_short_is_not_half_counted(ledger: Ledger) -> None:
    ledger.append([trial(1)])
    with ledger.rows_file.open("ab") as rows:
        rows.write(b"trl1" + bytes(300))
    with ledger.detail_file.open("ab") as detail:
        detail.write(b"half a word")
    assert {one.kind for one in verify(ledger).damage} >= {"tail"}
    ledger.append([trial(2)])
    assert total(ledger) == 2
    assert verify(ledger).whole


def test_the_recorder_gathers_and_leaves_nothing_behind(ledger: Ledger) -> None:
    def search() -> None:
        with ledger.recorder(batch=4, seconds=60) as note:
            for number in range(6):
                note(trial(number))
                assert total(ledger) == (0 if number < 3 else 4)
            raise RuntimeError("search broke")

    with pytest.raises(RuntimeError, match="search broke"):
        search()
    assert total(ledger) == 6


def _write(folder: str, first: int) -> None:
    ledger = Ledger(Path(folder))
    for number in range(first, first + 20):
        ledger.append([trial(number * 2), trial(number * 2 + 1)])


def test_several_processes_write_one_chain(ledger: Ledger) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(str(ledger.folder), 20 * n)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(300)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert total(ledger) == 120
    assert verify(ledger).whole


def test_an_empty_ledger_is_whole(ledger: Ledger) -> None:
    assert verify(ledger).whole
    assert ledger.stamp() == Stamp()
    assert ledger.append([]) == Stamp()
    assert verify(ledger).whole


MINE = '''
"""A strategy."""
import msgspec
from cockpit.core.registry import strategy

class Params(msgspec.Struct):
    n: int = 3

@strategy("{name}", Params, version={version})
class {cls}(msgspec.Struct):
    """{doc}"""
    params: Params

    def on_bar(self, view, want):
        """Buy."""  # {doc}
        want.target = {value}
'''


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Any]:
    import importlib.util

    from cockpit.core.registry import STRATEGIES

    kept = dict(STRATEGIES._rows)

    def write(**words: Any) -> Any:
        name = words["name"]
        file = tmp_path / f"{name}.py"
        file.write_text(MINE.format(**words), "utf-8")
        spec = importlib.util.spec_from_file_location(f"planted_{name}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        import sys

        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return getattr(module, words["cls"])

    yield write
    STRATEGIES._rows.clear()
    STRATEGIES._rows.update(kept)


def test_a_copy_under_another_name_is_of_the_same_family(written: Any) -> None:
    first = fingerprint(written(name="mine", cls="Mine", doc="Mine.", version=1, value=1))
    copy = fingerprint(written(name="yours", cls="Yours", doc="Now better!", version=7, value=1))
    other = fingerprint(written(name="theirs", cls="Mine", doc="Mine.", version=1, value=2))
    assert first == copy
    assert first != other
    assert len(first) == 32
    assert record.SIZE == 256
    assert isnan(record.ratio([nan]))
