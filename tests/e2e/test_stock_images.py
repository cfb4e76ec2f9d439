"""The platform's images as they are built where a registry answers, which a registry here plays.

It is the engine's mirror of Docker Hub and holds the base that is built here, under the names that
the Dockerfile itself gives. Not shown: that Docker Hub's images are as good a base, and that a node
pulls what it needs.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.support import wait_for
from support.release_world import registry

from appinstance_local import engine
from appinstance_local.engine import Engine
from appinstance_local.offline import node
from appinstance_local.platform import app_images
from appinstance_local.platform.cluster import Mode
from appinstance_local.release.images import base_arguments

pytestmark = pytest.mark.e2e

IMAGES = {target: f"appinstance/{target}:of-a-registry" for target in app_images.IMAGES}


@contextlib.contextmanager
def _mirrored(docker: Engine, address: str) -> Iterator[None]:
    """Let a registry be our own engine's mirror of Docker Hub."""
    before = engine.CONFIGURATION.read_text()
    mirror = f"http://{address}/"
    _configure(docker, {**json.loads(before), "registry-mirrors": [mirror]}, mirror)
    try:
        yield
    finally:
        _configure(docker, {**json.loads(before), "registry-mirrors": []}, "")


def _configure(docker: Engine, configuration: dict[str, object], mirrors: str) -> None:
    engine.CONFIGURATION.write_text(json.dumps(configuration))
    os.kill(int(engine.PIDFILE.read_text()), signal.SIGHUP)
    words = ("info", "--format", "{{range .RegistryConfig.Mirrors}}{{.}}{{end}}")
    wait_for(f"the mirrors {mirrors!r}", lambda: docker.docker(*words).strip() == mirrors)


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[Engine]:
    """Our own engine with a mirror that has the bases; afterwards it has no more than before."""
    docker = engine.ensure()
    if not engine.PIDFILE.exists():
        pytest.skip("the engine is somebody's, and so are its mirrors")
    base, bases = node.python_base(docker), set(base_arguments().values())
    with registry(tmp_path) as prefix:
        address = prefix.partition("/")[0]
        for name in bases:
            assert not docker.has_image(name)
            there = f"{address}/library/{name}"
            docker.docker("tag", base, there)
            docker.docker("push", "--quiet", there)
            docker.docker("image", "rm", there)
        try:
            with _mirrored(docker, address):
                yield docker
        finally:
            for name in [*bases, *IMAGES.values()]:
                if docker.has_image(name):
                    docker.docker("image", "rm", "--force", name)


def _first_layer(docker: Engine, name: str) -> str:
    path = "{{index .RootFS.Layers 0}}"
    return docker.docker("image", "inspect", "--format", path, name).strip()


def test_each_is_built_on_the_base_that_the_dockerfile_names(docker: Engine) -> None:
    base = _first_layer(docker, node.python_base(docker))
    for name in app_images.build(docker, Mode.STOCK, IMAGES):
        assert _first_layer(docker, name) == base
    for name in base_arguments().values():
        assert docker.has_image(name), "it came from the registry"
