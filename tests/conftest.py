"""The one option that several parts' tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update-golden`, which `make golden` gives."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        default=False,
        help="write the golden files anew instead of comparing with them",
    )
