"""What is not the instance's own is never changed, whatever its name; a host is one instance's."""

from __future__ import annotations

from typing import Any

import pytest
from support.fake_cluster import Body, Name
from support.stage import NAME, NAMESPACE, PLACE, Stage

HOST = "contested.apps.example.com"
LABELS = {
    "app.kubernetes.io/managed-by": "appinstance-operator",
    "app.kubernetes.io/instance": NAME,
}
OBJECTS = [
    ("Service", f"{NAME}-backend"),
    ("Ingress", NAME),
    ("NetworkPolicy", f"{NAME}-default-deny"),
    ("ConfigMap", f"{NAME}-database-ca"),
    ("ServiceAccount", f"{NAME}-backend"),
    ("Secret", f"{NAME}-database"),
]
IN_THE_PLAN = [item for item in OBJECTS if item[0] != "Secret"]


def _theirs(kind: str, name: str, labels: dict[str, str], **meta: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": kind,
        "metadata": {"namespace": NAMESPACE, "name": name, "labels": labels, **meta},
        "spec": {"rules": []}, "data": {"theirs": "yes"},
    }  # fmt: skip


@pytest.mark.parametrize("labels", [{"app": "theirs"}, LABELS], ids=["plain", "labelled"])
@pytest.mark.parametrize("target", OBJECTS, ids=[kind for kind, _ in OBJECTS])
def test_an_object_in_the_way_is_left_alone(
    stage: Stage, target: tuple[str, str], labels: dict[str, str]
) -> None:
    kind, name = target
    stage.cluster.create("stranger", kind, _theirs(kind, name, labels))
    full: Name = (kind, NAMESPACE, name)
    before = stage.cluster.objects[full].text
    stage.apply()
    stage.settle()
    held = stage.cluster.objects[full]
    if kind == "Ingress":
        assert held.body["data"] == {"theirs": "yes"}
    else:
        assert held.text == before
    assert stage.ready() == "False"
    if kind != "Secret":
        assert stage.condition("Stalled")["reason"] == "NameTaken"
    stage.delete("AppInstance", NAME)
    stage.settle()
    assert full in stage.cluster.objects


@pytest.mark.parametrize("target", IN_THE_PLAN, ids=[kind for kind, _ in IN_THE_PLAN])
def test_it_goes_on_when_what_was_in_the_way_is_gone(stage: Stage, target: tuple[str, str]) -> None:
    kind, name = target
    stage.cluster.create("stranger", kind, _theirs(kind, name, {"app": "theirs"}))
    stage.apply()
    stage.settle()
    stage.delete(kind, name)
    stage.pass_time(700)
    stage.settle()
    assert stage.ready() == "True"


def test_external_secrets_is_not_asked_to_write_over_a_secret_of_others(stage: Stage) -> None:
    """It would: an existing Secret without an owner is taken over by whoever targets it."""
    name = f"{NAME}-database"
    stage.cluster.create("stranger", "Secret", _theirs("Secret", name, {"app": "theirs"}))
    stage.apply()
    stage.settle()
    assert stage.get("ExternalSecret", name) is None
    assert stage.condition("Stalled")["reason"] == "NameTaken"
    assert f"Secret {name} exists" in stage.condition("Stalled")["message"]
    stage.delete("Secret", name)
    stage.pass_time(700)
    stage.settle()
    assert stage.ready() == "True"


def test_labelled_leftovers_of_others_are_not_pruned(running: Stage) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "uid-1"}
    bodies = [
        _theirs("Service", "other", LABELS),
        _theirs("Service", "owned", LABELS, ownerReferences=[owner]),
    ]
    for body in bodies:
        running.cluster.create("stranger", "Service", body)
    running.apply(frontend=None)
    running.settle()
    assert running.get("Service", f"{NAME}-frontend") is None
    assert running.get("Service", "other") is not None
    assert running.get("Service", "owned") is not None


def test_a_replaced_object_is_not_deleted_in_place_of_the_one_that_was_meant(
    running: Stage,
) -> None:
    name = f"{NAME}-frontend"
    # The operator has not seen yet that its Service was replaced by somebody else's.
    running.delete("Service", name)
    running.cluster.create("stranger", "Service", _theirs("Service", name, {"app": "theirs"}))
    running.apply(frontend=None)
    running.operator.follow("AppInstance")
    for _ in range(5):
        running.operator.work()
        running.controllers.deployments.step()
        for kind in ("Deployment", "AppInstance"):
            running.operator.follow(kind)
    assert running.get("Service", name) is not None


def test_a_host_goes_to_the_first_and_the_second_is_told(stage: Stage) -> None:
    stage.apply(host=HOST)
    stage.settle()
    stage.apply("other", host=HOST)
    stage.settle()
    assert stage.ready() == "True"
    stalled = stage.condition("Stalled", "other")
    assert stalled["reason"] == "HostTaken"
    assert NAME not in stalled["message"].replace("shop", NAME)
    assert stage.get("Ingress", "other") is None


def test_a_host_passes_on_when_its_holder_goes(stage: Stage) -> None:
    stage.apply(host=HOST)
    stage.settle()
    stage.apply("other", host=HOST)
    stage.settle()
    stage.delete("AppInstance", NAME)
    stage.settle()
    stage.pass_time(700)
    stage.settle()
    assert stage.condition("Ready", "other")["status"] == "True"
    assert stage.must("Ingress", "other")["spec"]["rules"][0]["host"] == HOST


def test_an_older_one_does_not_take_the_host_of_one_that_runs(stage: Stage) -> None:
    stage.apply()
    stage.apply("other", host=HOST)
    stage.settle()
    stage.apply(host=HOST)
    stage.restart()
    stage.settle()
    assert stage.condition("Ready", "other")["status"] == "True"
    assert stage.condition("Stalled")["reason"] == "HostTaken"


def test_an_entry_of_others_is_refused_and_nothing_is_made(stage: Stage) -> None:
    stage.apply(database={"credentials": {"remoteRef": {"key": "apps/evil/database"}}})
    stage.settle()
    assert stage.condition("Stalled")["reason"] == "NotAllowed"
    assert stage.iam.roles == {}
    assert list(stage.cluster.of_kind("ExternalSecret")) == []


def test_an_instance_whose_deletion_was_missed_is_forgotten(running: Stage) -> None:
    running.replace_by_force()
    running.cluster.compact("AppInstance")
    running.operator.follow("AppInstance")
    running.operator.follow("AppInstance")
    assert running.operator.parts.cache.keys() == ()
    running.settle()
    assert list(running.cluster.of_kind("Deployment")) == []


def test_a_finalizer_that_somebody_set_meanwhile_is_not_taken_off(running: Stage) -> None:
    place: Name = ("AppInstance", *PLACE)
    running.delete("AppInstance", NAME)
    running.operator.follow("AppInstance")
    # From here on the operator does not see what others do to the instance.

    def held(body: Body) -> Body:
        meta = body["metadata"]
        return {
            **body,
            "metadata": {**meta, "finalizers": [*meta["finalizers"], "theirs.org/wait"]},
        }

    running.cluster.edit("user", place, held)
    for _ in range(5):
        running.operator.wake(PLACE)
        running.operator.work()
        running.operator.parts.background()
    assert "theirs.org/wait" in running.must("AppInstance", NAME)["metadata"]["finalizers"]
    running.settle()
    assert running.must("AppInstance", NAME)["metadata"]["finalizers"] == ["theirs.org/wait"]
    assert running.iam.roles == {}
