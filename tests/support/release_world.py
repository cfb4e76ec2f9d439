"""A registry of this machine, a key, and images to release, for the tests of a release."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from appinstance_local.offline import archive
from appinstance_local.paths import REPO, binary
from appinstance_local.platform.app_images import IMAGES
from appinstance_local.release import publish, version

from .ports import free_port
from .waiting import wait_for

_COPIED = ("charts/", "operator/")
_STATUS = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n"


def run(*words: str | Path, **env: str) -> str:
    """Run a program and return what it prints; fail with what it says."""
    told = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False,
        env={**os.environ, **env},
    )  # fmt: skip
    assert told.returncode == 0, f"{' '.join(map(str, words))}\n{told.stderr}"
    return told.stdout


@contextlib.contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Run a registry and return what addresses in it begin with."""
    port = free_port()
    config = folder / "registry.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "version": "0.1",
                "log": {"level": "error", "accesslog": {"disabled": True}},
                "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
                "http": {"addr": f"127.0.0.1:{port}"},
            }
        )
    )
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [binary("registry"), "serve", config], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_for(
            "the registry",
            lambda: httpx.get(f"http://127.0.0.1:{port}/v2/").status_code == 200,
            passing=(httpx.TransportError,),
        )
        yield f"127.0.0.1:{port}/acme"
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True)
class Key:
    """A pair of cosign's, the private half under a password."""

    private: Path
    public: Path
    password: str


def make_key(folder: Path, name: str) -> Key:
    """Make a pair of keys."""
    password = f"password-of-{name}"
    run(
        binary("cosign"), "generate-key-pair", "--output-key-prefix", folder / name,
        COSIGN_PASSWORD=password,
    )  # fmt: skip
    return Key(folder / f"{name}.key", folder / f"{name}.pub", password)


def checkout(folder: Path, wanted: str) -> str:
    """Write a repository of a version to release, and return its commit."""
    tracked = run("git", "-C", REPO, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    places = {place.file for place in version.PLACES} | {"CHANGELOG.md", ".gitignore"}
    for name in filter(None, tracked.split("\0")):
        if (name.startswith(_COPIED) or name in places) and (REPO / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPO / name, folder / name)
    publish.prepare(folder, wanted)
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "Release")):
        run("git", "-C", folder, *words)
    return run("git", "-C", folder, "rev-parse", "HEAD").strip()


def make_images(folder: Path, prefix: str) -> None:
    """Write each image as an archive; the operator's as a layout for two platforms."""
    folder.mkdir()
    for name, local in IMAGES.items():
        _write_archive(folder / f"{name}.tar", name, local)
    scratch, crane = f"{prefix}/scratch", binary("crane")
    run(crane, "push", folder / "operator.tar", f"{scratch}:amd64")
    run(
        crane, "mutate", f"{scratch}:amd64", "--set-platform", "linux/arm64", "-t",
        f"{scratch}:arm64",
    )  # fmt: skip
    pair = [word for arch in ("amd64", "arm64") for word in ("-m", f"{scratch}:{arch}")]
    run(crane, "index", "append", *pair, "-t", f"{scratch}:both")
    run(crane, "pull", "--format", "oci", f"{scratch}:both", folder / "operator")
    (folder / "operator.tar").unlink()


def _write_archive(out: Path, name: str, local: str) -> None:
    status, metadata = out.with_suffix(".status"), out.with_suffix(".metadata")
    status.write_text(_STATUS)
    metadata.write_text(f"Metadata-Version: 2.4\nName: inside-{name}\nVersion: 1.0\n")
    layer = archive.file_layer(
        out.with_suffix(".layer"),
        {
            "/var/lib/dpkg/status": status,
            f"/opt/venv/lib/inside_{name}-1.0.dist-info/METADATA": metadata,
        },
    )
    archive.write(out, local, [layer], ["/nothing"])
    for scratch in (status, metadata, layer):
        scratch.unlink()
