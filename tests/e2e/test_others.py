"""Others on the same cluster: their work goes on beside the platform, and ours beside theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from e2e import others, support
from e2e.support import kubectl

pytestmark = pytest.mark.e2e

# What the built-in role `edit` lets an editor write.
_EDITORS = {
    "ConfigMap", "Secret", "ServiceAccount", "Service", "Deployment", "HorizontalPodAutoscaler",
    "CronJob", "Ingress", "PodDisruptionBudget", "NetworkPolicy",
}  # fmt: skip


@pytest.fixture
def editor(instances: None, tmp_path: Path) -> Path:
    """The kubeconfig of an editor of the other team's namespace."""
    return support.editor_of(others.NAMESPACE, "lena", tmp_path)


def _changed(body: dict[str, Any]) -> dict[str, Any]:
    """Return it with another spec, so that it is judged, and under another name."""
    changed = json.loads(json.dumps(body).replace("parcels", "letters"))
    changed["metadata"]["labels"] = {"team": "letters", **changed["metadata"].get("labels", {})}
    return dict(changed)


def test_their_team_makes_and_changes_what_it_has(editor: Path) -> None:
    theirs = [body for body in others.bodies() if body["kind"] in _EDITORS]
    assert {body["kind"] for body in theirs} == _EDITORS
    made = yaml.safe_dump_all([_changed(body) for body in theirs])
    words = ("-n", others.NAMESPACE, "apply", "--dry-run=server", "-f", "-")
    done, said = support.kubectl_as(editor, *words, stdin=made)
    assert done, said
    assert "Warning" not in said
    _a_host_of_the_platforms_is_refused(editor)


def _a_host_of_the_platforms_is_refused(editor: Path) -> None:
    """So that the policies are seen to be in force."""
    (ingress,) = [body for body in others.bodies() if body["kind"] == "Ingress"]
    ingress["spec"]["rules"][0]["host"] = "acme.apps.localhost"
    words = ("-n", others.NAMESPACE, "apply", "--dry-run=server", "-f", "-")
    done, said = support.kubectl_as(editor, *words, stdin=json.dumps(ingress))
    assert not done
    assert "host acme.apps.localhost is under the platform's domains" in said


def test_of_two_kinds_of_a_name_each_is_found_by_its_group(instances: None) -> None:
    for kind, namespace, name in (
        ("appinstances.platform.appinstance.io", "acme", "acme"),
        ("appinstances.zoo.example.com", others.NAMESPACE, "elephant"),
    ):
        found = json.loads(kubectl("-n", namespace, "get", kind, "-o", "json"))["items"]
        assert [item["metadata"]["name"] for item in found] == [name]
