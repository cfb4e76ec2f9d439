"""The stand-in for AWS, an API server for the charts, and Terraform's roots applied to them."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import trustme
from botocore.config import Config
from support.apiserver import ApiServer

from terraform import proxy, tf

REGION, OTHER_REGION, ACCOUNT = "eu-central-1", "eu-west-1", "123456789012"
EXTERNAL_SECRETS_CHART = "0.20.4"
DOMAIN = "apps.example.com"
# What differs between the example and this account: protection, or a destroy would be refused.
UNPROTECTED = ("-var=deletion_protection=false",)


@contextlib.contextmanager
def aws(folder: Path, server: ApiServer) -> Iterator[Mapping[str, str]]:
    """Start the stand-in; yields the environment that sends the AWS provider there."""
    bundle = (server.folder / "certs" / "apiserver.crt").read_bytes()
    known = {
        "APPINSTANCE_API_URL": server.url,
        "APPINSTANCE_API_CA": base64.b64encode(bundle).decode(),
    }
    with proxy.running(known, folder / "aws.log") as port:
        yield {
            **proxy.environment(port, _token_program(folder, server)),
            "TF_VAR_database_ca_bundle": trustme.CA().cert_pem.bytes().decode(),
        }


def _token_program(folder: Path, server: ApiServer) -> Path:
    """Make an `aws` that prints a token of the API server where AWS's would ask EKS for one."""
    home = folder / "bin"
    home.mkdir(exist_ok=True)
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "status": {"token": server.token},
    }
    program = home / "aws"
    program.write_text(f"#!/bin/sh\ncat <<'E'\n{json.dumps(credential)}\nE\n")
    program.chmod(0o700)
    return home


@dataclass
class Platform:
    """A copy of `terraform/` with the environment to run it in."""

    tree: Path
    env: Mapping[str, str]
    backend: Path = field(init=False)
    zone: str = ""

    def __post_init__(self) -> None:
        """Name where the backend's configuration is to lie."""
        self.backend = self.tree / "backend.hcl"

    def client(self, service: Any, region: str = REGION, *, secure: bool = True) -> Any:
        """Return a boto3 client that talks to the stand-in; not `secure`, without TLS."""
        way = self.env["HTTPS_PROXY"]
        return boto3.client(
            service,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            verify=self.env["AWS_CA_BUNDLE"],
            use_ssl=secure,
            config=Config(proxies={"https": way, "http": way}),
        )

    def bootstrap(self) -> None:
        """Apply the root of the state, and keep what it says of the backend."""
        folder = self.tree / "bootstrap"
        tf.run(folder, "init", "-no-color", env=self.env)
        words = (f"-var=region={REGION}", "-var=name=acme-platform", "-var=force_destroy=true")
        tf.run(folder, "apply", "-auto-approve", "-no-color", *words, env=self.env)
        told = tf.run(folder, "output", "-raw", "backend_config", env=self.env).stdout
        self.backend.write_text(f'{told}key = "platform.tfstate"\n')

    def make_zone(self) -> None:
        """Make what the platform expects to be there: the domain's zone."""
        made = self.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="test")
        self.zone = made["HostedZone"]["Id"].rsplit("/", 1)[-1]

    def platform(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Terraform in the platform's root with the values of the complete example."""
        return tf.run(
            self.tree / "platform", words[0], "-no-color", *self.values, *words[1:],
            env=self.env, check=check,
        )  # fmt: skip

    @property
    def values(self) -> tuple[str, ...]:
        """Return an example's values, with what is this account's own and where the charts lie."""
        file = self.tree / "complete.tfvars"
        file.write_text(tf.arguments(self.tree / "examples" / "complete"))
        return (f"-var-file={file}", f"-var=zone_id={self.zone}", *self.charts)

    @property
    def places(self) -> dict[str, dict[str, str]]:
        """Return where the add-ons' charts lie in this copy: the platform's variable `charts`."""
        folder = self.tree.parent / "charts"
        versions = {
            "external_secrets": EXTERNAL_SECRETS_CHART,
            "load_balancer_controller": "1.14.1",
            "external_dns": "1.21.1",
        }
        return {
            name: {
                "repository": "",
                "chart": str(folder / name.replace("_", "-")),
                "version": version,
            }
            for name, version in versions.items()
        }

    @property
    def charts(self) -> tuple[str, ...]:
        """Return what installs the add-ons' charts of this copy, and an operator that none runs."""
        text = json.dumps(self.places)
        # No node runs the hook that looks for AppInstances before an uninstall.
        operator = json.dumps(
            {
                "image_repository": "registry.example.com/appinstance/operator",
                "image_digest": f"sha256:{'0' * 64}",
                "uninstall_mode": "ignore",
            }
        )
        return (f"-var=charts={text}", "-var=wait_for_charts=false", f"-var=operator={operator}")

    def init(self) -> None:
        """Initialise the platform's root with the remote state."""
        words = ("init", "-no-color", f"-backend-config={self.backend}")
        tf.run(self.tree / "platform", *words, env=self.env)

    def outputs(self) -> dict[str, Any]:
        """Return the platform's outputs."""
        told = json.loads(tf.run(self.tree / "platform", "output", "-json", env=self.env).stdout)
        return {name: item["value"] for name, item in told.items()}

    def state(self) -> list[str]:
        """Return the addresses of all resources."""
        told = tf.run(self.tree / "platform", "state", "list", env=self.env)
        return told.stdout.split()
