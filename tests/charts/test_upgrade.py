"""From an earlier chart to this one and back, with an AppInstance there.

No version has been released yet. The earlier one is the chart as it stood in commit dd6d685, packed
by `helm package`: before tenants, admission policies, workers and two replicas.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from kubernetes import client
from support.control_plane import SYSTEM, ControlPlane, running_plane
from support.waiting import wait_for

if TYPE_CHECKING:
    from support.helm import Helm

pytestmark = [
    pytest.mark.integration,
    # The API server's certificate is one that it made itself a moment ago.
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]
REPO = Path(__file__).resolve().parents[2]
_RELEASE = "appinstance-operator"
_EARLIER = str(REPO / "tests/charts/earlier/appinstance-operator-dd6d685.tgz")
_NOW = str(REPO / "charts/appinstance-operator")
_VALUES = REPO / "tests/charts/values/operator-minimal.yaml"
_CRD = "appinstances.platform.appinstance.io"
_WHERE = ("platform.appinstance.io", "v1alpha1", "default", "appinstances")
_BODY = {
    "apiVersion": "platform.appinstance.io/v1alpha1",
    "kind": "AppInstance",
    "metadata": {"name": "acme"},
    "spec": {
        "host": "acme.apps.example.com",
        "backend": {"image": "appinstance/backend:dev"},
        "database": {"credentials": {"remoteRef": {"key": "apps/default/acme/database"}}},
    },
}


@dataclass(frozen=True)
class Upgrade:
    """A cluster with the earlier chart, and the AppInstance that was made there."""

    plane: ControlPlane
    instance: dict[str, Any]

    def helm(self, *words: str) -> None:
        """Run Helm, which has to go through."""
        told = self.plane.run_helm(*words)
        assert told.returncode == 0, told.stderr

    def now(self) -> dict[str, Any]:
        """Return the instance as it is now."""
        found: Any = self._instances().get_namespaced_custom_object(*_WHERE, "acme")
        assert isinstance(found, dict)
        return found

    def change(self, spec: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Patch its spec, and return it."""
        changed: Any = self._instances().patch_namespaced_custom_object(
            *_WHERE, "acme", {"spec": spec}, **options
        )
        assert isinstance(changed, dict)
        return changed

    def _instances(self) -> client.CustomObjectsApi:
        return client.CustomObjectsApi(self.plane.client())

    def fields(self) -> set[str]:
        """Return what a spec may have, by the CRD that is there."""
        crds = client.ApiextensionsV1Api(self.plane.client())
        crd: Any = crds.read_custom_resource_definition(_CRD)
        (version,) = crd.spec.versions
        return set(version.schema.open_apiv3_schema.properties["spec"].properties)

    def deployment(self) -> Any:
        """Return the operator's Deployment."""
        return client.AppsV1Api(self.plane.client()).read_namespaced_deployment(_RELEASE, SYSTEM)

    def jobs(self) -> list[str]:
        """Return the Jobs of hooks: a drain in an upgrade would refuse, or delete."""
        found: Any = client.BatchV1Api(self.plane.client()).list_namespaced_job(SYSTEM)
        return [job.metadata.name for job in found.items]


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory: pytest.TempPathFactory, helm: Helm) -> Iterator[Upgrade]:
    folder = tmp_path_factory.mktemp("upgrade")
    values = yaml.safe_load(_VALUES.read_text())
    values["settings"]["secrets"]["allowedPrefix"] = "apps/"
    (folder / "earlier.yaml").write_text(yaml.safe_dump(values))
    with running_plane(folder, helm.binary) as plane:
        told = plane.run_helm(
            "install", _RELEASE, _EARLIER, "--values", str(folder / "earlier.yaml"),
            "--create-namespace",
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        plane.await_let_in()
        made: Any = client.CustomObjectsApi(plane.client()).create_namespaced_custom_object(
            *_WHERE, _BODY
        )
        yield Upgrade(plane, made)


def test_values_that_mean_something_else_now_are_refused_and_all_stays(upgrade: Upgrade) -> None:
    told = upgrade.plane.run_helm("upgrade", _RELEASE, _NOW, "--reset-then-reuse-values")
    assert told.returncode != 0
    assert 'settings.secrets.allowedPrefix is "apps/": end it with {namespace}/' in told.stderr
    assert "workers" not in upgrade.fields()
    assert upgrade.deployment().spec.replicas == 1


def test_instances_stay_on_the_way_there_and_back(upgrade: Upgrade) -> None:
    assert "workers" not in upgrade.fields()
    upgrade.helm("upgrade", _RELEASE, _NOW, "--values", str(_VALUES))

    # What is new is there as after a first install, and can be asked for by what came along.
    assert "workers" in upgrade.fields()
    assert upgrade.deployment().spec.replicas == 2
    assert upgrade.deployment().spec.strategy.type == "RollingUpdate"
    worker = {"name": "mail", "args": ["worker"]}
    wait_for(
        "the API server to serve the newer CRD",
        lambda: "workers" in upgrade.change({"workers": [worker]}, dry_run="All")["spec"],
        passing=(client.ApiException,),
    )
    came = upgrade.now()
    assert came["metadata"]["uid"] == upgrade.instance["metadata"]["uid"]
    assert "deletionTimestamp" not in came["metadata"]
    assert came["spec"] == upgrade.instance["spec"]
    assert upgrade.change({"workers": [worker]})["spec"]["workers"][0]["name"] == "mail"

    # The way back takes the CRD along: what it does not know is gone, the instance is not.
    upgrade.helm("rollback", _RELEASE, "1")
    assert "workers" not in upgrade.fields()
    assert upgrade.deployment().spec.replicas == 1

    def without_workers() -> dict[str, Any] | None:
        found = upgrade.now()
        return None if "workers" in found["spec"] else found

    back = wait_for(
        "the API server to serve the older CRD", without_workers, passing=(client.ApiException,)
    )
    assert back["metadata"]["uid"] == upgrade.instance["metadata"]["uid"]
    assert back["spec"] == upgrade.instance["spec"]
    assert upgrade.jobs() == []
