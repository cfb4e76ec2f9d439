"""The options of the test suite, and how Hypothesis tries things wherever it runs."""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["support.no_skips"]

# The same examples each time, and none fails because a machine was busy.
settings.register_profile(
    "everywhere",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("everywhere")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`, which `make golden` gives, and those of the simulator."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        default=False,
        help="write the golden files anew instead of comparing with them",
    )
    parser.addoption(
        "--simulator-steps",
        type=int,
        default=100_000,
        help="how many steps tests/simulator takes",
    )
    parser.addoption(
        "--simulator-seed",
        type=int,
        default=0,
        help="the first seed of tests/simulator",
    )
    parser.addoption(
        "--simulator-as-it-is",
        action="store_true",
        default=False,
        help="do not make a failing program of tests/simulator smaller, nor write it down",
    )
