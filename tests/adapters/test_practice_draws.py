"""The random numbers under the practice market: published values, and what streams promise."""

from cockpit.adapters.practice.draws import Draws


def test_the_published_splitmix64_sequence_of_seed_zero() -> None:
    draws = Draws(1, "any")
    draws._state = 0
    assert [draws.bits() for _ in range(3)] == [
        0xE220_A839_7B1D_CDAF,
        0x6E78_9E6A_A1B9_65F4,
        0x06C4_5D18_8009_454F,
    ]


def test_streams_differ_by_seed_and_by_name() -> None:
    firsts = {Draws(seed, name).bits() for seed in range(50) for name in ("book/a", "book/b", "slow/a")}
    assert len(firsts) == 150


def test_below_reaches_every_value_and_no_other() -> None:
    draws = Draws(3, "below")
    assert {draws.below(7) for _ in range(500)} == set(range(7))


def test_uniform_and_gauss_have_the_moments_they_claim() -> None:
    draws = Draws(11, "moments")
    n = 20_000
    uniform = [draws.uniform() for _ in range(n)]
    assert 0.0 <= min(uniform) < max(uniform) < 1.0
    assert abs(sum(uniform) / n - 0.5) < 0.01
    gauss = [draws.gauss() for _ in range(n)]
    mean = sum(gauss) / n
    assert abs(mean) < 0.03
    assert abs(sum((x - mean) ** 2 for x in gauss) / n - 1.0) < 0.05
    assert max(map(abs, gauss)) <= 6.0
