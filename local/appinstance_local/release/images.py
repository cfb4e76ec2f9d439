"""The images of a release: each as an archive or a layout in a folder, with what they stand on.

For one platform the engine at hand builds them (it may be Debian's, without BuildKit and without a
registry); for several, buildx does, on bases that are named by digest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from appinstance_local import engine
from appinstance_local.errors import LocalError
from appinstance_local.paths import REPO, binary
from appinstance_local.platform import app_images, cluster
from appinstance_local.platform.app_images import IMAGES
from appinstance_local.progress import step
from appinstance_local.shell import run

_BASES = "bases.json"
_ARGUMENT = re.compile(r"^ARG (?P<name>\w*BASE_IMAGE)=(?P<image>\S+)$", re.MULTILINE)


def build(folder: Path, platforms: str) -> None:
    """Build all images into a folder; with `platforms` (`linux/amd64,linux/arm64`) for these."""
    folder.mkdir(parents=True, exist_ok=True)
    if platforms:
        _build_for(folder, platforms)
    else:
        _build_here(folder)


def _build_here(folder: Path) -> None:
    docker = engine.ensure()
    app_images.build(docker, cluster.choose_mode(docker))
    for name, local in IMAGES.items():
        docker.docker("save", "--output", folder / f"{name}.tar", local)
    (folder / _BASES).write_text("{}\n")


def _build_for(folder: Path, platforms: str) -> None:
    bases = {name: (image, _digest(image)) for name, image in base_arguments().items()}
    arguments = [
        word
        for name, (image, digest) in bases.items()
        for word in ("--build-arg", f"{name}={image}@{digest}")
    ]
    for name in IMAGES:
        with step(f"build {name} for {platforms}"):
            run(
                [
                    "docker", "buildx", "build", "--platform", platforms, "--target", name,
                    *arguments, "--provenance=false",
                    "--output", f"type=oci,tar=false,dest={folder / name}", ".",
                ],
                cwd=REPO,
            )  # fmt: skip
    (folder / _BASES).write_text(json.dumps(dict(bases.values()), indent=2) + "\n")


def base_arguments() -> dict[str, str]:
    """Return the Dockerfile's arguments that name a base image, with the image each has."""
    found = {
        match["name"]: match["image"]
        for match in _ARGUMENT.finditer((REPO / "Dockerfile").read_text())
    }
    if not found:
        raise LocalError("the Dockerfile names no ARG …BASE_IMAGE; look anew in release/images.py")
    return found


def _digest(image: str) -> str:
    return run([binary("crane"), "digest", image]).strip()


def bases(folder: Path) -> Mapping[str, str]:
    """Return the base images that a folder's images stand on, with digests; none if made here."""
    path = folder / _BASES
    found: Mapping[str, str] = json.loads(path.read_text()) if path.exists() else {}
    return found


def archives(folder: Path) -> dict[str, Path]:
    """Return each image's layout (`backend/`) or archive (`backend.tar`) in a folder."""
    found = {}
    for name in IMAGES:
        there = [path for path in (folder / name, folder / f"{name}.tar") if path.exists()]
        if not there:
            raise LocalError(
                f"{folder} has no {name}.tar (docker save) and no {name}/ (OCI layout)"
            )
        found[name] = there[0]
    return found
