"""Build the platform's own four images from the one Dockerfile."""

from __future__ import annotations

from . import node
from .cluster import Mode
from .engine import Engine
from .paths import REPO, cache
from .progress import step

IMAGES = {
    "backend": "appinstance/backend:dev",
    "frontend": "appinstance/frontend:dev",
    "operator": "appinstance/operator:dev",
    "provisioner": "appinstance/provisioner:dev",
}


def build(docker: Engine, mode: Mode) -> list[str]:
    """Build the images and return their names. Without a registry, on the base built here."""
    arguments: list[str] = []
    if mode is Mode.BUILT:
        base = node.python_base(docker)
        arguments = ["--network", "host"]
        for argument in ("BASE_IMAGE", "FRONTEND_BASE_IMAGE"):
            arguments += ["--build-arg", f"{argument}={base}"]
    for target, name in IMAGES.items():
        with step(f"build {name}"):
            docker.docker(
                "build", *arguments, "--target", target, "--tag", name, REPO,
                log=cache() / "logs" / f"image-{target}.log",
            )  # fmt: skip
    return list(IMAGES.values())
