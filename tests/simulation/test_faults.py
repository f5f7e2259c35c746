"""The plan: drawn once, per transition, independent of everything else."""

from collections import Counter

from tests.simulation.faults import (
    BEFORE,
    CLASSES,
    FIRST,
    HELD_FROM,
    LAST,
    LAST_FROM,
    LATER,
    MAX_CRASHES,
    NEWER,
    NEWER_FROM,
    NEWEST,
    THIRD,
    TRACES_FROM,
    Plan,
)


def fired(plan: Plan, point: str, visits: int = 300) -> list[str]:
    return [str(item) for _ in range(visits) if (item := plan.visit(point)) is not None]


def test_the_same_seed_draws_the_same_faults() -> None:
    for seed in range(30):
        one, two = Plan(seed, 100.0), Plan(seed, 100.0)
        assert one.windows == two.windows
        assert one.moments == two.moments
        assert fired(one, "request:place") == fired(two, "request:place")


def test_a_point_draws_the_same_whatever_else_is_visited() -> None:
    for seed in range(30):
        alone, crowded = Plan(seed, 100.0), Plan(seed, 100.0)
        expected = fired(alone, "report:fill")
        fired(crowded, "request:place")
        assert fired(crowded, "report:fill") == expected


def test_swarm_every_class_is_off_for_some_seeds_and_on_for_others() -> None:
    seeds = range(HELD_FROM, HELD_FROM + 200)
    on = Counter(name for seed in seeds for name in Plan(seed, 100.0).classes)
    assert set(on) == set(CLASSES)
    least = {**dict.fromkeys(CLASSES, 30), **dict.fromkeys(FIRST, 60), **dict.fromkeys(NEWEST, 20)}
    assert all(least[name] < count < 140 for name, count in on.items()), on


def test_the_seeds_of_before_meet_what_they_met() -> None:
    assert all(not Plan(seed, 100.0).classes & {*LATER, *THIRD, *NEWER, *NEWEST} for seed in range(200))
    assert all(not Plan(seed, 100.0).classes & {*THIRD, *NEWER, *NEWEST} for seed in range(3_000, 3_200))
    later = range(NEWER_FROM, NEWER_FROM + 200)
    assert all(not Plan(seed, 100.0).classes & {*NEWEST} for seed in later)
    newest = range(TRACES_FROM, TRACES_FROM + 200)
    assert all(not Plan(seed, 100.0).classes & {*LAST} for seed in newest)
    last = [Plan(seed, 100.0) for seed in range(LAST_FROM, LAST_FROM + 200)]
    assert all(not plan.classes & {*BEFORE} and plan.handshake(1) == 0.0 for plan in last)


def test_early_and_late_visits_are_both_hit() -> None:
    visits = Counter()
    for seed in range(400):
        plan = Plan(seed, 100.0)
        for nth in range(1, 201):
            if plan.visit("crash:commit.before") is not None:
                visits[nth] += 1
    assert sum(visits[n] for n in range(1, 6)) > 5
    assert sum(visits[n] for n in range(50, 201)) > 5


def test_crashes_are_bounded() -> None:
    for seed in range(100):
        plan = Plan(seed, 100.0, rate=2.0)
        crashes = sum(len(fired(plan, f"crash:point{n}")) for n in range(100))
        assert crashes <= MAX_CRASHES


def test_a_fault_switched_off_does_not_happen_and_a_healed_plan_has_none() -> None:
    plan = next(p for p in (Plan(s, 100.0) for s in range(99)) if fired(Plan(p.seed, 100.0), "request:place"))
    items = fired(Plan(plan.seed, 100.0), "request:place")
    assert fired(Plan(plan.seed, 100.0, off=items[:1]), "request:place") == items[1:]
    plan.heal()
    assert fired(plan, "request:place") == []
    assert not plan.during("stall", 1.0)
