"""A failed migration is tried again, less and less often, unless the image says it cannot help."""

from __future__ import annotations

import datetime
from typing import Any, cast

from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.api.spec import parse
from appinstance_operator.desired import migration
from appinstance_operator.kube.cache import Cache
from appinstance_operator.kube.children import Children
from appinstance_operator.kube.client import Kube
from appinstance_operator.reconcile.look import Look, Memory
from appinstance_operator.reconcile.migrations import Migrations

BODY = golden_instance(DESIRED / "golden" / "minimal")
INSTANCE = parse(BODY)
FAILED_AT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Deletes:
    def __init__(self) -> None:
        self.uids: list[str] = []

    def delete(self, _kind: object, _namespace: str, _name: str, uid: str) -> None:
        self.uids.append(uid)


def _job(reason: str, attempt: str = "1", owner: str | None = None) -> dict[str, Any]:
    job: dict[str, Any] = (
        migration.job(INSTANCE, golden_settings(DESIRED / "golden" / "minimal"), 1) or {}
    )
    failed = {
        "type": "Failed", "status": "True", "reason": reason,
        "lastTransitionTime": FAILED_AT.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip
    meta = {
        **job["metadata"], "uid": "job-uid",
        "annotations": {"platform.appinstance.io/attempt": attempt},
        "ownerReferences": [{"uid": owner or INSTANCE.uid}],
    }  # fmt: skip
    return {**job, "metadata": meta, "status": {"conditions": [failed]}}


def _again(job: dict[str, Any], seconds_later: float) -> tuple[bool, Look, Deletes]:
    kube = Deletes()
    look = Look(INSTANCE, BODY, Children({("Job", job["metadata"]["name"]): job}), Memory("u"))
    now = FAILED_AT.timestamp() + seconds_later
    migrations = Migrations(cast("Kube", kube), Cache(), lambda: now)
    return migrations.again(job, look), look, kube


def test_it_waits_and_then_removes_the_failed_job_by_its_uid() -> None:
    removed, look, kube = _again(_job("BackoffLimitExceeded"), 10)
    assert (removed, kube.uids) == (False, [])
    assert look.due == [50.0], "somebody looks again when it is due"
    removed, look, kube = _again(_job("BackoffLimitExceeded"), 61)
    assert (removed, kube.uids) == (True, ["job-uid"])
    assert list(look.memory.attempts.values()) == [2]


def test_each_attempt_waits_twice_as_long_up_to_half_an_hour() -> None:
    waits = [_again(_job("DeadlineExceeded", str(n)), 0)[1].due[0] for n in (1, 2, 3, 50)]
    assert waits == [60, 120, 240, 1800]


def test_the_images_last_word_is_believed() -> None:
    removed, look, kube = _again(_job("PodFailurePolicy"), 100_000)
    assert (removed, look.due, kube.uids) == (False, [], [])


def test_a_job_that_is_not_ours_is_left_alone_and_a_forged_count_breaks_nothing() -> None:
    assert _again(_job("DeadlineExceeded", owner="someone"), 100_000)[2].uids == []
    assert _again(_job("DeadlineExceeded", "-7"), 0)[1].due == [60.0]
    assert _again(_job("DeadlineExceeded", "9" * 400), 0)[1].due == [60.0]
