"""Under CI a test that is skipped has failed: nobody looks at what was not run.

On a person's machine a skip stays one. What may be skipped anywhere is listed here, with why.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

MAY_BE_SKIPPED = {
    "tests/e2e/test_chain.py": "a stock node gives pods no addresses as in a VPC",
    "tests/e2e/test_stock_images.py": "of an engine that is not ours, the mirrors are its owner's",
}


def _refused(nodeid: str) -> bool:
    return bool(os.environ.get("CI")) and nodeid.partition("::")[0] not in MAY_BE_SKIPPED


def _sentence(report: pytest.TestReport | pytest.CollectReport) -> str:
    told = report.longrepr
    return f"under CI nothing is skipped: {told[2] if isinstance(told, tuple) else told}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make a failure of a skip; a test that is expected to fail is none."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and _refused(item.nodeid):
        report.outcome, report.longrepr = (
            "failed",
            _sentence(report),
        )
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Make a failure of a whole module that skips itself."""
    report = yield
    if report.skipped and _refused(collector.nodeid):
        report.outcome, report.longrepr = (
            "failed",
            _sentence(report),
        )
    return report
