"""The operator's one Lease at the API server: read, created, and replaced version by version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .access import Access
from .client import path_of
from .kinds import LEASE, LEASE_NAME
from .transport import ApiError, Transport


def _nothing() -> None:
    pass


class LeaseClient:
    """A client apart from Kube: no fence stands before these writes, they are what it rests on.

    `timeout` (seconds) is short beside Kube's, so that a try that hangs leaves time for another.
    """

    def __init__(
        self,
        access: Access,
        namespace: str,
        timeout: float,
        on_request: Callable[[str, str], None] | None = None,
    ) -> None:
        self._transport = Transport(access, _nothing, timeout=timeout)
        self._namespace = namespace
        self._on_request = on_request or (lambda _verb, _kind: None)

    def get(self) -> dict[str, Any] | None:
        """Return the Lease, None when there is none."""
        try:
            return self._send("get", "GET", LEASE_NAME)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def create(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Create the Lease; ApiError 409 when there is one."""
        meta = {"namespace": self._namespace, "name": LEASE_NAME}
        body = {"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": meta, "spec": spec}
        return self._send("create", "POST", "", body)

    def update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the version that the body names; ApiError 409 when there is a newer one."""
        return self._send("update", "PUT", LEASE_NAME, dict(body))

    def _send(self, verb: str, method: str, name: str, body: object = None) -> dict[str, Any]:
        self._on_request(verb, LEASE.kind)
        path = path_of(LEASE, self._namespace, name)
        answer: dict[str, Any] = self._transport.send(method, path, body=body)
        return answer
