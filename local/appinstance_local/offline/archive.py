"""Write a container image as a docker-archive from layers we have as tar files.

For images that hold one static binary, and for those whose base is a root file system of ours;
no engine is needed, and the same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def file_layer(out: Path, files: Mapping[str, Path], folders: Sequence[str] = ("tmp",)) -> Path:
    """Write a layer with the files (path in image → source, mode 0755) and return its path."""
    with tarfile.open(out, "w") as tar:
        for folder in folders:
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(info)
        for target, source in sorted(files.items()):
            info = tarfile.TarInfo(target.lstrip("/"))
            info.size, info.mode = source.stat().st_size, 0o755
            with source.open("rb") as handle:
                tar.addfile(info, handle)
    return out


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write(out: Path, name: str, layers: Sequence[Path], entrypoint: Sequence[str] = ()) -> None:
    """Write the image `name` with the layers, lowest first, to the docker-archive `out`."""
    digests = [_sha256(layer) for layer in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": [_PATH], "Entrypoint": list(entrypoint)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created_by": "appinstance-local"} for _ in digests],
    }
    body = json.dumps(config, sort_keys=True).encode()
    config_name = f"{hashlib.sha256(body).hexdigest()}.json"
    layer_names = [f"{digest}/layer.tar" for digest in digests]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": layer_names}])
    with tarfile.open(out, "w") as tar:
        for file_name, content in ((config_name, body), ("manifest.json", manifest.encode())):
            info = tarfile.TarInfo(file_name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for file_name, layer in zip(layer_names, layers, strict=True):
            info = tarfile.TarInfo(file_name)
            info.size = layer.stat().st_size
            with layer.open("rb") as handle:
                tar.addfile(info, handle)
