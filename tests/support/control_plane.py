"""An API server with RBAC, and the ways in: for Helm, for a person, for a service account."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace

from kubernetes import client

from appinstance_operator.kube.access import Access
from appinstance_operator.kube.credentials import access_by
from support.apiserver import ApiServer

SYSTEM = "appinstance-system"


@dataclass(frozen=True)
class ControlPlane:
    """An API server with RBAC, and the ways in."""

    server: ApiServer
    helm: str

    def client(self, account: str | None = None) -> client.ApiClient:
        """Return an administrator's client, or one that acts as a service account (`ns:name`)."""
        configuration = client.Configuration()
        configuration.host = self.server.url
        configuration.verify_ssl = False
        configuration.api_key = {"authorization": f"Bearer {self.server.token}"}
        api = client.ApiClient(configuration)
        if account is not None:
            api.set_default_header("Impersonate-User", f"system:serviceaccount:{account}")
        return api

    def access(self, account: str) -> Access:
        """Return the access of the operator's own client that acts as a service account."""
        found = access_by(self.client().configuration)
        headers = {"Impersonate-User": f"system:serviceaccount:{account}"}
        return replace(found, credentials=lambda: {**found.credentials(), **headers})

    def run_helm(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Return the finished process of Helm in the operator's namespace."""
        command = [
            self.helm,
            "--kubeconfig",
            str(self.server.kubeconfig),
            "--namespace",
            SYSTEM,
            *words,
        ]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
