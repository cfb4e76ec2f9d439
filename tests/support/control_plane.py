"""An API server with RBAC, and the ways in: for Helm, for a person, for a service account."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from kubernetes import client
from urllib3 import PoolManager

from appinstance_operator.cli.fleet import CommandError, Key
from appinstance_operator.cli.fleet_client import KubernetesFleet
from appinstance_operator.kube.access import Access
from appinstance_operator.kube.credentials import access_by
from support.apiserver import ApiServer, started
from support.waiting import WAIT_SECONDS, wait_for

SYSTEM = "appinstance-system"


@dataclass(frozen=True)
class ControlPlane:
    """An API server with RBAC, and the ways in."""

    server: ApiServer
    helm: str
    _clients: dict[str | None, client.ApiClient] = field(
        default_factory=dict, compare=False, repr=False
    )
    _pools: list[PoolManager] = field(default_factory=list, compare=False, repr=False)

    def client(self, account: str | None = None) -> client.ApiClient:
        """Return an administrator's client, or one that acts as a service account (`ns:name`)."""
        if account not in self._clients:
            api = client.ApiClient(_configuration(self.server))
            if account is not None:
                api.set_default_header("Impersonate-User", f"system:serviceaccount:{account}")
            self._clients[account] = api
            self._pools.append(api.rest_client.pool_manager)
        return self._clients[account]

    def close(self) -> None:
        """Close the connections of all clients."""
        for pool in self._pools:
            pool.clear()

    def access(self, account: str) -> Access:
        """Return the access of the operator's own client that acts as a service account."""
        found = access_by(_configuration(self.server))
        self._pools.append(found.pool)
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
        return subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=2 * WAIT_SECONDS
        )

    def fleet(self, account: str, only: Key | None = None) -> KubernetesFleet:
        """Return the fleet of a service account, once the API server knows its rights."""
        found = KubernetesFleet(self.access(account))
        wait_for(f"the rights of {account}", lambda: found.snapshot(only), passing=(CommandError,))
        return found

    def await_let_in(self, host: str = "acme.apps.example.com") -> None:
        """Wait until it takes an AppInstance of this host.

        The API server begins to serve a CRD late, and forgets late what policies there were.
        """
        instances = client.CustomObjectsApi(self.client())
        probe = {
            "apiVersion": "platform.appinstance.io/v1alpha1", "kind": "AppInstance",
            "metadata": {"name": "probe"},
            "spec": {
                "host": host,
                "backend": {"image": "appinstance/backend:dev"},
                "database": {"credentials": {"remoteRef": {"key": "apps/default/acme/database"}}},
            },
        }  # fmt: skip
        wait_for(
            f"an AppInstance of {host} to be taken",
            lambda: instances.create_namespaced_custom_object(
                "platform.appinstance.io", "v1alpha1", "default", "appinstances", probe,
                dry_run="All",
            ),
            passing=(client.ApiException,),
        )  # fmt: skip


def _configuration(server: ApiServer) -> client.Configuration:
    configuration = client.Configuration()
    configuration.host = server.url
    configuration.verify_ssl = False
    configuration.api_key = {"authorization": f"Bearer {server.token}"}
    return configuration


@contextmanager
def running_plane(folder: Path, helm: str) -> Iterator[ControlPlane]:
    """Start an API server in a folder, and yield the ways in."""
    with started(folder) as server:
        plane = ControlPlane(server, helm)
        try:
            yield plane
        finally:
            plane.close()
