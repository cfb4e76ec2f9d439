"""How each part is built from its Go module: which packages, tags and version stamps.

No versions here: those are in `local/tools/go.mod`. A part whose own go.mod cannot be used as it
is has a folder `local/tools/<name>/` with the go.mod and go.sum to build with and, under
`overlay/`, files that replace the module's (each says why in its head).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


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

BY_NAME = {recipe.name: recipe for recipe in RECIPES}


def recipe_for_binary(binary: str) -> Recipe:
    """Return the recipe that builds a binary; KeyError for an unknown one."""
    for recipe in RECIPES:
        if binary in recipe.packages:
            return recipe
    raise KeyError(binary)
