"""Build the platform's own four images from the one Dockerfile, and those of the examples."""

from __future__ import annotations

from collections.abc import Mapping

from appinstance_local.engine import Engine
from appinstance_local.offline import node
from appinstance_local.paths import REPO, cache
from appinstance_local.progress import step

from .cluster import Mode

IMAGES = {
    "backend": "appinstance/backend:dev",
    "frontend": "appinstance/frontend:dev",
    "operator": "appinstance/operator:dev",
    "provisioner": "appinstance/provisioner:dev",
}
EXAMPLES = REPO / "examples"


def build(docker: Engine, mode: Mode, images: Mapping[str, str] = IMAGES) -> list[str]:
    """Build images (target → name) and return the names. Without a registry, on the base built
    here.
    """
    arguments = _arguments(docker, mode, "BASE_IMAGE", "FRONTEND_BASE_IMAGE")
    for target, name in images.items():
        with step(f"build {name}"):
            docker.docker(
                "build", *arguments, "--target", target, "--tag", name, REPO,
                log=cache() / "logs" / f"image-{target}.log",
            )  # fmt: skip
    return list(images.values())


def build_example(docker: Engine, mode: Mode, example: str) -> str:
    """Build the image of an example, as its own Dockerfile says, and return its name."""
    name = f"appinstance/{example}:dev"
    with step(f"build {name}"):
        docker.docker(
            "build", *_arguments(docker, mode, "BASE_IMAGE"), "--tag", name, EXAMPLES / example,
            log=cache() / "logs" / f"image-{example}.log",
        )  # fmt: skip
    return name


def _arguments(docker: Engine, mode: Mode, *bases: str) -> list[str]:
    """Return how `docker build` gets at base images and packages where no registry answers."""
    if mode is not Mode.BUILT:
        return []
    base = node.python_base(docker)
    return ["--network", "host", *(w for b in bases for w in ("--build-arg", f"{b}={base}"))]
