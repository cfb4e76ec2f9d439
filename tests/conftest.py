"""The options of the test suite."""

import pytest

pytest_plugins = ["support.no_skips"]


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
