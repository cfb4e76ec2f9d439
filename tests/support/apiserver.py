"""A real API server without nodes: etcd and kube-apiserver as processes, as the cluster has them.

Nothing runs in it: no controllers, no kubelet. Tests patch the statuses that those would write.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from appinstance_local.paths import binary
from support.ports import free_ports
from support.waiting import WAIT_SECONDS

_START_SECONDS = 180
_KUBECTL_SECONDS = WAIT_SECONDS + 60
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}


@dataclass(frozen=True)
class ApiServer:
    """A running API server. `audit_log` has one JSON event a line."""

    url: str
    folder: Path
    token: str
    tokens: Path
    _clients: dict[tuple[tuple[str, str], ...], httpx.Client] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def http(self) -> httpx.Client:
        """Return the administrator's own connection."""
        return self.client([("Authorization", f"Bearer {self.token}")])

    def client(self, headers: Sequence[tuple[str, str]]) -> httpx.Client:
        """Return the connection of whoever the headers say; it is kept until `close`."""
        who = tuple(headers)
        if who not in self._clients:
            # Its certificate is one that it made itself a moment ago.
            self._clients[who] = httpx.Client(
                base_url=self.url,
                headers=headers,
                verify=False,  # noqa: S501
                timeout=WAIT_SECONDS,
            )
        return self._clients[who]

    def close(self) -> None:
        """Close all connections."""
        for connection in self._clients.values():
            connection.close()

    @property
    def kubeconfig(self) -> Path:
        """Return the administrator's kubeconfig."""
        return self.kubeconfig_for(self.token, "admin")

    @property
    def audit_log(self) -> Path:
        """Return the path of the audit log."""
        return self.folder / "audit.log"

    def kubeconfig_for(self, token: str, name: str) -> Path:
        """Write and return a kubeconfig for the bearer of a token."""
        path = self.folder / f"{name}.kubeconfig"
        cluster = {"server": self.url, "insecure-skip-tls-verify": True}
        body = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "clusters": [{"name": "it", "cluster": cluster}],
            "users": [{"name": "it", "user": {"token": token}}],
        }
        path.write_text(yaml.safe_dump(body))
        return path

    def kubectl(
        self, *words: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator."""
        told = subprocess.run(
            [str(binary("kubectl")), "--kubeconfig", str(self.kubeconfig), *words],
            input=stdin, capture_output=True, text=True, check=False, timeout=_KUBECTL_SECONDS,
            # Else what it knows of an earlier server at this port is what it knows of this one.
            env={**os.environ, "KUBECACHEDIR": str(self.folder / "kubectl-cache")},
        )  # fmt: skip
        assert not check or told.returncode == 0, told.stderr
        return told


def _ready(server: ApiServer) -> bool:
    try:
        return server.http.get("/readyz", timeout=30).status_code == 200
    except httpx.HTTPError:
        return False


@contextlib.contextmanager
def started(folder: Path, users: Mapping[str, str] | None = None) -> Iterator[ApiServer]:
    """Start etcd and kube-apiserver in `folder`, and stop them at the end.

    `users`: name → token of users without any right, besides the administrator.
    """
    missing = [name for name in ("etcd", "kube-apiserver", "kubectl") if not binary(name).exists()]
    assert not missing, f"{', '.join(missing)} not built: run `make build`"
    client, peer, secure = free_ports(3)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "sa.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "audit.yaml").write_text(yaml.safe_dump(_AUDIT_POLICY))
    server = ApiServer(
        f"https://127.0.0.1:{secure}", folder, secrets.token_hex(16), folder / "tokens.csv"
    )
    lines = [f'{server.token},admin,admin,"system:masters"']
    lines += [f"{token},{user},{user}" for user, token in (users or {}).items()]
    server.tokens.write_text("\n".join(lines) + "\n")
    etcd = f"http://127.0.0.1:{client}"
    commands = (
        [
            binary("etcd"), "--data-dir", folder / "etcd", "--unsafe-no-fsync",
            "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
            "--listen-peer-urls", f"http://127.0.0.1:{peer}", "--log-level", "error",
        ],
        [
            binary("kube-apiserver"), "--etcd-servers", etcd, "--secure-port", str(secure),
            "--bind-address", "127.0.0.1", "--cert-dir", folder / "certs",
            "--token-auth-file", server.tokens, "--authorization-mode", "RBAC",
            "--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
            "--service-account-key-file", folder / "sa.key",
            "--service-account-signing-key-file", folder / "sa.key",
            "--api-audiences", "https://kubernetes.default.svc.cluster.local,sts.amazonaws.com",
            "--audit-policy-file", folder / "audit.yaml", "--audit-log-path", server.audit_log,
            # In MB; without it a new file begins at 100, and its reader goes on with the old one.
            "--audit-log-maxsize", "100000",
            "--service-cluster-ip-range", "10.96.0.0/16",
            "--disable-admission-plugins", "ServiceAccount",
        ],
    )  # fmt: skip
    processes = []
    try:
        for number, command in enumerate(commands):
            with (folder / f"process-{number}.log").open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        [str(word) for word in command], stdout=log, stderr=log, env=os.environ
                    )
                )
        deadline = time.monotonic() + _START_SECONDS
        while not _ready(server):
            ended = [item for item in processes if item.poll() is not None]
            words = (folder / "process-1.log").read_text()[-1500:]
            assert not ended, f"a process of the API server ended: {words}"
            assert time.monotonic() < deadline, f"the API server did not start: {words}"
            time.sleep(0.2)
        yield server
    finally:
        server.close()
        # Killed: it would wait a minute for watches to end, and nothing here is kept.
        for item in reversed(processes):
            item.kill()
            item.wait(timeout=30)


def audit_events(server: ApiServer, user: str) -> Iterator[dict[str, Any]]:
    """Yield what a user asked for; a last line that is still being written is left out."""
    for line in server.audit_log.read_text().rpartition("\n")[0].splitlines():
        # Looked for as text first: nearly all of a long log is of others.
        if user in line and (event := json.loads(line))["user"]["username"] == user:
            yield event


def audited(server: ApiServer, user: str) -> set[tuple[str, str, str]]:
    """Return (API group, resource with subresource, verb) of every request that a user made.

    A server-side apply that made its object needed the right to create it, too.
    """
    found = set()
    for event in audit_events(server, user):
        reference = event.get("objectRef", {})
        if "resource" in reference:
            resource = reference["resource"]
            if reference.get("subresource"):
                resource += f"/{reference['subresource']}"
            group = reference.get("apiGroup", "")
            found.add((group, resource, event["verb"]))
            if event["verb"] == "patch" and event.get("responseStatus", {}).get("code") == 201:
                found.add((group, resource, "create"))
    return found
