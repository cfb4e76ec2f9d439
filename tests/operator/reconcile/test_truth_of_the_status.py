"""The status says what is: what runs, what exists, what failed; never Ready for something else."""

from __future__ import annotations

import pytest
from support.fake_api import Request
from support.fake_cluster import Refused
from support.fake_controllers import Mood
from support.stage import NAME, NAMESPACE, V1, V2, Stage


def test_images_are_those_that_run(running: Stage) -> None:
    running.controllers.deployments.mood = Mood.HANGS
    running.apply(backend={"image": V2})
    running.settle()
    assert running.image() == V2
    assert running.status()["images"]["backend"] == V1
    running.controllers.deployments.mood = Mood.WORKS
    running.settle()
    assert running.status()["images"]["backend"] == V2


def test_the_inventory_lists_what_exists(stage: Stage) -> None:
    stage.controllers.secrets.mood = Mood.HANGS
    stage.apply()
    stage.settle()
    listed = {(item["kind"], item["name"]) for item in stage.status()["inventory"]}
    assert ("Deployment", f"{NAME}-backend") not in listed
    for kind, name in listed:
        assert stage.get(kind, name) is not None


def test_the_address_of_the_load_balancer_is_told(running: Stage) -> None:
    assert running.status()["address"] == "lb.example.com"


@pytest.mark.parametrize("component", ["backend", "frontend"])
def test_it_is_not_ready_while_a_component_is_down(running: Stage, component: str) -> None:
    name = ("Deployment", NAMESPACE, f"{NAME}-{component}")
    held = running.must("Deployment", f"{NAME}-{component}")
    running.cluster.set_status(
        "deployment-controller", name, {**held["status"], "availableReplicas": 0}
    )
    running.look()
    assert running.ready() == "False"
    assert running.condition("WorkloadsAvailable")["status"] == "False"


def test_it_is_not_ready_without_an_address(stage: Stage) -> None:
    stage.controllers.balancers.mood = Mood.HANGS
    stage.apply()
    stage.settle()
    assert stage.ready() == "False"
    assert stage.condition("IngressReady")["reason"] == "AddressPending"


def test_a_suspended_one_is_not_ready_and_nothing_is_repaired(running: Stage) -> None:
    running.apply(suspend=True)
    running.delete("Service", f"{NAME}-backend")
    running.settle()
    assert running.ready() == "False"
    assert running.condition("Ready")["reason"] == "Suspended"
    assert running.get("Service", f"{NAME}-backend") is None


def test_what_an_earlier_instance_of_the_name_left_is_not_its_own(running: Stage) -> None:
    running.replace_by_force()
    running.apply(backend={"image": V2})
    running.look()
    assert running.status().get("images", {}) == {}
    assert running.ready() != "True"


def test_a_status_never_lands_on_another_instance_of_the_name(running: Stage) -> None:
    held = running.must("Deployment", f"{NAME}-backend")
    down = {**held["status"], "availableReplicas": 0}
    running.cluster.set_status("test", ("Deployment", NAMESPACE, f"{NAME}-backend"), down)
    running.operator.follow("Deployment")
    running.replace_by_force()
    running.apply(backend={"image": V2})
    # It has something to say, and still believes that the one before is there.
    running.operator.work()
    first = running.must("AppInstance", NAME)["status"]["conditions"][0]
    assert first["status"] == "Unknown"
    running.pass_time(30)
    running.settle()
    assert running.ready() == "True"


def test_a_broken_look_is_told_and_tried_again(
    running: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(running.operator.parts.reconciler._converger, "converge", broken)
        running.pass_time(700)
        running.look()
        stalled = running.condition("Stalled")
        assert stalled["reason"] == "InternalError"
        assert "a defect" not in stalled["message"]
        assert running.ready() == "False"
        # The same defect again is not written again.
        running.operator_writes()
        running.pass_time(700)
        running.look()
        assert running.operator_writes() == []
    running.pass_time(700)
    running.settle()
    assert running.ready() == "True"


@pytest.mark.parametrize("code", [409, 503])
def test_a_broken_look_is_told_also_where_the_first_word_of_it_was_lost(
    running: Stage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    def lose(request: Request) -> None:
        if request.sub == "status":
            raise Refused(code, "not now")

    parts = running.operator.parts
    monkeypatch.setattr(parts.reconciler._converger, "converge", broken)
    running.operator.api.before = lose
    running.pass_time(700)
    running.look()
    assert running.ready() == "True"
    running.operator.api.before = lambda _request: None
    running.pass_time(700)
    running.look()
    assert running.condition("Stalled")["reason"] == "InternalError"
    assert running.ready() == "False"
    # A new spec that breaks the look, too, is not taken for one that nobody has looked at.
    running.apply(backend={"image": V2})
    running.look()
    assert running.status()["observedGeneration"] == 2


def test_failing_for_long_is_told_as_stalled_and_ends_with_the_cause(stage: Stage) -> None:
    def refuse(request: Request) -> None:
        if request.kind == "ConfigMap" and request.verb == "apply":
            raise Refused(500, "not today")

    stage.operator.api.before = refuse
    stage.apply()
    for _ in range(20):
        stage.pass_time(400)
        stage.look()
    assert stage.condition("Stalled")["reason"] == "RetriesExhausted"
    stage.operator.api.before = lambda _request: None
    stage.pass_time(700)
    stage.settle()
    assert stage.ready() == "True"


def test_what_the_server_refuses_for_good_is_stalled_and_the_rest_goes_on(stage: Stage) -> None:
    def refuse(request: Request) -> None:
        if request.kind == "ServiceAccount" and request.verb == "apply":
            raise Refused(403, "forbidden")

    stage.operator.api.before = refuse
    stage.apply()
    stage.look()
    assert stage.condition("Stalled")["reason"] == "AccessDenied"
    assert stage.get("NetworkPolicy", f"{NAME}-backend") is not None
    assert stage.get("Deployment", f"{NAME}-backend") is None


def test_each_instance_is_looked_at_again_by_itself(running: Stage) -> None:
    assert set(running.operator.timers) == {(NAMESPACE, NAME)}
    (due,) = running.operator.timers.values()
    assert 0 < due - running.clock.now <= 660
