"""Put into the cluster what stands in for AWS and what the platform builds on.

Everything is applied at once and waited for at once: the parts do not depend on each other's
order, and a warm start is to take seconds.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from appinstance_local.errors import LocalError
from appinstance_local.offline import builds
from appinstance_local.paths import LOCAL, binary, cache, kubeconfig
from appinstance_local.progress import say, step
from appinstance_local.shell import run

from . import aws, esocrds, iam_evaluator, seed, tls
from .cluster import Mode

MANIFESTS = LOCAL / "platform"
_PARTS = ("aws", "database", "dns", "external-secrets", "traefik")
_WAIT_SECONDS = 300

DATABASE_HOST = "mariadb.database.svc.cluster.local"
DOMAIN = "apps.localhost"

_CALICO_OBJECTS = """\
apiVersion: crd.projectcalico.org/v1
kind: ClusterInformation
metadata: {name: default}
spec: {datastoreReady: true, clusterType: k8s, calicoVersion: v3.28.5}
---
# Only so that Felix masquerades what leaves the cluster; addresses come from host-local.
apiVersion: crd.projectcalico.org/v1
kind: IPPool
metadata: {name: pods}
spec: {cidr: 10.244.0.0/16, natOutgoing: true, ipipMode: Never, vxlanMode: Never}
---
apiVersion: crd.projectcalico.org/v1
kind: IPPool
metadata: {name: vpc}
spec: {cidr: 10.20.0.0/16, natOutgoing: true, ipipMode: Never, vxlanMode: Never}
"""


def kubectl(*words: str | Path, stdin: str | None = None) -> str:
    """Run kubectl on the local cluster and return what it prints."""
    return run([binary("kubectl"), "--kubeconfig", kubeconfig(), *words], stdin=stdin)


def apply(manifests: str) -> None:
    """Apply YAML documents server-side, as this tool's own field manager."""
    kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=platform-local",
        "-f", "-", stdin=manifests,
    )  # fmt: skip


def _joined(paths: Iterable[Path]) -> str:
    return "\n---\n".join(path.read_text() for path in paths)


def secret(name: str, namespace: str, data: dict[str, bytes]) -> str:
    """Return a Secret as YAML."""
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "data": encoded,
    }
    return yaml.safe_dump(body)


def root_password() -> str:
    """Return the password of the database's root, random per machine and kept in the cache."""
    return _password("mariadb-root")


def administrator_password() -> str:
    """Return the password of the login that the provisioner has, kept as that of root is."""
    return _password("mariadb-administrator")


def _password(name: str) -> str:
    path = cache() / "tls" / name
    if not path.exists():
        tls.write_private(path, secrets.token_hex(24).encode())
    return path.read_text()


def moto_files() -> dict[str, str]:
    """Return the files that run moto, by name: they lie side by side in its pod."""
    paths = (MANIFESTS / "aws" / "serve.py", Path(iam_evaluator.__file__))
    return {path.name: path.read_text() for path in paths}


def _moto_program() -> str:
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "moto-serve", "namespace": "aws"},
        "data": moto_files(),
    }
    return yaml.safe_dump(body)


def _secrets() -> str:
    authority = tls.authority()
    # The last as moto names the one that Terraform makes.
    of_terraform = f"*.aaaaaaaaaa.{aws.REGION}.rds.amazonaws.com"
    database = tls.new_server(authority, [DATABASE_HOST, "mariadb.database.svc", of_terraform])
    edge = tls.new_server(authority, [f"*.{DOMAIN}", "localhost", "127.0.0.1"])
    return "\n---\n".join(
        [
            secret(
                "mariadb-tls",
                "database",
                {
                    "ca.crt": authority.certificate,
                    "tls.crt": database.certificate,
                    "tls.key": database.key,
                },
            ),
            secret(
                "mariadb-root",
                "database",
                {
                    "password": root_password().encode(),
                    "administrator": administrator_password().encode(),
                },
            ),
            secret(
                "database-administrator",
                "appinstance-system",
                {"username": b"administrator", "password": administrator_password().encode()},
            ),
            secret("traefik-tls", "traefik", {"tls.crt": edge.certificate, "tls.key": edge.key}),
        ]
    )


def _crds(mode: Mode) -> Sequence[Path]:
    if mode is Mode.STOCK:
        return esocrds.downloaded()
    calico = builds.module_folder("calico") / "libcalico-go" / "config" / "crd"
    return [*esocrds.of_the_module(), *sorted(calico.glob("*.yaml"))]


def _apply_when_served(manifest: str) -> None:
    """Apply an object of a kind whose CRD was applied a moment ago."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return apply(manifest)
        except LocalError as error:
            if "no matches for kind" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def wait_for_rollouts(workloads: Sequence[str]) -> None:
    """Wait until each `namespace kind/name` is rolled out, all side by side."""
    processes = {}
    for workload in workloads:
        namespace, name = workload.split()
        command = [
            str(binary("kubectl")), "--kubeconfig", str(kubeconfig()), "--namespace", namespace,
            "rollout", "status", name, f"--timeout={_WAIT_SECONDS}s",
        ]  # fmt: skip
        processes[workload] = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
    for workload, process in processes.items():
        _, errors = process.communicate()
        if process.returncode:
            raise LocalError(f"{workload} did not become ready: {errors.strip()}")
        say(f"  {workload} is ready")


def bring_up(mode: Mode) -> None:
    """Apply the platform and return when all of it is ready and seeded."""
    with step("apply the platform's manifests"):
        apply(
            _joined([MANIFESTS / "namespaces.yaml", *_crds(mode)])
            + "\n---\n"
            + _secrets()
            + "\n---\n"
            + _moto_program()
        )
        folders = [*_PARTS, *(["calico"] if mode is Mode.BUILT else [])]
        paths = [path for name in folders for path in sorted((MANIFESTS / name).glob("*.yaml"))]
        apply(_joined(paths))
        if mode is Mode.BUILT:
            _apply_when_served(_CALICO_OBJECTS)
    with step("wait for the platform"):
        wait_for_rollouts(
            [
                *(["kube-system daemonset/calico"] if mode is Mode.BUILT else []),
                "kube-system deployment/coredns",
                "aws deployment/moto",
                "database statefulset/mariadb",
                "external-secrets deployment/external-secrets",
                "traefik deployment/traefik",
            ]
        )
    seed.seed_platform()
