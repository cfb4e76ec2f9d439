"""What `terraform apply` needs around it on this machine: AWS's stand-in, and the cluster as EKS's.

The stand-in runs on the host and keeps its books there. Terraform comes to it by a proxy; pods come
by AWS's own names, over TLS, through a pod in the subnet of the endpoints. So the values that come
out of Terraform are the values that the operator runs with: its subnets are those of the local
cluster's load balancer, database and endpoints (local/platform/calico), and nothing points it to
another address of AWS.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config
from e2e.support import kubectl
from support.ports import free_port

from appinstance_local.platform import tls
from appinstance_local.platform.aws import ANYBODY, REGION, Credentials
from terraform import proxy


@dataclass(frozen=True)
class StandIn:
    """AWS's stand-in on the host."""

    port: int
    judged: Path
    # Where pods' calls are taken, on this host.
    for_pods: tuple[str, int]

    def client(self, service: str, who: Credentials = ANYBODY) -> Any:
        """Return a client that comes as Terraform does."""
        way = f"http://127.0.0.1:{self.port}"
        return boto3.client(  # type: ignore[call-overload]
            service, region_name=REGION, aws_access_key_id=who.key_id,
            aws_secret_access_key=who.secret, aws_session_token=who.token,
            verify=str(proxy.CA), config=Config(proxies={"https": way, "http": way}),
        )  # fmt: skip

    def evaluate(self, *, on: bool) -> None:
        """Judge every request from now on, or none."""
        told = httpx.post(
            f"http://127.0.0.1:{self.port}/judge", content=b"1" if on else b"0", timeout=60
        )
        told.raise_for_status()

    def judgements(self) -> list[dict[str, Any]]:
        """Return what was asked for by roles while it judged, and whether it was refused."""
        if not self.judged.exists():
            return []
        # The last one may not be whole, as it writes on.
        whole = self.judged.read_text().split("\n")[:-1]
        lines = [json.loads(line) for line in whole]
        return [line for line in lines if line["role"]]


def _gateway() -> str:
    """Return this host's address as pods reach it."""
    node = node_address()
    return ".".join([*node.split(".")[:3], "1"])


def node_address() -> str:
    """Return the node's address, which is the API server's."""
    return kubectl(
        "get", "nodes",
        "-o", "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}",
    )  # fmt: skip


@contextlib.contextmanager
def running(folder: Path) -> Iterator[StandIn]:
    """Start the stand-in; stand_in_pods leads the cluster's pods to it."""
    for_pods, address = free_port(), _gateway()
    pair = tls.new_server(
        tls.authority(),
        ["*.amazonaws.com", f"*.{REGION}.amazonaws.com", f"*.s3.{REGION}.amazonaws.com"],
    )
    held = folder / "stand-in.pem"
    tls.write_private(held, pair.certificate + pair.key)
    words = {
        "address": address, "port": for_pods, "pair": str(held), "judged": str(folder / "judged"),
    }  # fmt: skip
    told = {"APPINSTANCE_PODS": json.dumps(words)}
    with proxy.running(told, folder / "stand-in.log") as port:
        yield StandIn(port, folder / "judged", (address, for_pods))
