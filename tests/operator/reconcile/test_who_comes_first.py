"""Who runs comes first in the queue: the reconciler says who that is."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from support.fake_controllers import Mood
from support.stage import PLACE, V2, Stage


def _runs(stage: Stage) -> bool:
    return stage.operator.parts.reconciler.runs(PLACE)


def test_one_that_is_being_made_does_not_run_until_it_is_ready(stage: Stage) -> None:
    stage.controllers.deployments.mood = Mood.HANGS
    stage.apply()
    stage.settle()
    assert not _runs(stage)
    stage.controllers.deployments.mood = Mood.WORKS
    stage.settle()
    assert stage.ready() == "True"
    assert _runs(stage)


def test_one_that_rolls_out_a_new_image_still_runs(running: Stage) -> None:
    running.controllers.deployments.mood = Mood.HANGS
    running.apply(backend={"image": V2})
    running.settle()
    assert running.ready() != "True"
    assert _runs(running), "its old pods serve, so a repair of it does not wait"


def test_after_a_start_it_has_to_be_seen_ready_first(running: Stage) -> None:
    running.restart()
    assert not _runs(running)
    running.settle()
    assert _runs(running)


@pytest.mark.parametrize("kind", ["NetworkPolicy", "ServiceAccount"])
def test_the_log_has_one_line_for_what_a_stage_made(stage: Stage, kind: str) -> None:
    stage.apply()
    with capture_logs() as lines:
        stage.look()
    made = [one for one in lines if one["event"] == "applied" and one["reason"] == "missing"]
    told = [one for one in made if any(name.startswith(kind) for name in one["objects"])]
    created = stage.cluster.of_kind(kind)
    assert len(told) == 1
    assert {f"{kind}/{item.body['metadata']['name']}" for item in created} <= set(
        told[0]["objects"]
    )
