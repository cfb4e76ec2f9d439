"""The charts on a real API server: every object is accepted, upgrades reach the CRD, nothing hangs.

There is no node here, so nobody runs the uninstall's Job. The test does it in the Job's place: with
the same arguments, as the Job's own account, and reports the outcome in the Job's status. What Helm
does with that outcome is what counts.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from kubernetes import client, utils, watch
from support.control_plane import SYSTEM as _SYSTEM
from support.control_plane import ControlPlane, running_plane
from support.waiting import WAIT_SECONDS

from appinstance_operator.cli import drain, trial
from appinstance_operator.cli import main as cli
from appinstance_operator.cli.fleet import CommandError, Key

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = [
    pytest.mark.integration,
    # The API server's certificate is one that it made itself a moment ago.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]
_PATIENCE = round(WAIT_SECONDS)
REPO = Path(__file__).resolve().parents[2]
_CHART = str(REPO / "charts" / "appinstance-operator")


@pytest.fixture(scope="module")
def control_plane(tmp_path_factory: pytest.TempPathFactory, helm: Helm) -> Iterator[ControlPlane]:
    with running_plane(tmp_path_factory.mktemp("control-plane"), helm.binary) as plane:
        yield plane


def _install(
    plane: ControlPlane, *more: str, chart: str = _CHART, case: str = "operator-minimal"
) -> None:
    values = str(REPO / f"tests/charts/values/{case}.yaml")
    told = plane.run_helm(
        "upgrade", "--install", "appinstance-operator", chart, "--values", values,
        "--create-namespace", *more,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr


_SPEC = {
    "host": "acme.apps.example.com",
    "backend": {"image": "appinstance/backend:dev"},
    "database": {"credentials": {"remoteRef": {"key": "apps/default/acme/database"}}},
}


@pytest.fixture
def held_instance(control_plane: ControlPlane) -> Iterator[Callable[[], bool]]:
    """Install the operator and an AppInstance with a finalizer; return whether it still exists."""
    _install(control_plane)
    control_plane.await_let_in()
    instances = client.CustomObjectsApi(control_plane.client())
    where = ("platform.appinstance.io", "v1alpha1", "default", "appinstances")
    body = {
        "apiVersion": "platform.appinstance.io/v1alpha1",
        "kind": "AppInstance",
        "metadata": {"name": "acme", "finalizers": ["platform.appinstance.io/test"]},
        "spec": _SPEC,
    }
    instances.create_namespaced_custom_object(*where, body)

    def exists() -> bool:
        listed: Any = instances.list_namespaced_custom_object(*where)
        return bool(listed["items"])

    yield exists
    if exists():
        with contextlib.suppress(client.ApiException):
            instances.delete_namespaced_custom_object(*where, "acme")
        _lift_finalizer(control_plane, "acme")
    control_plane.run_helm("uninstall", "appinstance-operator", "--no-hooks")


def _lift_finalizer(plane: ControlPlane, name: str) -> None:
    client.CustomObjectsApi(plane.client()).patch_namespaced_custom_object(
        "platform.appinstance.io", "v1alpha1", "default", "appinstances", name,
        {"metadata": {"finalizers": []}},
    )  # fmt: skip


class _Cluster(threading.Thread):
    """Runs the drain's Job as its own account and, if asked, plays the operator."""

    def __init__(self, plane: ControlPlane, *, operator: bool) -> None:
        super().__init__(daemon=True)
        self._plane, self._operator = plane, operator
        # A refused drain leaves its Job for people to read; only one that comes now is ours to run.
        jobs: Any = client.BatchV1Api(plane.client()).list_namespaced_job(_SYSTEM)
        self._since = jobs.metadata.resource_version
        self.sentence = ""

    def run(self) -> None:
        if self._operator:
            threading.Thread(target=self._lift, daemon=True).start()
        jobs = client.BatchV1Api(self._plane.client())
        stream: Any = watch.Watch()
        for event in stream.stream(
            jobs.list_namespaced_job,
            _SYSTEM,
            resource_version=self._since,
            timeout_seconds=_PATIENCE,
        ):
            if event["type"] == "ADDED":
                stream.stop()
                self._drain(jobs, event["object"])

    def _lift(self) -> None:
        """Lift the finalizer as soon as deletion is asked for, as the operator does."""
        instances = client.CustomObjectsApi(self._plane.client())
        stream: Any = watch.Watch()
        for event in stream.stream(
            instances.list_cluster_custom_object,
            "platform.appinstance.io", "v1alpha1", "appinstances", timeout_seconds=_PATIENCE,
        ):  # fmt: skip
            if "deletionTimestamp" in event["object"]["metadata"] and event["type"] != "DELETED":
                stream.stop()
                _lift_finalizer(self._plane, event["object"]["metadata"]["name"])

    def _drain(self, jobs: client.BatchV1Api, job: Any) -> None:
        pod = job.spec.template.spec
        (container,) = pod.containers
        fleet = self._plane.fleet(f"{_SYSTEM}:{pod.service_account_name}")
        try:
            delete = "delete" in container.args
            self.sentence = drain.delete(fleet, WAIT_SECONDS) if delete else drain.refuse(fleet)
            outcome = ("SuccessCriteriaMet", "Complete")
        except CommandError as error:
            self.sentence = str(error)
            outcome = ("FailureTarget", "Failed")
        now = datetime.now(UTC).isoformat()
        status: dict[str, Any] = {
            "startTime": now,
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": now} for kind in outcome
            ],
        }
        status |= {"succeeded": 1, "completionTime": now} if outcome[1] == "Complete" else {}
        jobs.patch_namespaced_job_status(job.metadata.name, _SYSTEM, {"status": status})


