"""What every test may lean on: recorded market data, and the markers that keep long runs out of the gate."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # on a busy machine its threads wait for each other

REPO = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("COCKPIT_SHARED") or REPO.parent / "shared").expanduser().resolve()
SOAK = os.environ.get("COCKPIT_SOAK") == "1"

# The gate must give the same answer twice, so it draws the same examples; a soak is there to find new ones.
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60)
settings.register_profile(
    "soak", deadline=None, max_examples=2000, print_blob=True, suppress_health_check=SLOW_IS_FINE
)
settings.load_profile("soak" if SOAK else "ci")


def no_market_data() -> str | None:
    """The reason to skip, or None when the recorded market data is there."""
    if (SHARED / "market").is_dir():
        return None
    return f"no recorded market data at {SHARED}; set COCKPIT_SHARED to the folder that holds market/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    absent = no_market_data()
    for item in items:
        if not SOAK and item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.skip(reason="a long run: set COCKPIT_SOAK=1 (make soak)"))
        if absent and item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason=absent))


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the checkout."""
    return REPO


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded market data; a test that asks for it is skipped where there is none."""
    if absent := no_market_data():
        pytest.skip(absent)
    return SHARED
