"""What runs in the local cluster: narrow rights, closed pods, pinned images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from appinstance_local.offline import node
from appinstance_local.platform import install, seed

MANIFESTS = sorted(install.MANIFESTS.rglob("*.yaml"))
PRIVILEGED = {"calico"}  # it programs the node's packet filter


def _objects() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from (item for item in yaml.safe_load_all(path.read_text()) if item)


def _workloads() -> list[dict[str, Any]]:
    return [item for item in _objects() if item["kind"] in {"Deployment", "StatefulSet"}]


def test_no_part_is_cluster_admin_or_has_a_wildcard() -> None:
    for item in _objects():
        if item["kind"] == "ClusterRoleBinding":
            assert item["roleRef"]["name"] != "cluster-admin", item["metadata"]["name"]
        for rule in item.get("rules", []) if item["kind"] == "ClusterRole" else []:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]


@pytest.mark.parametrize("item", _workloads(), ids=lambda item: item["metadata"]["name"])
def test_every_pod_is_restricted(item: dict[str, Any]) -> None:
    pod = item["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_only_the_packet_filter_is_privileged() -> None:
    found = {
        item["metadata"]["name"]
        for item in _objects()
        for container in _containers(item)
        if container.get("securityContext", {}).get("privileged")
    }
    assert found == PRIVILEGED


def _containers(item: dict[str, Any]) -> list[dict[str, Any]]:
    pod = item.get("spec", {}).get("template", {}).get("spec", {})
    return [*pod.get("initContainers", []), *pod.get("containers", [])]


def test_images_are_pinned_and_are_those_that_the_node_holds() -> None:
    images = {container["image"] for item in _objects() for container in _containers(item)}
    assert {node.CALICO_IMAGE, node.MOTO_IMAGE, node.MARIADB_IMAGE} <= images
    for image in images:
        assert image.rsplit(":", 1)[-1] not in {"latest", image}, image


def test_the_database_admits_all_of_an_instance_but_its_page_and_the_provisioner() -> None:
    (policy,) = [
        item
        for item in _objects()
        if item["kind"] == "NetworkPolicy" and item["metadata"]["name"] == "mariadb"
    ]
    (rule,) = policy["spec"]["ingress"]
    peer, provisioner = rule["from"]
    assert provisioner == {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "appinstance-system"}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "appinstance-database"}},
    }
    assert peer["podSelector"]["matchExpressions"] == [
        {"key": "app.kubernetes.io/component", "operator": "NotIn", "values": ["frontend"]}
    ]
    assert peer["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/part-of": "appinstance-platform"
    }
    assert policy["spec"]["podSelector"] == {}
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_an_instances_user_has_rights_on_its_own_schema_alone() -> None:
    statements = seed.database_statements("team_shop", "team_shop", "p")
    assert "REQUIRE SSL" in statements
    assert "ON `team_shop`.*" in statements
    for right in ("ALL", "GRANT OPTION", "SUPER", "FILE", "*.*"):
        assert right not in statements
