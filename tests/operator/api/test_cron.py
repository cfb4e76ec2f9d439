"""Schedules and time zones: what the CRD judges by its pattern, and what is beyond it."""

from __future__ import annotations

import pytest
import yaml

from appinstance_local.paths import REPO
from appinstance_operator.api import cron

CRD = REPO / "charts/appinstance-operator/crds/appinstances.platform.appinstance.io.yaml"
GOOD = (
    "* * * * *",
    "30 2 * * *",
    "0,30 */2 1-15 jan-mar mon-fri",
    "59 23 31 12 6",
    "00 00 01 01 0",
    "5/10 * * * *",
    "@daily",
    "@hourly",
)
BAD = (
    "",
    "30 2 * *",
    "30 2 * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 32 * *",
    "* * 0 * *",
    "* * * 0 *",
    "* * * * 7",
    "*/0 * * * *",
    "1- * * * *",
    "-1 * * * *",
    "30 2 * * *\n",
    " 30 2 * * *",
    "@reboot",
    "@every 1m",
    "CRON_TZ=UTC 0 2 * * *",
    "* * L * *",
    "٣٠ 2 * * *",
    "0 2 * * *" + " " * 300,
)


@pytest.mark.parametrize("schedule", GOOD)
def test_a_schedule_of_crons_is_one(schedule: str) -> None:
    assert cron.schedule_problem(schedule) is None


@pytest.mark.parametrize("schedule", BAD)
def test_anything_else_is_refused_with_an_example(schedule: str) -> None:
    problem = cron.schedule_problem(schedule)
    assert problem is not None
    assert '"30 2 * * *"' in problem
    assert len(problem) < 600


@pytest.mark.parametrize("schedule", ["0 22-6 * * *", "0 0 * dec-jan *", "0 0 * * sat-mon"])
def test_a_range_that_ends_before_it_begins_is_named(schedule: str) -> None:
    assert "ends before it begins" in str(cron.schedule_problem(schedule))


def test_the_crd_has_the_same_pattern() -> None:
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    (rule,) = spec["jobs"]["items"]["properties"]["schedule"]["x-kubernetes-validations"]
    assert rule["rule"] == f"self.matches('{cron.PATTERN}')"


@pytest.mark.parametrize("zone", ["Etc/UTC", "UTC", "Europe/Berlin", "America/Argentina/Ushuaia"])
def test_a_time_zone_is_one(zone: str) -> None:
    assert cron.zone_problem(zone) is None


@pytest.mark.parametrize(
    "zone", ["", "Local", "Europe/Atlantis", "../../etc/passwd", "/etc/passwd", "Europe/Berlin\n"]
)
def test_anything_else_is_no_time_zone(zone: str) -> None:
    assert "is not a time zone" in str(cron.zone_problem(zone))
