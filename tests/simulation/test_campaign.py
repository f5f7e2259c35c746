"""A campaign's account survives interruptions, tells builds apart, and notices a seed that never ends."""

import re
from pathlib import Path

import msgspec
import pytest

from tests.simulation import campaign
from tests.simulation.campaign import DEFAULT, Header, Kind, Row, account, read
from tests.simulation.run import run_seed
from tests.simulation.world import World

FIRST = 4_000_000


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every seed comes to what the first one came to; which were run is noted."""
    ran: list[int] = []
    whole = account(FIRST, DEFAULT)

    def quick(seed: int, kind: Kind) -> Row:
        ran.append(seed)
        bad = "I03: entry c1 left after the halt was acknowledged" if seed == FIRST + 2 else ""
        return msgspec.structs.replace(whole, seed=seed, violation=bad)

    monkeypatch.setattr(campaign, "account", quick)
    return ran


def test_what_a_row_says_is_what_the_world_came_to() -> None:
    row, result = account(FIRST, DEFAULT), run_seed(FIRST)
    assert (row.digest, row.orders, row.fills, row.crashes) == (
        result.digest, result.orders, result.fills, result.crashes,
    )  # fmt: skip
    assert sum(row.pairs.values()) > row.orders
    assert row.judged["I05 event"] >= row.orders
    assert sum(row.crashed.values()) == sum("#" in f and " crash " in f for f in result.faults)


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path, counted: list[int]) -> None:
    out, told = tmp_path / "deep" / "rows.jsonl", list[str]()
    campaign.run(out, range(FIRST, FIRST + 2), processes=1, say=told.append)
    out.write_bytes(out.read_bytes() + b'{"seed":4000002,"viol')  # the power went here
    sums = campaign.run(out, range(FIRST, FIRST + 4), processes=1, say=told.append, command="the command")
    assert counted == [FIRST, FIRST + 1, FIRST + 2, FIRST + 3]
    assert sums.seeds == 4
    assert len(read(out, Header(campaign.commit(), DEFAULT))) == 4
    table = "\n".join(told)
    assert "2 seeds are in" in table
    assert "4 of 4 seeds, 1 bad" in table
    assert "$ the command" in table
    assert "Seeded worlds with zero violations   3 of 4" in table
    assert re.search(r"entries after one +\d+, 1\n", table)
    assert f"BAD {FIRST + 2}: I03" in table
    assert "crash points" in table.lower()


def test_rows_of_another_build_are_not_added_up(tmp_path: Path, counted: list[int]) -> None:
    out = tmp_path / "rows.jsonl"
    read(out, Header("another", DEFAULT))
    with pytest.raises(ValueError, match="name another file"):
        campaign.run(out, range(FIRST, FIRST + 1), processes=1)
    assert counted == []


def test_a_longer_world_with_a_slower_market_lives_longer_and_trades_less_often(tmp_path: Path) -> None:
    kind = Kind(seconds=200.0, tick=8.0)
    seeds = range(FIRST + 1, FIRST + 4)
    slow, usual = ([account(seed, one) for seed in seeds] for one in (kind, DEFAULT))
    assert {row.violation for row in slow + usual} == {""}
    lived = [sum(row.simulated for row in rows) for rows in (slow, usual)]
    often = [
        sum(row.orders for row in rows) / seconds for rows, seconds in zip((slow, usual), lived, strict=True)
    ]
    assert lived[0] > lived[1] + 100
    assert 0 < often[0] < often[1]
    read(tmp_path / "rows.jsonl", Header("this", DEFAULT))
    with pytest.raises(ValueError, match="name another file"):
        read(tmp_path / "rows.jsonl", Header("this", kind))


def test_an_hour_of_a_trader_holds_what_the_table_says(tmp_path: Path) -> None:
    """Slow strategies, one hour, faults all along it; and the density stands beside the speed."""
    row = account(18_300_004, campaign.TRADER)
    assert row.violation == ""
    assert 3_600 < row.simulated < 4_000
    assert 50 < row.orders < 1_000
    assert sum(row.faults[kind] for kind in campaign.WIRE if kind in row.faults) >= 72
    sums = campaign.Sum()
    sums.add(row)
    table = "\n".join(sums.table("the command"))
    assert re.search(
        r"Simulation speed +\d\.\d{3} hours per CPU s of \d+\n +in which an hour holds +\d+ orders, ", table
    )
    read(tmp_path / "rows.jsonl", Header("this", DEFAULT))
    with pytest.raises(ValueError, match="name another file"):
        read(tmp_path / "rows.jsonl", Header("this", campaign.TRADER))


def test_a_seed_that_never_ends_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_world: World) -> str:
        while True:
            pass

    monkeypatch.setattr(World, "run", run)
    monkeypatch.setattr(campaign, "PATIENCE_S", 0.05)
    row = account(FIRST, DEFAULT)
    assert row.violation.startswith("I28: stuck")
    assert "test_campaign" in row.violation
