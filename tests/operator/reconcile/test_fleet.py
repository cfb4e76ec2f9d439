"""What a change of the operator's own, or of its settings, does to all instances at once."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_cluster import Stored
from support.fake_controllers import Mood
from support.fake_operator import FakeOperator
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


@pytest.mark.parametrize(
    "change",
    [
        {"suspend": True},
        {"backend": {"image": "registry.example.com/backend:bad"}},
        {"host": "elsewhere.example.org"},
    ],
    ids=("suspended", "an image that does not start", "refused"),
)
def test_one_that_waits_for_its_turn_and_does_not_take_it_keeps_nobody_waiting(
    change: dict[str, Any],
) -> None:
    stage, (_, waits, last), before = _three_of_which_one_may_roll()
    stage.apply(waits, NAMESPACES[0], **change)
    stage.settle()
    stage.controllers.deployments.mood = Mood.WORKS
    stage.settle()
    assert _template(stage, NAMESPACES[0], last) != before[last]


@pytest.mark.parametrize("change", [{"suspend": True}, {"host": "elsewhere.example.org"}])
def test_one_that_has_its_turn_gives_it_back_also_when_it_is_not_worked_on_any_more(
    change: dict[str, Any],
) -> None:
    stage = _fleet()
    before = _templates(stage)
    stage.controllers.deployments.mood = Mood.HANGS
    stage.restart(stage_settings(database={"caBundle": CA}, rollouts={"maxConcurrent": 1}))
    stage.settle()
    (rolling,) = _rolled(stage, before)
    stage.apply(NAME, rolling, **change)
    stage.settle()
    assert _rolled(stage, before) == {rolling}, "its pods are not there yet"
    stage.controllers.deployments.mood = Mood.WORKS
    stage.settle()
    assert _rolled(stage, before) == set(NAMESPACES)


def _three_of_which_one_may_roll() -> tuple[Stage, tuple[str, ...], dict[str, Any]]:
    """Return a stage whose pods hang, its instances in order of their turns, and their templates.

    None of them has a migration: the first look at a new image applies it.
    """
    stage = Stage()
    names = ("a", "b", "c")
    for name in names:
        key = {"remoteRef": {"key": f"apps/{NAMESPACES[0]}/{name}/database"}}
        database = {"credentials": key, "migrate": False}
        stage.apply(name, NAMESPACES[0], host=f"{name}.apps.example.com", database=database)
    stage.settle()
    before = {name: _template(stage, NAMESPACES[0], name) for name in names}
    stage.controllers.deployments.mood = Mood.HANGS
    stage.restart(stage_settings(database={"caBundle": CA}, rollouts={"maxConcurrent": 1}))
    stage.settle()
    turns = sorted(names, key=lambda name: _template(stage, NAMESPACES[0], name) == before[name])
    return stage, tuple(turns), before


def test_one_that_is_given_a_broken_image_in_its_turn_gives_it_back() -> None:
    stage, (rolling, *others), before = _three_of_which_one_may_roll()
    broken = {"image": "registry.example.com/backend:bad"}
    stage.apply(rolling, NAMESPACES[0], backend=broken)
    stage.controllers.deployments.mood = Mood.WORKS
    for _ in range(3):
        stage.settle()
        stage.pass_time(700)
    assert all(_template(stage, NAMESPACES[0], name) != before[name] for name in others)


def test_one_that_needs_its_turn_no_more_keeps_nobody_behind_it_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its Deployments were deleted and are made anew, with the new template; no pod comes up."""
    stage, (_, waits, last), before = _three_of_which_one_may_roll()
    roll = stage.controllers.deployments._roll

    def roll_others(deployment: Stored) -> None:
        if not deployment.body["metadata"]["name"].startswith(f"{waits}-"):
            roll(deployment)

    monkeypatch.setattr(stage.controllers.deployments, "_roll", roll_others)
    for part in ("backend", "frontend"):
        stage.cluster.delete("somebody", ("Deployment", NAMESPACES[0], f"{waits}-{part}"))
    stage.settle()
    stage.controllers.deployments.mood = Mood.WORKS
    stage.settle()
    assert _template(stage, NAMESPACES[0], last) != before[last]


def test_one_that_was_broken_before_takes_no_turn_from_those_that_run() -> None:
    stage = _fleet()
    broken = NAMESPACES[0]
    stage.apply(NAME, broken, backend={"image": "registry.example.com/backend:bad"})
    stage.settle()
    before = _templates(stage)
    stage.restart(stage_settings(database={"caBundle": CA}, rollouts={"maxConcurrent": 1}))
    for _ in range(5):
        stage.settle()
        stage.pass_time(700)
    assert _rolled(stage, before) == set(NAMESPACES)


def test_a_leader_that_was_behind_counts_who_rolls_by_what_is() -> None:
    stage = _fleet()
    before = _templates(stage)
    stage.controllers.deployments.mood = Mood.HANGS
    behind = FakeOperator(stage.cluster, stage.iam, CHANGED, stage.clock, "behind")
    behind.fill()
    stage.restart(CHANGED)
    stage.settle()
    assert len(_rolled(stage, before)) == 2
    # It takes the lease with what it knew before those two began.
    stage.operator = behind
    behind.lead()
    behind.awake = dict(reversed(behind.awake.items()))
    while behind.work() is not None:
        behind.parts.background()
    assert len(_rolled(stage, before)) == 2


def test_pods_that_never_come_up_under_a_leader_before_do_not_hold_all_turns() -> None:
    """A tenant may pause its Deployments in the midst of a rollout, and none of them fails."""
    stage = _fleet(("a", "b", "c"))
    before = _templates(stage)
    stage.controllers.deployments.mood = Mood.HANGS
    for name in ("a", "b", "c", NAME):
        stage.apply(name, NAMESPACES[0], backend={"image": V2})
    stage.settle()
    stage.restart(CHANGED)
    stage.settle()
    rolled = _rolled(stage, before) - {NAMESPACES[0]}
    assert len(rolled) == 1