def _leftovers(plane: ControlPlane) -> set[str]:
    """Return the kinds of which an object of the release, or of its drain, is still there."""
    api = plane.client()
    lists: dict[str, Any] = {
        "Deployment": client.AppsV1Api(api).list_namespaced_deployment(_SYSTEM),
        "ServiceAccount": client.CoreV1Api(api).list_namespaced_service_account(_SYSTEM),
        "ClusterRole": client.RbacAuthorizationV1Api(api).list_cluster_role(),
        "ClusterRoleBinding": client.RbacAuthorizationV1Api(api).list_cluster_role_binding(),
        "CustomResourceDefinition": (
            client.ApiextensionsV1Api(api).list_custom_resource_definition()
        ),
    }
    return {
        f"{kind}/{item.metadata.name}"
        for kind, found in lists.items()
        for item in found.items
        if "appinstance" in item.metadata.name
    }


# The kinds of others, which this API server does not have.
_WITHOUT_MONITORING = ("--set", "metrics.serviceMonitor.enabled=false,metrics.rules.enabled=false")
_CRD = "CustomResourceDefinition/appinstances.platform.appinstance.io"


def test_uninstalling_is_refused_while_an_instance_is_left(
    control_plane: ControlPlane, held_instance: Callable[[], bool]
) -> None:
    before = _leftovers(control_plane)
    cluster = _Cluster(control_plane, operator=False)
    cluster.start()
    told = control_plane.run_helm("uninstall", "appinstance-operator", "--timeout", f"{_PATIENCE}s")
    cluster.join(_PATIENCE)
    assert told.returncode != 0
    assert "1 AppInstance is left (default/acme)" in cluster.sentence
    assert held_instance()
    # The operator is whole, and the drain's account is gone again.
    assert _leftovers(control_plane) == before
    assert "Deployment/appinstance-operator" in before


def test_uninstalling_deletes_and_waits_when_told_to(
    control_plane: ControlPlane, held_instance: Callable[[], bool]
) -> None:
    _install(control_plane, "--set", "uninstall.mode=delete")
    cluster = _Cluster(control_plane, operator=True)
    cluster.start()
    told = control_plane.run_helm("uninstall", "appinstance-operator", "--timeout", f"{_PATIENCE}s")
    cluster.join(_PATIENCE)
    assert told.returncode == 0, told.stderr
    assert cluster.sentence == "1 AppInstance deleted"
    assert not held_instance()
    assert _leftovers(control_plane) == {_CRD}


