"""Objects, and people who try to write them: with a token, or played by the administrator."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from support.apiserver import ApiServer

_GENERATORS = "apis/generators.external-secrets.io/v1alpha1/{}"
PLURALS: Mapping[str, str] = {
    "AppInstance": "apis/platform.appinstance.io/v1alpha1/{}/appinstances",
    "ConfigMap": "api/v1/{}/configmaps",
    "Deployment": "apis/apps/v1/{}/deployments",
    "ECRAuthorizationToken": f"{_GENERATORS}/ecrauthorizationtokens",
    "ExternalSecret": "apis/external-secrets.io/v1/{}/externalsecrets",
    "Ingress": "apis/networking.k8s.io/v1/{}/ingresses",
    "Job": "apis/batch/v1/{}/jobs",
    "Lease": "apis/coordination.k8s.io/v1/{}/leases",
    "NetworkPolicy": "apis/networking.k8s.io/v1/{}/networkpolicies",
    "PushSecret": "apis/external-secrets.io/v1alpha1/{}/pushsecrets",
    "STSSessionToken": f"{_GENERATORS}/stssessiontokens",
    "SecretStore": "apis/external-secrets.io/v1/{}/secretstores",
    "SecurityGroupPolicy": "apis/vpcresources.k8s.aws/v1beta1/{}/securitygrouppolicies",
    "Service": "api/v1/{}/services",
    "ServiceAccount": "api/v1/{}/serviceaccounts",
    "TargetGroupBinding": "apis/elbv2.k8s.aws/v1beta1/{}/targetgroupbindings",
}  # fmt: skip
MERGE = "application/merge-patch+json"


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
        # Its certificate is one that it made itself a moment ago.
        self._client = httpx.Client(
            base_url=server.url,
            headers=headers,
            verify=False,  # noqa: S501
            timeout=120,
        )

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

    def create(self, namespace: str, body: Mapping[str, Any], *, dry: bool = False) -> Answer:
        """Create an object."""
        path = PLURALS[body["kind"]].format(f"namespaces/{namespace}")
        return self._send("POST", path, body, "application/json", dry=dry)

    def patch(
        self,
        namespace: str,
        kind: str,
        name: str,
        patch: Mapping[str, Any],
        sub: str = "",
        *,
        dry: bool = False,
    ) -> Answer:
        """Merge-patch an object or a subresource of it."""
        path = f"{PLURALS[kind].format(f'namespaces/{namespace}')}/{name}{sub}"
        return self._send("PATCH", path, patch, MERGE, dry=dry)

    def delete(self, namespace: str, kind: str, name: str, *, dry: bool = False) -> Answer:
        """Delete an object."""
        path = f"{PLURALS[kind].format(f'namespaces/{namespace}')}/{name}"
        return self._send("DELETE", path, {}, "application/json", dry=dry)

    def apply(self, namespace: str, body: Mapping[str, Any], *, dry: bool = False) -> Answer:
        """Apply an object server-side, by force, as the operator does."""
        name, kind = body["metadata"]["name"], body["kind"]
        path = f"{PLURALS[kind].format(f'namespaces/{namespace}')}/{name}"
        content = "application/apply-patch+yaml"
        return self._send("PATCH", path, body, content, dry=dry, fieldManager="x", force="true")
