"""Every pod that the charts render, hooks included, is admitted by Pod Security "restricted".

Judged after the rules of Kubernetes' documentation, and a little beyond them: read-only root,
memory requests and limits, a decision on the token.
https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.helm import Helm

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
    "projected", "secret",
}  # fmt: skip


def pod_specs(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and pod spec of everything that makes pods."""
    for item in objects:
        label = f"{item['kind']}/{item['metadata']['name']}"
        if item["kind"] == "Pod":
            yield label, item["spec"]
        elif item["kind"] in {"Deployment", "Job", "DaemonSet", "StatefulSet"}:
            yield label, item["spec"]["template"]["spec"]
        elif item["kind"] == "CronJob":
            yield label, item["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def violations(pod: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a pod spec, one phrase each."""
    wrong = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    for volume in pod.get("volumes", []):
        kinds = set(volume) - {"name"}
        wrong += [f"volume {volume['name']} of kind {kind}" for kind in kinds - _VOLUMES]
    context = pod.get("securityContext", {})
    if not context.get("runAsNonRoot"):
        wrong.append("pod may run as root")
    if context.get("runAsUser", 1) == 0:
        wrong.append("pod runs as uid 0")
    if context.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        wrong.append("pod without seccomp profile")
    if "automountServiceAccountToken" not in pod:
        wrong.append("pod does not say whether it gets a token")
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        wrong += [f"{container['name']}: {fault}" for fault in _container(container)]
    return wrong


def _container(container: Mapping[str, Any]) -> Iterator[str]:
    own = container.get("securityContext", {})
    if own.get("allowPrivilegeEscalation") is not False:
        yield "may gain privileges"
    if own.get("privileged"):
        yield "is privileged"
    if own.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "keeps capabilities"
    if set(own.get("capabilities", {}).get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "adds capabilities"
    if own.get("runAsUser", 1) == 0 or own.get("runAsNonRoot") is False:
        yield "runs as root"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "can write to its root"
    if own.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
        yield "without seccomp profile"
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}) or "memory" not in resources.get("requests", {}):
        yield "without memory request and limit"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "takes a port of the node"


CASES = [
    ("appinstance-operator", "operator-minimal", {"Deployment", "Job", "Pod"}),
    ("appinstance-operator", "operator-local", {"Deployment", "Job", "Pod"}),
    ("appinstance-operator", "operator-production", {"Deployment", "Job", "Pod"}),
    ("appinstance", "instance-minimal", {"Pod"}),
    ("appinstance", "instance-production", {"Pod"}),
]


@pytest.mark.integration
@pytest.mark.parametrize(("chart", "values", "kinds"), CASES)
def test_rendered_pods_are_restricted(helm: Helm, chart: str, values: str, kinds: set[str]) -> None:
    pods = dict(pod_specs(helm.objects(chart, [values])))
    assert {label.split("/")[0] for label in pods} == kinds
    assert {label: wrong for label, pod in pods.items() if (wrong := violations(pod))} == {}


_GOOD: dict[str, Any] = {
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "volumes": [{"name": "tmp", "emptyDir": {}}],
    "containers": [
        {
            "name": "main",
            "resources": {"requests": {"memory": "1Mi"}, "limits": {"memory": "1Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            },
        }
    ],
}


def _main(pod: dict[str, Any]) -> dict[str, Any]:
    container: dict[str, Any] = pod["containers"][0]
    return container


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda pod: pod.update(hostNetwork=True), "hostNetwork"),
        (lambda pod: pod["volumes"].append({"name": "h", "hostPath": {}}), "volume h of kind"),
        (lambda pod: pod["securityContext"].pop("runAsNonRoot"), "may run as root"),
        (lambda pod: pod["securityContext"].pop("seccompProfile"), "pod without seccomp"),
        (lambda pod: pod.pop("automountServiceAccountToken"), "does not say"),
        (lambda pod: _main(pod).pop("securityContext"), "may gain privileges"),
        (lambda pod: _main(pod)["securityContext"].update(privileged=True), "is privileged"),
        (lambda pod: _main(pod)["securityContext"].update(capabilities={}), "keeps capabilities"),
        (lambda pod: _main(pod)["securityContext"].update(runAsUser=0), "runs as root"),
        (lambda pod: _main(pod)["securityContext"].pop("readOnlyRootFilesystem"), "can write"),
        (lambda pod: _main(pod).pop("resources"), "without memory"),
        (lambda pod: _main(pod).update(ports=[{"hostPort": 80}]), "port of the node"),
    ],
)
def test_the_judge_sees_what_is_wrong(spoil: Callable[[dict[str, Any]], None], fault: str) -> None:
    pod = copy.deepcopy(_GOOD)
    assert violations(pod) == []
    spoil(pod)
    assert any(fault in wrong for wrong in violations(pod))