def test_without_instances_the_uninstall_goes_through_and_the_crd_can_be_taken_up_again(
    control_plane: ControlPlane,
) -> None:
    _install(control_plane)
    cluster = _Cluster(control_plane, operator=False)
    cluster.start()
    told = control_plane.run_helm("uninstall", "appinstance-operator", "--timeout", f"{_PATIENCE}s")
    cluster.join(_PATIENCE)
    assert told.returncode == 0, told.stderr
    assert cluster.sentence == "no AppInstance is left"
    assert _leftovers(control_plane) == {_CRD}
    _install(control_plane)
    control_plane.run_helm("uninstall", "appinstance-operator", "--no-hooks")


def test_an_upgrade_reaches_the_crd(control_plane: ControlPlane, tmp_path: Path) -> None:
    older = tmp_path / "appinstance-operator"
    shutil.copytree(_CHART, older)
    copy = older / "files" / "appinstances.crd.yaml"
    crd = yaml.safe_load(copy.read_text())
    expected = crd["spec"]["names"]["shortNames"]
    crd["spec"]["names"]["shortNames"] = ["older"]
    copy.write_text(yaml.safe_dump(crd))

    def short_names() -> list[str]:
        crds = client.ApiextensionsV1Api(control_plane.client())
        crd: Any = crds.read_custom_resource_definition(_CRD.split("/")[1])
        return list(crd.spec.names.short_names)

    _install(control_plane, chart=str(older))
    assert short_names() == ["older"]
    _install(control_plane)
    assert short_names() == expected
    control_plane.run_helm("uninstall", "appinstance-operator", "--no-hooks")


@pytest.mark.parametrize("case", ["operator-local", "operator-production"])
def test_every_object_is_accepted(control_plane: ControlPlane, case: str) -> None:
    # Helm applies server-side, so a field that the API does not know is an error.
    _install(control_plane, *_WITHOUT_MONITORING, case=case)
    assert "Deployment/appinstance-operator" in _leftovers(control_plane)
    control_plane.run_helm("uninstall", "appinstance-operator", "--no-hooks")


