"""What a change of the operator's own, or of its settings, does to all instances at once."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_cluster import Stored
from support.fake_controllers import Mood
from support.stage import Stage, stage_settings

NAMESPACES = ("red", "green", "blue", "white", "black")
NAME = "shop"
CA = "-----BEGIN CERTIFICATE-----\nanother\n-----END CERTIFICATE-----\n"
CHANGED = stage_settings(database={"caBundle": CA}, rollouts={"maxConcurrent": 2})
V2 = "registry.example.com/backend:v2"


def _fleet(more: tuple[str, ...] = ()) -> Stage:
    """Return a stage with an instance in each namespace that is Ready, and `more` in the first."""
    stage = Stage()
    for name in more:
        stage.apply(name, NAMESPACES[0])
    for namespace in NAMESPACES:
        stage.apply(NAME, namespace, host=f"{namespace}.apps.example.com")
    stage.settle()
    assert _ready(stage) == set(NAMESPACES)
    return stage


def _ready(stage: Stage) -> set[str]:
    return {
        namespace
        for namespace in NAMESPACES
        if stage.condition("Ready", NAME, namespace)["status"] == "True"
    }


def _template(stage: Stage, namespace: str, name: str = NAME) -> Any:
    body = stage.cluster.get("Deployment", namespace, f"{name}-backend")
    assert body is not None
    return body["spec"]["template"]


def _templates(stage: Stage) -> dict[str, Any]:
    return {namespace: _template(stage, namespace) for namespace in NAMESPACES}


def _rolled(stage: Stage, before: dict[str, Any]) -> set[str]:
    return {name for name, template in _templates(stage).items() if template != before[name]}


def test_no_more_than_the_settings_say_roll_at_once() -> None:
    stage = _fleet()
    before = _templates(stage)
    stage.controllers.deployments.mood = Mood.HANGS
    stage.restart(CHANGED)
    stage.settle()
    assert len(_rolled(stage, before)) == 2
    # Who waits is as good as before: it runs what it ran.
    waiting = set(NAMESPACES) - _rolled(stage, before)
    assert all(
        stage.condition("WorkloadsAvailable", NAME, name)["status"] == "True" for name in waiting
    )
    stage.controllers.deployments.mood = Mood.WORKS
    stage.settle()
    assert _rolled(stage, before) == set(NAMESPACES)
    assert _ready(stage) == set(NAMESPACES)


def test_a_change_of_ones_own_waits_for_no_turn_of_the_fleet() -> None:
    stage = _fleet()
    before = _templates(stage)
    stage.controllers.deployments.mood = Mood.HANGS
    stage.restart(CHANGED)
    stage.settle()
    waiting = min(set(NAMESPACES) - _rolled(stage, before))
    stage.apply(NAME, waiting, backend={"image": V2})
    stage.settle()
    assert _template(stage, waiting)["spec"]["containers"][0]["image"] == V2


def test_a_change_of_ones_own_takes_no_turn() -> None:
    stage = _fleet()
    stage.restart(stage_settings(rollouts={"maxConcurrent": 1}))
    stage.settle()
    stage.controllers.deployments.mood = Mood.HANGS
    for namespace in NAMESPACES:
        stage.apply(NAME, namespace, backend={"image": V2})
    stage.settle()
    images = {template["spec"]["containers"][0]["image"] for template in _templates(stage).values()}
    assert images == {V2}


def test_a_broken_new_template_stops_at_the_bound() -> None:
    stage = _fleet()
    before = _templates(stage)
    stage.controllers.deployments.mood = Mood.REFUSES
    stage.restart(CHANGED)
    for _ in range(5):
        stage.settle()
        stage.pass_time(700)
    assert len(_rolled(stage, before)) == 2


def test_a_new_leader_counts_those_that_roll_already() -> None:
    stage = _fleet()
    before = _templates(stage)
    stage.controllers.deployments.mood = Mood.HANGS
    for _ in range(3):
        stage.restart(CHANGED)
        stage.settle()
    assert len(_rolled(stage, before)) == 2
    stage.controllers.deployments.mood = Mood.WORKS
    stage.settle()
    assert _rolled(stage, before) == set(NAMESPACES)


def test_the_pods_of_one_tenant_that_do_not_start_stop_nobody_elses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = _fleet(("a", "b", "c"))
    before = _templates(stage)
    hostile, roll = NAMESPACES[0], stage.controllers.deployments._roll

    def roll_others(deployment: Stored) -> None:
        if deployment.body["metadata"]["namespace"] != hostile:
            roll(deployment)

    monkeypatch.setattr(stage.controllers.deployments, "_roll", roll_others)
    stage.restart(CHANGED)
    for _ in range(5):
        stage.settle()
        stage.pass_time(700)
    assert _rolled(stage, before) >= set(NAMESPACES[1:])
