"""The kind cluster: which node image, its configuration, up and down."""

from __future__ import annotations

import enum
import os
from collections.abc import Mapping
from typing import Any

import yaml

from . import builds, engine, node
from .engine import Engine
from .errors import LocalError
from .paths import REPO, binary, cache, kubeconfig
from .progress import say, step
from .shell import run, succeeds

NAME = "appinstance"
_CONFIG = REPO / "manifests" / "kind" / "kind.yaml"
_PULL_SECONDS = 600


class Mode(enum.Enum):
    """Where the node image comes from. Everything after that is the same."""

    STOCK = "stock"
    BUILT = "built"


def _registry_answers(docker: Engine, image: str) -> bool:
    return docker.has_image(image) or succeeds(
        ["docker", "manifest", "inspect", image], env=docker.env
    )


def stock_image() -> str:
    """Return the node image that this version of kind was released with."""
    text = (builds.module_folder("kind") / "pkg/apis/config/defaults/image.go").read_text()
    for line in text.splitlines():
        if line.startswith("const Image ="):
            return line.split('"')[1]
    raise LocalError("kind's default image has moved in its source; look anew in cluster.py")


def choose_mode(docker: Engine) -> Mode:
    """Return how the node image is had, and say why. `APPINSTANCE_NODE` decides by hand."""
    named = os.environ.get("APPINSTANCE_NODE", "auto")
    if named != "auto":
        try:
            mode = Mode(named)
        except ValueError:
            raise LocalError(
                f"APPINSTANCE_NODE is {named!r}; set it to stock, built or auto"
            ) from None
        say(f"node image: {mode.value}, as APPINSTANCE_NODE says")
        return mode
    if docker.own or not _registry_answers(docker, stock_image()):
        say("node image: built here from pinned Go modules and Debian packages, without a registry")
        return Mode.BUILT
    say("node image: the stock one (an image registry answers)")
    return Mode.STOCK


def configuration(base: Mapping[str, Any], mode: Mode, image: str) -> dict[str, Any]:
    """Return kind's configuration for a mode: the committed one, plus what a built node needs."""
    config = {**base, "name": NAME, "nodes": [{**entry, "image": image} for entry in base["nodes"]]}
    if mode is Mode.STOCK:
        return config
    config["networking"] = {
        **base.get("networking", {}),
        # kindnet's policy engine needs NFQUEUE in nftables, which not every kernel has: Calico.
        "disableDefaultCNI": True,
        "kubeProxyMode": "nftables",
    }
    config["containerdConfigPatches"] = [
        *base.get("containerdConfigPatches", []),
        # Without CAP_SYS_RESOURCE no process may lower its oom_score_adj.
        '[plugins."io.containerd.grpc.v1.cri"]\n  restrict_oom_score_adj = true\n',
    ]
    config["kubeadmConfigPatches"] = [
        *base.get("kubeadmConfigPatches", []),
        # The kubelet refuses cgroup v1 unless told; kind itself only warns.
        "kind: KubeletConfiguration\nfailCgroupV1: false\n",
    ]
    return config


def environment(docker: Engine) -> dict[str, str]:
    """Return the variables with which kind, kubectl and helm reach the cluster."""
    return {**docker.env, "KUBECONFIG": str(kubeconfig())}


def is_up() -> bool:
    """Return whether the cluster's API server says it is ready."""
    return kubeconfig().exists() and binary("kubectl").exists() and succeeds(
        [
            binary("kubectl"), "--kubeconfig", kubeconfig(),
            "get", "--raw", "/readyz", "--request-timeout=5s",
        ]
    )  # fmt: skip


def create(docker: Engine) -> Mode:
    """Create the cluster (or find it running); on return its API server answers."""
    builds.ensure(["kind", "kubernetes", "helm"])
    mode = choose_mode(docker)
    if is_up():
        say("the cluster is already up")
        return mode
    image = node.ensure(docker) if mode is Mode.BUILT else stock_image()
    config = cache() / "kind.yaml"
    config.write_text(
        yaml.safe_dump(configuration(yaml.safe_load(_CONFIG.read_text()), mode, image))
    )
    delete(docker)
    with step("create the kind cluster"):
        run(
            [
                binary("kind"), "create", "cluster", "--config", config,
                "--kubeconfig", kubeconfig(), "--retain",
            ],
            env=docker.env, timeout=_PULL_SECONDS, log=cache() / "logs" / "kind-create.log",
        )  # fmt: skip
    return mode


def delete(docker: Engine) -> None:
    """Delete the cluster if there is one."""
    if binary("kind").exists():
        run(
            [binary("kind"), "delete", "cluster", "--name", NAME, "--kubeconfig", kubeconfig()],
            env=docker.env,
        )
    kubeconfig().unlink(missing_ok=True)


def load_images(docker: Engine, names: list[str]) -> None:
    """Bring images of the engine into the node; those it already has are skipped by kind."""
    with step(f"load into the node: {', '.join(names)}"):
        run([binary("kind"), "load", "docker-image", "--name", NAME, *names], env=docker.env)


def down() -> None:
    """Delete the cluster and, when the engine is ours, take it away with all that it brought."""
    docker = engine.running()
    if docker is None:
        say("no engine runs, so no cluster does")
    else:
        with step("delete the cluster"):
            delete(docker)
    engine.stop()