def test_a_field_that_the_api_does_not_know_ends_the_install(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    chart = tmp_path / "appinstance-operator"
    shutil.copytree(_CHART, chart)
    wrong = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "wrong"}, "dato": {"a": "b"},
    }  # fmt: skip
    (chart / "templates" / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    told = control_plane.run_helm(
        "install", "appinstance-operator", str(chart), "--create-namespace",
        "--values", str(REPO / "tests/charts/values/operator-minimal.yaml"),
    )  # fmt: skip
    assert told.returncode != 0
    assert "dato" in told.stderr
    control_plane.run_helm("uninstall", "appinstance-operator", "--no-hooks")


@pytest.fixture(scope="module")
def installed_crd(control_plane: ControlPlane) -> None:
    """Leave the CRD behind, as every uninstall does; once, for it stays."""
    _install(control_plane)
    control_plane.run_helm("uninstall", "appinstance-operator", "--no-hooks")
    # Which the release's policies would not let in.
    control_plane.await_let_in("probe.elsewhere.example.org")


@pytest.mark.usefixtures("installed_crd")
@pytest.mark.parametrize("case", ["instance-minimal", "instance-local", "instance-production"])
def test_the_api_server_accepts_what_the_instance_chart_renders(
    control_plane: ControlPlane, helm: Helm, case: str
) -> None:
    (instance,) = [
        item for item in helm.objects("appinstance", [case]) if item["kind"] == "AppInstance"
    ]
    instance["metadata"]["namespace"] = "default"
    made: Any = client.CustomObjectsApi(control_plane.client()).create_namespaced_custom_object(
        "platform.appinstance.io", "v1alpha1", "default", "appinstances", instance,
        dry_run="All", field_validation="Strict",
    )  # fmt: skip
    assert made["spec"]["host"] == instance["spec"]["host"]


@pytest.mark.usefixtures("installed_crd")
def test_the_account_of_the_helm_test_sees_its_instance_and_no_other(
    control_plane: ControlPlane, helm: Helm
) -> None:
    administrator = control_plane.client()
    instances = client.CustomObjectsApi(administrator)
    where = ("platform.appinstance.io", "v1alpha1", "tenants", "appinstances")
    tenants = client.V1Namespace(metadata=client.V1ObjectMeta(name="tenants"))
    client.CoreV1Api(administrator).create_namespace(tenants)
    for item in helm.objects("appinstance", ["instance-minimal"]):
        if item["kind"] == "AppInstance":
            instances.create_namespaced_custom_object(*where, item)
        elif item["kind"] in {"Role", "RoleBinding"}:
            utils.create_from_dict(administrator, item)
    own = Key("tenants", "acme")
    fleet = control_plane.fleet("tenants:acme-test", own)

    seen = fleet.snapshot(own)
    assert [found.key for found in seen.instances] == [own]
    fleet.await_change(seen.version, 1, own)

    for forbidden in (
        lambda: fleet.snapshot(),
        lambda: fleet.snapshot(Key("tenants", "other")),
        lambda: fleet.snapshot(Key("default", "acme")),
        lambda: fleet.delete(seen.instances[0]),
    ):
        with pytest.raises(CommandError, match="403"):
            forbidden()
    instances.delete_namespaced_custom_object(*where, "acme")


def _say_suspended(plane: ControlPlane, namespace: str) -> None:
    """Say of the first AppInstance there what the operator says of a suspended one."""
    instances = client.CustomObjectsApi(plane.client())
    where = ("platform.appinstance.io", "v1alpha1", namespace, "appinstances")
    stream: Any = watch.Watch()
    for event in stream.stream(
        instances.list_namespaced_custom_object, *where, timeout_seconds=_PATIENCE
    ):
        stream.stop()
        metadata = event["object"]["metadata"]
        condition = {
            "type": "Ready", "status": "False", "reason": "Suspended", "message": "suspended",
            "lastTransitionTime": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        status = {"observedGeneration": metadata["generation"], "conditions": [condition]}
        instances.patch_namespaced_custom_object_status(
            *where, metadata["name"], {"status": status}
        )


def test_the_operators_helm_test_makes_and_removes_one_with_the_rights_that_it_has(
    control_plane: ControlPlane, helm: Helm
) -> None:
    _install(control_plane, *_WITHOUT_MONITORING, case="operator-production")
    administrator = control_plane.client()
    objects = {
        item["kind"]: item
        for item in helm.objects("appinstance-operator", ["operator-production"])
        if item["metadata"].get("annotations", {}).get("helm.sh/hook") == "test"
    }
    for kind in ("Namespace", "Role", "RoleBinding"):
        utils.create_from_dict(administrator, objects[kind])
    told = cli.parser().parse_args(objects["Pod"]["spec"]["containers"][0]["args"])
    account = objects["Pod"]["spec"]["serviceAccountName"]
    namespace = objects["Namespace"]["metadata"]["name"]
    fleet = control_plane.fleet(f"{_SYSTEM}:{account}", told.instance)
    assert told.instance.namespace == namespace
    operator = threading.Thread(target=_say_suspended, args=(control_plane, namespace), daemon=True)
    operator.start()

    # The admission policies let it in as anybody else's; nothing of it is left.
    sentence = trial.trial(fleet, told.instance, told.spec, WAIT_SECONDS)
    operator.join(_PATIENCE)
    assert sentence.endswith("and it is gone again")
    for forbidden in (
        lambda: fleet.snapshot(),
        lambda: fleet.snapshot(Key("default", "trial")),
        lambda: fleet.snapshot(Key(namespace, "other")),
        lambda: fleet.create(Key("default", "trial"), told.spec, {}),
    ):
        with pytest.raises(CommandError, match="403"):
            forbidden()
    control_plane.run_helm("uninstall", "appinstance-operator", "--no-hooks")
