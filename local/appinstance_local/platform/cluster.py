"""The kind cluster: which node image, its configuration, up and down."""

from __future__ import annotations

import enum
import os
import shlex
import time
from collections.abc import Mapping
from typing import Any

import yaml

from appinstance_local import engine, weight
from appinstance_local.engine import Engine
from appinstance_local.errors import LocalError
from appinstance_local.offline import builds, node
from appinstance_local.paths import REPO, binaries, binary, cache, kubeconfig
from appinstance_local.progress import say, step
from appinstance_local.shell import run, succeeds

from . import programs

NAME = "appinstance"
_CONFIG = REPO / "manifests" / "kind" / "kind.yaml"
_PULL_SECONDS = 600
_READY_SECONDS = 120.0
STOCK_PROBE = "docker.io/library/traefik:v3.6.12"
"""An image that a stock cluster needs: where it can be had, the others can."""


class Mode(enum.Enum):
    """Where the node image comes from. Everything after that is the same."""

    STOCK = "stock"
    BUILT = "built"


def _ask_registry(docker: Engine) -> None:
    """Raise LocalError where no image registry answers, before minutes are spent on it."""
    if docker.has_image(STOCK_PROBE):
        return
    try:
        docker.docker("manifest", "inspect", STOCK_PROBE, timeout=60)
    except LocalError as error:
        raise LocalError(
            "no image registry answers, from which the node's image and the platform's come "
            f"({str(error).splitlines()[-1]}); see to it, or set APPINSTANCE_NODE=built: all is "
            "built here then, with Go and as root on Debian, which takes about half an hour"
        ) from None


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
    if docker.own:
        say("node image: built here from pinned Go modules and Debian packages, without a registry")
        return Mode.BUILT
    _ask_registry(docker)
    say("node image: the stock one (an image registry answers)")
    return Mode.STOCK


def configuration(base: Mapping[str, Any], image: str | None) -> dict[str, Any]:
    """Return kind's configuration: the committed one, plus what a node built here needs.

    Without an image it is a stock node, for which kind takes the image that it was released with.
    """
    config = {**base, "name": NAME}
    if image is None:
        return config
    config["nodes"] = [{**entry, "image": image} for entry in base["nodes"]]
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
    """Return the variables with which kind, kubectl and helm reach the cluster.

    And whoever builds an image for it: with them, an engine of ours does not look like one.
    """
    mode = {"APPINSTANCE_NODE": Mode.BUILT.value} if docker.own else {}
    return {**docker.env, **mode, "KUBECONFIG": str(kubeconfig())}


def shell_variables() -> str:
    """Return what a shell evaluates to reach the cluster: engine, kubeconfig, programs."""
    docker = engine.running()
    if docker is None or not kubeconfig().exists():
        raise LocalError("the local cluster is not up: run `make demo` first")
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment(docker).items()]
    # Behind what is there already: one's own kubectl stays one's own.
    programs_there = f"{shlex.quote(str(binaries()))}:{shlex.quote(str(REPO / '.venv' / 'bin'))}"
    return "\n".join([*lines, f'export PATH="$PATH":{programs_there}'])


def is_up() -> bool:
    """Return whether the cluster's API server says it is ready.

    One that answers and is not ready is waited for: while its etcd is slow, on a busy machine, it
    says so for some seconds. It would be made anew, or all tests on it would fail.
    """
    if not (kubeconfig().exists() and binary("kubectl").exists() and _answers("/version")):
        return False
    end = time.monotonic() + _READY_SECONDS
    while not _answers("/readyz"):
        if time.monotonic() > end:
            return False
        time.sleep(1)
    return True


def _answers(path: str) -> bool:
    words = ["get", "--raw", path, "--request-timeout=30s"]
    return succeeds([binary("kubectl"), "--kubeconfig", kubeconfig(), *words])


def create(docker: Engine) -> Mode:
    """Create the cluster (or find it running); on return its API server answers."""
    mode = choose_mode(docker)
    if mode is Mode.BUILT:
        builds.ensure(["kind", "kubernetes", "helm"])
    else:
        programs.ensure()
    if is_up():
        say("the cluster is already up")
        return mode
    image = node.ensure(docker) if mode is Mode.BUILT else None
    config = cache() / "kind.yaml"
    config.write_text(yaml.safe_dump(configuration(yaml.safe_load(_CONFIG.read_text()), image)))
    delete(docker)
    with step("create the kind cluster"):
        run(
            [
                binary("kind"), "create", "cluster", "--config", config,
                "--kubeconfig", kubeconfig(), "--retain",
            ],
            env=docker.env, timeout=_PULL_SECONDS, log=cache() / "logs" / "kind-create.log",
        )  # fmt: skip
    engine.record_networks()
    if docker.own:
        weight.give()
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
