"""Files from Secrets Manager: where they are mounted, from what, and who may read the entries."""

from __future__ import annotations

from typing import Any

import pytest
from support.golden_settings import DESIRED, golden_instance, golden_settings

from appinstance_operator.api.errors import InvalidSpec
from appinstance_operator.api.files import TAKEN
from appinstance_operator.api.model import Plan
from appinstance_operator.cli import documents

CASE = DESIRED / "golden" / "alb-with-page"
ONE = {"path": "/app/keys/signing.pem", "remoteRef": {"key": "apps/team/shop/signing"}}


def _plan(*files: dict[str, Any]) -> Plan:
    body = golden_instance(CASE)
    backend = {**body["spec"]["backend"], **({"files": list(files)} if files else {})}
    return documents.planned(
        {**body, "spec": {**body["spec"], "backend": backend}}, golden_settings(CASE)
    )


def _pods(plan: Plan) -> dict[str, Any]:
    """Return the pod specs by component."""
    return {
        item["metadata"]["labels"]["app.kubernetes.io/component"]: item["spec"]["template"]["spec"]
        for item in plan.objects
        if item["kind"] in ("Deployment", "Job")
    }


def test_backend_and_migration_have_the_file_and_the_page_has_not() -> None:
    pods = _pods(_plan(ONE))
    for component in ("backend", "migrate"):
        (container,) = pods[component]["containers"]
        (mount,) = [item for item in container["volumeMounts"] if item["name"] == "files"]
        assert mount["mountPath"] == ONE["path"]
        assert mount["readOnly"] is True
        (volume,) = [item for item in pods[component]["volumes"] if item["name"] == "files"]
        (item,) = volume["secret"]["items"]
        assert item["path"] == item["key"] == mount["subPath"]
        assert item["mode"] == 0o440
    assert "files" not in str(pods["frontend"])


def test_the_secret_has_what_the_mounts_ask_for_and_the_role_reads_the_entry() -> None:
    other = {
        "path": "/app/a",
        "remoteRef": {"key": "apps/team/shop/app", "property": "x"},
        "mode": "0555",
    }
    plan = _plan(ONE, other)
    (external,) = [item for item in plan.objects if item["metadata"]["name"] == "shop-files"]
    remote = {item["secretKey"]: item["remoteRef"] for item in external["spec"]["data"]}
    items = {
        item["key"]: item["mode"]
        for volume in _pods(plan)["backend"]["volumes"]
        if volume["name"] == "files"
        for item in volume["secret"]["items"]
    }
    assert remote.keys() == items.keys()
    assert sorted(items.values()) == [0o440, 0o555]
    assert sorted(item["key"] for item in remote.values()) == [
        "apps/team/shop/app",
        "apps/team/shop/signing",
    ]
    (secrets,) = [role for role in plan.roles if role.name.endswith("-secrets")]
    assert ":secret:apps/team/shop/signing-" in str(secrets.policy)


def test_the_order_of_files_changes_no_key() -> None:
    """Or pods of before would find another's content under their path."""
    other = {**ONE, "path": "/app/b"}

    def keys(plan: Plan) -> dict[str, str]:
        (container,) = _pods(plan)["backend"]["containers"]
        return {item["mountPath"]: item.get("subPath", "") for item in container["volumeMounts"]}

    assert keys(_plan(ONE, other)) == keys(_plan(other, ONE))


@pytest.mark.parametrize("folder", TAKEN)
@pytest.mark.parametrize("below", ["", "/x", "/x/y"])
def test_what_the_system_has_is_not_hidden(folder: str, below: str) -> None:
    with pytest.raises(InvalidSpec):
        _plan({**ONE, "path": f"{folder}{below}"})


def test_nothing_of_ours_lies_where_a_file_may_be() -> None:
    """Each mount of ours is inside of what is taken."""
    for pod in _pods(_plan(ONE)).values():
        for container in pod["containers"]:
            for mount in container["volumeMounts"]:
                path = mount["mountPath"]
                ours = mount["name"] != "files"
                assert any(f"{path}/".startswith(f"{folder}/") for folder in TAKEN) is ours, path


@pytest.mark.parametrize("path", ["/runs/a", "/etc/hosts.d/a", "/etc/ssl/a", "/var/a"])
def test_what_only_begins_alike_is_free(path: str) -> None:
    assert _plan({**ONE, "path": path})
