"""What is wrong with stored data is found and told: holes, impossible candles, spikes, damage."""

from pathlib import Path

from cockpit.adapters.archive.archive import Archive
from cockpit.adapters.archive.layout import Series
from cockpit.app.data.quality import Finding, Gap, Quality, check, gaps
from cockpit.core.events import Bar, FundingRate
from tests.archive.rows import HOUR, START, SYMBOL, bar, bars, others

HOURLY = Series("bars", SYMBOL, HOUR)


def judged(archive: Archive) -> dict[Series, Quality]:
    return {h.series: check(archive, h, archive.index.changes()) for h in archive.holdings()}


def test_a_whole_series_is_sound(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        archive.put(bars(*range(50)))
        found = judged(archive)[HOURLY]
    assert (found.rows, found.coverage, found.gaps, found.findings, found.sound) == (50, 1.0, (), (), True)


def test_gaps_say_whether_the_venue_was_asked(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        asked = (START + 18 * HOUR, START + 24 * HOUR)
        archive.put([b for b in bars(*range(40)) if b not in bars(5, 6, 7, 20)], (HOURLY, asked))
        found = judged(archive)[HOURLY]
    assert found.gaps == (
        Gap(bar(5).ts, bar(7).ts, 3, asked=False),
        Gap(bar(20).ts, bar(20).ts, 1, asked=True),
    )
    assert found.coverage == 36 / 40
    assert not found.sound


def test_impossible_candles_and_spikes_are_told_apart_from_moves(tmp_path: Path) -> None:
    odd = Bar(START + 30 * 60_000, SYMBOL, HOUR, 100.0, 101.0, 99.0, 100.0, 1.0)
    bent = Bar(bar(10).ts, SYMBOL, HOUR, 100.0, 99.0, 98.0, 100.0, 1.0)
    rows = {b.ts: b for b in bars(*range(80))}
    rows |= {one.ts: one for one in (odd, bent, bar(50, 300.0))}
    rows |= {b.ts: bar(h, b.close * 2) for h, b in zip(range(70, 80), bars(*range(70, 80)), strict=True)}
    with Archive(tmp_path, write=True) as archive:
        archive.put(rows.values())
        found = judged(archive)[HOURLY]
    assert [(f.what, f.ts) for f in found.findings] == [
        ("off_grid", odd.ts),
        ("order", bent.ts),
        ("spike", bar(50).ts),
    ]


def test_a_missed_settlement_is_a_gap(tmp_path: Path) -> None:
    eight = 8 * HOUR
    times = [START + k * eight for k in range(10) if k != 6]
    with Archive(tmp_path, write=True) as archive:
        archive.put(FundingRate(ts, SYMBOL, 0.0001, ts, settled=True) for ts in times)
        archive.put([FundingRate(START + 5 * HOUR, SYMBOL, 0.0002, START + eight)])
        (found,) = judged(archive).values()
    lost = START + 6 * eight
    assert (found.step_ms, found.gaps) == (eight, (Gap(lost, lost, 1, asked=False),))


def test_an_exchange_that_pays_more_often_from_some_day_on_has_no_gaps(tmp_path: Path) -> None:
    eight, four = 8 * HOUR, 4 * HOUR
    times = [START + k * eight for k in range(40)] + [START + 39 * eight + k * four for k in range(1, 90)]
    with Archive(tmp_path, write=True) as archive:
        archive.put(FundingRate(ts + k % 7, SYMBOL, 0.0001, ts, settled=True) for k, ts in enumerate(times))
        (found,) = judged(archive).values()
        assert (found.gaps, found.sound) == ((), True)
        assert [gap.missing for gap in gaps([*times[:20], *times[21:60], *times[61:]], [])] == [1, 1]


def test_of_what_comes_when_it_comes_nobody_knows_how_much_is_missing(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        archive.put([*others(1), *others(50), *others(51)])
        found = {series.kind: quality for series, quality in judged(archive).items()}
    assert {found[kind].coverage for kind in ("trades", "oi", "touch")} == {None}
    assert all(found[kind].sound for kind in ("trades", "oi", "touch"))


def test_a_changed_file_is_found_out(tmp_path: Path) -> None:
    with Archive(tmp_path, write=True) as archive:
        archive.put(bars(*range(10)))
        archive.settle(START + 80 * 24 * HOUR)
        (month,) = archive.index.months()
        file = month.path(tmp_path)
        raw = bytearray(file.read_bytes())
        raw[len(raw) // 2] ^= 1
        file.write_bytes(raw)
        (found,) = judged(archive).values()
        assert [f.what for f in found.findings] == ["damaged"]
        file.unlink()
        (found,) = judged(archive).values()
        assert isinstance(found.findings[0], Finding)
        assert "No such file" in found.findings[0].detail
