"""An operator process, a real API server, IAM by moto; and what missing controllers would do."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import yaml

from appinstance_operator.kube.kinds import LEASE_NAME
from support.apiserver import ApiServer
from support.controllers import Controllers
from support.golden_settings import DESIRED, golden_values
from support.objects import done
from support.waiting import WAIT_SECONDS, wait_for
from support.yamls import document

PARTS = ("backend", "frontend")
GOLDEN = DESIRED / "golden" / "minimal"
SECURITY_GROUPS = {"backend": ["sg-0bac0000"], "frontend": ["sg-0f000000"]}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@functools.cache
def _iam(address: str) -> Any:
    """Return a client of moto's IAM; to make one takes longer than to ask."""
    return boto3.client(
        "iam", endpoint_url=address, region_name="eu-central-1",
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip


def _asked(url: str) -> httpx.Response:
    # Without TLS, and so without the authorities that a client reads at each start.
    return httpx.get(url, timeout=WAIT_SECONDS, verify=False)  # noqa: S501


def _summed(lines: Iterable[str], name: str) -> float:
    values = (line for line in lines if line.startswith((f"{name}{{", f"{name} ")))
    return sum(float(line.rsplit(" ", 1)[1]) for line in values)


def _condition(body: Mapping[str, Any], kind: str) -> dict[str, Any]:
    for item in body.get("status", {}).get("conditions", ()):
        if item["type"] == kind:
            return dict(item)
    return {}


@dataclass
class World(Controllers):
    """A namespace of its own in the API server, and an operator that looks after all of them."""

    server: ApiServer
    moto: str
    port: int
    namespace: str
    process: subprocess.Popen[bytes] | None = None
    credentials: Mapping[str, str] = field(default_factory=lambda: dict(CREDENTIALS))
    kubeconfig: Path | None = None
    security_groups: bool = False
    """Whether the settings are as on EKS: with security groups for pods, and load balancers."""
    lease_seconds: int = 60
    """Long: a busy machine loses none. Where another is to follow one that died, it is shorter."""
    program: Path = Path(sys.executable).parent / "appinstance"

    # The operator

    @property
    def pod(self) -> str:
        """Return the name under which the operator stands for the Lease."""
        return f"operator-{self.port}"

    def lease_holder(self) -> str:
        """Return who holds the Lease, empty when nobody does."""
        return str(self.get("lease", LEASE_NAME).get("spec", {}).get("holderIdentity") or "")

    def leads(self) -> bool:
        """Return whether the operator says that it leads."""
        return self.metric("appinstance_leader") == 1

    def settings(self) -> Path:
        """Write the settings and return their path."""
        body = golden_values(GOLDEN)
        body["awsEndpointUrl"] = self.moto
        body["iam"]["allowedRoleArns"] = ["arn:aws:iam::123456789012:role/own"]
        if self.security_groups:
            body["podSecurityGroups"] = SECURITY_GROUPS
            certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/0000"
            body["edge"] |= {"className": "alb", "certificateArn": certificate}
        path = self.server.folder / f"settings-{self.port}.yaml"
        path.write_text(yaml.safe_dump(body))
        return path

    def start(self, **env: str) -> None:
        """Start the operator and wait until it is ready (or has died, with a fault point)."""
        if self.lease_holder().startswith(f"{self.pod}_"):
            # Its own, from before it was killed; nothing is to be learnt from waiting for that.
            self.delete("lease", LEASE_NAME)
        with (self.server.folder / "operator.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(self.program), "run",
                    "--settings", str(self.settings()), "--port", str(self.port),
                    "--lease-namespace", self.namespace,
                    "--lease-duration", str(self.lease_seconds),
                ],
                env={
                    **os.environ, **self.credentials, "POD_NAME": self.pod,
                    # The server made its certificate itself; no word about that at each request.
                    "PYTHONWARNINGS": "ignore",
                    "KUBECONFIG": str(self.kubeconfig or self.server.kubeconfig), **env,
                },
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_for("the operator to be ready or dead", self._ready_or_dead)

    def _ready_or_dead(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            return True
        try:
            return _asked(f"http://127.0.0.1:{self.port}/readyz").status_code == 200
        except httpx.HTTPError:
            return False

    def signal(self, number: int) -> None:
        """Send the operator a signal."""
        assert self.process
        self.process.send_signal(number)

    def exit_code(self) -> int:
        """Wait for the operator's end and return its exit code."""
        assert self.process
        return self.process.wait(timeout=WAIT_SECONDS)

    def stop(self) -> None:
        """Kill the operator."""
        if self.process:
            self.process.kill()
            self.process.wait(timeout=WAIT_SECONDS)
            self.process = None

    def requests(self) -> dict[str, float]:
        """Return the operator's own count of requests, by target and verb.

        Watches are left out, and the Lease's, which come whether there is something to do or not.
        """
        found = {}
        for line in self._metrics():
            standing = 'verb="watch"' in line or 'kind="Lease"' in line
            if line.startswith("appinstance_api_requests_total{") and not standing:
                labels, value = line.rsplit(" ", 1)
                found[labels] = float(value)
        return found

    def writes(self) -> dict[str, float]:
        """Return of the counted requests those that may change something, at either target."""
        reads = ('verb="get', 'verb="list')  # Kubernetes says get, IAM get_role
        return {
            labels: count
            for labels, count in self.requests().items()
            if not any(read in labels for read in reads)
        }

    def _metrics(self) -> list[str]:
        return _asked(f"http://127.0.0.1:{self.port}/metrics").text.splitlines()

    def metric(self, name: str) -> float:
        """Return one of the operator's metrics, summed over its labels."""
        return _summed(self._metrics(), name)

    def wait_reconciled(self, since: float) -> None:
        """Wait until there were more reconciles than `since` and none is waiting or under way."""

        def looked() -> bool:
            lines = self._metrics()
            return (
                _summed(lines, "controller_runtime_reconcile_total") > since
                and _summed(lines, "workqueue_depth") == 0
                and _summed(lines, "controller_runtime_active_workers") == 0
            )

        wait_for("the operator to have looked", looked)

    def look_again(self, kind: str, name: str) -> None:
        """Label an object as somebody else would, and wait until the operator has looked."""
        looks = self.metric("controller_runtime_reconcile_total")
        self.patch(kind, name, {"metadata": {"labels": {"look": f"after-{looks:.0f}"}}})
        self.wait_reconciled(looks)

    def wait_at_rest(self, kind: str, name: str) -> None:
        """Wait until a look asks for nothing: what was begun before Ready is done then."""

        def asks_for_nothing() -> bool:
            before = self.requests()
            self.look_again(kind, name)
            return self.requests() == before

        wait_for("the operator to be at rest", asks_for_nothing)

    # The cluster

    def let_go(self) -> None:
        """Remove what is left of instances, whoever held them.

        For the end, when no operator runs: one that does would let them go at the same time.
        """
        for name in self.names("appi"):
            self.patch("appi", name, {"metadata": {"finalizers": None}})
            self.delete("appi", name, missing_ok=True)

    def apply(self, name: str = "shop", **spec: Any) -> None:
        """Apply an instance like the golden one."""
        text = (GOLDEN / "appinstance.yaml").read_text()
        body = document(text.replace("apps/acme/acme/", f"apps/{self.namespace}/{name}/"))
        body["metadata"] = {"name": name, "namespace": self.namespace}
        body["spec"]["host"] = f"{name}-{self.namespace}.apps.localhost"
        for key, value in spec.items():
            if value is None:
                body["spec"].pop(key, None)
            else:
                body["spec"][key] = value
        done(self.admin.apply(self.namespace, body, fieldValidation="Strict"))

    def condition(self, kind: str, name: str = "shop") -> dict[str, Any]:
        """Return a condition of an instance, empty when it has none of that type."""
        return _condition(self.get("appi", name), kind)

    def wait_condition(self, kind: str, reason: str, name: str = "shop") -> dict[str, Any]:
        """Wait until a condition has a reason, and return it."""
        return wait_for(
            f"{kind}={reason}",
            lambda: ((c := self.condition(kind, name)).get("reason") == reason and c) or None,
        )

    def wait_ready(self, name: str = "shop") -> None:
        """Wait until an instance is Ready as its spec is now."""

        def is_ready() -> bool:
            body = self.get("appi", name)
            seen = body.get("status", {}).get("observedGeneration", 0)
            is_new = seen >= body["metadata"]["generation"]
            return is_new and _condition(body, "Ready").get("status") == "True"

        wait_for(f"{name} to be Ready", is_ready)

    def settle(self, name: str = "shop", parts: tuple[str, ...] = PARTS) -> None:
        """Bring an applied instance to Ready."""
        self.sync_secrets(name)
        job = wait_for("the migration", lambda: [j for j in self.jobs() if j.startswith(name)])
        self.finish_job(job[-1])
        self.roll_out(name, parts)
        self.give_address(name)
        self.wait_ready(name)

    # IAM

    def iam(self) -> Any:
        """Return a client of moto's IAM."""
        return _iam(self.moto)

    def roles(self) -> list[str]:
        """Return the names of this namespace's roles."""
        # In pages: the roles that other tests have left are a hundred some time.
        pages = self.iam().get_paginator("list_roles").paginate(PathPrefix="/appinstances/")
        names = [role["RoleName"] for page in pages for role in page["Roles"]]
        return sorted(name for name in names if f"-{self.namespace}-" in name)
