"""How each part is built from its Go module: which packages, tags and version stamps.

No versions here: those are in `local/tools/go.mod`. A part whose own go.mod cannot be used as it
is has a folder `local/tools/<name>/` with the go.mod and go.sum to build with and, under
`overlay/`, files that replace the module's (each says why in its head).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import provider_trim


@dataclass(frozen=True)
class Recipe:
    """One Go module and the binaries wanted from it (binary name → package path)."""

    name: str
    module: str
    packages: Mapping[str, str]
    minutes: float
    """Measured on 2 cores with nothing cached; only for telling a person what to expect."""
    stamps: Callable[[str], Mapping[str, str]] = field(default=lambda _version: {})
    """Linker -X variables for a version such as `v1.37.2`."""
    tags: tuple[str, ...] = ()
    cgo: bool = False
    debian: tuple[str, ...] = ()
    """Debian packages that a cgo build needs."""
    services: tuple[str, ...] = ()
    """Of the AWS provider: the services to build; see provider_trim.py."""

    def prepare(self, copy: Path) -> None:
        """Change the working copy before it is built."""
        if self.services:
            provider_trim.trim(copy, self.services)


def _kubernetes_stamps(version: str) -> Mapping[str, str]:
    major, minor, _ = version.removeprefix("v").split(".", 2)
    base = "k8s.io/component-base/version"
    return {
        f"{base}.gitVersion": version,
        f"{base}.gitMajor": major,
        f"{base}.gitMinor": minor,
        "k8s.io/client-go/pkg/version.gitVersion": version,
    }


_KUBERNETES = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "kubeadm",
    "kubectl",
)

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "kubernetes",
        "k8s.io/kubernetes",
        {name: f"./cmd/{name}" for name in _KUBERNETES},
        minutes=8,
        stamps=_kubernetes_stamps,
    ),
    Recipe("etcd", "go.etcd.io/etcd/server/v3", {"etcd": "."}, minutes=0.5),
    Recipe("kind", "sigs.k8s.io/kind", {"kind": "."}, minutes=0.2),
    Recipe(
        "containerd",
        "github.com/containerd/containerd/v2",
        {name: f"./cmd/{name}" for name in ("containerd", "containerd-shim-runc-v2", "ctr")},
        minutes=1.2,
        stamps=lambda version: {
            "github.com/containerd/containerd/v2/version.Version": version,
        },
    ),
    Recipe(
        "runc",
        "github.com/opencontainers/runc",
        {"runc": "."},
        minutes=0.3,
        stamps=lambda version: {"main.version": version.removeprefix("v")},
        tags=("seccomp",),
        cgo=True,
        debian=("gcc", "libc6-dev", "libseccomp-dev", "pkg-config"),
    ),
    Recipe(
        "cni-plugins",
        "github.com/containernetworking/plugins",
        {
            "loopback": "./plugins/main/loopback",
            "host-local": "./plugins/ipam/host-local",
            "portmap": "./plugins/meta/portmap",
        },
        minutes=0.2,
    ),
    Recipe(
        "calico",
        "github.com/projectcalico/calico",
        {"calico-felix": "./felix/cmd/calico-felix", "calico": "./cni-plugin/cmd/calico"},
        minutes=5,
    ),
    Recipe("coredns", "github.com/coredns/coredns", {"coredns": "."}, minutes=1.5),
    Recipe(
        "external-secrets",
        "github.com/external-secrets/external-secrets",
        {"external-secrets": "."},
        minutes=2,
    ),
    Recipe("traefik", "github.com/traefik/traefik/v3", {"traefik": "./cmd/traefik"}, minutes=6),
    Recipe("helm", "helm.sh/helm/v4", {"helm": "./cmd/helm"}, minutes=4),
)

# What `terraform/` uses; a service that is missing here is an unknown resource type there.
_AWS_SERVICES = (
    "accessanalyzer", "acm", "autoscaling", "cloudfront", "cloudtrail", "cloudwatch",
    "configservice", "dynamodb", "ec2", "ecr", "eks", "elbv2", "events", "guardduty", "iam", "kms",
    "logs", "meta", "rds", "route53", "s3", "s3control", "secretsmanager", "securityhub", "sns",
    "sqs", "ssm", "sts", "wafv2",
)  # fmt: skip


def _provider(name: str, minutes: float, **more: Any) -> Recipe:
    module = f"github.com/hashicorp/terraform-provider-{name}"
    return Recipe(f"provider-{name}", module, {f"terraform-provider-{name}": "."}, minutes, **more)


# The release that each pinned commit is: Go's module versions stop at v1 for these repositories,
# so go.mod can only name a commit.
PROVIDER_RELEASES: Mapping[str, str] = {
    "aws": "6.47.1",
    "helm": "3.2.0",
}

TERRAFORM_RECIPES: tuple[Recipe, ...] = (
    _provider(
        "aws",
        6,
        services=_AWS_SERVICES,
        stamps=lambda _version: {
            "github.com/hashicorp/terraform-provider-aws/version.ProviderVersion": (
                PROVIDER_RELEASES["aws"]
            )
        },
    ),
    _provider("helm", 1.5, stamps=lambda _version: {"main.version": PROVIDER_RELEASES["helm"]}),
    Recipe("tflint", "github.com/terraform-linters/tflint", {"tflint": "."}, minutes=1.5),
)

# What a release is pushed and signed with; the registry is for its test.
RELEASE_RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "crane", "github.com/google/go-containerregistry", {"crane": "./cmd/crane"}, minutes=0.3
    ),
    Recipe("cosign", "github.com/sigstore/cosign/v3", {"cosign": "./cmd/cosign"}, minutes=4),
    Recipe(
        "registry",
        "github.com/distribution/distribution/v3",
        {"registry": "./cmd/registry"},
        minutes=1,
    ),
)

# Alone, for a stock node: the rest of Kubernetes takes the most of its minutes.
KUBECTL = Recipe(
    "kubectl", "k8s.io/kubernetes", {"kubectl": "./cmd/kubectl"}, minutes=2,
    stamps=_kubernetes_stamps,
)  # fmt: skip

BY_NAME = {
    recipe.name: recipe for recipe in (*RECIPES, *TERRAFORM_RECIPES, *RELEASE_RECIPES, KUBECTL)
}
