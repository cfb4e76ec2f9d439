"""Objects, and people who try to write them: with a token, or played by the administrator."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from support.apiserver import ApiServer

_GENERATORS = "apis/generators.external-secrets.io/v1alpha1/{}"
PLURALS: Mapping[str, str] = {
    "AppInstance": "apis/platform.appinstance.io/v1alpha1/{}/appinstances",
    "ConfigMap": "api/v1/{}/configmaps",
    "CronJob": "apis/batch/v1/{}/cronjobs",
    "Deployment": "apis/apps/v1/{}/deployments",
    "ECRAuthorizationToken": f"{_GENERATORS}/ecrauthorizationtokens",
    "Event": "api/v1/{}/events",
    "ExternalSecret": "apis/external-secrets.io/v1/{}/externalsecrets",
    "HorizontalPodAutoscaler": "apis/autoscaling/v2/{}/horizontalpodautoscalers",
    "Ingress": "apis/networking.k8s.io/v1/{}/ingresses",
    "Job": "apis/batch/v1/{}/jobs",
    "Lease": "apis/coordination.k8s.io/v1/{}/leases",
    "NetworkPolicy": "apis/networking.k8s.io/v1/{}/networkpolicies",
    "Pod": "api/v1/{}/pods",
    "PodDisruptionBudget": "apis/policy/v1/{}/poddisruptionbudgets",
    "PushSecret": "apis/external-secrets.io/v1alpha1/{}/pushsecrets",
    "STSSessionToken": f"{_GENERATORS}/stssessiontokens",
    "Secret": "api/v1/{}/secrets",
    "SecretStore": "apis/external-secrets.io/v1/{}/secretstores",
    "SecurityGroupPolicy": "apis/vpcresources.k8s.aws/v1beta1/{}/securitygrouppolicies",
    "Service": "api/v1/{}/services",
    "ServiceAccount": "api/v1/{}/serviceaccounts",
    "TargetGroupBinding": "apis/elbv2.k8s.aws/v1beta1/{}/targetgroupbindings",
}  # fmt: skip
_BY_WORD = {
    **{kind.lower(): kind for kind in PLURALS},
    "appi": "AppInstance",
    "hpa": "HorizontalPodAutoscaler",
    "pdb": "PodDisruptionBudget",
}
JSON = "application/json-patch+json"
MERGE = "application/merge-patch+json"


def kind_of(word: str) -> str:
    """Return the kind that kubectl takes a word for."""
    return _BY_WORD[word.lower()]


def manifest(
    kind: str,
    name: str,
    *,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    owners: Sequence[Mapping[str, Any]] = (),
    **parts: Any,
) -> dict[str, Any]:
    """Return an object of a kind that PLURALS knows."""
    group_version = PLURALS[kind].split("/{}")[0].split("/", 1)[1]
    metadata: dict[str, Any] = {"name": name}
    if annotations:
        metadata["annotations"] = dict(annotations)
    if labels:
        metadata["labels"] = dict(labels)
    if owners:
        metadata["ownerReferences"] = list(owners)
    return {"apiVersion": group_version, "kind": kind, "metadata": metadata, **parts}


@dataclass(frozen=True)
class Answer:
    """What the API server said: the code, the body, and the sentence of a refusal."""

    status: int
    body: Mapping[str, Any]

    @property
    def message(self) -> str:
        """Return the message of a refusal, empty when there is none."""
        return str(self.body.get("message", "")) if self.status >= 300 else ""


class Person:
    """Somebody with a token, or as whom the administrator acts."""

    def __init__(
        self, server: ApiServer, token: str, acting_as: str = "", groups: Sequence[str] = ()
    ) -> None:
        headers = [("Authorization", f"Bearer {token}")]
        if acting_as:
            headers.append(("Impersonate-User", acting_as))
        headers += [("Impersonate-Group", group) for group in groups]
        self._client = server.client(headers)

    def _send(
        self, method: str, path: str, body: Any, content: str, *, dry: bool, **query: str
    ) -> Answer:
        response = self._client.request(
            method,
            f"/{path}",
            params={**query, **({"dryRun": "All"} if dry else {})},
            content=json.dumps(body),
            headers={"Content-Type": content},
        )
        return Answer(response.status_code, response.json())

    def get(self, namespace: str, kind: str, name: str) -> Answer:
        """Read an object."""
        path = f"{PLURALS[kind].format(f'namespaces/{namespace}')}/{name}"
        response = self._client.get(f"/{path}")
        return Answer(response.status_code, response.json())

    def listed(self, namespace: str, kind: str) -> list[dict[str, Any]]:
        """Return the objects of a kind, by their names."""
        response = self._client.get(f"/{PLURALS[kind].format(f'namespaces/{namespace}')}")
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["items"]
        return found

    def create_namespace(self, name: str) -> Answer:
        """Create a namespace."""
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        return self._send("POST", "api/v1/namespaces", body, "application/json", dry=False)

    def create(
        self, namespace: str, body: Mapping[str, Any], *, dry: bool = False, **query: str
    ) -> Answer:
        """Create an object."""
        path = PLURALS[body["kind"]].format(f"namespaces/{namespace}")
        return self._send("POST", path, body, "application/json", dry=dry, **query)

    def patch(
        self,
        namespace: str,
        kind: str,
        name: str,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        sub: str = "",
        *,
        dry: bool = False,
    ) -> Answer:
        """Patch an object or a subresource of it: merge a mapping, or take steps in turn."""
        path = f"{PLURALS[kind].format(f'namespaces/{namespace}')}/{name}{sub}"
        content = MERGE if isinstance(patch, Mapping) else JSON
        return self._send("PATCH", path, patch, content, dry=dry)

    def delete(
        self, namespace: str, kind: str, name: str, *, dry: bool = False, **options: str
    ) -> Answer:
        """Delete an object."""
        path = f"{PLURALS[kind].format(f'namespaces/{namespace}')}/{name}"
        return self._send("DELETE", path, options, "application/json", dry=dry)

    def delete_all(self, namespace: str, kind: str) -> None:
        """Delete all objects of a kind; what they own goes in the background."""
        for item in self.listed(namespace, kind):
            name = item["metadata"]["name"]
            self.delete(namespace, kind, name, propagationPolicy="Background")

    def apply(
        self, namespace: str, body: Mapping[str, Any], *, dry: bool = False, **query: str
    ) -> Answer:
        """Apply an object server-side, by force, as the operator does."""
        name, kind = body["metadata"]["name"], body["kind"]
        path = f"{PLURALS[kind].format(f'namespaces/{namespace}')}/{name}"
        words = {"fieldManager": "x", "force": "true", **query}
        return self._send("PATCH", path, body, "application/apply-patch+yaml", dry=dry, **words)


@functools.cache
def administrator(server: ApiServer) -> Person:
    """Return who may do everything on a server."""
    return Person(server, server.token)
