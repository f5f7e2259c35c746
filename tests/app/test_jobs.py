"""Jobs: their turns, their events, and the processes that come of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cockpit.app.discover import discover
from cockpit.app.jobs.allowed import alone, change, check, readers
from cockpit.app.jobs.desk import Desk
from cockpit.app.jobs.process import command, perform
from cockpit.app.jobs.records import Edit, Record, Records
from cockpit.app.jobs.watching import Watching
from cockpit.app.settings import load
from cockpit.core.config import JobConfig
from cockpit.core.errors import ConfigError, StoreError
from cockpit.core.triggers import DAY, Curve, Facts

HOUR, MINUTE = 3_600_000, 60_000
T0 = 1_700_006_400_000  # 2023-11-15 00:00:00Z
DOCTOR = JobConfig("health", ("doctor", "--json"), cron="0 */1 * * *")


@pytest.fixture(autouse=True)
def _found() -> None:
    discover()


class Clock:
    def __init__(self, now: int) -> None:
        self.now = now

    def now_ms(self) -> int:
        return self.now


class Bench:
    """A desk whose processes are only written down."""

    def __init__(
        self, folder: Path, *jobs: JobConfig, now: int = T0, facts: Callable[[int], Facts] | None = None
    ) -> None:
        self.clock = Clock(now)
        self.ran: list[tuple[str, str]] = []
        self.said: list[str] = []
        self.over = asyncio.Event()
        watching = None
        if facts is not None:
            watching = Watching.__new__(Watching)
            watching._kept = None
            watching.look = facts  # type: ignore[method-assign]
        self.desk = Desk(
            jobs, folder, self.clock, watching=watching, say=lambda _l, message, _a: self.said.append(message)
        )

    async def look(self, *, at: int) -> None:
        self.clock.now = at
        await self.desk.look()
        await asyncio.sleep(0)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    made: list[Bench] = []

    async def pretend(records: Records, job: JobConfig, cause: str, *_: object) -> Record:
        made[-1].ran.append((job.name, cause))
        record, _place = records.open(job.name, job.run, cause)
        await made[-1].over.wait()
        return msgspec.structs.replace(record, outcome="done", code=0)

    monkeypatch.setattr("cockpit.app.jobs.desk.perform", pretend)

    def make(*jobs: JobConfig, **more: object) -> Bench:
        made.append(Bench(tmp_path, *jobs, **more))  # type: ignore[arg-type]
        return made[-1]

    return make


def test_a_job_runs_on_its_line_once_a_turn_and_never_beside_itself(bench: Callable[..., Bench]) -> None:
    async def story() -> None:
        one = bench(DOCTOR)
        await one.look(at=T0 + 1)
        assert one.desk.rows()[0].due == T0 + HOUR
        await one.look(at=T0 + HOUR)
        await one.look(at=T0 + HOUR + 1_000)
        assert one.ran == [("health", "cron")]
        assert one.desk.rows()[0].state == "running"
        await one.look(at=T0 + 2 * HOUR)  # it still runs
        assert (one.ran, one.said[-1]) == ([("health", "cron")], "job.busy")
        one.over.set()
        await asyncio.sleep(0)
        await one.look(at=T0 + 2 * HOUR + MINUTE)
        assert (one.desk.rows()[0].state, one.desk.rows()[0].outcome) == ("ready", "done")
        await one.look(at=T0 + 3 * HOUR)
        assert len(one.ran) == 2

    asyncio.run(story())


def test_a_turn_missed_while_nothing_ran_is_made_up_for_once(bench: Callable[..., Bench]) -> None:
    async def story() -> None:
        before = bench(DOCTOR, msgspec.structs.replace(DOCTOR, name="proud", catch_up=False))
        await before.look(at=T0 + 1)
        after = bench(
            DOCTOR,
            msgspec.structs.replace(DOCTOR, name="proud", catch_up=False),
            now=T0 + 9 * HOUR + 5 * MINUTE,
        )
        after.over.set()
        for second in range(5):
            await after.look(at=T0 + 9 * HOUR + 5 * MINUTE + second * 1_000)
            await asyncio.sleep(0)
        assert after.ran == [("health", "catch-up")]
        assert {row.due for row in after.desk.rows()} == {T0 + 10 * HOUR}

    asyncio.run(story())


def test_a_run_by_hand_in_another_process_is_shown(bench: Callable[..., Bench]) -> None:
    one = bench(DOCTOR)

    async def life() -> None:
        await one.look(at=T0)
        assert one.desk.rows()[0].outcome == ""
        record, _place = one.desk.records.open("health", DOCTOR.run, "hand: command line")
        await one.look(at=T0 + 1_000)
        assert (one.desk.rows()[0].outcome, one.desk.rows()[0].last) == ("running", record.began)
        one.desk.records.keep(msgspec.structs.replace(record, outcome="failed", code=5))
        await one.look(at=T0 + 2_000)
        assert (one.desk.rows()[0].outcome, one.desk.rows()[0].state) == ("failed", "ready")

    asyncio.run(life())
    assert one.ran == []


def test_what_a_person_edits_holds_at_once_and_after_a_restart(
    bench: Callable[..., Bench], tmp_path: Path
) -> None:
    async def story() -> None:
        one = bench(DOCTOR)
        await one.look(at=T0 + 1)
        assert one.desk.command({"job": "health", "to": "off"}, "person") == ("", {})
        await one.look(at=T0 + HOUR)
        assert (one.ran, one.desk.rows()[0].state) == ([], "off")
        change(Records(tmp_path), "health", "cron", "*/5 * * * *")  # as the command line does, beside it
        change(Records(tmp_path), "health", "on")
        await one.look(at=T0 + HOUR + 1_000)
        assert one.desk.rows()[0].due == T0 + HOUR + 5 * MINUTE
        again = bench(DOCTOR, now=T0 + HOUR + 2_000)
        await again.look(at=T0 + HOUR + 2_000)
        assert again.desk.rows()[0].due == T0 + HOUR + 5 * MINUTE
        assert again.desk.command({"job": "health", "to": "run"}, "ann") == ("", {})
        await again.look(at=T0 + HOUR + 3_000)
        assert again.ran == [("health", "hand: ann")]
        assert again.desk.command({"job": "health", "to": "run"}, "ann")[0] == "job.busy"
        assert again.desk.command({"job": "wealth", "to": "run"}, "ann")[0] == "job.unknown"
        assert again.desk.command({"job": "health", "to": "cron", "line": "often"}, "ann")[0] == "job.refused"
        change(Records(tmp_path), "health", "reset")
        assert Records(tmp_path).edited(DOCTOR) == DOCTOR

    asyncio.run(story())


def test_an_event_starts_a_job_when_it_is_new_and_not_while_it_lasts(bench: Callable[..., Bench]) -> None:
    trips: dict[str, str] = {}
    job = JobConfig("save", ("doctor",), on=({"trigger": "breaker"},), rest_min=30.0)

    async def story() -> None:
        one = bench(job, facts=lambda now: Facts(now, {}, {}, {}, dict(trips)))
        one.over.set()
        await one.look(at=T0)
        assert one.ran == []
        trips["day_loss"] = "lost 3 %"
        for minute in range(1, 5):
            await one.look(at=T0 + minute * MINUTE)
            await asyncio.sleep(0)
        assert one.ran == [("save", "event: breaker: day_loss: lost 3 %")]
        trips.clear()
        await one.look(at=T0 + 5 * MINUTE)
        trips["links"] = "down"  # within the rest
        await one.look(at=T0 + 6 * MINUTE)
        trips.clear()
        await one.look(at=T0 + 40 * MINUTE)
        trips["links"] = "down again"
        await one.look(at=T0 + 41 * MINUTE)
        await asyncio.sleep(0)
        assert [cause for _, cause in one.ran[1:]] == ["event: breaker: links: down again"]

    asyncio.run(story())


def test_a_disk_that_is_full_stops_jobs_and_says_so_once(
    bench: Callable[..., Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("no space left")

    async def story() -> None:
        one = bench(DOCTOR)
        await one.look(at=T0 + 1)
        with monkeypatch.context() as patch:
            patch.setattr(Records, "mark", full)
            await one.look(at=T0 + HOUR)
            await one.look(at=T0 + HOUR + 1_000)
        assert (one.said, one.ran) == (["job.stopped"], [])
        await one.look(at=T0 + 2 * HOUR)
        await asyncio.sleep(0)
        assert [name for name, _ in one.ran] == ["health"]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (JobConfig("a", ("bactest",)), "did you mean .backtest"),
        (JobConfig("a", ("serve",)), "not for running by itself"),
        (JobConfig("a", ("doctor", "--jsn")), "did you mean --json"),
        (JobConfig("a", ("doctor", "--help")), "only prints help"),
        (JobConfig("a", ("doctor",), cron="daily"), "not a cron line"),
        (JobConfig("a", ("doctor",), on=({"trigger": "drawdwon"},)), "did you mean .drawdown"),
        (JobConfig("a", ("doctor",), on=({"trigger": "drawdown", "above": 2.0},)), "drawdown"),
        (JobConfig("a", ("doctor",), on=({"trigger": "halt", "days": 2},)), "no parameters"),
    ],
)
def test_what_may_not_be_a_job_is_said_at_the_start(
    job: JobConfig, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match=said):
        check(job)


def test_the_settings_name_jobs_and_refuse_twins(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_text('[[jobs]]\nname = "a"\nrun = ["doctor"]\non = [{ trigger = "halt" }]\n')
    assert load(file, {}).config.jobs == (JobConfig("a", ("doctor",), on=({"trigger": "halt"},)),)
    file.write_text('[[jobs]]\nname = "a"\nrun = ["doctor"]\n[[jobs]]\nname = "a"\nrun = ["doctor"]\n')
    with pytest.raises(ConfigError, match="two jobs are named a"):
        load(file, {})
    file.write_text('[[jobs]]\nname = "a"\nrun = []\n')
    with pytest.raises(ConfigError):
        load(file, {})
    assert {"backtest", "doctor", "data"} <= set(alone())
    assert not {"start", "attach", "keys", "resume", "stop", "apply"} & set(alone())


def test_one_run_is_a_process_whose_words_are_kept(tmp_path: Path) -> None:
    async def story() -> None:
        records = Records(tmp_path)
        job = JobConfig("list", ("strategies", "--json"), keep=1)
        first = await perform(records, job, "hand: test", tmp_path)
        assert (first.outcome, first.code) == ("done", 0)
        out, err = records.printed(first)
        assert "ema_trend" in out
        assert err == ""
        missing = msgspec.structs.replace(job, run=("runs", "show", "none"))
        second = await perform(records, missing, "hand: test", tmp_path)
        assert (second.outcome, second.code) == ("failed", 2)
        assert "no run 'none'" in records.printed(second)[1]
        assert [one.stamp for one in records.of("list")] == [second.stamp]  # keep = 1
        assert records.find("list") == second
        with pytest.raises(ConfigError, match="has no run"):
            records.find("list", first.stamp)
        place = tmp_path / "jobs" / "list" / second.stamp
        assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}

    asyncio.run(story())


def test_a_run_that_takes_too_long_or_is_cut_short_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.app.jobs.process.command", lambda *_: ["sleep", "600"])
    records = Records(tmp_path)
    job = JobConfig("slow", ("doctor",), limit_min=0.001)

    async def story() -> None:
        assert (await perform(records, job, "cron", tmp_path)).outcome == "too_long"
        task = asyncio.ensure_future(
            perform(records, msgspec.structs.replace(job, limit_min=9.0), "cron", tmp_path)
        )
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert records.find("slow").outcome == "interrupted"

    asyncio.run(story())


def test_what_a_job_is_told_and_what_it_does_not_inherit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "c.toml"
    assert command(("doctor",), tmp_path, config)[3:] == [
        "doctor", "--data-dir", str(tmp_path), "--config", str(config)
    ]  # fmt: skip
    monkeypatch.setattr("cockpit.app.jobs.process.command", lambda *_: ["env"])
    monkeypatch.setenv("COCKPIT_CONFIRM_LIVE", "LIVE")
    records = Records(tmp_path)
    record = asyncio.run(perform(records, DOCTOR, "cron", tmp_path))
    assert "LIVE" not in records.printed(record)[0]


def test_damaged_files_are_not_guessed_over(tmp_path: Path) -> None:
    records = Records(tmp_path)
    records.edit("a", Edit(enabled=False))
    (tmp_path / "jobs" / "edits.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"):
        records.edited(DOCTOR)


def curve(*returns: float) -> Curve:
    made, pnl = Curve(), 0.0
    made.look(T0, 0.0, 10_000.0)
    for day, value in enumerate(returns):
        pnl += value * 10_000.0
        made.look(T0 + day * DAY + DAY - 1, pnl, 10_000.0 + pnl)
        made.look(T0 + (day + 1) * DAY, pnl, 10_000.0)
    return made


def test_a_curve_is_what_each_day_brought() -> None:
    made = curve(0.01, -0.02, 0.005)
    assert made.returns == pytest.approx([0.01, -0.02, 0.005])
    assert made.now == pytest.approx(-0.005)
    assert (made.peak, made.peak_ts) == (pytest.approx(0.01), T0 + DAY - 1)


def fired(trigger: str, made: Curve, day: int, **given: float) -> list[str]:
    job = JobConfig("x", ("doctor",), on=({"trigger": trigger, **given},))
    ((_, read),) = readers(job)
    return [one.about for one in read(Facts(T0 + day * DAY, {"ema_trend@1": made}, {}, {}, {}))]


def test_each_trigger_about_a_curve_fires_on_its_own_number() -> None:
    up, down = [0.002, 0.001] * 40, [-0.002, -0.001] * 15
    assert fired("sharpe", curve(*up), 80, below=0.5) == []
    assert fired("sharpe", curve(*down), 30, below=0.5) == ["ema_trend@1"]
    assert fired("sharpe", curve(*down[:29]), 29, below=0.5) == []  # not enough days
    assert fired("drawdown", curve(0.05, -0.09), 2, above=0.1) == []
    assert fired("drawdown", curve(0.05, -0.1), 2, above=0.1) == ["ema_trend@1"]
    assert fired("no_new_high", curve(0.01, *[-0.001] * 9), 10, days=9.5) == []
    assert fired("no_new_high", curve(0.01, *[-0.001] * 10), 11, days=9.5) == ["ema_trend@1"]
    assert fired("quantile", curve(*up, -0.05), 81) == ["ema_trend@1 day " + str(T0 // DAY + 80)]
    assert fired("quantile", curve(*up, 0.0015), 81) == []
    assert fired("decay", curve(*up, *[0.0014, 0.0016] * 7), 94) == []
    assert fired("decay", curve(*up, *down[:14]), 94) == ["ema_trend@1"]
